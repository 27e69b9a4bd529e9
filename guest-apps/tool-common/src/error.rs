//! What a socket's call failed of.

use crate::bindings::wasi::sockets::network::ErrorCode;

/// An error code in the words that users of Linux know. Linux: `strerror`.
pub fn text(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::AccessDenied => "Operation not permitted",
        ErrorCode::NotSupported => "Address family not supported by protocol",
        ErrorCode::InvalidArgument => "Invalid argument",
        ErrorCode::RemoteUnreachable => "Network is unreachable",
        ErrorCode::OutOfMemory => "No buffer space available",
        ErrorCode::DatagramTooLarge => "Message too long",
        ErrorCode::AddressNotBindable => "Cannot assign requested address",
        ErrorCode::InvalidState => "The network stack was started again",
        code => code.name(),
    }
}
