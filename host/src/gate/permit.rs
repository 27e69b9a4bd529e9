//! Permits of `check-write` and `check-send`.
//!
//! The standard has a guest trap that writes more than it was permitted. The gate sees to it, because the
//! stack that would trap otherwise serves other guests too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime_wasi_io::streams::StreamError;

/// How much the next call may take, in bytes or datagrams. Its clones are the same permit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Permit(Arc<AtomicU64>);

impl Permit {
    /// `check-write` or `check-send` answered this.
    pub(crate) fn grant(&mut self, amount: u64) {
        self.0.store(amount, Ordering::Relaxed);
    }

    /// What it is good for still.
    pub(crate) fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// A guest writes `len` bytes to a stream.
    ///
    /// # Errors
    /// The trap of a guest that was not permitted as many.
    pub(crate) fn redeem_write(&mut self, len: usize) -> Result<(), StreamError> {
        self.redeem(len).map_err(|Exceeded { asked, permitted }| {
            let text =
                wasmtime::format_err!("write of {asked} bytes where check-write permitted {permitted}");
            StreamError::Trap(text)
        })
    }

    /// A call wants to take `amount`. The permit is good for one call that takes something.
    pub(super) fn redeem(&mut self, amount: usize) -> Result<(), Exceeded> {
        if amount == 0 {
            return Ok(());
        }
        let permitted = self.0.swap(0, Ordering::Relaxed);
        let asked = amount as u64;
        if asked > permitted { Err(Exceeded { asked, permitted }) } else { Ok(()) }
    }
}

/// More was asked for than was permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exceeded {
    /// What the call brought.
    pub(super) asked: u64,
    /// What it might have brought.
    pub(super) permitted: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_is_good_for_one_call() {
        let mut permit = Permit::default();
        assert_eq!(permit.redeem(0), Ok(()), "nothing needs no permit");
        assert_eq!(permit.redeem(1), Err(Exceeded { asked: 1, permitted: 0 }));
        permit.grant(10);
        assert_eq!(permit.redeem(0), Ok(()));
        assert_eq!(permit.redeem(10), Ok(()));
        assert_eq!(permit.redeem(1), Err(Exceeded { asked: 1, permitted: 0 }));
        permit.grant(10);
        assert_eq!(permit.redeem(11), Err(Exceeded { asked: 11, permitted: 10 }));
        permit.grant(10);
        permit.grant(3);
        assert_eq!(permit.redeem(4), Err(Exceeded { asked: 4, permitted: 3 }), "the last answer counts");
    }
}
