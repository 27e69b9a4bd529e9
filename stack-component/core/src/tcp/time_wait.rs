//! TIME-WAIT: what is left of a connection until its old segments are gone (RFC 9293 section 3.6.1). Linux:
//! `net/ipv4/tcp_minisocks.c`.

use super::connection::Connection;
use super::segment::{Outgoing, Segment};
use super::sequence::Sequence;
use super::table::{Entry, Tcp};
use super::{Env, FourTuple, Output, TcpState};
use crate::arena::Handle;
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::packet::Packet;
use crate::time::{Duration, Instant};
use crate::wire::tcp::{Flags, Options, Timestamps};

/// How long old segments may live. Linux: `TCP_TIMEWAIT_LEN`.
const TIME_WAIT: Duration = Duration::from_secs(60);

/// What is left of a connection. Linux: `struct tcp_timewait_sock`.
#[derive(Debug)]
pub(super) struct TimeWait {
    tuple: FourTuple,
    send_next: Sequence,
    receive_next: Sequence,
    receive_edge: Sequence,
    receive_scale: u8,
    /// The peer's last timestamp; none: not in use.
    timestamp: Option<u32>,
    timestamp_offset: u32,
    deadline: Instant,
    last_answer: Option<Instant>,
}

impl TimeWait {
    /// What is left of `connection`.
    pub(super) fn of(connection: &Connection, now: Instant) -> Self {
        TimeWait {
            tuple: connection.tuple,
            send_next: connection.send.next,
            receive_next: connection.receive.next,
            receive_edge: connection.receive.edge.latest(connection.receive.next),
            receive_scale: connection.receive.scale,
            timestamp: connection.timestamps.map(|state| state.recent),
            timestamp_offset: connection.timestamp_offset,
            deadline: now + TIME_WAIT,
            last_answer: None,
        }
    }

    /// The last acknowledgement, once more. Linux: `tcp_v4_timewait_ack`.
    fn ack(&self, now: Instant, hop_limit: u8) -> Output {
        let value = (now.as_millis() as u32).wrapping_add(self.timestamp_offset);
        let timestamps = self.timestamp.map(|echo| Timestamps { value, echo });
        let window = self.receive_edge.saturating_since(self.receive_next) >> self.receive_scale;
        let outgoing = Outgoing {
            sequence: self.send_next,
            acknowledgement: self.receive_next,
            flags: Flags::ACK,
            window: window.min(u32::from(u16::MAX)) as u16,
            options: Options { timestamps, ..Options::default() },
        };
        outgoing.into_output(&self.tuple, Packet::with_capacity(0), hop_limit)
    }

    /// Whether `syn` can only be of a new connection (RFC 9293 section 3.6.1, RFC 6191).
    fn is_new_connection(&self, syn: &Segment) -> bool {
        let newer_timestamp = match (self.timestamp, syn.options.timestamps) {
            (Some(last), Some(new)) => (new.value.wrapping_sub(last) as i32) > 0,
            _ => false,
        };
        let plain = syn.flags.syn() && !syn.flags.intersects(Flags::ACK | Flags::RST | Flags::FIN);
        plain && (syn.sequence.after(self.receive_next) || newer_timestamp)
    }

    /// Whether the segment is old by its timestamp (RFC 7323 section 5.3).
    fn is_old(&self, segment: &Segment) -> bool {
        match (self.timestamp, segment.options.timestamps) {
            (Some(last), Some(new)) => (new.value.wrapping_sub(last) as i32) < 0,
            _ => false,
        }
    }
}

impl Tcp {
    /// Keeps what is left of a connection, and sends its last acknowledgement. Beyond `tcp_max_tw_buckets`
    /// nothing is kept. Linux: `tcp_time_wait`.
    pub(super) fn enter_time_wait(&mut self, env: &mut Env<'_>, wait: TimeWait) {
        let ack = wait.ack(env.now, env.sysctl.ip_default_ttl as u8);
        env.counters.increment(Counter::TcpOutSegs);
        self.reply(ack);
        let tuple = wait.tuple;
        if self.time_waits.len() >= env.sysctl.tcp_max_tw_buckets as usize {
            self.connections.remove(&tuple);
            return;
        }
        let deadline = wait.deadline;
        let entry = Entry::TimeWait(self.time_waits.insert(wait));
        self.connections.insert(tuple, entry);
        self.wheel.arm(deadline, entry);
    }

    /// A segment for a connection that is over. Linux: `tcp_timewait_state_process`.
    pub(super) fn time_wait_input(
        &mut self,
        env: &mut Env<'_>,
        handle: Handle<TimeWait>,
        segment: Segment,
    ) -> Result<(), DropReason> {
        let Some(wait) = self.time_waits.get_mut(handle) else { return Err(DropReason::TcpNoSocket) };
        if wait.is_new_connection(&segment) && !wait.is_old(&segment) {
            env.counters.increment(Counter::TcpExtTWRecycled);
            self.drop_time_wait(handle);
            return self.unconnected_input(env, segment);
        }
        let in_window =
            !segment.end().before(wait.receive_next) && !segment.sequence.after(wait.receive_edge);
        if segment.flags.rst() {
            // Only a reset with exactly the expected number counts (RFC 5961; RFC 1337 advises against more).
            if segment.sequence == wait.receive_next {
                self.drop_time_wait(handle);
                return Ok(());
            }
            return Err(DropReason::TcpReset);
        }
        if in_window && segment.len() == 0 && !wait.is_old(&segment) {
            return Ok(());
        }
        // The peer's FIN came again, or something old: it hears where we stand.
        if segment.flags.fin() && segment.end() == wait.receive_next {
            wait.deadline = env.now + TIME_WAIT;
        }
        let interval = Duration::from_millis(env.sysctl.tcp_invalid_ratelimit.into());
        if wait.last_answer.is_some_and(|last| env.now.since(last) < interval) {
            env.counters.increment(Counter::TcpExtTCPACKSkippedSeq);
        } else {
            wait.last_answer = Some(env.now);
            let ack = wait.ack(env.now, env.sysctl.ip_default_ttl as u8);
            env.counters.increment(Counter::TcpOutSegs);
            self.reply(ack);
        }
        Err(DropReason::TcpSequence)
    }

    /// Linux: `tw_timer_handler`.
    pub(super) fn time_wait_timer(&mut self, env: &mut Env<'_>, handle: Handle<TimeWait>) {
        match self.time_waits.get(handle) {
            Some(wait) if wait.deadline <= env.now => {
                env.counters.increment(Counter::TcpExtTW);
                self.drop_time_wait(handle);
            }
            Some(wait) => self.wheel.arm(wait.deadline, Entry::TimeWait(handle)),
            None => {}
        }
    }

    fn drop_time_wait(&mut self, handle: Handle<TimeWait>) {
        let Some(wait) = self.time_waits.remove(handle) else { return };
        self.trace_change(&wait.tuple, TcpState::TimeWait, TcpState::Close);
        if self.connections.get(&wait.tuple) == Some(&Entry::TimeWait(handle)) {
            self.connections.remove(&wait.tuple);
        }
    }
}
