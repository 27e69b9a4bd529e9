//! Packets cut into pieces that a link carries.

use crate::packet::Packet;
use crate::wire::ipv4::{HEADER_LEN, Header};
use crate::wire::ipv4_fragment::{FragmentFields, blank_options};
use alloc::vec::Vec;

/// The pieces of a packet of which none is larger than `mtu` bytes, in order; each piece but the last carries a
/// multiple of eight bytes. None if the packet is no IPv4 packet, or its header leaves no room. The transport checksum
/// must be in place: no device can fill it in. Linux: `ip_do_fragment`.
pub fn fragment(packet: &Packet, mtu: u32) -> Option<Vec<Packet>> {
    let header = Header::parse(packet.data()).ok()?;
    let (header_len, payload) = (header.header_len(), header.payload());
    let room = (mtu as usize).checked_sub(header_len)? & !7;
    if room == 0 {
        return None;
    }
    // A piece of a packet is cut as any packet is, and its last piece is not the whole packet's.
    let (base, more_behind) = (header.fragment_offset(), header.more_fragments());
    let (first_header, meta, last) = (packet.data().get(..header_len)?, packet.meta, payload.len());
    let piece = move |(nth, chunk): (usize, &[u8])| {
        let mut piece = Packet::from_payload(chunk);
        piece.meta = meta;
        piece.push(header_len).copy_from_slice(first_header);
        if nth > 0 {
            blank_options(piece.data_mut().get_mut(HEADER_LEN..header_len).unwrap_or_default());
        }
        let at = nth * room;
        let more_fragments = more_behind || at + chunk.len() < last;
        let (total_len, offset) = ((header_len + chunk.len()) as u16, base + at as u32);
        FragmentFields { total_len, offset, more_fragments, dont_fragment: false }.emit(piece.data_mut());
        piece
    };
    Some(payload.chunks(room).enumerate().map(piece).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ipv4::Fields;
    use crate::wire::protocol::Protocol;
    use core::net::Ipv4Addr;
    use std::vec;

    fn packet(options: &[u8], payload: usize) -> Packet {
        let bytes: Vec<u8> = (0..payload).map(|at| (at / 8) as u8).collect();
        let mut packet = Packet::from_payload(&bytes);
        packet.push(options.len()).copy_from_slice(options);
        let total_len = (HEADER_LEN + packet.len()) as u16;
        Fields {
            tos: 4,
            total_len,
            identification: 77,
            dont_fragment: false,
            ttl: 9,
            protocol: Protocol::UDP,
            source: Ipv4Addr::new(192, 0, 2, 1),
            destination: Ipv4Addr::new(192, 0, 2, 2),
        }
        .emit(packet.push(HEADER_LEN));
        packet.data_mut()[0] += (options.len() / 4) as u8;
        FragmentFields { total_len, offset: 0, more_fragments: false, dont_fragment: false }
            .emit(packet.data_mut());
        packet
    }

    fn pieces(packet: &Packet, mtu: u32) -> Vec<Packet> {
        fragment(packet, mtu).unwrap()
    }

    #[test]
    fn the_pieces_make_up_the_packet() {
        for (payload, mtu, count) in
            [(100, 68, 3), (1473, 1500, 1), (1481, 1500, 2), (65_515, 1500, 45), (96, 68, 2)]
        {
            let packet = packet(&[], payload);
            let pieces = pieces(&packet, mtu);
            assert_eq!(pieces.len(), count, "{payload} {mtu}");
            let mut at = 0;
            for (nth, piece) in pieces.iter().enumerate() {
                let header = Header::parse(piece.data()).unwrap();
                assert!(header.checksum_is_valid() && piece.len() <= mtu as usize);
                assert_eq!(header.fragment_offset() as usize, at);
                assert_eq!(header.more_fragments(), nth + 1 < count);
                assert_eq!((header.identification(), header.tos(), header.ttl()), (77, 4, 9));
                assert_eq!(header.payload(), &packet.data()[20 + at..20 + at + header.payload().len()]);
                at += header.payload().len();
            }
            assert_eq!(at, payload);
        }
    }

    #[test]
    fn later_pieces_have_the_options_with_the_copied_bit_alone() {
        let packet = packet(&[148, 4, 0, 0, 7, 3, 4, 0], 100);
        let options: Vec<Vec<u8>> =
            pieces(&packet, 68).iter().map(|piece| piece.data()[20..28].to_vec()).collect();
        let later = vec![148, 4, 0, 0, 1, 1, 1, 0];
        assert_eq!(options, [vec![148, 4, 0, 0, 7, 3, 4, 0], later.clone(), later]);
    }

    #[test]
    fn a_piece_is_cut_once_more() {
        let mut middle = packet(&[], 160);
        FragmentFields { total_len: 180, offset: 800, more_fragments: true, dont_fragment: false }
            .emit(middle.data_mut());
        let headers: Vec<(u32, bool)> = pieces(&middle, 120)
            .iter()
            .map(|piece| Header::parse(piece.data()).unwrap())
            .map(|header| (header.fragment_offset(), header.more_fragments()))
            .collect();
        assert_eq!(headers, [(800, true), (896, true)]);
    }

    #[test]
    fn what_cannot_be_cut() {
        assert!(fragment(&packet(&[], 100), 27).is_none());
        assert!(fragment(&Packet::from_payload(&[0x60; 100]), 68).is_none());
    }
}
