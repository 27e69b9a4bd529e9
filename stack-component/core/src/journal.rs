//! What changed in a layer and was not told yet. Linux: what `rtmsg_ifinfo`, `rtmsg_fib` and their kin send.
//!
//! A layer notes its changes where it makes them; the stack collects them at the end of a call
//! ([`Stack::take_wakeups`](crate::Stack::take_wakeups)). While nobody listens, nothing is kept and nothing is copied.
//! Memory: at most [`MOST`] changes of each layer wait; what is more is lost, and that is told.

use alloc::vec::Vec;

/// Most changes that wait to be collected.
pub const MOST: usize = 4096;

/// What happened to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is there, or is different from before. Linux: `RTM_NEW...`.
    New,
    /// It stands in the place of another. Linux: `RTM_NEW...` with `NLM_F_REPLACE`.
    Replaced,
    /// It is gone. Linux: `RTM_DEL...`.
    Gone,
}

/// The changes of one layer, in their order.
#[derive(Debug)]
pub struct Journal<T> {
    heard: bool,
    entries: Vec<(Event, T)>,
    lost: bool,
}

impl<T> Default for Journal<T> {
    fn default() -> Self {
        Journal { heard: false, entries: Vec::new(), lost: false }
    }
}

impl<T> Journal<T> {
    /// From now on changes are kept, or are not any more.
    pub fn set_heard(&mut self, heard: bool) {
        *self = Journal { heard, ..Journal::default() };
    }

    /// Whether changes are kept.
    pub fn is_heard(&self) -> bool {
        self.heard
    }

    /// Takes note of a change, if somebody listens.
    pub fn note(&mut self, event: Event, what: impl FnOnce() -> T) {
        match self.entries.len() < MOST {
            _ if !self.heard => {}
            true => self.entries.push((event, what())),
            false => self.lost = true,
        }
    }

    /// Hands the changes out, and whether some were lost.
    pub fn take(&mut self) -> (Vec<(Event, T)>, bool) {
        (core::mem::take(&mut self.entries), core::mem::take(&mut self.lost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_for_nobody_and_not_everything_for_somebody() {
        let mut journal = Journal::default();
        journal.note(Event::New, || panic!("nobody listens"));
        assert_eq!(journal.take(), (Vec::<(Event, usize)>::new(), false));
        journal.set_heard(true);
        (0..=MOST).for_each(|number| journal.note(Event::Gone, || number));
        let (entries, lost) = journal.take();
        assert_eq!((entries.len(), entries.last(), lost), (MOST, Some(&(Event::Gone, MOST - 1)), true));
        assert_eq!(journal.take(), (Vec::new(), false));
    }
}
