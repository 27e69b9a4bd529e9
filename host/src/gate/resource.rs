//! A resource in an interface of the stack, which a guest has and can wait for.

#![allow(unreachable_pub, reason = "the bindings re-export the types of resources")]

use super::quota::Slot;
use super::ready::{Readiness, Watched, ready};
use crate::kernel::exports;
use crate::kernel::{Entered, Kernel, Owned, Ownership, StackState};
use std::marker::PhantomData;
use std::sync::Arc;
use wasmtime::component::ResourceAny;
use wasmtime::{Result, Store};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::poll::Pollable;

/// The store that the stack lives in.
pub(super) type Stack = Store<StackState>;

/// An interface of the stack that has a resource which can be waited for.
pub trait Interface: Send + Sync + 'static {
    /// The stack's functions.
    type Guest;

    /// The interface, if the stack has it.
    fn of(stack: &exports::Stack) -> Option<&Self::Guest>;

    /// The stack's pollable for a resource.
    fn subscribe(guest: &Self::Guest, stack: &mut Stack, resource: ResourceAny) -> Result<ResourceAny>;
}

/// A resource of the interface `I`. It dies with its stack.
pub struct StackResource<I> {
    pub(super) kernel: Arc<Kernel>,
    owner: Arc<Owned>,
    readiness: Readiness,
    /// Whose it is, of what is told of as somebody's.
    ownership: Option<Ownership>,
    interface: PhantomData<I>,
    /// Its place among the guest's sockets or look-ups, if it has one.
    slot: Option<Slot>,
}

impl<I: Interface> StackResource<I> {
    /// What `owner` owns in the stack.
    pub(super) fn new(kernel: Arc<Kernel>, owner: Arc<Owned>) -> Self {
        let readiness = Readiness::default();
        StackResource { kernel, owner, readiness, interface: PhantomData, slot: None, ownership: None }
    }

    /// It is a socket, takes this place, and is told of as the guest's.
    pub(super) fn counted(mut self, slot: Slot, ownership: Ownership) -> Self {
        self.slot = Some(slot);
        self.ownership = Some(ownership);
        self
    }

    /// It takes this place, and is no socket.
    pub(super) fn taking(mut self, slot: Slot) -> Self {
        self.slot = Some(slot);
        self
    }

    /// Whose it is.
    pub(super) fn ownership(&self) -> Option<&Ownership> {
        self.ownership.as_ref()
    }

    /// The stack's handle; none: it died with its stack.
    pub(super) fn handle(&self, stack: &Entered<'_>) -> Option<ResourceAny> {
        stack.get(&self.owner)
    }
}

impl<I: Interface> Watched for StackResource<I> {
    fn readiness(&mut self) -> &mut Readiness {
        &mut self.readiness
    }

    fn kernel(&self) -> Arc<Kernel> {
        Arc::clone(&self.kernel)
    }

    fn look(&mut self, stack: &mut Entered<'_>) -> Result<bool> {
        let (Some(guest), Some(handle)) = (I::of(stack.stack), self.handle(stack)) else { return Ok(true) };
        self.readiness.check(stack, &self.owner, |stack| I::subscribe(guest, &mut *stack.store, handle))
    }
}

#[async_trait]
impl<I: Interface> Pollable for StackResource<I> {
    async fn ready(&mut self) {
        ready(self).await;
    }
}
