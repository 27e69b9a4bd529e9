//! Whether a segment for a connection is acceptable (RFC 9293 section 3.10.7.4, RFC 7323 section 5, RFC 5961). Linux:
//! `tcp_validate_incoming`.

use super::Env;
use super::connection::{Connection, TimestampState};
use super::input::Disposition;
use super::segment::Segment;
use super::state::TcpState;
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::time::Duration;
use crate::wire::tcp::Timestamps;

/// A timestamp older than this is not held against a peer (RFC 7323 section 5.5). Linux: `TCP_PAWS_24DAYS`.
const TIMESTAMP_LIFETIME: Duration = Duration::from_secs(24 * 24 * 60 * 60);

impl Connection {
    /// PAWS, sequence, RST and SYN checks of every state but SYN-SENT. Linux: `tcp_validate_incoming`.
    pub(super) fn validate(&mut self, env: &mut Env<'_>, segment: &Segment) -> Result<(), Disposition> {
        self.check_timestamp(env, segment)?;
        self.check_sequence(env, segment)?;
        if segment.flags.rst() {
            return Err(self.check_reset(env, segment));
        }
        if segment.flags.syn() {
            // In SYN-RECEIVED the peer's SYN may come again, with the acknowledgement of ours (RFC 9293 section 3.5).
            let bare = segment.len() == 1 && segment.end() == self.receive.next;
            let answers = segment.flags.ack() && segment.acknowledgement == self.send.next;
            if !(self.state == TcpState::SynRecv && bare && answers) {
                self.reflect_syn_ack(env, segment);
                return Err(self.challenge_syn(env));
            }
        }
        Ok(())
    }

    /// PAWS (RFC 7323 section 5). A reset counts whatever its timestamp.
    fn check_timestamp(&mut self, env: &mut Env<'_>, segment: &Segment) -> Result<(), Disposition> {
        if segment.flags.rst() || !self.is_old_timestamp(env, segment) {
            return Ok(());
        }
        let pure = segment.flags.ack() && segment.len() == 0;
        if pure && segment.sequence == self.receive.next && self.is_disordered_ack(segment) {
            return Ok(());
        }
        if segment.flags.syn() {
            return Err(self.challenge_syn(env));
        }
        if pure && segment.sequence.before(self.receive.next) {
            // An acknowledgement that was overtaken is common and needs no answer.
            env.counters.increment(Counter::TcpExtPAWSOldAck);
            return Err(Disposition::Dropped(DropReason::TcpPaws));
        }
        env.counters.increment(Counter::TcpExtPAWSEstab);
        self.answer_invalid(env, segment, Counter::TcpExtTCPACKSkippedPAWS);
        Err(Disposition::Dropped(DropReason::TcpPaws))
    }

    /// Whether the segment's timestamp is older than the last one (RFC 7323 section 5.3). Linux:
    /// `tcp_paws_check`.
    fn is_old_timestamp(&self, env: &Env<'_>, segment: &Segment) -> bool {
        let (Some(state), Some(timestamps)) = (self.timestamps, segment.options.timestamps) else {
            return false;
        };
        let older = (timestamps.value.wrapping_sub(state.recent) as i32) < 0;
        // Some peers say 0 in their SYN and the truth later.
        older && state.recent != 0 && env.now.since(state.recent_at) < TIMESTAMP_LIFETIME
    }

    /// Whether a bare acknowledgement with an old timestamp may be a duplicate that was overtaken, which fast
    /// retransmit needs to see. Linux: `tcp_disordered_ack`.
    fn is_disordered_ack(&self, segment: &Segment) -> bool {
        let (Some(state), Some(timestamps)) = (self.timestamps, segment.options.timestamps) else {
            return false;
        };
        let window = u32::from(segment.window) << self.send.scale;
        let updates = segment.sequence.after(self.send.window_sequence)
            || (segment.sequence == self.send.window_sequence && window > self.send.window);
        let age = state.recent.wrapping_sub(timestamps.value);
        // The replay window: a retransmission timeout and a fifth, in milliseconds.
        let replay = self.rtt.timeout().as_millis() * 6 / 5;
        segment.acknowledgement == self.send.una && !updates && u128::from(age) <= replay
    }

