//! The core's errors as error codes of `wasi:sockets/network`.

use crate::bindings::exports::wasi::sockets::network::ErrorCode;
use stack_core::socket::SocketError;

/// The error code of the same name.
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
        SocketError::RemoteUnreachable => ErrorCode::RemoteUnreachable,
        SocketError::ConnectionRefused => ErrorCode::ConnectionRefused,
        SocketError::ConnectionReset => ErrorCode::ConnectionReset,
        SocketError::ConnectionAborted => ErrorCode::ConnectionAborted,
        SocketError::DatagramTooLarge => ErrorCode::DatagramTooLarge,
    }
}
