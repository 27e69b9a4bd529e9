//! What messages ask for, and which are dropped.

use super::*;
use crate::socket::SocketError;
use crate::wire::icmpv6::{Fields, HEADER_LEN, fill_checksum};
use crate::wire::protocol::Protocol;
use alloc::vec::Vec;

const US: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const PEER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

fn message_to(destination: Ipv6Addr, kind: Type, code: u8, rest: u32, payload: &[u8]) -> Packet {
    let mut bytes = alloc::vec![0; HEADER_LEN];
    bytes.extend_from_slice(payload);
    Fields { kind, code, rest: rest.to_be_bytes() }.emit(&mut bytes);
    fill_checksum(PEER, destination, &mut bytes);
    Packet::from_frame(bytes)
}

fn message(kind: Type, code: u8, rest: u32, payload: &[u8]) -> Packet {
    message_to(US, kind, code, rest, payload)
}

fn judge(packet: Packet) -> Result<Verdict, DropReason> {
    input(&mut Counters::default(), &Sysctl::default(), packet, PEER, US)
}

/// The beginning of a packet of ours, with extension headers if asked for.
fn quote(protocol: Protocol, payload: &[u8], options: bool) -> Vec<u8> {
    let mut bytes = alloc::vec![0; ipv6::HEADER_LEN];
    let next_header = if options { Protocol::DESTINATION_OPTIONS } else { protocol };
    let (source, destination) = (US, PEER);
    ipv6::Fields {
        traffic_class: 0,
        flow_label: 0,
        payload_len: 1000,
        next_header,
        hop_limit: 1,
        source,
        destination,
    }
    .emit(&mut bytes);
    if options {
        bytes.extend_from_slice(&[protocol.0, 0, 1, 4, 0, 0, 0, 0]);
    }
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn an_echo_is_answered_with_its_data() {
    let request = message(Type::ECHO_REQUEST, 0, 7, b"data");
    let Ok(Verdict::Reply(reply)) = judge(request) else { panic!("no reply") };
    let header = Header::parse(reply.data()).unwrap();
    assert_eq!((header.kind(), header.sequence(), header.payload()), (Type::ECHO_REPLY, 7, &b"data"[..]));
}

#[test]
fn echoes_are_ignored_as_the_settings_say() {
    let judge_with = |setting: &str, destination| {
        let mut sysctl = Sysctl::default();
        sysctl.set(setting, "1").unwrap();
        let packet = message_to(destination, Type::ECHO_REQUEST, 0, 1, b"");
        input(&mut Counters::default(), &sysctl, packet, PEER, destination).map(|_| ())
    };
    let (all, many) = ("net.ipv6.icmp.echo_ignore_all", "net.ipv6.icmp.echo_ignore_multicast");
    assert_eq!(judge_with(all, US), Err(DropReason::IcmpIgnored));
    assert_eq!(judge_with(many, ipv6::ALL_NODES), Err(DropReason::IcmpIgnored));
    assert_eq!(judge_with(many, US), Ok(()));
}

#[test]
fn errors_reach_the_protocol_they_are_about() {
    let ports = [0, 80, 0, 81, 0, 0, 0, 9];
    let rows = [
        (Type::DESTINATION_UNREACHABLE, 0, 0, SocketError::NetworkUnreachable, false),
        (Type::DESTINATION_UNREACHABLE, 1, 0, SocketError::AccessDenied, true),
        (Type::DESTINATION_UNREACHABLE, 2, 0, SocketError::HostUnreachable, false),
        (Type::DESTINATION_UNREACHABLE, 3, 0, SocketError::HostUnreachable, false),
        (Type::DESTINATION_UNREACHABLE, 4, 0, SocketError::ConnectionRefused, true),
        (Type::DESTINATION_UNREACHABLE, 6, 0, SocketError::AccessDenied, true),
        (Type::PACKET_TOO_BIG, 0, 1280, SocketError::DatagramTooLarge, false),
        (Type::TIME_EXCEEDED, 0, 0, SocketError::HostUnreachable, false),
        (Type::PARAMETER_PROBLEM, 1, 40, SocketError::ProtocolError, true),
    ];
    for (kind, code, rest, error, fatal) in rows {
        for options in [false, true] {
            let packet = message(kind, code, rest, &quote(Protocol::UDP, &ports, options));
            let Ok(Verdict::Error(heard)) = judge(packet) else { panic!("{kind:?} {code}: no error") };
            assert_eq!((heard.kind.socket_error(), heard.kind.is_fatal()), (error, fatal), "{kind:?} {code}");
            assert_eq!((heard.source_port, heard.destination_port, heard.sequence), (80, 81, 9));
            assert_eq!((heard.source, heard.destination), (US.into(), PEER.into()));
        }
    }
}

#[test]
fn what_is_dropped_and_why() {
    let ports = [0; 8];
    let unreachable = Type::DESTINATION_UNREACHABLE;
    let mut damaged = message(Type::ECHO_REQUEST, 0, 0, b"data");
    damaged.data_mut()[9] ^= 1;
    let rows = [
        ("too short", Packet::from_frame(alloc::vec![128; 7]), DropReason::IcmpMalformed),
        ("damaged", damaged, DropReason::IcmpChecksum),
        ("a reply", message(Type::ECHO_REPLY, 0, 0, b""), DropReason::IcmpIgnored),
        ("unknown", message(Type(200), 0, 0, b""), DropReason::IcmpIgnored),
        (
            "a code nobody knows",
            message(unreachable, 77, 0, &quote(Protocol::UDP, &ports, false)),
            DropReason::IcmpIgnored,
        ),
        ("without a quote", message(unreachable, 4, 0, &[6; 39]), DropReason::IcmpMalformed),
        (
            "too short a quote",
            message(unreachable, 4, 0, &quote(Protocol::UDP, &ports[..7], false)),
            DropReason::IcmpIgnored,
        ),
        (
            "about another protocol",
            message(unreachable, 4, 0, &quote(Protocol(89), &ports, false)),
            DropReason::IcmpIgnored,
        ),
        (
            "an mtu that every link has",
            message(Type::PACKET_TOO_BIG, 0, 1279, &quote(Protocol::UDP, &ports, false)),
            DropReason::IcmpIgnored,
        ),
    ];
    for (name, packet, reason) in rows {
        assert_eq!(judge(packet).map(|_| ()), Err(reason), "{name}");
    }
}

#[test]
fn what_others_read() {
    for kind in 133..=137 {
        assert!(matches!(judge(message(Type(kind), 0, 0, b"")), Ok(Verdict::Discovery(_))));
    }
    for kind in [130, 131, 132, 143] {
        assert!(matches!(judge(message(Type(kind), 0, 0, b"")), Ok(Verdict::Listeners(_))));
    }
}
