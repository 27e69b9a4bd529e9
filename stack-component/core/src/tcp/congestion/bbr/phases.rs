//! From one mode to the next.

use super::{Bbr, DeliveryRate, Mode, Path, RateSample, UNIT, Window};

/// Growth that says that there is more, in 256ths. Linux: `bbr_full_bw_thresh`.
const GROWTH: u32 = UNIT * 5 / 4;
/// Round trips without it that say that there is not. Linux: `bbr_full_bw_cnt`.
const FLAT_ROUNDS: u8 = 3;
/// How long the least round trip is believed, in milliseconds. Linux: `bbr_min_rtt_win_sec`.
const MIN_RTT_WINDOW: u64 = 10_000;
/// Least time with a small window, in milliseconds. Linux: `bbr_probe_rtt_mode_ms`.
const PROBE_RTT_TIME: u64 = 200;

/// Whether startup filled the pipe. Linux: `bbr_check_full_bw_reached`.
#[derive(Debug, Default)]
pub(super) struct FullPipe {
    /// Linux: `full_bw_reached`.
    pub reached: bool,
    /// The bandwidth that must be surpassed. Linux: `full_bw`.
    pub bandwidth: u32,
    /// Round trips in which it was not. Linux: `full_bw_cnt`.
    pub rounds: u8,
}

impl FullPipe {
    /// A round trip is over that was not the owner's.
    pub(super) fn update(&mut self, bandwidth: u32) {
        if self.reached {
            return;
        }
        if u64::from(bandwidth) >= (u64::from(self.bandwidth) * u64::from(GROWTH)) >> 8 {
            self.bandwidth = bandwidth;
            self.rounds = 0;
            return;
        }
        self.rounds += 1;
        self.reached = self.rounds >= FLAT_ROUNDS;
    }
}

impl Bbr {
    /// Linux: `bbr_check_drain`.
    pub(super) fn check_drain(&mut self, window: &mut Window, path: &Path) {
        let target = self.inflight(path, self.bandwidth.get(), UNIT, window.pacing_rate);
        if self.mode == Mode::Startup && self.full_pipe.reached {
            window.threshold = target;
            self.mode = Mode::Drain;
        }
        if self.mode == Mode::Drain
            && self.in_network_at_departure(path, path.in_flight, window.pacing_rate) <= target
        {
            self.probe_bandwidth(path);
        }
    }

    /// Linux: `bbr_reset_probe_bw_mode`.
    pub(super) fn probe_bandwidth(&mut self, path: &Path) {
        self.mode = Mode::ProbeBandwidth;
        let chance = self.throw(u32::from(super::cycle::PHASES) - 1) as u8;
        self.cycle.begin(chance, path.delivered_at);
    }

    /// Keeps the least round trip, and looks for it anew with a small window when it is old. Linux:
    /// `bbr_update_min_rtt`.
    pub(super) fn update_min_rtt(
        &mut self,
        window: &mut Window,
        rate: &mut DeliveryRate,
        path: &Path,
        sample: &RateSample,
    ) {
        let now = path.now.as_millis();
        let expired = now > self.min_rtt_at.saturating_add(MIN_RTT_WINDOW);
        if let Some(rtt) = sample.rtt {
            let rtt = u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX);
            let less = self.min_rtt.is_none_or(|least| rtt < least);
            if less || (expired && !sample.is_ack_delayed) {
                self.min_rtt = Some(rtt);
                self.min_rtt_at = now;
            }
        }
        if expired && !self.idle_restart && self.mode != Mode::ProbeRtt {
            self.mode = Mode::ProbeRtt;
            self.save_window(window);
            self.probe_rtt_until = None;
        }
        if self.mode == Mode::ProbeRtt {
            self.probe_rtt(window, rate, path);
        }
        // What arrives again ends the silence.
        if sample.delivered > 0 {
            self.idle_restart = false;
        }
    }

    /// At least 200 ms and a round trip with no more than four segments on their way.
    fn probe_rtt(&mut self, window: &mut Window, rate: &mut DeliveryRate, path: &Path) {
        // The slowness is our own.
        rate.mark_app_limited(path.in_flight);
        if self.probe_rtt_until.is_some() {
            self.probe_rtt_round_done |= self.bandwidth.round_start;
            if self.probe_rtt_round_done {
                self.check_probe_rtt_done(window, path);
            }
        } else if path.in_flight <= super::window::LEAST {
            self.probe_rtt_until = Some(path.now.as_millis().saturating_add(PROBE_RTT_TIME));
            self.probe_rtt_round_done = false;
            self.bandwidth.round_end = path.delivered;
        }
    }

    /// Linux: `bbr_check_probe_rtt_done`.
    pub(super) fn check_probe_rtt_done(&mut self, window: &mut Window, path: &Path) {
        let now = path.now.as_millis();
        if self.probe_rtt_until.is_none_or(|until| now <= until) {
            return;
        }
        self.min_rtt_at = now;
        window.size = window.size.max(self.prior_window);
        if self.full_pipe.reached {
            self.probe_bandwidth(path);
        } else {
            self.mode = Mode::Startup;
        }
    }
}
