//! Listeners: SYNs become requests, or cookies when there is no room. What becomes of requests is in
//! `handshake`. Linux: `tcp_conn_request`, `inet_csk_listen_start`, `inet_csk_listen_stop`.

use super::ecn_handshake::Promise;
use super::fast_open::Decision;
use super::first_window::{largest_window, scale_for};
use super::handle::TcpHandle;
use super::keys::Keys;
use super::listener::Listener;
use super::request::{Request, SynAck};
use super::segment::Segment;
use super::sequence::Sequence;
use super::syn_cookies::{self, Remembered};
use super::table::{Entry, Role, Tcp};
use super::{Env, SocketError, TcpOptions, TcpState};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::route::PathInfo;
use crate::wire::tcp::Flags;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::IpAddr;

/// How a SYN is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Request,
    Cookie,
}

impl Tcp {
    /// A segment for a listener that belongs to no connection. Linux: `TCP_LISTEN` in `tcp_v4_do_rcv` and
    /// `tcp_rcv_state_process`.
    pub(super) fn listener_input(
        &mut self,
        env: &mut Env<'_>,
        listener: TcpHandle,
        segment: Segment,
    ) -> Result<(), DropReason> {
        if segment.flags.rst() {
            return Err(DropReason::TcpReset);
        }
        if segment.flags.ack() {
            if !segment.flags.syn()
                && let Some(request) = self.request_of_cookie(env, listener, &segment)
            {
                return self.adopt(env, request, segment);
            }
            self.reply_with_reset(env, &segment);
            return Err(DropReason::TcpFlags);
        }
        if !segment.flags.syn() || segment.flags.intersects(Flags::FIN) {
            return Err(DropReason::TcpFlags);
        }
        self.connection_request(env, listener, segment, None)
    }

    /// Answers a SYN. `successor` is where our numbers begin if it takes the place of a connection in TIME-WAIT.
    /// Linux: `tcp_conn_request`.
    pub(super) fn connection_request(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        syn: Segment,
        successor: Option<Sequence>,
    ) -> Result<(), DropReason> {
        let Some((listener, options)) = self.listener_mut(handle) else {
            return Err(DropReason::TcpNoSocket);
        };
        let room = room(env, listener, options, successor.is_some()).inspect_err(|_| {
            env.counters.increment(Counter::TcpExtListenDrops);
        })?;
        if room == Room::Cookie {
            listener.last_cookie = Some(env.now);
        }
        let options = options.clone();
        let remote = syn.tuple.remote.ip();
        let path = self.path_to(env, &syn.tuple, syn.mtu);
        let (mtu, _) = self.path_mtu(env, remote, &path);
        let path = PathInfo { mtu, ..path };
        let mut request = Request::new(env, &syn, handle, &options, &path);
        request.timestamp_offset = self.secrets.timestamp_offset(&syn.tuple);
        request.key = self.sockets.get(handle).and_then(|socket| socket.keys.get(remote)).cloned();
        if room == Room::Cookie {
            return self.answer_with_cookie(env, request, &options);
        }
        request.initial = successor.unwrap_or_else(|| self.secrets.initial_sequence(&syn.tuple, env.now));
        request.saved_syn = options.save_syn.then(|| syn.headers().into());
        match self.try_fast_open(env, &syn, handle, &options, &path) {
            Decision::Ordinary(cookie) => {
                self.queue_request(env, request, &options, SynAck::Ordinary { cookie });
                Ok(())
            }
            Decision::Open(cookie) => self.fast_open_child(env, request, syn, options, cookie),
        }
    }

    fn answer_with_cookie(
        &mut self,
        env: &mut Env<'_>,
        mut request: Request,
        options: &TcpOptions,
    ) -> Result<(), DropReason> {
        if request.timestamp.is_none() {
            // Nothing remembers them.
            request.peer_scale = None;
            request.sack_permitted = false;
            request.ecn = Promise::default();
        }
        (request.initial, request.peer_mss) =
            self.cookies.make(&request.tuple, request.peer_initial, request.peer_mss, env.now);
        env.counters.increment(Counter::TcpExtSyncookiesSent);
        let answer = request.syn_ack(env, options, SynAck::Cookie);
        self.reply(answer);
        Ok(())
    }

