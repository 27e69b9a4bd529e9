//! What arrives for a connection, and what it means (RFC 9293 section 3.10.7). Whether it is acceptable is in `validate`,
//! the answer to a SYN of ours in `syn_sent`. Linux: `net/ipv4/tcp_input.c`.

use super::connection::{Connection, Fin};
use super::options::TcpOptions;
use super::segment::Segment;
use super::{Env, SocketError, TcpState};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::wire::tcp::Flags;

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
        if let Err(refused) = self.take_acknowledgement(env, options, &segment) {
            return refused;
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

    /// What an acceptable segment acknowledges, and what follows for the state. Linux: the middle of
    /// `tcp_rcv_state_process`.
    fn take_acknowledgement(
        &mut self,
        env: &mut Env<'_>,
        options: &TcpOptions,
        segment: &Segment,
    ) -> Result<(), Disposition> {
        self.last_heard = env.now;
        self.count_codepoint(env, segment);
        self.count_path(env, segment);
        // What a write held back for more leaves with the next acknowledgement. Linux: `tcp_data_snd_check`.
        self.send.more = false;
        let news = !segment.acknowledgement.before(self.send.una);
        // The fast path looks at no acknowledgement that comes with data and says nothing.
        let looked_at = news && (segment.payload.is_empty() || !self.is_predicted(segment));
        if let Err(reason) = self.acknowledge(env, segment) {
            // An established connection ignores acknowledgements of what was never sent.
            let unsent = segment.acknowledgement.after(self.send.next);
            let ignored = unsent && self.state == TcpState::Established;
            return Err(if ignored { Disposition::Dropped(reason) } else { Disposition::Challenge(reason) });
        }
        if news {
            self.note_timestamp(env, segment);
        }
        if looked_at {
            self.answer_to_probe(env, options);
        }
        let begun = self.complete_fast_open(env);
        if self.state == TcpState::SynRecv && !self.complete_open(env, options, segment, begun) {
            return Err(Disposition::Reset(DropReason::TcpAcknowledgement));
        }
        self.after_acknowledge(env, options)
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
    pub(super) fn peer_reset(&mut self, env: &mut Env<'_>) {
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
