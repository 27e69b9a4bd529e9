//! All of a stack's TCP sockets, how they are found, and what follows when one of them changed.

use super::black_hole::BlackHole;
use super::connection::Connection;
use super::destinations::Destinations;
use super::filter::SocketFilter;
use super::handle::{SocketName, TcpHandle};
use super::keys::Keys;
use super::listener::Listener;
use super::memory::Memory;
use super::options::TcpOptions;
use super::request::Request;
use super::secrets::Secrets;
use super::segment::Segment;
use super::syn_cookies::Cookies;
use super::time_wait::{Retirement, TimeWait};
use super::trail::{StateChange, Trail};
use super::{Env, FourTuple, Output, TcpState};
use crate::arena::{Arena, Handle};
use crate::counters::Counter;
use crate::keyed_hash::KeyedHash;
use crate::random::Random;
use crate::socket::ports::EphemeralPorts;
use crate::time::Instant;
use crate::timer::Wheel;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::SocketAddr;
use hashbrown::HashMap;

/// Replies that wait to be sent at most; beyond it they are not made. A reply lost is a segment lost.
const MAX_REPLIES: usize = 4096;

/// `tcp_challenge_ack_limit` that is no limit. Linux: `INT_MAX` in `tcp_challenge_ack_allowed`.
const UNLIMITED: u32 = i32::MAX as u32;

/// What a socket is at the moment.
#[derive(Debug)]
pub(super) enum Role {
    /// Neither connected nor listening, but perhaps bound.
    Idle,
    /// Waits for connections.
    Listener(Listener),
    /// Has, or had, a connection.
    Connection(Box<Connection>),
}

/// A TCP socket. Linux: `struct sock`.
#[derive(Debug)]
pub struct Socket {
    pub(super) role: Role,
    pub(super) options: TcpOptions,
    /// The address it is bound to; of a connection, the address it was bound to before.
    pub(super) local: Option<SocketAddr>,
    /// What segments are signed with, by peer.
    pub(super) keys: Keys,
    /// What looks at each segment before the connection does.
    pub(super) filter: SocketFilter,
    /// Bytes of memory that it is charged for.
    pub(super) held: usize,
    /// It stands in the list of sockets with output.
    pub(super) queued: bool,
    /// It stands in the list of sockets to be woken.
    pub(super) woken: bool,
}

impl Socket {
    pub(super) fn new(options: TcpOptions, role: Role) -> Self {
        Socket {
            role,
            options,
            local: None,
            keys: Keys::default(),
            filter: SocketFilter::default(),
            held: 0,
            queued: false,
            woken: false,
        }
    }

    pub(super) fn connection(&self) -> Option<&Connection> {
        match &self.role {
            Role::Connection(connection) => Some(connection),
            _ => None,
        }
    }

    /// The connection with the options it lives by.
    pub(super) fn connection_mut(&mut self) -> Option<(&mut Connection, &TcpOptions)> {
        match &mut self.role {
            Role::Connection(connection) => Some((connection, &self.options)),
            _ => None,
        }
    }
}

/// Whom a four-tuple belongs to. Linux: what `ehash` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Connection(TcpHandle),
    Request(Handle<Request>),
    TimeWait(Handle<TimeWait>),
}

/// Challenge acknowledgements that may still be sent within this second (RFC 5961 section 7).
#[derive(Debug, Default)]
pub(super) struct ChallengeBudget {
    /// None before the first challenge.
    second: Option<u64>,
    left: u32,
}

/// All TCP sockets of a stack.
#[derive(Debug)]
pub struct Tcp {
    pub(super) sockets: Arena<Socket, SocketName>,
    pub(super) requests: Arena<Request>,
    pub(super) time_waits: Arena<TimeWait>,
    /// Linux: `tcp_hashinfo.ehash`.
    pub(super) connections: HashMap<FourTuple, Entry, KeyedHash>,
    /// Sockets that listen, by port. Linux: `lhash2`.
    pub(super) listeners: HashMap<u16, Vec<TcpHandle>, KeyedHash>,
    /// Sockets bound to a port by their owners, listening or not. Linux: `bhash`.
    pub(super) bound: HashMap<u16, Vec<TcpHandle>, KeyedHash>,
    pub(super) secrets: Secrets,
    pub(super) cookies: Cookies,
    /// What is remembered of peers beyond connections.
    pub(super) destinations: Destinations,
    pub(super) black_hole: BlackHole,
    /// Some socket has a key. Linux: `tcp_md5_needed`.
    pub(super) signs: bool,
    pub(super) ephemeral: EphemeralPorts,
    pub(super) wheel: Wheel<Entry>,
    pub(super) challenges: ChallengeBudget,
    /// Connections that may have something to send.
    pub(super) pending: VecDeque<TcpHandle>,
    /// Segments that no connection sends.
    pub(super) replies: VecDeque<Output>,
    pub(super) wakeups: Vec<TcpHandle>,
    /// What all sockets hold.
    pub(super) memory: Memory,
    /// State changes that wait to be taken; none: nobody wants to know.
    pub(super) trace: Option<Vec<StateChange>>,
}

