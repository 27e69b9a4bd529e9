//! How much a guest may take: sockets and look-ups here, [buffers](super::buffers) beside them; its memory is its Store's matter.

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

/// Most look-ups of a guest, those included that have ended and that it has still: a quarter of those that the stack has
/// under way. Elsewhere a program's look-ups take its own memory; here one guest must leave some to the others.
const MAX_LOOKUPS: usize = 256;

/// A guest's sockets and look-ups, counted, and the sockets' buffers.
#[derive(Debug)]
pub(super) struct Quota {
    sockets: Places,
    lookups: Places,
    pub(super) buffers: Buffers,
}

/// How many of something a guest has.
#[derive(Debug)]
struct Places {
    used: Arc<AtomicUsize>,
    limit: usize,
}

/// The place of one of them; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<AtomicUsize>);

impl Places {
    fn new(limit: usize) -> Self {
        Places { used: Arc::default(), limit }
    }

    fn take(&self) -> Option<Slot> {
        let more = |used: usize| (used < self.limit).then_some(used + 1);
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|_| Slot(Arc::clone(&self.used)))
    }
}

impl Quota {
    /// Nothing is used yet.
    pub(super) fn new(limits: Limits) -> Self {
        Quota {
            sockets: Places::new(limits.sockets),
            lookups: Places::new(MAX_LOOKUPS),
            buffers: Buffers::new(limits.buffers),
        }
    }

    /// A place for one more socket (Linux: EMFILE).
    pub(super) fn take(&self) -> Result<Slot, ErrorCode> {
        self.sockets.take().ok_or(ErrorCode::NewSocketLimit)
    }

    /// A place for one more look-up (Linux: EAI_AGAIN).
    pub(super) fn take_lookup(&self) -> Result<Slot, ErrorCode> {
        self.lookups.take().ok_or(ErrorCode::TemporaryResolverFailure)
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

    #[test]
    fn look_ups_are_counted_by_themselves() {
        let quota = Quota::new(Limits { sockets: 0, ..Limits::default() });
        let slots: Vec<_> = (0..MAX_LOOKUPS).map(|_| quota.take_lookup().unwrap()).collect();
        assert_eq!(quota.take_lookup().err(), Some(ErrorCode::TemporaryResolverFailure));
        drop(slots);
        assert!(quota.take_lookup().is_ok());
    }
}
