//! How much more than expected is acknowledged at once: receivers, and links like Wi-Fi, answer in bunches, and the
//! window must last from one to the next. Linux: `bbr_update_ack_aggregation`.

use super::{Sample, bandwidth};
use crate::tcp::rate::micros;
use crate::time::Instant;

/// Round trips after which the older half of the filter is forgotten. Linux: `bbr_extra_acked_win_rtts`.
const ROUNDS: u8 = 5;
/// So many segments begin a new bunch anyway. Linux: `bbr_ack_epoch_acked_reset_thresh`.
const LARGEST: u32 = 1 << 20;
/// Time at the path's rate that a bunch may add to the window, in microseconds. Linux: `bbr_extra_acked_max_us`.
const LONGEST: u64 = 100_000;

/// Bunches seen lately.
#[derive(Debug, Default)]
pub(super) struct Aggregation {
    /// When the bunch began. Linux: `ack_epoch_mstamp`.
    began: Instant,
    /// Segments of it so far. Linux: `ack_epoch_acked`.
    acked: u32,
    /// Most unexpected segments in this half of the filter and the one before. Linux: `extra_acked`.
    pub extra: [u32; 2],
    /// Round trips of this half. Linux: `extra_acked_win_rtts`.
    rounds: u8,
}

impl Aggregation {
    pub(super) fn new(now: Instant) -> Self {
        Aggregation { began: now, ..Aggregation::default() }
    }

    /// A bunch begins now.
    pub(super) fn begin(&mut self, now: Instant) {
        self.began = now;
        self.acked = 0;
    }

    /// Takes in an acknowledgement of `sample.acked` segments on a path of `rate`.
    pub(super) fn update(
        &mut self,
        sample: &Sample,
        rate: u32,
        (round_start, window): (bool, u32),
        now: Instant,
    ) {
        if sample.acked == 0 {
            return;
        }
        if round_start {
            self.rounds += 1;
            if self.rounds >= ROUNDS {
                self.rounds = 0;
                self.extra = [0, self.extra[0]];
            }
        }
        let mut expected = bandwidth::segments(rate, micros(now, self.began));
        // Slower than the path: there is no bunch, or it is over.
        if self.acked <= expected || self.acked.saturating_add(sample.acked) >= LARGEST {
            self.begin(now);
            expected = 0;
        }
        self.acked = self.acked.saturating_add(sample.acked).min(LARGEST - 1);
        let extra = self.acked.saturating_sub(expected).min(window);
        self.extra[0] = self.extra[0].max(extra);
    }

    /// What the window is to have more because of it. Linux: `bbr_ack_aggregation_cwnd`.
    pub(super) fn budget(&self, rate: u32) -> u32 {
        self.extra[0].max(self.extra[1]).min(bandwidth::segments(rate, LONGEST))
    }
}
