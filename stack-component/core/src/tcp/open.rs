//! The calls that open: a socket, its binding, a connection either way. Linux: `net/ipv4/af_inet.c`,
//! `inet_connection_sock.c`, `inet_hashtables.c`.

use super::connection::{Connection, Opening, TimestampState};
use super::first_window::{largest_window, scale_for};
use super::handle::TcpHandle;
use super::options::TcpOptions;
use super::table::{Entry, Role, Socket, Tcp};
use super::time_wait::Succession;
use super::{Env, FourTuple, SocketError, TcpState};
use crate::counters::Counter;
use alloc::boxed::Box;
use core::net::{IpAddr, SocketAddr};

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

    /// Starts to connect from `source`, an address of ours, to `remote` over a path that carries IP packets of
    /// `mtu` bytes. Linux: `tcp_v4_connect`.
    pub fn connect(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        source: IpAddr,
        remote: SocketAddr,
        mtu: u32,
    ) -> Result<(), SocketError> {
        self.begin_connection(env, handle, source, remote, mtu)?;
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        if socket.options.fast_open_connect {
            self.defer_connection(env, handle);
        }
        self.settle(env, handle);
        Ok(())
    }

    /// A connection whose SYN is to be sent. Linux: `tcp_v4_connect`, `inet_hash_connect`.
    pub(super) fn begin_connection(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        source: IpAddr,
        remote: SocketAddr,
        mtu: u32,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        if !matches!(socket.role, Role::Idle) {
            return Err(SocketError::InvalidState);
        }
        let bound = socket.local;
        let port = match bound {
            Some(local) => local.port(),
            None => self.connect_port(env, source, remote)?,
        };
        let tuple = FourTuple::new(SocketAddr::new(source, port), remote);
        let succession = self.reusable(env, &tuple, bound.is_some());
        if succession.is_none() && self.connections.contains_key(&tuple) {
            return Err(SocketError::AddressInUse);
        }
        let succession = succession.map(|(wait, succession)| {
            env.counters.increment(Counter::TcpExtTWRecycled);
            self.drop_time_wait(wait);
            succession
        });
        let connection = self.new_connection(env, handle, tuple, mtu, succession)?;
        if let Some(socket) = self.sockets.get_mut(handle) {
            socket.role = Role::Connection(Box::new(connection));
        }
        self.connections.insert(tuple, Entry::Connection(handle));
        env.counters.increment(Counter::TcpActiveOpens);
        Ok(())
    }

    /// Linux: `tcp_connect_init`.
    fn new_connection(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        tuple: FourTuple,
        mtu: u32,
        succession: Option<Succession>,
    ) -> Result<Connection, SocketError> {
        let remote = tuple.remote.ip();
        let path = self.path_to(env, &tuple, mtu);
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        let (options, key) = (socket.options.clone(), socket.keys.get(remote).cloned());
        let largest = largest_window(env.sysctl, &options, &path.metrics);
        let of_secrets = || self.secrets.initial_sequence(&tuple, env.now);
        let opening = Opening {
            tuple,
            initial: succession.map_or_else(of_secrets, |succession| succession.initial),
            timestamp_offset: self.secrets.timestamp_offset(&tuple),
            mtu,
            receive_scale: if env.sysctl.tcp_window_scaling { scale_for(largest) } else { 0 },
            now: env.now,
        };
        let mut connection = Connection::new(env, opening, options.congestion, TcpState::SynSent);
        self.set_path(env, &mut connection, &path, &options);
        // The options of a signed SYN leave no room for timestamps. Linux: `tcp_syn_options`.
        let stamped = env.sysctl.tcp_timestamps && key.is_none();
        let (recent, recent_at) = succession.map_or((0, env.now), |succession| succession.timestamp);
        connection.timestamps = stamped.then_some(TimestampState { recent, recent_at });
        connection.key = key;
        connection.receive.tuning.owned = true;
        connection.events.output = true;
        connection.events.trail.push(TcpState::Close, TcpState::SynSent);
        Ok(connection)
    }

    fn connect_port(&mut self, env: &Env<'_>, local: IpAddr, remote: SocketAddr) -> Result<u16, SocketError> {
        let (bound, connections, waits) = (&self.bound, &self.connections, &self.time_waits);
        let is_free = |port| {
            let tuple = FourTuple::new(SocketAddr::new(local, port), remote);
            let unused = || match connections.get(&tuple) {
                None => true,
                Some(&Entry::TimeWait(wait)) => {
                    waits.get(wait).is_some_and(|wait| wait.succession(env, false).is_some())
                }
                Some(_) => false,
            };
            // A socket must not connect to itself by accident.
            tuple.local != tuple.remote && !bound.contains_key(&port) && unused()
        };
        let port = self.ephemeral.choose(local, remote, port_range(env), is_free);
        // Linux: `EADDRNOTAVAIL`.
        port.ok_or(SocketError::AddressInUse)
    }

    /// How a connection attempt went: `WouldBlock` while it runs; an error ends the socket.
    pub fn connect_result(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        let (connection, _) = socket.connection_mut().ok_or(SocketError::NotInProgress)?;
        match connection.state {
            TcpState::SynSent if connection.fast_open.client.deferred => Ok(()),
            TcpState::SynSent | TcpState::SynRecv => Err(SocketError::WouldBlock),
            // That the error was told already makes no success of it. Linux: `__inet_stream_connect`.
            TcpState::Close => match connection.error.take().or(connection.ended_by) {
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
pub(super) fn port_range(env: &Env<'_>) -> [u16; 2] {
    env.sysctl.ip_local_port_range.map(|port| port as u16)
}
