//! How many sockets a guest may have.

use super::bindings::wasi::sockets::network::ErrorCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sockets that one guest may have at a time. With five handles for each in the stack's Store and its own
/// table, all other limits lie above it.
const MAX_SOCKETS: usize = 65_536;

/// A guest's sockets, counted.
#[derive(Debug, Default)]
pub(super) struct Quota {
    used: Arc<AtomicUsize>,
}

/// The place of one socket among its guest's; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<AtomicUsize>);

impl Quota {
    /// A place for one more (Linux: EMFILE).
    pub(super) fn take(&self) -> Result<Slot, ErrorCode> {
        let more = |used: usize| (used < MAX_SOCKETS).then_some(used + 1);
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
        let quota = Quota::default();
        let mut slots: Vec<_> = (0..MAX_SOCKETS).map(|_| quota.take().unwrap()).collect();
        assert_eq!(quota.take().err(), Some(ErrorCode::NewSocketLimit));
        slots.pop();
        assert!(quota.take().is_ok());
    }
}
