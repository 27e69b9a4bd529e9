//! The largest or the smallest of the values of the last while, in the space of three (Kathleen Nichols'
//! algorithm). Linux: `lib/win_minmax.c`.

/// The best, second best and third best value of a window of time; the times are whatever the user counts, and
/// wrap. Linux: `struct minmax`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Windowed {
    best: [Sample; 3],
}

#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    time: u32,
    value: u32,
}

impl Windowed {
    /// A window that has seen `value` at `time` alone. Linux: `minmax_reset`.
    pub(super) const fn new(time: u32, value: u32) -> Self {
        Windowed { best: [Sample { time, value }; 3] }
    }

    /// The best value.
    pub(super) const fn get(&self) -> u32 {
        self.best[0].value
    }

    /// Takes in a value; the largest of the last `window` is the best. Linux: `minmax_running_max`.
    pub(super) fn update_max(&mut self, window: u32, time: u32, value: u32) -> u32 {
        self.update(window, Sample { time, value }, |new, old| new >= old)
    }

    #[allow(dead_code, reason = "the least round trip is not kept yet")]
    /// Takes in a value; the smallest of the last `window` is the best. Linux: `minmax_running_min`.
    pub(super) fn update_min(&mut self, window: u32, time: u32, value: u32) -> u32 {
        self.update(window, Sample { time, value }, |new, old| new <= old)
    }

    fn update(&mut self, window: u32, new: Sample, better: impl Fn(u32, u32) -> bool) -> u32 {
        let [first, second, third] = self.best;
        if better(new.value, first.value) || age(new, third) > window {
            *self = Windowed::new(new.time, new.value);
            return new.value;
        }
        if better(new.value, second.value) {
            self.best = [first, new, new];
        } else if better(new.value, third.value) {
            self.best = [first, second, new];
        }
        self.forget_old(window, new);
        self.get()
    }

    /// The second best takes the place of a best that is too old, and so on; one that is younger is kept ready in
    /// time. Linux: `minmax_subwin_update`.
    fn forget_old(&mut self, window: u32, new: Sample) {
        let [first, second, third] = self.best;
        if age(new, first) > window {
            self.best = [second, third, new];
            if age(new, second) > window {
                self.best = [third, new, new];
            }
        } else if second.time == first.time && age(new, first) > window / 4 {
            self.best = [first, new, new];
        } else if third.time == second.time && age(new, first) > window / 2 {
            self.best = [first, second, new];
        }
    }
}

fn age(new: Sample, old: Sample) -> u32 {
    new.time.wrapping_sub(old.time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};
    use alloc::vec::Vec;

    #[test]
    fn falling_values_leave_with_their_time() {
        let mut window = Windowed::new(0, 0);
        let values = [90, 80, 70, 60, 50, 40, 30, 20, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10];
        for (time, value) in values.into_iter().enumerate() {
            let best = window.update_max(10, time as u32, value);
            assert!(best >= value && (time > 10 || best == 90), "{time}");
        }
        assert_eq!(window.get(), 10);
    }

    /// Never better than the true best of the window, never older than it, and exact when values improve.
    #[test]
    fn it_is_close_to_the_true_extreme() {
        let mut random = SeededRandom::new(7);
        let start = u32::MAX - 200;
        let (mut largest, mut smallest) = (Windowed::new(start, 0), Windowed::new(start, u32::MAX));
        let mut seen: Vec<u32> = Vec::new();
        for i in 0..1_000u32 {
            let (time, value) = (start.wrapping_add(i), random.below(1_000));
            seen.push(value);
            let recent = &seen[seen.len().saturating_sub(11)..];
            let max = largest.update_max(10, time, value);
            let min = smallest.update_min(10, time, value);
            assert!(max <= *recent.iter().max().unwrap() && max >= value, "{i}");
            assert!(min >= *recent.iter().min().unwrap() && min <= value, "{i}");
        }
    }
}
