//! Packet sockets on a whole stack: what they see, in which order, and what they send.

use super::*;
use crate::packet_socket::{
    Form, FrameChecksum, PacketHandle, PacketOption, PacketType, Protocols, Received,
};
use crate::socket::SocketError;
use crate::stack::OutgoingFrame;
use crate::wire::vlan::{TAG_LEN, Tag};

const ALL: Protocols = Protocols::All;
const OTHER_MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 77]);

fn open(host: &mut Host, protocols: Protocols) -> PacketHandle {
    host.stack.packet_open(Form::Frames, protocols).unwrap()
}

fn take(host: &mut Host, socket: PacketHandle) -> Vec<Received> {
    core::iter::from_fn(|| host.stack.packet_receive(socket).ok()).collect()
}

/// What was seen: device, whom it is for, what it is.
fn seen(host: &mut Host, socket: PacketHandle) -> Vec<(u32, PacketType, String)> {
    let line = |frame: Received| (frame.device.0, frame.packet_type, pretty::describe(&frame.data));
    take(host, socket).into_iter().map(line).collect()
}

fn ping() -> Vec<u8> {
    ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(b"x")))
}

fn tagged(id: u16, frame: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; TAG_LEN];
    bytes.extend_from_slice(frame);
    Tag { id, priority: 3 }.emit(&mut bytes);
    bytes
}

fn frame_to(destination: MacAddress) -> Vec<u8> {
    let mut bytes = ping();
    bytes[..6].copy_from_slice(&destination.0);
    bytes
}

#[test]
fn requests_and_replies_are_seen_in_their_order() {
    let mut host = Host::new();
    let all = open(&mut host, ALL);
    let incoming = open(&mut host, Protocols::Only(EtherType::IPV4));
    let arp = open(&mut host, Protocols::Only(EtherType::ARP));
    host.eth0.wire().incoming.extend([ping(), ping()]);
    host.poll();
    let types: Vec<_> = seen(&mut host, all).into_iter().map(|(_, packet_type, _)| packet_type).collect();
    assert_eq!(types, [PacketType::Host, PacketType::Outgoing, PacketType::Host, PacketType::Outgoing]);
    let only = seen(&mut host, incoming);
    assert_eq!(only.len(), 2, "what goes out is for those who want all: {only:?}");
    assert!(only[0].2.contains("ICMP echo request"), "{only:?}");
    assert_eq!(seen(&mut host, arp), []);
    host.stack.packet_close(all);
    assert_eq!(host.stack.packet_receive(all).unwrap_err(), SocketError::InvalidState);
}

#[test]
fn packets_to_ourselves_leave_and_arrive_behind_a_header_of_zeros() {
    let mut host = Host::new();
    let all = open(&mut host, ALL);
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_bind(socket, "127.0.0.1:9".parse().unwrap()).unwrap();
    host.stack.udp_send_to(socket, b"self", Some("127.0.0.1:9".parse().unwrap()), host.now).unwrap();
    let frames = take(&mut host, all);
    let types: Vec<_> = frames.iter().map(|frame| (frame.device.0, frame.packet_type)).collect();
    assert_eq!(types, [(1, PacketType::Outgoing), (1, PacketType::Host)]);
    assert_eq!(frames[1].data[..15], *b"\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x45");
}

#[test]
fn frames_for_others_are_seen_and_go_no_further() {
    let mut host = Host::new();
    let all = open(&mut host, ALL);
    for (destination, expected) in [
        (OTHER_MAC, PacketType::OtherHost),
        (MacAddress([1, 0, 0x5e, 0, 0, 9]), PacketType::Multicast),
        (MacAddress::BROADCAST, PacketType::Broadcast),
    ] {
        host.arrive(frame_to(destination));
        assert_eq!(take(&mut host, all)[0].packet_type, expected);
    }
    host.arrive(frame_to(OTHER_MAC)[..10].to_vec());
    assert!(take(&mut host, all).is_empty(), "no header, no frame");
}

