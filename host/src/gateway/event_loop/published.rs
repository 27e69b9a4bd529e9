//! Connections from published ports to the guest.

use super::{EventLoop, MAX_CONNECTIONS};
use crate::gateway::connection::{Connection, reset};
use crate::gateway::listener::Accepted;
use mio::net::TcpStream;
use mio::{Interest, Token};
use stack_core::socket::SocketError;
use stack_core::tcp::{TcpHandle, TcpOption};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Connections taken from one listener before others have their turn.
const ACCEPT_BUDGET: usize = 64;

/// How long no connection is taken after the system had no descriptor for one.
const EXHAUSTION_PAUSE: Duration = Duration::from_millis(100);

impl EventLoop {
    /// Takes waiting connections; whether some may be left.
    pub(super) fn accept(&mut self) -> bool {
        if self.accept_again.is_some_and(|again| self.now() < again) {
            return false;
        }
        self.accept_again = None;
        for index in 0..self.listeners.len() {
            for _ in 0..ACCEPT_BUDGET {
                if self.clients() >= MAX_CONNECTIONS {
                    // Each turn looks again, and no connection ends without one.
                    return false;
                }
                let Some(listener) = self.listeners.get_mut(index).filter(|listener| listener.ready) else {
                    break;
                };
                let published = listener.published();
                match listener.accept() {
                    Accepted::Connection(stream, client) => {
                        self.connect(stream, client, published.guest_port)
                    }
                    Accepted::None => break,
                    Accepted::Exhausted(error) => {
                        tracing::warn!("{}: connections wait: {error}", published.listen);
                        self.accept_again = Some(self.now() + EXHAUSTION_PAUSE);
                        return false;
                    }
                }
            }
        }
        self.listeners.iter().any(|listener| listener.ready)
    }

    /// How many connections of clients there are.
    fn clients(&self) -> usize {
        self.connections.len().saturating_sub(self.dials.connections())
    }

    /// Begins to carry a client's connection to the guest.
    fn connect(&mut self, mut stream: TcpStream, client: SocketAddr, guest_port: u16) {
        let Some((guest, elsewhere)) = self.guest_for(client, guest_port) else { return };
        let token = self.new_token();
        let prepared = prepare(&stream)
            .and_then(|()| {
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(&mut stream, Token(token), interest)
            })
            .map_err(|error| error.to_string())
            .and_then(|()| self.open(client, guest).map_err(|error| error.to_string()));
        match prepared {
            Ok(handle) => {
                tracing::debug!("connection from {client} to {guest}");
                self.connections.insert(token, Connection::new(stream, client, handle, elsewhere));
                self.by_handle.insert(handle, token);
                self.ready.push(token);
            }
            Err(error) => {
                tracing::warn!("no connection from {client} to {guest}: {error}");
                reset(&stream);
            }
        }
    }

    /// Begins again where else the guest may listen.
    pub(super) fn knock_elsewhere(&mut self, token: usize, guest: SocketAddr) {
        let Some(client) = self.connections.get(&token).map(|connection| connection.peer) else { return };
        let opened = self.open(client, guest);
        match (opened, self.connections.get_mut(&token)) {
            (Ok(handle), Some(connection)) => {
                let refused = std::mem::replace(&mut connection.guest, handle);
                self.by_handle.remove(&refused);
                self.by_handle.insert(handle, token);
                self.stack.tcp_abort(refused, self.now());
            }
            (Ok(handle), None) => self.stack.tcp_abort(handle, self.now()),
            (Err(error), _) => self.remove_broken(token, &error.to_string()),
        }
    }

    /// Where a client finds the guest: at its address of the client's version of IP, if it has one; then at its other one.
    pub(super) fn guest_for(
        &self,
        client: SocketAddr,
        port: u16,
    ) -> Option<(SocketAddr, Option<SocketAddr>)> {
        let is_v4 = client.ip().to_canonical().is_ipv4();
        let guest = |same: bool| {
            let mut guests = self.subnets.iter().map(|subnet| subnet.guest);
            guests.find(|guest| (guest.is_ipv4() == is_v4) == same).map(|guest| SocketAddr::new(guest, port))
        };
        match guest(true) {
            Some(first) => Some((first, guest(false))),
            None => Some((guest(false)?, None)),
        }
    }

    /// A socket of the stack that is being connected to the guest: in the client's name, or in the gateway's where that
    /// says nothing to the guest, or somebody has it already.
    fn open(&mut self, client: SocketAddr, guest: SocketAddr) -> Result<TcpHandle, SocketError> {
        let named = self.shown(client, guest).map(|client| self.open_as(Some(client), guest));
        match named {
            Some(Ok(handle)) => Ok(handle),
            Some(Err(_)) | None => self.open_as(None, guest),
        }
    }

    fn open_as(&mut self, client: Option<SocketAddr>, guest: SocketAddr) -> Result<TcpHandle, SocketError> {
        let now = self.now();
        let handle = self.stack.tcp_open()?;
        let bound = match client {
            Some(client) => self
                .stack
                .tcp_set_option(handle, TcpOption::ReuseAddress(true))
                .and_then(|()| self.stack.tcp_bind(handle, client)),
            None => Ok(()),
        };
        let begun = bound
            .and_then(|()| self.stack.tcp_set_option(handle, TcpOption::NoDelay(true)))
            .and_then(|()| self.stack.tcp_connect(handle, guest, now));
        if let Err(error) = begun {
            self.stack.tcp_abort(handle, now);
            return Err(error);
        }
        Ok(handle)
    }

    /// The address by which the guest knows a client: its own, if an answer to it would come back here.
    pub(super) fn shown(&self, client: SocketAddr, guest: SocketAddr) -> Option<SocketAddr> {
        let ip = client.ip().to_canonical();
        let far = match ip {
            IpAddr::V4(ip) => !(ip.is_loopback() || ip.is_link_local() || ip.is_unspecified()),
            IpAddr::V6(ip) => !(ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unspecified()),
        };
        let strange = !self.subnets.iter().any(|subnet| subnet.contains(ip));
        (far && strange && ip.is_ipv4() == guest.is_ipv4()).then(|| SocketAddr::new(ip, client.port()))
    }
}

/// A relay adds no delay of its own, and notices a client that vanished.
pub(super) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(stream, true)?;
    Ok(())
}
