//! Those who are told of changes.

use super::State;
use stack_core::stack::{ChangeGroups, SocketHandle, SubscriberHandle};

impl State {
    /// Tells somebody of changes; none if there are too many who want to know.
    pub(crate) fn watch_changes(&mut self, groups: ChangeGroups) -> Option<SubscriberHandle> {
        let subscriber = self.stack.subscribe(groups)?;
        self.add_plain(SocketHandle::Subscriber(subscriber));
        Some(subscriber)
    }

    /// Somebody does not want to be told any more; who waits for it shall see.
    pub(crate) fn drop_subscriber(&mut self, subscriber: SubscriberHandle) {
        self.forget_plain(SocketHandle::Subscriber(subscriber));
        self.stack.unsubscribe(subscriber);
    }
}
