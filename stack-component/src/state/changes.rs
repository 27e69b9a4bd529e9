//! Those who are told of changes.

use super::State;
use alloc::vec::Vec;
use stack_core::stack::{ChangeGroups, SubscriberHandle};

impl State {
    /// Tells somebody of changes; none if there are too many who want to know.
    pub(crate) fn watch_changes(&mut self, groups: ChangeGroups) -> Option<SubscriberHandle> {
        let subscriber = self.stack.subscribe(groups)?;
        self.subscribers.insert(subscriber, Vec::new());
        Some(subscriber)
    }

    /// Somebody does not want to be told any more; who waits for it shall see.
    pub(crate) fn drop_subscriber(&mut self, subscriber: SubscriberHandle) {
        for pollable in self.subscribers.get(&subscriber).cloned().unwrap_or_default() {
            self.fire(pollable);
        }
        self.subscribers.remove(&subscriber);
        self.stack.unsubscribe(subscriber);
    }
}
