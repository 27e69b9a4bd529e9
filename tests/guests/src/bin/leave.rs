//! `leave PORT`: accepts a connection, reads one byte, and ends at once with the exit code 7, whatever is open.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};

fn main() {
    let port: u16 = std::env::args().nth(1).and_then(|port| port.parse().ok()).expect("PORT");
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).expect("a free port");
    println!("listening on {}", listener.local_addr().expect("an address"));
    let (mut client, _) = listener.accept().expect("a client");
    client.read_exact(&mut [0]).expect("a byte");
    std::process::exit(7);
}
