//! `trap [PORT]`: accepts a connection, receives a byte and traps in the middle of it; without a port it traps
//! at once.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};

fn main() {
    let port: Option<u16> = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let _open = port.map(|port| {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).expect("a free port");
        let (mut client, _) = listener.accept().expect("a client");
        client.read_exact(&mut [0]).expect("a byte");
        (listener, client)
    });
    // On WebAssembly this is the instruction `unreachable`. Nothing is dropped before it.
    std::process::abort();
}
