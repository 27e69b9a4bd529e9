"""Python's own servers and a client as one component; the first argument says which one runs.

    http PORT               the files below /, by http.server as it is
    asyncio PORT            sends back what clients send, all of them at once
    udp HOST PORT TEXT...   sends each text as a datagram and prints what comes back
"""

import asyncio
import encodings.idna  # noqa: F401 - the socket module wants it, and modules are there only if imported when building
import http.server
import os
import socket
import sys

from wit_world import exports

# Seconds for which an answer to a datagram is waited.
PATIENCE = 2.0


def serve_files(port):
    """What `python3 -m http.server PORT` does: one request after another."""
    os.chdir("/")
    with http.server.HTTPServer(("0.0.0.0", port), http.server.SimpleHTTPRequestHandler) as server:
        print("listening on %s:%d" % server.server_address, flush=True)
        server.serve_forever()


async def echo(reader, writer):
    while chunk := await reader.read(64 * 1024):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()
    writer.close()


async def serve_echo(port):
    server = await asyncio.start_server(echo, "0.0.0.0", port)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    await server.serve_forever()


def ask(host, port, *texts):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(PATIENCE)
        asker.connect((host, port))
        for text in texts:
            asker.send(text.encode())
            try:
                print(asker.recv(65536).decode())
            except (TimeoutError, OSError) as error:
                print("error:", error)


class Run(exports.Run):
    """What `wasi:cli/run` of this component is."""

    def run(self):
        match sys.argv[1:]:
            case ["http", port]:
                serve_files(int(port))
            case ["asyncio", port]:
                asyncio.run(serve_echo(int(port)))
            case ["udp", host, port, *texts]:
                ask(host, int(port), *texts)
            case ["help"]:
                print(__doc__)
            case _:
                sys.exit(__doc__)
