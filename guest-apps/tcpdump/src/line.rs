//! A frame as a line of text.

use crate::clock::Clock;
use crate::conversations::Conversations;
use crate::options::{Bytes, Form, Options};
use crate::seen::Seen;
use crate::{hex, quoted, verbose};
use stack_core::wire::ethernet::{EtherType, HEADER_LEN, Header};
use stack_core::wire::pretty::describe;
use stack_core::wire::protocol::Protocol;
use stack_core::wire::vlan::{TAG_LEN, Tag};
use stack_core::wire::{ipv4, ipv6, ipv6_extension, tcp};
use std::net::{IpAddr, SocketAddr};

/// What lines are made with, and what is remembered from one to the next.
pub(crate) struct Lines<'a> {
    options: &'a Options,
    /// Frames of more than one device are shown.
    several: bool,
    clock: Clock,
    conversations: Conversations,
    written: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(options: &'a Options, several: bool) -> Self {
        let (clock, conversations) = (Clock::default(), Conversations::default());
        Lines { options, several, clock, conversations, written: 0 }
    }

    /// The line of a frame, with the lines of its bytes if they are wanted. tcpdump: `pretty_print_packet`.
    pub(crate) fn line(&mut self, seen: &Seen) -> String {
        let mut line = String::new();
        self.written += 1;
        if self.options.numbered {
            line += &format!("{:5}  ", self.written);
        }
        line += &self.clock.time(self.options.times, seen.at);
        if self.several {
            line += &format!("{} {} ", seen.device, seen.way.word());
        }
        line += &self.content(seen);
        line.push('\n');
        if let Some(Bytes { form, link_header }) = self.options.bytes {
            let from = if link_header { 0 } else { HEADER_LEN };
            let bytes = seen.bytes.get(from..).unwrap_or_default();
            line += &match form {
                Form::Text => hex::text(bytes),
                form => hex::dump(bytes, form == Form::Both),
            };
        }
        line
    }

    /// What is in a frame, behind its link header if that is wanted.
    fn content(&mut self, seen: &Seen) -> String {
        let (bytes, link_header) = (&seen.bytes, self.options.link_header);
        let Ok(header) = Header::parse(bytes) else { return self.whole(bytes, seen.length) };
        let tag =
            Some(header.payload()).filter(|_| header.ether_type() == EtherType::VLAN).and_then(Tag::parse);
        let Some((tag, ether_type)) = tag else {
            let described = self.whole(bytes, seen.length);
            return match link_header {
                true => format!("{}{}", ethernet(&header, seen.length), without_name(&described)),
                false => described,
            };
        };
        let mut inner = bytes.clone();
        inner.drain(HEADER_LEN - 2..HEADER_LEN - 2 + TAG_LEN);
        let vlan = format!("vlan {}, p {}, ", tag.id, tag.priority);
        let described = self.whole(&inner, seen.length.saturating_sub(TAG_LEN));
        match link_header {
            true => {
                let head = ethernet(&header, seen.length);
                format!("{head}{vlan}ethertype {}, {}", name(ether_type), without_name(&described))
            }
            false => format!("{vlan}{described}"),
        }
    }

    /// What is in a frame of `length` bytes without a tag, of which `bytes` were taken. An ARP packet has its length,
    /// which is that of its frame, behind it.
    fn whole(&mut self, bytes: &[u8], length: usize) -> String {
        let described = describe(bytes);
        let Ok(header) = Header::parse(bytes) else { return described };
        let described = match described.starts_with("ARP, Re") {
            true => format!("{described}, length {}", length.saturating_sub(HEADER_LEN)),
            false => described,
        };
        let described = match segment(header.ether_type(), header.payload()) {
            Some((ends, tcp)) => self.conversations.shown(ends, &tcp, &described, self.options),
            None => described,
        };
        let described = quoted::named(header.ether_type(), header.payload(), &described);
        match self.options.verbose {
            0 => described,
            level => verbose::line(header.ether_type(), header.payload(), &described, level),
        }
    }
}

