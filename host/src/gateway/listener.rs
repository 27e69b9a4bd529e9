//! Published ports' sockets on the real machine.

use super::{GatewayError, Publish};
use crate::policy::Transport;
use mio::net::{TcpListener, TcpStream, UdpSocket};
use rustix::io::Errno;
use std::io;
use std::net::SocketAddr;

/// The sockets of all published ports.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    pub(super) connections: Vec<Listener>,
    pub(super) datagrams: Vec<DatagramListener>,
    /// The published ports in the order that they were named, with the ports that the sockets really have.
    pub(super) published: Vec<Publish>,
}

impl Listeners {
    /// Listens where these say.
    pub(super) fn bind(wanted: &[Publish]) -> Result<Self, GatewayError> {
        let mut listeners = Listeners::default();
        for publish in wanted {
            match publish.transport {
                Transport::Tcp => {
                    let listener = Listener::bind(publish)?;
                    listeners.published.push(listener.published());
                    listeners.connections.push(listener);
                }
                Transport::Udp => {
                    let listener = DatagramListener::bind(publish)?;
                    listeners.published.push(listener.publish);
                    listeners.datagrams.push(listener);
                }
            }
        }
        Ok(listeners)
    }
}

/// A UDP socket, and which port of the guest it stands for.
#[derive(Debug)]
pub(super) struct DatagramListener {
    pub(super) socket: UdpSocket,
    /// The published port, with the port that the socket really has.
    pub(super) publish: Publish,
    /// Whether datagrams may wait.
    pub(super) ready: bool,
}

impl DatagramListener {
    fn bind(publish: &Publish) -> Result<Self, GatewayError> {
        let failed = |error| GatewayError::from_listen(publish.listen, error);
        let socket = UdpSocket::bind(publish.listen).map_err(failed)?;
        let listen = socket.local_addr().map_err(failed)?;
        Ok(DatagramListener { socket, publish: Publish { listen, ..*publish }, ready: false })
    }
}

/// A listening socket, and which port of the guest it stands for.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) socket: TcpListener,
    published: Publish,
    /// Whether connections may wait: an event said so, and `accept` has not yet said otherwise.
    pub(super) ready: bool,
}

/// What came of taking a connection.
#[derive(Debug)]
pub(super) enum Accepted {
    /// A connection from this client.
    Connection(TcpStream, SocketAddr),
    /// None waits.
    None,
    /// One waits but the system has no descriptor or memory for it now.
    Exhausted(io::Error),
}

impl Listener {
    /// Listens where `publish` says.
    pub(super) fn bind(publish: &Publish) -> Result<Self, GatewayError> {
        let failed = |error| GatewayError::from_listen(publish.listen, error);
        let socket = TcpListener::bind(publish.listen).map_err(failed)?;
        let listen = socket.local_addr().map_err(failed)?;
        Ok(Listener { socket, published: Publish { listen, ..*publish }, ready: false })
    }

    /// The published port, with the port that the socket really has.
    pub(super) fn published(&self) -> Publish {
        self.published
    }

    /// Takes the next connection.
    pub(super) fn accept(&mut self) -> Accepted {
        loop {
            match self.socket.accept() {
                Ok((stream, client)) => return Accepted::Connection(stream, client),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.ready = false;
                    return Accepted::None;
                }
                Err(error) if is_exhaustion(&error) => return Accepted::Exhausted(error),
                // The connection that waited is gone again; there may be others behind it (accept(2)).
                Err(error) => tracing::debug!("{}: accept: {error}", self.published.listen),
            }
        }
    }
}

/// Whether the system has no descriptor or memory left for now.
pub(super) fn is_exhaustion(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}
