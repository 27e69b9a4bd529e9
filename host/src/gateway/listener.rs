//! Published ports' sockets on the real machine.

use super::{GatewayError, Publish};
use crate::policy::Transport;
use mio::net::{TcpListener, TcpStream, UdpSocket};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;

/// How many connections wait for an IPv6 listener to take them. The standard library's.
const BACKLOG: i32 = 128;

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
        for (number, publish) in wanted.iter().enumerate() {
            let rivals = || wanted.iter().filter(|other| other.is_rival_of(publish));
            // The unspecified address of IPv6 is that of IPv4, too, unless somebody else is to have that.
            let v6_alone =
                publish.listen.ip() == Ipv6Addr::UNSPECIFIED && rivals().any(|other| other.listen.is_ipv4());
            let failed = |error: io::Error| {
                let mut before = wanted.iter().take(number);
                match before.find(|other| other.is_rival_of(publish)) {
                    Some(other) if error.kind() == io::ErrorKind::AddrInUse => {
                        GatewayError::Twice(publish.listen, other.listen)
                    }
                    _ => GatewayError::from_listen(publish.listen, error),
                }
            };
            match publish.transport {
                Transport::Tcp => {
                    let listener = Listener::bind(publish, v6_alone).map_err(failed)?;
                    listeners.published.push(listener.published());
                    listeners.connections.push(listener);
                }
                Transport::Udp => {
                    let listener = DatagramListener::bind(publish, v6_alone).map_err(failed)?;
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
    fn bind(publish: &Publish, v6_alone: bool) -> io::Result<Self> {
        let socket = if v6_alone {
            UdpSocket::from_std(v6_socket(SocketType::DGRAM, publish.listen)?.into())
        } else {
            UdpSocket::bind(publish.listen)?
        };
        let listen = socket.local_addr()?;
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
    fn bind(publish: &Publish, v6_alone: bool) -> io::Result<Self> {
        let socket = if v6_alone {
            let socket = v6_socket(SocketType::STREAM, publish.listen)?;
            rustix::net::listen(&socket, BACKLOG)?;
            TcpListener::from_std(socket.into())
        } else {
            TcpListener::bind(publish.listen)?
        };
        let listen = socket.local_addr()?;
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

/// A socket that is bound to this address of IPv6 and to none of IPv4 (`IPV6_V6ONLY`).
fn v6_socket(kind: SocketType, address: SocketAddr) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::INET6, kind, flags, None)?;
    sockopt::set_ipv6_v6only(&socket, true)?;
    // As mio's own: a port whose last connections have just ended can be listened at.
    sockopt::set_socket_reuseaddr(&socket, kind == SocketType::STREAM)?;
    rustix::net::bind(&socket, &address)?;
    Ok(socket)
}

/// Whether the system has no descriptor or memory left for now.
pub(super) fn is_exhaustion(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}
