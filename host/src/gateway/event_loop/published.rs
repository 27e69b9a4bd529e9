//! Connections from published ports to the guest.

use super::EventLoop;
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

    /// Begins to carry a client's connection to the guest.
    fn connect(&mut self, mut stream: TcpStream, client: SocketAddr, guest_port: u16) {
        let guest = SocketAddr::new(self.guest.into(), guest_port);
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
                self.connections.insert(token, Connection::new(stream, client, handle));
                self.by_handle.insert(handle, token);
                self.ready.push(token);
            }
            Err(error) => {
                tracing::warn!("no connection from {client} to {guest}: {error}");
                reset(&stream);
            }
        }
    }

    /// A socket of the stack that is being connected to the guest: in the client's name, or in the gateway's where that
    /// says nothing to the guest, or somebody has it already.
    fn open(&mut self, client: SocketAddr, guest: SocketAddr) -> Result<TcpHandle, SocketError> {
        let named = self.shown(client).map(|client| self.open_as(Some(client), guest));
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
    pub(super) fn shown(&self, client: SocketAddr) -> Option<SocketAddr> {
        let ip = client.ip().to_canonical();
        let far = match ip {
            IpAddr::V4(v4) => !(v4.is_loopback() || v4.is_link_local() || v4.is_unspecified()),
            // The published ports are those of the guest's IPv4 address.
            IpAddr::V6(_) => false,
        };
        (far && !self.network.contains(ip)).then(|| SocketAddr::new(ip, client.port()))
    }
}

/// A relay adds no delay of its own, and notices a client that vanished.
pub(super) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(stream, true)?;
    Ok(())
}
