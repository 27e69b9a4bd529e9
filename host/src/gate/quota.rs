//! How many sockets a guest may have.

use super::bindings::wasi::sockets::network::ErrorCode;

/// Sockets that one guest may have at a time. With five handles for each in the stack's Store and its own
/// table, all other limits lie above it.
const MAX_SOCKETS: usize = 65_536;

/// A guest's sockets, counted.
#[derive(Debug, Default)]
pub(super) struct Quota {
    used: usize,
}

impl Quota {
    /// Whether there may be one more (Linux: EMFILE).
    pub(super) fn check(&self) -> Result<(), ErrorCode> {
        if self.used < MAX_SOCKETS { Ok(()) } else { Err(ErrorCode::NewSocketLimit) }
    }

    /// There is one more.
    pub(super) fn take(&mut self) {
        self.used = self.used.saturating_add(1);
    }

    /// There is one less.
    pub(super) fn give_back(&mut self) {
        self.used = self.used.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_end_at_the_limit_and_come_back() {
        let mut quota = Quota::default();
        for _ in 0..MAX_SOCKETS {
            assert_eq!(quota.check(), Ok(()));
            quota.take();
        }
        assert_eq!(quota.check(), Err(ErrorCode::NewSocketLimit));
        quota.give_back();
        assert_eq!(quota.check(), Ok(()));
    }
}
