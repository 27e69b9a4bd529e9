//! Datagrams through the gateway, in both directions.

use super::guest::{GATEWAY, Guest, PATIENCE, PORT, publishing, with_rules, would_block};
use super::{Publish, Transport};
use stack_core::socket::SocketError;
use stack_core::udp::UdpHandle;
use std::net::{SocketAddr, UdpSocket};

/// A socket on this machine's loopback, and where the guest finds it.
fn server() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, (GATEWAY, port).into())
}

fn send(guest: &mut Guest, socket: UdpHandle, data: &[u8], remote: SocketAddr) {
    let now = guest.now();
    guest.stack.udp_send_to(socket, data, Some(remote), now).unwrap();
}

fn receive(guest: &mut Guest, socket: UdpHandle) -> Result<(Vec<u8>, SocketAddr), SocketError> {
    guest.run("a datagram", |guest| would_block(guest.stack.udp_receive_from(socket)).transpose())
}

/// The next datagram at a socket of this machine.
fn hear(guest: &mut Guest, socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 65_536];
    guest.run("a datagram out there", |_| {
        let (count, from) = socket.recv_from(&mut buffer).ok()?;
        Some((buffer[..count].to_vec(), from))
    })
}

#[test]
fn one_socket_talks_to_many_and_hears_each_from_its_own_address() {
    let (_gateway, mut guest) = with_rules(&["udp://10.0.2.2:*"]);
    let servers: Vec<_> = (0..20).map(|_| server()).collect();
    let socket = guest.stack.udp_open().unwrap();
    for (number, (server, remote)) in servers.iter().enumerate() {
        let question = vec![number as u8; number * 200];
        send(&mut guest, socket, &question, *remote);
        let (heard, from) = hear(&mut guest, server);
        assert_eq!(heard, question);
        server.send_to(&[number as u8; 3], from).unwrap();
        assert_eq!(receive(&mut guest, socket), Ok((vec![number as u8; 3], *remote)));
    }
}

#[test]
fn the_largest_datagrams_pass_in_pieces() {
    let (_gateway, mut guest) = with_rules(&["udp://10.0.2.2:*"]);
    let (server, remote) = server();
    let socket = guest.stack.udp_open().unwrap();
    let large = super::pattern(3, 65_507);
    send(&mut guest, socket, &large, remote);
    let (heard, from) = hear(&mut guest, &server);
    assert!(heard == large);
    server.send_to(&large, from).unwrap();
    assert!(receive(&mut guest, socket).unwrap().0 == large);
}

#[test]
fn a_port_nobody_hears_at_refuses() {
    let (_gateway, mut guest) = with_rules(&["udp://10.0.2.2:*"]);
    let (closed, remote) = server();
    drop(closed);
    let socket = guest.stack.udp_open().unwrap();
    guest.stack.udp_connect(socket, remote).unwrap();
    send(&mut guest, socket, b"anybody?", remote);
    assert_eq!(receive(&mut guest, socket), Err(SocketError::ConnectionRefused));
}

#[test]
fn what_no_rule_allows_is_prohibited() {
    let (_gateway, mut guest) = with_rules(&["tcp://*:*"]);
    let (server, remote) = server();
    let socket = guest.stack.udp_open().unwrap();
    guest.stack.udp_connect(socket, remote).unwrap();
    send(&mut guest, socket, b"anybody?", remote);
    assert!(receive(&mut guest, socket).is_err());
    assert!(server.recv_from(&mut [0; 9]).is_err(), "nothing came");
}

#[test]
fn clients_of_a_published_port_are_told_apart() {
    let publish =
        Publish { listen: "127.0.0.1:0".parse().unwrap(), guest_port: PORT, transport: Transport::Udp };
    let (gateway, mut guest) = publishing(vec![publish], &["udp://192.0.2.1:9"]);
    let listen = gateway.published()[0].listen;
    let socket = guest.stack.udp_open().unwrap();
    guest.stack.udp_bind(socket, ([0, 0, 0, 0], PORT).into()).unwrap();
    let clients: Vec<UdpSocket> = (0..5).map(|_| server().0).collect();
    for client in &clients {
        client.send_to(b"question", listen).unwrap();
    }
    let mut seen = Vec::new();
    for _ in &clients {
        let (question, from) = receive(&mut guest, socket).unwrap();
        assert_eq!((question.as_slice(), from.ip()), (&b"question"[..], GATEWAY.into()));
        assert!(!seen.contains(&from));
        send(&mut guest, socket, from.to_string().as_bytes(), from);
        seen.push(from);
    }
    let mut answers: Vec<_> = clients.iter().map(|client| hear(&mut guest, client)).collect();
    assert!(answers.iter().all(|(_, from)| *from == listen));
    answers.sort();
    answers.dedup();
    assert_eq!(answers.len(), clients.len());
    // The same client is known again.
    clients[0].send_to(b"more", listen).unwrap();
    assert!(seen.contains(&receive(&mut guest, socket).unwrap().1));
    assert!(guest.now().as_millis() < PATIENCE.as_millis() as u64);
}
