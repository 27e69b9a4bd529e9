//! How much a guest may take: sockets here, [buffers](super::buffers) beside them; its memory is its Store's matter.

use super::bindings::wasi::sockets::network::ErrorCode;
use super::buffers::Buffers;

/// How much one guest may take. It is told new-socket-limit or out-of-memory at the end of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sockets at a time. Linux: RLIMIT_NOFILE.
    pub sockets: usize,
    /// Bytes of linear memories and tables together. Linux: RLIMIT_AS.
    pub memory: u64,
    /// Bytes of the buffers of its TCP and UDP sockets together; none: what the stack's settings allow.
    pub buffers: Option<u64>,
}

impl Default for Limits {
    /// With five handles for each socket in the stack's Store and the guest's table, all other limits lie above this
    /// one; and a 32-bit guest cannot have more than 4 GiB.
    fn default() -> Self {
        Limits { sockets: 65_536, memory: 4 << 30, buffers: None }
    }
}

/// A guest's sockets, counted, and their buffers.
#[derive(Debug)]
pub(super) struct Quota {
    used: usize,
    limit: usize,
    pub(super) buffers: Buffers,
}

impl Quota {
    /// Nothing is used yet.
    pub(super) fn new(limits: Limits) -> Self {
        Quota { used: 0, limit: limits.sockets, buffers: Buffers::new(limits.buffers) }
    }

    /// Whether there may be one more (Linux: EMFILE).
    pub(super) fn check(&self) -> Result<(), ErrorCode> {
        if self.used < self.limit { Ok(()) } else { Err(ErrorCode::NewSocketLimit) }
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
        let mut quota = Quota::new(Limits { sockets: 3, ..Limits::default() });
        for _ in 0..3 {
            assert_eq!(quota.check(), Ok(()));
            quota.take();
        }
        assert_eq!(quota.check(), Err(ErrorCode::NewSocketLimit));
        quota.give_back();
        assert_eq!(quota.check(), Ok(()));
    }
}