#[test]
fn tags_are_told_beside_the_frame_and_vlans_see_their_own() {
    let mut host = Host::new();
    let vlan = host.stack.add_vlan(ETH0, "eth0.100", 100).unwrap();
    host.stack.add_address(vlan, "203.0.113.1/24".parse().unwrap()).unwrap();
    host.poll();
    let bound = |host: &mut Host, device, protocols| {
        let socket = open(host, protocols);
        host.stack.packet_bind(socket, Some(device), protocols).unwrap();
        host.stack.packet_set(socket, PacketOption::IgnoreOutgoing(true)).unwrap();
        socket
    };
    let ip = Protocols::Only(EtherType::IPV4);
    let sockets = [
        bound(&mut host, ETH0, ALL),
        bound(&mut host, vlan, ALL),
        bound(&mut host, ETH0, ip),
        bound(&mut host, vlan, ip),
    ];
    host.arrive(tagged(100, &ping()));
    let tags = sockets.map(|socket| {
        take(&mut host, socket)
            .iter()
            .map(|frame| (frame.device, frame.vlan, frame.data.len()))
            .collect::<Vec<_>>()
    });
    let (below, above) = ((ETH0, Some(0x6064), ping().len()), (vlan, None, ping().len()));
    assert_eq!(tags, [vec![below], vec![above], vec![above], vec![above]]);
    host.arrive(tagged(101, &ping()));
    let strange = take(&mut host, sockets[2]);
    assert_eq!(strange[0].packet_type, PacketType::OtherHost, "of a VLAN that nobody has");
}

#[test]
fn what_waits_in_the_queue_is_seen_when_the_device_takes_it() {
    let mut host = Host::new();
    let all = open(&mut host, ALL);
    host.eth0.wire().room = 0;
    host.arrive(ping());
    assert_eq!(seen(&mut host, all).len(), 1);
    host.eth0.wire().room = 9;
    host.poll();
    let lines = seen(&mut host, all);
    assert!(lines.len() == 1 && lines[0].1 == PacketType::Outgoing, "{lines:?}");
}

#[test]
fn checksums_that_the_device_fills_in_are_not_ready() {
    let mut host = Host::new();
    host.eth0.wire().features = Features { transmit_checksum: true };
    let all = open(&mut host, ALL);
    let socket = host.stack.udp_open().unwrap();
    let peer = core::net::SocketAddr::new(PEER.into(), 9);
    host.stack.udp_send_to(socket, b"x", Some(peer), host.now).unwrap();
    assert_eq!(take(&mut host, all)[0].checksum, FrameChecksum::NotReady);
}

#[test]
fn frames_and_payloads_are_sent_past_all_layers() {
    let mut host = Host::new();
    let frames = open(&mut host, ALL);
    let other = open(&mut host, ALL);
    let payloads = host.stack.packet_open(Form::Payloads, Protocols::Only(EtherType::ARP)).unwrap();
    let whole = |data| OutgoingFrame { data, device: Some(ETH0), protocol: None, destination: None };
    let bytes = frame_to(OTHER_MAC);
    host.stack.packet_send(frames, &whole(&bytes), host.now).unwrap();
    let cooked = OutgoingFrame { destination: Some(OTHER_MAC), ..whole(b"payload") };
    host.stack.packet_send(payloads, &cooked, host.now).unwrap();
    let sent = core::mem::take(&mut host.eth0.wire().sent);
    assert_eq!(sent[0], bytes);
    assert_eq!(sent[1][..14], *b"\x02\0\0\0\0\x4d\x02\0\0\0\0\x01\x08\x06");
    assert_eq!(seen(&mut host, frames).len(), 1, "not its own");
    assert_eq!(seen(&mut host, other).len(), 2);
    let long = vec![0; 1515];
    let refused = [
        (whole(&bytes[..13]), SocketError::InvalidArgument),
        (whole(&long), SocketError::DatagramTooLarge),
        (OutgoingFrame { device: None, ..whole(&bytes) }, SocketError::InvalidArgument),
        (OutgoingFrame { device: Some(DeviceIndex(9)), ..whole(&bytes) }, SocketError::InvalidArgument),
    ];
    for (frame, error) in refused {
        assert_eq!(host.stack.packet_send(frames, &frame, host.now), Err(error));
    }
    assert_eq!(host.stack.packet_send(payloads, &whole(b"x"), host.now), Err(SocketError::InvalidArgument));
    host.stack.set_device_up(ETH0, false).unwrap();
    let down = host.stack.packet_send(frames, &whole(&bytes), host.now);
    assert_eq!(down, Err(SocketError::NetworkUnreachable));
}

