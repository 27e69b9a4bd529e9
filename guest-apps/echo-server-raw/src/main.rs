//! `echo-server-raw [[ADDRESS:]PORT]`: sends back what clients send, to many clients at once.
//!
//! It speaks `wasi:sockets` itself, through the `wasi` crate: no `std::net`, no runtime, one `poll` that waits
//! for everything. Read `server.rs` for the listening socket and the loop, `client.rs` for one connection.

#[cfg(target_os = "wasi")]
mod client;
#[cfg(target_os = "wasi")]
mod server;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

/// The echo service's own port (RFC 862).
const ECHO_PORT: u16 = 7;

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
        eprintln!("Usage: echo-server-raw [[ADDRESS:]PORT]        (default {ECHO_PORT})");
        return ExitCode::from(2);
    };
    serve(address)
}

#[cfg(target_os = "wasi")]
fn serve(address: SocketAddr) -> ExitCode {
    let error = match server::Server::listen(address) {
        Ok(server) => server.run(),
        Err(error) => error,
    };
    eprintln!("echo-server-raw: {address}: {error}");
    ExitCode::FAILURE
}

#[cfg(not(target_os = "wasi"))]
fn serve(_address: SocketAddr) -> ExitCode {
    eprintln!("echo-server-raw is a WebAssembly component: build it with --target wasm32-wasip2");
    ExitCode::FAILURE
}
