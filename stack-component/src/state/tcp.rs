//! TCP sockets as wasi:sockets sees them, over the core's.

use super::State;
use super::family::Family;
use super::pollables::PollableHandle;
use super::tcp_state::{Call, TcpState};
use alloc::vec::Vec;
use core::net::SocketAddr;
use stack_core::socket::SocketError;
use stack_core::stack::SocketHandle;
use stack_core::stack::Stack;
use stack_core::tcp::{Shutdown, TcpHandle, TcpOption, TcpOptions};
use stack_core::time::Instant;

/// What is known of a socket beside what the core knows.
pub(super) struct Socket {
    pub(super) family: Family,
    pub(super) state: TcpState,
    /// How many resources stand for it: itself and its streams. The last one closes the connection.
    owners: u32,
    /// The input stream answers `closed` from now on.
    pub(super) input_closed: bool,
    /// The output stream answers `closed` from now on.
    pub(super) output_closed: bool,
    /// How many bytes the host may write: what `check-write` told, less what was written since.
    pub(super) permit: usize,
    /// Both ends' addresses, since connected: they stay readable when the connection has ended. (wasi-libc
    /// aborts the program when it cannot tell the peer's address of a connection it has just accepted.)
    ends: Option<(SocketAddr, SocketAddr)>,
    /// The pollables that the host waits for.
    pub(super) armed: Vec<PollableHandle>,
}

impl Socket {
    fn new(family: Family, state: TcpState, owners: u32) -> Self {
        Socket {
            family,
            state,
            owners,
            input_closed: false,
            output_closed: false,
            permit: 0,
            ends: None,
            armed: Vec::new(),
        }
    }

    fn keep_ends(&mut self, stack: &Stack, handle: TcpHandle) {
        self.ends = stack.tcp_local_address(handle).zip(stack.tcp_remote_address(handle));
    }
}

/// The calls of interface `tcp`, in its order.
impl State {
    /// A new socket, with one owner.
    pub(crate) fn create_tcp_socket(&mut self, family: Family) -> Result<TcpHandle, SocketError> {
        let handle = self.stack.tcp_open()?;
        // wasi:sockets wants an address to be free again as soon as nobody listens there.
        self.stack.tcp_set_option(handle, TcpOption::ReuseAddress(true))?;
        self.sockets.insert(handle, Socket::new(family, TcpState::Unbound, 1));
        Ok(handle)
    }

    pub(crate) fn start_bind(&mut self, handle: TcpHandle, local: SocketAddr) -> Result<(), SocketError> {
        self.call(handle, Call::StartBind, |stack, socket| {
            stack.tcp_bind(handle, socket.family.unicast(local)?)
        })
    }

    /// Binding was done at once.
    pub(crate) fn finish_bind(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        self.call(handle, Call::FinishBind, |_, _| Ok(()))
    }

    pub(crate) fn start_connect(
        &mut self,
        handle: TcpHandle,
        remote: SocketAddr,
        now: Instant,
    ) -> Result<(), SocketError> {
        self.call(handle, Call::StartConnect, |stack, socket| {
            let remote = socket.family.unicast(remote)?;
            if remote.ip().is_unspecified() || remote.port() == 0 {
                return Err(SocketError::InvalidArgument);
            }
            stack.tcp_connect(handle, remote, now)
        })
    }

    /// After success the two streams are owners, too.
    pub(crate) fn finish_connect(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        self.call(handle, Call::FinishConnect, |stack, socket| {
            stack.tcp_connect_result(handle)?;
            socket.owners += 2;
            socket.keep_ends(stack, handle);
            Ok(())
        })
    }

    pub(crate) fn start_listen(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        self.call(handle, Call::StartListen, |stack, _| stack.tcp_listen(handle))
    }

    /// Listening was begun at once.
    pub(crate) fn finish_listen(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        self.call(handle, Call::FinishListen, |_, _| Ok(()))
    }

    /// A connected socket with three owners: itself and its streams.
    pub(crate) fn accept(&mut self, handle: TcpHandle) -> Result<TcpHandle, SocketError> {
        let (accepted, family) =
            self.call(handle, Call::Accept, |stack, socket| Ok((stack.tcp_accept(handle)?, socket.family)))?;
        let mut socket = Socket::new(family, TcpState::Connected, 3);
        socket.keep_ends(&self.stack, accepted);
        self.sockets.insert(accepted, socket);
        Ok(accepted)
    }

    pub(crate) fn local_address(&mut self, handle: TcpHandle) -> Result<SocketAddr, SocketError> {
        self.call(handle, Call::LocalAddress, |stack, socket| {
            let kept = socket.ends.map(|(local, _)| local);
            kept.or_else(|| stack.tcp_local_address(handle)).ok_or(SocketError::InvalidState)
        })
    }

