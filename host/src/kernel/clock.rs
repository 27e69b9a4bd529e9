//! `wasi:clocks/monotonic-clock` for the stack: the one clock of stack, device and wire thread.

use super::bindings::wasi::clocks::monotonic_clock::{Duration, Host, Instant};
use super::poll::Pollable;
use super::state::StackState;
use wasmtime::Result;
use wasmtime::component::Resource;

/// Nanoseconds since the kernel was started. Copies tell the same time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: std::time::Instant,
}

impl Clock {
    /// A clock that starts at zero now.
    pub(crate) fn start() -> Self {
        Clock { origin: std::time::Instant::now() }
    }

    /// Nanoseconds since the start; 584 years fit.
    pub(crate) fn now(self) -> u64 {
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Host for StackState {
    fn now(&mut self) -> Result<Instant> {
        Ok(self.clock.now())
    }

    fn resolution(&mut self) -> Result<Duration> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, when: Instant) -> Result<Resource<Pollable>> {
        Ok(self.table.push(Pollable::Timer(when))?)
    }

    fn subscribe_duration(&mut self, when: Duration) -> Result<Resource<Pollable>> {
        let due = self.clock.now().saturating_add(when);
        self.subscribe_instant(due)
    }
}
