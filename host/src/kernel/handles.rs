//! Handles to the stack's resources, given back when their owners drop them.
//!
//! A `ResourceAny` does not drop itself: that needs the Store, and so the big lock, which a destructor must
//! not take. So [`Owned`] leaves the handle with the [`Reaper`], and the next entry into the stack drops it.
//! A child keeps its parent alive, which makes the order right whatever order the owners die in: a pollable
//! goes before its stream, a stream before its socket.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use wasmtime::component::ResourceAny;

/// Which life of the stack something belongs to: a stack that died and was started again has a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Generation(pub(super) u64);

/// An owned handle to a resource of the stack.
#[derive(Debug)]
pub(crate) struct Owned {
    resource: ResourceAny,
    generation: Generation,
    reaper: Arc<Reaper>,
    /// Dropped after this handle was left with the reaper.
    _parent: Option<Arc<Owned>>,
}

impl Owned {
    pub(super) fn new(
        resource: ResourceAny,
        generation: Generation,
        reaper: &Arc<Reaper>,
        parent: Option<&Arc<Owned>>,
    ) -> Arc<Self> {
        let (reaper, parent) = (Arc::clone(reaper), parent.cloned());
        Arc::new(Owned { resource, generation, reaper, _parent: parent })
    }

    /// The handle, if it is one of this life of the stack.
    pub(super) fn get(&self, generation: Generation) -> Option<ResourceAny> {
        (self.generation == generation).then_some(self.resource)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.reaper.leave(self.generation, self.resource);
    }
}

/// Most handles that are dropped in one entry, of a guest that ends with many as of any other: each may close a
/// connection and send for it, and meanwhile nobody else gets in.
pub(crate) const MAX_REAPED: usize = 512;

/// Where dropped handles wait for the next entry into the stack.
#[derive(Debug, Default)]
pub(crate) struct Reaper {
    dead: Mutex<VecDeque<(Generation, ResourceAny)>>,
    waiting: AtomicBool,
}

impl Reaper {
    fn leave(&self, generation: Generation, resource: ResourceAny) {
        let mut dead = super::unpoisoned(self.dead.lock());
        dead.push_back((generation, resource));
        self.waiting.store(true, Ordering::Release);
    }

    /// Whether handles wait. Cheap: it is asked at every entry.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire)
    }

    /// The handles of this life of the stack that go next; others may wait still.
    pub(super) fn take(&self, generation: Generation) -> Vec<ResourceAny> {
        let mut dead = super::unpoisoned(self.dead.lock());
        let taken = first(&mut dead, generation);
        self.waiting.store(!dead.is_empty(), Ordering::Release);
        taken
    }
}

/// The first [`MAX_REAPED`] of this life of the stack, in the order in which they were dropped. Those of earlier lives died
/// with their Store.
fn first<T>(dead: &mut VecDeque<(Generation, T)>, generation: Generation) -> Vec<T> {
    let mut taken = Vec::new();
    while taken.len() < MAX_REAPED
        && let Some((life, resource)) = dead.pop_front()
    {
        if life == generation {
            taken.push(resource);
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_drops_so_many_handles_in_their_order_and_leaves_the_rest() {
        let (old, new) = (Generation(1), Generation(2));
        let mut dead: VecDeque<_> = (0..2000).map(|number| (old, number)).collect();
        dead.extend((0..MAX_REAPED + 1).map(|number| (new, number)));
        assert!(first(&mut dead, new).into_iter().eq(0..MAX_REAPED));
        assert_eq!(first(&mut dead, new), [MAX_REAPED]);
        assert!(dead.is_empty() && first(&mut dead, new).is_empty());
    }
}
