//! What the two streams of a connection have in common.

use crate::gate::error::StreamEnd;
use crate::gate::ready::Readiness;
use crate::kernel::bindings::exports::wasi::io::streams::StreamError as StackStreamError;
use crate::kernel::{Entered, Kernel, Owned, StackDied};
use std::sync::Arc;
use wasmtime::component::ResourceAny;
use wasmtime_wasi_io::streams::{StreamError, StreamResult};

/// A stream of the stack's. Its socket outlives it.
pub(crate) struct StreamHandle {
    pub(super) kernel: Arc<Kernel>,
    pub(super) readiness: Readiness,
    stream: Arc<Owned>,
    /// It failed or was closed, and the guest was told.
    ended: bool,
}

impl StreamHandle {
    /// For the stream that `stream` owns.
    pub(super) fn new(kernel: Arc<Kernel>, stream: Arc<Owned>) -> Self {
        StreamHandle { kernel, readiness: Readiness::default(), stream, ended: false }
    }

    /// Whether nothing will ever come of it.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Calls the stack with the stream's handle.
    pub(super) fn call<T>(
        &mut self,
        f: impl FnOnce(&mut Entered<'_>, ResourceAny) -> wasmtime::Result<Result<T, StackStreamError>>,
    ) -> StreamResult<T> {
        if self.ended {
            return Err(StreamError::Closed);
        }
        let answer = self.kernel.enter(|stack| {
            let Some(stream) = stack.get(&self.stream) else { return Ok(Err(StreamEnd::lost())) };
            match f(stack, stream)? {
                Ok(value) => Ok(Ok(value)),
                Err(error) => StreamEnd::take(stack, error).map(Err),
            }
        });
        let end = match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(end)) => end,
            Err(StackDied::Restarted) => StreamEnd::lost(),
            Err(how @ StackDied::Failed(_)) => return Err(StreamError::Trap(how.into())),
        };
        self.ended = true;
        Err(end.into())
    }

    /// Whether the stream is ready; see [`Readiness::check`].
    pub(super) fn look(
        &mut self,
        stack: &mut Entered<'_>,
        subscribe: impl FnOnce(&mut Entered<'_>, ResourceAny) -> wasmtime::Result<ResourceAny>,
    ) -> wasmtime::Result<bool> {
        let Some(stream) = stack.get(&self.stream) else { return Ok(true) };
        self.readiness.check(stack, &self.stream, |stack| subscribe(stack, stream))
    }
}
