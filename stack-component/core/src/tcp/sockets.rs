//! The calls of a socket's owner, but for those that open. Linux: `net/ipv4/af_inet.c`, `tcp.c`, `inet_connection_sock.c`.

use super::close::Closing;
use super::handle::TcpHandle;
use super::options::{TcpOption, TcpOptions};
use super::table::{Role, Socket, Tcp};
use super::{Env, SocketError, TcpState};
use crate::counters::Counter;
use crate::time::Duration;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// What reading gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// At least one byte, unless none was asked for.
    Data(Vec<u8>),
    /// The peer has no more.
    End,
}

/// How the bytes of one write leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendFlags {
    /// More follows at once: a segment that is not full waits for it. Linux: `MSG_MORE`.
    pub more: bool,
    /// The bytes end a record: no segment has them and later ones. Linux: `MSG_EOR`.
    pub end_of_record: bool,
    /// [`Tcp::send_space`] told of room for the bytes, and they are taken whatever has become of it.
    pub promised: bool,
}

/// Which side of a connection to end. Linux: `SHUT_RD`, `SHUT_WR`, `SHUT_RDWR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Nothing more is read; what is unread is thrown away.
    Receive,
    /// Nothing more is written; a FIN follows what was.
    Send,
    /// Both.
    Both,
}

/// What a socket's owner could do now without being told to wait. Linux: `tcp_poll`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpReadiness {
    /// Reading answers at once: with data, the end, or an error.
    pub readable: bool,
    /// Writing answers at once: there is room, or an error.
    pub writable: bool,
    /// A connection waits to be accepted.
    pub acceptable: bool,
    /// No connection attempt is running (any more).
    pub connect_resolved: bool,
    /// The socket is not connected and will not be.
    pub closed: bool,
}

