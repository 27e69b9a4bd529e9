//! Marks as RFC 3168 section 6.1 has them: one reduction for each window of data.

use super::super::connection::Connection;
use super::super::ecn_handshake::Mode;
use super::super::options::TcpOptions;
use super::super::segment::Segment;
use super::super::{Env, Output};
use crate::counters::Counter;
use crate::packet::Packet;
use crate::wire::ecn::Codepoint;
use crate::wire::tcp::Flags;

impl Connection {
    /// RFC 3168 section 6.1.5: only data that is new may be marked, unless the congestion control wants marks on
    /// everything. Linux: the second half of `tcp_ecn_send`.
    pub(super) fn classic_marks(&mut self, fresh: bool) -> (Flags, Codepoint) {
        let mut flags = Flags::NONE;
        if fresh && core::mem::take(&mut self.ecn.owes_cwr) {
            flags |= Flags::CWR;
        }
        if self.ecn.echoes {
            flags |= Flags::ECE;
        }
        let markable = fresh || self.control.needs_ecn();
        (flags, if markable { Codepoint::Ect0 } else { Codepoint::NotEct })
    }

    /// RFC 3168 section 6.1.3: from now on every acknowledgement says ECE.
    pub(super) fn classic_ce(&mut self) {
        if self.ecn.mode == Mode::Classic && !self.ecn.echoes {
            self.hurry_acks();
            self.ecn.echoes = true;
        }
    }

    /// Whether an acknowledgement tells of a mark. Linux: `tcp_ecn_rcv_ecn_echo`.
    pub(in super::super) fn is_congestion_echo(&self, segment: &Segment) -> bool {
        let ece = segment.flags.contains(Flags::ECE) && !segment.flags.syn();
        ece && self.ecn.mode == Mode::Classic
    }

    /// The window came down: the next new data tells the peer. Linux: `tcp_ecn_queue_cwr`.
    pub(in super::super) fn owe_cwr(&mut self) {
        self.ecn.owes_cwr = self.ecn.mode == Mode::Classic;
    }

    /// The reduction was needless. Linux: `tcp_ecn_withdraw_cwr`.
    pub(in super::super) fn withdraw_cwr(&mut self) {
        self.ecn.owes_cwr = false;
    }

    /// RFC 3168 section 6.1.3: CWR ends the echo. The sender's window may be one segment now, so that it hears at
    /// once. Linux: `tcp_ecn_accept_cwr`.
    pub(in super::super) fn accept_cwr(&mut self, segment: &Segment) {
        if self.ecn.mode == Mode::Classic && segment.flags.contains(Flags::CWR) {
            self.ecn.echoes = false;
            if segment.len() > 0 {
                self.acknowledge_now();
            }
        }
    }

    /// The acknowledgement of what arrived before the state of congestion changed (RFC 8257 section 3.2). Linux:
    /// `__tcp_send_ack` with `prior_rcv_nxt`.
    pub(in super::super) fn overdue_ack(
        &mut self,
        env: &mut Env<'_>,
        options: &TcpOptions,
    ) -> Option<Output> {
        let (number, echo) = self.ecn.overdue.take()?;
        env.counters.increment(Counter::TcpOutSegs);
        let flags = if echo { Flags::ACK | Flags::ECE } else { Flags::ACK };
        let received = core::mem::replace(&mut self.receive.next, number);
        let mut output = self.outgoing(self.send.next, flags, Packet::with_capacity(0), env, options);
        self.receive.next = received;
        output.tos = Codepoint::Ect0.in_tos(output.tos);
        self.acknowledge_now();
        Some(output)
    }
}
