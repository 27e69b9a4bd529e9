//! Round-trip time and retransmission timeout (RFC 6298), in Linux's arithmetic, which tells more of a peer that
//! answers evenly. Linux: `tcp_rtt_estimator`, `tcp_set_rto`, `tcp_update_rtt_min`.

use super::sequence::Sequence;
use super::windowed::Windowed;
use crate::sysctl::Sysctl;
use crate::time::{Duration, Instant};

/// The timeout before anything was measured (RFC 6298 section 2.1). Linux: `TCP_TIMEOUT_INIT`.
pub(super) const INITIAL: Duration = Duration::from_secs(1);
/// The timeout for data when the SYN itself timed out (RFC 6298 section 5.7). Linux: `TCP_TIMEOUT_FALLBACK`.
const FALLBACK: Duration = Duration::from_secs(3);
/// The shortest wait of a timer, and what timers that wait for less than a timeout add. Linux: `TCP_TIMEOUT_MIN`.
pub(super) const TIMER_GRAIN: Duration = Duration::from_millis(2);
/// Linux measures timeouts in ticks of this many microseconds; part of one counts as a whole.
const TICK: u64 = 1000;

/// What is known of a path's round-trip time. Times in microseconds.
#[derive(Clone, Debug)]
pub(super) struct RoundTrip {
    /// Eight times the smoothed round trip; 0: not measured. Linux: `srtt_us`.
    smoothed: u64,
    /// Four times the mean deviation. Linux: `mdev_us`.
    deviation: u64,
    /// The largest deviation of this round trip. Linux: `mdev_max_us`.
    largest_deviation: u64,
    /// What the timeout adds to the round trip. Linux: `rttvar_us`.
    variation: u64,
    /// When this number is acknowledged a round trip is over. Linux: `rtt_seq`.
    round_ends: Sequence,
    /// The timeout, backing off included. Linux: `icsk_rto`.
    timeout: Duration,
    /// How often it was doubled. Linux: `icsk_backoff`.
    backoff: u32,
    least: Option<Windowed<Duration>>,
    /// Least variation, and largest timeout. Linux: `tcp_rto_min`, `tcp_rto_max`.
    bounds: (u64, Duration),
}

impl RoundTrip {
    /// Nothing is measured; `sysctl` says the bounds.
    pub(super) fn new(sysctl: &Sysctl) -> Self {
        let bounds = (u64::from(sysctl.tcp_rto_min_us), Duration::from_millis(sysctl.tcp_rto_max_ms.into()));
        RoundTrip {
            smoothed: 0,
            deviation: 0,
            largest_deviation: 0,
            variation: 0,
            round_ends: Sequence(0),
            timeout: INITIAL,
            backoff: 0,
            least: None,
            bounds,
        }
    }

    /// Takes other bounds, from the next measurement or doubling on.
    pub(super) fn set_bounds(&mut self, least: Duration, longest: Duration) {
        self.bounds = (u64::try_from(least.as_micros()).unwrap_or(u64::MAX).max(1), longest);
    }

    /// Takes a measurement of a segment that was sent once (Karn's algorithm is the caller's duty) and ends the
    /// backing off. `una` and `next` are the connection's.
    pub(super) fn measure(&mut self, sample: Duration, una: Sequence, next: Sequence) {
        let sample = u64::try_from(sample.as_micros()).unwrap_or(u64::MAX).clamp(1, 1 << 40);
        if self.smoothed == 0 {
            self.smoothed = sample << 3;
            self.deviation = sample << 1;
            self.variation = self.deviation.max(self.bounds.0);
            self.largest_deviation = self.variation;
            self.round_ends = next;
        } else {
            self.smooth(sample, una, next);
        }
        let timeout = ((self.smoothed >> 3) + self.variation).div_ceil(TICK) * TICK;
        self.timeout = Duration::from_micros(timeout).min(self.bounds.1);
        self.backoff = 0;
    }

    fn smooth(&mut self, sample: u64, una: Sequence, next: Sequence) {
        let mean = self.smoothed >> 3;
        let difference = sample.abs_diff(mean);
        // 7/8 of the old and 1/8 of the new (RFC 6298 section 2.3).
        self.smoothed = (self.smoothed - mean + sample).max(1);
        let old = self.deviation >> 2;
        if sample < mean && difference > old {
            // A round trip that grows shorter shall not make the timeout longer: an eighth of the step.
            self.deviation += (difference - old) >> 3;
        } else {
            self.deviation = self.deviation - old + difference;
        }
        if self.deviation > self.largest_deviation {
            self.largest_deviation = self.deviation;
            self.variation = self.variation.max(self.deviation);
        }
        if una.after(self.round_ends) {
            if self.largest_deviation < self.variation {
                self.variation -= (self.variation - self.largest_deviation) >> 2;
            }
            self.round_ends = next;
            self.largest_deviation = self.bounds.0;
        }
    }

    /// Remembers a round trip for [`RoundTrip::least`], for `window`.
    pub(super) fn note_least(&mut self, sample: Duration, now: Instant, window: Duration) {
        let sample = sample.max(Duration::from_micros(1));
        match &mut self.least {
            Some(least) => least.note_min(window, now, sample),
            None => self.least = Some(Windowed::new(now, sample)),
        }
    }