    /// Keeps a request, and answers its SYN. Linux: `inet_csk_reqsk_queue_hash_add`.
    fn queue_request(&mut self, env: &mut Env<'_>, mut request: Request, options: &TcpOptions, ask: SynAck) {
        if let Some((listener, _)) = self.listener_mut(request.listener) {
            listener.requests += 1;
            listener.young += 1;
        }
        let answer = request.syn_ack(env, options, ask);
        let (tuple, deadline) = (request.tuple, request.deadline);
        let entry = Entry::Request(self.requests.insert(request));
        self.connections.insert(tuple, entry);
        self.arm(deadline, entry);
        self.reply(answer);
    }

    /// The request that the acknowledgement of a SYN cookie brings back. Linux: `cookie_v4_check`.
    fn request_of_cookie(&mut self, env: &mut Env<'_>, handle: TcpHandle, ack: &Segment) -> Option<Request> {
        let (listener, options) = self.listener_mut(handle)?;
        let recent = listener.last_cookie.is_some_and(|last| env.now.since(last) <= syn_cookies::VALID);
        if env.sysctl.tcp_syncookies == 0 || !recent {
            return None;
        }
        let options = options.clone();
        let (peer_initial, initial) = (ack.sequence - 1, ack.acknowledgement - 1);
        let Some(mss) = self.cookies.check(&ack.tuple, peer_initial, initial, env.now) else {
            env.counters.increment(Counter::TcpExtSyncookiesFailed);
            return None;
        };
        env.counters.increment(Counter::TcpExtSyncookiesRecv);
        let offset = self.secrets.timestamp_offset(&ack.tuple);
        let remembered = match ack.options.timestamps {
            Some(timestamps) => Remembered::of_echo(timestamps.echo.wrapping_sub(offset), env.sysctl)?,
            None => Remembered::default(),
        };
        let remote = ack.tuple.remote.ip();
        let path = self.path_to(env, &ack.tuple, ack.mtu);
        let (mtu, _) = self.path_mtu(env, remote, &path);
        let path = PathInfo { mtu, ..path };
        let mut request = Request::new(env, ack, handle, &options, &path);
        let scale = scale_for(largest_window(env.sysctl, &options, &path.metrics));
        let needs_ecn = options.congestion.needs_ecn();
        request.remember(remembered, mss, scale, ack, needs_ecn);
        request.timestamp_offset = offset;
        request.key = self.sockets.get(handle).and_then(|socket| socket.keys.get(remote)).cloned();
        Some(request)
    }

    pub(super) fn listener_mut(&mut self, handle: TcpHandle) -> Option<(&mut Listener, &TcpOptions)> {
        let socket = self.sockets.get_mut(handle)?;
        match &mut socket.role {
            Role::Listener(listener) => Some((listener, &socket.options)),
            _ => None,
        }
    }

    /// Puts a socket on the list of those to be woken.
    pub(super) fn wake(&mut self, handle: TcpHandle) {
        if let Some(socket) = self.sockets.get_mut(handle)
            && !socket.woken
        {
            socket.woken = true;
            self.wakeups.push(handle);
        }
    }

    /// Turns a bound socket into a listener. Linux: `inet_csk_listen_start`.
    pub(super) fn start_listening(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        let (Role::Idle, Some(local)) = (&socket.role, socket.local) else {
            return Err(SocketError::InvalidState);
        };
        if self.binding_conflicts(handle, local) {
            return Err(SocketError::AddressInUse);
        }
        self.listeners.entry(local.port()).or_default().push(handle);
        if let Some(socket) = self.sockets.get_mut(handle) {
            socket.role = Role::Listener(Listener::default());
        }
        self.trace_listener(local, TcpState::Close, TcpState::Listen);
        Ok(())
    }

