//! Asks `std::net::UdpSocket` what a program would, over loopback and in both families; panics at a wrong answer.

use std::io::{ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

fn main() -> Result<()> {
    for local in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
        sizes(local)?;
        a_peer_alone(local)?;
        nobody_there(local)?;
        ports(local)?;
    }
    Ok(())
}

fn bound(local: IpAddr) -> Result<(UdpSocket, SocketAddr)> {
    let socket = UdpSocket::bind((local, 0))?;
    let address = socket.local_addr()?;
    assert!(address.ip() == local && address.port() != 0, "{address}");
    Ok((socket, address))
}

/// From nothing to the largest datagram, and one byte more.
fn sizes(local: IpAddr) -> Result<()> {
    let ((sender, from), (receiver, to)) = (bound(local)?, bound(local)?);
    let mut answer = vec![0; 1 << 16];
    // What the length field of a packet can say, less the headers that it counts.
    let largest = if local.is_ipv4() { 65_507 } else { 65_527 };
    for size in [0, 1, 1472, 1473, 9000, largest] {
        let data = vec![size as u8; size];
        assert_eq!(sender.send_to(&data, to)?, size);
        assert_eq!(receiver.recv_from(&mut answer)?, (size, from));
        assert_eq!(answer[..size], data);
    }
    sender.send_to(&vec![0; largest + 1], to).expect_err("too large");
    // What does not fit into the reader's memory is lost, and only that.
    sender.send_to(b"abcdef", to)?;
    sender.send_to(b"next", to)?;
    assert_eq!(receiver.recv(&mut answer[..3])?, 3);
    assert_eq!(receiver.recv(&mut answer)?, 4);
    receiver.set_nonblocking(true)?;
    let nothing = receiver.recv(&mut answer).expect_err("nothing is there");
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    Ok(())
}

/// Who is connected hears its peer alone.
fn a_peer_alone(local: IpAddr) -> Result<()> {
    let ((socket, address), (peer, peers), (stranger, _)) = (bound(local)?, bound(local)?, bound(local)?);
    socket.connect(peers)?;
    assert_eq!(socket.peer_addr()?, peers);
    stranger.send_to(b"psst", address)?;
    peer.send_to(b"hello", address)?;
    let mut answer = [0; 10];
    assert_eq!(socket.recv_from(&mut answer)?, (5, peers));
    socket.send(b"yes?")?;
    assert_eq!(peer.recv_from(&mut answer)?, (4, address));
    Ok(())
}

/// The loopback device refuses like any other.
fn nobody_there(local: IpAddr) -> Result<()> {
    let (socket, _) = bound(local)?;
    let (gone, address) = bound(local)?;
    drop(gone);
    socket.connect(address)?;
    socket.send(b"anybody?")?;
    let refused = socket.recv(&mut [0; 10]).expect_err("nobody is there");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    Ok(())
}

/// A port has one owner, and is free again at once.
fn ports(local: IpAddr) -> Result<()> {
    let (socket, address) = bound(local)?;
    assert_eq!(UdpSocket::bind(address).expect_err("taken").kind(), ErrorKind::AddrInUse);
    drop(socket);
    UdpSocket::bind(address)?;
    let elsewhere =
        SocketAddr::new(if local.is_ipv4() { [192, 0, 2, 1].into() } else { "fd00::1".parse().unwrap() }, 0);
    assert_eq!(UdpSocket::bind(elsewhere).expect_err("not ours").kind(), ErrorKind::AddrNotAvailable);
    Ok(())
}
