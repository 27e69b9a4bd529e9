//! How long a sender waited for what. Linux: `enum tcp_chrono`, `chrono_stat`.

use crate::time::{Duration, Instant};

/// What is measured; of several at once the last one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tcp) enum Wait {
    /// There is data to send, or on its way. Linux: `TCP_CHRONO_BUSY`.
    Busy,
    /// The peer's window is too small. Linux: `TCP_CHRONO_RWND_LIMITED`.
    PeerWindow,
    /// The send buffer is too small. Linux: `TCP_CHRONO_SNDBUF_LIMITED`.
    SendBuffer,
}

/// How long each of them was waited for.
#[derive(Debug, Default)]
pub(in crate::tcp) struct Chronograph {
    pub current: Option<(Wait, Instant)>,
    passed: [Duration; 3],
}

impl Chronograph {
    pub(in crate::tcp) fn switch(&mut self, now: Instant, to: Option<Wait>) {
        if let Some((wait, since)) = self.current {
            self.passed[wait as usize] += now.since(since);
        }
        self.current = to.map(|wait| (wait, now));
    }

    /// How long `wait` was waited for in all.
    pub(in crate::tcp) fn passed(&self, wait: Wait, now: Instant) -> Duration {
        let running = self.current.filter(|(current, _)| *current == wait);
        self.passed[wait as usize] + running.map_or(Duration::ZERO, |(_, since)| now.since(since))
    }
}
