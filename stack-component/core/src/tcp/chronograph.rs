//! What a sender waits for: the path, the peer's window, or its own send buffer. Linux: `tcp_chrono_start`,
//! `enum tcp_chrono`.

use super::connection::{Connection, Wait};
use super::memory::Memory;
use super::options::TcpOptions;
use crate::time::Instant;

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
