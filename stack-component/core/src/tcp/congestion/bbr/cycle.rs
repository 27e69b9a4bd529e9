//! Once the path is known: a round trip a little faster, one a little slower to drain the queue that it made, six at
//! the path's rate. Linux: `bbr_update_cycle_phase`.

use super::{Bbr, Mode, Path, RateSample, UNIT};
use crate::tcp::rate::micros;
use crate::time::Instant;

/// Linux: `CYCLE_LEN`.
pub(super) const PHASES: u8 = 8;
/// What pacing is multiplied with, in 256ths. Linux: `bbr_pacing_gain`.
const GAINS: [u32; PHASES as usize] = [UNIT * 5 / 4, UNIT * 3 / 4, UNIT, UNIT, UNIT, UNIT, UNIT, UNIT];

/// Where in the cycle.
#[derive(Debug, Default)]
pub(super) struct Cycle {
    /// Linux: `cycle_idx`.
    index: u8,
    /// When the phase began. Linux: `cycle_mstamp`.
    began: Instant,
}

impl Cycle {
    /// Begins anywhere but in the slower phase, by chance: flows that begin together are to probe in turn.
    /// `chance` is below seven.
    pub(super) fn begin(&mut self, chance: u8, now: Instant) {
        self.index = PHASES - 1 - chance.min(PHASES - 2);
        self.advance(now);
    }

    fn advance(&mut self, now: Instant) {
        self.index = (self.index + 1) % PHASES;
        self.began = now;
    }

    pub(super) fn gain(&self) -> u32 {
        GAINS.get(usize::from(self.index)).copied().unwrap_or(UNIT)
    }

    /// Whether it is the faster phase.
    pub(super) fn is_probing_up(&self) -> bool {
        self.index == 0
    }
}

impl Bbr {
    pub(super) fn update_cycle(&mut self, path: &Path, sample: &RateSample, pacing_rate: u64) {
        if self.mode == Mode::ProbeBandwidth && self.phase_is_over(path, sample, pacing_rate) {
            self.cycle.advance(path.delivered_at);
        }
    }

    /// Linux: `bbr_is_next_cycle_phase`.
    fn phase_is_over(&self, path: &Path, sample: &RateSample, pacing_rate: u64) -> bool {
        let long_enough =
            self.min_rtt.is_some_and(|least| micros(path.delivered_at, self.cycle.began) > u64::from(least));
        let in_network = || self.in_network_at_departure(path, sample.prior_in_flight, pacing_rate);
        let target = |gain| self.inflight(path, self.bandwidth.get(), gain, pacing_rate);
        if self.pacing_gain > UNIT {
            // Long enough to fill the pipe beyond what it holds, unless it does not take that.
            long_enough && (sample.losses > 0 || in_network() >= target(self.pacing_gain))
        } else if self.pacing_gain < UNIT {
            long_enough || in_network() <= target(UNIT)
        } else {
            long_enough
        }
    }
}
