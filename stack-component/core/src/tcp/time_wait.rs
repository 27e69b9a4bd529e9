//! What is left of a connection: in TIME-WAIT until its old segments are gone (RFC 9293 section 3.6.1), in
//! FIN-WAIT-2 without an owner until the peer's FIN comes. Linux: `net/ipv4/tcp_minisocks.c`.

use super::connection::{Connection, Timer};
use super::keys::Key;
use super::options::TcpOptions;
use super::segment::{Outgoing, Segment};
use super::sequence::Sequence;
use super::sharing::Sharing;
use super::{Env, FourTuple, Output, TcpState};
use crate::counters::Counter;
use crate::packet::Packet;
use crate::time::{Duration, Instant};
use crate::wire::tcp::{Flags, Options, Timestamps};
use alloc::sync::Arc;

/// How long old segments may live. Linux: `TCP_TIMEWAIT_LEN`.
pub(super) const TIME_WAIT: Duration = Duration::from_secs(60);
/// How long a timestamp is held against a peer (RFC 7323 section 5.5). Linux: `TCP_PAWS_24DAYS`.
const TIMESTAMP_LIFETIME: Duration = Duration::from_secs(24 * 24 * 60 * 60);
/// How old a timestamp has to be so that a reset may ignore it. Linux: `TCP_PAWS_MSL`.
const RESET_LIFETIME: Duration = Duration::from_secs(60);
/// How far beyond the old numbers a new connection's begin. Linux: `tcp_timewait_state_process`.
const BEYOND_WINDOW: u32 = 65_535 + 2;

/// What is left of a connection. Linux: `struct tcp_timewait_sock`.
#[derive(Debug)]
pub(super) struct TimeWait {
    pub tuple: FourTuple,
    /// The peer's FIN has not come. Linux: `tw_substate`.
    half_closed: bool,
    send_next: Sequence,
    receive_next: Sequence,
    window: u32,
    receive_scale: u8,
    hop_limit: Option<u8>,
    tos: u8,
    mark: u32,
    /// Whether its address may be shared, as its socket said.
    pub sharing: Sharing,
    /// The peer's last timestamp and when it came; none: not in use.
    timestamp: Option<(u32, Instant)>,
    timestamp_offset: u32,
    entered: Instant,
    pub deadline: Instant,
    /// When a segment out of the window was answered last.
    pub last_answer: Option<Instant>,
    /// What its segments are signed with.
    pub key: Option<Arc<Key>>,
}

/// What a segment means for what is left of its connection. Linux: `enum tcp_tw_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was taken, or there is nothing to say to it. Linux: `TCP_TW_SUCCESS`.
    Done,
    /// It is dropped without a word.
    Ignore,
    /// The connection is over at once.
    Kill,
    /// The peer hears where we stand. Linux: `TCP_TW_ACK`.
    Acknowledge,
    /// As before, but not more often than the settings permit.
    AcknowledgeLimited(Counter),
    /// A new connection may begin, with numbers from this on. Linux: `TCP_TW_SYN`.
    Open(Sequence),
    /// Nobody takes data any more. Linux: `TCP_TW_RST`.
    Reset,
}

/// What a new connection takes over from the one before between the same ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Succession {
    /// Where its numbers begin.
    pub initial: Sequence,
    /// The peer's last timestamp and when it came.
    pub timestamp: (u32, Instant),
}

impl TimeWait {
    /// What is left of `connection`, kept for `wait`. Linux: `tcp_time_wait`.
    pub(super) fn of(connection: &Connection, options: &TcpOptions, now: Instant, wait: Duration) -> Self {
        TimeWait {
            tuple: connection.tuple,
            half_closed: connection.state == TcpState::FinWait2,
            send_next: connection.send.next,
            receive_next: connection.receive.next,
            window: connection.receive_window(),
            receive_scale: connection.receive.scale,
            hop_limit: options.hop_limit,
            // As its last segment had it, congestion marks included.
            tos: connection.ecn.sent.in_tos(options.tos),
            mark: options.mark,
            sharing: Sharing::of(options),
            timestamp: connection.timestamps.map(|state| (state.recent, state.recent_at)),
            timestamp_offset: connection.timestamp_offset,
            entered: now,
            deadline: now + wait,
            last_answer: None,
            key: connection.key.clone(),
        }
    }

