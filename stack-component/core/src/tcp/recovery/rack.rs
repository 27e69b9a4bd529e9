//! RACK: a segment is lost if one sent later has arrived, and time enough for it to be overtaken has passed
//! (RFC 8985 section 6). Linux: `net/ipv4/tcp_recovery.c`.

use super::super::Env;
use super::super::congestion::CaState;
use super::super::connection::{Connection, Timer};
use super::super::rate::RateSample;
use super::super::round_trip::TIMER_GRAIN;
use super::super::sent_queue::{Sent, Walk};
use super::super::sequence::Sequence;
use super::undo::RECOVERIES;
use crate::counters::Counter;
use crate::time::{Duration, Instant};

/// Bit of `tcp_recovery`: the reordering window does not adapt. Linux: `TCP_RACK_STATIC_REO_WND`.
const STATIC_WINDOW: u32 = 2;
/// Bit of `tcp_recovery`: the duplicate threshold does not count. Linux: `TCP_RACK_NO_DUPTHRESH`.
const NO_THRESHOLD: u32 = 4;

/// Whether what was sent at `at` and ends at `end` left after the other. Linux: `tcp_skb_sent_after`.
fn sent_after((at, end): (Instant, Sequence), (other_at, other_end): (Instant, Sequence)) -> bool {
    at > other_at || (at == other_at && end.after(other_end))
}

impl Connection {
    /// The segment `sent` arrived. One that was sent again and arrives sooner than any round trip is the
    /// original, and tells nothing. Linux: `tcp_rack_advance`.
    pub(in super::super) fn rack_advance(&mut self, sent: &Sent, now: Instant) {
        let round_trip = now.since(sent.at);
        let least = self.rtt.least().unwrap_or(Duration::MAX);
        if round_trip < least && sent.was_retransmitted() {
            return;
        }
        let rack = &mut self.recovery.rack;
        rack.advanced = true;
        rack.round_trip = round_trip;
        if sent_after((sent.at, sent.end), (rack.sent_at, rack.end)) {
            rack.sent_at = sent.at;
            rack.end = sent.end;
        }
    }

    /// How long a segment may be overtaken before it counts as lost. Linux: `tcp_rack_reo_wnd`.
    fn reordering_window(&self, env: &Env<'_>) -> Duration {
        if self.recovery.reorderings == 0 {
            let enough = self.send.sent.sacked >= self.recovery.reordering
                && env.sysctl.tcp_recovery & NO_THRESHOLD == 0;
            if self.recovery.phase >= CaState::Recovery || enough {
                return Duration::ZERO;
            }
        }
        let least = self.rtt.least().unwrap_or(Duration::MAX);
        let steps = (least / 4).saturating_mul(u32::from(self.recovery.rack.steps));
        steps.min(self.rtt.smoothed().unwrap_or(Duration::ZERO))
    }

    /// Takes for lost what is overdue. Answers how long the last of the others has, if it is to be waited for.
    /// Linux: `tcp_rack_detect_loss`.
    fn detect_losses(&mut self, env: &mut Env<'_>) -> Option<Duration> {
        let window = self.reordering_window(env);
        let rack = &self.recovery.rack;
        let (newest, allowed) = ((rack.sent_at, rack.end), rack.round_trip + window);
        let (mut wait, mut lost) = (None, 0);
        let mut again = 0;
        self.send.sent.walk_by_time(|sent, index| {
            let Some(segment) = sent.get(index) else { return Walk::Remove };
            if !sent_after(newest, (segment.at, segment.end)) {
                return Walk::Stop;
            }
            let left = allowed.saturating_sub(env.now.since(segment.at));
            if left.is_zero() {
                if let Some(was_retransmission) = sent.mark_lost(index) {
                    lost += 1;
                    again += u64::from(was_retransmission);
                }
                Walk::Remove
            } else {
                wait = wait.max(Some(left));
                Walk::Keep
            }
        });
        self.rate.lost = self.rate.lost.wrapping_add(lost);
        env.counters.add(Counter::TcpExtTCPLostRetransmit, again);
        wait
    }

    /// Looks for losses if something arrived. Answers whether the timer now waits for reordering to settle.
    /// Linux: `tcp_rack_mark_lost`.
    pub(super) fn rack_mark_lost(&mut self, env: &mut Env<'_>) -> bool {
        if !core::mem::take(&mut self.recovery.rack.advanced) {
            return false;
        }
        let Some(wait) = self.detect_losses(env) else { return false };
        // A round trip that an acknowledgement of long ago made up shall not hold up longer than the timeout would.
        let wait = (wait + TIMER_GRAIN).min(self.rtt.timeout());
        self.set_transmit_timer(Timer::Reorder, env.now + wait);
        true
    }

    /// Reordering had its time. Linux: `tcp_rack_reo_timeout`.
    pub(in super::super) fn reordering_timeout(&mut self, env: &mut Env<'_>) {
        let (before, lost) = (self.in_flight(), self.rate.lost);
        let _ = self.detect_losses(env);
        if before != self.in_flight() {
            if self.recovery.phase != CaState::Recovery {
                self.enter_recovery(env, false);
                if !self.control.takes_over() {
                    let lost = self.rate.lost.wrapping_sub(lost);
                    self.reduce(1, lost, false);
                }
            }
            self.resend_lost();
        }
        if self.timers.get(Timer::Retransmit).is_none() {
            self.rearm_retransmission(env);
        }
    }

    /// Widens the reordering window when retransmissions turn out needless, and narrows it when they have not for
    /// long. Linux: `tcp_rack_update_reo_wnd`.
    pub(in super::super) fn adapt_reordering_window(&mut self, env: &Env<'_>, sample: &RateSample) {
        let Some(prior) = sample.prior_delivered.filter(|_| env.sysctl.tcp_recovery & STATIC_WINDOW == 0)
        else {
            return;
        };
        let delivered = self.rate.delivered;
        let rack = &mut self.recovery.rack;
        if (prior.wrapping_sub(rack.last_delivered) as i32) < 0 {
            rack.duplicate_seen = false;
        }
        if rack.duplicate_seen {
            rack.steps = rack.steps.saturating_add(1);
            rack.duplicate_seen = false;
            rack.last_delivered = delivered;
            rack.recoveries_left = RECOVERIES;
        } else if rack.recoveries_left == 0 {
            rack.steps = 1;
        }
    }

    /// Whether the segment was sent too lately to be lost, by RACK. Linux: `tcp_rack_skb_timeout` above 0.
    pub(super) fn is_recent(&self, sent_at: Instant, now: Instant) -> bool {
        now.since(sent_at) < self.recovery.rack.round_trip
    }
}
