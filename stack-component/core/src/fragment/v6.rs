//! Fragments of IPv6: from the fragment header to a [`Fragment`], and from the [`Whole`] to a packet without one. Linux:
//! `net/ipv6/reassembly.c`.

use super::{Fragment, Key, Whole};
use crate::drop_reason::DropReason;
use crate::ip::v6::{BadExtension, Received};
use crate::packet::Packet;
use crate::wire::ecn::Codepoint;
use crate::wire::icmpv6::parameter;
use crate::wire::ipv6::{HEADER_LEN, Header, NEXT_HEADER_OFFSET, PAYLOAD_LEN_OFFSET};
use crate::wire::ipv6_extension::{Extension, Kind, MAX_HEADERS, skip};
use crate::wire::ipv6_fragment;
use crate::wire::protocol::Protocol;
use alloc::boxed::Box;

/// Most bytes of a packet's fragmentable part: what the length field says of a packet without extension headers.
const MAX_LENGTH: usize = 65_535;

/// What a packet with a fragment header is.
#[derive(Debug)]
pub enum Piece {
    /// A whole packet (RFC 6946): the fragment header is stepped over.
    Atomic(Packet, Received),
    /// A part of one.
    Fragment(Fragment),
}

/// The piece that `packet`, from its IPv6 header on, is; a fragment header comes next in it. Linux: `ipv6_frag_rcv`.
///
/// # Errors
/// What is wrong with it, and the packet.
pub fn piece(packet: Packet, received: &Received) -> Result<Piece, (BadExtension, Box<Packet>)> {
    match judge(&packet, received) {
        Ok(Judged::Atomic(received)) => Ok(Piece::Atomic(packet, received)),
        Ok(Judged::Part { identification, offset, more, header_len }) => Ok(Piece::Fragment(Fragment {
            key: Key::v6(received.source, received.destination, identification, packet.meta.device),
            packet,
            header_len,
            offset,
            more,
            ecn: Codepoint::of_tos(received.traffic_class),
            dont_fragment: false,
        })),
        Err(bad) => Err((bad, Box::new(packet))),
    }
}

/// What a fragment header makes of its packet.
enum Judged {
    Atomic(Received),
    Part { identification: u32, offset: u32, more: bool, header_len: usize },
}

fn judge(packet: &Packet, received: &Received) -> Result<Judged, BadExtension> {
    let bytes = packet.data().get(received.header_len..).unwrap_or_default();
    let header = Extension::parse(Kind::Fragment, bytes).map_err(|_| BadExtension::Silent)?;
    if received.fragmented {
        // Nobody cuts a packet twice, but to get by somebody.
        let pointer = u32::try_from(received.header_len).unwrap_or(u32::MAX);
        return Err(BadExtension::Problem { code: parameter::HEADER_FIELD, pointer });
    }
    let (offset, more) = (header.fragment_offset(), header.more_fragments());
    let (identification, next_header) = (header.identification(), header.next_header());
    let payload = bytes.get(ipv6_fragment::HEADER_LEN..).unwrap_or_default();
    let header_len = received.header_len + ipv6_fragment::HEADER_LEN;
    if offset == 0 && !more {
        let received = Received {
            next_header,
            next_header_at: received.header_len,
            header_len,
            extensions: received.extensions + 1,
            ..*received
        };
        return Ok(Judged::Atomic(received));
    }
    let problem = |code, pointer: usize| Err(BadExtension::Problem { code, pointer: pointer as u32 });
    // RFC 7112 section 5: the first fragment has all headers, so that filters see them.
    if offset == 0 && !has_all_headers(next_header, payload) {
        return problem(parameter::INCOMPLETE_CHAIN, 0);
    }
    // RFC 8200 section 4.5, both.
    if more && !payload.len().is_multiple_of(8) {
        return problem(parameter::HEADER_FIELD, PAYLOAD_LEN_OFFSET);
    }
    if offset as usize + payload.len() > MAX_LENGTH {
        return problem(parameter::HEADER_FIELD, received.header_len + ipv6_fragment::OFFSET_AT);
    }
    Ok(Judged::Part { identification, offset, more, header_len })
}

