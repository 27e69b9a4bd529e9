//! The least or largest of the samples of the last while, by three of them (Kathleen Nichols's algorithm). Linux:
//! `lib/win_minmax.c`.

use crate::time::{Duration, Instant};

/// The best samples of a sliding window: the best, the best since it, and the best since that.
#[derive(Clone, Debug)]
pub(super) struct Windowed<T> {
    best: [(Instant, T); 3],
}

impl<T: Copy + PartialOrd> Windowed<T> {
    /// One sample.
    pub(super) fn new(now: Instant, value: T) -> Self {
        Windowed { best: [(now, value); 3] }
    }

    /// The best of the window.
    pub(super) fn best(&self) -> T {
        self.best[0].1
    }

    /// Takes a sample; the least of `window` is the best. Linux: `minmax_running_min`.
    pub(super) fn note_min(&mut self, window: Duration, now: Instant, value: T) {
        self.note(window, now, value, |new, old| new <= old);
    }

    fn note(&mut self, window: Duration, now: Instant, value: T, better: fn(T, T) -> bool) {
        let new = (now, value);
        if better(value, self.best[0].1) || now.since(self.best[2].0) > window {
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
    fn slide(&mut self, window: Duration, new: (Instant, T)) {
        let age = new.0.since(self.best[0].0);
        if age > window {
            self.best = [self.best[1], self.best[2], new];
            if new.0.since(self.best[0].0) > window {
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
}
