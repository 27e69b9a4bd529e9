//! The one clock of stack, device and wire thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What time it is, in nanoseconds. Clones tell the same time.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    /// The time since the kernel was started.
    Real(std::time::Instant),
    /// The time that was last set.
    Virtual(Arc<AtomicU64>),
}

impl Clock {
    /// A clock that starts at zero now.
    pub(crate) fn start() -> Self {
        Clock::Real(std::time::Instant::now())
    }

    /// A clock that stands at `now` until it is set.
    pub(super) fn stand_at(now: u64) -> Self {
        Clock::Virtual(Arc::new(AtomicU64::new(now)))
    }

    /// Nanoseconds since the start; 584 years fit.
    pub(crate) fn now(&self) -> u64 {
        match self {
            Clock::Real(origin) => u64::try_from(origin.elapsed().as_nanos()).unwrap_or(u64::MAX),
            Clock::Virtual(now) => now.load(Ordering::Relaxed),
        }
    }

    /// Sets a virtual clock and all its clones, never back; real clocks go on as they do.
    pub(super) fn advance_to(&self, time: u64) {
        if let Clock::Virtual(now) = self {
            now.fetch_max(time, Ordering::Relaxed);
        }
    }
}
