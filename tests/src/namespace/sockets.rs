//! What `std::net` does with sockets that it made itself, for sockets that somebody else made.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use anyhow::Result;
use rustix::fd::OwnedFd;
use rustix::net::sockopt::{self, Timeout};

use crate::deadline::PATIENCE;

/// How many connections wait for `accept`.
const BACKLOG: i32 = 128;

/// Connects `socket`, bound to `source` if that is given. Nothing on the connection waits for longer than
/// [`PATIENCE`].
///
/// # Errors
/// What bind(2) and connect(2) answer, as a [`std::io::Error`].
pub fn connect(socket: OwnedFd, source: Option<SocketAddr>, address: SocketAddr) -> Result<TcpStream> {
    // On Linux the limits hold for connect(2) and accept(2) too (socket(7)).
    set_limits(&socket)?;
    if let Some(source) = source {
        rustix::net::bind(&socket, &source).map_err(std::io::Error::from)?;
    }
    rustix::net::connect(&socket, &address).map_err(std::io::Error::from)?;
    Ok(TcpStream::from(socket))
}

/// Has `socket` listen on `address`; answers the port too, which port 0 leaves open.
///
/// # Errors
/// What bind(2) and listen(2) answer.
pub fn listen(socket: OwnedFd, address: SocketAddr) -> Result<(TcpListener, u16)> {
    set_limits(&socket)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    let listener = TcpListener::from(socket);
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// Binds a UDP socket, which waits for nothing longer than [`PATIENCE`].
///
/// # Errors
/// What bind(2) answers.
pub fn bind_udp(socket: OwnedFd, address: SocketAddr) -> Result<UdpSocket> {
    set_limits(&socket)?;
    rustix::net::bind(&socket, &address)?;
    Ok(UdpSocket::from(socket))
}

/// Ends a connection with a reset.
///
/// # Errors
/// What setsockopt(2) answers.
pub fn reset(stream: TcpStream) -> Result<()> {
    // Linux: SO_LINGER with no time makes close(2) an abort.
    sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
    drop(stream);
    Ok(())
}

fn set_limits(socket: &OwnedFd) -> Result<()> {
    sockopt::set_socket_timeout(socket, Timeout::Recv, Some(PATIENCE))?;
    sockopt::set_socket_timeout(socket, Timeout::Send, Some(PATIENCE))?;
    Ok(())
}
