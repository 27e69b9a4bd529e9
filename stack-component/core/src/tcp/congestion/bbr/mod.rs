//! BBR, version 1: sends at the rate of the path's bottleneck with little more on its way than the path holds. Linux:
//! `net/ipv4/tcp_bbr.c`.
//!
//! ```text
//!   each acknowledgement:   bandwidth = fastest delivery of the last 10 round trips
//!                           min_rtt   = least round trip of the last 10 s
//!                           pacing    = bandwidth * pacing gain
//!                           window    = bandwidth * min_rtt * window gain
//!
//!      Startup ---------> Drain ----------> ProbeBandwidth <----> ProbeRtt
//!      doubles each       at 1/2.89 until   pacing gain 1.25,     4 segments for 200 ms when
//!      round trip until   the queue is      0.75, 1 x 6, a        min_rtt is 10 s old
//!      the bandwidth      gone              min_rtt each
//!      grows no more
//! ```
//!
//! Losses do not make it slower, but for one round trip of sending only what arrives; [`policer`] and
//! [`aggregation`] correct the two numbers. Rates are in 2^-24 segments a microsecond, gains in 256ths.

mod aggregation;
mod bandwidth;
mod cycle;
mod phases;
mod policer;
mod window;

use super::{
    Algorithm, CaEvent, CaState, CongestionControl, CongestionInfo, INFINITE_THRESHOLD, Path, Window,
};
use crate::tcp::rate::{DeliveryRate, RateSample};
use aggregation::Aggregation;
use bandwidth::Bandwidth;
use cycle::Cycle;
use phases::FullPipe;
use policer::{Policer, Verdict};

/// A gain of one. Linux: `BBR_UNIT`.
const UNIT: u32 = 1 << 8;
/// 2/ln 2: the least gain that doubles the rate each round trip. Linux: `bbr_high_gain`.
const HIGH_GAIN: u32 = UNIT * 2885 / 1000 + 1;
/// Its inverse drains in one round trip what it queued. Linux: `bbr_drain_gain`.
const DRAIN_GAIN: u32 = UNIT * 1000 / 2885;
/// Delayed and stretched acknowledgements need room. Linux: `bbr_cwnd_gain`.
const WINDOW_GAIN: u32 = UNIT * 2;
/// Pacing stays so many hundredths below the path's rate, so that queues drain. Linux:
/// `bbr_pacing_margin_percent`.
const MARGIN: u64 = 1;
/// The round trip before one was measured, in microseconds. Linux: `USEC_PER_MSEC` in
/// `bbr_init_pacing_rate_from_rtt`.
const NOMINAL_RTT: u64 = 1_000;

/// What it is doing. Linux: `enum bbr_mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Linux: `BBR_STARTUP`.
    #[default]
    Startup,
    /// Linux: `BBR_DRAIN`.
    Drain,
    /// Linux: `BBR_PROBE_BW`.
    ProbeBandwidth,
    /// Linux: `BBR_PROBE_RTT`.
    ProbeRtt,
}

/// A delivery-rate sample that can be told.
struct Sample {
    delivered: u32,
    micros: u64,
    prior_delivered: u32,
    acked: u32,
    app_limited: bool,
}

impl Sample {
    fn new(sample: &RateSample) -> Option<Self> {
        let micros = u64::try_from(sample.interval?.as_micros()).unwrap_or(u64::MAX);
        (micros > 0).then_some(Sample {
            delivered: sample.delivered,
            micros,
            prior_delivered: sample.prior_delivered?,
            acked: sample.acked_sacked,
            app_limited: sample.is_app_limited,
        })
    }
}

