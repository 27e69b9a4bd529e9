//! TCP options: MSS and the list's form (RFC 9293 section 3.2), window scale and timestamps (RFC 7323),
//! selective acknowledgement (RFC 2018), signatures (RFC 2385), Fast Open (RFC 7413).

use super::accurate_ecn::{self, AccurateEcn};
use super::option_values::{FastOpenCookie, SackBlocks, Timestamps};

/// Bytes of options that fit a header.
pub const MAX_OPTIONS_LEN: usize = 40;

/// The largest window scale (RFC 7323 section 2.3).
const MAX_WINDOW_SCALE: u8 = 14;

pub(super) const END: u8 = 0;
pub(super) const NOP: u8 = 1;
pub(super) const MSS: u8 = 2;
pub(super) const WINDOW_SCALE: u8 = 3;
pub(super) const SACK_PERMITTED: u8 = 4;
pub(super) const SACK: u8 = 5;
pub(super) const TIMESTAMPS: u8 = 8;
pub(super) const MD5: u8 = 19;
pub(super) const FAST_OPEN: u8 = 34;
/// The experiments' kind (RFC 6994), shared by those that begin with a number of their own.
pub(super) const EXPERIMENT: u8 = 254;
/// Fast Open's number among the experiments (RFC 7413 section 4.1.1).
pub(super) const FAST_OPEN_EXPERIMENT: [u8; 2] = [0xf9, 0x89];

/// Bytes of a signature (RFC 2385 section 3).
pub const SIGNATURE_LEN: usize = 16;
/// Bytes of the signature's option with its padding. Linux: `TCPOLEN_MD5SIG_ALIGNED`.
pub const SIGNED_LEN: usize = 20;
/// Where among the options that we send the signature is. Linux puts its option first.
pub const SIGNATURE_OFFSET: usize = 4;

/// The options of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The largest segment the sender takes; in a SYN only.
    pub mss: Option<u16>,
    /// By how many bits later windows are shifted, at most 14; in a SYN only.
    pub window_scale: Option<u8>,
    /// Whether the sender understands SACK; in a SYN only.
    pub sack_permitted: bool,
    /// The timestamps.
    pub timestamps: Option<Timestamps>,
    /// Runs that arrived out of order.
    pub sack: SackBlocks,
    /// The signature of the segment (RFC 2385 section 3).
    pub md5: Option<[u8; SIGNATURE_LEN]>,
    /// The counters of accurate ECN (RFC 9768 section 3.2.3).
    pub accurate_ecn: Option<AccurateEcn>,
    /// A Fast Open cookie, or with an empty one the request for it; in a SYN only.
    pub fast_open: Option<FastOpenCookie>,
}

/// One option of the list: its kind and what is behind the length byte.
pub(super) struct Item<'a> {
    pub(super) kind: u8,
    pub(super) value: &'a [u8],
}

/// Walks a list of options; ends at its end, at the END option, or at a length that cannot be.
pub(super) struct Items<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let (&kind, rest) = self.0.split_first()?;
        let (value, rest) = match kind {
            END => return None,
            NOP => (&[][..], rest),
            _ => {
                let (&len, rest) = rest.split_first()?;
                rest.split_at_checked(usize::from(len).checked_sub(2)?)?
            }
        };
        self.0 = rest;
        Some(Item { kind, value })
    }
}

