//! Delivery-rate samples: how fast the path took what was sent (draft-cheng-iccrg-delivery-rate-estimation).
//! Linux: `net/ipv4/tcp_rate.c`.
//!
//! Each segment remembers, when it is sent, how much had been delivered and when ([`TxSnapshot`]). When it is
//! delivered itself, the difference is a sample: so much in so long. The longer of the times it took to send and
//! to be acknowledged counts, so that neither bursts nor compressed acknowledgements make a path look faster.

use super::sequence::Sequence;
use crate::time::{Duration, Instant};

/// The time between two instants in whole microseconds of Linux's clock, which is read in microseconds.
pub(super) fn micros(later: Instant, earlier: Instant) -> u64 {
    later.as_micros().saturating_sub(earlier.as_micros())
}

/// What a connection knows of its deliveries. Linux: the `delivered` group of `struct tcp_sock`.
#[derive(Clone, Debug, Default)]
pub(super) struct DeliveryRate {
    /// Segments delivered, needless ones included; wraps. Linux: `delivered`.
    pub delivered: u32,
    /// Of these, those that were marked. Linux: `delivered_ce`.
    pub delivered_ce: u32,
    /// Segments marked lost; wraps. Linux: `lost`.
    pub lost: u32,
    /// When the last delivery was told. Linux: `delivered_mstamp`.
    delivered_at: Instant,
    /// When the segment was sent that was delivered last: a window of sending begins there. Linux:
    /// `first_tx_mstamp`.
    first_sent_at: Instant,
    /// Until so much is delivered samples tell of the owner's rate, not of the path's; 0: they tell of the
    /// path. Linux: `app_limited`.
    app_limited: u32,
    /// The newest sample that counts: so many segments. Linux: `rate_delivered`.
    rate_delivered: u32,
    /// In so many microseconds, 0: none yet. Linux: `rate_interval_us`.
    rate_interval: u64,
    /// And whether the owner had no more. Linux: `rate_app_limited`.
    rate_app_limited: bool,
}

/// What a sent segment remembers of the time when it left. Linux: `tx` of `struct tcp_skb_cb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TxSnapshot {
    /// When the window of sending began. Linux: `first_tx_mstamp`.
    first_sent_at: Instant,
    /// When the last delivery was told. Linux: `delivered_mstamp`.
    delivered_at: Instant,
    /// How much was delivered.
    delivered: u32,
    delivered_ce: u32,
    /// Whether the owner had no more to send.
    app_limited: bool,
}

/// A segment that the peer has now: acknowledged or reported by SACK.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivered {
    /// What [`DeliveryRate::on_sent`] gave when it was sent last.
    pub snapshot: TxSnapshot,
    /// When it was sent last.
    pub sent_at: Instant,
    /// The number behind its last.
    pub end: Sequence,
    /// Whether it was sent more than once.
    pub retransmitted: bool,
}

/// What an acknowledgement tells of the path. Made new for each one, filled by [`DeliveryRate::on_delivered`] and
/// [`DeliveryRate::sample`]. Linux: `struct rate_sample`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RateSample {
    /// Segments delivered in [`Self::interval`], 0 if nothing can be told. Linux: `delivered`, there -1.
    pub delivered: u32,
    /// Of these, those that were marked. Linux: `delivered_ce`.
    pub delivered_ce: u32,
    /// How long that took; none if nothing can be told. Linux: `interval_us`, there -1.
    pub interval: Option<Duration>,
    /// How much had been delivered over all when the newest segment was sent; none without one. Linux:
    /// `prior_delivered`.
    pub prior_delivered: Option<u32>,
    /// The round trip that the acknowledgement told; the caller fills it in. Linux: `rtt_us`.
    pub rtt: Option<Duration>,
    /// Whether that may have been a delayed acknowledgement: one segment, less than a full one; the caller fills it
    /// in. Linux: `is_ack_delayed`.
    pub is_ack_delayed: bool,
    /// Segments found lost by it. Linux: `losses`.
    pub losses: u32,
    /// Segments found delivered by it. Linux: `acked_sacked`.
    pub acked_sacked: u32,
    /// Segments on their way before it; the caller fills it in. Linux: `prior_in_flight`.
    pub prior_in_flight: u32,
    /// Whether the sample tells of the owner's rate. Linux: `is_app_limited`.
    pub is_app_limited: bool,
    /// Whether the newest segment had been sent more than once. Linux: `is_retrans`.
    pub is_retrans: bool,
    /// The newest segment of the acknowledgement.
    pub newest: Newest,
}

/// What a sample keeps of the newest segment until it is complete.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Newest {
    delivered_ce: u32,
    delivered_at: Instant,
    sent_at: Instant,
    end: Sequence,
    /// Microseconds it took to send. Linux: `snd_interval_us`.
    send_interval: u64,
}

impl DeliveryRate {
    /// Our SYN-ACK has arrived, which no list of sent segments holds. Linux: `TCP_SYN_RECV` in
    /// `tcp_rcv_state_process`.
    pub(super) fn count_syn_ack(&mut self) {
        self.delivered = self.delivered.wrapping_add(1);
    }

