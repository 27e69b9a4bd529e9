//! What is said, and of what nothing is.

use super::*;
use crate::random::SeededRandom;
use crate::wire::icmpv6::Header;
use alloc::string::ToString;
use alloc::vec::Vec;

const US: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const PEER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

fn packet(source: Ipv6Addr, destination: Ipv6Addr, next_header: Protocol, payload: &[u8]) -> Vec<u8> {
    let mut bytes = alloc::vec![0; ipv6::HEADER_LEN];
    let payload_len = payload.len() as u16;
    ipv6::Fields {
        traffic_class: 0,
        flow_label: 0,
        payload_len,
        next_header,
        hop_limit: 64,
        source,
        destination,
    }
    .emit(&mut bytes);
    bytes.extend_from_slice(payload);
    bytes
}

fn complain(about: About<'_>, problem: Problem) -> Option<(Ipv6Addr, Packet)> {
    let (sysctl, mut random) = (Sysctl::default(), SeededRandom::new(1));
    let mut limit = RateLimit::new(&sysctl, &mut random);
    error_about(about, problem, &mut limit, (Instant::ZERO, &sysctl, &mut random)).map(Result::unwrap)
}

fn about(packet: &[u8]) -> About<'_> {
    About { packet, addressed: LinkDestination::Host, ours: false }
}

#[test]
fn every_problem_is_said_right() {
    let original = packet(PEER, US, Protocol::UDP, b"datagram");
    let rows = [
        (Problem::NoRoute, "destination unreachable, unreachable route"),
        (Problem::AdministrativelyProhibited, "destination unreachable, unreachable prohibited"),
        (Problem::BeyondScope, "destination unreachable, beyond scope"),
        (Problem::AddressUnreachable, "destination unreachable, unreachable address"),
        (Problem::PortUnreachable, "destination unreachable, unreachable port"),
        (Problem::PacketTooBig(1400), "packet too big, mtu 1400"),
        (Problem::HopLimitExceeded, "time exceeded in-transit"),
        (Problem::ReassemblyTimeExceeded, "time exceeded in reassembly"),
        (Problem::ParameterProblem { code: 1, pointer: 6 }, "parameter problem, next header - octet 6"),
    ];
    for (problem, line) in rows {
        let (destination, error) = complain(about(&original), problem).unwrap();
        let header = Header::parse(error.data()).unwrap();
        let expected = alloc::format!("ICMP6, {line}, length 56");
        assert_eq!((destination, header.to_string()), (PEER, expected));
        assert_eq!(header.payload(), original);
    }
}

#[test]
fn the_quote_is_cut_so_that_every_link_carries_the_error() {
    let original = packet(PEER, US, Protocol::UDP, &[7; 1400]);
    let (_, error) = complain(about(&original), Problem::PortUnreachable).unwrap();
    assert_eq!(error.len() + ipv6::HEADER_LEN, 1280);
}

#[test]
fn what_is_never_complained_about() {
    let udp = |source, destination| packet(source, destination, Protocol::UDP, b"datagram");
    let icmp = |kind: u8| packet(PEER, US, Protocol::ICMPV6, &[kind, 0, 0, 0, 0, 0, 0, 0]);
    let hidden = packet(PEER, US, Protocol::DESTINATION_OPTIONS, &[58, 0, 1, 4, 0, 0, 0, 0, 1, 0, 0, 0]);
    let fine = udp(PEER, US);
    let quiet = [
        ("an error", icmp(1)),
        ("an unknown error", icmp(99)),
        ("an error behind options", hidden),
        ("a redirect", icmp(137)),
        ("a message without type", packet(PEER, US, Protocol::ICMPV6, b"")),
        ("to a group", udp(PEER, ipv6::ALL_NODES)),
        ("from a group", udp(ipv6::ALL_NODES, US)),
        ("from nobody", udp(Ipv6Addr::UNSPECIFIED, US)),
        ("a truncated header", fine[..39].to_vec()),
    ];
    for (name, packet) in quiet {
        assert!(complain(about(&packet), Problem::PortUnreachable).is_none(), "{name}");
    }
    let in_a_frame_to_many = About { addressed: LinkDestination::Multicast, ..about(&fine) };
    assert!(complain(in_a_frame_to_many, Problem::PortUnreachable).is_none());
    assert!(complain(about(&icmp(128)), Problem::HopLimitExceeded).is_some());
}

#[test]
fn two_things_are_said_of_packets_to_groups() {
    let to_a_group = packet(PEER, ipv6::ALL_NODES, Protocol::UDP, b"datagram");
    let about = About { addressed: LinkDestination::Multicast, ..about(&to_a_group) };
    assert!(complain(about, Problem::PacketTooBig(1280)).is_some());
    assert!(complain(about, Problem::ParameterProblem { code: 2, pointer: 40 }).is_some());
    assert!(complain(about, Problem::ParameterProblem { code: 1, pointer: 40 }).is_none());
}

#[test]
fn a_sender_gets_six_errors_at_once_and_all_that_say_how_much_fits() {
    let original = packet(PEER, US, Protocol::UDP, b"datagram");
    let (sysctl, mut random) = (Sysctl::default(), SeededRandom::new(1));
    let mut limit = RateLimit::new(&sysctl, &mut random);
    let mut said = |problem, about: About<'_>| {
        let mut one = || error_about(about, problem, &mut limit, (Instant::ZERO, &sysctl, &mut random));
        (0..30).filter(|_| one().unwrap().is_ok()).count()
    };
    assert_eq!(said(Problem::PacketTooBig(1280), about(&original)), 30);
    assert_eq!(said(Problem::PortUnreachable, about(&original)), 6);
    assert_eq!(said(Problem::PortUnreachable, About { ours: true, ..about(&original) }), 30);
}
