//! The core's errors as error codes of `wasi:sockets/network`, and calls that have such errors.

use crate::bindings::exports::wasi::sockets::network::ErrorCode;
use crate::entry::enter;
use crate::state::State;
use stack_core::socket::SocketError;
use stack_core::time::Instant;

/// The error code of the same name, or the nearest one to what Linux alone tells apart.
pub(crate) fn error_code(error: SocketError) -> ErrorCode {
    match error {
        SocketError::AccessDenied => ErrorCode::AccessDenied,
        SocketError::NotSupported => ErrorCode::NotSupported,
        SocketError::InvalidArgument => ErrorCode::InvalidArgument,
        SocketError::OutOfMemory => ErrorCode::OutOfMemory,
        SocketError::Timeout => ErrorCode::Timeout,
        SocketError::ConcurrencyConflict => ErrorCode::ConcurrencyConflict,
        SocketError::NotInProgress => ErrorCode::NotInProgress,
        SocketError::WouldBlock => ErrorCode::WouldBlock,
        SocketError::InvalidState => ErrorCode::InvalidState,
        SocketError::NewSocketLimit => ErrorCode::NewSocketLimit,
        SocketError::AddressNotBindable => ErrorCode::AddressNotBindable,
        SocketError::AddressInUse => ErrorCode::AddressInUse,
        SocketError::NetworkUnreachable
        | SocketError::HostUnreachable
        | SocketError::HostDown
        | SocketError::HostIsolated
        | SocketError::ProtocolError => ErrorCode::RemoteUnreachable,
        SocketError::ConnectionRefused | SocketError::ProtocolUnavailable => ErrorCode::ConnectionRefused,
        SocketError::ConnectionReset | SocketError::BrokenPipe => ErrorCode::ConnectionReset,
        SocketError::ConnectionAborted => ErrorCode::ConnectionAborted,
        SocketError::DatagramTooLarge => ErrorCode::DatagramTooLarge,
    }
}

/// Enters the state; what fails has a code.
pub(super) fn run<R>(f: impl FnOnce(&mut State, Instant) -> Result<R, SocketError>) -> Result<R, ErrorCode> {
    enter(f).map_err(error_code)
}
