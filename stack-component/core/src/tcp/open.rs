//! The calls that open: a socket, its binding, a connection either way. Linux: `net/ipv4/af_inet.c`,
//! `inet_connection_sock.c`, `inet_hashtables.c`.

use super::connection::{Connection, Opening, TimestampState};
use super::options::TcpOptions;
use super::table::{Entry, Role, Socket, Tcp, TcpHandle};
use super::tuning::largest_window;
use super::window::scale_for;
use super::{Env, FourTuple, SocketError, TcpState};
use crate::counters::Counter;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, SocketAddrV4};

/// Most sockets of a stack, so that handles and memory stay within what a component may hold.
const MAX_SOCKETS: usize = 1 << 20;

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
        let largest = largest_window(env.sysctl, &socket.options);
        let opening = Opening {
            tuple,
            initial: self.secrets.initial_sequence(&tuple, env.now),
            timestamp_offset: self.secrets.timestamp_offset(&tuple),
            mtu,
            receive_scale: if env.sysctl.tcp_window_scaling { scale_for(largest) } else { 0 },
            now: env.now,
        };
        let algorithm = socket.options.congestion;
        let mut connection = Connection::new(env, opening, algorithm, TcpState::SynSent);
        connection.receive.tuning.owned = true;
        connection.timestamps =
            env.sysctl.tcp_timestamps.then_some(TimestampState { recent: 0, recent_at: env.now });
        connection.events.output = true;
        connection.events.trail.push(TcpState::Close, TcpState::SynSent);
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
}

/// `net.ipv4.ip_local_port_range`, which the settings keep within 16 bits.
fn port_range(env: &Env<'_>) -> [u16; 2] {
    env.sysctl.ip_local_port_range.map(|port| port as u16)
}
