//! In which order segments were sent.

use crate::tcp::sequence::Sequence;
use crate::time::Instant;
use alloc::collections::VecDeque;
use core::ops::Range;

/// When segments were sent, and their ends, the earliest first. Linux: `tsorted_sent_queue`.
#[derive(Debug, Default)]
pub(super) struct Order {
    entries: VecDeque<(Instant, Sequence)>,
    /// How many entries changed their place: what taking some out costs, for those who test that.
    #[cfg(test)]
    pub(super) moved: u64,
}

impl Order {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<(Instant, Sequence)> {
        self.entries.get(index).copied()
    }

    /// A segment is sent, after all others.
    pub(super) fn push(&mut self, at: Instant, end: Sequence) {
        self.entries.push_back((at, end));
    }

    /// A segment has become two: this one was sent at `at` as well.
    pub(super) fn insert(&mut self, at: Instant, end: Sequence) {
        let place = self.entries.partition_point(|&(sent_at, _)| sent_at <= at);
        self.entries.insert(place, (at, end));
    }

    /// Takes off the first ones that end no later than `end`.
    pub(super) fn forget_until(&mut self, end: Sequence) {
        while self.entries.front().is_some_and(|(_, first)| !first.after(end)) {
            self.entries.pop_front();
        }
    }

    /// Two entries change places; there are such.
    pub(super) fn swap(&mut self, one: usize, other: usize) {
        #[cfg(test)]
        {
            self.moved += u64::from(one != other);
        }
        self.entries.swap(one, other);
    }

    /// Takes out the entries in `range`, which are there. Those before or those behind close up.
    pub(super) fn remove(&mut self, range: Range<usize>) {
        #[cfg(test)]
        {
            self.moved += range.start.min(self.entries.len() - range.end) as u64;
        }
        self.entries.drain(range);
    }
}
