//! When slow start ends before anything is lost. Linux: `hystart_update` of `net/ipv4/tcp_cubic.c`.
//!
//! Two ways, one of which a connection uses:
//!
//! - [`SlowStartExit::HyStart`] is Linux's and the default: slow start is over for good, at the present window, when
//!   the acknowledgements of a round come without a pause for longer than half the least round trip (the pipe is
//!   full of them), or when the round trip grows by an eighth (4 to 16 ms). Rounds are told apart from the first
//!   segment on, as in Linux since 6.14; before, they were not below the least window.
//! - [`SlowStartExit::Conservative`] is HyStart++ (RFC 9406): when the round trip grows by that much from one round
//!   to the next, the window grows four times slower for five rounds, and slow start goes on if the growth of the
//!   round trip was a mistake. Linux does not have it. Acknowledgement trains are not looked at: on a paced or
//!   a thinned path they mislead.
//!
//! Both count into the same counters.

use super::{Path, Window};
use crate::counters::{Counter, Counters};
use crate::tcp::sequence::Sequence;

/// Round trips of a round that are looked at before it is judged (RFC 9406 section 4.3). Linux:
/// `HYSTART_MIN_SAMPLES`.
const SAMPLES: u8 = 8;
/// Least and most growth of the round trip that ends slow start, in microseconds (RFC 9406 section 4.3). Linux:
/// `HYSTART_DELAY_MIN`, `HYSTART_DELAY_MAX`.
const GROWTH: (u32, u32) = (4_000, 16_000);
/// Below so many segments nothing is judged. Linux: `hystart_low_window`.
const LOW_WINDOW: u32 = 16;
/// Acknowledgements so close together, in microseconds, are a train. Linux: `hystart_ack_delta_us`.
const TRAIN_GAP: u64 = 2_000;
/// Most allowance for packets that wait for company on their way, in microseconds. Linux: `hystart_ack_delay`.
const MAX_AGGREGATION: u64 = 1_000;
/// Bytes of the largest burst of packets that travel as one. Linux: `sk_gso_max_size`.
const BURST: u64 = 65_536;
/// By how much slower conservative slow start is, and how many rounds it lasts (RFC 9406 section 4.3).
const CONSERVATIVE_DIVISOR: u32 = 4;
const CONSERVATIVE_ROUNDS: u8 = 5;

/// How slow start ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tcp) enum SlowStartExit {
    /// As in Linux.
    #[default]
    HyStart,
    /// RFC 9406.
    Conservative,
}

/// What a round of slow start showed so far. Linux: the second half of `struct bictcp`.
#[derive(Debug, Default)]
pub(super) struct HyStart {
    exit: SlowStartExit,
    /// Slow start is over; a later one is not judged until everything begins again. Linux: `found`.
    found: bool,
    /// When the round began, in microseconds. Linux: `round_start`.
    round_start: u64,
    /// The last acknowledgement of the train. Linux: `last_ack`.
    last_ack: u64,
    /// What was sent when the round began ends here. Linux: `end_seq`.
    round_end: Sequence,
    /// The least round trip of this round in microseconds; none yet. Linux: `curr_rtt`.
    least: Option<u32>,
    /// The least round trip of the round before. RFC 9406: `lastRoundMinRTT`.
    last_least: Option<u32>,
    /// How many were seen. Linux: `sample_cnt`.
    samples: u8,
    conservative: Option<Conservative>,
}

/// Conservative slow start (RFC 9406 section 4.2).
#[derive(Debug)]
struct Conservative {
    /// The least round trip of the round that began it: below it, it was a mistake.
    baseline: u32,
    /// Rounds begun so far.
    rounds: u8,
    /// Acknowledged segments that are not a quarter of anything yet.
    remainder: u32,
}

impl HyStart {
    pub(super) fn new(exit: SlowStartExit) -> Self {
        HyStart { exit, ..HyStart::default() }
    }

    /// Everything begins again. Linux: `bictcp_reset`, `bictcp_hystart_reset`.
    pub(super) fn reset(&mut self, path: &Path) {
        *self = HyStart::new(self.exit);
        self.begin_round(path);
    }

    /// Linux: `bictcp_hystart_reset`.
    fn begin_round(&mut self, path: &Path) {
        self.round_start = path.now.as_micros();
        self.last_ack = self.round_start;
        self.round_end = Sequence(path.next);
        self.last_least = self.least.take();
        self.samples = 0;
    }

