//! The stack from inside of the big lock.

use super::exports::Stack;
use super::handles::{Generation, Owned, Reaper};
use super::image::Running;
use super::memory::{Memory, Told};
use super::state::StackState;
use super::waiters::{Armed, Waiters};
use std::sync::Arc;
use wasmtime::component::ResourceAny;
use wasmtime::{Result, Store};

/// What somebody holds who entered the stack: its exports and its Store, for as long as the lock is held.
///
/// Any error of a call into the stack means that this life of it is over, so it has to be passed on.
pub struct Entered<'a> {
    /// The stack's exports.
    pub stack: &'a Stack,
    /// Where they run.
    pub store: &'a mut Store<StackState>,
    network: &'a mut Option<ResourceAny>,
    generation: Generation,
    memory: &'a mut Memory,
    reaper: &'a Arc<Reaper>,
    waiters: &'a Arc<Waiters>,
}

impl<'a> Entered<'a> {
    pub(super) fn new(
        running: &'a mut Running,
        memory: &'a mut Memory,
        reaper: &'a Arc<Reaper>,
        waiters: &'a Arc<Waiters>,
    ) -> Self {
        let Running { store, stack, generation, network } = running;
        Entered { stack, store, network, generation: *generation, memory, reaper, waiters }
    }

    /// Has the stack change something, and takes note of what was done: one that is started in its place is told, too.
    ///
    /// # Errors
    /// When the stack trapped. Then it was not told.
    pub(crate) fn tell<R, E>(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<std::result::Result<R, E>>,
        told: impl FnOnce(&R) -> Told,
    ) -> Result<std::result::Result<R, E>> {
        // Before the change: whoever sees the stack die may tell the next one again.
        if self.memory.is_full() {
            self.memory.condense(self.stack, self.store)?;
        }
        let done = change(self)?;
        if let Ok(value) = &done {
            let told = told(value).completed(self.stack, self.store)?;
            told.into_iter().for_each(|told| self.memory.keep(told));
        }
        Ok(done)
    }

    /// The handle that `owned` owns; `None` if it was one of an earlier life.
    pub(crate) fn get(&self, owned: &Owned) -> Option<ResourceAny> {
        owned.get(self.generation)
    }

    /// Makes somebody the owner of `resource`, a child of `parent`.
    pub(crate) fn own(&self, resource: ResourceAny, parent: Option<&Arc<Owned>>) -> Arc<Owned> {
        Owned::new(resource, self.generation, self.reaper, parent)
    }

    /// The network that sockets are bound to and connected over.
    ///
    /// # Errors
    /// When the stack trapped.
    pub fn network(&mut self) -> Result<ResourceAny> {
        if let Some(network) = *self.network {
            return Ok(network);
        }
        let network = self.stack.wasi_sockets_instance_network().call_instance_network(&mut *self.store)?;
        *self.network = Some(network);
        Ok(network)
    }

    /// The stack's counters; none when it does not export them.
    ///
    /// # Errors
    /// When the stack trapped.
    pub fn counters(&mut self) -> Result<Vec<(String, u64)>> {
        let Some(control) = self.stack.control() else { return Ok(Vec::new()) };
        let counters = control.call_counters(&mut *self.store)?;
        Ok(counters.into_iter().map(|counter| (counter.name, counter.value)).collect())
    }

    /// Resets the connection of `socket`, if the stack can do that.
    ///
    /// # Errors
    /// When the stack trapped.
    pub fn abort_tcp(&mut self, socket: ResourceAny) -> Result<()> {
        self.stack.abort().map_or(Ok(()), |abort| abort.call_abort_tcp(&mut *self.store, socket))
    }

    /// Has the stack tell when `pollable` is ready; `None` if it is ready now.
    pub(crate) fn arm(&mut self, pollable: ResourceAny) -> Result<Option<Armed>> {
        let token = self.stack.wnet_stack_reactor().call_watch(&mut *self.store, pollable)?;
        if self.store.data_mut().notices.take_ready(token) {
            return Ok(None);
        }
        Ok(Some(self.waiters.arm(self.generation, token)))
    }
}
