//! `udp-echo ADDRESS:PORT`: sends every datagram back to where it came from.

use std::net::UdpSocket;

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).expect("ADDRESS:PORT");
    let socket = UdpSocket::bind(address)?;
    println!("receiving on {}", socket.local_addr()?);
    let mut datagram = vec![0; 1 << 16];
    loop {
        let (length, from) = socket.recv_from(&mut datagram)?;
        socket.send_to(&datagram[..length], from)?;
    }
}
