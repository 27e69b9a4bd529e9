//! Chains of headers, and what becomes of the packets.

use super::*;
use crate::ip::v6::input;
use crate::random::{Random, SeededRandom};
use crate::wire::ipv6::{Fields, HEADER_LEN};
use core::net::Ipv6Addr;

const LIMITS: Limits = Limits { options: 8, length: u32::MAX };
const ROUTING_AT_END: [u8; 8] = [60, 0, 4, 0, 0, 0, 0, 0];
const PADDING: [u8; 8] = [17, 0, 1, 4, 0, 0, 0, 0];

fn packet(next_header: Protocol, payload: &[u8]) -> Packet {
    let mut bytes = alloc::vec![0; HEADER_LEN];
    Fields {
        traffic_class: 0,
        flow_label: 0,
        payload_len: payload.len() as u16,
        next_header,
        hop_limit: 64,
        source: Ipv6Addr::LOCALHOST,
        destination: Ipv6Addr::LOCALHOST,
    }
    .emit(&mut bytes);
    bytes.extend_from_slice(payload);
    Packet::from_frame(bytes)
}

/// What is reached, which protocol comes next, and where it begins behind the IPv6 header.
type Reached = Result<(Payload, Protocol, usize), BadExtension>;

fn read(mut packet: Packet) -> Reached {
    let mut received = input(&mut packet).unwrap();
    hop_by_hop(&packet, &mut received, LIMITS)?;
    let payload = extensions(&packet, &mut received, LIMITS)?;
    let names_it = packet.data().get(received.next_header_at).copied();
    assert_eq!(names_it, Some(received.next_header.0));
    Ok((payload, received.next_header, received.header_len - HEADER_LEN))
}

/// The verdict on one option of this type in a header of this kind.
fn one_option(kind: Protocol, option: u8, addressed: LinkDestination) -> Result<(), BadExtension> {
    let mut packet = packet(kind, &[17, 0, option, 2, 0, 0, 1, 0]);
    packet.meta.destination = addressed;
    read(packet).map(|_| ())
}

#[test]
fn headers_are_stepped_over() {
    let protocol = |protocol, at| Ok((Payload::Protocol, protocol, at));
    let options_behind_routing = [ROUTING_AT_END, PADDING].concat();
    let rows: [(Protocol, &[u8], Reached); 7] = [
        (Protocol::UDP, b"data", protocol(Protocol::UDP, 0)),
        (Protocol::HOP_BY_HOP, &PADDING, protocol(Protocol::UDP, 8)),
        (Protocol::ROUTING, &options_behind_routing, protocol(Protocol::UDP, 16)),
        (Protocol::FRAGMENT, &[17, 0, 0, 1, 0, 0, 0, 9], Ok((Payload::Fragment, Protocol::FRAGMENT, 0))),
        (Protocol::NO_NEXT_HEADER, b"noise", Ok((Payload::Nothing, Protocol::NO_NEXT_HEADER, 0))),
        (Protocol(200), b"noise", protocol(Protocol(200), 0)),
        (Protocol::HOP_BY_HOP, &[0, 0, 1, 4, 0, 0, 0, 0], protocol(Protocol::HOP_BY_HOP, 8)),
    ];
    for (next_header, payload, expected) in rows {
        assert_eq!(read(packet(next_header, payload)), expected, "{next_header}");
    }
}

#[test]
fn unknown_options_say_themselves_what_becomes_of_the_packet() {
    use LinkDestination::{Host, Multicast};
    let told = problem(parameter::OPTION, 42);
    for kind in [Protocol::HOP_BY_HOP, Protocol::DESTINATION_OPTIONS] {
        assert_eq!(one_option(kind, 0x1e, Host), Ok(()));
        assert_eq!(one_option(kind, 0x5e, Host), Err(BadExtension::Silent));
        assert_eq!(one_option(kind, 0x9e, Multicast), Err(told));
        assert_eq!(one_option(kind, 0xde, Host), Err(told));
        assert_eq!(one_option(kind, 0xde, Multicast), Err(BadExtension::Silent));
    }
    let mut jumbo = packet(Protocol::HOP_BY_HOP, &[17, 0, 0xc2, 4, 0, 1, 0, 0]);
    assert_eq!(read(jumbo.clone()), Err(problem(parameter::HEADER_FIELD, 42)));
    jumbo.data_mut()[4..6].fill(0);
    assert_eq!(read(jumbo), Err(problem(parameter::HEADER_FIELD, 42)), "no link carries one");
}

#[test]
fn a_router_alert_is_noted() {
    let mut packet = packet(Protocol::HOP_BY_HOP, &[58, 0, 5, 2, 0, 0, 1, 0]);
    let mut received = input(&mut packet).unwrap();
    hop_by_hop(&packet, &mut received, LIMITS).unwrap();
    assert_eq!((received.router_alert, received.extensions), (Some(0), 1));
}

#[test]
fn source_routes_are_followed_by_nobody() {
    for kind in [0, 2, 3, 4, 99] {
        let mut route = ROUTING_AT_END;
        (route[2], route[3]) = (kind, 1);
        assert_eq!(read(packet(Protocol::ROUTING, &route)), Err(problem(parameter::HEADER_FIELD, 42)));
    }
    let mut to_a_group = packet(Protocol::ROUTING, &ROUTING_AT_END);
    to_a_group.meta.destination = LinkDestination::Multicast;
    assert_eq!(read(to_a_group), Err(BadExtension::Silent));
}

#[test]
fn what_only_costs_time_is_dropped() {
    let options = |options: &[u8]| {
        let mut header = alloc::vec![17, 0];
        header.extend_from_slice(options);
        header[1] = (header.len() / 8 - 1) as u8;
        read(packet(Protocol::DESTINATION_OPTIONS, &header)).map(|(_, _, len)| len)
    };
    let silent = Err(BadExtension::Silent);
    assert_eq!(options(&[1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), silent, "much padding");
    assert_eq!(options(&[0x1e, 0, 1, 2, 7, 0]), silent, "padding with something in it");
    assert_eq!(options(&[0x1e, 0, 0, 0, 0, 0]), Ok(8));
    assert_eq!(options(&[0x1e, 0].repeat(7)), Ok(16));
    assert_eq!(options(&[0x1e, 0].repeat(11)), silent, "many options");
    let chain = |count: usize| [[60, 0, 1, 4, 0, 0, 0, 0].repeat(count - 1), PADDING.to_vec()].concat();
    assert!(read(packet(Protocol::DESTINATION_OPTIONS, &chain(8))).is_ok());
    assert_eq!(read(packet(Protocol::DESTINATION_OPTIONS, &chain(9))), Err(BadExtension::Silent));
}

#[test]
fn every_truncation_is_dropped() {
    let whole = [ROUTING_AT_END, PADDING].concat();
    for len in 0..whole.len() {
        assert_eq!(read(packet(Protocol::ROUTING, &whole[..len])), Err(BadExtension::Silent), "{len}");
    }
}

#[test]
fn any_chain_will_do() {
    let mut random = SeededRandom::new(66);
    for _ in 0..20_000 {
        let mut bytes = alloc::vec![0; random.below(96) as usize];
        random.fill(&mut bytes);
        for header in bytes.chunks_mut(8) {
            if random.below(2) == 0 && header.len() == 8 {
                (header[0], header[1]) = ([0, 43, 60, 44][random.below(4) as usize], random.below(3) as u8);
            }
        }
        let first = Protocol([0, 43, 60][random.below(3) as usize]);
        if let Ok((_, _, at)) = read(packet(first, &bytes)) {
            assert!(at <= bytes.len());
        }
    }
}
