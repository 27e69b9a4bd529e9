//! Waiting for the stack.
//!
//! Each object of a guest that can be waited for has at most one pollable in the stack, made when it is
//! first needed, and armed at most once at a time. While it is armed and was not named, the object is not
//! ready, and nobody has to enter the stack to know.

use crate::kernel::{Armed, Entered, Kernel, Owned, StackDied};
use std::sync::Arc;
use wasmtime::component::ResourceAny;

/// The stack's pollable for an object of a guest.
#[derive(Debug, Default)]
pub(super) struct Readiness {
    armed: Option<Armed>,
    pollable: Option<Arc<Owned>>,
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
        self.armed = stack.arm(pollable)?;
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

/// Waits until `watched` is ready. A stack that died makes everything ready once: the operation that follows
/// tells what became of it.
pub(super) async fn ready(watched: &mut impl Watched) {
    loop {
        if watched.is_ready_anyway() {
            return;
        }
        // What fires while its owner waits is news. What fired before may have been seen to already.
        if let Some(armed) = &watched.readiness().armed
            && !armed.has_fired()
        {
            armed.fired().await;
            return;
        }
        let kernel = watched.kernel();
        match kernel.enter(|stack| watched.look(stack)) {
            Ok(false) => {}
            Ok(true) | Err(StackDied::Failed(_) | StackDied::Restarted) => return,
        }
    }
}
