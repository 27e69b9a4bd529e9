//! Packets in a script's notation.

use super::decode::{Decoded, Tcp, Transport};
use super::icmp;
use super::option::show_options;
use crate::language::ast::{Body, Flags, Packet, Segment, Tos};

/// Flags in upstream's order, `-` if there are none.
pub fn flags(flags: Flags, as_ace: bool) -> String {
    let ace = u8::from(flags.ae) << 2 | u8::from(flags.cwr) << 1 | u8::from(flags.ece);
    let letters = [
        (flags.fin, 'F'),
        (flags.syn, 'S'),
        (flags.rst, 'R'),
        (flags.psh, 'P'),
        (flags.ack, '.'),
        (flags.urg, 'U'),
        (flags.ece && !as_ace, 'E'),
        (flags.cwr && !as_ace, 'W'),
        (flags.ae && !as_ace, 'A'),
    ];
    let mut text: String = letters.iter().filter(|(set, _)| *set).map(|(_, letter)| *letter).collect();
    if as_ace {
        text.push((b'0' + ace) as char);
    }
    if text.is_empty() { "-".to_owned() } else { text }
}

/// The two bits of RFC 3168 section 5.
pub fn ecn(tos: u8) -> &'static str {
    ["noecn", "ect1", "ect0", "ce"][usize::from(tos & 3)]
}

/// `1:1001(1000)`.
pub fn range(seq: u32, len: usize) -> String {
    format!("{seq}:{}({len})", seq.wrapping_add(len as u32))
}

/// A segment, its numbers as they are: `P. 1:1001(1000) ack 1 win 256 <nop>`.
pub fn tcp(tcp: &Tcp) -> String {
    let mut parts = vec![flags(tcp.flags, false), range(tcp.seq, tcp.payload.len())];
    if tcp.flags.ack || tcp.ack != 0 {
        parts.push(format!("ack {}", tcp.ack));
    }
    parts.push(format!("win {}", tcp.window));
    if tcp.flags.urg || tcp.urgent != 0 {
        parts.push(format!("urg {}", tcp.urgent));
    }
    if !tcp.options.is_empty() {
        parts.push(show_options(&tcp.options));
    }
    parts.join(" ")
}

/// A live packet; TOS bits are shown if there are any.
pub fn decoded(packet: &Decoded) -> String {
    let tos = match packet.tos {
        0 => String::new(),
        tos if tos < 4 => format!("[{}] ", ecn(tos)),
        tos => format!("[tos {tos:#x}] "),
    };
    let body = match &packet.transport {
        Transport::Tcp(segment) => tcp(segment),
        Transport::Udp { payload, .. } => format!("udp ({})", payload.len()),
        Transport::Icmp { kind, code, .. } => {
            format!("icmp {}", icmp::names(packet.source.is_ipv6(), *kind, *code))
        }
        Transport::Other(protocol) => format!("IP protocol {protocol}"),
    };
    tos + &body
}

/// A script's packet.
pub fn scripted(packet: &Packet) -> String {
    let tos = match packet.ip.tos {
        Tos::Unchecked => String::new(),
        Tos::Ecn(bits) => format!("[{}] ", ecn(bits)),
        Tos::Ect01 => "[ect01] ".to_owned(),
        Tos::Byte(byte) => format!("[tos {byte:#x}] "),
    };
    let body = match &packet.body {
        Body::Tcp(segment) => scripted_segment(segment),
        Body::Udp(len) => format!("udp ({len})"),
        Body::Icmp(message) => format!("icmp {} {}", message.kind, message.code.as_deref().unwrap_or("")),
    };
    (tos + &body).trim_end().to_owned()
}

fn scripted_segment(segment: &Segment) -> String {
    let mut parts =
        vec![flags(segment.flags, segment.flags.is_ace), range(segment.seq, usize::from(segment.len))];
    if segment.flags.ack {
        parts.push(format!("ack {}", segment.ack));
    }
    if let Some(window) = segment.window {
        parts.push(format!("win {window}"));
    }
    if segment.flags.urg || segment.urgent != 0 {
        parts.push(format!("urg {}", segment.urgent));
    }
    match &segment.options {
        None => parts.push("<...>".to_owned()),
        Some(options) if !options.is_empty() => parts.push(show_options(options)),
        Some(_) => {}
    }
    parts.join(" ")
}
