//! How the gate's functions fail.

use super::bindings::wasi::sockets::network::ErrorCode;
use super::convert::{BROKEN_PIPE, error_code_named};
use crate::kernel::bindings::exports::wasi::io::streams::StreamError as StackStreamError;
use crate::kernel::bindings::exports::wasi::sockets::network::ErrorCode as StackErrorCode;
use crate::kernel::{Entered, StackDied};
use std::fmt;
use wasmtime::component::ResourceTableError;
use wasmtime_wasi_io::streams::StreamError;

/// What a function of wasi:sockets answers.
pub(crate) type SocketResult<T> = Result<T, SocketError>;

/// Why a function of wasi:sockets has no result.
#[derive(Debug)]
pub(crate) enum SocketError {
    /// The guest is told.
    Code(ErrorCode),
    /// The guest broke a rule, or there is no stack any more: it traps.
    Trap(wasmtime::Error),
}

impl SocketError {
    /// A trap for a guest that broke a rule.
    pub(super) fn trap(rule: &'static str) -> Self {
        SocketError::Trap(wasmtime::format_err!("{rule}"))
    }

    /// The stack died under the operation: the guest is told `code`, unless there is no stack any more.
    pub(super) fn died(how: StackDied, code: ErrorCode) -> Self {
        match how {
            StackDied::Restarted => SocketError::Code(code),
            StackDied::Failed(_) => SocketError::Trap(how.into()),
        }
    }
}

impl From<ErrorCode> for SocketError {
    fn from(code: ErrorCode) -> Self {
        SocketError::Code(code)
    }
}

impl From<StackErrorCode> for SocketError {
    fn from(code: StackErrorCode) -> Self {
        SocketError::Code(code.into())
    }
}

impl From<ResourceTableError> for SocketError {
    fn from(error: ResourceTableError) -> Self {
        SocketError::Trap(error.into())
    }
}

/// The payload of `stream-error.last-operation-failed`: what `network-error-code` looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StreamFailure {
    /// The error code, if the stack's text was the name of one.
    pub(super) code: Option<ErrorCode>,
    /// What the stack said.
    pub(super) text: String,
}

impl StreamFailure {
    /// From what `error.to-debug-string` answered. A stack whose texts are the names of error codes, as ours
    /// are, has its codes passed on: the standard offers no other way for them.
    pub(super) fn from_debug_string(text: String) -> Self {
        StreamFailure { code: error_code_named(&text), text }
    }

    /// Whether the peer, which had nothing more to send, takes nothing more. 0.2 has no code of its own for it.
    pub(super) fn is_broken_pipe(&self) -> bool {
        self.text == BROKEN_PIPE
    }
}

impl fmt::Display for StreamFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for StreamFailure {}

/// How a call to one of the stack's streams failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StreamEnd {
    /// With an error, told once.
    Failed(StreamFailure),
    /// It is closed.
    Closed,
}

impl StreamEnd {
    /// What the connections of a stack that died are told.
    pub(super) fn lost() -> Self {
        StreamEnd::Failed(StreamFailure::from_debug_string(ErrorCode::ConnectionReset.name().to_string()))
    }

    /// Reads out the stack's error, and drops it.
    pub(super) fn take(stack: &mut Entered<'_>, error: StackStreamError) -> wasmtime::Result<Self> {
        let StackStreamError::LastOperationFailed(error) = error else { return Ok(StreamEnd::Closed) };
        let text = stack.stack.wasi_io_error().error().call_to_debug_string(&mut *stack.store, error)?;
        error.resource_drop(&mut *stack.store)?;
        Ok(StreamEnd::Failed(StreamFailure::from_debug_string(text)))
    }
}

impl From<StreamEnd> for StreamError {
    fn from(end: StreamEnd) -> Self {
        match end {
            StreamEnd::Failed(failure) => StreamError::LastOperationFailed(failure.into()),
            StreamEnd::Closed => StreamError::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::network::error_code;
    use super::*;

    #[test]
    fn stream_errors_carry_the_code_that_the_stack_named() {
        let payload =
            |text: &str| match StreamEnd::Failed(StreamFailure::from_debug_string(text.into())).into() {
                StreamError::LastOperationFailed(error) => error,
                other => panic!("{other:?}"),
            };
        let reset = payload("connection-reset");
        assert_eq!(error_code(&reset), Some(ErrorCode::ConnectionReset));
        let other = payload("ECONNRESET");
        assert_eq!(error_code(&other), None);
        assert_eq!(other.to_string(), "ECONNRESET");
        assert_eq!(error_code(&wasmtime::format_err!("of a file")), None);
    }

    #[test]
    fn a_stack_that_died_is_told_as_a_code_and_one_given_up_as_a_trap() {
        let died = |how| SocketError::died(how, ErrorCode::ConnectionReset);
        assert!(matches!(died(StackDied::Restarted), SocketError::Code(ErrorCode::ConnectionReset)));
        match died(StackDied::Failed("why".into())) {
            SocketError::Trap(error) => {
                assert_eq!(error.downcast_ref(), Some(&StackDied::Failed("why".into())));
            }
            other => panic!("{other:?}"),
        }
    }
}
