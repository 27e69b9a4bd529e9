//! `output-stream` of a connection.

use super::super::answer::answered;
use super::stream::StreamHandle;
use crate::gate::permit::Permit;
use crate::gate::ready::{Readiness, Watched, ready};
use crate::kernel::{Entered, Kernel};
use std::sync::Arc;
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::bytes::Bytes;
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{OutputStream, StreamError, StreamResult};

/// What the peer shall get.
pub(crate) struct TcpOutput {
    handle: StreamHandle,
    permit: Permit,
}

impl TcpOutput {
    /// Of a socket that wants to know its `permit`, too.
    pub(super) fn new(handle: StreamHandle, permit: Permit) -> Self {
        TcpOutput { handle, permit }
    }

    /// Writes as much of `bytes` as there is room for; answers how much that was.
    pub(crate) fn write_some(&mut self, bytes: &[u8]) -> StreamResult<usize> {
        self.handle.call(|stack, stream| {
            let output = stack.stack.wasi_io_streams().output_stream();
            let permitted = answered!(output.call_check_write(&mut *stack.store, stream));
            let permitted = usize::try_from(permitted).unwrap_or(usize::MAX);
            let bytes = bytes.get(..permitted).unwrap_or(bytes);
            if !bytes.is_empty() {
                answered!(output.call_write(&mut *stack.store, stream, bytes));
            }
            Ok(Ok(bytes.len()))
        })
    }
}

#[async_trait]
impl OutputStream for TcpOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.permit.redeem_write(bytes.len())?;
        // Nothing needs no permit, neither here nor in the stack; so the stack does not hear of it.
        if bytes.is_empty() {
            return if self.handle.has_ended() { Err(StreamError::Closed) } else { Ok(()) };
        }
        self.handle.call(|stack, stream| {
            let output = stack.stack.wasi_io_streams().output_stream();
            output.call_write(&mut *stack.store, stream, &bytes)
        })
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.handle.call(|stack, stream| {
            stack.stack.wasi_io_streams().output_stream().call_flush(&mut *stack.store, stream)
        })
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        let permitted = self.handle.call(|stack, stream| {
            stack.stack.wasi_io_streams().output_stream().call_check_write(&mut *stack.store, stream)
        })?;
        self.permit.grant(permitted);
        Ok(usize::try_from(permitted).unwrap_or(usize::MAX))
    }

    /// Mostly there is room, so that is asked first. Readiness is exact with our stack; with another one, this goes on for
    /// as long as it takes.
    async fn write_ready(&mut self) -> StreamResult<usize> {
        let mut waited = false;
        loop {
            match self.check_write()? {
                0 if waited => tokio::task::yield_now().await,
                0 => {}
                permitted => return Ok(permitted),
            }
            self.ready().await;
            waited = true;
        }
    }
}

impl Watched for TcpOutput {
    fn readiness(&mut self) -> &mut Readiness {
        &mut self.handle.readiness
    }

    fn kernel(&self) -> Arc<Kernel> {
        Arc::clone(&self.handle.kernel)
    }

    fn is_ready_anyway(&self) -> bool {
        self.handle.has_ended()
    }

    fn look(&mut self, stack: &mut Entered<'_>) -> wasmtime::Result<bool> {
        self.handle.look(stack, |stack, stream| {
            stack.stack.wasi_io_streams().output_stream().call_subscribe(&mut *stack.store, stream)
        })
    }
}

#[async_trait]
impl Pollable for TcpOutput {
    async fn ready(&mut self) {
        ready(self).await;
    }
}
