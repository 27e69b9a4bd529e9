//! What ICMP tells of paths, and who is believed.

use super::*;
use core::net::SocketAddr;

/// An error of this kind from `sender` about the first bytes of a packet.
fn about(sender: Ipv4Addr, kind: icmpv4::Type, code: u8, rest: [u8; 4], packet_of_ours: &[u8]) -> Vec<u8> {
    let mut message = vec![0; icmpv4::HEADER_LEN];
    message.extend_from_slice(&packet_of_ours[..28]);
    icmpv4::Fields { kind, code, rest }.emit(&mut message);
    ip_frame(&packet(sender, US, Protocol::ICMP, &message))
}

fn too_big(mtu: u16, packet_of_ours: &[u8]) -> Vec<u8> {
    let [high, low] = mtu.to_be_bytes();
    about(GATEWAY, icmpv4::Type::DESTINATION_UNREACHABLE, 4, [0, 0, high, low], packet_of_ours)
}

/// A datagram of so many bytes to far away, and the packets that it left in.
fn send(host: &mut Host, socket: crate::udp::UdpHandle, size: usize) -> Vec<Vec<u8>> {
    host.stack.udp_send_to(socket, &vec![7; size], Some(SocketAddr::new(FAR.into(), 9)), host.now).unwrap();
    let frames = core::mem::take(&mut host.eth0.wire().sent);
    frames.iter().map(|frame| frame[14..].to_vec()).collect()
}

#[test]
fn datagrams_follow_the_path_mtu_and_forget_it() {
    for (named, pieces, dont_fragment) in [(1400, 2, true), (500, 3, false), (0, 3, false)] {
        let mut host = Host::new();
        let socket = host.stack.udp_open().unwrap();
        let sent = send(&mut host, socket, 1400);
        assert_eq!(sent.len(), 1);
        host.arrive(too_big(named, &sent[0]));
        assert_eq!(send(&mut host, socket, 1400).len(), pieces, "{named}");
        // A path that carries less than we believe may cut what we send.
        let small = send(&mut host, socket, 100);
        assert_eq!(ipv4::Header::parse(&small[0]).unwrap().dont_fragment(), dont_fragment);
        host.wait(600_000);
        host.arrive(arp_frame(wire_arp::Operation::Request, GATEWAY, US));
        host.sent();
        assert_eq!(send(&mut host, socket, 1400).len(), 1);
    }
}

#[test]
fn who_is_not_believed() {
    let stranger = datagram((US, 4444), (FAR, 9), &[0; 8]);
    let mut host = Host::new();
    let socket = host.stack.udp_open().unwrap();
    let sent = send(&mut host, socket, 1400);
    host.arrive(too_big(1400, &stranger));
    host.arrive(too_big(1500, &sent[0]));
    assert_eq!(send(&mut host, socket, 1472).len(), 1, "a port nobody has; no less than known");
    host.stack.set_sysctl("net.ipv4.ip_no_pmtu_disc", "2").unwrap();
    host.arrive(too_big(1400, &sent[0]));
    assert_eq!(send(&mut host, socket, 1472).len(), 1, "told not to believe");
}

#[test]
fn a_connected_socket_hears_that_its_datagram_was_too_large() {
    let mut host = Host::new();
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_connect(socket, SocketAddr::new(FAR.into(), 9)).unwrap();
    let sent = send(&mut host, socket, 1400);
    host.arrive(too_big(1400, &sent[0]));
    let error = host.stack.udp_receive_from(socket);
    assert_eq!(error, Err(crate::socket::SocketError::DatagramTooLarge));
}

#[test]
fn a_redirect_of_our_gateway_is_followed_when_the_other_answers() {
    const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);
    let mut host = Host::new();
    let socket = host.stack.udp_open().unwrap();
    let sent = send(&mut host, socket, 8);
    let redirect = |sender: Ipv4Addr, gateway: Ipv4Addr| {
        about(sender, icmpv4::Type::REDIRECT, 1, gateway.octets(), &sent[0])
    };
    let neighbour = |host: &mut Host| {
        let to = SocketAddr::new(FAR.into(), 9);
        host.stack.udp_send_to(socket, b"x", Some(to), host.now).unwrap();
        let frame = host.eth0.wire().sent.pop().unwrap();
        ethernet::Header::parse(&frame).unwrap().destination()
    };
    for (sender, gateway) in [
        (PEER, OTHER),
        (GATEWAY, US),
        (GATEWAY, Ipv4Addr::BROADCAST),
        (GATEWAY, Ipv4Addr::new(224, 0, 0, 1)),
        (GATEWAY, Ipv4Addr::UNSPECIFIED),
    ] {
        host.arrive(redirect(sender, gateway));
        assert_eq!(host.sent(), [""; 0], "{sender} {gateway}");
    }
    host.arrive(redirect(GATEWAY, OTHER));
    assert_eq!(host.sent(), ["ARP, Request who-has 192.0.2.9 tell 192.0.2.1"]);
    assert_eq!(neighbour(&mut host), PEER_MAC, "not before it answers");
    let other_mac = MacAddress([2, 0, 0, 0, 0, 9]);
    let mut bytes = [0; wire_arp::PACKET_LEN];
    let operation = wire_arp::Operation::Reply;
    wire_arp::Packet { operation, sender_mac: other_mac, sender: OTHER, target_mac: OUR_MAC, target: US }
        .emit(&mut bytes);
    host.arrive(frame(other_mac, OUR_MAC, EtherType::ARP, &bytes));
    host.arrive(redirect(GATEWAY, OTHER));
    assert_eq!(neighbour(&mut host), other_mac);
    assert_eq!(host.dropped(), []);
    host.wait(300_000);
    host.arrive(arp_frame(wire_arp::Operation::Request, GATEWAY, US));
    host.sent();
    assert_eq!(neighbour(&mut host), PEER_MAC);
}

#[test]
fn a_router_tells_its_neighbours_of_each_other() {
    let (mut host, _eth1) = Host::router();
    let long_way = ip_frame(&packet(PEER, FAR, Protocol(99), b"there is a nearer gateway"));
    for _ in 0..3 {
        host.arrive(long_way.clone());
    }
    let redirects = host.sent().iter().filter(|line| line.contains("ICMP redirect 192.0.2.254")).count();
    assert_eq!((redirects, host.count(Counter::IcmpOutRedirects)), (1, 1));
    assert_eq!(host.count(Counter::IpForwDatagrams), 3);
    host.stack.set_sysctl("net.ipv4.conf.all.send_redirects", "0").unwrap();
    host.stack.set_sysctl("net.ipv4.conf.eth0.send_redirects", "0").unwrap();
    host.wait(1_000);
    host.arrive(long_way);
    assert_eq!(host.count(Counter::IcmpOutRedirects), 1);
}
