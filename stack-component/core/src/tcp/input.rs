//! What arrives for a connection: is the segment acceptable, and what does it mean (RFC 9293 section
//! 3.10.7). Linux: `net/ipv4/tcp_input.c`.

use super::connection::{Connection, Fin, Timer, TimestampState};
use super::options::TcpOptions;
use super::segment::Segment;
use super::segment_size::DEFAULT_MSS;
use super::{Env, SocketError, TcpState};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::time::Duration;
use crate::wire::tcp::{Flags, Options, Timestamps};

/// A timestamp older than this is not held against a peer (RFC 7323 section 5.5). Linux: `TCP_PAWS_24DAYS`.
const TIMESTAMP_LIFETIME: Duration = Duration::from_secs(24 * 24 * 60 * 60);

/// The shortest wait of a timer. Linux: `TCP_TIMEOUT_MIN`.
const SOON: Duration = Duration::from_millis(2);

/// What a segment did to its connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Disposition {
    /// It was taken, as far as there was something to take.
    Taken,
    /// It was dropped; a reply may be due all the same.
    Dropped(DropReason),
    /// It was dropped, and asks for an acknowledgement that is limited over all connections (RFC 5961).
    Challenge(DropReason),
    /// It was dropped, and a reset made of it answers it.
    Reset(DropReason),
}

impl Connection {
    /// Takes in a segment. Linux: `tcp_rcv_state_process`, `tcp_rcv_established`.
    pub(super) fn input(&mut self, env: &mut Env<'_>, options: &TcpOptions, segment: Segment) -> Disposition {
        self.totals.segments_in = self.totals.segments_in.wrapping_add(1);
        if !segment.payload.is_empty() {
            self.totals.data_segments_in = self.totals.data_segments_in.wrapping_add(1);
        }
        if self.state == TcpState::SynSent {
            return self.input_syn_sent(env, options, segment);
        }
        if let Some(disposition) = self.fast_open_input(env, &segment) {
            return disposition;
        }
        if let Err(dropped) = self.validate(env, &segment) {
            return dropped;
        }
        if !segment.flags.ack() {
            return Disposition::Dropped(DropReason::TcpFlags);
        }
        self.last_heard = env.now;
        self.count_codepoint(env, &segment);
        self.count_path(env, &segment);
        // What a write held back for more leaves with the next acknowledgement. Linux: `tcp_data_snd_check`.
        self.send.more = false;
        let news = !segment.acknowledgement.before(self.send.una);
        // The fast path looks at no acknowledgement that comes with data and says nothing.
        let looked_at = news && (segment.payload.is_empty() || !self.is_predicted(&segment));
        if let Err(reason) = self.acknowledge(env, &segment) {
            // An established connection ignores acknowledgements of what was never sent.
            let unsent = segment.acknowledgement.after(self.send.next);
            return if unsent && self.state == TcpState::Established {
                Disposition::Dropped(reason)
            } else {
                Disposition::Challenge(reason)
            };
        }
        if news {
            self.note_timestamp(env, &segment);
        }
        if looked_at {
            self.answer_to_probe(env, options);
        }
        let begun = self.complete_fast_open(env);
        if self.state == TcpState::SynRecv && !self.complete_open(env, options, &segment, begun) {
            return Disposition::Reset(DropReason::TcpAcknowledgement);
        }
        if let Err(reset) = self.after_acknowledge(env, options) {
            return reset;
        }
        let result = match segment.flags.syn() {
            // The peer's SYN once more, which is old.
            true => self.receive_old(env, segment.sequence, segment.end()),
            false => self.receive(env, segment),
        };
        if self.state != TcpState::Close {
            self.schedule_ack(env, options.receive_lowat);
        }
        match result {
            Ok(()) => Disposition::Taken,
            Err(DropReason::TcpClosed) => Disposition::Reset(DropReason::TcpClosed),
            Err(reason) => Disposition::Dropped(reason),
        }
    }