    /// The state that is shown.
    pub(super) fn state(&self) -> TcpState {
        if self.half_closed { TcpState::FinWait2 } else { TcpState::TimeWait }
    }

    /// The last acknowledgement, once more. Linux: `tcp_v4_timewait_ack`.
    pub(super) fn ack(&self, now: Instant) -> Output {
        let value = (now.as_millis() as u32).wrapping_add(self.timestamp_offset);
        let timestamps = self.timestamp.map(|(echo, _)| Timestamps { value, echo });
        let window = self.window >> self.receive_scale;
        let outgoing = Outgoing {
            sequence: self.send_next,
            acknowledgement: self.receive_next,
            flags: Flags::ACK,
            window: window.min(u32::from(u16::MAX)) as u16,
            options: Options { timestamps, ..Options::default() },
        };
        let payload = Packet::with_capacity(0);
        let mut output = outgoing.into_signed(&self.tuple, payload, self.hop_limit, self.key.as_deref());
        output.tos = self.tos;
        output.mark = self.mark;
        output
    }

    /// Whether the segment is old by its timestamp (RFC 7323 section 5.3). Linux: `tcp_paws_reject`.
    fn is_old(&self, segment: &Segment, now: Instant) -> bool {
        let (Some((last, at)), Some(new)) = (self.timestamp, segment.options.timestamps) else {
            return false;
        };
        let age = now.since(at);
        let stale = age >= TIMESTAMP_LIFETIME || (segment.flags.rst() && age >= RESET_LIFETIME);
        (new.value.wrapping_sub(last) as i32) < 0 && !stale
    }

    fn note_timestamp(&mut self, segment: &Segment, now: Instant) {
        if let (Some(state), Some(new)) = (&mut self.timestamp, segment.options.timestamps) {
            *state = (new.value, now);
        }
    }

    /// Linux: `tcp_timewait_state_process`.
    pub(super) fn process(&mut self, env: &mut Env<'_>, segment: &Segment) -> Verdict {
        let old = self.is_old(segment, env.now);
        if old {
            env.counters.increment(Counter::TcpExtPAWSTimewait);
        }
        if self.half_closed {
            return self.process_half_closed(env, segment, old);
        }
        let (flags, bare) = (segment.flags, segment.len() == 0);
        if !old && segment.sequence == self.receive_next && (bare || flags.rst()) {
            // RFC 1337 describes what a reset does here; the setting lets it do nothing.
            if flags.rst() && !env.sysctl.tcp_rfc1337 {
                return Verdict::Kill;
            }
            self.deadline = env.now + TIME_WAIT;
            self.note_timestamp(segment, env.now);
            return Verdict::Done;
        }
        let newer = match (self.timestamp, segment.options.timestamps) {
            (Some((last, _)), Some(new)) => (new.value.wrapping_sub(last) as i32) > 0,
            _ => false,
        };
        let plain_syn = flags.syn() && !flags.intersects(Flags::ACK | Flags::RST);
        // RFC 9293 section 3.6.1 and RFC 6191: what can only be of a new connection may open one.
        if plain_syn && !old && (segment.sequence.after(self.receive_next) || newer) {
            return Verdict::Open(self.successor());
        }
        if flags.rst() {
            return Verdict::Ignore;
        }
        if old || flags.ack() {
            self.deadline = env.now + TIME_WAIT;
        }
        Verdict::AcknowledgeLimited(Counter::TcpExtTCPACKSkippedTimeWait)
    }

    /// FIN-WAIT-2: the checks of a connection, and one FIN is still taken.
    fn process_half_closed(&mut self, env: &mut Env<'_>, segment: &Segment, old: bool) -> Verdict {
        let (start, end, flags) = (segment.sequence, segment.end(), segment.flags);
        let edge = self.receive_next + self.window;
        if old || !in_window(start, end, self.receive_next, edge) {
            return Verdict::AcknowledgeLimited(Counter::TcpExtTCPACKSkippedFinWait2);
        }
        if flags.rst() {
            return Verdict::Kill;
        }
        if flags.syn() && !start.before(self.receive_next) {
            return Verdict::Reset;
        }
        if !flags.ack() || !end.after(self.receive_next) || end == start {
            return Verdict::Done;
        }
        // RFC 2525 section 2.17: data that nobody will read is answered with a reset.
        if !flags.fin() || end != self.receive_next + 1 {
            return Verdict::Reset;
        }
        self.half_closed = false;
        self.receive_next = end;
        self.note_timestamp(segment, env.now);
        self.entered = env.now;
        self.deadline = env.now + TIME_WAIT;
        Verdict::Acknowledge
    }