impl Tcp {
    /// How many bytes [`Tcp::send`] takes now.
    pub fn send_space(&self, handle: TcpHandle) -> Result<usize, SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        let connection = socket.connection().ok_or(SocketError::InvalidState)?;
        match connection.state {
            TcpState::SynRecv if connection.is_fast_open() => {
                Ok(connection.send_space(&socket.options, &self.memory))
            }
            // The data is waited for, to go with the SYN.
            TcpState::SynSent if connection.fast_open.client.deferred => {
                Ok(connection.send_space(&socket.options, &self.memory))
            }
            TcpState::SynSent | TcpState::SynRecv => Ok(0),
            state if state.may_send() => Ok(connection.send_space(&socket.options, &self.memory)),
            _ => Err(connection.ended_by.unwrap_or(SocketError::InvalidState)),
        }
    }

    /// Takes bytes to be sent: as many as one buffer takes. Linux: `tcp_sendmsg`.
    pub fn send(&mut self, env: &mut Env<'_>, handle: TcpHandle, data: &[u8]) -> Result<usize, SocketError> {
        self.send_with(env, handle, data, SendFlags::default())
    }

    /// As [`Tcp::send`], with a say in how the bytes leave. Linux: `tcp_sendmsg` with `msg_flags`.
    pub fn send_with(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        data: &[u8],
        flags: SendFlags,
    ) -> Result<usize, SocketError> {
        self.send_space(handle)?;
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        let (connection, options) = socket.connection_mut().ok_or(SocketError::InvalidState)?;
        if connection.fast_open.client.deferred {
            return self.start_fast_open(env, handle, data);
        }
        if !connection.state.may_send() && !connection.is_fast_open() {
            connection.send.writer_waits = !data.is_empty();
            return Err(SocketError::WouldBlock);
        }
        let taken = data.len().min(connection.write_room(options, &self.memory, flags.promised) as usize);
        connection.send.no_space = taken == 0 && !data.is_empty();
        if taken == 0 {
            return if data.is_empty() { Ok(0) } else { Err(SocketError::WouldBlock) };
        }
        connection.before_write(env);
        if connection.unsent() == 0 {
            connection.send.push_once = false;
        }
        connection.send.queue.push(data.get(..taken).unwrap_or_default());
        // A write that did not fit is pushed as far as it did, as if no more followed.
        let whole = taken == data.len();
        connection.send.more = flags.more && whole;
        connection.note_written(taken as u32, whole && !flags.more);
        if flags.end_of_record && whole {
            connection.send.buffers.end_record();
        }
        connection.events.output = true;
        self.settle(env, handle);
        Ok(taken)
    }

    /// A write found no room for the rest: what it handed in leaves as if nothing followed. Linux: `tcp_push` before
    /// `sk_stream_wait_memory`.
    pub fn push(&mut self, env: &mut Env<'_>, handle: TcpHandle) {
        let connection = self.sockets.get_mut(handle).and_then(Socket::connection_mut);
        if let Some((connection, _)) = connection {
            connection.send.buffers.push_all();
            connection.note_want(env.now);
            connection.events.output = true;
            self.settle(env, handle);
        }
    }

    /// How many bytes were handed in and have not left yet.
    pub fn unsent(&self, handle: TcpHandle) -> usize {
        self.sockets.get(handle).and_then(Socket::connection).map_or(0, |c| c.unsent() as usize)
    }

    /// Takes at most `max` bytes that arrived. Linux: `tcp_recvmsg`.
    pub fn receive(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        max: usize,
    ) -> Result<Received, SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        let (connection, _) = socket.connection_mut().ok_or(SocketError::InvalidState)?;
        if connection.receive.queue.len() > 0 {
            let data = connection.receive.queue.read(max);
            connection.after_read(env, data.len());
            self.settle(env, handle);
            return Ok(Received::Data(data));
        }
        connection.nothing_to_read()
    }

    /// Ends one or both sides. Linux: `inet_shutdown`.
    pub fn shutdown(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        how: Shutdown,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        let (connection, _) = socket.connection_mut().ok_or(SocketError::InvalidState)?;
        if connection.state == TcpState::SynSent {
            return Err(SocketError::InvalidState);
        }
        if how != Shutdown::Send {
            connection.finish_receiving();
        }
        if how != Shutdown::Receive {
            connection.finish_sending();
        }
        self.settle(env, handle);
        Ok(())
    }

    /// Gives a socket up; what was written is still sent. Linux: `tcp_close`.
    pub fn close(&mut self, env: &mut Env<'_>, handle: TcpHandle) {
        let Some(socket) = self.sockets.get_mut(handle) else { return };
        match &mut socket.role {
            Role::Idle => self.forget(handle),
            Role::Listener(_) => {
                let local = socket.local;
                self.stop_listening(env, handle);
                if let Some(local) = local {
                    self.trace_listener(local, TcpState::Listen, TcpState::Close);
                }
                self.forget(handle);
            }
            Role::Connection(connection) => {
                self.memory.orphans += u32::from(!connection.orphan);
                let abortive = socket.options.linger == Some(Duration::ZERO);
                let mut closing = connection.close(env);
                if closing == Closing::Graceful && abortive {
                    env.counters.increment(Counter::TcpExtTCPAbortOnData);
                    connection.die(None);
                    closing = Closing::Reset;
                }
                if closing == Closing::Graceful
                    && self.memory.refuses_orphan(connection.send.queue.len(), env.sysctl)
                {
                    env.counters.increment(Counter::TcpExtTCPAbortOnMemory);
                    connection.die(None);
                    closing = Closing::Reset;
                }
                if closing == Closing::Reset {
                    let reset = connection.reset(env, &socket.options);
                    self.reply(reset);
                }
                self.settle(env, handle);
            }
        }
    }

    /// Gives a socket up at once: a connection is reset.
    pub fn abort_socket(&mut self, env: &mut Env<'_>, handle: TcpHandle) {
        match self.sockets.get(handle).map(|socket| &socket.role) {
            Some(Role::Connection(_)) => self.abort(env, handle),
            _ => self.close(env, handle),
        }
    }

    /// Our end's address: of a connection, or what the socket is bound to.
    pub fn local_address(&self, handle: TcpHandle) -> Option<SocketAddr> {
        let socket = self.sockets.get(handle)?;
        socket.connection().map(|connection| connection.tuple.local.into()).or(socket.local)
    }

    /// The peer's address, also after the connection has ended.
    pub fn remote_address(&self, handle: TcpHandle) -> Option<SocketAddr> {
        Some(self.sockets.get(handle)?.connection()?.tuple.remote.into())
    }

    /// The state, none if the handle is stale.
    pub fn state(&self, handle: TcpHandle) -> Option<TcpState> {
        Some(match &self.sockets.get(handle)?.role {
            Role::Idle => TcpState::Close,
            Role::Listener(_) => TcpState::Listen,
            Role::Connection(connection) => connection.state,
        })
    }

    /// What the owner could do now.
    pub fn readiness(&self, handle: TcpHandle) -> TcpReadiness {
        let closed = TcpReadiness {
            readable: true,
            writable: true,
            closed: true,
            connect_resolved: true,
            ..TcpReadiness::default()
        };
        let Some(socket) = self.sockets.get(handle) else { return closed };
        match &socket.role {
            Role::Idle => TcpReadiness { connect_resolved: true, ..TcpReadiness::default() },
            Role::Listener(listener) => TcpReadiness {
                acceptable: !listener.accept_queue.is_empty(),
                connect_resolved: true,
                ..TcpReadiness::default()
            },
            Role::Connection(connection) => {
                let receive = &connection.receive;
                // Linux: `sock_rcvlowat`.
                let lowat = socket.options.receive_lowat.min(receive.tuning.buffer / 2).max(1);
                let over = connection.state == TcpState::Close;
                TcpReadiness {
                    readable: over
                        || receive.queue.len() >= lowat as usize
                        || receive.finished
                        || receive.shutdown
                        || (receive.queue.len() > 0 && connection.receive_window() <= receive.mss),
                    writable: self.send_space(handle) != Ok(0),
                    acceptable: false,
                    connect_resolved: !matches!(connection.state, TcpState::SynSent | TcpState::SynRecv),
                    closed: over,
                }
            }
        }
    }

    /// The settings in force.
    pub fn options(&self, handle: TcpHandle) -> Option<&TcpOptions> {
        Some(&self.sockets.get(handle)?.options)
    }

    /// Changes a setting.
    pub fn set_option(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        option: TcpOption,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        socket.options.set(option, env.sysctl)?;
        let keep_alive = matches!(option, TcpOption::KeepAlive(_) | TcpOption::KeepAliveIdle(_));
        if let Some((connection, options)) = socket.connection_mut() {
            match option {
                TcpOption::NoDelay(true) => connection.send.push_once = true,
                TcpOption::Cork(false) => connection.send.push_once = options.no_delay,
                TcpOption::QuickAck(quick) => connection.set_quick_ack(env, quick),
                TcpOption::ReceiveBuffer(_) | TcpOption::RcvBuf { .. } | TcpOption::WindowClamp(_) => {
                    connection.resize(options);
                }
                _ => {}
            }
            if keep_alive {
                // A new idle time counts from the last sign of life. Linux: `tcp_sock_set_keepidle_locked`.
                let from = match option {
                    TcpOption::KeepAliveIdle(_) => connection.last_sign_of_life(),
                    _ => env.now,
                };
                connection.restart_keep_alive(options, from);
            }
            match option {
                TcpOption::Congestion(algorithm) => connection.switch_control(env, algorithm),
                TcpOption::MaxPacingRate(rate) => connection.pacing.max_rate = rate,
                TcpOption::RtoMin(_) | TcpOption::RtoMax(_) => connection.bound_timeouts(env, options),
                _ => {}
            }
            connection.events.output = true;
            self.settle(env, handle);
        }
        Ok(())
    }
}
