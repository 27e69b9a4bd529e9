//! UDP sockets through the whole stack.

use super::*;
use crate::socket::SocketError;
use crate::stack::SocketHandle;
use crate::testing::{ADDRESSES, Impairment, Network};
use crate::udp::UdpOption;
use core::net::SocketAddr;

fn at(address: Ipv4Addr, port: u16) -> SocketAddr {
    SocketAddr::new(address.into(), port)
}

#[test]
fn a_datagram_is_echoed_between_two_stacks() {
    let mut network = Network::new(Impairment::NONE, 1);
    let server = network.hosts[1].udp_open().unwrap();
    network.hosts[1].udp_bind(server, at(Ipv4Addr::UNSPECIFIED, 7)).unwrap();
    let client = network.hosts[0].udp_open().unwrap();
    for size in [0, 1, 1000, 1472, 1473, 65_507] {
        let data = vec![size as u8; size];
        network.hosts[0].udp_send_to(client, &data, Some(at(ADDRESSES[1], 7)), network.now).unwrap();
        while !network.hosts[1].udp_readiness(server).readable {
            assert!(network.step());
        }
        assert!(network.hosts[1].take_wakeups().contains(&SocketHandle::Udp(server)));
        let (received, source) = network.hosts[1].udp_receive_from(server).unwrap();
        assert_eq!(source.port(), network.hosts[0].udp_local_address(client).unwrap().port());
        network.hosts[1].udp_send_to(server, &received, Some(source), network.now).unwrap();
        while !network.hosts[0].udp_readiness(client).readable {
            assert!(network.step());
        }
        assert_eq!(network.hosts[0].udp_receive_from(client), Ok((data, at(ADDRESSES[1], 7))));
    }
    let too_large =
        network.hosts[0].udp_send_to(client, &[0; 65_508], Some(at(ADDRESSES[1], 7)), network.now);
    assert_eq!(too_large, Err(SocketError::DatagramTooLarge));
}

#[test]
fn a_closed_port_refuses_a_connected_socket() {
    let mut network = Network::new(Impairment::NONE, 1);
    let client = network.hosts[0].udp_open().unwrap();
    network.hosts[0].udp_connect(client, at(ADDRESSES[1], 9)).unwrap();
    assert_eq!(network.hosts[0].udp_local_address(client).unwrap().ip(), ADDRESSES[0]);
    network.hosts[0].udp_send_to(client, b"x", None, network.now).unwrap();
    while !network.hosts[0].udp_readiness(client).readable {
        assert!(network.step());
    }
    assert_eq!(network.hosts[0].udp_receive_from(client), Err(SocketError::ConnectionRefused));
}

#[test]
fn what_we_send_to_ourselves_arrives_before_the_call_returns() {
    let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
    let now = Instant::from_millis(1);
    let (a, b) = (stack.udp_open().unwrap(), stack.udp_open().unwrap());
    stack.udp_bind(a, at(Ipv4Addr::LOCALHOST, 1000)).unwrap();
    stack.udp_bind(b, at(Ipv4Addr::UNSPECIFIED, 1001)).unwrap();
    for (size, fits) in [(0, true), (65_507, true), (65_508, false)] {
        let data = vec![3; size];
        let to = Some(at(Ipv4Addr::new(127, 9, 9, 9), 1001));
        let sent = stack.udp_send_to(a, &data, to, now);
        assert_eq!(sent.is_ok(), fits, "{size}");
        if fits {
            assert_eq!(stack.udp_receive_from(b), Ok((data, at(Ipv4Addr::LOCALHOST, 1000))));
        }
    }
    assert_eq!(stack.next_deadline(), None);
}

#[test]
fn our_own_addresses_are_reached_by_loopback() {
    let mut host = Host::new();
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_bind(socket, at(US, 53)).unwrap();
    host.stack.udp_send_to(socket, b"x", Some(at(US, 53)), host.now).unwrap();
    assert_eq!(host.stack.udp_receive_from(socket), Ok((b"x".to_vec(), at(US, 53))));
    assert_eq!((host.sent(), host.dropped()), (vec![], vec![]));
}