/// Whether all headers are there, the one of the protocol included. Linux: `ipv6frag_thdr_truncated`.
fn has_all_headers(first: Protocol, payload: &[u8]) -> bool {
    skip(first, payload).is_some_and(|(protocol, at)| {
        let header_len = match protocol {
            Protocol::TCP => crate::wire::tcp::HEADER_LEN,
            Protocol::UDP => crate::wire::udp::HEADER_LEN,
            Protocol::ICMPV6 => crate::wire::icmpv6::HEADER_LEN,
            Protocol::NO_NEXT_HEADER => 0,
            _ => 1,
        };
        at + header_len <= payload.len()
    })
}

/// The packet that was cut: the fragment header goes, and what named it names what followed it. Linux: the end of
/// `ip6_frag_reasm`.
pub fn finish(whole: Whole) -> Result<Packet, DropReason> {
    let Whole { mut packet, header_len, congestion, .. } = whole;
    let before = header_len.saturating_sub(ipv6_fragment::HEADER_LEN);
    let named_at = names_fragment_header(packet.data(), before).ok_or(DropReason::FragmentMalformed)?;
    let next_header = packet.data().get(before).copied().unwrap_or_default();
    let data = packet.data_mut();
    if let Some(name) = data.get_mut(named_at) {
        *name = next_header;
    }
    data.copy_within(..before, ipv6_fragment::HEADER_LEN);
    packet.pull(ipv6_fragment::HEADER_LEN);
    let payload_len = u16::try_from(packet.len().saturating_sub(HEADER_LEN)).unwrap_or(u16::MAX);
    ipv6_fragment::set_payload_len(packet.data_mut(), payload_len);
    if congestion {
        ipv6_fragment::mark_congestion(packet.data_mut());
    }
    Ok(packet)
}

