//! The data and the FIN of an acceptable segment. Linux: `tcp_data_queue`, `tcp_fin`.

use super::connection::Connection;
use super::receive_queue::charge_of;
use super::segment::Segment;
use super::sequence::Sequence;
use super::{Env, SocketError, TcpState};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::packet::Packet;
use crate::wire::ecn::Codepoint;

/// What of a segment is still to be taken in.
struct Arrival {
    first: Sequence,
    /// The number behind its last, FIN counted.
    end: Sequence,
    data: Packet,
    fin: bool,
    pushed: bool,
    /// What its IP packet said of congestion.
    codepoint: Codepoint,
    /// Bytes of options in its header.
    options_len: u32,
}

impl Connection {
    /// Takes in data and FIN. The error is why nothing was taken. Linux: `tcp_data_queue`.
    pub(super) fn receive(&mut self, env: &mut Env<'_>, segment: Segment) -> Result<(), DropReason> {
        let (fin, pushed) = (segment.flags.fin(), segment.flags.psh());
        let first = segment.sequence + u32::from(segment.flags.syn());
        if segment.payload.is_empty() && !fin {
            return Ok(());
        }
        let end = segment.end();
        if self.receive.finished && !first.before(self.receive.next) {
            // Nothing can come behind the peer's own FIN. Linux: `TCP_CLOSE_WAIT` in `tcp_rcv_state_process`.
            return Err(DropReason::TcpOverWindow);
        }
        if self.is_unwanted(end - u32::from(fin)) {
            return Err(self.abort_on_data(env));
        }
        self.accept_cwr(&segment);
        self.receive.sack.forget_duplicate();
        self.measure_by_timestamp(env.now, &segment);
        let options_len = if self.timestamps.is_some() { super::segment_size::TIMESTAMPS_LEN } else { 0 };
        let arrival = Arrival {
            first,
            end,
            codepoint: segment.codepoint,
            data: segment.payload,
            fin,
            pushed,
            options_len,
        };
        if !end.after(self.receive.next) || self.receive.finished {
            return self.receive_old(env, first, end);
        }
        let window = self.receive_window();
        if first.after(self.receive.next) {
            if !first.before(self.receive.next + window) {
                return self.refuse(DropReason::TcpOverWindow);
            }
            return self.receive_out_of_order(env, arrival);
        }
        if first.before(self.receive.next) {
            self.tell_duplicate(env, first, self.receive.next);
        }
        // A FIN alone is taken from peers that send it into a closed window.
        let bare_fin = first == self.receive.next && arrival.data.is_empty();
        if window == 0 && !bare_fin {
            env.counters.increment(Counter::TcpExtTCPZeroWindowDrop);
            return self.refuse(DropReason::TcpZeroWindow);
        }
        self.receive_in_order(env, arrival)
    }

    /// Whether data up to `end` comes for nobody: the owner is gone or closed both sides, or the peer had ended
    /// its side (RFC 9293 section 3.6.1, RFC 1122 section 4.2.2.13).
    fn is_unwanted(&self, end: Sequence) -> bool {
        let closing = matches!(
            self.state,
            TcpState::FinWait1
                | TcpState::FinWait2
                | TcpState::CloseWait
                | TcpState::Closing
                | TcpState::LastAck
        );
        let nobody = self.orphan || self.receive.shutdown || self.receive.finished;
        closing && nobody && end.after(self.receive.next)
    }

    /// Nobody will read it, and the peer shall know. Linux: `TCPAbortOnData`, `tcp_reset`.
    fn abort_on_data(&mut self, env: &mut Env<'_>) -> DropReason {
        env.counters.increment(Counter::TcpExtTCPAbortOnData);
        self.die((!self.orphan).then_some(SocketError::ConnectionReset));
        DropReason::TcpClosed
    }

    /// All of it is here already: the acknowledgement was lost, or the peer is impatient.
    pub(super) fn receive_old(
        &mut self,
        env: &mut Env<'_>,
        first: Sequence,
        end: Sequence,
    ) -> Result<(), DropReason> {
        env.counters.increment(Counter::TcpExtDelayedACKLost);
        self.suspect_option(first);
        self.tell_duplicate(env, first, end);
        self.refuse(DropReason::TcpOldData)
    }

    /// The peer hears at once where we stand.
    fn refuse(&mut self, reason: DropReason) -> Result<(), DropReason> {
        self.enter_quick_mode();
        self.ack.scheduled = true;
        Err(reason)
    }

    /// The next acknowledgement says that these bytes came twice (RFC 2883). Linux: `tcp_dsack_set`.
    pub(super) fn tell_duplicate(&mut self, env: &mut Env<'_>, start: Sequence, end: Sequence) {
        if self.sack_permitted && env.sysctl.tcp_dsack {
            self.count_duplicate_sent(env, start);
            self.receive.sack.set_duplicate(start, end);
        }
    }

    fn count_duplicate_sent(&self, env: &mut Env<'_>, start: Sequence) {
        env.counters.increment(if start.before(self.receive.next) {
            Counter::TcpExtTCPDSACKOldSent
        } else {
            Counter::TcpExtTCPDSACKOfoSent
        });
    }

    /// Linux: `tcp_dsack_extend`.
    fn tell_more_duplicate(&mut self, env: &mut Env<'_>, start: Sequence, end: Sequence) {
        if self.sack_permitted && env.sysctl.tcp_dsack && self.receive.sack.extend_duplicate(start, end) {
            self.count_duplicate_sent(env, start);
        }
    }

