//! Round-trip time and retransmission timeout (RFC 6298). Linux: `tcp_rtt_estimator`, `tcp_set_rto`.

use crate::time::Duration;

/// The timeout before anything was measured (RFC 6298 section 2.1). Linux: `TCP_TIMEOUT_INIT`.
pub(super) const INITIAL: Duration = Duration::from_secs(1);
/// The timeout for data when the SYN itself timed out (RFC 6298 section 5.7). Linux: `TCP_TIMEOUT_FALLBACK`.
pub(super) const FALLBACK: Duration = Duration::from_secs(3);
/// Least time granted beyond the smoothed round trip. Linux: `TCP_RTO_MIN`.
pub(super) const MIN: Duration = Duration::from_millis(200);
/// The longest timeout (RFC 6298 section 2.5). Linux: `TCP_RTO_MAX`.
pub(super) const MAX: Duration = Duration::from_secs(120);

/// What is known of a path's round-trip time.
#[derive(Clone, Debug)]
pub(super) struct RoundTrip {
    smoothed: Option<Duration>,
    variation: Duration,
    base: Duration,
    backoff: u32,
}

impl Default for RoundTrip {
    fn default() -> Self {
        RoundTrip { smoothed: None, variation: Duration::ZERO, base: INITIAL, backoff: 0 }
    }
}

impl RoundTrip {
    /// Takes a measurement of a segment that was sent once (Karn's algorithm is the caller's duty) and ends
    /// the backing off.
    pub(super) fn measure(&mut self, sample: Duration) {
        // RFC 6298 section 2.2 and 2.3: alpha = 1/8, beta = 1/4.
        let smoothed = match self.smoothed {
            None => {
                self.variation = sample / 2;
                sample
            }
            Some(smoothed) => {
                self.variation = self.variation * 3 / 4 + smoothed.abs_diff(sample) / 4;
                smoothed * 7 / 8 + sample / 8
            }
        };
        self.smoothed = Some(smoothed);
        self.base = (smoothed + (self.variation * 4).max(MIN)).min(MAX);
        self.backoff = 0;
    }

    /// The smoothed round trip, if one was measured. Linux: `srtt_us`.
    pub(super) fn smoothed(&self) -> Option<Duration> {
        self.smoothed
    }

    /// The retransmission timeout now, backing off included.
    pub(super) fn timeout(&self) -> Duration {
        self.base.saturating_mul(1 << self.backoff.min(16)).min(MAX)
    }

    /// Doubles the timeout (RFC 6298 section 5.5).
    pub(super) fn back_off(&mut self) {
        self.backoff = self.backoff.saturating_add(1);
    }

    /// Ends the backing off without a measurement: the peer is heard again.
    pub(super) fn end_back_off(&mut self) {
        self.backoff = 0;
    }

    /// The handshake timed out and told nothing of the path: data begins with a careful timeout.
    pub(super) fn fall_back(&mut self) {
        if self.smoothed.is_none() {
            self.base = FALLBACK;
            self.backoff = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_follow_rfc_6298() {
        let mut rtt = RoundTrip::default();
        assert_eq!(rtt.timeout(), INITIAL);
        rtt.measure(Duration::from_millis(100));
        assert_eq!(rtt.timeout(), Duration::from_millis(300));
        rtt.measure(Duration::from_millis(200));
        // variation = 3/4 * 50 + 1/4 * 100, smoothed = 7/8 * 100 + 1/8 * 200
        assert_eq!(rtt.timeout(), Duration::from_micros(112_500 + 4 * 62_500));
    }

    #[test]
    fn backing_off_doubles_up_to_the_limit_and_ends_with_a_measurement() {
        let mut rtt = RoundTrip::default();
        rtt.measure(Duration::from_millis(1));
        let base = rtt.timeout();
        assert_eq!(base, Duration::from_millis(201));
        rtt.back_off();
        assert_eq!(rtt.timeout(), base * 2);
        (0..40).for_each(|_| rtt.back_off());
        assert_eq!(rtt.timeout(), MAX);
        rtt.measure(Duration::from_millis(1));
        assert!(rtt.timeout() < Duration::from_millis(250));
    }
}
