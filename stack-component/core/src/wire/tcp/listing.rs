//! Options as tcpdump shows them.

use super::accurate_ecn::{self, AccurateEcn};
use super::options::{
    EXPERIMENT, FAST_OPEN, FAST_OPEN_EXPERIMENT, Item, Items, MD5, MSS, NOP, SACK, SACK_PERMITTED,
    SIGNATURE_LEN, TIMESTAMPS, WINDOW_SCALE, be16, pair,
};
use core::fmt;

/// Shows bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Shows a list of options as tcpdump does, in the order they have on the wire.
pub(super) struct Listing<'a>(pub(super) &'a [u8]);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, Item { kind, value }) in Items(self.0).enumerate() {
            if nth > 0 {
                f.write_str(",")?;
            }
            match (kind, value.len()) {
                (NOP, _) => f.write_str("nop")?,
                (MSS, 2) => write!(f, "mss {}", be16(value).unwrap_or(0))?,
                (WINDOW_SCALE, 1) => write!(f, "wscale {}", value.first().copied().unwrap_or(0))?,
                (SACK_PERMITTED, 0) => f.write_str("sackOK")?,
                (SACK, len) if len % 8 == 0 => {
                    write!(f, "sack {} ", len / 8)?;
                    for (left, right) in value.chunks_exact(8).filter_map(pair) {
                        write!(f, "{{{left}:{right}}}")?;
                    }
                }
                (TIMESTAMPS, 8) => {
                    let (value, echo) = pair(value).unwrap_or_default();
                    write!(f, "TS val {value} ecr {echo}")?;
                }
                (MD5, SIGNATURE_LEN) => write!(f, "md5 {}", Hex(value))?,
                (accurate_ecn::ORDER_0 | accurate_ecn::ORDER_1, _) => match AccurateEcn::parse(kind, value) {
                    Some(option) => write!(f, "{option}")?,
                    None => write!(f, "unknown-{kind}")?,
                },
                (FAST_OPEN, 0) => f.write_str("tfo cookiereq")?,
                (FAST_OPEN, _) => write!(f, "tfo cookie {}", Hex(value))?,
                (EXPERIMENT, _) => match value.strip_prefix(&FAST_OPEN_EXPERIMENT) {
                    Some([]) => f.write_str("exp-tfo cookiereq")?,
                    Some(cookie) => write!(f, "exp-tfo cookie {}", Hex(cookie))?,
                    None => f.write_str("exp")?,
                },
                _ => write!(f, "unknown-{kind}")?,
            }
        }
        Ok(())
    }
}