    /// A segment leaves, for the first time or again; `packets_out` segments are on the list of sent ones
    /// without it. Answers what the segment is to remember. Linux: `tcp_rate_skb_sent`.
    pub(super) fn on_sent(&mut self, now: Instant, packets_out: u32) -> TxSnapshot {
        // With nothing on its way the clock begins now, else idling would count.
        if packets_out == 0 {
            self.first_sent_at = now;
            self.delivered_at = now;
        }
        TxSnapshot {
            first_sent_at: self.first_sent_at,
            delivered_at: self.delivered_at,
            delivered: self.delivered,
            delivered_ce: self.delivered_ce,
            app_limited: self.app_limited != 0,
        }
    }

    /// A segment is acknowledged or reported by SACK for the first time: the caller takes its snapshot away so
    /// that it is not used again. The sample is the newest segment's. Linux: `tcp_rate_skb_delivered`.
    pub(super) fn on_delivered(&mut self, segment: &Delivered, sample: &mut RateSample) {
        let newer = sample.prior_delivered.is_none()
            || segment.sent_at > sample.newest.sent_at
            || (segment.sent_at == sample.newest.sent_at && segment.end.after(sample.newest.end));
        if !newer {
            return;
        }
        let snapshot = &segment.snapshot;
        sample.prior_delivered = Some(snapshot.delivered);
        sample.newest.delivered_ce = snapshot.delivered_ce;
        sample.newest.delivered_at = snapshot.delivered_at;
        sample.is_app_limited = snapshot.app_limited;
        sample.is_retrans = segment.retransmitted;
        sample.newest.sent_at = segment.sent_at;
        sample.newest.end = segment.end;
        sample.newest.send_interval = micros(segment.sent_at, snapshot.first_sent_at);
        self.first_sent_at = segment.sent_at;
    }

    /// Completes the sample of an acknowledgement by which `delivered` segments were found delivered and `lost`
    /// ones lost; [`Self::delivered`] and [`Self::lost`] count them already. `reneged`: the peer took back what
    /// it had reported. Linux: `tcp_rate_gen`.
    pub(super) fn sample(
        &mut self,
        sample: &mut RateSample,
        now: Instant,
        min_rtt: Option<Duration>,
        (delivered, lost): (u32, u32),
        reneged: bool,
    ) {
        if self.app_limited != 0 && Sequence(self.delivered).after(Sequence(self.app_limited)) {
            self.app_limited = 0;
        }
        if delivered > 0 {
            self.delivered_at = now;
        }
        sample.acked_sacked = delivered;
        sample.losses = lost;
        let Some(prior) = sample.prior_delivered.filter(|_| !reneged) else { return };
        sample.delivered = self.delivered.wrapping_sub(prior);
        sample.delivered_ce = self.delivered_ce.wrapping_sub(sample.newest.delivered_ce);
        let interval = sample.newest.send_interval.max(micros(now, sample.newest.delivered_at));
        // Shorter than any round trip: segments were believed lost, sent again, and then the first ones were
        // acknowledged. The rate would be far too high. Without any round trip nothing can be told either.
        if min_rtt.is_none_or(|least| u128::from(interval) < least.as_micros()) {
            return;
        }
        sample.interval = Some(Duration::from_micros(interval));
        let faster = u128::from(sample.delivered) * u128::from(self.rate_interval)
            >= u128::from(self.rate_delivered) * u128::from(interval);
        if !sample.is_app_limited || faster {
            self.rate_delivered = sample.delivered;
            self.rate_interval = interval;
            self.rate_app_limited = sample.is_app_limited;
        }
    }

    /// To be called when the owner hands in more data, before it is queued: if the stack ran out of data to
    /// send, the samples until then tell of the owner. `ran_out`: less than a full segment waits to be sent,
    /// nothing waits below TCP, and all that was lost is sent again. Linux: `tcp_rate_check_app_limited`.
    pub(super) fn check_app_limited(&mut self, ran_out: bool, in_flight: u32, window: u32) {
        if ran_out && in_flight < window {
            self.mark_app_limited(in_flight);
        }
    }

    /// The samples until what is on its way is delivered tell nothing of the path.
    pub(super) fn mark_app_limited(&mut self, in_flight: u32) {
        self.app_limited = self.delivered.wrapping_add(in_flight).max(1);
    }

    /// `count` segments arrived, `marked` or not. Linux: `tcp_count_delivered`.
    pub(super) fn count(&mut self, count: u32, marked: bool) {
        self.delivered = self.delivered.wrapping_add(count);
        if marked {
            self.delivered_ce = self.delivered_ce.wrapping_add(count);
        }
    }

    /// When the last delivery was told. Linux: `delivered_mstamp`.
    pub(super) fn delivered_at(&self) -> Instant {
        self.delivered_at
    }

    /// Whether samples tell of the owner's rate now.
    pub(super) fn is_app_limited(&self) -> bool {
        self.app_limited != 0
    }

    /// Bytes a second that arrived, by the newest sample that counts, and whether the owner had no more; 0
    /// before there is one. Linux: `tcp_compute_delivery_rate`, `tcpi_delivery_rate_app_limited`.
    pub(super) fn bytes_per_second(&self, mss: u32) -> (u64, bool) {
        let bytes = u128::from(self.rate_delivered) * u128::from(mss);
        let rate = (bytes * 1_000_000).checked_div(u128::from(self.rate_interval)).unwrap_or(0);
        (u64::try_from(rate).unwrap_or(u64::MAX), self.rate_app_limited)
    }
}

#[cfg(test)]
mod tests;
