//! What the gateway carries by IPv6.

use super::guest::{GATEWAY_V6, GUEST, GUEST_V6, Guest, PORT, publishing, subnets, would_block};
use super::{Publish, Transport, client};
use stack_core::counters::Counter;
use stack_core::socket::SocketError;
use stack_core::tcp::TcpHandle;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::thread;

const EVERYTHING: &[&str] = &["tcp://*:*", "udp://*:*", "tcp://[fd77:2::2]:*", "udp://[fd77:2::2]:*"];

fn connect(guest: &mut Guest, remote: SocketAddr) -> Result<TcpHandle, SocketError> {
    let now = guest.now();
    let socket = guest.stack.tcp_open().unwrap();
    guest.stack.tcp_connect(socket, remote, now).unwrap();
    guest.run("the connection", |guest| would_block(guest.stack.tcp_connect_result(socket)).transpose())?;
    Ok(socket)
}

#[test]
fn a_connection_reaches_this_machines_loopback() {
    let (_gateway, mut guest) = publishing(Vec::new(), EVERYTHING);
    let listener = TcpListener::bind("[::1]:0").unwrap();
    let remote = SocketAddr::new(GATEWAY_V6.into(), listener.local_addr().unwrap().port());
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = Vec::new();
        stream.read_to_end(&mut question).unwrap();
        stream.write_all(&question).unwrap();
    });
    let socket = connect(&mut guest, remote).unwrap();
    let data = super::pattern(6, 200_000);
    guest.send(socket, &data);
    let now = guest.now();
    guest.stack.tcp_shutdown(socket, stack_core::tcp::Shutdown::Send, now).unwrap();
    assert!(guest.receive_to_end(socket).unwrap() == data);
    served.join().unwrap();
}

#[test]
fn a_closed_port_refuses_and_what_no_rule_allows_is_prohibited() {
    let (_gateway, mut guest) = publishing(Vec::new(), &["tcp://[fd77:2::2]:*"]);
    let closed = TcpListener::bind("[::1]:0").unwrap().local_addr().unwrap().port();
    let refused = connect(&mut guest, SocketAddr::new(GATEWAY_V6.into(), closed));
    assert_eq!(refused, Err(SocketError::ConnectionRefused));
    let stranger: IpAddr = "2001:db8::1".parse().unwrap();
    // Linux: ICMPv6 "administratively prohibited" is EACCES (`icmpv6_err_convert`).
    assert_eq!(connect(&mut guest, SocketAddr::new(stranger, 80)), Err(SocketError::AccessDenied));
    assert_eq!(guest.stack.counters().get(Counter::TcpRetransSegs), 0);
}

#[test]
fn datagrams_pass_in_pieces_too() {
    let (_gateway, mut guest) = publishing(Vec::new(), EVERYTHING);
    let server = UdpSocket::bind("[::1]:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let remote = SocketAddr::new(GATEWAY_V6.into(), server.local_addr().unwrap().port());
    let socket = guest.stack.udp_open().unwrap();
    for length in [0, 9, 40_000] {
        let (data, now) = (super::pattern(length, length), guest.now());
        guest.stack.udp_send_to(socket, &data, Some(remote), now).unwrap();
        let mut buffer = vec![0; 65_536];
        let (count, from) = guest.run("a datagram", |_| server.recv_from(&mut buffer).ok());
        assert!(buffer[..count] == data);
        server.send_to(&data, from).unwrap();
        let answer =
            guest.run("the answer", |guest| would_block(guest.stack.udp_receive_from(socket)).unwrap());
        assert!(answer == (data, remote));
    }
    drop(server);
    let now = guest.now();
    guest.stack.udp_connect(socket, remote).unwrap();
    guest.stack.udp_send_to(socket, b"anybody?", None, now).unwrap();
    let refused = guest.run("the refusal", |guest| would_block(guest.stack.udp_receive_from(socket)).err());
    assert_eq!(refused, SocketError::ConnectionRefused);
}

/// A listener of the guest's at one of its addresses.
fn listen_at(guest: &mut Guest, ip: IpAddr) -> TcpHandle {
    let listener = guest.stack.tcp_open().unwrap();
    guest.stack.tcp_bind(listener, SocketAddr::new(ip, PORT)).unwrap();
    guest.stack.tcp_listen(listener).unwrap();
    listener
}

#[test]
fn clients_of_either_version_find_a_guest_of_either() {
    for listen in ["127.0.0.1:0", "[::1]:0"] {
        for at in [IpAddr::from(GUEST), GUEST_V6.into()] {
            let publish =
                Publish { listen: listen.parse().unwrap(), guest_port: PORT, transport: Transport::Tcp };
            let (gateway, mut guest) = publishing(vec![publish], &[]);
            let listener = listen_at(&mut guest, at);
            let mut stream = client(gateway.published()[0].listen);
            let socket = guest.accept(listener);
            let peer = guest.stack.tcp_remote_address(socket).unwrap().ip();
            assert!(subnets().iter().any(|subnet| subnet.gateway == peer && subnet.guest == at));
            guest.send(socket, b"here");
            guest.close(socket);
            let mut all = Vec::new();
            stream.read_to_end(&mut all).unwrap();
            assert_eq!(all, b"here", "from {listen} to {at}");
        }
    }
}

#[test]
fn datagrams_of_ipv6_clients_reach_the_guests_ipv6_address() {
    let publish = Publish { listen: "[::1]:0".parse().unwrap(), guest_port: PORT, transport: Transport::Udp };
    let (gateway, mut guest) = publishing(vec![publish], &[]);
    let socket = guest.stack.udp_open().unwrap();
    guest.stack.udp_bind(socket, SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), PORT)).unwrap();
    let client = UdpSocket::bind("[::1]:0").unwrap();
    client.set_nonblocking(true).unwrap();
    client.send_to(b"question", gateway.published()[0].listen).unwrap();
    let (question, from) =
        guest.run("a datagram", |guest| would_block(guest.stack.udp_receive_from(socket)).unwrap());
    assert_eq!((question.as_slice(), from.ip()), (&b"question"[..], GATEWAY_V6.into()));
    let now = guest.now();
    guest.stack.udp_send_to(socket, b"answer", Some(from), now).unwrap();
    let mut buffer = [0; 9];
    guest.run("the answer", |_| client.recv(&mut buffer).ok());
    assert!(buffer.starts_with(b"answer"));
}
