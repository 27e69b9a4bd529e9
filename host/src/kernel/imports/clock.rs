//! `wasi:clocks/monotonic-clock` for the stack.

use super::super::bindings::wasi::clocks::monotonic_clock::{Duration, Host, Instant};
use super::super::resources::Pollable;
use super::super::state::StackState;
use wasmtime::Result;
use wasmtime::component::Resource;

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
