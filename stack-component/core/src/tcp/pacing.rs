//! Pacing: segments leave evenly over the round trip, where the congestion control or the owner wants it so.
//! Linux: the internal pacing of `tcp_output.c`, `tcp_update_pacing_rate`.

use super::Env;
use super::connection::Connection;
use super::timers::Timer;
use crate::time::{Duration, Instant};

/// So many segments leave before pacing begins, so that a connection's first burst is answered in one round trip.
/// Linux: `tcp_update_skb_after_send`.
const UNPACED_SEGMENTS: u32 = 10;

/// When segments may leave.
#[derive(Debug)]
pub(super) struct Pacing {
    /// Bytes a second that the owner allows; [`u64::MAX`]: no limit.
    pub max_rate: u64,
    /// No segment leaves before. Linux: `tcp_wstamp_ns`.
    pub next_departure: Instant,
}

impl Default for Pacing {
    fn default() -> Self {
        Pacing { max_rate: u64::MAX, next_departure: Instant::ZERO }
    }
}

impl Connection {
    /// Whether segments are paced at all. Linux: `tcp_needs_internal_pacing`.
    pub(super) fn paces(&self) -> bool {
        self.control.takes_over() || self.pacing.max_rate != u64::MAX
    }

    /// Whether the next segment has to wait; the timer then sends it. Linux: `tcp_pacing_check`.
    pub(super) fn is_paced(&mut self, env: &Env<'_>) -> bool {
        let waits = self.paces() && self.pacing.next_departure > env.now;
        if waits {
            self.timers.set(Timer::Pacing, self.pacing.next_departure);
        }
        waits
    }

    /// A segment of `bytes` leaves: when may the next one? Linux: `tcp_update_skb_after_send`.
    pub(super) fn note_departure(&mut self, env: &Env<'_>, bytes: u32) {
        let rate = self.window.pacing_rate.min(self.pacing.max_rate);
        let last = self.pacing.next_departure;
        let now = last.max(env.now);
        self.pacing.next_departure = now;
        if !self.paces() || rate == u64::MAX || rate == 0 || self.totals.data_segments_out < UNPACED_SEGMENTS
        {
            return;
        }
        let wait = u128::from(bytes) * 1_000_000_000 / u128::from(rate);
        let wait = Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX));
        // A timer that came late is made up for, by half of the wait at most.
        let credit = now.since(last).min(wait / 2);
        self.pacing.next_departure = now + (wait - credit);
    }

    /// When `wait` has passed from the time on when the next segment may leave. Linux: `tcp_pacing_delay`.
    pub(super) fn after_pacing(&self, env: &Env<'_>, wait: Duration) -> Instant {
        env.now.max(self.pacing.next_departure) + wait
    }

    /// The rate that the window makes, in bytes a second. Linux: `tcp_update_pacing_rate`.
    pub(super) fn update_pacing_rate(&mut self, env: &Env<'_>) {
        let Some(smoothed) = self.rtt.smoothed().filter(|smoothed| !smoothed.is_zero()) else { return };
        let ratio = if self.window.size < self.window.threshold / 2 {
            env.sysctl.tcp_pacing_ss_ratio
        } else {
            env.sysctl.tcp_pacing_ca_ratio
        };
        let segments = self.window.size.max(self.send.sent.len());
        let bytes = u128::from(self.send_mss()) * u128::from(segments) * u128::from(ratio) / 100;
        let rate = bytes * 1_000_000 / smoothed.as_micros().max(1);
        self.window.pacing_rate = u64::try_from(rate).unwrap_or(u64::MAX).min(self.pacing.max_rate);
    }
}
