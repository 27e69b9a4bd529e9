//! What the stack answers to a call of the gate's.

use crate::kernel::bindings::exports::wasi::sockets::network::ErrorCode;

/// The answer of the stack to one call: the outer error is its death.
pub(super) type StackAnswer<T> = wasmtime::Result<Result<T, ErrorCode>>;

/// Unpacks a [`StackAnswer`], passing on the stack's death and its refusal.
macro_rules! answered {
    ($call:expr) => {
        match $call? {
            Ok(value) => value,
            Err(code) => return Ok(Err(code)),
        }
    };
}
pub(super) use answered;
