//! Frames as tcpdump shows them, one line each.

use super::ethernet::{self, EtherType};
use super::ipv6_extension::{Extension, Kind};
use super::protocol::Protocol;
use super::{arp, icmpv4, icmpv6, ipv4, ipv6, ipv6_extension, ndp, tcp, udp};
use alloc::format;
use alloc::string::{String, ToString};

/// One line about an Ethernet frame: `IP 10.0.2.2.4000 > 10.0.2.15.80: Flags [S], seq 1, win 64240, length 0`.
/// Any bytes will do; what cannot be read is said to be so. Checksums are not looked at.
pub fn describe(frame: &[u8]) -> String {
    let Ok(header) = ethernet::Header::parse(frame) else {
        return format!("truncated frame, length {}", frame.len());
    };
    match header.ether_type() {
        EtherType::ARP => match arp::Packet::parse(header.payload()) {
            Ok(packet) => packet.to_string(),
            Err(error) => format!("ARP, {error}, length {}", header.payload().len()),
        },
        EtherType::IPV4 => describe_ipv4(header.payload()),
        EtherType::IPV6 => describe_ipv6(header.payload()),
        _ => format!("{header}, length {}", frame.len()),
    }
}

/// One line about an IPv4 packet, as [`describe`] has it.
pub fn describe_ipv4(packet: &[u8]) -> String {
    let header = match ipv4::Header::parse(packet) {
        Ok(header) => header,
        Err(error) => return format!("IP, {error}, length {}", packet.len()),
    };
    let (source, destination, payload) = (header.source(), header.destination(), header.payload());
    if header.is_fragment() && header.fragment_offset() != 0 {
        return format!("{header}, fragment at {}, length {}", header.fragment_offset(), payload.len());
    }
    let ports = |from: u16, to: u16| format!("IP {source}.{from} > {destination}.{to}");
    let broken = |error| format!("{header}, {error}, length {}", payload.len());
    match header.protocol() {
        Protocol::TCP => match tcp::Header::parse(payload) {
            Ok(tcp) => format!("{}: {tcp}", ports(tcp.source_port(), tcp.destination_port())),
            Err(error) => broken(error),
        },
        Protocol::UDP => match udp::Header::parse(payload) {
            Ok(udp) => format!("{}: {udp}", ports(udp.source_port(), udp.destination_port())),
            Err(error) => broken(error),
        },
        Protocol::ICMP => match icmpv4::Header::parse(payload) {
            Ok(icmp) => format!("IP {source} > {destination}: {icmp}"),
            Err(error) => broken(error),
        },
        _ => format!("{header}, length {}", payload.len()),
    }
}

/// One line about an IPv6 packet, as [`describe`] has it. Extension headers are shown only where they keep the
/// protocol from being seen.
pub fn describe_ipv6(packet: &[u8]) -> String {
    let header = match ipv6::Header::parse(packet) {
        Ok(header) => header,
        Err(error) => return format!("IP6, {error}, length {}", packet.len()),
    };
    let (source, destination) = (header.source(), header.destination());
    let addresses = format!("IP6 {source} > {destination}");
    let Some((protocol, at)) = ipv6_extension::skip(header.next_header(), header.payload()) else {
        let fragment = later_fragment(&header).map_or_else(String::new, |at| format!(" at {at}"));
        return format!("{header}{fragment}, length {}", header.payload().len());
    };
    let payload = header.payload().get(at..).unwrap_or_default();
    let ports = |from: u16, to: u16| format!("IP6 {source}.{from} > {destination}.{to}");
    let described = match protocol {
        Protocol::TCP => tcp::Header::parse(payload)
            .map(|tcp| format!("{}: {tcp}", ports(tcp.source_port(), tcp.destination_port()))),
        Protocol::UDP => udp::Header::parse(payload)
            .map(|udp| format!("{}: {udp}", ports(udp.source_port(), udp.destination_port()))),
        Protocol::ICMPV6 => icmpv6::Header::parse(payload).map(|icmp| match icmp.kind() {
            kind if kind.is_neighbour_discovery() => format!("{addresses}: {}", ndp::Shown(icmp)),
            _ => format!("{addresses}: {icmp}"),
        }),
        _ => Ok(format!("{addresses}: {protocol}, length {}", payload.len())),
    };
    described.unwrap_or_else(|error| format!("{addresses}: {protocol}, {error}, length {}", payload.len()))
}