    pub(crate) fn remote_address(&mut self, handle: TcpHandle) -> Result<SocketAddr, SocketError> {
        self.call(handle, Call::RemoteAddress, |stack, socket| {
            let kept = socket.ends.map(|(_, remote)| remote);
            kept.or_else(|| stack.tcp_remote_address(handle)).ok_or(SocketError::InvalidState)
        })
    }

    /// The family of a socket; a stale handle's is IPv4, for the calls that tell it cannot fail.
    pub(crate) fn family(&self, handle: TcpHandle) -> Family {
        self.sockets.get(&handle).map_or(Family::V4, |socket| socket.family)
    }

    pub(crate) fn is_listening(&self, handle: TcpHandle) -> bool {
        self.sockets.get(&handle).is_some_and(|socket| socket.state == TcpState::Listening)
    }

    pub(crate) fn set_listen_backlog_size(
        &mut self,
        handle: TcpHandle,
        value: u64,
    ) -> Result<(), SocketError> {
        if value == 0 {
            return Err(SocketError::InvalidArgument);
        }
        let option = TcpOption::Backlog(value);
        self.call(handle, Call::SetBacklog, |stack, _| stack.tcp_set_option(handle, option))
    }

    /// What `read` finds in the socket's options.
    pub(crate) fn option<R>(
        &mut self,
        handle: TcpHandle,
        read: impl FnOnce(&TcpOptions) -> R,
    ) -> Result<R, SocketError> {
        self.call(handle, Call::Option, |stack, _| {
            stack.tcp_options(handle).map(read).ok_or(SocketError::InvalidState)
        })
    }

    /// How many hops the socket's packets may take.
    pub(crate) fn hop_limit(&mut self, handle: TcpHandle) -> Result<u8, SocketError> {
        self.call(handle, Call::Option, |stack, _| {
            stack.tcp_hop_limit(handle).ok_or(SocketError::InvalidState)
        })
    }

    /// A permit that was given holds, however small the send buffer becomes.
    pub(crate) fn set_option(&mut self, handle: TcpHandle, option: TcpOption) -> Result<(), SocketError> {
        self.call(handle, Call::Option, |stack, _| stack.tcp_set_option(handle, option))
    }

    /// Shutting down what is shut down or has ended has no effect.
    pub(crate) fn shutdown(
        &mut self,
        handle: TcpHandle,
        how: Shutdown,
        now: Instant,
    ) -> Result<(), SocketError> {
        self.call(handle, Call::Shutdown, |stack, socket| {
            let receive = matches!(how, Shutdown::Receive | Shutdown::Both);
            let send = matches!(how, Shutdown::Send | Shutdown::Both);
            let left = match (receive && !socket.input_closed, send && !socket.output_closed) {
                (true, true) => Shutdown::Both,
                (true, false) => Shutdown::Receive,
                (false, true) => Shutdown::Send,
                (false, false) => return Ok(()),
            };
            stack.tcp_shutdown(handle, left, now)?;
            socket.input_closed |= receive;
            socket.output_closed |= send;
            Ok(())
        })
    }

    /// Resets the connection (interface `abort`). The resources stay until they are dropped.
    pub(crate) fn abort(&mut self, handle: TcpHandle, now: Instant) {
        if let Some(socket) = self.sockets.get_mut(&handle) {
            self.stack.tcp_abort(handle, now);
            socket.state = TcpState::Closed;
            socket.input_closed = true;
            socket.output_closed = true;
            self.wake(SocketHandle::Tcp(handle));
        }
    }

    /// One owner was dropped. With the last one the connection closes; a pollable that outlives it is ready.
    pub(crate) fn release(&mut self, handle: TcpHandle, now: Instant) {
        let Some(socket) = self.sockets.get_mut(&handle) else { return };
        socket.owners = socket.owners.saturating_sub(1);
        if socket.owners > 0 {
            return;
        }
        while let Some(&pollable) = self.sockets.get(&handle).and_then(|socket| socket.armed.last()) {
            self.fire(pollable);
        }
        self.sockets.remove(&handle);
        self.stack.tcp_close(handle, now);
    }

    /// Makes a call in its state's rules.
    pub(super) fn call<R>(
        &mut self,
        handle: TcpHandle,
        call: Call,
        operation: impl FnOnce(&mut Stack, &mut Socket) -> Result<R, SocketError>,
    ) -> Result<R, SocketError> {
        let socket = self.sockets.get_mut(&handle).ok_or(SocketError::InvalidState)?;
        socket.state.permit(call)?;
        let result = operation(&mut self.stack, socket);
        socket.state = socket.state.after(call, result.as_ref().map(|_| ()).map_err(|error| *error));
        self.wake(SocketHandle::Tcp(handle));
        result
    }
}