/// Where the byte is that names the fragment header at `place`. Linux: `fq->nhoffset`.
fn names_fragment_header(packet: &[u8], place: usize) -> Option<usize> {
    let (mut named_at, mut at) = (NEXT_HEADER_OFFSET, HEADER_LEN);
    let mut next = Header::parse_quoted(packet).ok()?.next_header();
    for _ in 0..=MAX_HEADERS {
        if at == place {
            return Some(named_at);
        }
        let extension = Extension::parse(Kind::of(next)?, packet.get(at..)?).ok()?;
        (named_at, at, next) = (at, at + extension.bytes().len(), extension.next_header());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Counters;
    use crate::fragment::{Family, Limits, Reassembly};
    use crate::ip::v6;
    use crate::random::SeededRandom;
    use crate::sysctl::Sysctl;
    use crate::time::Instant;
    use crate::wire::ipv6::Fields;
    use std::vec::Vec;

    /// A packet with these extension headers and payload.
    fn packet(first: Protocol, rest: &[u8]) -> Packet {
        let mut packet = Packet::from_payload(rest);
        Fields {
            traffic_class: 0,
            flow_label: 0,
            payload_len: rest.len() as u16,
            next_header: first,
            hop_limit: 64,
            source: "2001:db8::1".parse().unwrap(),
            destination: "2001:db8::2".parse().unwrap(),
        }
        .emit(packet.push(HEADER_LEN));
        packet
    }

    fn header(next: Protocol, offset: u16, more: bool) -> [u8; 8] {
        let [high, low] = (offset | u16::from(more)).to_be_bytes();
        [next.0, 0, high, low, 0, 0, 0, 7]
    }

    /// A fragment of a UDP datagram.
    fn fragment(offset: u16, more: bool, payload: &[u8]) -> Packet {
        packet(Protocol::FRAGMENT, &[&header(Protocol::UDP, offset, more)[..], payload].concat())
    }

    fn judge(mut packet: Packet) -> Result<Piece, BadExtension> {
        let received = v6::input(&mut packet).unwrap();
        piece(packet, &received).map_err(|(bad, _)| bad)
    }

    #[test]
    fn a_packet_is_put_together_without_its_fragment_headers() {
        const OPTIONS: [u8; 8] = [44, 0, 1, 4, 0, 0, 0, 0];
        for (first, before) in [(Protocol::FRAGMENT, &[][..]), (Protocol::DESTINATION_OPTIONS, &OPTIONS)] {
            let mut reassembly = Reassembly::new(Family::V6, &mut SeededRandom::new(1));
            let (limits, mut counters) = (Limits::v6(&Sysctl::default()), Counters::default());
            let mut whole = None;
            for (offset, more, payload) in [(16, false, &b"end"[..]), (0, true, b"0123456789abcdef")] {
                let bytes = [before, &header(Protocol::UDP, offset, more), payload].concat();
                let mut packet = packet(first, &bytes);
                let mut received = v6::input(&mut packet).unwrap();
                received.header_len += before.len();
                let Ok(Piece::Fragment(fragment)) = piece(packet, &received) else { panic!("no fragment") };
                whole = reassembly.input(Instant::ZERO, &limits, &mut counters, fragment).unwrap();
            }
            let packet = finish(whole.unwrap()).unwrap();
            let header = Header::parse(packet.data()).unwrap();
            // Whatever named the fragment header names what followed it.
            let options = [&[Protocol::UDP.0][..], before.get(1..).unwrap_or_default()].concat();
            let before = if before.is_empty() { &[] } else { &options[..] };
            assert_eq!(header.payload(), [before, b"0123456789abcdefend"].concat());
            let named = if before.is_empty() { header.next_header().0 } else { header.payload()[0] };
            assert_eq!(named, Protocol::UDP.0);
        }
    }

    #[test]
    fn what_is_refused_and_how() {
        let problem = |code, pointer| Some(BadExtension::Problem { code, pointer });
        let long: Vec<u8> = [0; 16].to_vec();
        let chain = packet(
            Protocol::FRAGMENT,
            &[&header(Protocol::DESTINATION_OPTIONS, 0, true)[..], &[17, 1, 1, 4, 0, 0, 0, 0]].concat(),
        );
        let rows = [
            ("fine", fragment(0, true, &long), None),
            ("the last", fragment(8, false, b"x"), None),
            ("no header", packet(Protocol::FRAGMENT, &[0; 7]), Some(BadExtension::Silent)),
            ("UDP cut off", fragment(0, true, b""), problem(parameter::INCOMPLETE_CHAIN, 0)),
            ("options cut off", chain, problem(parameter::INCOMPLETE_CHAIN, 0)),
            ("no multiple of eight", fragment(8, true, b"123456789"), problem(0, 4)),
            ("too long", fragment(65_528, false, b"12345678"), problem(0, 42)),
        ];
        for (name, packet, expected) in rows {
            assert_eq!(judge(packet).err(), expected, "{name}");
        }
    }

    #[test]
    fn a_fragment_that_is_the_whole_needs_no_other() {
        let Ok(Piece::Atomic(packet, received)) = judge(fragment(0, false, b"datagram")) else {
            panic!("not atomic");
        };
        assert_eq!((received.header_len, received.next_header), (48, Protocol::UDP));
        assert_eq!(packet.data().get(received.header_len..).unwrap(), b"datagram");
    }

    #[test]
    fn a_fragment_in_a_fragment_is_refused() {
        let inner = [&header(Protocol::UDP, 0, false)[..], b"datagram"].concat();
        let outer = packet(Protocol::FRAGMENT, &[&header(Protocol::FRAGMENT, 0, false)[..], &inner].concat());
        let Ok(Piece::Atomic(packet, mut received)) = judge(outer) else { panic!("not atomic") };
        received.fragmented = true;
        let refused = super::piece(packet, &received).err().map(|(bad, _)| bad);
        assert_eq!(refused, Some(BadExtension::Problem { code: parameter::HEADER_FIELD, pointer: 48 }));
    }
}