    /// Judges a round trip of `delay` microseconds; the least ever is `least_delay`. Linux: `hystart_update`.
    pub(super) fn measured(
        &mut self,
        window: &mut Window,
        path: &Path,
        delay: u32,
        least_delay: u32,
        counters: &mut Counters,
    ) {
        if self.found {
            return;
        }
        if Sequence(path.una).after(self.round_end) {
            self.begin_round(path);
            if let Some(conservative) = &mut self.conservative {
                conservative.rounds += 1;
                if conservative.rounds > CONSERVATIVE_ROUNDS {
                    return self.leave(window);
                }
            }
        }
        match self.exit {
            SlowStartExit::HyStart => self.judge(window, path, delay, least_delay, counters),
            SlowStartExit::Conservative => self.judge_conservatively(window, delay, counters),
        }
    }

    /// Linux's judgement.
    fn judge(
        &mut self,
        window: &mut Window,
        path: &Path,
        delay: u32,
        least_delay: u32,
        counters: &mut Counters,
    ) {
        if window.size < LOW_WINDOW {
            return;
        }
        if self.train_is_long(window, path, least_delay) {
            counters.increment(Counter::TcpExtTCPHystartTrainDetect);
            counters.add(Counter::TcpExtTCPHystartTrainCwnd, window.size.into());
            self.leave(window);
        }
        if self.delay_grew(delay, Some(least_delay)) {
            counters.increment(Counter::TcpExtTCPHystartDelayDetect);
            counters.add(Counter::TcpExtTCPHystartDelayCwnd, window.size.into());
            self.leave(window);
        }
    }

    /// Whether the acknowledgements of this round came without a pause for as long as the pipe is long.
    fn train_is_long(&mut self, window: &Window, path: &Path, least_delay: u32) -> bool {
        let now = path.now.as_micros();
        if now.saturating_sub(self.last_ack) > TRAIN_GAP {
            return false;
        }
        self.last_ack = now;
        let aggregation = (BURST * 4 * 1_000_000).checked_div(window.pacing_rate).unwrap_or(0);
        let whole = u64::from(least_delay) + aggregation.min(MAX_AGGREGATION);
        // Pacing spreads a round over half the round trip by itself.
        let limit = if path.paced { whole } else { whole / 2 };
        now.saturating_sub(self.round_start) > limit
    }

    /// Whether the least round trip of this round is well above `base`.
    fn delay_grew(&mut self, delay: u32, base: Option<u32>) -> bool {
        let least = self.least.map_or(delay, |least| least.min(delay));
        self.least = Some(least);
        if self.samples < SAMPLES {
            self.samples += 1;
            return false;
        }
        base.is_some_and(|base| least > base.saturating_add((base >> 3).clamp(GROWTH.0, GROWTH.1)))
    }

    /// RFC 9406 section 4.2.
    fn judge_conservatively(&mut self, window: &mut Window, delay: u32, counters: &mut Counters) {
        let base = self.last_least;
        let grew = self.delay_grew(delay, base);
        match &self.conservative {
            Some(conservative) => {
                let mistaken =
                    self.samples >= SAMPLES && self.least.is_some_and(|rtt| rtt < conservative.baseline);
                if mistaken {
                    self.conservative = None;
                }
            }
            None if grew && window.size >= LOW_WINDOW => {
                counters.increment(Counter::TcpExtTCPHystartDelayDetect);
                counters.add(Counter::TcpExtTCPHystartDelayCwnd, window.size.into());
                let baseline = self.least.unwrap_or(delay);
                self.conservative = Some(Conservative { baseline, rounds: 1, remainder: 0 });
            }
            None => {}
        }
    }

    /// Slow start is over.
    fn leave(&mut self, window: &mut Window) {
        self.found = true;
        self.conservative = None;
        window.threshold = window.size;
    }

    /// Grows the window by slow start. Answers how many of the `acked` segments are left.
    pub(super) fn slow_start(&mut self, window: &mut Window, acked: u32) -> u32 {
        let Some(conservative) = &mut self.conservative else { return window.slow_start(acked) };
        let total = conservative.remainder.saturating_add(acked);
        conservative.remainder = total % CONSERVATIVE_DIVISOR;
        window.slow_start(total / CONSERVATIVE_DIVISOR)
    }
}
