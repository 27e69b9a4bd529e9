//! Listeners: SYNs become requests, confirmed requests become connections that wait to be accepted. Linux:
//! `tcp_conn_request`, `tcp_check_req`, `inet_csk_accept`.

use super::request::Request;
use super::segment::Segment;
use super::table::{Entry, Role, Socket, Tcp, TcpHandle};
use super::{Env, SocketError, TcpState};
use crate::arena::Handle;
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::time::Duration;
use crate::wire::tcp::Flags;
use alloc::boxed::Box;
use alloc::collections::VecDeque;

/// What a listening socket holds. Linux: `struct request_sock_queue`.
#[derive(Debug, Default)]
pub(super) struct Listener {
    /// Connections that wait to be accepted.
    pub accept_queue: VecDeque<TcpHandle>,
    /// How many requests wait for their confirmation.
    pub requests: u32,
}

impl Tcp {
    /// A segment for a listener that belongs to no connection. Linux: `TCP_LISTEN` in
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
            self.reply_with_reset(env, &segment);
            return Err(DropReason::TcpFlags);
        }
        if !segment.flags.syn() || segment.flags.intersects(Flags::FIN) {
            return Err(DropReason::TcpFlags);
        }
        self.connection_request(env, listener, segment)
    }

    /// Linux: `tcp_conn_request`.
    fn connection_request(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        syn: Segment,
    ) -> Result<(), DropReason> {
        let Some((listener, options)) = self.listener_mut(handle) else {
            return Err(DropReason::TcpNoSocket);
        };
        let backlog = options.backlog as usize;
        if listener.accept_queue.len() > backlog {
            env.counters.increment(Counter::TcpExtListenOverflows);
            env.counters.increment(Counter::TcpExtListenDrops);
            return Err(DropReason::TcpListenOverflow);
        }
        // A backlog of 0 still lets one connection in, as Linux's queues do.
        if listener.requests >= env.sysctl.tcp_max_syn_backlog.min(options.backlog.max(1)) {
            env.counters.increment(Counter::TcpExtTCPReqQFullDrop);
            env.counters.increment(Counter::TcpExtListenDrops);
            return Err(DropReason::TcpSynQueueFull);
        }
        listener.requests += 1;
        let options = options.clone();
        let initial = self.secrets.initial_sequence(&syn.tuple, env.now);
        let offset = self.secrets.timestamp_offset(&syn.tuple);
        let request = Request::new(env, &syn, handle, &options, initial, offset);
        let (tuple, deadline) = (request.tuple, request.deadline);
        let answer = request.syn_ack(env.now, options.hop_limit);
        let entry = Entry::Request(self.requests.insert(request));
        self.connections.insert(tuple, entry);
        self.wheel.arm(deadline, entry);
        env.counters.increment(Counter::TcpOutSegs);
        self.reply(answer);
        Ok(())
    }

    /// A segment for a request (RFC 9293 section 3.10.7.4 in SYN-RECEIVED). Linux: `tcp_check_req`.
    pub(super) fn request_input(
        &mut self,
        env: &mut Env<'_>,
        handle: Handle<Request>,
        segment: Segment,
    ) -> Result<(), DropReason> {
        let hop_limit = env.sysctl.ip_default_ttl as u8;
        let Some(request) = self.requests.get_mut(handle) else { return Err(DropReason::TcpNoSocket) };
        let expected = request.peer_initial + 1;
        let flags = segment.flags;
        let interval = Duration::from_millis(env.sysctl.tcp_invalid_ratelimit.into());
        let may_answer = env.now.since(request.last_answer) >= interval;
        if flags.syn()
            && !flags.intersects(Flags::ACK | Flags::RST)
            && segment.sequence == request.peer_initial
        {
            // Our answer was lost. Linux: `inet_rtx_syn_ack`.
            if may_answer {
                request.last_answer = env.now;
                let again = request.syn_ack(env.now, hop_limit);
                env.counters.increment(Counter::TcpRetransSegs);
                env.counters.increment(Counter::TcpExtTCPSynRetrans);
                self.reply(again);
            }
            return Ok(());
        }
        let in_window = !segment.end().before(expected) && !segment.sequence.after(request.edge());
        if !in_window {
            if !flags.rst() && may_answer {
                request.last_answer = env.now;
                let ack = request.ack(env.now, hop_limit);
                self.reply(ack);
            }
            return Err(DropReason::TcpSequence);
        }
        if flags.rst() || flags.syn() {
            return self.request_reset(env, handle, &segment, expected == segment.sequence);
        }
        if !flags.ack() {
            return Err(DropReason::TcpFlags);
        }
        if segment.acknowledgement != request.initial + 1 {
            self.reply_with_reset(env, &segment);
            return Err(DropReason::TcpAcknowledgement);
        }
        self.confirm(env, handle, segment)
    }

    /// RFC 5961: only a reset with exactly the expected number ends the request.
    fn request_reset(
        &mut self,
        env: &mut Env<'_>,
        handle: Handle<Request>,
        segment: &Segment,
        exact: bool,
    ) -> Result<(), DropReason> {
        if segment.flags.rst() && exact {
            env.counters.increment(Counter::TcpAttemptFails);
            self.drop_request(handle);
            return Ok(());
        }
        if self.may_challenge(env)
            && let Some(request) = self.requests.get(handle)
        {
            env.counters.increment(Counter::TcpExtTCPChallengeACK);
            let ack = request.ack(env.now, env.sysctl.ip_default_ttl as u8);
            self.reply(ack);
        }
        Err(DropReason::TcpReset)
    }

    /// The handshake is complete: the request becomes a connection, and what the segment carries is its first
    /// data. Linux: `tcp_v4_syn_recv_sock`, `inet_csk_complete_hashdance`.
    fn confirm(
        &mut self,
        env: &mut Env<'_>,
        handle: Handle<Request>,
        segment: Segment,
    ) -> Result<(), DropReason> {
        let Some(request) = self.requests.get_mut(handle) else { return Err(DropReason::TcpNoSocket) };
        request.confirmed = true;
        let listener_handle = request.listener;
        let Some((listener, options)) = self.listener_mut(listener_handle) else {
            self.drop_request(handle);
            return Err(DropReason::TcpNoSocket);
        };
        if listener.accept_queue.len() > options.backlog as usize {
            env.counters.increment(Counter::TcpExtListenOverflows);
            env.counters.increment(Counter::TcpExtListenDrops);
            if env.sysctl.tcp_abort_on_overflow {
                self.drop_request(handle);
                self.reply_with_reset(env, &segment);
            }
            return Err(DropReason::TcpListenOverflow);
        }
        let options = options.clone();
        let Some(request) = self.requests.remove(handle) else { return Err(DropReason::TcpNoSocket) };
        let mut connection = request.into_connection(env, &options);
        connection.send.window = u32::from(segment.window) << connection.send.scale;
        connection.send.max_window = connection.send.window;
        connection.establish(env, &options);
        let tuple = connection.tuple;
        let child = self.sockets.insert(Socket::new(options, Role::Connection(Box::new(connection))));
        self.connections.insert(tuple, Entry::Connection(child));
        if let Some((listener, _)) = self.listener_mut(listener_handle) {
            listener.requests = listener.requests.saturating_sub(1);
            listener.accept_queue.push_back(child);
        }
        env.counters.increment(Counter::TcpPassiveOpens);
        self.wake(listener_handle);
        self.connection_input(env, child, segment)
    }

    /// The SYN-ACK was not answered in time. Linux: `reqsk_timer_handler`.
    pub(super) fn request_timer(&mut self, env: &mut Env<'_>, handle: Handle<Request>) {
        let Some(request) = self.requests.get_mut(handle) else { return };
        if request.deadline <= env.now {
            if request.retransmits >= env.sysctl.tcp_synack_retries {
                env.counters.increment(Counter::TcpAttemptFails);
                self.drop_request(handle);
                return;
            }
            request.back_off(env.now);
            // A confirmed request whose place in the accept queue is missing waits in silence, as in Linux.
            if !request.confirmed {
                let again = request.syn_ack(env.now, env.sysctl.ip_default_ttl as u8);
                env.counters.increment(Counter::TcpRetransSegs);
                env.counters.increment(Counter::TcpExtTCPSynRetrans);
                env.counters.increment(Counter::TcpExtTCPTimeouts);
                self.reply(again);
            }
        }
        if let Some(request) = self.requests.get(handle) {
            self.wheel.arm(request.deadline, Entry::Request(handle));
        }
    }

    fn drop_request(&mut self, handle: Handle<Request>) {
        if let Some(request) = self.requests.remove(handle) {
            if self.connections.get(&request.tuple) == Some(&Entry::Request(handle)) {
                self.connections.remove(&request.tuple);
            }
            if let Some((listener, _)) = self.listener_mut(request.listener) {
                listener.requests = listener.requests.saturating_sub(1);
            }
        }
    }

    fn listener_mut(&mut self, handle: TcpHandle) -> Option<(&mut Listener, &super::TcpOptions)> {
        let socket = self.sockets.get_mut(handle)?;
        match &mut socket.role {
            Role::Listener(listener) => Some((listener, &socket.options)),
            _ => None,
        }
    }

    /// Puts a socket on the list of those to be woken.
    fn wake(&mut self, handle: TcpHandle) {
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
        if self.listener_conflicts(local) {
            return Err(SocketError::AddressInUse);
        }
        if let Some(socket) = self.sockets.get_mut(handle) {
            socket.role = Role::Listener(Listener::default());
        }
        self.trace_listener(local, TcpState::Close, TcpState::Listen);
        Ok(())
    }

    /// Takes the connection that waits longest. Linux: `inet_csk_accept`.
    pub(super) fn take_accepted(&mut self, handle: TcpHandle) -> Result<TcpHandle, SocketError> {
        let (listener, _) = self.listener_mut(handle).ok_or(SocketError::InvalidState)?;
        let child = listener.accept_queue.pop_front().ok_or(SocketError::WouldBlock)?;
        if let Some((connection, _)) = self.sockets.get_mut(child).and_then(Socket::connection_mut) {
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
        let half_open: alloc::vec::Vec<_> =
            self.requests.iter().filter(|(_, r)| r.listener == handle).map(|(h, _)| h).collect();
        for request in half_open {
            self.drop_request(request);
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
}
