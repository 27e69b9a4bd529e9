//! Packets for somebody else.

use super::Received;
use crate::packet::Packet;
use crate::wire::ipv6::{MIN_MTU, decrease_hop_limit};

/// Why a packet cannot be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooFar {
    /// Its hop limit ends here.
    HopLimitExceeded,
    /// The next link carries packets of this many bytes at most; routers do not cut.
    TooBig {
        /// Bytes.
        mtu: u32,
    },
    /// Its source means something on the link it came from alone (RFC 4291 section 2.5.6).
    BeyondScope,
    /// It is for or from what is not passed on, and nobody is told.
    Unroutable,
}

/// Takes one from the hop limit of a packet that goes on over a link of `mtu` bytes. Linux: `ip6_forward`.
pub fn forward(packet: &mut Packet, received: &Received, mtu: u32) -> Result<(), TooFar> {
    let Received { source, destination, hop_limit, .. } = *received;
    if hop_limit <= 1 {
        return Err(TooFar::HopLimitExceeded);
    }
    let of_a_link = destination.is_unicast_link_local() || destination.is_multicast();
    if source.is_unspecified() || source.is_loopback() || of_a_link {
        return Err(TooFar::Unroutable);
    }
    if source.is_unicast_link_local() {
        return Err(TooFar::BeyondScope);
    }
    let mtu = mtu.max(MIN_MTU);
    if packet.len() > mtu as usize {
        return Err(TooFar::TooBig { mtu });
    }
    decrease_hop_limit(packet.data_mut());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::input;
    use super::*;
    use crate::wire::ipv6::{Fields, HEADER_LEN, Header};
    use crate::wire::protocol::Protocol;

    fn packet(hop_limit: u8, source: &str, destination: &str, len: usize) -> Packet {
        let mut bytes = alloc::vec![0; len];
        Fields {
            traffic_class: 0,
            flow_label: 0,
            payload_len: (len - HEADER_LEN) as u16,
            next_header: Protocol::UDP,
            hop_limit,
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
        }
        .emit(&mut bytes);
        Packet::from_frame(bytes)
    }

    #[test]
    fn how_far_packets_go() {
        let (a, b) = ("2001:db8::1", "2001:db8:1::1");
        let rows = [
            (64, a, b, 1400, 1400, Ok(63)),
            (2, a, b, 40, 1400, Ok(1)),
            (1, a, b, 40, 1400, Err(TooFar::HopLimitExceeded)),
            (0, a, b, 40, 1400, Err(TooFar::HopLimitExceeded)),
            (64, a, b, 1401, 1400, Err(TooFar::TooBig { mtu: 1400 })),
            (64, a, b, 1281, 576, Err(TooFar::TooBig { mtu: 1280 })),
            (64, a, b, 1280, 576, Ok(63)),
            (64, "fe80::1", b, 40, 1400, Err(TooFar::BeyondScope)),
            (64, "::", b, 40, 1400, Err(TooFar::Unroutable)),
            (64, a, "fe80::1", 40, 1400, Err(TooFar::Unroutable)),
            (64, a, "ff0e::1", 40, 1400, Err(TooFar::Unroutable)),
        ];
        for (hop_limit, source, destination, len, mtu, expected) in rows {
            let mut packet = packet(hop_limit, source, destination, len);
            let received = input(&mut packet).unwrap();
            let verdict = forward(&mut packet, &received, mtu);
            let left = Header::parse(packet.data()).unwrap().hop_limit();
            assert_eq!(verdict.map(|()| left), expected, "{source} > {destination}, {len}");
        }
    }
}