/// BBR's state. Linux: `struct bbr`.
#[derive(Debug, Default)]
pub(super) struct Bbr {
    mode: Mode,
    bandwidth: Bandwidth,
    policer: Policer,
    aggregation: Aggregation,
    full_pipe: FullPipe,
    cycle: Cycle,
    /// The least round trip in microseconds, and when it was seen in milliseconds. Linux: `min_rtt_us`,
    /// `min_rtt_stamp`.
    min_rtt: Option<u32>,
    min_rtt_at: u64,
    /// When the mode [`Mode::ProbeRtt`] may end, in milliseconds. Linux: `probe_rtt_done_stamp`.
    probe_rtt_until: Option<u64>,
    /// It lasted a round trip. Linux: `probe_rtt_round_done`.
    probe_rtt_round_done: bool,
    /// Sending began again after the owner's silence. Linux: `idle_restart`.
    idle_restart: bool,
    /// Loss recovery's state at the last acknowledgement. Linux: `prev_ca_state`.
    previous_state: CaState,
    /// Only what arrives is sent. Linux: `packet_conservation`.
    packet_conservation: bool,
    /// The last good window. Linux: `prior_cwnd`.
    prior_window: u32,
    /// Pacing began with a round trip that was measured. Linux: `has_seen_rtt`.
    has_seen_rtt: bool,
    pacing_gain: u32,
    window_gain: u32,
    dice: u32,
}

impl Bbr {
    /// `seed` decides where probing begins.
    pub(super) fn new(seed: u32) -> Self {
        Bbr { dice: seed | 1, ..Bbr::default() }
    }

    /// A number below `bound` (xorshift).
    fn throw(&mut self, bound: u32) -> u32 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 17;
        self.dice ^= self.dice << 5;
        (self.dice >> 8) % bound.max(1)
    }

    /// The path's rate as it is believed. Linux: `bbr_bw`.
    fn rate(&self) -> u32 {
        if self.policer.in_use { self.policer.rate } else { self.bandwidth.get() }
    }

    /// Pacing at `HIGH_GAIN` windows a round trip. Linux: `bbr_init_pacing_rate_from_rtt`.
    fn pace_by_round_trip(&mut self, window: &mut Window, path: &Path) {
        let measured = path.srtt.map(|srtt| u64::try_from(srtt.as_micros()).unwrap_or(u64::MAX).max(1));
        self.has_seen_rtt |= measured.is_some();
        let rate = bandwidth::rate(window.size, measured.unwrap_or(NOMINAL_RTT));
        window.pacing_rate = pacing_rate(rate, HIGH_GAIN, path);
    }

    /// Linux: `bbr_set_pacing_rate`.
    fn pace(&mut self, window: &mut Window, path: &Path, gain: u32) {
        let rate = pacing_rate(self.rate(), gain, path);
        if !self.has_seen_rtt && path.srtt.is_some() {
            self.pace_by_round_trip(window, path);
        }
        // Until the pipe is full slower samples are the young connection's, not the path's.
        if self.full_pipe.reached || rate > window.pacing_rate {
            window.pacing_rate = rate;
        }
    }

    /// Linux: `bbr_lt_bw_sampling`.
    fn look_for_policer(&mut self, path: &Path, losses: bool, app_limited: bool) {
        let round = (self.bandwidth.round_start, self.mode == Mode::ProbeBandwidth);
        match self.policer.update(path, round, (losses, app_limited)) {
            Verdict::Unchanged => {}
            Verdict::Policed => self.pacing_gain = UNIT,
            Verdict::Released => self.probe_bandwidth(path),
        }
    }

    /// Linux: `bbr_update_model`.
    fn update_model(
        &mut self,
        window: &mut Window,
        rate: &mut DeliveryRate,
        path: &Path,
        sample: &RateSample,
    ) {
        let known = Sample::new(sample);
        self.update_bandwidth(path, sample, known.as_ref());
        if let Some(known) = &known {
            let round = (self.bandwidth.round_start, window.size);
            self.aggregation.update(known, self.rate(), round, path.delivered_at);
        }
        self.update_cycle(path, sample, window.pacing_rate);
        let limited = !self.bandwidth.round_start || sample.is_app_limited;
        if !limited {
            self.full_pipe.update(self.bandwidth.get());
        }
        self.check_drain(window, path);
        self.update_min_rtt(window, rate, path, sample);
        self.update_gains();
    }

    /// Linux: `bbr_update_bw`.
    fn update_bandwidth(&mut self, path: &Path, sample: &RateSample, known: Option<&Sample>) {
        self.bandwidth.count_round(known, path.delivered);
        let Some(known) = known else { return };
        if self.bandwidth.round_start {
            self.packet_conservation = false;
        }
        self.look_for_policer(path, sample.losses > 0, sample.is_app_limited);
        self.bandwidth.update(known);
    }

    /// Linux: `bbr_update_gains`.
    fn update_gains(&mut self) {
        (self.pacing_gain, self.window_gain) = match self.mode {
            Mode::Startup => (HIGH_GAIN, HIGH_GAIN),
            Mode::Drain => (DRAIN_GAIN, HIGH_GAIN),
            Mode::ProbeBandwidth if self.policer.in_use => (UNIT, WINDOW_GAIN),
            Mode::ProbeBandwidth => (self.cycle.gain(), WINDOW_GAIN),
            Mode::ProbeRtt => (UNIT, UNIT),
        };
    }
}