#[test]
fn frames_to_ourselves_go_up_again() {
    let mut host = Host::new();
    let sender = open(&mut host, Protocols::Nothing);
    let ip = open(&mut host, Protocols::Only(EtherType::IPV4));
    let odd = open(&mut host, Protocols::Only(EtherType(0x88b5)));
    let send = |host: &mut Host, data: &[u8]| {
        let device = Some(DeviceIndex::LOOPBACK);
        let frame = OutgoingFrame { data, device, protocol: None, destination: None };
        host.stack.packet_send(sender, &frame, host.now).unwrap();
    };
    send(&mut host, b"\0\0\0\0\0\0\0\0\0\0\0\0\x88\xb5hello");
    assert_eq!(take(&mut host, odd)[0].data[14..], *b"hello");
    let localhost = Ipv4Addr::LOCALHOST;
    let mut bytes = ip_frame(&packet(localhost, localhost, Protocol::ICMP, &echo_request(b"x")));
    send(&mut host, &bytes);
    assert_eq!(seen(&mut host, ip).len(), 2, "the request and its reply");
    bytes[14] = 0x60;
    send(&mut host, &bytes);
    assert_eq!(seen(&mut host, ip).len(), 1, "it is no IPv4, whatever it says, and goes no further");
}

#[test]
fn devices_are_promiscuous_as_long_as_somebody_wants_it() {
    let mut host = Host::new();
    let vlan = host.stack.add_vlan(ETH0, "eth0.100", 100).unwrap();
    let (first, second) = (open(&mut host, ALL), open(&mut host, ALL));
    let is = |host: &Host| host.stack.interfaces().get(ETH0).unwrap().is_promiscuous();
    host.stack.packet_set_promiscuous(first, ETH0, true).unwrap();
    host.stack.packet_set_promiscuous(first, ETH0, true).unwrap();
    host.stack.packet_set_promiscuous(second, vlan, true).unwrap();
    assert!(is(&host) && host.eth0.wire().promiscuous);
    host.stack.packet_set_promiscuous(first, ETH0, false).unwrap();
    assert!(is(&host), "the VLAN wants it still");
    host.stack.delete_device(vlan).unwrap();
    assert!(!is(&host) && !host.eth0.wire().promiscuous);
    host.stack.packet_set_promiscuous(second, ETH0, true).unwrap();
    host.stack.packet_close(second);
    assert!(!is(&host));
    let nobody = host.stack.packet_set_promiscuous(first, DeviceIndex(9), true);
    assert_eq!(nobody, Err(SocketError::InvalidArgument));
}

#[test]
fn a_flood_that_nobody_reads_stays_within_the_buffer() {
    let mut host = Host::new();
    let all = open(&mut host, ALL);
    host.stack.packet_set(all, PacketOption::ReceiveBuffer(0)).unwrap();
    for _ in 0..100 {
        host.arrive(ping());
    }
    let waiting = take(&mut host, all).len() as u64;
    let statistics = host.stack.packet_statistics(all).unwrap();
    assert!((1..30).contains(&waiting), "{waiting}");
    assert_eq!((statistics.packets, statistics.drops), (200, 200 - waiting));
}
