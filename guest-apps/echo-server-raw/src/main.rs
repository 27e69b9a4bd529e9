//! `echo-server-raw [PORT]`: sends back what clients send, to many clients at once.
//!
//! It speaks `wasi:sockets` itself, through the `wasi` crate: no `std::net`, no runtime, one `poll` that waits
//! for everything. Read `server.rs` for the listening socket and the loop, `client.rs` for one connection.

#[cfg(target_os = "wasi")]
mod client;
#[cfg(target_os = "wasi")]
mod server;

use std::process::ExitCode;

/// The echo service's own port (RFC 862).
const ECHO_PORT: u16 = 7;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match &arguments[..] {
        [] => Some(ECHO_PORT),
        [port] => port.parse().ok(),
        _ => None,
    };
    let Some(port) = port else {
        eprintln!("Usage: echo-server-raw [PORT]        (default {ECHO_PORT})");
        return ExitCode::from(2);
    };
    serve(port)
}

#[cfg(target_os = "wasi")]
fn serve(port: u16) -> ExitCode {
    let error = match server::Server::listen(port) {
        Ok(server) => server.run(),
        Err(error) => error,
    };
    eprintln!("echo-server-raw: port {port}: {error}");
    ExitCode::FAILURE
}

#[cfg(not(target_os = "wasi"))]
fn serve(_port: u16) -> ExitCode {
    eprintln!("echo-server-raw is a WebAssembly component: build it with --target wasm32-wasip2");
    ExitCode::FAILURE
}
