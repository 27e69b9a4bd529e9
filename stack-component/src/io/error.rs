//! Interface `wasi:io/error`.

use crate::Component;
use crate::bindings::exports::wasi::io::error::{Guest, GuestError};
use crate::sockets::errors::error_code;
use alloc::string::{String, ToString};
use stack_core::socket::SocketError;

impl Guest for Component {
    type Error = IoError;
}

/// Why a stream failed.
pub(crate) struct IoError(pub(crate) SocketError);

impl GuestError for IoError {
    /// The name of the error-code of wasi:sockets, as in its WIT ("connection-reset"). What 0.2 has no code for has its
    /// name of 0.3.
    fn to_debug_string(&self) -> String {
        match self.0 {
            SocketError::BrokenPipe => "connection-broken".to_string(),
            error => error_code(error).name().to_string(),
        }
    }
}
