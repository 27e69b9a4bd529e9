//! Probes and what tells of them, as bytes.

/// Bytes of a header of UDP, or of an ICMP echo.
pub(crate) const HEADER_LEN: usize = 8;

/// Where in a datagram its checksum is.
pub(crate) const UDP_CHECKSUM: u16 = 6;

/// What probes are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Datagrams from one port to one port after the other, from the first one on.
    Udp { source: u16, first: u16 },
    /// Echo requests with sequence numbers from 1 on, of IPv6 or not.
    Icmp { v6: bool },
}

impl Method {
    /// The probe with this number, from 0 on, with `size` bytes behind its header.
    pub(crate) fn probe(self, number: u16, size: usize) -> Vec<u8> {
        let mut bytes = match self {
            Method::Udp { source, first } => {
                let length = u16::try_from(HEADER_LEN + size).unwrap_or(u16::MAX);
                [source, first.wrapping_add(number), length, 0].map(u16::to_be_bytes).concat()
            }
            Method::Icmp { v6 } => {
                let [high, low] = number.wrapping_add(1).to_be_bytes();
                vec![if v6 { 128 } else { 8 }, 0, 0, 0, 0, 0, high, low]
            }
        };
        bytes.extend((0..size).map(|index| 0x40 + (index & 0x3f) as u8));
        bytes
    }

    /// The number of the probe, or of the reply to one, that begins with `bytes`.
    pub(crate) fn number(self, bytes: &[u8]) -> Option<u16> {
        let &[a, b, c, d, _, _, g, h] = bytes.first_chunk::<HEADER_LEN>()?;
        match self {
            Method::Udp { source, first } => {
                (u16::from_be_bytes([a, b]) == source).then(|| u16::from_be_bytes([c, d]).wrapping_sub(first))
            }
            Method::Icmp { .. } => Some(u16::from_be_bytes([g, h]).wrapping_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_known_by_their_number() {
        let udp = Method::Udp { source: 40_000, first: 65_530 };
        for method in [udp, Method::Icmp { v6: false }, Method::Icmp { v6: true }] {
            for number in [0, 1, 9, 700] {
                let probe = method.probe(number, 32);
                assert_eq!((probe.len(), method.number(&probe)), (40, Some(number)), "{method:?}");
                assert_eq!(method.number(&probe[..7]), None);
            }
        }
        let other = Method::Udp { source: 40_001, first: 65_530 };
        assert_eq!(udp.number(&other.probe(0, 0)), None, "somebody else's");
    }
}
