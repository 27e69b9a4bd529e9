//! The least or largest of the samples of the last while, by three of them (Kathleen Nichols's algorithm). Linux:
//! `lib/win_minmax.c`.

use crate::time::{Duration, Instant};
use core::ops::Div;

/// What tells how old a sample is.
pub(super) trait Moment: Copy + PartialEq {
    /// The time between two of them.
    type Span: Copy + PartialOrd + Div<u32, Output = Self::Span>;

    /// The time since `earlier`.
    fn age(self, earlier: Self) -> Self::Span;
}

impl Moment for Instant {
    type Span = Duration;

    fn age(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// A count that wraps, of round trips say.
impl Moment for u32 {
    type Span = u32;

    fn age(self, earlier: Self) -> u32 {
        self.wrapping_sub(earlier)
    }
}

/// The best samples of a sliding window: the best, the best since it, and the best since that. Linux: `struct
/// minmax`.
#[derive(Clone, Debug)]
pub(super) struct Windowed<T, M = Instant> {
    best: [(M, T); 3],
}

impl<T: Copy + PartialOrd, M: Moment> Windowed<T, M> {
    /// One sample.
    pub(super) fn new(now: M, value: T) -> Self {
        Windowed { best: [(now, value); 3] }
    }

    /// The best of the window.
    pub(super) fn best(&self) -> T {
        self.best[0].1
    }

    /// Takes a sample; the least of `window` is the best. Linux: `minmax_running_min`.
    pub(super) fn note_min(&mut self, window: M::Span, now: M, value: T) {
        self.note(window, now, value, |new, old| new <= old);
    }

    /// Takes a sample; the largest of `window` is the best. Linux: `minmax_running_max`.
    pub(super) fn note_max(&mut self, window: M::Span, now: M, value: T) {
        self.note(window, now, value, |new, old| new >= old);
    }

    fn note(&mut self, window: M::Span, now: M, value: T, better: fn(T, T) -> bool) {
        let new = (now, value);
        if better(value, self.best[0].1) || now.age(self.best[2].0) > window {
            self.best = [new; 3];
            return;
        }
        if better(value, self.best[1].1) {
            self.best[1] = new;
            self.best[2] = new;
        } else if better(value, self.best[2].1) {
            self.best[2] = new;
        }
        self.slide(window, new);
    }

    /// Old samples make room for the next best. Linux: `minmax_subwin_update`.
    fn slide(&mut self, window: M::Span, new: (M, T)) {
        let age = new.0.age(self.best[0].0);
        if age > window {
            self.best = [self.best[1], self.best[2], new];
            if new.0.age(self.best[0].0) > window {
                self.best = [self.best[1], self.best[2], new];
            }
        } else if self.best[1].0 == self.best[0].0 && age > window / 4 {
            // A quarter has passed without a second choice: take one from this quarter.
            self.best[1] = new;
            self.best[2] = new;
        } else if self.best[2].0 == self.best[1].0 && age > window / 2 {
            self.best[2] = new;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};
    use alloc::vec::Vec;

    /// Never below the true least of the window, and never older than the window.
    #[test]
    fn the_least_is_forgotten_after_its_time() {
        let window = Duration::from_secs(10);
        let at = |second: u64| Instant::from_millis(second * 1000);
        let mut least = Windowed::new(at(0), 50);
        for (second, value, expected) in [
            (1, 40, 40),
            (3, 60, 40),
            (7, 55, 40),
            (11, 70, 40),
            (12, 70, 55),
            (18, 80, 70),
            (19, 10, 10),
            (40, 90, 90),
        ] {
            least.note_min(window, at(second), value);
            assert_eq!(least.best(), expected, "after {second} s");
        }
    }

    /// Never better than the true extreme of the window, never worse than the newest sample.
    #[test]
    fn it_stays_between_the_newest_and_the_true_extreme() {
        let mut random = SeededRandom::new(7);
        let start = u32::MAX - 200;
        let (mut largest, mut least) = (Windowed::new(start, 0), Windowed::new(start, u32::MAX));
        let mut seen: Vec<u32> = Vec::new();
        for i in 0..1_000 {
            let (time, value) = (start.wrapping_add(i), random.below(1_000));
            seen.push(value);
            let recent = &seen[seen.len().saturating_sub(11)..];
            largest.note_max(10, time, value);
            least.note_min(10, time, value);
            assert!((value..=*recent.iter().max().unwrap()).contains(&largest.best()), "{i}");
            assert!((*recent.iter().min().unwrap()..=value).contains(&least.best()), "{i}");
        }
    }
}
