//! `udp-refused ADDRESS:PORT`: sends a datagram there and says how the answer was refused.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};

fn main() -> std::io::Result<()> {
    let target = std::env::args().nth(1).expect("ADDRESS:PORT");
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect(target)?;
    socket.send(b"anybody?")?;
    match socket.recv(&mut [0; 10]) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => println!("refused: {error}"),
        other => println!("not refused: {other:?}"),
    }
    Ok(())
}
