//! How much may be on its way.

use super::{Bbr, CaState, Mode, Path, RateSample, UNIT, Window, bandwidth};
use crate::tcp::congestion::INITIAL_WINDOW;

/// What keeps acknowledgements of every other segment coming. Linux: `bbr_cwnd_min_target`.
pub(super) const LEAST: u32 = 4;
/// Below so many bytes a second a burst is one segment. Linux: `bbr_min_tso_rate`.
const SLOW: u64 = 1_200_000 / 8;
/// A burst is what passes in 1/1024 s. Linux: `sk_pacing_shift`.
const BURST_SHIFT: u32 = 10;
/// Most bytes of a burst. Linux: `GSO_LEGACY_MAX_SIZE - 1 - MAX_TCP_HEADER`.
const LARGEST_BURST: u64 = 65_536 - 1 - 320;
/// Most segments of a burst.
const MOST_SEGMENTS: u32 = 0x7f;

/// Linux: `bbr_min_tso_segs`.
pub(super) fn min_burst(pacing_rate: u64) -> u32 {
    if pacing_rate < SLOW { 1 } else { 2 }
}

/// Segments that hosts send and take in at once. Linux: `bbr_tso_segs_goal`.
fn burst(pacing_rate: u64, mss: u32) -> u32 {
    let bytes = (pacing_rate >> BURST_SHIFT).min(LARGEST_BURST) as u32;
    (bytes / mss.max(1)).max(min_burst(pacing_rate)).min(MOST_SEGMENTS)
}

impl Bbr {
    /// What the path holds at `rate`, times `gain`, rounded up. Linux: `bbr_bdp`.
    fn pipe(&self, rate: u32, gain: u32) -> u32 {
        let Some(least) = self.min_rtt else { return INITIAL_WINDOW };
        let scaled = (u128::from(rate) * u128::from(least) * u128::from(gain)) >> 8;
        u32::try_from(scaled.div_ceil(u128::from(bandwidth::UNIT))).unwrap_or(u32::MAX)
    }

    /// Adds what waits in the two hosts, and what probing needs on a short path. Linux:
    /// `bbr_quantization_budget`.
    fn with_bursts(&self, segments: u32, path: &Path, pacing_rate: u64) -> u32 {
        let room = segments.saturating_add(3 * burst(pacing_rate, path.mss));
        // Even numbers are acknowledged without delay.
        let even = room.saturating_add(1) & !1;
        let probing = self.mode == Mode::ProbeBandwidth && self.cycle.is_probing_up();
        even.saturating_add(if probing { 2 } else { 0 })
    }

    /// What should be on its way at `rate` and `gain`. Linux: `bbr_inflight`.
    pub(super) fn inflight(&self, path: &Path, rate: u32, gain: u32, pacing_rate: u64) -> u32 {
        self.with_bursts(self.pipe(rate, gain), path, pacing_rate)
    }

    /// How much will be in the network when pacing lets the next segment go. Linux:
    /// `bbr_packets_in_net_at_edt`.
    pub(super) fn in_network_at_departure(&self, path: &Path, in_flight: u32, pacing_rate: u64) -> u32 {
        let wait = path.next_departure.since(path.now).as_micros();
        let gone = bandwidth::segments(self.rate(), u64::try_from(wait).unwrap_or(u64::MAX));
        let next = if self.pacing_gain > UNIT { burst(pacing_rate, path.mss) } else { 0 };
        in_flight.saturating_add(next).saturating_sub(gone)
    }

    /// Notes a window that worked. Linux: `bbr_save_cwnd`.
    pub(super) fn save_window(&mut self, window: &Window) {
        self.prior_window = if self.previous_state < CaState::Recovery && self.mode != Mode::ProbeRtt {
            window.size
        } else {
            self.prior_window.max(window.size)
        };
    }

    /// Linux: `bbr_set_cwnd`.
    pub(super) fn set_window(&mut self, window: &mut Window, path: &Path, sample: &RateSample) {
        let acked = sample.acked_sacked;
        let mut size = window.size;
        if acked > 0 && !self.recover_or_restore(&mut size, path, sample) {
            size = self.approach_target(size, path, acked, window.pacing_rate);
        }
        window.size = size.min(window.clamp);
        if self.mode == Mode::ProbeRtt {
            window.size = window.size.min(LEAST);
        }
    }

    fn approach_target(&self, size: u32, path: &Path, acked: u32, pacing_rate: u64) -> u32 {
        let rate = self.rate();
        let extra = if self.full_pipe.reached { self.aggregation.budget(rate) } else { 0 };
        let target =
            self.with_bursts(self.pipe(rate, self.window_gain).saturating_add(extra), path, pacing_rate);
        let grown = size.saturating_add(acked);
        let size = if self.full_pipe.reached {
            grown.min(target)
        } else if size < target || path.delivered < INITIAL_WINDOW {
            grown
        } else {
            size
        };
        size.max(LEAST)
    }

    /// In the first round trip of a recovery only what arrives is sent; when it is over the window is what it
    /// was. Answers whether `size` is final. Linux: `bbr_set_cwnd_to_recover_or_restore`.
    fn recover_or_restore(&mut self, size: &mut u32, path: &Path, sample: &RateSample) -> bool {
        let previous = core::mem::replace(&mut self.previous_state, path.state);
        let arriving = path.in_flight.saturating_add(sample.acked_sacked);
        if sample.losses > 0 {
            *size = size.saturating_sub(sample.losses).max(1);
        }
        if path.state == CaState::Recovery && previous != CaState::Recovery {
            self.packet_conservation = true;
            self.bandwidth.round_end = path.delivered;
            *size = arriving;
        } else if previous >= CaState::Recovery && path.state < CaState::Recovery {
            *size = (*size).max(self.prior_window);
            self.packet_conservation = false;
        }
        if self.packet_conservation {
            *size = (*size).max(arriving);
        }
        self.packet_conservation
    }
}
