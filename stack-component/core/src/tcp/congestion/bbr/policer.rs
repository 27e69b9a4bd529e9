//! Whether somebody on the path throws away what is above a rate, and which: the long-term rate is used then, which
//! loses less. Linux: `bbr_lt_bw_sampling`.
//!
//! The sign: two intervals of 4 to 16 round trips, each beginning and ending with a loss, each losing a fifth or
//! more, with about the same rate.

use super::{Path, bandwidth, bytes_per_second};

/// Least round trips of an interval; four times as many are too many. Linux: `bbr_lt_intvl_min_rtts`.
const LEAST_ROUNDS: u32 = 4;
/// The share that must be lost, in 256ths. Linux: `bbr_lt_loss_thresh`.
const LOSS: u64 = 50;
/// Two rates are the same if they differ by an eighth or by 4 kbit/s. Linux: `bbr_lt_bw_ratio`, `bbr_lt_bw_diff`.
const SAME_SHARE: u32 = 8;
const SAME_BYTES: u64 = 4_000 / 8;
/// Round trips that the rate is believed in. Linux: `bbr_lt_bw_max_rtts`.
const BELIEVED: u32 = 48;
/// Longest interval in milliseconds. Linux: `~0U / USEC_PER_MSEC`.
const LONGEST: u64 = 4_294_967;

/// What is known of policing.
#[derive(Debug, Default)]
pub(super) struct Policer {
    /// An interval is being measured. Linux: `lt_is_sampling`.
    sampling: bool,
    /// Round trips of the interval, or since the rate is in use. Linux: `lt_rtt_cnt`.
    rounds: u32,
    /// The rate is in use. Linux: `lt_use_bw`.
    pub in_use: bool,
    /// In 2^-24 segments a microsecond, 0: none. Linux: `lt_bw`.
    pub rate: u32,
    /// Where the interval began. Linux: `lt_last_delivered`, `lt_last_stamp` (milliseconds), `lt_last_lost`.
    delivered: u32,
    began: u64,
    lost: u32,
}

/// What came of an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All is as it was.
    Unchanged,
    /// From now on the rate is in use.
    Policed,
    /// It is not any more: probe again.
    Released,
}

impl Policer {
    /// Forgets everything. Linux: `bbr_reset_lt_bw_sampling`.
    pub(super) fn reset(&mut self, path: &Path) {
        *self = Policer::default();
        self.begin(path);
    }

    /// Linux: `bbr_reset_lt_bw_sampling_interval`.
    fn begin(&mut self, path: &Path) {
        self.began = path.delivered_at.as_millis();
        self.delivered = path.delivered;
        self.lost = path.lost;
        self.rounds = 0;
    }

    /// Looks at an acknowledgement. `probing`: the mode is that of probing for bandwidth.
    pub(super) fn update(
        &mut self,
        path: &Path,
        (round_start, probing): (bool, bool),
        (losses, app_limited): (bool, bool),
    ) -> Verdict {
        if self.in_use {
            return self.use_up(path, round_start && probing);
        }
        // The first loss says that the policer has no more tokens; what came before was too fast.
        if !self.sampling {
            if !losses {
                return Verdict::Unchanged;
            }
            self.begin(path);
            self.sampling = true;
        }
        if app_limited {
            self.reset(path);
            return Verdict::Unchanged;
        }
        self.rounds += u32::from(round_start);
        if self.rounds < LEAST_ROUNDS {
            return Verdict::Unchanged;
        }
        if self.rounds > 4 * LEAST_ROUNDS {
            self.reset(path);
            return Verdict::Unchanged;
        }
        // It ends with a loss as it began: in between there may be tokens left.
        if losses { self.end(path) } else { Verdict::Unchanged }
    }

    fn use_up(&mut self, path: &Path, counts: bool) -> Verdict {
        self.rounds += u32::from(counts);
        if !counts || self.rounds < BELIEVED {
            return Verdict::Unchanged;
        }
        self.reset(path);
        Verdict::Released
    }

    fn end(&mut self, path: &Path) -> Verdict {
        let lost = path.lost.wrapping_sub(self.lost);
        let delivered = path.delivered.wrapping_sub(self.delivered);
        if delivered == 0 || u64::from(lost) << 8 < LOSS * u64::from(delivered) {
            return Verdict::Unchanged;
        }
        let millis = path.delivered_at.as_millis().saturating_sub(self.began);
        if millis == 0 {
            return Verdict::Unchanged;
        }
        if millis >= LONGEST {
            self.reset(path);
            return Verdict::Unchanged;
        }
        self.compare(path, bandwidth::rate(delivered, millis * 1000))
    }

    /// Linux: `bbr_lt_bw_interval_done`.
    fn compare(&mut self, path: &Path, rate: u32) -> Verdict {
        let difference = rate.abs_diff(self.rate);
        let same = difference <= self.rate / SAME_SHARE
            || bytes_per_second(difference, super::UNIT, path.mss) <= SAME_BYTES;
        if self.rate != 0 && same {
            self.rate = rate.midpoint(self.rate);
            self.in_use = true;
            self.rounds = 0;
            return Verdict::Policed;
        }
        self.rate = rate;
        self.begin(path);
        Verdict::Unchanged
    }
}