impl CongestionControl for Bbr {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Bbr
    }

    fn start(&mut self, window: &mut Window, path: &Path) {
        window.threshold = INFINITE_THRESHOLD;
        *self = Bbr {
            bandwidth: Bandwidth::new(path.delivered),
            aggregation: Aggregation::new(path.now),
            min_rtt: path.min_rtt.map(|rtt| u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX)),
            min_rtt_at: path.now.as_millis(),
            pacing_gain: HIGH_GAIN,
            window_gain: HIGH_GAIN,
            ..Bbr::new(self.dice)
        };
        self.pace_by_round_trip(window, path);
        self.policer.reset(path);
    }

    fn takes_over(&self) -> bool {
        true
    }

    fn control(&mut self, window: &mut Window, rate: &mut DeliveryRate, path: &Path, sample: &RateSample) {
        self.update_model(window, rate, path, sample);
        self.pace(window, path, self.pacing_gain);
        self.set_window(window, path, sample);
    }

    fn acknowledged(&mut self, _window: &mut Window, _path: &Path, _acked: u32) {}

    fn threshold_after_loss(&mut self, window: &Window, _path: &Path) -> u32 {
        self.save_window(window);
        window.threshold
    }

    fn state_changes(&mut self, _window: &mut Window, path: &Path, next: CaState) {
        if next == CaState::Loss {
            self.previous_state = CaState::Loss;
            self.full_pipe.bandwidth = 0;
            // A timeout is the end of a round trip.
            self.bandwidth.round_start = true;
            self.look_for_policer(path, true, false);
        }
    }

    fn event(&mut self, window: &mut Window, path: &Path, event: CaEvent) {
        if event != CaEvent::TxStart || !path.app_limited {
            return;
        }
        self.idle_restart = true;
        self.aggregation.begin(path.now);
        match self.mode {
            // The queue is empty: no need to probe or to drain.
            Mode::ProbeBandwidth => self.pace(window, path, UNIT),
            Mode::ProbeRtt => self.check_probe_rtt_done(window, path),
            Mode::Startup | Mode::Drain => {}
        }
    }

    fn size_after_undo(&mut self, window: &Window, path: &Path) -> u32 {
        // The slow-down was needless: the pipe may not be full, and nobody polices.
        self.full_pipe.bandwidth = 0;
        self.full_pipe.rounds = 0;
        self.policer.reset(path);
        window.size
    }

    fn send_buffer_windows(&self) -> u32 {
        3
    }

    fn min_burst(&self, window: &Window) -> Option<u32> {
        Some(window::min_burst(window.pacing_rate))
    }

    fn info(&self, path: &Path) -> CongestionInfo {
        let bandwidth = (u128::from(self.rate()) * u128::from(path.mss) * 1_000_000) >> bandwidth::SCALE;
        CongestionInfo::Bbr {
            bandwidth: u64::try_from(bandwidth).unwrap_or(u64::MAX),
            min_rtt: self.min_rtt.unwrap_or(u32::MAX),
            pacing_gain: self.pacing_gain,
            window_gain: self.window_gain,
        }
    }
}

/// Linux: `bbr_rate_bytes_per_sec`.
fn bytes_per_second(rate: u32, gain: u32, mss: u32) -> u64 {
    let scaled = (u128::from(rate) * u128::from(mss) * u128::from(gain)) >> 8;
    let bytes = (scaled * u128::from(1_000_000 / 100 * (100 - MARGIN))) >> bandwidth::SCALE;
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Linux: `bbr_bw_to_pacing_rate`.
fn pacing_rate(rate: u32, gain: u32, path: &Path) -> u64 {
    bytes_per_second(rate, gain, path.mss).min(path.max_pacing_rate)
}

#[cfg(test)]
mod tests;
