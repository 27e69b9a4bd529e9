//! The IPv6 fragment header (RFC 8200 section 4.5), and what changes in a packet that is cut or put together. It is read
//! as the other headers are, by [`super::ipv6_extension`].

use super::ecn::Codepoint;
use super::ipv6::{HEADER_LEN as IPV6_HEADER_LEN, PAYLOAD_LEN_OFFSET};
use super::protocol::Protocol;
use super::{put_u16, put_u32};

/// Bytes of the header.
pub const HEADER_LEN: usize = 8;

/// Where in the header the offset is.
pub const OFFSET_AT: usize = 2;

/// The values of a fragment header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// What the whole packet's fragmentable part begins with.
    pub next_header: Protocol,
    /// Where in it this piece begins, in bytes: a multiple of eight up to 65528.
    pub offset: u32,
    /// M: not the last.
    pub more: bool,
    /// What the pieces of one packet have in common.
    pub identification: u32,
}

impl Fields {
    /// Writes the header.
    ///
    /// # Panics
    ///
    /// If `header` is shorter than [`HEADER_LEN`].
    pub fn emit(&self, header: &mut [u8]) {
        let header = &mut header[..HEADER_LEN];
        header[0] = self.next_header.0;
        header[1] = 0;
        put_u16(header, OFFSET_AT, self.offset as u16 & 0xfff8 | u16::from(self.more));
        put_u32(header, 4, self.identification);
    }
}

/// Changes the length in the IPv6 header that `packet` begins with; no effect on bytes that are no header.
pub fn set_payload_len(packet: &mut [u8], payload_len: u16) {
    if let Some(header) = packet.first_chunk_mut::<IPV6_HEADER_LEN>() {
        put_u16(header, PAYLOAD_LEN_OFFSET, payload_len);
    }
}

/// Marks the IPv6 header that `packet` begins with as one that met congestion; no effect on bytes that are no header.
/// Linux: `IP6_ECN_set_ce`.
pub fn mark_congestion(packet: &mut [u8]) {
    if let Some(header) = packet.first_chunk_mut::<IPV6_HEADER_LEN>() {
        // The lowest bits of the traffic class are the upper half of the second byte's upper half.
        header[1] |= (Codepoint::Ce as u8) << 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ipv6::Header;
    use crate::wire::ipv6_extension::{Extension, Kind};

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = [0xff; 8];
        Fields { next_header: Protocol::UDP, offset: 65_528, more: true, identification: 0x0102_0304 }
            .emit(&mut bytes);
        let header = Extension::parse(Kind::Fragment, &bytes).unwrap();
        assert_eq!((header.next_header(), header.fragment_offset()), (Protocol::UDP, 65_528));
        assert_eq!((header.more_fragments(), header.identification()), (true, 0x0102_0304));
    }

    #[test]
    fn a_header_is_changed_in_place() {
        let mut packet = [0; 44];
        packet[0] = 0x60;
        set_payload_len(&mut packet, 4);
        mark_congestion(&mut packet);
        let header = Header::parse(&packet).unwrap();
        assert_eq!((header.payload_len(), header.traffic_class(), header.flow_label()), (4, 3, 0));
    }
}
