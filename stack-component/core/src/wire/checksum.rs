//! The Internet checksum (RFC 1071) and its incremental update (RFC 1624).

use super::protocol::Protocol;
use core::net::IpAddr;

/// A ones' complement sum of 16-bit words, not folded: sums of several runs add up, as long as each run but
/// the last has an even length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u64);

impl Sum {
    /// The sum of nothing.
    pub const ZERO: Sum = Sum(0);

    /// The sum of `bytes`, a last odd byte counted as the high half of a word. Linux: `csum_partial`.
    pub fn of(bytes: &[u8]) -> Sum {
        // A ones' complement sum comes out byte-swapped if its words were (RFC 1071 section 2.B), so 64-bit
        // words are added in the order the machine likes and the bytes are swapped once at the end. Each
        // lane takes two 32-bit halves a block and cannot overflow below 2^31 blocks.
        let (blocks, rest) = bytes.as_chunks::<32>();
        let mut lanes = [0u64; 4];
        for block in blocks {
            for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<8>().0) {
                let word = u64::from_le_bytes(*word);
                *lane += (word & 0xffff_ffff) + (word >> 32);
            }
        }
        let mut sum = lanes.iter().sum::<u64>();
        let (words, rest) = rest.as_chunks::<2>();
        sum += words.iter().map(|&word| u64::from(u16::from_le_bytes(word))).sum::<u64>();
        sum += rest.first().map_or(0, |&byte| u64::from(byte));
        Sum(u64::from(fold(sum).swap_bytes()))
    }

    /// The sum of both.
    #[must_use]
    pub const fn plus(self, other: Sum) -> Sum {
        Sum(self.0 + other.0)
    }

    /// The sum with one more word.
    #[must_use]
    pub const fn plus_word(self, word: u16) -> Sum {
        Sum(self.0 + word as u64)
    }

    /// The sum as one 16-bit word: what goes into the checksum field of a packet whose device will sum the
    /// rest. Linux: `~csum_fold`.
    pub const fn folded(self) -> u16 {
        fold(self.0)
    }

    /// The checksum: the complement of the sum. Linux: `csum_fold`.
    pub const fn checksum(self) -> u16 {
        !fold(self.0)
    }

    /// Whether a run that holds its own checksum is undamaged.
    pub const fn is_valid(self) -> bool {
        fold(self.0) == 0xffff
    }
}

const fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// The sum of the pseudo-header that TCP and UDP checksums include (RFC 9293 section 3.1, RFC 768,
/// RFC 8200 section 8.1). `length`
/// counts the transport header and its payload. Linux: `csum_tcpudp_nofold`, `csum_ipv6_magic`.
pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: Protocol, length: u32) -> Sum {
    let length = u64::from(length >> 16) + u64::from(length & 0xffff);
    Sum(words(source) + words(destination) + u64::from(protocol.0) + length)
}

/// The sum of an address's 16-bit words.
fn words(address: IpAddr) -> u64 {
    let halves = |bits: u32| u64::from(bits >> 16) + u64::from(bits & 0xffff);
    match address {
        IpAddr::V4(address) => halves(address.to_bits()),
        IpAddr::V6(address) => address.segments().map(u64::from).iter().sum(),
    }
}

/// A checksum after one 16-bit word under it changed from `old` to `new` (RFC 1624 equation 3). Linux:
/// `csum_replace2`.
pub const fn update(checksum: u16, old: u16, new: u16) -> u16 {
    !fold(!checksum as u64 + !old as u64 + new as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};
    use alloc::vec;
    use core::net::Ipv4Addr;

    /// RFC 1071 section 4.1, word by word.
    fn by_the_book(bytes: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | pair.get(1).copied().map_or(0, u32::from);
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum as u16
    }

    #[test]
    fn the_rfcs_example() {
        assert_eq!(Sum::of(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]).folded(), 0xddf2);
    }

    #[test]
    fn equals_the_plain_algorithm_at_every_length_and_offset() {
        let mut random = SeededRandom::new(1);
        let mut bytes = vec![0; 300];
        random.fill(&mut bytes);
        for start in 0..9 {
            for end in start..bytes.len() {
                let run = &bytes[start..end];
                assert_eq!(Sum::of(run).folded(), by_the_book(run), "{start}..{end}");
            }
        }
        let ones = vec![0xff; 70_001];
        assert_eq!(Sum::of(&ones).folded(), by_the_book(&ones));
        assert_eq!(Sum::of(&[0; 64]).folded(), 0);
    }

    #[test]
    fn runs_of_even_length_add_up() {
        let bytes: vec::Vec<u8> = (0..=254).collect();
        let parts = Sum::of(&bytes[..100]).plus(Sum::of(&bytes[100..]));
        assert_eq!(parts.folded(), Sum::of(&bytes).folded());
    }

    #[test]
    fn an_update_equals_a_new_sum() {
        let mut random = SeededRandom::new(2);
        for _ in 0..1000 {
            let mut bytes = [0; 20];
            random.fill(&mut bytes);
            let (before, old) = (Sum::of(&bytes).checksum(), u16::from_be_bytes([bytes[8], bytes[9]]));
            let new = random.next_u32() as u16;
            bytes[8..10].copy_from_slice(&new.to_be_bytes());
            assert_eq!(update(before, old, new), Sum::of(&bytes).checksum());
        }
    }

    #[test]
    fn the_pseudo_header_is_its_bytes() {
        let sum = pseudo_header(
            IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3)),
            IpAddr::V4(Ipv4Addr::new(255, 254, 253, 252)),
            Protocol::TCP,
            70_000,
        );
        let bytes = [10, 1, 2, 3, 255, 254, 253, 252, 0, 6, 0x00, 0x01, 0x11, 0x70];
        assert_eq!(sum.folded(), by_the_book(&bytes));
    }
}
