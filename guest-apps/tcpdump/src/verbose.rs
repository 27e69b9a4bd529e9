//! What `-v` tells more: IP headers, and whether checksums are right. tcpdump: `ip_print`, `ip6_print`.

use stack_core::wire::checksum::{Sum, pseudo_header};
use stack_core::wire::ethernet::EtherType;
use stack_core::wire::pretty::describe_ipv4;
use stack_core::wire::protocol::Protocol;
use stack_core::wire::{ipv4, ipv6, ipv6_extension};
use std::net::IpAddr;

/// Where in a segment, a datagram and an ICMP message the checksum is.
const TCP_CHECKSUM: usize = 16;
const UDP_CHECKSUM: usize = 6;
const ICMP_CHECKSUM: usize = 2;
/// Bytes of an ICMP error before the packet that it is about.
const ICMP_HEADER_LEN: usize = 8;

/// The line of what a frame carries, with what is more. `level`: how often `-v` was said.
pub(crate) fn line(ether_type: EtherType, packet: &[u8], line: &str, level: usize) -> String {
    let told = match ether_type {
        EtherType::IPV4 => line.strip_prefix("IP ").and_then(|line| ip4(packet, line, level)),
        EtherType::IPV6 => line.strip_prefix("IP6 ").and_then(|line| ip6(packet, line)),
        EtherType::ARP => {
            line.strip_prefix("ARP, Re").map(|line| format!("ARP, Ethernet (len 6), IPv4 (len 4), Re{line}"))
        }
        _ => None,
    };
    told.unwrap_or_else(|| line.to_owned())
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn ip4(packet: &[u8], line: &str, level: usize) -> Option<String> {
    let header = ipv4::Header::parse_quoted(packet).ok()?;
    let (head, fragment) = (packet.get(..header.header_len())?, word(packet, 6)?);
    let tos = *packet.get(1)?;
    let congestion = ["", ",ECT(1)", ",ECT(0)", ",CE"][usize::from(tos & 3)];
    let flags: Vec<_> = [(0x2000, "+"), (0x4000, "DF"), (0x8000, "rsvd")]
        .into_iter()
        .filter(|(bit, _)| fragment & bit != 0)
        .map(|(_, name)| name)
        .collect();
    let flags = if flags.is_empty() { "none".to_owned() } else { flags.join(", ") };
    let mut out = format!(
        "IP (tos {tos:#x}{congestion}, ttl {}, id {}, offset {}, flags [{flags}], proto {}, length {}",
        packet.get(8)?,
        word(packet, 4)?,
        u32::from(fragment & 0x1fff) * 8,
        protocol(header.protocol()),
        word(packet, 2)?
    );
    let wrong = expected(Sum::ZERO, head, 10).filter(|expected| Some(*expected) != word(head, 10));
    if let (Some(expected), Some(found)) = (wrong, word(head, 10)) {
        out += &format!(", bad cksum {found:x} (->{expected:x})!");
    }
    let whole = fragment & 0x3fff == 0;
    let payload = packet.get(head.len()..usize::from(word(packet, 2)?)).filter(|_| whole);
    let ends = (header.source().into(), header.destination().into());
    let told = payload.map_or_else(
        || line.to_owned(),
        |payload| transport(ends, header.protocol(), payload, line, level > 1),
    );
    out += &format!(")\n    {told}");
    let about = payload.filter(|_| header.protocol() == Protocol::ICMP);
    if let Some(inner) = about.and_then(about_a_packet) {
        out += &format!("\n\t{}", self::line(EtherType::IPV4, inner, &describe_ipv4(inner), level));
    }
    Some(out)
}

/// The packet that an ICMP error is about.
fn about_a_packet(message: &[u8]) -> Option<&[u8]> {
    let is_error = matches!(message.first()?, 3 | 11 | 12);
    message.get(ICMP_HEADER_LEN..).filter(|inner| is_error && !inner.is_empty())
}

fn ip6(packet: &[u8], line: &str) -> Option<String> {
    let header = ipv6::Header::parse_quoted(packet).ok()?;
    let mut out = String::from("IP6 (");
    if header.traffic_class() != 0 {
        out += &format!("class {:#04x}, ", header.traffic_class());
    }
    if header.flow_label() != 0 {
        out += &format!("flowlabel {:#07x}, ", header.flow_label());
    }
    let next = protocol(header.next_header());
    out += &format!(
        "hlim {}, next-header {next} payload length: {}) ",
        header.hop_limit(),
        header.payload_len()
    );
    let payload = ipv6::Header::parse(packet).ok().map(|header| header.payload());
    let found = payload.and_then(|payload| {
        let (protocol, at) = ipv6_extension::skip(header.next_header(), payload)?;
        Some((protocol, payload.get(at..)?))
    });
    let ends = (header.source().into(), header.destination().into());
    Some(match found {
        Some((protocol, payload)) => out + &transport(ends, protocol, payload, line, true),
        None => out + line,
    })
}

/// The line with what is known of the checksum. That of a datagram is told if `datagrams`.
fn transport(
    (source, destination): (IpAddr, IpAddr),
    protocol: Protocol,
    payload: &[u8],
    line: &str,
    datagrams: bool,
) -> String {
    let pseudo = pseudo_header(source, destination, protocol, payload.len() as u32);
    let at = match protocol {
        Protocol::TCP => TCP_CHECKSUM,
        Protocol::UDP if datagrams => UDP_CHECKSUM,
        Protocol::ICMPV6 => ICMP_CHECKSUM,
        _ => return line.to_owned(),
    };
    let (Some(found), Some(expected)) = (word(payload, at), expected(pseudo, payload, at)) else {
        return line.to_owned();
    };
    let right = found == expected;
    match protocol {
        Protocol::TCP => {
            let told = if right { "correct".into() } else { format!("incorrect -> {expected:#06x}") };
            line.replacen("], ", &format!("], cksum {found:#06x} ({told}), "), 1)
        }
        Protocol::UDP => {
            let told = match (found, right) {
                (0, _) => "[no cksum]".into(),
                (_, true) => "[udp sum ok]".into(),
                _ => format!("[bad udp cksum {found:#06x} -> {expected:#06x}!]"),
            };
            line.replacen(": ", &format!(": {told} "), 1)
        }
        _ => {
            let told = if right {
                "[icmp6 sum ok]".into()
            } else {
                format!("[bad icmp6 cksum {found:#06x} -> {expected:#06x}!]")
            };
            let line = line.rsplit_once(", length ").map_or(line, |(line, _)| line);
            line.replacen(": ", &format!(": {told} "), 1)
        }
    }
}

/// The checksum that would be right at this place.
fn expected(pseudo: Sum, bytes: &[u8], at: usize) -> Option<u16> {
    let (before, behind) = (bytes.get(..at)?, bytes.get(at + 2..)?);
    Some(pseudo.plus(Sum::of(before)).plus(Sum::of(behind)).checksum())
}

/// A protocol's name with its number. Linux: `/etc/protocols`.
fn protocol(protocol: Protocol) -> String {
    let name = match protocol.0 {
        0 => "Options",
        1 => "ICMP",
        2 => "IGMP",
        6 => "TCP",
        17 => "UDP",
        43 => "Routing",
        44 => "Fragment",
        47 => "GRE",
        50 => "ESP",
        51 => "AH",
        58 => "ICMPv6",
        59 => "no next header",
        89 => "OSPF",
        132 => "SCTP",
        _ => "unknown",
    };
    format!("{name} ({})", protocol.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stack_core::wire::pretty::describe_ipv6;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn headers_are_told_as_tcpdump_does() {
        let udp = bytes("4500 0021 eeac 4000 4011 4e1d 7f00 0001 7f00 0001 d50a 15b3 000d fe20 6865 6c6c 6f");
        let told = |level| line(EtherType::IPV4, &udp, &describe_ipv4(&udp), level);
        let head = "IP (tos 0x0, ttl 64, id 61100, offset 0, flags [DF], proto UDP (17), length 33)\n    ";
        let ends = "127.0.0.1.54538 > 127.0.0.1.5555: ";
        assert_eq!(told(1), format!("{head}{ends}UDP, length 5"));
        assert_eq!(told(2), format!("{head}{ends}[bad udp cksum 0xfe20 -> 0xd341!] UDP, length 5"));
        let mut damaged = udp.clone();
        damaged[10..12].fill(0);
        assert!(line(EtherType::IPV4, &damaged, "IP x", 1).contains("length 33, bad cksum 0 (->4e1d)!)\n"));
    }

    #[test]
    fn a_header_of_ipv6_stands_in_the_same_line() {
        let one = "0000 0000 0000 0000 0000 0000 0000 0001";
        let datagram = bytes(&format!("6004 31e2 000e 1140 {one} {one} e2d6 15b3 000e 0021 6865 6c6c 6f36"));
        assert_eq!(
            line(EtherType::IPV6, &datagram, &describe_ipv6(&datagram), 1),
            "IP6 (flowlabel 0x431e2, hlim 64, next-header UDP (17) payload length: 14) \
             ::1.58070 > ::1.5555: [bad udp cksum 0x0021 -> 0xc33e!] UDP, length 6"
        );
    }

    #[test]
    fn any_bytes_will_do() {
        let udp = bytes("4500 0021 eeac 4000 4011 4e1d 7f00 0001 7f00 0001 d50a 15b3 000d fe20 6865 6c6c 6f");
        for len in 0..udp.len() {
            line(EtherType::IPV4, &udp[..len], "IP a: b", 2);
            line(EtherType::IPV6, &udp[..len], "IP6 a: b", 2);
        }
    }
}
