//! Segments as the tool sees those of Linux: before they are cut.
//!
//! On Linux the tool taps a device, to which TCP hands several segments as one large packet (GSO), and its scripts
//! are written so. Here they leave cut. What left in one moment and continues each other is put together again, up
//! to a segment with PSH, which Linux sets at the end of each large packet.

use packetdrill::machine::Live;
use std::collections::VecDeque;

const IP_HEADER: usize = 20;
const TCP_HEADER: usize = 20;
/// The longest IPv4 packet.
const LONGEST: usize = 65_535;
const PROTOCOL_TCP: u8 = 6;
const FIN: u8 = 1;
const PSH: u8 = 8;
const ACK: u8 = 16;

/// Takes the first packet of `queue`, with those that continue it.
pub(crate) fn take(queue: &mut VecDeque<Live>) -> Option<Live> {
    let mut first = queue.pop_front()?;
    let mut merged = false;
    let size = Segment::of(&first.bytes).map_or(0, |segment| segment.payload().len());
    while let Some(next) = queue.front()
        && next.at == first.at
        && continues(&first.bytes, &next.bytes, size)
    {
        let Some(next) = queue.pop_front() else { break };
        merge(&mut first.bytes, &next.bytes);
        merged = true;
    }
    if merged {
        complete(&mut first.bytes);
    }
    Some(first)
}

/// A TCP segment in an IPv4 packet without IP options.
struct Segment<'a> {
    bytes: &'a [u8],
    /// Where the payload starts.
    data: usize,
}

impl<'a> Segment<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let is_tcp = *bytes.first()? == 0x45 && *bytes.get(9)? == PROTOCOL_TCP;
        let header = usize::from(*bytes.get(IP_HEADER + 12)? >> 4) * 4;
        let data = IP_HEADER + header;
        (is_tcp && header >= TCP_HEADER && bytes.len() >= data).then_some(Segment { bytes, data })
    }

    fn payload(&self) -> &'a [u8] {
        &self.bytes[self.data..]
    }

    fn sequence(&self) -> u32 {
        let at = IP_HEADER + 4;
        u32::from_be_bytes([self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]])
    }

    fn flags(&self) -> u8 {
        self.bytes[IP_HEADER + 13]
    }

    /// What is the same in all parts of a large packet: type of service, addresses, ports, acknowledgement, window,
    /// options.
    fn flow(&self) -> [&'a [u8]; 5] {
        let tcp = &self.bytes[IP_HEADER..self.data];
        [&self.bytes[1..2], &self.bytes[12..IP_HEADER], &tcp[..4], &tcp[8..12], &tcp[14..16]]
    }

    fn options(&self) -> &'a [u8] {
        &self.bytes[IP_HEADER + TCP_HEADER..self.data]
    }
}

/// Whether `second` is the next part of the large packet that `first` begins, in parts of `size` bytes.
fn continues(first: &[u8], second: &[u8], size: usize) -> bool {
    let (Some(a), Some(b)) = (Segment::of(first), Segment::of(second)) else { return false };
    let (have, more) = (a.payload().len(), b.payload().len());
    let is_whole = size > 0 && have.is_multiple_of(size) && (1..=size).contains(&more);
    let follows = a.sequence().wrapping_add(have as u32) == b.sequence();
    let goes_on = a.flags() == ACK && b.flags() & !(PSH | FIN) == ACK;
    let fits = first.len() + more <= LONGEST;
    is_whole && follows && goes_on && fits && a.flow() == b.flow() && a.options() == b.options()
}

fn merge(first: &mut Vec<u8>, second: &[u8]) {
    if let Some(segment) = Segment::of(second) {
        first.extend_from_slice(segment.payload());
        first[IP_HEADER + 13] |= segment.flags();
    }
}

/// Length and checksums of a packet that was merged.
fn complete(bytes: &mut [u8]) {
    let len = bytes.len() as u16;
    bytes[2..4].copy_from_slice(&len.to_be_bytes());
    bytes[10..12].fill(0);
    let header = checksum(sum(&bytes[..IP_HEADER]));
    bytes[10..12].copy_from_slice(&header.to_be_bytes());
    bytes[IP_HEADER + 16..IP_HEADER + 18].fill(0);
    let pseudo = sum(&bytes[12..IP_HEADER]) + u32::from(PROTOCOL_TCP) + u32::from(len) - IP_HEADER as u32;
    let tcp = checksum(pseudo + sum(&bytes[IP_HEADER..]));
    bytes[IP_HEADER + 16..IP_HEADER + 18].copy_from_slice(&tcp.to_be_bytes());
}

/// The sum of 16-bit words; of 64 KiB it fits.
fn sum(bytes: &[u8]) -> u32 {
    let word = |pair: &[u8]| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
    bytes.chunks(2).map(word).sum()
}

/// RFC 1071.
fn checksum(sum: u32) -> u16 {
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    !(folded as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(sequence: u32, flags: u8, len: usize) -> Live {
        let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, PROTOCOL_TCP, 0, 0];
        bytes.extend([192, 168, 0, 1, 192, 0, 2, 1, 0x1f, 0x90, 0x1f, 0x90]);
        bytes.extend(sequence.to_be_bytes());
        bytes.extend([0, 0, 0, 1, 0x50, flags, 1, 0, 0, 0, 0, 0]);
        bytes.resize(40 + len, 7);
        complete(&mut bytes);
        Live { at: 5, bytes }
    }

    fn lens(segments: impl IntoIterator<Item = Live>) -> Vec<usize> {
        let mut queue: VecDeque<_> = segments.into_iter().collect();
        std::iter::from_fn(|| take(&mut queue)).map(|live| live.bytes.len() - 40).collect()
    }

    #[test]
    fn what_continues_is_one_packet_up_to_a_push() {
        let burst = [
            segment(1, ACK, 100),
            segment(101, ACK | PSH, 100),
            segment(201, ACK, 100),
            segment(301, ACK, 40),
        ];
        assert_eq!(lens(burst), [200, 140]);
    }

    #[test]
    fn gaps_short_parts_and_other_moments_end_it() {
        assert_eq!(lens([segment(1, ACK, 100), segment(102, ACK, 100)]), [100, 100]);
        assert_eq!(lens([segment(1, ACK, 100), segment(101, ACK, 40), segment(141, ACK, 100)]), [140, 100]);
        let later = Live { at: 6, ..segment(101, ACK, 100) };
        assert_eq!(lens([segment(1, ACK, 100), later]), [100, 100]);
        assert_eq!(lens([segment(1, ACK, 0), segment(1, ACK, 0)]), [0, 0], "acknowledgements stay apart");
    }

    #[test]
    fn checksums_are_right_afterwards() {
        let mut queue: VecDeque<_> = [segment(1, ACK, 100), segment(101, ACK | PSH, 100)].into();
        let Some(large) = take(&mut queue) else { panic!("nothing") };
        let expected = Live { bytes: segment(1, ACK | PSH, 200).bytes, at: 5 };
        assert_eq!(large, expected);
        assert_eq!(checksum(sum(&large.bytes[..IP_HEADER])), 0);
    }
}
