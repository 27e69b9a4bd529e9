//! `echo-server [[ADDRESS:]PORT]`: sends back what clients send, one client after another.
//!
//! Plain `std::net` and nothing else: the same source runs natively and as a WebAssembly component, and does
//! not know which network stack serves it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

/// The echo service's own port (RFC 862).
const ECHO_PORT: u16 = 7;

/// Bytes read at once: what a fast connection has ready.
const CHUNK: usize = 64 * 1024;

/// Sends everything that arrives on `client` back, until its end.
///
/// # Errors
/// If the connection breaks.
fn echo(mut client: TcpStream) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match client.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(length) => client.write_all(&chunk[..length])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Serves clients for ever.
///
/// # Errors
/// If the address cannot be listened on, or the listening socket itself fails. A client's trouble is only told.
fn serve(address: SocketAddr) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    // Whoever started us may wait for this line through a pipe.
    let mut output = io::stdout();
    writeln!(output, "listening on {}", listener.local_addr()?)?;
    output.flush()?;
    loop {
        match listener.accept() {
            Ok((client, address)) => {
                if let Err(error) = echo(client) {
                    eprintln!("{address}: {error}");
                }
            }
            Err(error) if is_the_clients(&error) => eprintln!("a client left before it was served: {error}"),
            Err(error) => return Err(error),
        }
    }
}

/// Whether `accept` failed because of the client that it was about to return.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}

/// A port alone means that of all IPv4 addresses.
fn address(text: &str) -> Option<SocketAddr> {
    let of_port = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    text.parse().ok().map(of_port).or_else(|| text.parse().ok())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let address = match &arguments[..] {
        [] => address(&ECHO_PORT.to_string()),
        [text] => address(text),
        _ => None,
    };
    let Some(address) = address else {
        eprintln!("Usage: echo-server [[ADDRESS:]PORT]        (default {ECHO_PORT})");
        return ExitCode::from(2);
    };
    match serve(address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo-server: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}
