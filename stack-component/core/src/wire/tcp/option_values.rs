//! What options carry that is more than a number.

use core::fmt;

/// The timestamps option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timestamps {
    /// TSval: the sender's clock.
    pub value: u32,
    /// TSecr: the receiver's clock as the sender last saw it.
    pub echo: u32,
}

/// The blocks of a SACK option: runs that arrived, from the first sequence number to the one behind the last.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct SackBlocks {
    blocks: [(u32, u32); SackBlocks::MAX],
    len: u8,
}

impl SackBlocks {
    /// How many fit a header without other options; three beside timestamps.
    pub const MAX: usize = 4;

    /// No block.
    pub const EMPTY: SackBlocks = SackBlocks { blocks: [(0, 0); SackBlocks::MAX], len: 0 };

    /// Adds the block from `left` to before `right` at the end. Answers `false` if there is no room.
    pub fn push(&mut self, left: u32, right: u32) -> bool {
        match self.blocks.get_mut(usize::from(self.len)) {
            Some(place) => {
                *place = (left, right);
                self.len += 1;
                true
            }
            None => false,
        }
    }

    /// The blocks, the one with the newest segment first.
    pub fn as_slice(&self) -> &[(u32, u32)] {
        self.blocks.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Leaves out all blocks but the first `len`.
    pub fn truncate(&mut self, len: usize) {
        for block in self.blocks.iter_mut().skip(len) {
            *block = (0, 0);
        }
        self.len = self.len.min(len.min(SackBlocks::MAX) as u8);
    }

    /// Whether there is no block.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl fmt::Debug for SackBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

/// A Fast Open cookie as the option carries it (RFC 7413 section 4.1.1). Linux: `struct tcp_fastopen_cookie`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct FastOpenCookie {
    bytes: [u8; FastOpenCookie::MAX],
    len: u8,
    /// It came as the experimental option 254 of older kernels, and is answered with the same.
    pub experimental: bool,
}

impl FastOpenCookie {
    /// Bytes of the longest cookie.
    pub const MAX: usize = 16;
    /// Bytes of the shortest cookie.
    pub const MIN: usize = 4;

    /// The request for a cookie.
    pub const REQUEST: FastOpenCookie =
        FastOpenCookie { bytes: [0; FastOpenCookie::MAX], len: 0, experimental: false };

    /// The cookie of these bytes; none of an odd number, or of one that no cookie has. Linux:
    /// `tcp_parse_fastopen_option`.
    pub fn parse(bytes: &[u8], experimental: bool) -> Option<FastOpenCookie> {
        let fits = bytes.is_empty() || (Self::MIN..=Self::MAX).contains(&bytes.len());
        if !fits || !bytes.len().is_multiple_of(2) {
            return None;
        }
        let mut cookie = FastOpenCookie { len: bytes.len() as u8, experimental, ..Self::REQUEST };
        cookie.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(cookie)
    }

    /// The cookie's bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Whether it asks for a cookie instead of being one.
    pub const fn is_request(&self) -> bool {
        self.len == 0
    }
}

impl fmt::Debug for FastOpenCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x?}", self.as_slice())?;
        if self.experimental { f.write_str(" (experimental)") } else { Ok(()) }
    }
}