    /// Linux: `tcp_sequence` and what follows from it.
    fn check_sequence(&mut self, env: &mut Env<'_>, segment: &Segment) -> Result<(), Disposition> {
        let limit = self.receive.next + self.receive_window();
        let old = segment.end().before(self.receive.acked);
        // A FIN just behind the window is looked at later.
        let beyond = (segment.end() - u32::from(segment.flags.fin())).after(limit);
        // Who has read everything takes a segment that begins in the window, whole.
        let tolerable = !segment.sequence.after(limit) && self.receive.queue.len() == 0;
        if !old && (!beyond || tolerable) {
            return Ok(());
        }
        if segment.flags.rst() {
            if self.is_reset_after_fin(segment) {
                self.peer_reset(env);
                return Err(Disposition::Taken);
            }
            return Err(Disposition::Dropped(DropReason::TcpReset));
        }
        if segment.flags.syn() {
            return Err(self.challenge_syn(env));
        }
        if beyond && !old {
            env.counters.increment(Counter::TcpExtBeyondWindow);
        }
        self.answer_invalid(env, segment, Counter::TcpExtTCPACKSkippedSeq);
        Err(Disposition::Dropped(DropReason::TcpSequence))
    }

    /// RFC 5961 section 3.2: only the exact number resets; any other in the window is asked about. Exact is also
    /// the number before, after a FIN, and the end of the highest run that arrived out of order.
    fn check_reset(&mut self, env: &mut Env<'_>, segment: &Segment) -> Disposition {
        let exact = segment.sequence == self.receive.next
            || self.is_reset_after_fin(segment)
            || (self.sack_permitted && self.receive.sack.highest() == Some(segment.sequence));
        if !exact {
            return Disposition::Challenge(DropReason::TcpReset);
        }
        self.peer_reset(env);
        Disposition::Taken
    }

    /// Linux: `tcp_reset_check`.
    fn is_reset_after_fin(&self, segment: &Segment) -> bool {
        segment.sequence + 1 == self.receive.next
            && matches!(self.state, TcpState::CloseWait | TcpState::LastAck | TcpState::Closing)
    }

    /// RFC 5961 section 4.2: a SYN never resets, whatever its number.
    fn challenge_syn(&self, env: &mut Env<'_>) -> Disposition {
        env.counters.increment(Counter::TcpExtTCPSYNChallenge);
        Disposition::Challenge(DropReason::TcpFlags)
    }

    /// Keeps the timestamp of a segment that begins where we expect one (RFC 7323 section 4.3). Linux:
    /// `tcp_replace_ts_recent`.
    pub(super) fn note_timestamp(&mut self, env: &Env<'_>, segment: &Segment) {
        if self.is_old_timestamp(env, segment) {
            return;
        }
        if let (Some(state), Some(Timestamps { value, .. })) =
            (&mut self.timestamps, segment.options.timestamps)
            && !segment.sequence.after(self.receive.acked)
        {
            *state = TimestampState { recent: value, recent_at: env.now };
        }
    }

    /// Answers a segment outside of the window with an acknowledgement, so that the peer can find its way
    /// back; not more often than the settings permit, else `skipped` counts it. Linux: `tcp_send_dupack`.
    fn answer_invalid(&mut self, env: &mut Env<'_>, segment: &Segment, skipped: Counter) {
        if !segment.may_be_answered(env, &mut self.ack.last_invalid, skipped) {
            return;
        }
        if segment.len() > 0 && segment.sequence.before(self.receive.next) {
            env.counters.increment(Counter::TcpExtDelayedACKLost);
            self.enter_quick_mode();
            let end = segment.end();
            let end = if end.after(self.receive.next) { self.receive.next } else { end };
            self.tell_duplicate(env, segment.sequence, end);
        }
        self.acknowledge_now();
    }
}
