// echo.js PORT: sends back what clients send, all of them at once.
//
// JavaScript over wasi:sockets itself, in QuickJS. A world imports what it names and nothing more: no `console`, no
// event loop but `poll`. Handles are given back in order, children (streams, pollables) before their sockets.

import environment from "wasi:cli/environment@0.2.12";
import stderr from "wasi:cli/stderr@0.2.12";
import stdout from "wasi:cli/stdout@0.2.12";
import instanceNetwork from "wasi:sockets/instance-network@0.2.12";
import tcpCreateSocket from "wasi:sockets/tcp-create-socket@0.2.12";
import poll from "wasi:io/poll@0.2.12";

const CHUNK = 64 * 1024;

function print(stream, line) {
    const bytes = Array.from(line + "\n", (character) => character.charCodeAt(0));
    stream.blockingWriteAndFlush(new Uint8Array(bytes));
    stream[Symbol.dispose]();
}

function listenOn(port) {
    const network = instanceNetwork.instanceNetwork();
    const listener = tcpCreateSocket.createTcpSocket("ipv4");
    listener.startBind(network, { tag: "ipv4", val: { port, address: [0, 0, 0, 0] } });
    listener.finishBind();
    listener.startListen();
    listener.finishListen();
    network[Symbol.dispose]();
    return listener;
}

// What ends an exchange in order and what does not are the same to an echo server: the client is over.
function orUndefined(call) {
    try {
        return call();
    } catch {
        return undefined;
    }
}

class Client {
    // What came and has not gone back yet; as long as there is some, nothing more is read.
    #waiting = new Uint8Array();
    #socket;
    #input;
    #output;

    constructor([socket, input, output]) {
        [this.#socket, this.#input, this.#output] = [socket, input, output];
    }

    subscribe() {
        return (this.#waiting.length ? this.#output : this.#input).subscribe();
    }

    // Does what it was waited for, and answers whether the client goes on.
    advance() {
        if (!this.#waiting.length) {
            const chunk = orUndefined(() => this.#input.read(CHUNK));
            if (!chunk) return false;
            this.#waiting = Uint8Array.from(chunk);
        }
        const room = orUndefined(() => this.#output.checkWrite());
        if (room === undefined) return false;
        const piece = this.#waiting.subarray(0, room);
        this.#waiting = this.#waiting.slice(piece.length);
        return orUndefined(() => (this.#output.write(piece), true)) ?? false;
    }

    [Symbol.dispose]() {
        for (const handle of [this.#input, this.#output, this.#socket]) handle[Symbol.dispose]();
    }
}

function serve(listener) {
    const clients = [];
    for (;;) {
        const waited = [listener, ...clients].map((each) => each.subscribe());
        const ready = poll.poll(waited);
        for (const pollable of waited) pollable[Symbol.dispose]();
        // From the end: those that go take nobody's place.
        for (const number of Array.from(ready).sort((a, b) => b - a)) {
            if (number === 0) {
                const accepted = orUndefined(() => listener.accept());
                if (accepted) clients.push(new Client(accepted));
            } else if (!clients[number - 1].advance()) {
                clients.splice(number - 1, 1)[0][Symbol.dispose]();
            }
        }
    }
}

export const run = {
    run() {
        const port = Number(environment.getArguments()[1]);
        if (!port) {
            print(stderr.getStderr(), "Usage: echo.js PORT");
            throw undefined;
        }
        const listener = listenOn(port);
        print(stdout.getStdout(), `listening on 0.0.0.0:${port}`);
        serve(listener);
    },
};
