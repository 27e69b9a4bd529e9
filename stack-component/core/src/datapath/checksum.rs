//! Checksums that no device fills in.

use crate::packet::{Checksum, Packet};
use crate::wire::checksum::Sum;
use crate::wire::udp;

/// Sums up what the packet's owner left to whoever sends it. Linux: `skb_checksum_help`.
pub(super) fn complete(packet: &mut Packet) {
    let Checksum::Partial { length, offset } = packet.meta.checksum else { return };
    packet.meta.checksum = Checksum::None;
    let data = packet.data_mut();
    let start = data.len().saturating_sub(length as usize);
    let Some(summed) = data.get_mut(start..) else { return };
    let checksum = match Sum::of(summed).checksum() {
        // In UDP, 0 would mean "no checksum" (RFC 768); elsewhere 0 is the right form (RFC 1624).
        0 if offset == udp::CHECKSUM_OFFSET => 0xffff,
        checksum => checksum,
    };
    if let Some(field) = summed.get_mut(usize::from(offset)..).and_then(|rest| rest.first_chunk_mut::<2>()) {
        *field = checksum.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::udp::Udp;
    use crate::wire::tcp;
    use crate::wire::udp::Header;
    use core::net::{Ipv4Addr, SocketAddr};

    #[test]
    fn the_completed_checksum_is_valid_whatever_was_pushed_before() {
        let (a, b) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        for last in 0..=255u8 {
            for data in [&[1, 2, 3, last][..], &[1, 2, 3, 4, last]] {
                let datagram =
                    Udp::datagram(SocketAddr::new(a.into(), 1), SocketAddr::new(b.into(), 2), data);
                let mut packet = datagram.unwrap();
                packet.push(20).fill(0xee);
                complete(&mut packet);
                packet.pull(20);
                let header = Header::parse(packet.data()).unwrap();
                assert!(header.checksum() != 0 && header.checksum_is_valid(a.into(), b.into()));
                assert_eq!(packet.meta.checksum, Checksum::None);
            }
        }
    }

    #[test]
    fn a_sum_of_zero_is_sent_in_its_other_form_by_udp_alone() {
        for (offset, stored) in [(udp::CHECKSUM_OFFSET, [0xff; 2]), (tcp::CHECKSUM_OFFSET, [0; 2])] {
            let mut packet = Packet::from_payload(&[&[0xff, 0xff][..], &[0; 20]].concat());
            packet.meta.checksum = Checksum::Partial { length: 22, offset };
            complete(&mut packet);
            let at = usize::from(offset);
            assert_eq!(packet.data()[at..at + 2], stored, "{offset}");
        }
    }

    #[test]
    fn lengths_that_make_no_sense_are_harmless() {
        for (length, offset) in [(99, 0), (4, 3), (0, 0), (4, u16::MAX)] {
            let mut packet = Packet::from_payload(&[1, 2, 3, 4]);
            packet.meta.checksum = Checksum::Partial { length, offset };
            complete(&mut packet);
        }
    }
}
