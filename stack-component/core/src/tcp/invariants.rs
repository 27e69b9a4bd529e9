//! What must be so between any two events, for the simulation to check.

use super::connection::{Connection, Fin, Timer};
use super::options::TcpOptions;
use super::sent_queue::Sent;
use super::table::Tcp;
use super::write_buffers::LARGEST_BURST;
use super::{FourTuple, TcpState};
use alloc::format;
use alloc::string::String;

/// A broken invariant, in words.
type Broken = Result<(), String>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Broken {
    if holds { Ok(()) } else { Err(what()) }
}

impl Tcp {
    /// Checks all connections; the error says what is wrong with one of them.
    pub(crate) fn check(&self) -> Broken {
        self.check_accounts()?;
        for (_, socket) in self.sockets.iter() {
            if let Some(connection) = socket.connection() {
                let named = |tuple: FourTuple, what| format!("{} > {}: {what}", tuple.local, tuple.remote);
                let checked = connection.check(&socket.options);
                checked.map_err(|what| named(connection.tuple, what))?;
            }
        }
        Ok(())
    }

    /// What is said of all sockets together is the sum of what is said of each.
    fn check_accounts(&self) -> Broken {
        let connections = || self.sockets.iter().filter_map(|(_, socket)| socket.connection());
        let (held, account) =
            (connections().map(Connection::held).sum::<usize>() as u64, self.memory.bytes());
        ensure(held == account, || format!("{held} bytes held, {account} charged"))?;
        let orphans = connections().filter(|connection| connection.orphan).count();
        let counted = self.memory.orphans as usize;
        ensure(orphans == counted, || format!("{orphans} orphans, {counted} counted"))?;
        let small = self.requests.len() + self.time_waits.len();
        let living = connections().filter(|connection| connection.state != TcpState::Close).count();
        let known = self.connections.len();
        ensure(known == small + living, || {
            format!("{known} in the table; {small} small ones and {living} connections")
        })
    }

    /// What matters of each connection, for a report.
    pub(crate) fn tell(&self) -> String {
        let connections = self.sockets.iter().filter_map(|(_, socket)| socket.connection());
        connections.map(Connection::tell).collect()
    }
}

impl Connection {
    fn tell(&self) -> String {
        let (send, sent) = (&self.send, &self.send.sent);
        format!(
            "{} {:?}: una {} next {} unsent {} window {}; {} sent, {} sacked, {} lost, {} again\n  {:?}\n  {:?}\n  {:?}\n  {:?}\n",
            self.tuple.local,
            self.state,
            send.una.since(send.initial),
            send.next.since(send.initial),
            self.unsent(),
            send.window,
            sent.len(),
            sent.sacked,
            sent.lost,
            sent.retransmitted,
            self.window,
            self.recovery,
            self.rtt,
            self.timers,
        )
    }

    fn check(&self, options: &TcpOptions) -> Broken {
        if self.state == TcpState::Close {
            return ensure(self.timers.next().is_none() && self.send.sent.is_empty(), || {
                "closed, but waits for something".into()
            });
        }
        self.check_sent()?;
        self.check_totals()?;
        self.check_memory(options)?;
        self.check_timers()?;
        ensure(self.window.size > 0, || "no congestion window".into())?;
        ensure(!self.receive.next.after(self.receive.edge), || "received beyond the window".into())
    }

    /// The sent segments lie without gaps between SND.UNA and SND.NXT, and what is counted of them is so.
    fn check_sent(&self) -> Broken {
        let sent = &self.send.sent;
        let mut at = sent.front().map_or(self.send.next, |first| first.start);
        ensure(!at.after(self.send.una) || sent.is_empty(), || "SND.UNA is not in the first segment".into())?;
        for segment in sent.iter() {
            ensure(segment.start == at && segment.end.after(at), || format!("a gap at {at:?}"))?;
            at = segment.end;
            ensure(!(segment.sacked && segment.lost), || format!("{at:?}: arrived and lost"))?;
        }
        ensure(at == self.send.next, || format!("sent up to {at:?}, not {:?}", self.send.next))?;
        let count = |what: fn(&Sent) -> bool| sent.iter().filter(|segment| what(segment)).count() as u32;
        let counted = (sent.lost, sent.retransmitted, sent.bursts);
        let there = (count(|s| s.lost), count(|s| s.retransmitted), count(|s| !s.joined));
        ensure(counted == there, || format!("lost, again, bursts: counted {counted:?}, are {there:?}"))?;
        let sacked = count(|s| s.sacked);
        ensure(sacked == sent.sacked || !self.sack_permitted, || {
            format!("reported by SACK: counted {}, are {sacked}", sent.sacked)
        })?;
        ensure(sent.left_out() <= sent.len(), || {
            format!("{} lost and {} arrived of {}", sent.lost, sent.sacked, sent.len())
        })
    }

    /// Each byte up to SND.NXT was sent once, beside those that were counted as sent again.
    fn check_totals(&self) -> Broken {
        let (send, totals) = (&self.send, &self.totals);
        let numbers = send.next.since(send.initial);
        let data = numbers - u32::from(numbers > 0) - u32::from(send.fin == Fin::Sent);
        let sent = totals.bytes_sent - totals.bytes_retransmitted;
        ensure(sent == u64::from(data), || format!("{sent} bytes counted as sent, {data} were"))?;
        // The SYN of a connection that was accepted was acknowledged before it came about.
        let (acked, una) = (totals.bytes_acked, u64::from(send.una.since(send.initial)));
        ensure(acked == una || acked + 1 == una, || format!("{acked} bytes acknowledged, una {una}"))
    }

    fn check_memory(&self, options: &TcpOptions) -> Broken {
        let (queued, buffer) = (self.send.queue.len(), options.send_buffer as usize);
        // The last buffer, begun within the limit, may end beyond it.
        let most = buffer + LARGEST_BURST as usize;
        ensure(queued <= most, || format!("{queued} bytes in a send buffer of {buffer}"))?;
        // A segment that begins within the buffer may end beyond it, and windows are rounded up.
        let (held, buffer) = (self.receive.queue.charged(), options.receive_buffer as usize);
        ensure(held <= buffer + buffer / 4 + 65_536, || {
            format!("{held} bytes in a receive buffer of {buffer}")
        })
    }

    /// What was sent is waited for, and so is the window if it is what holds data back.
    fn check_timers(&self) -> Broken {
        let waits = |timer| self.timers.get(timer).is_some();
        let waiting = [Timer::Retransmit, Timer::Reorder, Timer::TailProbe].map(waits);
        let running = waiting.into_iter().filter(|runs| *runs).count();
        ensure(running <= 1, || format!("{running} timers wait for acknowledgements"))?;
        if self.state == TcpState::TimeWait {
            return Ok(());
        }
        ensure((running == 1) != self.send.sent.is_empty(), || {
            format!("{} segments are on their way, {running} timers wait", self.send.sent.len())
        })
    }
}
