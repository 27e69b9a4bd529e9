//! What goes over a connection: receiving, sending, and the end of either.

use super::{Phase, Tcp, method};
use crate::component::Component;
use crate::numbers::{msg, socket};
use crate::options::{SendFlags, State, StateExt};
use crate::timestamping::Reached;
use packetdrill::Errno;
use wnet::lab::exports::wasi::sockets::tcp::ShutdownType;

impl Tcp {
    /// Takes bytes that arrived: nothing at the end. [`Errno::EAGAIN`]: there is none. Linux: `tcp_recvmsg`.
    pub(crate) fn receive(
        &mut self,
        component: &mut Component,
        len: usize,
        flags: i32,
    ) -> Result<Vec<u8>, Errno> {
        self.look(component);
        if flags & msg::OOB != 0 {
            return Err(Errno::EINVAL);
        }
        let Some((input, _)) = self.streams else { return self.receive_without_connection(component) };
        if len == 0 {
            return Ok(Vec::new());
        }
        if flags & msg::PEEK != 0 {
            return match component.peek(self.handle, len) {
                Err(error) if error != Errno::EAGAIN => self.end_of_input(component, true),
                peeked => peeked,
            };
        }
        let read = component.enter(|inside| {
            let streams = inside.stack.wasi_io_streams();
            streams.input_stream().call_read(&mut *inside.store, input, len as u64)
        })?;
        match read {
            // Shutting down says that nobody will read; what comes all the same can be read.
            Ok(bytes) if bytes.is_empty() && self.shut_receive => Ok(bytes),
            Ok(bytes) if bytes.is_empty() => Err(Errno::EAGAIN),
            Ok(bytes) => {
                self.end_input(component);
                Ok(bytes)
            }
            Err(end) => {
                let failed = component.stream_errno(end)?.is_some();
                self.end_of_input(component, failed || self.input_ended)
            }
        }
    }

    /// There is nothing to read and will not be: the error of a connection that failed, once, then the end. After the
    /// peer's FIN there is no error to be read.
    fn end_of_input(&mut self, component: &mut Component, failed: bool) -> Result<Vec<u8>, Errno> {
        match if failed { self.take_error(component) } else { None } {
            Some(error) => Err(error),
            None => Ok(Vec::new()),
        }
    }

    fn receive_without_connection(&mut self, component: &mut Component) -> Result<Vec<u8>, Errno> {
        match (self.phase, self.take_error(component)) {
            (Phase::Connecting, _) => Err(Errno::EAGAIN),
            (_, Some(error)) => Err(error),
            // Nobody has heard from connect() yet that there is no connection. Linux: `sk_shutdown` after `tcp_done`.
            (Phase::Spent, None) if self.untold => Ok(Vec::new()),
            _ => Err(Errno::ENOTCONN),
        }
    }

    /// What TCP_INQ tells. Linux: `tcp_inq_hint`, which is never 0 after the peer's FIN.
    pub(crate) fn input_hint(&self, component: &mut Component) -> i32 {
        let waiting = component.queued_input(self.handle).unwrap_or(0);
        let ended = component.state(self.handle).is_ok_and(StateExt::has_received_fin);
        i32::try_from(waiting).unwrap_or(i32::MAX).max(i32::from(ended))
    }

    /// Hands in bytes to be sent, and answers how many were taken. [`Errno::EAGAIN`]: there is no room. Linux:
    /// `tcp_sendmsg`.
    pub(crate) fn send(
        &mut self,
        component: &mut Component,
        data: &[u8],
        flags: SendFlags,
    ) -> Result<usize, Errno> {
        self.look(component);
        if let Some(error) = self.take_error(component) {
            return Err(error);
        }
        match self.phase {
            Phase::Connecting => return Err(Errno::EAGAIN),
            Phase::Connected if self.is_opening(component) => return Err(Errno::EAGAIN),
            Phase::Connected if !self.shut_send => {}
            _ => return Err(Errno::EPIPE),
        }
        if data.is_empty() {
            return Ok(0);
        }
        match component.send(self.handle, data, flags) {
            Ok(taken) => Ok(usize::try_from(taken).unwrap_or(usize::MAX)),
            Err(Errno::EAGAIN) => Err(Errno::EAGAIN),
            // An error is told once, which was done. Linux: `sk_stream_error`.
            Err(_) => Err(Errno::EPIPE),
        }
    }

    /// Finds out which sends with MSG_ZEROCOPY are acknowledged, what left and arrived of those that are to be
    /// timestamped, and whether there is room again for those that found none.
    pub(crate) fn look_at_sends(&mut self, component: &mut Component) {
        if self.phase == Phase::Connected {
            let unacknowledged = component.unacknowledged(self.handle).unwrap_or(0);
            self.local.zerocopy.look(unacknowledged);
            let reached = self.reached(component);
            self.local.timestamping.look(reached, component.now());
            if self.local.no_space && self.has_space(component) {
                self.local.no_space = false;
                self.local.spaces += 1;
            }
        }
    }

    /// Whether a look would tell anything.
    pub(crate) fn is_watched(&self) -> bool {
        self.local.timestamping.is_watching() || self.local.no_space
    }

    /// How far the connection has come.
    pub(crate) fn reached(&self, component: &mut Component) -> Reached {
        let handed = self.local.handed;
        let unsent = component.unsent(self.handle).unwrap_or(0);
        // A FIN counts as one, and is of no interest here.
        let unacknowledged = component.unacknowledged(self.handle).unwrap_or(0).max(unsent);
        Reached { sent: handed.saturating_sub(unsent), acknowledged: handed.saturating_sub(unacknowledged) }
    }

    /// Bytes were handed in.
    pub(crate) fn hand_in(&mut self, bytes: usize) {
        self.local.handed += bytes as u64;
        self.local.zerocopy.hand_in(bytes);
    }

    /// shutdown(2). Linux: `inet_shutdown`.
    pub(crate) fn shutdown(&mut self, component: &mut Component, how: i32) -> Result<(), Errno> {
        self.look(component);
        let (receive, send) = match how {
            socket::SHUT_RD => (true, false),
            socket::SHUT_WR => (false, true),
            socket::SHUT_RDWR => (true, true),
            _ => return Err(Errno::EINVAL),
        };
        match self.phase {
            Phase::Listening if receive => return self.disconnect(component),
            Phase::Listening => return Ok(()),
            Phase::Connecting => return self.disconnect(component),
            Phase::Idle | Phase::Spent => return Err(Errno::ENOTCONN),
            Phase::Connected => {}
        }
        if component.state(self.handle)? == State::Close {
            return Err(Errno::ENOTCONN);
        }
        if send && !std::mem::replace(&mut self.shut_send, true) {
            method!(component, call_shutdown, self.handle, ShutdownType::Send)?;
        }
        self.shut_receive |= receive;
        self.end_input(component);
        Ok(())
    }

    /// Linux, unlike wasi:sockets, hands out what comes after the receiving side was shut down. So the component hears
    /// of it only when both sides are shut down and nothing waits to be read: from then on data resets the connection.
    fn end_input(&mut self, component: &mut Component) {
        let is_over = self.shut_receive && self.shut_send && !self.input_ended;
        if is_over && component.queued_input(self.handle) == Ok(0) {
            self.input_ended = true;
            // A connection that has ended meanwhile has no sides.
            let _ = method!(component, call_shutdown, self.handle, ShutdownType::Receive);
        }
    }
}