    /// The headers of the SYN that opened an accepted connection, IP's first, if its listener had
    /// [`TcpOptions::save_syn`]; they are told once. Linux: `TCP_SAVED_SYN`.
    pub fn saved_syn(&mut self, handle: TcpHandle) -> Option<Box<[u8]>> {
        let (connection, _) = self.sockets.get_mut(handle)?.connection_mut()?;
        connection.saved_syn.take()
    }

    /// Takes the connection that waits longest. Linux: `inet_csk_accept`.
    pub(super) fn take_accepted(&mut self, handle: TcpHandle) -> Result<TcpHandle, SocketError> {
        let (listener, _) = self.listener_mut(handle).ok_or(SocketError::InvalidState)?;
        let child = listener.accept_queue.pop_front().ok_or(SocketError::WouldBlock)?;
        if let Some((connection, _)) = self.sockets.get_mut(child).and_then(|s| s.connection_mut()) {
            connection.receive.tuning.owned = true;
        }
        Ok(child)
    }

    /// A listener ends: what waits to be accepted is reset, what is half open forgotten. Linux:
    /// `inet_csk_listen_stop`.
    pub(super) fn stop_listening(&mut self, env: &mut Env<'_>, handle: TcpHandle) {
        let Some((listener, _)) = self.listener_mut(handle) else { return };
        for child in core::mem::take(&mut listener.accept_queue) {
            self.abort(env, child);
        }
        let half_open: Vec<_> =
            self.requests.iter().filter(|(_, r)| r.listener == handle).map(|(h, _)| h).collect();
        for request in half_open {
            self.drop_request(request);
        }
        if let Some(local) = self.sockets.get(handle).and_then(|socket| socket.local)
            && let Some(holders) = self.listeners.get_mut(&local.port())
        {
            holders.retain(|&holder| holder != handle);
            if holders.is_empty() {
                self.listeners.remove(&local.port());
            }
        }
    }

    /// Resets a connection and forgets its socket. Linux: `tcp_disconnect` of a child that nobody accepted.
    pub(super) fn abort(&mut self, env: &mut Env<'_>, handle: TcpHandle) {
        let Some((connection, options)) = self.sockets.get_mut(handle).and_then(|s| s.connection_mut())
        else {
            return;
        };
        self.memory.orphans += u32::from(!connection.orphan);
        connection.orphan = true;
        let reset = (!matches!(connection.state, TcpState::Close | TcpState::SynSent))
            .then(|| connection.reset(env, options));
        connection.die(None);
        if let Some(reset) = reset {
            self.reply(reset);
        }
        self.settle(env, handle);
    }

    /// The keys that a connection takes over from its listener. Linux: `tcp_v4_syn_recv_sock`.
    pub(super) fn inherited_keys(&self, request: &Request, peer: IpAddr) -> Keys {
        Keys::only(peer, request.key.clone())
    }
}

/// How a SYN is to be answered, if at all. Linux: the first half of `tcp_conn_request`.
fn room(
    env: &mut Env<'_>,
    listener: &Listener,
    options: &TcpOptions,
    successor: bool,
) -> Result<Room, DropReason> {
    let cookies = env.sysctl.tcp_syncookies;
    let cookie = !successor && (cookies == 2 || listener.requests >= options.backlog);
    if cookie && cookies == 0 {
        env.counters.increment(Counter::TcpExtTCPReqQFullDrop);
        return Err(DropReason::TcpSynQueueFull);
    }
    if cookie {
        env.counters.increment(Counter::TcpExtTCPReqQFullDoCookies);
    }
    if listener.is_full(options) {
        env.counters.increment(Counter::TcpExtListenOverflows);
        return Err(DropReason::TcpListenOverflow);
    }
    // Without cookies a quarter of the queue is kept for peers that were heard of before; none are known here.
    let most = env.sysctl.tcp_max_syn_backlog;
    if !cookie && !successor && cookies == 0 && most.saturating_sub(listener.requests) < most >> 2 {
        return Err(DropReason::TcpSynQueueFull);
    }
    Ok(if cookie { Room::Cookie } else { Room::Request })
}