/// The segment of TCP in a packet, and its two ends.
fn segment(ether_type: EtherType, packet: &[u8]) -> Option<((SocketAddr, SocketAddr), tcp::Header<'_>)> {
    let (source, destination, payload): (IpAddr, IpAddr, _) = match ether_type {
        EtherType::IPV4 => {
            let header = ipv4::Header::parse(packet).ok()?;
            if header.protocol() != Protocol::TCP || header.fragment_offset() != 0 {
                return None;
            }
            (header.source().into(), header.destination().into(), header.payload())
        }
        EtherType::IPV6 => {
            let header = ipv6::Header::parse(packet).ok()?;
            let (protocol, at) = ipv6_extension::skip(header.next_header(), header.payload())?;
            let payload = header.payload().get(at..).filter(|_| protocol == Protocol::TCP)?;
            (header.source().into(), header.destination().into(), payload)
        }
        _ => return None,
    };
    let tcp = tcp::Header::parse(payload).ok()?;
    let ends = ((source, tcp.source_port()).into(), (destination, tcp.destination_port()).into());
    Some((ends, tcp))
}

/// tcpdump: `ether_hdr_print`.
fn ethernet(header: &Header<'_>, length: usize) -> String {
    let (from, to) = (header.source(), header.destination());
    format!("{from} > {to}, ethertype {}, length {length}: ", name(header.ether_type()))
}

fn name(ether_type: EtherType) -> String {
    let name = match ether_type {
        EtherType::IPV4 => "IPv4",
        EtherType::IPV6 => "IPv6",
        EtherType::ARP => "ARP",
        EtherType::VLAN => "802.1Q",
        _ => "Unknown",
    };
    format!("{name} ({:#06x})", ether_type.0)
}

/// The line without the name of the protocol, which the link header told.
fn without_name(described: &str) -> &str {
    let names = ["IP ", "IP6 ", "ARP, "];
    names.iter().find_map(|name| described.strip_prefix(name)).unwrap_or(described)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Order, parse};
    use crate::seen::{Way, tagged};
    use std::time::Duration;

    fn line(seen: &Seen, options: &Options, several: bool) -> String {
        Lines::new(options, several).line(seen)
    }

    fn options(line: &str) -> Options {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        match parse(&words) {
            Ok(Order::Dump(options)) => *options,
            other => panic!("{other:?}"),
        }
    }

    fn request() -> Seen {
        let mut bytes =
            b"\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x02\x08\x06\0\x01\x08\0\x06\x04\0\x01".to_vec();
        bytes.extend(b"\x02\0\0\0\0\x02\xc0\0\x02\x02\0\0\0\0\0\0\xc0\0\x02\x01");
        let at = Duration::from_micros(3_723_000_004);
        Seen { at, device: "eth0".into(), way: Way::Broadcast, length: bytes.len(), bytes }
    }

    const ARP: &str = "Request who-has 192.0.2.1 tell 192.0.2.2, length 28";

    #[test]
    fn lines_are_those_of_tcpdump() {
        let seen = request();
        assert_eq!(line(&seen, &options(""), false), format!("01:02:03.000004 ARP, {ARP}\n"));
        assert_eq!(line(&seen, &options("-t"), true), format!("eth0 B   ARP, {ARP}\n"));
        let head = "02:00:00:00:00:02 > ff:ff:ff:ff:ff:ff, ethertype";
        assert_eq!(line(&seen, &options("-te"), false), format!("{head} ARP (0x0806), length 42: {ARP}\n"));
        let tagged = Seen { bytes: tagged(seen.bytes.clone(), 0x6064), length: 46, ..seen.clone() };
        assert_eq!(line(&tagged, &options("-t"), false), format!("vlan 100, p 3, ARP, {ARP}\n"));
        assert_eq!(
            line(&tagged, &options("-te"), false),
            format!("{head} 802.1Q (0x8100), length 46: vlan 100, p 3, ethertype ARP (0x0806), {ARP}\n")
        );
        assert!(
            line(&seen, &options("-t#v"), false)
                .starts_with("    1  ARP, Ethernet (len 6), IPv4 (len 4), Request")
        );
        let cut = Seen { length: 60, ..seen.clone() };
        assert!(line(&cut, &options("-t"), false).ends_with("192.0.2.2, length 46\n"));
        assert!(line(&seen, &options("-tx"), false).ends_with("\t0x0010:  0202 0000 0000 0000 c000 0201\n"));
        assert!(line(&seen, &options("-txx"), false).contains("\t0x0000:  ffff ffff ffff 0200"));
    }

    #[test]
    fn whatever_a_frame_is_it_has_a_line() {
        let seen = request();
        for len in 0..seen.bytes.len() {
            let short = Seen { bytes: seen.bytes[..len].to_vec(), ..seen.clone() };
            assert!(line(&short, &options("-te"), false).ends_with('\n'));
        }
    }
}
