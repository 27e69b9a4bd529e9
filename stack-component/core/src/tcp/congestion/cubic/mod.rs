//! CUBIC (RFC 9438). Linux: `net/ipv4/tcp_cubic.c`.
//!
//! After a loss the window climbs steeply, flattens where the loss was, then searches beyond ever faster, by the
//! clock and not by round trips. Never slower than Reno would be. Slow start ends by [`hystart`], before it
//! overflows a queue.
//!
//! Where Linux and the standard differ this is Linux: time is read in milliseconds, the Reno estimate grows by
//! 8/15 segments a round trip for ever, the target is not bounded by 1.5 windows but the growth is.

mod curve;
mod hystart;

use super::{AckSample, Algorithm, CaEvent, CaState, CongestionControl, Path, Window};
use crate::counters::Counters;
use hystart::HyStart;
pub(in crate::tcp) use hystart::SlowStartExit;

/// What is left of the window after a loss, in 1024ths (RFC 9438 section 4.6). Linux: `beta`.
const BETA: u64 = 717;
const BETA_SCALE: u64 = 1024;
/// Eight times the acknowledged segments a Reno flow of this beta needs for each segment of growth, a window:
/// 8 (1 + beta) / (3 (1 - beta)) (RFC 9438 section 4.3). Linux: `beta_scale`.
const RENO_SCALE: u64 = 15;
/// How long a window that did not change stays as it is. Linux: `HZ / 32`.
const RECALCULATE_AFTER: u64 = 31;
/// Round trips measured so soon after a loss tell of its queue. Linux: `HZ` in `cubictcp_acked`.
const QUIET_AFTER_LOSS: u64 = 1000;

/// CUBIC's state. Linux: `struct bictcp`.
#[derive(Debug, Default)]
pub(super) struct Cubic {
    growth: Growth,
    /// The least round trip in microseconds, 0: none. Linux: `delay_min`.
    least_delay: u32,
    hystart: HyStart,
}

/// Where on the curve the window is.
#[derive(Debug, Default)]
struct Growth {
    /// Acknowledged segments for each segment of growth. Linux: `cnt`.
    per: u32,
    /// W_max: the window before the last loss, 0: none yet. Linux: `last_max_cwnd`.
    last_max: u32,
    /// The window when `per` was calculated. Linux: `last_cwnd`.
    last_size: u32,
    /// And the time. Linux: `last_time`.
    last_time: u64,
    /// When this climb began, in milliseconds. Linux: `epoch_start`.
    epoch: Option<u64>,
    /// The height of the curve's flat part. Linux: `bic_origin_point`.
    origin: u32,
    /// K: how long it takes to get there, in 1024ths of a second. Linux: `bic_K`.
    climb: u64,
    /// Acknowledged segments that Reno's estimate has not used yet. Linux: `ack_cnt`.
    acked: u32,
    /// W_est: where Reno would be. Linux: `tcp_cwnd`.
    reno: u32,
}

impl Growth {
    /// Calculates how slowly a window of `size` grows. `least_delay` in microseconds. Linux: `bictcp_update`.
    fn update(&mut self, size: u32, acked: u32, now: u64, least_delay: u32) {
        self.acked = self.acked.saturating_add(acked);
        if self.last_size == size && now.saturating_sub(self.last_time) <= RECALCULATE_AFTER {
            return;
        }
        // The curve moves once a millisecond at most; Reno's estimate moves with every acknowledgement.
        if self.epoch.is_none() || now != self.last_time {
            self.last_size = size;
            self.last_time = now;
            let epoch = match self.epoch {
                Some(epoch) => epoch,
                None => self.begin_epoch(size, acked, now),
            };
            // RFC 9438 section 4.2: the target is what the curve says a round trip from now.
            let time = now.saturating_sub(epoch).saturating_add(u64::from(least_delay).div_ceil(1000));
            self.follow_curve(size, curve::ticks(time));
        }
        self.keep_up_with_reno(size);
        // Never faster than half as fast as slow start.
        self.per = self.per.max(2);
    }