pub(super) fn be16(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

fn be32(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

pub(super) fn pair(bytes: &[u8]) -> Option<(u32, u32)> {
    let (first, second) = bytes.split_at_checked(4)?;
    Some((be32(first)?, be32(second)?))
}

impl Options {
    /// Parses a list of options. As Linux does it, options of an unknown kind or a wrong length are skipped,
    /// a length that cannot be ends the list, and what belongs into a SYN counts in one only (`syn`).
    /// An MSS of 0 counts as none. Linux: `tcp_parse_options`.
    pub fn parse(bytes: &[u8], syn: bool) -> Options {
        let mut options = Options::default();
        for Item { kind, value } in Items(bytes) {
            match kind {
                MSS if syn => options.mss = be16(value).filter(|&mss| mss != 0).or(options.mss),
                WINDOW_SCALE if syn && value.len() == 1 => {
                    options.window_scale = value.first().map(|&scale| scale.min(MAX_WINDOW_SCALE));
                }
                SACK_PERMITTED if syn && value.is_empty() => options.sack_permitted = true,
                TIMESTAMPS => {
                    if let Some((value, echo)) = pair(value).filter(|_| value.len() == 8) {
                        options.timestamps = Some(Timestamps { value, echo });
                    }
                }
                MD5 => options.md5 = value.try_into().ok().or(options.md5),
                accurate_ecn::ORDER_0 | accurate_ecn::ORDER_1 => {
                    options.accurate_ecn = AccurateEcn::parse(kind, value).or(options.accurate_ecn);
                }
                FAST_OPEN if syn => {
                    options.fast_open = FastOpenCookie::parse(value, false).or(options.fast_open);
                }
                EXPERIMENT if syn => {
                    let cookie = value.strip_prefix(&FAST_OPEN_EXPERIMENT);
                    let cookie = cookie.and_then(|cookie| FastOpenCookie::parse(cookie, true));
                    options.fast_open = cookie.or(options.fast_open);
                }
                SACK if value.len().is_multiple_of(8) => {
                    options.sack = SackBlocks::EMPTY;
                    for (left, right) in value.chunks_exact(8).filter_map(pair) {
                        options.sack.push(left, right);
                    }
                }
                _ => {}
            }
        }
        options
    }

    /// How many SACK blocks fit beside the other options.
    fn sack_blocks_that_fit(&self) -> &[(u32, u32)] {
        let blocks = self.sack.as_slice();
        let fit = self.sack_room();
        blocks.get(..blocks.len().min(fit)).unwrap_or_default()
    }

    fn len_without_sack(&self) -> usize {
        let mss = if self.mss.is_some() { 4 } else { 0 };
        let timestamps = if self.timestamps.is_some() { 12 } else { 0 };
        let sack_permitted = if self.sack_permitted && self.timestamps.is_none() { 4 } else { 0 };
        let window_scale = if self.window_scale.is_some() { 4 } else { 0 };
        let signature = if self.md5.is_some() { SIGNED_LEN } else { 0 };
        mss + timestamps + sack_permitted + window_scale + signature
    }

    /// Bytes that the Fast Open option takes, if it fits beside the others. Linux: `tcp_syn_options`.
    fn fast_open_that_fits(&self) -> Option<(FastOpenCookie, usize)> {
        let cookie = self.fast_open?;
        let base = if cookie.experimental { 4 } else { 2 };
        let len = (base + cookie.as_slice().len()).next_multiple_of(4);
        let accurate = self.accurate_ecn_that_fits().map_or(0, |(_, len)| len);
        (self.len_without_sack() + accurate + len <= MAX_OPTIONS_LEN).then_some((cookie, len))
    }

    /// Bytes of padding among the other options that the option of accurate ECN could use. Linux:
    /// `tcp_synack_options_combine_saving`, `max_combine_saving`.
    fn spare(&self) -> usize {
        let before_sack = !self.sack.as_slice().is_empty();
        if before_sack || (self.sack_permitted && self.timestamps.is_none()) {
            2
        } else {
            usize::from(self.window_scale.is_some())
        }
    }

    /// Puts in as many fields of `option` as fit beside the other options, at least `least`; for those a third SACK
    /// block gives way. Answers whether it fits. Linux: `tcp_options_fit_accecn`.
    pub fn fit_accurate_ecn(&mut self, option: AccurateEcn, least: u8) -> bool {
        let mut blocks = self.sack;
        blocks.truncate(self.sack_room());
        loop {
            let mut tried = Options { sack: blocks, accurate_ecn: None, ..*self };
            let room = MAX_OPTIONS_LEN - tried.emitted_len();
            for count in (least..=option.count).rev() {
                let mut option = AccurateEcn { count, ..option };
                option.fields.iter_mut().skip(count.into()).for_each(|field| *field = 0);
                if option.padded_len(tried.spare()) <= room {
                    tried.accurate_ecn = Some(option);
                    *self = tried;
                    return true;
                }
            }
            let len = blocks.as_slice().len();
            if least == 0 || len <= 2 {
                return false;
            }
            blocks.truncate(len - 1);
        }
    }

    /// The option of accurate ECN and the bytes it takes, if it fits.
    fn accurate_ecn_that_fits(&self) -> Option<(AccurateEcn, usize)> {
        let option = self.accurate_ecn?;
        let len = option.padded_len(self.spare());
        let sack = match self.sack_blocks_that_fit().len() {
            0 => 0,
            blocks => 4 + 8 * blocks,
        };
        (self.len_without_sack() + sack + len <= MAX_OPTIONS_LEN).then_some((option, len))
    }

    /// How many SACK blocks could be sent beside the other options that are set.
    pub fn sack_room(&self) -> usize {
        (MAX_OPTIONS_LEN - self.len_without_sack()).saturating_sub(4) / 8
    }

    /// How many bytes [`Options::emit`] writes: a multiple of four, at most 40.
    pub fn emitted_len(&self) -> usize {
        let sack = match self.sack_blocks_that_fit().len() {
            0 => 0,
            blocks => 4 + 8 * blocks,
        };
        let fast_open = self.fast_open_that_fits().map_or(0, |(_, len)| len);
        let accurate = self.accurate_ecn_that_fits().map_or(0, |(_, len)| len);
        (self.len_without_sack() + sack + accurate + fast_open).min(MAX_OPTIONS_LEN)
    }

    /// Writes the options in Linux's order, padded so that each begins at a multiple of four: signature, MSS,
    /// SACK permitted, timestamps, accurate ECN, window scale, SACK blocks as many as fit, Fast Open. Linux:
    /// `tcp_options_write`.
    ///
    /// # Panics
    ///
    /// If `bytes` is shorter than [`Options::emitted_len`].
    pub fn emit(&self, bytes: &mut [u8]) {
        let mut at = 0;
        let mut put = |run: &[u8]| {
            bytes[at..at + run.len()].copy_from_slice(run);
            at += run.len();
        };
        if let Some(signature) = &self.md5 {
            put(&[NOP, NOP, MD5, 2 + SIGNATURE_LEN as u8]);
            put(signature);
        }
        if let Some(mss) = self.mss {
            put(&[MSS, 4]);
            put(&mss.to_be_bytes());
        }
        // Beside timestamps the two bytes of SACK-permitted take the place of the padding.
        if self.sack_permitted && self.timestamps.is_some() {
            put(&[SACK_PERMITTED, 2]);
        }
        if let Some(Timestamps { value, echo }) = self.timestamps {
            put(if self.sack_permitted { &[] } else { &[NOP, NOP] });
            put(&[TIMESTAMPS, 10]);
            put(&value.to_be_bytes());
            put(&echo.to_be_bytes());
        }
        // What of accurate ECN is beyond a multiple of four takes the place of the padding that follows.
        let mut padding = [NOP; 2];
        if let Some((option, len)) = self.accurate_ecn_that_fits() {
            let (bytes, own) = (option.bytes(), option.len());
            put(&bytes[..own.min(len)]);
            (own..len).for_each(|_| put(&[NOP]));
            let rest = &bytes[len.min(own)..own];
            padding[..rest.len()].copy_from_slice(rest);
        }
        if self.sack_permitted && self.timestamps.is_none() {
            let [first, second] = core::mem::replace(&mut padding, [NOP; 2]);
            put(&[first, second, SACK_PERMITTED, 2]);
        }
        let blocks = self.sack_blocks_that_fit();
        if let Some(scale) = self.window_scale {
            // Two bytes do not fit into the place of one.
            let first = if padding[1] == NOP { core::mem::replace(&mut padding[0], NOP) } else { NOP };
            put(&[first, WINDOW_SCALE, 3, scale]);
        }
        if !blocks.is_empty() {
            put(&[padding[0], padding[1], SACK, 2 + 8 * blocks.len() as u8]);
        }
        for (left, right) in blocks {
            put(&left.to_be_bytes());
            put(&right.to_be_bytes());
        }
        if let Some((cookie, len)) = self.fast_open_that_fits() {
            let bytes = cookie.as_slice();
            if cookie.experimental {
                put(&[EXPERIMENT, 4 + bytes.len() as u8]);
                put(&FAST_OPEN_EXPERIMENT);
            } else {
                put(&[FAST_OPEN, 2 + bytes.len() as u8]);
            }
            put(bytes);
            let used = bytes.len() + if cookie.experimental { 4 } else { 2 };
            (used..len).for_each(|_| put(&[NOP]));
        }
    }
}

#[cfg(test)]
mod tests;
