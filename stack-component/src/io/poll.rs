//! Interface `wasi:io/poll`. The host waits by `reactor.watch`, never in here: what would have to wait traps.

use crate::Component;
use crate::bindings::exports::wasi::io::poll::{self, Guest, GuestPollable, PollableBorrow};
use crate::entry::enter;
use crate::state::{PollableHandle, Source};
use alloc::vec::Vec;

impl Guest for Component {
    type Pollable = Pollable;

    fn poll(pollables: Vec<PollableBorrow<'_>>) -> Vec<u32> {
        assert!(!pollables.is_empty(), "poll of nothing never ends");
        let handles: Vec<PollableHandle> =
            pollables.iter().map(|pollable| pollable.get::<Pollable>().handle()).collect();
        let ready: Vec<u32> = enter(|state, now| {
            let ready = (0..).zip(handles).filter(|&(_, pollable)| state.is_ready(pollable, now));
            ready.map(|(index, _)| index).collect()
        });
        assert!(!ready.is_empty(), "poll would have to wait: {MUST_WATCH}");
        ready
    }
}

/// The advice of a call that would have to wait.
pub(crate) const MUST_WATCH: &str = "the stack never blocks, its host waits by wnet:stack/reactor.watch";

/// A `pollable`.
pub(crate) struct Pollable(PollableHandle);

impl Pollable {
    pub(crate) fn handle(&self) -> PollableHandle {
        self.0
    }
}

impl GuestPollable for Pollable {
    fn ready(&self) -> bool {
        enter(|state, now| state.is_ready(self.0, now))
    }

    fn block(&self) {
        assert!(self.ready(), "pollable.block would have to wait: {MUST_WATCH}");
    }
}

impl Drop for Pollable {
    fn drop(&mut self) {
        enter(|state, _| state.drop_pollable(self.0));
    }
}

/// A new pollable resource.
pub(crate) fn subscribe(source: Source) -> poll::Pollable {
    poll::Pollable::new(Pollable(enter(|state, _| state.subscribe(source))))
}
