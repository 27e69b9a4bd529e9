//! The answer to our SYN (RFC 9293 section 3.10.7.3). Linux: `tcp_rcv_synsent_state_process`.

use super::Env;
use super::connection::{Connection, Timer, TimestampState};
use super::input::Disposition;
use super::options::TcpOptions;
use super::round_trip::TIMER_GRAIN;
use super::segment::Segment;
use super::segment_size::DEFAULT_MSS;
use super::state::TcpState;
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::wire::tcp::Options;

impl Connection {
    /// The answer to our SYN. Linux: `tcp_rcv_synsent_state_process`.
    pub(super) fn input_syn_sent(
        &mut self,
        env: &mut Env<'_>,
        options: &TcpOptions,
        segment: Segment,
    ) -> Disposition {
        let flags = segment.flags;
        if flags.ack() {
            // Data that went with the SYN may be acknowledged as well, or in part (RFC 7413 section 4.2.2).
            let number = segment.acknowledgement;
            if !number.after(self.send.una) || number.after(self.send.next) {
                if self.retransmits == 0 && !self.send.sent.is_empty() {
                    // Our reset may clear an old connection of the peer's: the SYN goes again soon.
                    self.set_transmit_timer(Timer::Retransmit, env.now + TIMER_GRAIN);
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
}
