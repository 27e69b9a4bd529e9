//! The fields of an IPv4 header that differ between the fragments of one packet (RFC 791 section 3.2).

use super::checksum::Sum;
use super::ipv4::HEADER_LEN;
use super::put_u16;

/// DF: must not be cut. Linux: `IP_DF`.
const DONT_FRAGMENT: u16 = 0x4000;
/// MF: not the last. Linux: `IP_MF`.
const MORE_FRAGMENTS: u16 = 0x2000;

/// What is written over a header when its packet is cut, or put together again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentFields {
    /// Bytes of header and payload.
    pub total_len: u16,
    /// Where in the whole packet's payload this one's begins, in bytes: a multiple of eight up to 65528.
    pub offset: u32,
    /// MF: not the last one.
    pub more_fragments: bool,
    /// DF: must not be cut.
    pub dont_fragment: bool,
}

impl FragmentFields {
    /// Writes them into the header that `packet` begins with, and its checksum anew; no effect on bytes that are no
    /// header.
    pub fn emit(&self, packet: &mut [u8]) {
        let header_len = packet.first().map_or(0, |&first| usize::from(first & 0xf) * 4);
        let Some(header) = packet.get_mut(..header_len).filter(|header| header.len() >= HEADER_LEN) else {
            return;
        };
        let flag = |set: bool, bit| if set { bit } else { 0 };
        let flags = flag(self.dont_fragment, DONT_FRAGMENT) | flag(self.more_fragments, MORE_FRAGMENTS);
        put_u16(header, 2, self.total_len);
        put_u16(header, 6, flags | (self.offset / 8) as u16 & 0x1fff);
        put_u16(header, 10, 0);
        let checksum = Sum::of(header).checksum();
        put_u16(header, 10, checksum);
    }
}

/// The option's number in the type byte with its copied bit (RFC 791 section 3.1).
const COPIED: u8 = 0x80;
const END: u8 = 0;
const NOP: u8 = 1;

/// Turns the options that only the first fragment has into padding. The header keeps its length; its checksum is wrong
/// until [`FragmentFields::emit`]. Linux: `ip_options_fragment`.
pub fn blank_options(options: &mut [u8]) {
    let mut rest = options;
    while let Some(&kind) = rest.first() {
        let len = match kind {
            END => return,
            NOP => 1,
            _ => rest.get(1).map_or(0, |&len| usize::from(len)),
        };
        let Some((option, behind)) = rest.split_at_mut_checked(len).filter(|_| len > 0) else { return };
        if kind & COPIED == 0 {
            option.fill(NOP);
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ipv4::{Fields, Header};
    use crate::wire::protocol::Protocol;
    use core::net::Ipv4Addr;

    #[test]
    fn what_is_written_is_read() {
        let mut packet = [0; 28];
        let (source, destination) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
        let (tos, identification, ttl, protocol) = (0, 7, 64, Protocol::UDP);
        Fields {
            tos,
            total_len: 2000,
            identification,
            dont_fragment: true,
            ttl,
            protocol,
            source,
            destination,
        }
        .emit(&mut packet);
        for (offset, more_fragments, dont_fragment) in
            [(0, true, true), (8, true, false), (65_528, false, false), (0, false, true)]
        {
            FragmentFields { total_len: 28, offset, more_fragments, dont_fragment }.emit(&mut packet);
            let header = Header::parse(&packet).unwrap();
            assert!(header.checksum_is_valid());
            assert_eq!(header.fragment_offset(), offset);
            assert_eq!((header.more_fragments(), header.dont_fragment()), (more_fragments, dont_fragment));
        }
        let before = packet;
        FragmentFields { total_len: 1, offset: 0, more_fragments: true, dont_fragment: true }
            .emit(&mut packet[..19]);
        assert_eq!(packet, before);
    }

    #[test]
    fn options_without_the_copied_bit_go_no_further() {
        let rows: [(&[u8], &[u8]); 6] = [
            (&[], &[]),
            (&[7, 3, 4, 0], &[1, 1, 1, 0]),
            (&[148, 4, 0, 0, 7, 3, 4, 0], &[148, 4, 0, 0, 1, 1, 1, 0]),
            (&[1, 68, 4, 5, 0, 148, 4, 0], &[1, 1, 1, 1, 1, 148, 4, 0]),
            (&[7, 9, 4, 0], &[7, 9, 4, 0]),
            (&[7, 0, 7], &[7, 0, 7]),
        ];
        for (options, expected) in rows {
            let mut options = options.to_vec();
            blank_options(&mut options);
            assert_eq!(options, expected);
        }
    }
}
