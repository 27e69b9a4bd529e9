//! The round trip that an acknowledgement measures (RFC 6298 section 3, RFC 7323 section 4). Linux: `tcp_ack_update_rtt`.

use super::Env;
use super::congestion::CaState;
use super::connection::Connection;
use super::recovery::{AckFlags, Tagged};
use super::sequence::Sequence;
use crate::time::{Duration, Instant};

/// What an acknowledgement took off the list of sent segments.
#[derive(Debug, Default)]
pub(super) struct Acked {
    /// Whole segments.
    pub(super) segments: u32,
    /// When the first and the last of those were sent that never were sent again.
    pub(super) first_sent: Option<Instant>,
    pub(super) last_sent: Option<Instant>,
    /// The lowest number that was overtaken and never sent again.
    pub(super) overtaken: Option<Sequence>,
}

impl Connection {
    /// The round trip, by our clock if nothing acknowledged was sent twice (Karn), else by the echoed timestamp
    /// (RFC 7323 section 4). Linux: `tcp_ack_update_rtt`.
    pub(super) fn measure(
        &mut self,
        env: &Env<'_>,
        acked: &Acked,
        before: &Before,
        tagged: &mut Tagged,
        flags: &mut AckFlags,
    ) -> bool {
        let since = |at: Option<Instant>| at.map(|at| env.now.since(at));
        let (mut smooth, mut latest) = (None, None);
        if acked.first_sent.is_some() && !flags.retransmitted_acked {
            smooth = since(acked.first_sent);
            latest = since(acked.last_sent);
            flags.maybe_delayed = acked.segments == 1
                && before.sacked == 0
                && self.send.una.since(before.una) < self.send_mss()
                && tagged
                    .sample
                    .prior_delivered
                    .is_some_and(|prior| prior.wrapping_add(1) == self.rate.delivered)
                && !flags.data_sacked
                && !flags.syn_acked;
        }
        if tagged.first_sent.is_some() {
            smooth = smooth.or(since(tagged.first_sent));
            latest = since(tagged.last_sent);
        }
        if smooth.is_none() && flags.acked() {
            smooth = self.round_trip_by_timestamp(env);
            latest = smooth;
        }
        tagged.sample.rtt = latest;
        let Some(smooth) = smooth else {
            if !self.state.is_synchronised() {
                self.rtt.fall_back();
            }
            return false;
        };
        let latest = latest.unwrap_or(smooth);
        if !(flags.maybe_delayed && self.rtt.least().is_some_and(|least| latest > least)) {
            let window = Duration::from_secs(env.sysctl.tcp_min_rtt_wlen.into());
            self.rtt.note_least(latest, env.now, window);
        }
        self.rtt.measure(smooth, self.send.una, self.send.next);
        true
    }

    /// Linux: `tcp_rtt_tsopt_us`.
    fn round_trip_by_timestamp(&self, env: &Env<'_>) -> Option<Duration> {
        self.timestamps?;
        let echo = self.echo.filter(|echo| *echo != 0)?;
        let age = self.timestamp(env.now).wrapping_sub(echo);
        // An echo of the future or of long ago is no measurement.
        (age < 1 << 20).then(|| Duration::from_millis(age.max(1).into()))
    }

    /// The round trip that our SYN-ACK took. Linux: `tcp_synack_rtt_meas`.
    pub(super) fn measure_handshake(&mut self, env: &Env<'_>, sample: Duration) {
        let window = Duration::from_secs(env.sysctl.tcp_min_rtt_wlen.into());
        self.rtt.note_least(sample, env.now, window);
        self.rtt.measure(sample, self.send.una, self.send.next);
    }
}

/// What was so before an acknowledgement.
pub(super) struct Before {
    pub(super) una: Sequence,
    pub(super) packets: u32,
    pub(super) sacked: u32,
    pub(super) in_flight: u32,
    pub(super) delivered: u32,
    pub(super) lost: u32,
    pub(super) highest_sacked: Sequence,
    pub(super) reneged: bool,
}

impl Before {
    pub(super) fn of(connection: &Connection) -> Self {
        Before {
            una: connection.send.una,
            packets: connection.send.sent.len(),
            sacked: connection.send.sent.sacked,
            in_flight: connection.in_flight(),
            delivered: connection.rate.delivered,
            lost: connection.rate.lost,
            highest_sacked: connection.highest_sacked(),
            reneged: connection.recovery.reneged && connection.recovery.phase == CaState::Loss,
        }
    }
}
