//! Prefixes, and the steps by which the trie goes through their bits.

/// Bits that a level decides.
pub(super) const STRIDE: u8 = 6;

/// The bits of a prefix, left-aligned, those behind its length being zero.
///
/// Packed, so that a leaf takes half a cache line rather than a whole one: of very many routes look-ups mostly wait for
/// memory.
#[repr(Rust, packed(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::route) struct Prefix {
    pub(in crate::route) bits: u128,
    pub(in crate::route) len: u8,
}

impl Prefix {
    /// The first `len` bits (at most 128) of `bits`.
    pub(in crate::route) const fn new(bits: u128, len: u8) -> Self {
        let mask = match u128::MAX.checked_shr(len as u32) {
            Some(host) => !host,
            None => u128::MAX,
        };
        Prefix { bits: bits & mask, len }
    }

    /// The last key that begins with it.
    pub(in crate::route) const fn last(self) -> u128 {
        match u128::MAX.checked_shr(self.len as u32) {
            Some(host) => self.bits | host,
            None => self.bits,
        }
    }

    /// Whether `key` begins with it.
    pub(super) fn holds(self, key: u128) -> bool {
        Prefix::new(key, self.len) == self
    }

    /// The one that a value at this place of its node has: see [`slot`].
    pub(super) fn longer(self, place: u8) -> Prefix {
        let len = (u32::from(place) + 1).ilog2() as u8;
        let chunk = u128::from(place + 1 - (1 << len)) << (STRIDE - len);
        // The last level has two bits only: the rest are host bits, which are zero.
        Prefix::new(self.bits | chunk << (128 - STRIDE) >> self.len, self.len + len)
    }

    /// The one a level longer, by these bits.
    pub(super) fn next(self, chunk: u8) -> Prefix {
        Prefix::new(self.bits | u128::from(chunk) << (128 - STRIDE) >> self.len, self.len + STRIDE)
    }

    /// How many levels' bits lie before the node that its value is in.
    pub(super) const fn depth(self) -> u8 {
        self.len / STRIDE * STRIDE
    }
}