    /// What a new connection of ours between these ends takes over, if it may take the place of this one (RFC
    /// 6191: timestamps tell their segments apart). `chosen` says that the owner chose the port. Linux:
    /// `tcp_twsk_unique`.
    pub(super) fn succession(&self, env: &Env<'_>, chosen: bool) -> Option<Succession> {
        let loopback = self.tuple.remote.ip().is_loopback() || self.tuple.local.ip().is_loopback();
        let permitted = match env.sysctl.tcp_tw_reuse {
            0 => false,
            1 => true,
            _ => loopback,
        };
        let delay = Duration::from_millis(env.sysctl.tcp_tw_reuse_delay.into());
        let may = chosen || (permitted && !self.half_closed && env.now.since(self.entered) > delay);
        let timestamp = self.timestamp.filter(|_| may && env.sysctl.tcp_timestamps)?;
        Some(Succession { initial: self.successor(), timestamp })
    }

    /// Where the numbers of the next connection between these ends begin: beyond everything that was sent.
    fn successor(&self) -> Sequence {
        let initial = self.send_next + BEYOND_WINDOW;
        if initial == Sequence(0) { Sequence(1) } else { initial }
    }
}

/// Linux: `tcp_in_window`.
pub(super) fn in_window(start: Sequence, end: Sequence, first: Sequence, edge: Sequence) -> bool {
    start == first || (end.after(first) && start.before(edge)) || (start == edge && start == end)
}

/// What is to become of a connection.
pub(super) enum Retirement {
    /// It goes on.
    Stay,
    /// What is left of it is kept for so long.
    Keep(Duration),
    /// It ends with a reset: nobody waits for the peer's FIN. Linux: `TCP_LINGER2` below 0.
    Reset,
}

impl Connection {
    /// Whether what is left fits a small object: in TIME-WAIT, and in FIN-WAIT-2 without an owner for the last
    /// minute of its wait. Linux: `tcp_fin_time` and the places that look at it.
    pub(super) fn retire(&mut self, env: &Env<'_>, options: &TcpOptions) -> Retirement {
        match self.state {
            TcpState::TimeWait => return Retirement::Keep(TIME_WAIT),
            TcpState::FinWait2 if self.orphan => {}
            _ => return Retirement::Stay,
        }
        if self.waits_for_no_fin(options) {
            return Retirement::Reset;
        }
        let of_settings = Duration::from_secs(env.sysctl.tcp_fin_timeout.into());
        let least = self.rtt.timeout() * 7 / 2;
        let wait = options.fin_timeout.unwrap_or(of_settings).max(least);
        if wait <= TIME_WAIT || self.retiring {
            return Retirement::Keep(wait.min(TIME_WAIT));
        }
        if self.timers.get(Timer::FinWait).is_none() {
            self.timers.set(Timer::FinWait, env.now + (wait - TIME_WAIT));
        }
        Retirement::Stay
    }

    /// FIN-WAIT-2 in which nobody waits for the peer's FIN. Linux: `TCP_LINGER2` below 0.
    pub(super) fn waits_for_no_fin(&self, options: &TcpOptions) -> bool {
        self.state == TcpState::FinWait2 && self.orphan && options.fin_timeout == Some(Duration::ZERO)
    }

    /// The acknowledgement that is due, before the connection becomes something small.
    pub(super) fn take_last_ack(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> Option<Output> {
        let due = core::mem::take(&mut self.ack.now);
        due.then(|| self.bare(self.send.next, env, options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_small() {
        assert!(size_of::<TimeWait>() <= 200, "{}", size_of::<TimeWait>());
    }

    #[test]
    fn linuxs_window() {
        let (first, edge) = (Sequence(u32::MAX - 4), Sequence(95));
        let rows = [
            (first - 1, 0, false),
            (first - 1, 1, false),
            (first - 1, 2, true),
            (first, 0, true),
            (edge - 1, 9, true),
            (edge, 0, true),
            (edge, 1, false),
            (edge + 1, 0, false),
        ];
        for (start, len, inside) in rows {
            assert_eq!(in_window(start, start + len, first, edge), inside, "{start:?} {len}");
        }
    }
}