    /// Linux: `tcp_data_queue_ofo`.
    fn receive_out_of_order(&mut self, env: &mut Env<'_>, arrival: Arrival) -> Result<(), DropReason> {
        let Arrival { first, end, data, fin, pushed, codepoint, options_len } = arrival;
        self.ecn_of_data(codepoint, self.receive.next);
        self.wake_reader_if_pressed();
        if !self.make_room(env, first) {
            env.counters.increment(Counter::TcpExtTCPOFODrop);
            return Err(DropReason::TcpOverWindow);
        }
        let (len, charge) = (data.len() as u32, charge_of(data.len()) as u32);
        self.measure_segment(len, charge, pushed, options_len);
        self.ack.scheduled = true;
        env.counters.increment(Counter::TcpExtTCPOFOQueue);
        self.totals.out_of_order = self.totals.out_of_order.wrapping_add(1);
        let mut twice = alloc::vec::Vec::new();
        self.receive.queue.overlaps(first, end, |from, to| twice.push((from, to)));
        for (from, to) in twice {
            env.counters.increment(Counter::TcpExtTCPOFOMerge);
            self.tell_more_duplicate(env, from, to);
        }
        if fin {
            self.receive.fin_at = Some(end - 1);
        }
        if self.sack_permitted {
            self.tell_if_many_runs(env, self.receive.sack.len());
            self.receive.sack.add(first, end);
            self.grow_window(env, len, charge);
        }
        self.receive.queue.insert(first, data);
        if self.receive.tuning.owned {
            let space = self.receive.tuning.space;
            self.grow_buffer(env, space);
        }
        Ok(())
    }

    /// A reader that sleeps over a full buffer is told, so that it makes room.
    fn wake_reader_if_pressed(&mut self) {
        if self.receive.queue.charged() > self.receive.tuning.buffer as usize {
            self.wake();
        }
    }

    fn receive_in_order(&mut self, env: &mut Env<'_>, arrival: Arrival) -> Result<(), DropReason> {
        let Arrival { first, end, mut data, fin, pushed, codepoint, options_len } = arrival;
        if !self.make_room(env, first) {
            self.ack.no_memory = true;
            self.acknowledge_now();
            self.wake();
            if self.receive.queue.len() > 0 && !data.is_empty() {
                env.counters.increment(Counter::TcpExtTCPRcvQDrop);
                return Err(DropReason::TcpZeroWindow);
            }
        }
        let fin_waited = self.receive.fin_at.is_some() && !fin;
        if fin {
            self.receive.fin_at = Some(end - 1);
        }
        let (len, charge) = (data.len() as u32, charge_of(data.len()) as u32);
        if len > 0 {
            self.ecn_of_data(codepoint, self.receive.next);
        }
        data.pull(self.receive.next.saturating_since(first) as usize);
        self.receive.next += data.len() as u32;
        self.totals.bytes_received += data.len() as u64;
        if self.receive.queue.push(data) {
            env.counters.increment(Counter::TcpExtTCPRcvCoalesce);
        }
        if len > 0 {
            self.measure_segment(len, charge, pushed, options_len);
            self.measure_by_window(env.now);
            self.note_data_received(env.now);
            if len >= 128 {
                self.grow_window(env, len, charge);
            }
        }
        self.fill_gap(env);
        if self.receive.fin_at == Some(self.receive.next) && !self.receive.finished {
            self.receive_fin(env);
            if fin_waited {
                // The gap before the FIN is filled (RFC 5681 section 4.2).
                self.acknowledge_now();
            }
        }
        self.wake();
        Ok(())
    }

    /// What waited for this is in order now. Linux: `tcp_ofo_queue`, `tcp_sack_remove`.
    fn fill_gap(&mut self, env: &mut Env<'_>) {
        if !self.receive.queue.has_gap() {
            self.receive.sack.clear_blocks();
            return;
        }
        let mut twice = alloc::vec::Vec::new();
        let next = self.receive.queue.advance(self.receive.next, |from, to| twice.push((from, to)));
        for (from, to) in twice {
            self.tell_more_duplicate(env, from, to);
        }
        self.totals.bytes_received += u64::from(next.saturating_since(self.receive.next));
        self.receive.next = next;
        if self.receive.queue.has_gap() {
            self.receive.sack.remove_before(next);
        } else {
            // RFC 5681 section 4.2: a gap that is filled is told at once.
            self.receive.sack.clear_blocks();
            self.acknowledge_now();
        }
    }

    /// The peer has no more data. Linux: `tcp_fin`.
    fn receive_fin(&mut self, env: &mut Env<'_>) {
        self.receive.next += 1;
        self.receive.finished = true;
        self.receive.queue.forget_out_of_order();
        self.receive.sack.reset();
        self.ack.scheduled = true;
        match self.state {
            TcpState::Established => {
                self.enter(TcpState::CloseWait);
                // The owner is likely to answer with its own FIN.
                self.ack.pingpong = env.sysctl.tcp_pingpong_thresh;
            }
            TcpState::FinWait1 => {
                self.enter(TcpState::Closing);
                self.acknowledge_now();
            }
            TcpState::FinWait2 => {
                self.enter(TcpState::TimeWait);
                self.acknowledge_now();
            }
            _ => {}
        }
        self.wake();
    }
}
