//! `input-stream` of a connection.

use super::stream::StreamHandle;
use crate::gate::ready::{Readiness, Watched, ready};
use crate::kernel::{Entered, Kernel};
use std::sync::Arc;
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::bytes::Bytes;
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{InputStream, StreamResult};

/// Most bytes of one read: four full-sized segments of TSO, in one crossing.
const MAX_READ: usize = 256 << 10;

/// What the peer sends.
pub(crate) struct TcpInput(StreamHandle);

impl TcpInput {
    pub(super) fn new(handle: StreamHandle) -> Self {
        TcpInput(handle)
    }
}

#[async_trait]
impl InputStream for TcpInput {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let size = size.min(MAX_READ);
        let mut bytes = self.0.call(|stack, stream| {
            let input = stack.stack.wasi_io_streams().input_stream();
            input.call_read(&mut *stack.store, stream, size as u64)
        })?;
        if bytes.len() > size {
            tracing::error!("the stack answered {} bytes to a read of {size}: the rest is lost", bytes.len());
            bytes.truncate(size);
        }
        Ok(bytes.into())
    }

    /// What is there already is asked for first. Readiness is exact with our stack; with another one, this goes on for as
    /// long as it takes.
    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        let mut waited = false;
        loop {
            let bytes = self.read(size)?;
            if !bytes.is_empty() || (size == 0 && waited) {
                return Ok(bytes);
            }
            if waited {
                tokio::task::yield_now().await;
            }
            self.ready().await;
            waited = true;
        }
    }
}

impl Watched for TcpInput {
    fn readiness(&mut self) -> &mut Readiness {
        &mut self.0.readiness
    }

    fn kernel(&self) -> Arc<Kernel> {
        Arc::clone(&self.0.kernel)
    }

    fn is_ready_anyway(&self) -> bool {
        self.0.has_ended()
    }

    fn look(&mut self, stack: &mut Entered<'_>) -> wasmtime::Result<bool> {
        self.0.look(stack, |stack, stream| {
            stack.stack.wasi_io_streams().input_stream().call_subscribe(&mut *stack.store, stream)
        })
    }
}

#[async_trait]
impl Pollable for TcpInput {
    async fn ready(&mut self) {
        ready(self).await;
    }
}
