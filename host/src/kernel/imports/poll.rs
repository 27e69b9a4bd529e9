//! `wasi:io/poll` as the stack imports it: levels that can be asked for, and nothing to wait on.
//!
//! The stack runs under the big lock. If it waited, everybody would; so `block` and `poll` trap.

use super::super::bindings::wasi::io::poll::{Host, HostPollable};
use super::super::resources::Pollable;
use super::super::state::StackState;
use wasmtime::component::Resource;
use wasmtime::{Result, bail};

impl Host for StackState {
    fn poll(&mut self, _: Vec<Resource<Pollable>>) -> Result<Vec<u32>> {
        bail!("the stack called wasi:io/poll.poll: a stack is stepped and never waits")
    }
}

impl HostPollable for StackState {
    fn ready(&mut self, pollable: Resource<Pollable>) -> Result<bool> {
        Ok(match *self.table.get(&pollable)? {
            Pollable::Interrupt(index) => self.nic(index)?.interrupt_asserted(),
            Pollable::Timer(due) => self.clock.now() >= due,
            Pollable::Always => true,
        })
    }

    fn block(&mut self, _: Resource<Pollable>) -> Result<()> {
        bail!("the stack called pollable.block: a stack is stepped and never waits")
    }

    fn drop(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        self.table.delete(pollable)?;
        Ok(())
    }
}
