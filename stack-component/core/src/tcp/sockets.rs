//! The calls of a socket's owner. Linux: `net/ipv4/af_inet.c`, `tcp.c`, `inet_connection_sock.c`.

use super::close::Closing;
use super::connection::{Connection, Opening, TimestampState};
use super::options::{TcpOption, TcpOptions};
use super::table::{Entry, Role, Socket, Tcp, TcpHandle};
use super::window::scale_for;
use super::{Env, FourTuple, SocketError, TcpState};
use crate::counters::Counter;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, SocketAddrV4};

/// Most sockets of a stack, so that handles and memory stay within what a component may hold.
const MAX_SOCKETS: usize = 1 << 20;

/// What reading gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// At least one byte, unless none was asked for.
    Data(Vec<u8>),
    /// The peer has no more.
    End,
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
    /// A new socket.
    pub fn open(&mut self, env: &Env<'_>) -> Result<TcpHandle, SocketError> {
        if self.sockets.len() >= MAX_SOCKETS {
            return Err(SocketError::NewSocketLimit);
        }
        Ok(self.sockets.insert(Socket::new(TcpOptions::new(env.sysctl), Role::Idle)))
    }

    /// Binds to `local`, which is one of our addresses or none in particular; port 0 lets the stack choose.
    /// Linux: `inet_csk_get_port` with `SO_REUSEADDR`: only listeners stand in the way.
    pub fn bind(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        local: SocketAddrV4,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        if !matches!(socket.role, Role::Idle) || socket.local.is_some() {
            return Err(SocketError::InvalidState);
        }
        let local = match local.port() {
            0 => SocketAddrV4::new(*local.ip(), self.free_port(env, *local.ip())?),
            _ if self.listener_conflicts(local) => return Err(SocketError::AddressInUse),
            _ => local,
        };
        if let Some(socket) = self.sockets.get_mut(handle) {
            socket.local = Some(local);
            self.bound.entry(local.port()).or_default().push(handle);
        }
        Ok(())
    }

    /// Whether somebody listens where `local` would.
    pub(super) fn listener_conflicts(&self, local: SocketAddrV4) -> bool {
        let holders = self.bound.get(&local.port()).map(Vec::as_slice).unwrap_or_default();
        holders.iter().filter_map(|&holder| self.sockets.get(holder)).any(|socket| {
            matches!(socket.role, Role::Listener(_))
                && socket.local.is_some_and(|other| {
                    other.ip() == local.ip() || other.ip().is_unspecified() || local.ip().is_unspecified()
                })
        })
    }

    /// A port nobody is bound to.
    fn free_port(&mut self, env: &mut Env<'_>, local: Ipv4Addr) -> Result<u16, SocketError> {
        // No remote address is known; a random one makes the choice unpredictable.
        let remote = SocketAddrV4::new(Ipv4Addr::from(env.random.next_u32()), 0);
        let bound = &self.bound;
        let port = self.ephemeral.choose(local, remote, port_range(env), |port| !bound.contains_key(&port));
        port.ok_or(SocketError::AddressInUse)
    }

    /// Starts to connect from `source`, an address of ours, to `remote` over a path that carries IP packets of
    /// `mtu` bytes. Linux: `tcp_v4_connect`.
    pub fn connect(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        source: Ipv4Addr,
        remote: SocketAddrV4,
        mtu: u32,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        if !matches!(socket.role, Role::Idle) {
            return Err(SocketError::InvalidState);
        }
        let local = match socket.local {
            Some(local) => SocketAddrV4::new(source, local.port()),
            None => SocketAddrV4::new(source, self.connect_port(env, source, remote)?),
        };
        let tuple = FourTuple { local, remote };
        if self.connections.contains_key(&tuple) {
            return Err(SocketError::AddressInUse);
        }
        let Some(socket) = self.sockets.get_mut(handle) else { return Err(SocketError::InvalidState) };
        let largest = env.sysctl.tcp_rmem[2].max(socket.options.receive_buffer);
        let opening = Opening {
            tuple,
            initial: self.secrets.initial_sequence(&tuple, env.now),
            timestamp_offset: self.secrets.timestamp_offset(&tuple),
            mtu,
            receive_scale: if env.sysctl.tcp_window_scaling { scale_for(largest) } else { 0 },
            now: env.now,
        };
        let mut connection = Connection::new(opening, TcpState::SynSent);
        connection.timestamps =
            env.sysctl.tcp_timestamps.then_some(TimestampState { recent: 0, recent_at: env.now });
        connection.events.output = true;
        socket.role = Role::Connection(Box::new(connection));
        self.connections.insert(tuple, Entry::Connection(handle));
        env.counters.increment(Counter::TcpActiveOpens);
        self.settle(env, handle);
        Ok(())
    }

    fn connect_port(
        &mut self,
        env: &Env<'_>,
        local: Ipv4Addr,
        remote: SocketAddrV4,
    ) -> Result<u16, SocketError> {
        let (bound, connections) = (&self.bound, &self.connections);
        let is_free = |port| {
            let tuple = FourTuple { local: SocketAddrV4::new(local, port), remote };
            // A socket must not connect to itself by accident.
            tuple.local != remote && !bound.contains_key(&port) && !connections.contains_key(&tuple)
        };
        self.ephemeral.choose(local, remote, port_range(env), is_free).ok_or(SocketError::AddressInUse)
    }

    /// How a connection attempt went: `WouldBlock` while it runs; an error ends the socket.
    pub fn connect_result(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        let (connection, _) = socket.connection_mut().ok_or(SocketError::NotInProgress)?;
        match connection.state {
            TcpState::SynSent | TcpState::SynRecv => Err(SocketError::WouldBlock),
            TcpState::Close => match connection.error.take() {
                Some(error) => Err(error),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Turns a bound socket into a listener. Linux: `inet_listen`.
    pub fn listen(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        self.start_listening(handle)
    }

    /// Takes a connection that waits to be accepted. Linux: `inet_csk_accept`.
    pub fn accept(&mut self, handle: TcpHandle) -> Result<TcpHandle, SocketError> {
        self.take_accepted(handle)
    }

    /// How many bytes [`Tcp::send`] takes now.
    pub fn send_space(&self, handle: TcpHandle) -> Result<usize, SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        let connection = socket.connection().ok_or(SocketError::InvalidState)?;
        match connection.state {
            TcpState::SynSent | TcpState::SynRecv => Ok(0),
            state if state.may_send() => Ok(connection.send_space(&socket.options)),
            _ => Err(connection.ended_by.unwrap_or(SocketError::InvalidState)),
        }
    }

    /// Takes bytes to be sent, as many as there is room for: also what is left of room that
    /// [`Tcp::send_space`] told before. Linux: `tcp_sendmsg`.
    pub fn send(&mut self, env: &mut Env<'_>, handle: TcpHandle, data: &[u8]) -> Result<usize, SocketError> {
        self.send_space(handle)?;
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        let (connection, options) = socket.connection_mut().ok_or(SocketError::InvalidState)?;
        if !connection.state.may_send() {
            return Err(SocketError::WouldBlock);
        }
        let taken = data.len().min(connection.send_room(options));
        if taken == 0 {
            return if data.is_empty() { Ok(0) } else { Err(SocketError::WouldBlock) };
        }
        connection.send.queue.push(data.get(..taken).unwrap_or_default());
        connection.events.output = true;
        self.settle(env, handle);
        Ok(taken)
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
        let (connection, options) = socket.connection_mut().ok_or(SocketError::InvalidState)?;
        if connection.receive.shutdown {
            return Ok(Received::End);
        }
        if connection.receive.queue.len() > 0 {
            let data = connection.receive.queue.read(max);
            connection.after_read(options);
            self.settle(env, handle);
            return Ok(Received::Data(data));
        }
        match (connection.state, connection.ended_by) {
            (TcpState::Close, Some(error)) => Err(error),
            (TcpState::Close, None) => Ok(Received::End),
            _ if connection.receive.finished => Ok(Received::End),
            _ => Err(SocketError::WouldBlock),
        }
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
                self.stop_listening(env, handle);
                self.forget(handle);
            }
            Role::Connection(connection) => {
                if connection.close(env) == Closing::Reset {
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
    pub fn local_address(&self, handle: TcpHandle) -> Option<SocketAddrV4> {
        let socket = self.sockets.get(handle)?;
        socket.connection().map(|connection| connection.tuple.local).or(socket.local)
    }

    /// The peer's address, also after the connection has ended.
    pub fn remote_address(&self, handle: TcpHandle) -> Option<SocketAddrV4> {
        Some(self.sockets.get(handle)?.connection()?.tuple.remote)
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
                let over = connection.state == TcpState::Close;
                TcpReadiness {
                    readable: over || receive.queue.len() > 0 || receive.finished || receive.shutdown,
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
            if keep_alive {
                connection.restart_keep_alive(options, env.now);
            }
            connection.events.output = true;
            self.settle(env, handle);
        }
        Ok(())
    }
}

/// `net.ipv4.ip_local_port_range`, which the settings keep within 16 bits.
fn port_range(env: &Env<'_>) -> [u16; 2] {
    env.sysctl.ip_local_port_range.map(|port| port as u16)
}
