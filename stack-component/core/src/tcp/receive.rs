//! The data and the FIN of an acceptable segment. Linux: `tcp_data_queue`, `tcp_fin`.

use super::connection::Connection;
use super::options::TcpOptions;
use super::segment::Segment;
use super::sequence::Sequence;
use super::timers::{DELAYED_ACK, Timer};
use super::{Env, TcpState};
use crate::counters::Counter;
use crate::drop_reason::DropReason;

/// Out-of-order data may hold this many times the receive buffer in memory: packets are larger than what
/// they carry.
const OUT_OF_ORDER_MEMORY: usize = 2;

impl Connection {
    /// Takes in data and FIN. The error is why nothing was taken.
    pub(super) fn receive(
        &mut self,
        env: &mut Env<'_>,
        options: &TcpOptions,
        segment: Segment,
    ) -> Result<(), DropReason> {
        let (fin, pushed) = (segment.flags.fin(), segment.flags.psh());
        let first = segment.sequence + u32::from(segment.flags.syn());
        if segment.payload.is_empty() && !fin {
            return Ok(());
        }
        if !self.state.may_receive() {
            return self.data_after_fin(env, segment.end());
        }
        if self.orphan && segment.end().after(self.receive.next + u32::from(fin)) {
            // Nobody will read it, and the peer shall know (RFC 9293 section 3.6.1).
            env.counters.increment(Counter::TcpExtTCPAbortOnData);
            self.die(None);
            return Err(DropReason::TcpClosed);
        }
        self.accept_cwr(&segment);
        let end = segment.end();
        if !end.after(self.receive.next) {
            self.acknowledge_now();
            return Err(DropReason::TcpOldData);
        }
        let codepoint = segment.codepoint;
        let mut data = segment.payload;
        data.pull(self.receive.next.saturating_since(first) as usize);
        let first = first.latest(self.receive.next);
        let room = self.receive.edge.saturating_since(first);
        let fits = data.len() as u64 + u64::from(fin) <= u64::from(room);
        if room == 0 || (!fits && data.is_empty()) {
            return self.refuse(env);
        }
        data.truncate(room as usize);
        if fin && fits {
            self.receive.fin_at = Some(end - 1);
        }
        self.receive.mss = self.receive.mss.max(data.len().min(usize::from(u16::MAX)) as u32);
        self.ecn_of_data(codepoint, self.receive.next);
        if first.after(self.receive.next) {
            return self.receive_out_of_order(env, options, first, data);
        }
        self.ack.pushed |= pushed;
        self.receive_in_order(env, data);
        Ok(())
    }

    /// Data behind the peer's FIN means nothing; its FIN may come again.
    fn data_after_fin(&mut self, env: &mut Env<'_>, end: Sequence) -> Result<(), DropReason> {
        if end.after(self.receive.next) {
            env.counters.increment(Counter::TcpExtTCPRcvQDrop);
        }
        self.acknowledge_now();
        Err(DropReason::TcpOldData)
    }

    /// The window has no room for any of it.
    fn refuse(&mut self, env: &mut Env<'_>) -> Result<(), DropReason> {
        env.counters.increment(Counter::TcpExtTCPRcvQDrop);
        self.acknowledge_now();
        let closed = self.receive_window() == 0;
        Err(if closed { DropReason::TcpZeroWindow } else { DropReason::TcpOverWindow })
    }

    /// Linux: `tcp_data_queue_ofo`. Each such segment is acknowledged at once (RFC 5681 section 4.2).
    fn receive_out_of_order(
        &mut self,
        env: &mut Env<'_>,
        options: &TcpOptions,
        first: Sequence,
        data: crate::packet::Packet,
    ) -> Result<(), DropReason> {
        self.acknowledge_now();
        let limit = options.receive_buffer as usize * OUT_OF_ORDER_MEMORY;
        if self.receive.queue.insert(first, data, limit) {
            env.counters.increment(Counter::TcpExtTCPOFOQueue);
            Ok(())
        } else {
            env.counters.increment(Counter::TcpExtTCPOFODrop);
            Err(DropReason::TcpOverWindow)
        }
    }

    fn receive_in_order(&mut self, env: &mut Env<'_>, data: crate::packet::Packet) {
        let had_gap = self.receive.queue.has_gap();
        self.receive.next += data.len() as u32;
        self.totals.bytes_received += data.len() as u64;
        self.receive.queue.push(data);
        self.receive.next = self.receive.queue.advance(self.receive.next);
        if self.receive.shutdown {
            self.receive.queue.clear();
        }
        self.wake();
        if self.receive.fin_at == Some(self.receive.next) {
            self.receive_fin();
        }
        self.schedule_ack(env, had_gap);
        self.ack.last_data = env.now;
    }

    /// Acknowledge at once or in company: RFC 1122 section 4.2.3.2, RFC 5681 section 4.2. Linux:
    /// `__tcp_ack_snd_check`.
    fn schedule_ack(&mut self, env: &Env<'_>, had_gap: bool) {
        let unacked = self.receive.next.since(self.receive.acked);
        // A pause ends the exchange of questions and answers. Linux: `tcp_event_data_recv`.
        if env.now.since(self.ack.last_data) > self.rtt.timeout() {
            self.ack.interactive = false;
        }
        let quick = self.ack.quick > 0 && !self.ack.interactive;
        if unacked > self.receive.mss || had_gap || quick || self.receive.finished {
            self.acknowledge_now();
        } else if self.timers.get(Timer::DelayedAck).is_none() {
            self.timers.set(Timer::DelayedAck, env.now + DELAYED_ACK);
        }
    }

    /// An acknowledgement leaves with the next output.
    pub(super) fn acknowledge_now(&mut self) {
        self.ack.now = true;
        self.events.output = true;
    }

    /// The peer has no more data. Linux: `tcp_fin`.
    fn receive_fin(&mut self) {
        self.receive.next += 1;
        self.receive.finished = true;
        self.receive.queue.forget_out_of_order();
        self.enter(match self.state {
            TcpState::Established => TcpState::CloseWait,
            TcpState::FinWait1 => TcpState::Closing,
            TcpState::FinWait2 => TcpState::TimeWait,
            other => other,
        });
        self.wake();
    }
}
