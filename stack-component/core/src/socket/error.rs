//! What a socket call answers when it does not succeed.

use core::fmt;

/// Why a socket call failed: what wasi:sockets has error codes for under its names, and what Linux tells beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocketError {
    /// A policy forbids it. Linux: `EACCES`.
    AccessDenied,
    /// The stack does not have it. Linux: `EOPNOTSUPP`.
    NotSupported,
    /// An argument is out of its range. Linux: `EINVAL`.
    InvalidArgument,
    /// No memory for it. Linux: `ENOMEM`.
    OutOfMemory,
    /// The peer did not answer in time. Linux: `ETIMEDOUT`.
    Timeout,
    /// Another operation of this socket is under way. Linux: `EALREADY`.
    ConcurrencyConflict,
    /// No operation of this kind is under way.
    NotInProgress,
    /// Not now; the socket's readiness tells when. Linux: `EAGAIN`.
    WouldBlock,
    /// The socket's state does not permit it, or the handle is stale. Linux: `EISCONN`, `ENOTCONN`, `EBADF`.
    InvalidState,
    /// The limit of sockets is reached. Linux: `EMFILE`.
    NewSocketLimit,
    /// The address is not one of ours. Linux: `EADDRNOTAVAIL`.
    AddressNotBindable,
    /// Somebody has the address, or no ephemeral port is left. Linux: `EADDRINUSE`.
    AddressInUse,
    /// No way to the peer's network. Linux: `ENETUNREACH`.
    NetworkUnreachable,
    /// No way to the peer. Linux: `EHOSTUNREACH`.
    HostUnreachable,
    /// Nobody knows the peer. Linux: `EHOSTDOWN`.
    HostDown,
    /// Our host is cut off. Linux: `ENONET`.
    HostIsolated,
    /// The peer does not have the protocol. Linux: `ENOPROTOOPT`.
    ProtocolUnavailable,
    /// Somebody on the way did not understand a packet of ours. Linux: `EPROTO`.
    ProtocolError,
    /// The peer refuses. Linux: `ECONNREFUSED`.
    ConnectionRefused,
    /// The peer reset the connection. Linux: `ECONNRESET`.
    ConnectionReset,
    /// The peer, which had nothing more to send, takes nothing more. Linux: `EPIPE`.
    BrokenPipe,
    /// The connection ended before it could be accepted. Linux: `ECONNABORTED`.
    ConnectionAborted,
    /// The datagram is larger than can be sent. Linux: `EMSGSIZE`.
    DatagramTooLarge,
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SocketError::AccessDenied => "access denied",
            SocketError::NotSupported => "not supported",
            SocketError::InvalidArgument => "invalid argument",
            SocketError::OutOfMemory => "out of memory",
            SocketError::Timeout => "timed out",
            SocketError::ConcurrencyConflict => "another operation is in progress",
            SocketError::NotInProgress => "no operation is in progress",
            SocketError::WouldBlock => "would block",
            SocketError::InvalidState => "invalid state",
            SocketError::NewSocketLimit => "too many sockets",
            SocketError::AddressNotBindable => "address not bindable",
            SocketError::AddressInUse => "address in use",
            SocketError::NetworkUnreachable => "network unreachable",
            SocketError::HostUnreachable => "host unreachable",
            SocketError::HostDown => "host is down",
            SocketError::HostIsolated => "our host is isolated",
            SocketError::ProtocolUnavailable => "protocol not available",
            SocketError::ProtocolError => "protocol error",
            SocketError::BrokenPipe => "broken pipe",
            SocketError::ConnectionRefused => "connection refused",
            SocketError::ConnectionReset => "connection reset",
            SocketError::ConnectionAborted => "connection aborted",
            SocketError::DatagramTooLarge => "datagram too large",
        })
    }
}

impl core::error::Error for SocketError {}
