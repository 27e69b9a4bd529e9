//! What a sender waits for: the path, the peer's window, or its own send buffer. Linux: `tcp_chrono_start`,
//! `enum tcp_chrono`.

use super::connection::Connection;
use super::memory::Memory;
use super::options::TcpOptions;
use crate::time::{Duration, Instant};

/// What is measured; of several at once the last one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wait {
    /// There is data to send, or on its way. Linux: `TCP_CHRONO_BUSY`.
    Busy,
    /// The peer's window is too small. Linux: `TCP_CHRONO_RWND_LIMITED`.
    PeerWindow,
    /// The send buffer is too small. Linux: `TCP_CHRONO_SNDBUF_LIMITED`.
    SendBuffer,
}

/// How long each of them was waited for.
#[derive(Debug, Default)]
pub(super) struct Chronograph {
    current: Option<(Wait, Instant)>,
    passed: [Duration; 3],
}

impl Chronograph {
    fn switch(&mut self, now: Instant, to: Option<Wait>) {
        if let Some((wait, since)) = self.current {
            self.passed[wait as usize] += now.since(since);
        }
        self.current = to.map(|wait| (wait, now));
    }

    /// How long `wait` was waited for in all.
    pub(super) fn passed(&self, wait: Wait, now: Instant) -> Duration {
        let running = self.current.filter(|(current, _)| *current == wait);
        self.passed[wait as usize] + running.map_or(Duration::ZERO, |(_, since)| now.since(since))
    }
}

impl Connection {
    /// From now on `wait` is waited for, unless it is something worse already.
    pub(super) fn start_wait(&mut self, now: Instant, wait: Wait) {
        if self.chronograph.current.is_none_or(|(current, _)| wait > current) {
            self.chronograph.switch(now, Some(wait));
        }
    }

    /// `wait` is over; without anything to send or on its way nothing is waited for.
    pub(super) fn stop_wait(&mut self, now: Instant, wait: Wait) {
        if self.send.sent.is_empty() && self.unsent() == 0 {
            self.chronograph.switch(now, None);
        } else if self.chronograph.current.is_some_and(|(current, _)| current == wait) {
            self.chronograph.switch(now, Some(Wait::Busy));
        }
    }

    /// There may be room again for an owner who found none. Linux: `tcp_check_space`.
    pub(super) fn note_space(&mut self, now: Instant, options: &TcpOptions, memory: &Memory) {
        if self.send.no_space && self.send_space(options, memory) > 0 {
            self.send.no_space = false;
            self.stop_wait(now, Wait::SendBuffer);
        }
    }
}