/// Where a fragment begins in its packet, if the fragment header is the first one.
fn later_fragment(header: &ipv6::Header<'_>) -> Option<u32> {
    let kind = Kind::of(header.next_header()).filter(|&kind| kind == Kind::Fragment)?;
    Some(Extension::parse(kind, header.payload()).ok()?.fragment_offset())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};
    use crate::wire::ethernet::MacAddress;
    use alloc::vec;
    use alloc::vec::Vec;
    use core::net::{Ipv4Addr, Ipv6Addr};

    fn frame(ether_type: EtherType, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; ethernet::HEADER_LEN];
        let source = MacAddress([2, 0, 0, 0, 0, 1]);
        ethernet::Fields { destination: MacAddress::BROADCAST, source, ether_type }.emit(&mut frame);
        frame.extend_from_slice(payload);
        frame
    }

    fn packet(protocol: Protocol, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; ipv4::HEADER_LEN];
        ipv4::Fields {
            tos: 0,
            total_len: (ipv4::HEADER_LEN + payload.len()) as u16,
            identification: 0,
            dont_fragment: true,
            ttl: 64,
            protocol,
            source: Ipv4Addr::new(10, 0, 2, 2),
            destination: Ipv4Addr::new(10, 0, 2, 15),
        }
        .emit(&mut packet);
        packet.extend_from_slice(payload);
        packet
    }

    fn packet6(next_header: Protocol, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; ipv6::HEADER_LEN];
        ipv6::Fields {
            traffic_class: 0,
            flow_label: 0,
            payload_len: payload.len() as u16,
            next_header,
            hop_limit: 64,
            source: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
            destination: ipv6::ALL_NODES,
        }
        .emit(&mut packet);
        packet.extend_from_slice(payload);
        frame(EtherType::IPV6, &packet)
    }

    fn samples6() -> Vec<(Vec<u8>, &'static str)> {
        let mut datagram = vec![0; 10];
        udp::Fields { source_port: 546, destination_port: 547, total_len: 10 }.emit(&mut datagram, 0);
        let behind_options = [&[17, 0, 1, 4, 0, 0, 0, 0], &datagram[..]].concat();
        let echo = [128, 0, 0, 0, 0, 7, 0, 1];
        let solicitation = [&[135, 0, 0, 0, 0, 0, 0, 0], &Ipv6Addr::LOCALHOST.octets()[..]].concat();
        let fragment = [17, 0, 5, 0xa8, 0, 0, 0, 1, b'x'];
        vec![
            (packet6(Protocol::UDP, &datagram), "IP6 fe80::1.546 > ff02::1.547: UDP, length 2"),
            (packet6(Protocol::HOP_BY_HOP, &behind_options), "IP6 fe80::1.546 > ff02::1.547: UDP, length 2"),
            (
                packet6(Protocol::ICMPV6, &echo),
                "IP6 fe80::1 > ff02::1: ICMP6, echo request, id 7, seq 1, length 8",
            ),
            (
                packet6(Protocol::ICMPV6, &solicitation),
                "IP6 fe80::1 > ff02::1: ICMP6, neighbor solicitation, who has ::1, length 24",
            ),
            (packet6(Protocol::FRAGMENT, &fragment), "IP6 fe80::1 > ff02::1: frag at 1448, length 9"),
            (packet6(Protocol::TCP, b"short"), "IP6 fe80::1 > ff02::1: TCP, truncated, length 5"),
            (packet6(Protocol(89), b"ospf"), "IP6 fe80::1 > ff02::1: ip-proto-89, length 4"),
            (packet6(Protocol::ROUTING, b"cut"), "IP6 fe80::1 > ff02::1: RT, length 3"),
            (frame(EtherType::IPV6, b""), "IP6, truncated, length 0"),
        ]
    }

    fn samples() -> Vec<(Vec<u8>, &'static str)> {
        let mut segment = vec![0; tcp::HEADER_LEN];
        let flags = tcp::Flags::SYN;
        tcp::Fields {
            source_port: 4000,
            destination_port: 80,
            sequence: 1,
            flags,
            window: 9,
            ..Default::default()
        }
        .emit(&mut segment, 0);
        let mut datagram = vec![0; 10];
        udp::Fields { source_port: 68, destination_port: 67, total_len: 10 }.emit(&mut datagram, 0);
        let mut unreachable = vec![0; 36];
        let kind = icmpv4::Type::DESTINATION_UNREACHABLE;
        icmpv4::Fields { kind, code: icmpv4::unreachable::PORT, rest: [0; 4] }.emit(&mut unreachable);
        let mut last_fragment = packet(Protocol::UDP, b"tail");
        last_fragment[7] = 0xb9;
        let ip = |packet: &[u8]| frame(EtherType::IPV4, packet);
        vec![
            (
                ip(&packet(Protocol::TCP, &segment)),
                "IP 10.0.2.2.4000 > 10.0.2.15.80: Flags [S], seq 1, win 9, length 0",
            ),
            (ip(&packet(Protocol::UDP, &datagram)), "IP 10.0.2.2.68 > 10.0.2.15.67: UDP, length 2"),
            (
                ip(&packet(Protocol::ICMP, &unreachable)),
                "IP 10.0.2.2 > 10.0.2.15: ICMP port unreachable, length 36",
            ),
            (ip(&packet(Protocol(89), b"ospf")), "IP 10.0.2.2 > 10.0.2.15: ip-proto-89, length 4"),
            (ip(&last_fragment), "IP 10.0.2.2 > 10.0.2.15: UDP, fragment at 1480, length 4"),
            (ip(&packet(Protocol::TCP, b"short")), "IP 10.0.2.2 > 10.0.2.15: TCP, truncated, length 5"),
            (ip(b"E"), "IP, truncated, length 1"),
            (frame(EtherType::ARP, b""), "ARP, truncated, length 0"),
            (
                frame(EtherType(0x88cc), b""),
                "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype 0x88cc, length 14",
            ),
            (vec![0; 13], "truncated frame, length 13"),
        ]
    }

    #[test]
    fn lines() {
        for (frame, line) in samples().into_iter().chain(samples6()) {
            assert_eq!(describe(&frame), line);
        }
    }

    #[test]
    fn any_bytes_will_do() {
        let mut random = SeededRandom::new(3);
        for (frame, _) in samples().into_iter().chain(samples6()) {
            for len in 0..frame.len() {
                describe(&frame[..len]);
            }
            for _ in 0..2000 {
                let mut damaged = frame.clone();
                for _ in 0..random.below(4) {
                    let at = random.below(damaged.len() as u32) as usize;
                    damaged[at] = random.next_u32() as u8;
                }
                describe(&damaged);
            }
        }
    }
}
