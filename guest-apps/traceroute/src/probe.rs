//! Probes and what tells of them, as bytes.

use std::net::IpAddr;

/// Bytes of a header of UDP, or of an ICMP echo; and what an error quotes of a segment.
pub(crate) const HEADER_LEN: usize = 8;

/// Where in a datagram its checksum is.
pub(crate) const UDP_CHECKSUM: u16 = 6;

/// Bytes of a segment that opens a connection: its header and the options that Linux sends.
pub(crate) const SEGMENT_LEN: usize = 40;

/// Where in a segment its checksum is.
const TCP_CHECKSUM: usize = 16;

/// What a segment tells with its flags: it opens, it resets, it acknowledges.
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

/// The options of a segment that opens a connection: a segment's size (1460), SACK, timestamps (which count from 0 here),
/// no operation, the window's scale (2).
const OPTIONS: [u8; 20] = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 2];

/// What probes are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Datagrams from one port to one port after the other, from the first one on.
    Udp { source: u16, first: u16 },
    /// Echo requests with sequence numbers from 1 on, of IPv6 or not.
    Icmp { v6: bool },
    /// Segments that open connections from one port to another; their sequence numbers tell them apart.
    Tcp { source: u16, port: u16, ends: (IpAddr, IpAddr) },
}

impl Method {
    /// The probe with this number, from 0 on, with `size` bytes behind its header.
    pub(crate) fn probe(self, number: u16, size: usize) -> Vec<u8> {
        let mut bytes = match self {
            Method::Udp { source, first } => {
                let length = u16::try_from(HEADER_LEN + size).unwrap_or(u16::MAX);
                [source, first.wrapping_add(number), length, 0].map(u16::to_be_bytes).concat()
            }
            Method::Tcp { source, port, ends } => return segment((source, port), ends, number),
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
            Method::Tcp { source, port, .. } => {
                let ports = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
                // The half of the sequence number that counts probes.
                (ports == [source, port]).then(|| u16::from_be_bytes([g, h]))
            }
            Method::Icmp { .. } => Some(u16::from_be_bytes([g, h]).wrapping_sub(1)),
        }
    }
}

impl Method {
    /// The number of the segment that `bytes` answers, as a segment: it takes the connection or refuses it.
    pub(crate) fn answered(self, bytes: &[u8]) -> Option<u16> {
        let Method::Tcp { source, port, .. } = self else { return None };
        let &[a, b, c, d, _, _, _, _, e, f, g, h, _, flags] = bytes.first_chunk::<14>()?;
        let is_answer = flags & ACK != 0 && flags & (SYN | RST) != 0;
        let ports = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
        let acknowledged = u32::from_be_bytes([e, f, g, h]).wrapping_sub(1);
        (is_answer && ports == [port, source]).then_some(acknowledged as u16)
    }
}

/// A segment that opens a connection, whose sequence number ends in the probe's.
fn segment((source, port): (u16, u16), ends: (IpAddr, IpAddr), number: u16) -> Vec<u8> {
    let sequence = u32::from(source) << 16 | u32::from(number);
    let mut bytes = [source.to_be_bytes(), port.to_be_bytes()].concat();
    bytes.extend(sequence.to_be_bytes());
    // Nothing is acknowledged; ten words of header; a window of 5840 bytes; checksum and urgent pointer.
    bytes.extend([0, 0, 0, 0, 0xa0, SYN, 0x16, 0xd0, 0, 0, 0, 0]);
    bytes.extend(OPTIONS);
    let sum = checksum(ends, &bytes).to_be_bytes();
    bytes.splice(TCP_CHECKSUM..TCP_CHECKSUM + sum.len(), sum);
    bytes
}

/// The checksum of a segment (RFC 9293 section 3.1).
fn checksum((from, to): (IpAddr, IpAddr), segment: &[u8]) -> u16 {
    const TCP: u8 = 6;
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let [high, low] = (segment.len() as u16).to_be_bytes();
    let bytes = [octets(from), octets(to), vec![0, TCP, high, low], segment.to_vec()].concat();
    let words = bytes.chunks(2).map(|pair| {
        u32::from(pair.first().copied().unwrap_or(0)) << 8 | u32::from(pair.get(1).copied().unwrap_or(0))
    });
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
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
        let ends = ("127.0.0.1".parse().unwrap(), "127.0.0.1".parse().unwrap());
        let tcp = Method::Tcp { source: 40_000, port: 80, ends };
        let probe = tcp.probe(700, 0);
        assert_eq!((probe.len(), tcp.number(&probe[..8])), (SEGMENT_LEN, Some(700)));
        assert_eq!(checksum(ends, &probe), 0, "the checksum is right");
        // The answer: the ports change places, and the sequence number is acknowledged.
        let mut answer =
            [&probe[2..4], &probe[..2], &[0; 4], &probe[4..8], &[0x50, SYN | ACK, 0, 0]].concat();
        answer[11] = answer[11].wrapping_add(1);
        assert_eq!(tcp.answered(&answer), Some(700));
        assert_eq!((tcp.answered(&probe), tcp.answered(&answer[..13])), (None, None));
        answer[13] = RST | ACK;
        assert_eq!(tcp.answered(&answer), Some(700));
        let other = Method::Udp { source: 40_001, first: 65_530 };
        assert_eq!(udp.number(&other.probe(0, 0)), None, "somebody else's");
    }
}