    fn begin_epoch(&mut self, size: u32, acked: u32, now: u64) -> u64 {
        self.epoch = Some(now);
        self.acked = acked;
        self.reno = size;
        self.origin = self.last_max.max(size);
        self.climb = curve::time_to_climb(self.origin - size);
        now
    }

    fn follow_curve(&mut self, size: u32, time: u64) {
        let origin = u64::from(self.origin);
        let distance = curve::distance(time.abs_diff(self.climb));
        let target =
            if time < self.climb { origin.saturating_sub(distance) } else { origin.saturating_add(distance) };
        self.per = match target.checked_sub(size.into()) {
            Some(above) if above > 0 => (u64::from(size) / above) as u32,
            _ => size.saturating_mul(100),
        };
        // Nothing is known of the path yet: 5 % a round trip.
        if self.last_max == 0 {
            self.per = self.per.min(20);
        }
    }

    /// RFC 9438 section 4.3: where Reno would have a larger window so has CUBIC.
    fn keep_up_with_reno(&mut self, size: u32) {
        let needed = ((u64::from(size) * RENO_SCALE) >> 3).clamp(1, u32::MAX.into()) as u32;
        let grown = self.acked.saturating_sub(1) / needed;
        self.acked -= grown * needed;
        self.reno = self.reno.saturating_add(grown);
        if self.reno > size {
            self.per = self.per.min(size / (self.reno - size));
        }
    }
}

impl Cubic {
    /// CUBIC whose slow start ends by `exit`.
    pub(super) fn new(exit: SlowStartExit) -> Self {
        Cubic { hystart: HyStart::new(exit), ..Cubic::default() }
    }
}

impl CongestionControl for Cubic {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Cubic
    }

    fn start(&mut self, _window: &mut Window, path: &Path) {
        self.growth = Growth::default();
        self.least_delay = 0;
        self.hystart.reset(path);
    }

    fn measured(&mut self, window: &mut Window, path: &Path, sample: &AckSample, counters: &mut Counters) {
        let Some(rtt) = sample.rtt else { return };
        let after_loss = |epoch| path.now.as_millis().saturating_sub(epoch) < QUIET_AFTER_LOSS;
        if self.growth.epoch.is_some_and(after_loss) {
            return;
        }
        let delay = u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX).max(1);
        if self.least_delay == 0 || self.least_delay > delay {
            self.least_delay = delay;
        }
        if window.in_slow_start() {
            self.hystart.measured(window, path, delay, self.least_delay, counters);
        }
    }

    fn threshold_after_loss(&mut self, window: &Window, _path: &Path) -> u32 {
        let growth = &mut self.growth;
        growth.epoch = None;
        // RFC 9438 section 4.7: fast convergence, a flow that lost before it came to its last maximum makes room.
        growth.last_max = if window.size < growth.last_max {
            (u64::from(window.size) * (BETA_SCALE + BETA) / (2 * BETA_SCALE)) as u32
        } else {
            window.size
        };
        ((u64::from(window.size) * BETA / BETA_SCALE) as u32).max(2)
    }

    fn state_changes(&mut self, window: &mut Window, path: &Path, next: CaState) {
        // What was known of the path may no longer hold after a timeout.
        if next == CaState::Loss {
            self.start(window, path);
        }
    }

    fn event(&mut self, _window: &mut Window, path: &Path, event: CaEvent) {
        // RFC 9438 section 5.8: the clock stands still while the owner is silent.
        if let (CaEvent::TxStart, Some(epoch)) = (event, &mut self.growth.epoch) {
            let (now, idle_since) = (path.now.as_millis(), path.last_sent.as_millis());
            *epoch = epoch.saturating_add(now.saturating_sub(idle_since)).min(now);
        }
    }

    fn acknowledged(&mut self, window: &mut Window, path: &Path, acked: u32) {
        if !path.window_limited {
            return;
        }
        let left = if window.in_slow_start() { self.hystart.slow_start(window, acked) } else { acked };
        if left > 0 {
            self.growth.update(window.size, left, path.now.as_millis(), self.least_delay);
            window.grow_slowly(self.growth.per, left);
        }
    }
}

#[cfg(test)]
mod tests;
