//! Waiting for the stack.
//!
//! Each object of a guest that can be waited for has at most one pollable in the stack, made when it is
//! first needed, and armed at most once at a time. While it is armed and was not named, the object is not
//! ready, and nobody has to enter the stack to know.

use crate::kernel::{Armed, Entered, Kernel, Owned, StackDied};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use wasmtime::component::ResourceAny;

/// The stack's pollable for an object of a guest.
#[derive(Debug, Default)]
pub(super) struct Readiness {
    armed: Option<Arc<Armed>>,
    pollable: Option<Arc<Owned>>,
}

impl Drop for Readiness {
    /// Who waits still is woken: what was waited for is gone.
    fn drop(&mut self) {
        if let Some(armed) = &self.armed {
            armed.give_up();
        }
    }
}

impl Readiness {
    /// Whether the stack's pollable is ready; if not, the stack will tell. It is made by `subscribe` if there
    /// is none, and is a child of what `parent` owns.
    pub(super) fn check(
        &mut self,
        stack: &mut Entered<'_>,
        parent: &Arc<Owned>,
        subscribe: impl FnOnce(&mut Entered<'_>) -> wasmtime::Result<ResourceAny>,
    ) -> wasmtime::Result<bool> {
        let pollable = match self.pollable.as_ref().and_then(|pollable| stack.get(pollable)) {
            Some(pollable) => pollable,
            None => {
                let pollable = subscribe(stack)?;
                self.pollable = Some(stack.own(pollable, Some(parent)));
                pollable
            }
        };
        // The old one goes before the new one comes: they may have the same token.
        self.armed = None;
        self.armed = stack.arm(pollable)?.map(Arc::new);
        Ok(self.armed.is_none())
    }
}

/// Something of a guest's that can be waited for.
pub(super) trait Watched: Send {
    /// Where it waits.
    fn readiness(&mut self) -> &mut Readiness;

    /// The kernel whose stack it is in.
    fn kernel(&self) -> Arc<Kernel>;

    /// Whether it is ready without asking the stack.
    fn is_ready_anyway(&self) -> bool {
        false
    }

    /// Asks the stack; see [`Readiness::check`].
    fn look(&mut self, stack: &mut Entered<'_>) -> wasmtime::Result<bool>;
}

/// What has to fire before `watched` is ready; none: it is ready now. A stack that died makes everything ready
/// once: the operation that follows tells what became of it.
pub(super) fn unready(watched: &mut impl Watched) -> Option<Arc<Armed>> {
    loop {
        if watched.is_ready_anyway() {
            return None;
        }
        // What fires while its owner waits is news. What fired before may have been seen to already.
        if let Some(armed) = &watched.readiness().armed
            && !armed.has_fired()
        {
            return Some(Arc::clone(armed));
        }
        let kernel = watched.kernel();
        match kernel.enter(|stack| watched.look(stack)) {
            Ok(false) => {}
            Ok(true) | Err(StackDied::Failed(_) | StackDied::Restarted) => return None,
        }
    }
}

/// Waits until `watched` is ready.
pub(super) async fn ready(watched: &mut impl Watched) {
    if let Some(armed) = unready(watched) {
        armed.fired().await;
    }
}

/// A wait of somebody who is polled.
#[derive(Default)]
pub(super) struct Wait(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Wait {
    /// Whether `watched` is ready; if not, `context`'s task is woken when it is.
    pub(super) fn poll(&mut self, watched: &mut impl Watched, context: &mut Context<'_>) -> Poll<()> {
        if self.0.is_none() {
            let Some(armed) = unready(watched) else { return Poll::Ready(()) };
            self.0 = Some(Box::pin(async move { armed.fired().await }));
        }
        if let Some(fired) = &mut self.0 {
            ready!(fired.as_mut().poll(context));
        }
        self.0 = None;
        Poll::Ready(())
    }
}
