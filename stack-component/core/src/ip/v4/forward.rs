//! Packets for somebody else.

use super::Received;
use crate::packet::Packet;
use crate::wire::ipv4::decrease_ttl;

/// Why a packet cannot be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooFar {
    /// Its time to live ends here (RFC 1812 section 5.3.1).
    TtlExceeded,
    /// The next link carries packets of this many bytes at most, and it must not be cut.
    TooBig {
        /// Bytes.
        mtu: u32,
    },
}

/// Takes one from the time to live of a packet that goes on over a link of `mtu` bytes.
/// What may be cut is not too big for any. Linux: `ip_forward`, `ip_exceeds_mtu`.
pub fn forward(packet: &mut Packet, received: &Received, mtu: u32) -> Result<(), TooFar> {
    if received.ttl <= 1 {
        return Err(TooFar::TtlExceeded);
    }
    if received.dont_fragment && packet.len() > mtu as usize {
        return Err(TooFar::TooBig { mtu });
    }
    decrease_ttl(packet.data_mut());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::input;
    use super::*;
    use crate::wire::ipv4::{Fields, Header};
    use crate::wire::protocol::Protocol;
    use core::net::Ipv4Addr;

    fn packet(ttl: u8, dont_fragment: bool) -> Packet {
        let mut bytes = alloc::vec![0; 100];
        Fields {
            tos: 0,
            total_len: 100,
            identification: 0,
            dont_fragment,
            ttl,
            protocol: Protocol::UDP,
            source: Ipv4Addr::new(192, 0, 2, 1),
            destination: Ipv4Addr::new(198, 51, 100, 1),
        }
        .emit(&mut bytes);
        Packet::from_frame(bytes)
    }

    #[test]
    fn how_far_packets_go() {
        let rows = [
            (64, 100, true, Ok(63)),
            (2, 100, true, Ok(1)),
            (1, 100, true, Err(TooFar::TtlExceeded)),
            (0, 100, true, Err(TooFar::TtlExceeded)),
            (64, 99, true, Err(TooFar::TooBig { mtu: 99 })),
            (64, 99, false, Ok(63)),
        ];
        for (ttl, mtu, dont_fragment, expected) in rows {
            let mut packet = packet(ttl, dont_fragment);
            let received = input(&mut packet).unwrap();
            let verdict = forward(&mut packet, &received, mtu);
            let header = Header::parse(packet.data()).unwrap();
            assert!(header.checksum_is_valid());
            assert_eq!(verdict.map(|()| header.ttl()), expected);
        }
    }
}
