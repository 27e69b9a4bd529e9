//! Whom an ICMP error is about: it quotes the packet. tcpdump: `icmp_print`, `icmp6_print`.

use stack_core::wire::ethernet::EtherType;
use stack_core::wire::protocol::Protocol;
use stack_core::wire::{ipv4, ipv6};
use std::net::IpAddr;

/// Bytes of an error's header.
const HEADER_LEN: usize = 8;

/// What a quote begins with: whom the packet was for, what it carried, and to which port.
struct Quote {
    destination: IpAddr,
    protocol: Protocol,
    port: Option<u16>,
}

/// The line of an error with whom it is about.
pub(crate) fn named(ether_type: EtherType, packet: &[u8], line: &str) -> String {
    let about = match ether_type {
        EtherType::IPV4 if line.contains("unreachable") => v4(packet),
        EtherType::IPV6 if line.contains("ICMP6, destination unreachable") => v6(packet),
        _ => None,
    };
    let Some(Quote { destination, protocol, port }) = about else { return line.to_owned() };
    let kind = match protocol {
        Protocol::TCP => "tcp".to_owned(),
        Protocol::UDP => "udp".to_owned(),
        other => format!("protocol {}", other.0),
    };
    let there = format!("{destination} {kind} port {}", port.unwrap_or_default());
    let host = destination.to_string();
    for (ours, named) in [
        ("ICMP net unreachable", format!("ICMP net {host} unreachable")),
        ("ICMP host unreachable", format!("ICMP host {host} unreachable")),
        ("ICMP protocol unreachable", format!("ICMP {host} protocol {} unreachable", protocol.0)),
        ("ICMP port unreachable", format!("ICMP {there} unreachable")),
        ("ICMP unreachable - need to frag", format!("ICMP {host} unreachable - need to frag")),
        (
            "ICMP unreachable - admin prohibited",
            format!("ICMP host {host} unreachable - admin prohibited filter"),
        ),
        ("unreachable route,", format!("unreachable route {host},")),
        ("unreachable prohibited,", format!("unreachable prohibited {host},")),
        ("unreachable address,", format!("unreachable address {host},")),
        ("unreachable port,", format!("unreachable port, {there},")),
    ] {
        if line.contains(ours) {
            return line.replacen(ours, &named, 1);
        }
    }
    line.to_owned()
}

fn v4(packet: &[u8]) -> Option<Quote> {
    let outer = ipv4::Header::parse_quoted(packet).ok()?;
    let message = packet.get(outer.header_len()..).filter(|_| outer.protocol() == Protocol::ICMP)?;
    let inner = message.get(HEADER_LEN..)?;
    let header = ipv4::Header::parse_quoted(inner).ok()?;
    let port = port(inner.get(header.header_len()..)?);
    Some(Quote { destination: header.destination().into(), protocol: header.protocol(), port })
}

fn v6(packet: &[u8]) -> Option<Quote> {
    let outer = ipv6::Header::parse_quoted(packet).ok()?;
    let message = packet.get(ipv6::HEADER_LEN..).filter(|_| outer.next_header() == Protocol::ICMPV6)?;
    let inner = message.get(HEADER_LEN..)?;
    let header = ipv6::Header::parse_quoted(inner).ok()?;
    let port = port(inner.get(ipv6::HEADER_LEN..)?);
    Some(Quote { destination: header.destination().into(), protocol: header.next_header(), port })
}

/// The port that a segment or a datagram is for.
fn port(payload: &[u8]) -> Option<u16> {
    payload.get(2..4)?.try_into().ok().map(u16::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of IPv4 from 10.0.0.1 to 10.0.0.2 that says how long it is.
    fn packet(protocol: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 20 + payload.len() as u8, 0, 0, 0, 0, 64, protocol, 0, 0];
        packet.extend([10, 0, 0, 1, 10, 0, 0, 2]);
        packet.extend(payload);
        packet
    }

    #[test]
    fn errors_name_whom_they_are_about() {
        let error = packet(1, &[&[3, 3, 0, 0, 0, 0, 0, 0], &packet(17, &[0, 9, 0x15, 0xb3])[..]].concat());
        for (line, expected) in [
            (
                "a > b: ICMP port unreachable, length 9",
                "a > b: ICMP 10.0.0.2 udp port 5555 unreachable, length 9",
            ),
            ("a > b: ICMP net unreachable, length 9", "a > b: ICMP net 10.0.0.2 unreachable, length 9"),
            ("a > b: ICMP echo reply", "a > b: ICMP echo reply"),
        ] {
            assert_eq!(named(EtherType::IPV4, &error, line), expected);
        }
        let line = "a > b: ICMP port unreachable, length 9";
        assert_eq!(named(EtherType::IPV4, &error[..40], line), line, "the quote is cut");
    }
}
