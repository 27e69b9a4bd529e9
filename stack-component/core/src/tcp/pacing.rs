//! Pacing: segments leave evenly over the round trip, where the congestion control or the owner wants it so.
//! Linux: the internal pacing of `tcp_output.c`, `tcp_update_pacing_rate`.

use super::Env;
use super::connection::{Connection, Timer};
use crate::time::{Duration, Instant};

/// So many segments leave before pacing begins, so that a connection's first burst is answered in one round trip.
/// Linux: `tcp_update_skb_after_send`.
const UNPACED_SEGMENTS: u32 = 10;
/// A burst is what passes in 1/1024 s: timers are spared, and their lateness matters less. Linux: `sk_pacing_shift`.
const BURST_SHIFT: u32 = 10;
/// Most bytes of a burst. Linux: `sk_gso_max_size`, there 65536 less than the longest header.
const LARGEST_BURST: u32 = 65_536 - 1 - 320;

impl Connection {
    /// Whether segments are paced at all. Linux: `tcp_needs_internal_pacing`.
    pub(super) fn paces(&self) -> bool {
        self.control.takes_over() || self.pacing.max_rate != u64::MAX
    }

    /// Whether the next segment has to wait; the timer then sends it. Linux: `tcp_pacing_check`.
    pub(super) fn is_paced(&mut self, env: &Env<'_>) -> bool {
        let waits = self.paces() && self.pacing.burst == 0 && self.pacing.next_departure > env.now;
        if waits {
            self.timers.set(Timer::Pacing, self.pacing.next_departure);
        }
        waits
    }

    /// A segment of `bytes` leaves: when may the next one? Linux: `tcp_update_skb_after_send`.
    pub(super) fn note_departure(&mut self, env: &Env<'_>, bytes: u32) {
        let rate = self.window.pacing_rate.min(self.pacing.max_rate);
        if self.pacing.burst == 0 {
            let last = self.pacing.next_departure;
            self.pacing.next_departure = last.max(env.now);
            self.pacing.late = env.now.since(last);
        }
        if !self.paces() || rate == u64::MAX || rate == 0 || self.totals.data_segments_out < UNPACED_SEGMENTS
        {
            self.pacing.burst = 0;
            return;
        }
        if self.pacing.burst == 0 {
            self.pacing.burst = self.paced_burst(env, rate);
        }
        self.pacing.burst -= 1;
        let wait = u128::from(bytes) * 1_000_000_000 / u128::from(rate);
        let wait = Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX));
        // A timer that came late is made up for, by half of the wait at most.
        let credit = self.pacing.late.min(wait / 2);
        self.pacing.late -= credit;
        self.pacing.next_departure = self.pacing.next_departure + (wait - credit);
    }

    /// How many segments leave at once at `rate` bytes a second, at least one. Linux: `tcp_tso_segs`.
    fn paced_burst(&self, env: &Env<'_>, rate: u64) -> u32 {
        let segments =
            burst_bytes(rate, self.rtt.least(), env.sysctl.tcp_tso_rtt_log) / self.send_mss().max(1);
        segments.max(self.control.min_burst(&self.window).unwrap_or(env.sysctl.tcp_min_tso_segs)).max(1)
    }

    /// Nothing more leaves for now; the next segment begins a new burst, when its time has come.
    pub(super) fn end_burst(&mut self) {
        self.pacing.burst = 0;
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

/// Bytes of a burst at `rate` bytes a second: more on short paths, where hosts rather than the path are the bottleneck;
/// 64 KiB there, half of it for every 2^`log` microseconds of `round_trip`. Linux: `tcp_tso_autosize`.
fn burst_bytes(rate: u64, round_trip: Option<Duration>, log: u32) -> u32 {
    let halvings = round_trip.and_then(|least| u32::try_from(least.as_micros()).ok()?.checked_shr(log));
    let on_short_path = halvings.and_then(|halvings| LARGEST_BURST.checked_shr(halvings)).unwrap_or(0);
    let bytes = (rate >> BURST_SHIFT).saturating_add(on_short_path.into());
    u32::try_from(bytes).map_or(LARGEST_BURST, |bytes| bytes.min(LARGEST_BURST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_are_a_millisecond_and_more_on_short_paths() {
        let long = Some(Duration::from_millis(20));
        for (rate, round_trip, bytes) in [
            (12_500_000, long, 12_207),
            (12_500_000, None, 12_207),
            (1_000, long, 0),
            (u64::MAX, long, 65_215),
            (12_500_000, Some(Duration::from_micros(100)), 65_215),
            (1_024, Some(Duration::from_micros(512)), 32_608),
            (1_024, Some(Duration::from_micros(1_024)), 16_304),
            (1_024, Some(Duration::from_secs(10_000)), 1),
        ] {
            assert_eq!(burst_bytes(rate, round_trip, 9), bytes, "{rate} {round_trip:?}");
        }
        assert_eq!(burst_bytes(1_024, Some(Duration::from_micros(1_024)), 0), 1);
    }
}