impl Tcp {
    /// No sockets; keys are drawn from `random`.
    pub fn new(random: &mut dyn Random) -> Self {
        Tcp {
            sockets: Arena::new(),
            requests: Arena::new(),
            time_waits: Arena::new(),
            connections: HashMap::with_hasher(KeyedHash::new(random)),
            listeners: HashMap::with_hasher(KeyedHash::new(random)),
            bound: HashMap::with_hasher(KeyedHash::new(random)),
            secrets: Secrets::new(random),
            cookies: Cookies::new(random),
            destinations: Destinations::new(random),
            black_hole: BlackHole::default(),
            signs: false,
            ephemeral: EphemeralPorts::new(random),
            wheel: Wheel::default(),
            challenges: ChallengeBudget::default(),
            pending: VecDeque::new(),
            replies: VecDeque::new(),
            wakeups: Vec::new(),
            memory: Memory::default(),
            trace: None,
        }
    }

    /// Whether nothing is kept but `sockets` sockets: no connection, no request, no TIME-WAIT.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn is_empty_but_for(&self, sockets: usize) -> bool {
        self.sockets.len() == sockets
            && self.requests.is_empty()
            && self.time_waits.is_empty()
            && self.connections.is_empty()
            && self.bound.len() <= sockets
            && self.listeners.len() <= sockets
            && (sockets > 0 || (self.memory.bytes() == 0 && self.memory.orphans == 0))
            && !self.has_output()
    }

    /// When [`Tcp::run_timers`] has something to do at the latest.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.wheel.next_deadline()
    }

    /// Whether [`Tcp::poll_output`] may have a segment.
    pub fn has_output(&self) -> bool {
        !self.replies.is_empty() || !self.pending.is_empty()
    }

    /// The next segment to send; to be asked until there is none.
    pub fn poll_output(&mut self, env: &mut Env<'_>) -> Option<Output> {
        if let Some(reply) = self.replies.pop_front() {
            env.counters.increment(Counter::TcpOutSegs);
            return Some(reply);
        }
        while let Some(&handle) = self.pending.front() {
            self.follow_path(env, handle);
            if let Some(socket) = self.sockets.get_mut(handle) {
                if let Some((connection, options)) = socket.connection_mut() {
                    if let Some(output) = connection.next_output(env, options) {
                        return Some(output);
                    }
                    connection.output_rests(env);
                }
                socket.queued = false;
            }
            self.pending.pop_front();
            self.settle(env, handle);
        }
        None
    }

    /// Sockets whose readiness may have changed since the last time, each once.
    pub fn take_wakeups(&mut self) -> Vec<TcpHandle> {
        let wakeups = core::mem::take(&mut self.wakeups);
        for &handle in &wakeups {
            if let Some(socket) = self.sockets.get_mut(handle) {
                socket.woken = false;
            }
        }
        wakeups
    }

    /// Does what is due at `env.now`.
    pub fn run_timers(&mut self, env: &mut Env<'_>) {
        let mut fired = Vec::new();
        self.wheel.expire(env.now, &mut fired);
        for entry in fired {
            match entry {
                Entry::Connection(handle) => self.connection_timer(env, handle),
                Entry::Request(handle) => self.request_timer(env, handle),
                Entry::TimeWait(handle) => self.time_wait_timer(env, handle),
            }
        }
    }

    fn connection_timer(&mut self, env: &mut Env<'_>, handle: TcpHandle) {
        if let Some(socket) = self.sockets.get_mut(handle)
            && let Some((connection, options)) = socket.connection_mut()
        {
            if connection.timers.scheduled.is_some_and(|scheduled| scheduled <= env.now) {
                connection.timers.scheduled = None;
            }
            connection.run_timers(env, options);
            if core::mem::take(&mut connection.events.reset) {
                let reset = connection.reset(env, options);
                self.reply(reset);
            }
            self.settle(env, handle);
        }
    }

    /// Draws the consequences after anything happened to a connection: who is woken, what is sent, which
    /// timer is armed, and whether it still exists.
    pub(super) fn settle(&mut self, env: &mut Env<'_>, handle: TcpHandle) {
        let Some(socket) = self.sockets.get_mut(handle) else { return };
        let Role::Connection(connection) = &mut socket.role else { return };
        let events = core::mem::take(&mut connection.events);
        let held = connection.held();
        self.memory.change(env, core::mem::replace(&mut socket.held, held), held);
        connection.receive.tuning.shortage = self.memory.shortage();
        let may_grow = !socket.options.send_buffer_locked && self.memory.may_grow(env.sysctl);
        // A full window needs no larger buffer: judged when output has come to rest. Linux: `tcp_should_expand_sndbuf`.
        let rests = !socket.queued && !events.output && connection.in_flight() < connection.window.size;
        let is_new = connection.totals.data_segments_out == 0;
        if may_grow && connection.state.may_send() && (rests || is_new) {
            let wanted = connection.wanted_send_buffer().min(env.sysctl.tcp_wmem[2]);
            socket.options.send_buffer = socket.options.send_buffer.max(wanted);
        }
        connection.note_space(env.now, &socket.options, &self.memory);
        if connection.receive.tuning.buffer > socket.options.receive_buffer {
            socket.options.receive_buffer = connection.receive.tuning.buffer;
        }
        if events.output && !socket.queued {
            socket.queued = true;
            self.pending.push_back(handle);
        }
        if events.wake && !socket.woken && !connection.orphan {
            socket.woken = true;
            self.wakeups.push(handle);
        }
        let tuple = connection.tuple;
        let over = connection.state == TcpState::Close;
        let retirement = connection.retire(env, &socket.options);
        if let Retirement::Keep(time) = retirement {
            let last = connection.take_last_ack(env, &socket.options);
            let wait = TimeWait::of(connection, &socket.options, env.now, time);
            connection.die(None);
            // What goes on in TIME-WAIT is no longer this connection.
            connection.events.trail = Trail::default();
            last.into_iter().for_each(|ack| self.reply(ack));
            self.enter_time_wait(env, wait);
        } else if let Retirement::Reset = retirement {
            env.counters.increment(Counter::TcpExtTCPAbortOnLinger);
            let reset = connection.reset(env, &socket.options);
            connection.die(None);
            self.connections.remove(&tuple);
            self.reply(reset);
        } else if over && self.connections.get(&tuple) == Some(&Entry::Connection(handle)) {
            self.connections.remove(&tuple);
        }
        self.end_fast_open(env, handle);
        self.learn_fast_open(env, handle);
        self.trace_trail(&tuple, &events.trail);
        self.schedule_or_forget(handle);
    }

    fn schedule_or_forget(&mut self, handle: TcpHandle) {
        let Some(socket) = self.sockets.get_mut(handle) else { return };
        let Role::Connection(connection) = &mut socket.role else { return };
        if connection.state == TcpState::Close && connection.orphan {
            self.forget(handle);
            return;
        }
        if let Some(deadline) = connection.timers.next()
            && connection.timers.scheduled.is_none_or(|scheduled| deadline < scheduled)
        {
            connection.timers.scheduled = Some(deadline);
            self.arm(deadline, Entry::Connection(handle));
        }
    }

    /// Removes the socket with its binding.
    pub(super) fn forget(&mut self, handle: TcpHandle) {
        let Some(socket) = self.sockets.remove(handle) else { return };
        self.memory.release(socket.held);
        if socket.connection().is_some_and(|connection| connection.orphan) {
            self.memory.orphans = self.memory.orphans.saturating_sub(1);
        }
        if let Some(local) = socket.local
            && let Some(holders) = self.bound.get_mut(&local.port())
        {
            holders.retain(|&holder| holder != handle);
            if holders.is_empty() {
                self.bound.remove(&local.port());
            }
        }
    }

    /// Queues a segment that no connection sends.
    pub(super) fn reply(&mut self, output: Output) {
        if self.replies.len() < MAX_REPLIES {
            self.replies.push_back(output);
        }
    }

    /// Answers `segment` with a reset, unless it is one. Linux: `tcp_v4_send_reset`.
    pub(super) fn reply_with_reset(&mut self, env: &mut Env<'_>, segment: &Segment) {
        let key = self.key_of(&segment.tuple);
        if let Some(reset) = super::segment::reset_for(segment, key.as_deref()) {
            env.counters.increment(Counter::TcpOutRsts);
            self.reply(reset);
        }
    }

    /// Whether a challenge acknowledgement may be sent now: not more than about `tcp_challenge_ack_limit` a
    /// second, and not exactly as many, so that counting them tells nothing (CVE-2016-5696). Linux:
    /// `tcp_challenge_ack_allowed`.
    pub(super) fn may_challenge(&mut self, env: &mut Env<'_>) -> bool {
        let second = Some(env.now.as_millis() / 1000);
        let limit = env.sysctl.tcp_challenge_ack_limit;
        if limit == UNLIMITED {
            return true;
        }
        if self.challenges.second != second || self.challenges.left > limit {
            let half = limit.div_ceil(2);
            let left = half + env.random.below(limit.max(1));
            self.challenges = ChallengeBudget { second, left: left.min(limit) };
        }
        let may = self.challenges.left > 0;
        self.challenges.left = self.challenges.left.saturating_sub(1);
        may
    }
}