#[test]
fn every_datagram_to_a_closed_port_of_ours_is_refused() {
    let mut host = Host::new();
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_connect(socket, at(US, 9)).unwrap();
    for _ in 0..100 {
        host.stack.udp_send_to(socket, b"x", None, host.now).unwrap();
        assert_eq!(host.stack.udp_receive_from(socket), Err(SocketError::ConnectionRefused));
    }
}

#[test]
fn a_broadcast_is_heard() {
    let mut host = Host::new();
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_bind(socket, at(Ipv4Addr::UNSPECIFIED, 67)).unwrap();
    for (source, destination) in
        [(PEER, Ipv4Addr::new(192, 0, 2, 255)), (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST)]
    {
        let packet = datagram((source, 68), (destination, 67), b"dhcp");
        host.arrive(frame(PEER_MAC, MacAddress::BROADCAST, EtherType::IPV4, &packet));
        assert_eq!(host.stack.udp_receive_from(socket), Ok((b"dhcp".to_vec(), at(source, 68))));
    }
}

#[test]
fn who_said_so_sends_to_everybody() {
    let mut host = Host::new();
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_set_option(socket, UdpOption::Broadcast(true)).unwrap();
    for everybody in [Ipv4Addr::new(192, 0, 2, 255), Ipv4Addr::BROADCAST] {
        host.stack.udp_send_to(socket, b"x", Some(at(everybody, 9)), host.now).unwrap();
        let sent = host.sent();
        assert!(sent.len() == 1 && sent[0].ends_with("255.9: UDP, length 1"), "{everybody}: {sent:?}");
        assert_eq!(host.stack.udp_connect(socket, at(everybody, 9)), Ok(()));
        host.stack.udp_disconnect(socket).unwrap();
    }
    host.stack.udp_set_option(socket, UdpOption::Broadcast(false)).unwrap();
    let refused = host.stack.udp_connect(socket, at(Ipv4Addr::BROADCAST, 9));
    assert_eq!(refused, Err(SocketError::AccessDenied));
}

#[test]
fn where_nothing_can_be_sent_to() {
    let mut host = Host::new();
    let socket = host.stack.udp_open().unwrap();
    let mut send = |to| host.stack.udp_send_to(socket, b"x", Some(to), host.now);
    assert_eq!(send(at(Ipv4Addr::UNSPECIFIED, 1)), Err(SocketError::InvalidArgument));
    assert_eq!(send(at(PEER, 0)), Err(SocketError::InvalidArgument));
    assert_eq!(send(at(Ipv4Addr::BROADCAST, 1)), Err(SocketError::AccessDenied));
    assert_eq!(send(at(Ipv4Addr::new(192, 0, 2, 255), 1)), Err(SocketError::AccessDenied));
    let mut alone = Stack::new(Box::new(SeededRandom::new(1)));
    let socket = alone.udp_open().unwrap();
    let sent = alone.udp_send_to(socket, b"x", Some(at(PEER, 1)), host.now);
    assert_eq!(sent, Err(SocketError::NetworkUnreachable));
    assert_eq!(alone.udp_bind(socket, at(PEER, 1)), Err(SocketError::AddressNotBindable));
}

#[test]
fn a_datagram_without_checksum_is_taken() {
    let mut host = Host::new();
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_bind(socket, at(Ipv4Addr::UNSPECIFIED, 53)).unwrap();
    let mut packet = datagram((PEER, 1), (US, 53), b"x");
    packet[26..28].fill(0);
    host.arrive(ip_frame(&packet));
    assert_eq!(host.stack.udp_receive_from(socket), Ok((b"x".to_vec(), at(PEER, 1))));
}