    /// PAWS, sequence, RST and SYN checks of every state but SYN-SENT. Linux: `tcp_validate_incoming`.
    fn validate(&mut self, env: &mut Env<'_>, segment: &Segment) -> Result<(), Disposition> {
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
    fn note_timestamp(&mut self, env: &Env<'_>, segment: &Segment) {
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

    /// Whether header prediction would have taken the segment. Linux: the fast path of `tcp_rcv_established`.
    pub(super) fn is_predicted(&self, segment: &Segment) -> bool {
        segment.sequence == self.receive.next
            && u32::from(segment.window) << self.send.scale == self.send.window
            && !segment.flags.intersects(Flags::SYN | Flags::FIN | Flags::URG)
            && segment.options.sack.is_empty()
            && !self.receive.queue.has_gap()
            && self.state == TcpState::Established
    }

    fn count_path(&self, env: &mut Env<'_>, segment: &Segment) {
        let bare = segment.payload.is_empty();
        let news = segment.acknowledgement.after(self.send.una);
        match (self.is_predicted(segment), bare, news) {
            (true, false, _) => env.counters.increment(Counter::TcpExtTCPHPHits),
            (true, true, true) => env.counters.increment(Counter::TcpExtTCPHPAcks),
            (_, true, _) if segment.len() == 0 => env.counters.increment(Counter::TcpExtTCPPureAcks),
            _ => {}
        }
    }

    /// The peer resets. Linux: `tcp_reset`.
    fn peer_reset(&mut self, env: &mut Env<'_>) {
        let error = match self.state {
            TcpState::SynSent => {
                env.counters.increment(Counter::TcpAttemptFails);
                SocketError::ConnectionRefused
            }
            TcpState::SynRecv => {
                env.counters.increment(Counter::TcpAttemptFails);
                SocketError::ConnectionReset
            }
            TcpState::Established => {
                env.counters.increment(Counter::TcpEstabResets);
                SocketError::ConnectionReset
            }
            TcpState::CloseWait => {
                env.counters.increment(Counter::TcpEstabResets);
                SocketError::BrokenPipe
            }
            _ => SocketError::ConnectionReset,
        };
        self.die(Some(error));
    }

    /// The answer to our SYN. Linux: `tcp_rcv_synsent_state_process`.
    fn input_syn_sent(&mut self, env: &mut Env<'_>, options: &TcpOptions, segment: Segment) -> Disposition {
        let flags = segment.flags;
        if flags.ack() {
            // Data that went with the SYN may be acknowledged as well, or in part (RFC 7413 section 4.2.2).
            let number = segment.acknowledgement;
            if !number.after(self.send.una) || number.after(self.send.next) {
                if self.retransmits == 0 && !self.send.sent.is_empty() {
                    // Our reset may clear an old connection of the peer's: the SYN goes again soon.
                    self.set_transmit_timer(Timer::Retransmit, env.now + SOON);
                }
                return Disposition::Reset(DropReason::TcpAcknowledgement);
            }
        }
        if self.echo_is_impossible(env, &segment) {
            env.counters.increment(Counter::TcpExtPAWSActive);
            return Disposition::Reset(DropReason::TcpAcknowledgement);
        }
        if flags.rst() {
            if !flags.ack() {
                return Disposition::Dropped(DropReason::TcpReset);
            }
            self.peer_reset(env);
            return Disposition::Taken;
        }
        if !flags.syn() || (flags.fin() && !flags.ack()) {
            return Disposition::Dropped(DropReason::TcpFlags);
        }
        self.last_heard = env.now;
        self.peer_syn(env, options, &segment);
        if !flags.ack() {
            // Both sides opened at once (RFC 9293 section 3.5): our SYN goes again, with the acknowledgement.
            self.enter(TcpState::SynRecv);
            self.force_first();
            return Disposition::Taken;
        }
        let _ = self.acknowledge(env, &segment);
        self.fast_open_syn_ack(env, &segment);
        self.establish(env, options);
        self.acknowledge_syn_ack(env, options);
        self.events.output = true;
        // What a SYN-ACK carries is as good as what follows it.
        let _ = self.receive(env, segment);
        Disposition::Taken
    }

    /// Whether the answer to our SYN echoes a time at which none was sent. Linux: `PAWSACTIVEREJECTED` in
    /// `tcp_rcv_synsent_state_process`.
    fn echo_is_impossible(&self, env: &Env<'_>, segment: &Segment) -> bool {
        let echo = segment.options.timestamps.map_or(0, |timestamps| timestamps.echo);
        let first = self.timestamp(self.send.last_data);
        let age = self.timestamp(env.now).wrapping_sub(first);
        segment.flags.ack() && self.timestamps.is_some() && echo != 0 && echo.wrapping_sub(first) > age
    }

    /// A bare acknowledgement is saved where data is about to carry it. Linux: the end of
    /// `tcp_rcv_synsent_state_process`.
    fn acknowledge_syn_ack(&mut self, env: &Env<'_>, options: &TcpOptions) {
        let waits = core::mem::take(&mut self.send.writer_waits);
        if waits || options.defer_accept > 0 {
            self.await_answer_to_syn_ack(env);
        } else {
            self.ack.now = true;
        }
    }

    /// Takes what the peer's SYN says: its numbers, and which options are in force.
    fn peer_syn(&mut self, env: &Env<'_>, options: &TcpOptions, segment: &Segment) {
        let window = self.receive_window();
        self.receive.next = segment.sequence + 1;
        self.receive.acked = self.receive.next;
        self.receive.edge = self.receive.next + window;
        self.negotiate(env, options, &segment.options);
        self.take_ecn_of_syn(env, segment);
        self.send.window = u32::from(segment.window);
        self.send.max_window = self.send.window;
        self.send.window_sequence = segment.sequence;
    }

    /// Linux: `tcp_finish_connect`'s half that looks at options.
    fn negotiate(&mut self, env: &Env<'_>, options: &TcpOptions, peer: &Options) {
        self.send.peer_mss = u32::from(super::segment_size::believable_mss(env.sysctl, peer.mss, options));
        match peer.window_scale.filter(|_| env.sysctl.tcp_window_scaling) {
            Some(scale) => self.send.scale = scale,
            None => self.receive.scale = 0,
        }
        self.sack_permitted = peer.sack_permitted && env.sysctl.tcp_sack;
        self.timestamps = match (self.timestamps, peer.timestamps) {
            (Some(_), Some(theirs)) => Some(TimestampState { recent: theirs.value, recent_at: env.now }),
            _ => None,
        };
        self.receive.mss = self.send_mss().min(DEFAULT_MSS);
    }

    /// The handshake is complete. Linux: `tcp_finish_connect`, the end of SYN-RECV in
    /// `tcp_rcv_state_process`.
    pub(super) fn establish(&mut self, env: &mut Env<'_>, options: &TcpOptions) {
        self.begin_transfer(env, options);
        self.establish_begun(env, options);
    }

    /// The handshake of a connection is complete whose transfer began before.
    fn establish_begun(&mut self, env: &mut Env<'_>, options: &TcpOptions) {
        self.enter(TcpState::Established);
        if !self.control.takes_over() {
            self.update_pacing_rate(env);
        }
        self.restart_keep_alive(options, env.now);
        self.wake();
    }

    /// Buffers, window and congestion control begin: with the handshake's end, or before it where Fast Open lets data
    /// go. Linux: `tcp_init_transfer`.
    pub(super) fn begin_transfer(&mut self, env: &mut Env<'_>, options: &TcpOptions) {
        self.begin_tuning(options, env.now);
        // More than one lost SYN says that the path is full (RFC 5681 section 3.1). What the handshake itself did to
        // the window does not count. Linux: `tcp_init_transfer`.
        self.window.size = if self.totals.timeouts > 1 { 1 } else { self.initial_window };
        self.start_mtu_search(env);
        self.ack.last_data = env.now;
        self.pacing.max_rate = options.max_pacing_rate;
        let path = self.path(env.now);
        self.control.start(&mut self.window, &path);
    }

    /// Linux: the end of `TCP_SYN_RECV` in `tcp_rcv_state_process`. Answers `false` for an acknowledgement that
    /// is not ours.
    /// `begun`: Fast Open let data go before.
    fn complete_open(
        &mut self,
        env: &mut Env<'_>,
        options: &TcpOptions,
        segment: &Segment,
        begun: bool,
    ) -> bool {
        if self.send.una == self.send.initial {
            return false;
        }
        self.send.window = u32::from(segment.window) << if segment.flags.syn() { 0 } else { self.send.scale };
        self.rate.count_syn_ack();
        if begun {
            self.establish_begun(env, options);
        } else {
            self.establish(env, options);
        }
        // The owner may have closed its side meanwhile.
        if self.send.fin != Fin::No {
            self.enter(TcpState::FinWait1);
        }
        true
    }

    /// The states that end with the acknowledgement of our FIN. The error answers it if nobody waits for the peer's.
    fn after_acknowledge(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> Result<(), Disposition> {
        if self.send.fin != Fin::Sent || self.send.una != self.send.next {
            return Ok(());
        }
        match self.state {
            TcpState::FinWait1 => {
                self.enter(TcpState::FinWait2);
                self.wake();
                if self.waits_for_no_fin(options) {
                    env.counters.increment(Counter::TcpExtTCPAbortOnData);
                    self.die(None);
                    return Err(Disposition::Reset(DropReason::TcpClosed));
                }
            }
            TcpState::Closing => self.enter(TcpState::TimeWait),
            TcpState::LastAck => self.die(None),
            _ => {}
        }
        Ok(())
    }
}
