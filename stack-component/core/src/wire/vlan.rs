//! VLAN tags (IEEE 802.1Q section 9): four bytes between the addresses and the type of a frame.

use super::ethernet::{EtherType, HEADER_LEN};
use super::get_u16;

/// Bytes that a tag makes a frame longer. Linux: `VLAN_HLEN`.
pub const TAG_LEN: usize = 4;

/// The largest number of a VLAN; 0 says that a frame is of none and 4095 is reserved.
pub const MAX_ID: u16 = 4094;

/// What a tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The number of the VLAN, from 1 to 4094; 0: of none.
    pub id: u16,
    /// The priority code point, from 0 to 7.
    pub priority: u8,
}

impl Tag {
    /// The tag that `bytes` begin with, which follow the type [`EtherType::VLAN`], and the type of what is behind it; none
    /// if they are too few.
    pub const fn parse(bytes: &[u8]) -> Option<(Tag, EtherType)> {
        let Some(fixed) = bytes.first_chunk::<TAG_LEN>() else { return None };
        let control = get_u16(fixed, 0);
        let tag = Tag { id: control & 0xfff, priority: (control >> 13) as u8 };
        Some((tag, EtherType(get_u16(fixed, 2))))
    }

    /// Puts the tag into a frame whose first [`TAG_LEN`] bytes are room for it, with the Ethernet header behind them.
    /// Frames shorter than that stay as they are.
    pub fn emit(self, frame: &mut [u8]) {
        const ADDRESSES: usize = HEADER_LEN - 2;
        let Some(header) = frame.first_chunk_mut::<{ HEADER_LEN + TAG_LEN }>() else { return };
        header.copy_within(TAG_LEN..TAG_LEN + ADDRESSES, 0);
        let control = u16::from(self.priority & 7) << 13 | self.id & 0xfff;
        let [a, b] = EtherType::VLAN.0.to_be_bytes();
        let [c, d] = control.to_be_bytes();
        header[ADDRESSES..ADDRESSES + TAG_LEN].copy_from_slice(&[a, b, c, d]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ethernet::{Fields, Header, MacAddress};

    #[test]
    fn a_tag_goes_in_and_is_found_again() {
        for (id, priority) in [(1, 0), (100, 5), (4094, 7)] {
            let (destination, source) = (MacAddress([2, 0, 0, 0, 0, 1]), MacAddress([2, 0, 0, 0, 0, 2]));
            let mut frame = [0xee; TAG_LEN + HEADER_LEN + 3];
            Fields { destination, source, ether_type: EtherType::IPV4 }.emit(&mut frame[TAG_LEN..]);
            Tag { id, priority }.emit(&mut frame);
            let header = Header::parse(&frame).unwrap();
            assert_eq!(
                (header.destination(), header.source(), header.ether_type()),
                (destination, source, EtherType::VLAN)
            );
            assert_eq!(Tag::parse(header.payload()), Some((Tag { id, priority }, EtherType::IPV4)));
            assert_eq!(header.payload()[TAG_LEN..], [0xee; 3]);
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        for len in 0..TAG_LEN {
            assert_eq!(Tag::parse(&[0; TAG_LEN][..len]), None);
        }
    }
}
