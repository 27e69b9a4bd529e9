//! Packets of ours cut into pieces that a link carries: routers cut none (RFC 8200 section 4.5).

use crate::packet::Packet;
use crate::random::Random;
use crate::wire::ipv6::{HEADER_LEN, Header, NEXT_HEADER_OFFSET};
use crate::wire::ipv6_extension::{Extension, Kind};
use crate::wire::ipv6_fragment::{self, Fields, set_payload_len};
use crate::wire::protocol::Protocol;
use alloc::vec::Vec;

/// What the pieces of one packet have in common: nobody can guess it (RFC 7739 section 5.3), and none is 0. Linux:
/// `ipv6_select_ident`.
pub fn identification(random: &mut dyn Random) -> u32 {
    random.next_u32().max(1)
}

/// The pieces of a packet of which none is larger than `mtu` bytes, in order; each piece but the last carries a
/// multiple of eight bytes. None if the packet is no IPv6 packet, or its headers leave no room. The transport checksum
/// must be in place: no device can fill it in. Linux: `ip6_fragment`.
pub fn fragment(packet: &Packet, mtu: u32, identification: u32) -> Option<Vec<Packet>> {
    let (before, named_at, next_header) = unfragmentable(packet.data())?;
    let (head, payload) = packet.data().split_at_checked(before)?;
    let head_len = before + ipv6_fragment::HEADER_LEN;
    let room = (mtu as usize).checked_sub(head_len)? & !7;
    if room == 0 {
        return None;
    }
    let pieces = payload.chunks(room).enumerate().map(|(nth, chunk)| {
        let mut piece = Packet::from_payload(chunk);
        piece.meta = packet.meta;
        let offset = nth * room;
        let more = offset + chunk.len() < payload.len();
        Fields { next_header, offset: offset as u32, more, identification }
            .emit(piece.push(ipv6_fragment::HEADER_LEN));
        piece.push(before).copy_from_slice(head);
        if let Some(name) = piece.data_mut().get_mut(named_at) {
            *name = Protocol::FRAGMENT.0;
        }
        let payload_len = (head_len - HEADER_LEN + chunk.len()) as u16;
        set_payload_len(piece.data_mut(), payload_len);
        piece
    });
    Some(pieces.collect())
}

/// How many bytes every piece begins with, where in them the byte is that names what follows, and what that is. Linux:
/// `ip6_find_1stfragopt`, as far as our own packets need it: hop-by-hop options.
fn unfragmentable(packet: &[u8]) -> Option<(usize, usize, Protocol)> {
    let header = Header::parse(packet).ok()?;
    if header.next_header() != Protocol::HOP_BY_HOP {
        return Some((HEADER_LEN, NEXT_HEADER_OFFSET, header.next_header()));
    }
    let options = Extension::parse(Kind::HopByHop, header.payload()).ok()?;
    Some((HEADER_LEN + options.bytes().len(), HEADER_LEN, options.next_header()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use crate::wire::ipv6::Fields as Ipv6Fields;

    fn packet(next_header: Protocol, payload: &[u8]) -> Packet {
        let mut packet = Packet::from_payload(payload);
        Ipv6Fields {
            traffic_class: 0,
            flow_label: 5,
            payload_len: payload.len() as u16,
            next_header,
            hop_limit: 64,
            source: "2001:db8::1".parse().unwrap(),
            destination: "2001:db8::2".parse().unwrap(),
        }
        .emit(packet.push(HEADER_LEN));
        packet
    }

    #[test]
    fn the_pieces_make_up_the_packet() {
        const OPTIONS: [u8; 8] = [17, 0, 5, 2, 0, 0, 1, 0];
        for (options, size, mtu, count) in
            [(&[][..], 1233, 1280, 2), (&[], 65_535, 1500, 46), (&OPTIONS, 3000, 1280, 3)]
        {
            let data: Vec<u8> = (0..size).map(|at: u32| (at / 8) as u8).collect();
            let first = if options.is_empty() { Protocol::UDP } else { Protocol::HOP_BY_HOP };
            let pieces = fragment(&packet(first, &[options, &data].concat()), mtu, 9).unwrap();
            assert_eq!(pieces.len(), count);
            let mut at = 0;
            for (nth, piece) in pieces.iter().enumerate() {
                let header = Header::parse(piece.data()).unwrap();
                assert!(piece.len() <= mtu as usize && header.flow_label() == 5);
                let named = if options.is_empty() { header.next_header().0 } else { header.payload()[0] };
                assert_eq!(named, Protocol::FRAGMENT.0);
                let rest = &header.payload()[options.len()..];
                let extension = Extension::parse(Kind::Fragment, rest).unwrap();
                assert_eq!((extension.next_header(), extension.identification()), (Protocol::UDP, 9));
                assert_eq!(
                    (extension.fragment_offset() as usize, extension.more_fragments()),
                    (at, nth + 1 < count)
                );
                let chunk = &rest[ipv6_fragment::HEADER_LEN..];
                assert_eq!(chunk, &data[at..at + chunk.len()]);
                at += chunk.len();
            }
            assert_eq!(at, data.len());
        }
    }

    #[test]
    fn what_cannot_be_cut() {
        assert!(fragment(&packet(Protocol::UDP, &[0; 100]), 55, 1).is_none());
        assert!(fragment(&packet(Protocol::HOP_BY_HOP, &[0; 7]), 1280, 1).is_none());
        assert!(fragment(&Packet::from_payload(&[0x45; 100]), 1280, 1).is_none());
        assert!(identification(&mut SeededRandom::new(1)) != 0);
    }
}
