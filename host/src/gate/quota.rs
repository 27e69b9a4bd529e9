//! How much a guest may take: sockets here, [buffers](super::buffers) beside them; its memory is its Store's matter.

use super::bindings::wasi::sockets::network::ErrorCode;
use super::buffers::Buffers;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    used: Arc<AtomicUsize>,
    limit: usize,
    pub(super) buffers: Buffers,
}

/// The place of one socket among its guest's; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<AtomicUsize>);

impl Quota {
    /// Nothing is used yet.
    pub(super) fn new(limits: Limits) -> Self {
        Quota { used: Arc::default(), limit: limits.sockets, buffers: Buffers::new(limits.buffers) }
    }

    /// A place for one more (Linux: EMFILE).
    pub(super) fn take(&self) -> Result<Slot, ErrorCode> {
        let more = |used: usize| (used < self.limit).then_some(used + 1);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => Ok(Slot(Arc::clone(&self.used))),
            Err(_) => Err(ErrorCode::NewSocketLimit),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_end_at_the_limit_and_come_back() {
        let quota = Quota::new(Limits { sockets: 3, ..Limits::default() });
        let mut slots: Vec<_> = (0..3).map(|_| quota.take().unwrap()).collect();
        assert_eq!(quota.take().err(), Some(ErrorCode::NewSocketLimit));
        slots.pop();
        assert!(quota.take().is_ok());
    }
}