    /// The least round trip lately. Linux: `tcp_min_rtt`.
    pub(super) fn least(&self) -> Option<Duration> {
        self.least.as_ref().map(Windowed::best)
    }

    /// The smoothed round trip.
    pub(super) fn smoothed(&self) -> Option<Duration> {
        (self.smoothed != 0).then(|| Duration::from_micros(self.smoothed >> 3))
    }

    /// What the timeout adds to it.
    pub(super) fn variation(&self) -> Duration {
        Duration::from_micros(self.deviation >> 2)
    }

    /// The retransmission timeout now, backing off included.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The least that is added to the round trip. Linux: `tcp_rto_min`.
    pub(super) fn least_timeout(&self) -> Duration {
        Duration::from_micros(self.bounds.0)
    }

    /// The longest timeout. Linux: `tcp_rto_max`.
    pub(super) fn largest_timeout(&self) -> Duration {
        self.bounds.1
    }

    /// How often the timeout was doubled.
    pub(super) fn backoff(&self) -> u32 {
        self.backoff
    }

    /// Doubles the timeout (RFC 6298 section 5.5).
    pub(super) fn back_off(&mut self) {
        self.backoff = self.backoff.saturating_add(1);
        self.timeout = self.timeout.saturating_mul(2).min(self.bounds.1);
    }

    /// Takes one doubling back (RFC 6069). Linux: `tcp_ld_RTO_revert`, `inet_csk_rto_backoff`.
    pub(super) fn revert_back_off(&mut self) {
        let doublings = self.backoff.saturating_sub(1);
        if self.smoothed == 0 {
            self.timeout = INITIAL;
        }
        self.end_back_off();
        self.backoff = doublings;
        self.timeout = self.timeout.saturating_mul(1 << doublings.min(30)).min(self.bounds.1);
    }

    /// Takes the timeout without backing off. Linux: what thin streams do in `tcp_retransmit_timer`.
    pub(super) fn end_back_off(&mut self) {
        self.backoff = 0;
        if self.smoothed != 0 {
            let timeout = ((self.smoothed >> 3) + self.variation).div_ceil(TICK) * TICK;
            self.timeout = Duration::from_micros(timeout).min(self.bounds.1);
        }
    }

    /// The handshake timed out and told nothing of the path: data begins with a careful timeout.
    pub(super) fn fall_back(&mut self) {
        if self.smoothed == 0 {
            self.timeout = FALLBACK;
            self.backoff = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(samples: &[u64]) -> RoundTrip {
        let mut rtt = RoundTrip::new(&Sysctl::default());
        for (nth, &sample) in samples.iter().enumerate() {
            let number = Sequence(nth as u32);
            rtt.measure(Duration::from_millis(sample), number, number + 1);
        }
        rtt
    }

    /// RFC 6298 sections 2.1 to 2.4 with Linux's least variation of 200 ms.
    #[test]
    fn timeouts_follow_rfc_6298() {
        assert_eq!(measured(&[]).timeout(), INITIAL);
        assert_eq!(measured(&[100]).timeout(), Duration::from_millis(300));
        assert_eq!(measured(&[1000]).timeout(), Duration::from_millis(3000));
        // smoothed = 7/8 * 100 + 1/8 * 500 = 150; deviation = 200 - 50 + 400 = 550
        assert_eq!(measured(&[100, 500]).timeout(), Duration::from_millis(150 + 550));
    }

    /// The model's estimator: a round trip that becomes shorter does not widen the timeout.
    #[test]
    fn shorter_round_trips_count_an_eighth() {
        let rtt = measured(&[1000, 100]);
        assert_eq!(rtt.smoothed(), Some(Duration::from_micros(887_500)));
        // deviation = 2000 + (900 - 500) / 8
        assert_eq!(
            rtt.timeout(),
            Duration::from_micros(887_500 + 2_050_000).max(Duration::from_millis(2938))
        );
    }

    #[test]
    fn a_doubling_can_be_taken_back() {
        for mut rtt in [measured(&[]), measured(&[1])] {
            let base = rtt.timeout();
            (0..3).for_each(|_| rtt.back_off());
            rtt.revert_back_off();
            assert_eq!((rtt.timeout(), rtt.backoff()), (base * 4, 2));
            (0..2).for_each(|_| rtt.revert_back_off());
            assert_eq!((rtt.timeout(), rtt.backoff()), (base, 0));
        }
    }

    #[test]
    fn backing_off_doubles_up_to_the_limit_and_ends_with_a_measurement() {
        let mut rtt = measured(&[1]);
        let base = rtt.timeout();
        assert_eq!(base, Duration::from_millis(201));
        rtt.back_off();
        assert_eq!(rtt.timeout(), base * 2);
        (0..40).for_each(|_| rtt.back_off());
        assert_eq!(rtt.timeout(), Duration::from_secs(120));
        rtt.measure(Duration::from_millis(1), Sequence(0), Sequence(1));
        assert!(rtt.timeout() < Duration::from_millis(250));
    }
}
