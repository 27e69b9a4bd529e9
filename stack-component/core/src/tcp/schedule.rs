//! Timers of sockets and of what is smaller, on the stack's wheel.

use super::table::{Entry, Tcp};
use crate::time::Instant;

/// Timers beyond twice the number of what has any, before those that nobody waits for are thrown away.
const SPARE_TIMERS: usize = 256;

impl Tcp {
    /// Arms a timer. The wheel cannot cancel one: what it holds of those that are gone, or wait for something nearer, is
    /// thrown away before it is more than what lives. Else a keep-alive time of hours would let a wheel grow that long.
    pub(super) fn arm(&mut self, deadline: Instant, entry: Entry) {
        self.wheel.arm(deadline, entry);
        let living = self.sockets.len() + self.requests.len() + self.time_waits.len();
        if self.wheel.len() > 2 * living + SPARE_TIMERS {
            self.rebuild_wheel();
        }
    }

    fn rebuild_wheel(&mut self) {
        let (requests, time_waits) = (&self.requests, &self.time_waits);
        self.wheel.retain(|entry| match *entry {
            Entry::Connection(_) => false,
            Entry::Request(handle) => requests.get(handle).is_some(),
            Entry::TimeWait(handle) => time_waits.get(handle).is_some(),
        });
        for (handle, socket) in self.sockets.iter() {
            if let Some(deadline) = socket.connection().and_then(|connection| connection.timers.scheduled) {
                self.wheel.arm(deadline, Entry::Connection(handle));
            }
        }
    }
}
