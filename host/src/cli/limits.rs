//! How much a guest may take.

use crate::gate::Limits;

/// The options about limits.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct LimitArguments {
    /// Most sockets that each guest has at a time [default: 65536]
    #[arg(long, value_name = "N")]
    pub(super) max_sockets: Option<usize>,

    /// Most memory of each guest, in bytes, or with K, M or G behind the number [default: 4G]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(super) max_memory: Option<u64>,

    /// Most buffers of all TCP and UDP sockets of each guest, sent and received, likewise in bytes; the sizes of
    /// the buffers are fixed then [default: what the stack's settings allow]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(super) max_buffers: Option<u64>,
}

impl LimitArguments {
    /// The limits; what was not said is as usual.
    pub(super) fn limits(self) -> Limits {
        let usual = Limits::default();
        Limits {
            sockets: self.max_sockets.unwrap_or(usual.sockets),
            memory: self.max_memory.unwrap_or(usual.memory),
            buffers: self.max_buffers.or(usual.buffers),
        }
    }
}

/// A number of bytes: 1048576, 1024K, 1M.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    const EXPECTED: &str = "expected a number of bytes, as 1048576, 1024K, 1M or 1G";
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K') => (text.trim_end_matches('K'), 10),
        Some(b'M') => (text.trim_end_matches('M'), 20),
        Some(b'G') => (text.trim_end_matches('G'), 30),
        _ => (text, 0),
    };
    if text.len() - digits.len() > 1 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(EXPECTED.into());
    }
    let number: u64 = digits.parse().map_err(|_| EXPECTED)?;
    number.checked_mul(1 << shift).ok_or_else(|| EXPECTED.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_bytes() {
        for (text, expected) in [("0", 0), ("4096", 4096), ("64K", 65536), ("3M", 3 << 20), ("4G", 4 << 30)] {
            assert_eq!(bytes(text), Ok(expected));
        }
        for text in
            ["", "M", "-1", "+1", "1MM", "1 M", "1T", "1.5G", "99999999999999999999", "18446744073709551615K"]
        {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
