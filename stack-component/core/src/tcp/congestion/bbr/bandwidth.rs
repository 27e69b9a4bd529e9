//! How fast the path is: the fastest delivery of the last ten round trips.

use super::Sample;
use crate::tcp::sequence::Sequence;
use crate::tcp::windowed::Windowed;

/// Round trips that the filter looks back: a cycle of probing and a little more. Linux: `bbr_bw_rtts`.
const ROUNDS: u32 = super::cycle::PHASES as u32 + 2;
/// One segment a microsecond. Linux: `BW_UNIT`.
pub(super) const UNIT: u64 = 1 << SCALE;
/// Linux: `BW_SCALE`.
pub(super) const SCALE: u32 = 24;

/// `segments` in `micros` as a rate in 2^-24 segments a microsecond.
pub(super) fn rate(segments: u32, micros: u64) -> u32 {
    let rate = u64::from(segments).saturating_mul(UNIT).checked_div(micros).unwrap_or(0);
    u32::try_from(rate).unwrap_or(u32::MAX)
}

/// Segments that pass at `rate` in `micros`.
pub(super) fn segments(rate: u32, micros: u64) -> u32 {
    u32::try_from((u128::from(rate) * u128::from(micros)) >> SCALE).unwrap_or(u32::MAX)
}

/// The estimate, and the count of round trips by which it forgets.
#[derive(Debug)]
pub(super) struct Bandwidth {
    /// Linux: `bw`.
    fastest: Windowed<u32, u32>,
    /// Round trips so far. Linux: `rtt_cnt`.
    rounds: u32,
    /// Once what was sent with so much delivered is delivered itself, a round trip is over. Linux:
    /// `next_rtt_delivered`.
    pub round_end: u32,
    /// Whether this acknowledgement began a round trip. Linux: `round_start`.
    pub round_start: bool,
}

impl Default for Bandwidth {
    fn default() -> Self {
        Bandwidth::new(0)
    }
}

impl Bandwidth {
    pub(super) fn new(delivered: u32) -> Self {
        Bandwidth { fastest: Windowed::new(0, 0), rounds: 0, round_end: delivered, round_start: false }
    }

    /// In 2^-24 segments a microsecond. Linux: `bbr_max_bw`.
    pub(super) fn get(&self) -> u32 {
        self.fastest.best()
    }

    /// Counts round trips by what was delivered: clocks would mistake idling for them. First half of Linux:
    /// `bbr_update_bw`.
    pub(super) fn count_round(&mut self, sample: Option<&Sample>, delivered: u32) {
        let ended = |sample: &Sample| !Sequence(sample.prior_delivered).before(Sequence(self.round_end));
        self.round_start = sample.is_some_and(ended);
        if self.round_start {
            self.round_end = delivered;
            self.rounds = self.rounds.wrapping_add(1);
        }
    }

    /// Takes in a sample. What the owner's silence made slow tells nothing, unless it is fast all the same.
    /// Second half of Linux: `bbr_update_bw`.
    pub(super) fn update(&mut self, sample: &Sample) {
        let rate = rate(sample.delivered, sample.micros);
        if !sample.app_limited || rate >= self.get() {
            self.fastest.note_max(ROUNDS, self.rounds, rate);
        }
    }
}
