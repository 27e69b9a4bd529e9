//! Who takes the stream that the guest gives to `send`.

use super::bindings::wasi::sockets::types::ErrorCode;
use super::shared::{Shared, once_more, unfinished};
use crate::gate::bindings::wasi::sockets::tcp::ShutdownType;
use crate::gate::error::SocketError;
use crate::gate::ready::Wait;
use crate::gate::tcp::TcpOutput;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot::Sender;
use wasmtime::component::{Source, StreamConsumer, StreamResult};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi_io::streams::StreamError;

/// Sends what the guest writes. When the guest drops its end, so does the connection.
pub(super) struct Sending {
    output: TcpOutput,
    socket: Shared,
    wait: Wait,
    /// Who wants to know how it ended; none: was told.
    ended: Option<Sender<Result<(), ErrorCode>>>,
}

impl Sending {
    /// Sends by `output`, which is of `socket`.
    pub(super) fn new(socket: Shared, output: TcpOutput, ended: Sender<Result<(), ErrorCode>>) -> Self {
        Sending { output, socket, wait: Wait::default(), ended: Some(ended) }
    }

    /// Nothing more can be sent. Who writes to a connection that is known to be over is told so (Linux: EPIPE).
    fn end(&mut self, error: StreamError) -> Result<StreamResult> {
        let failure = self.socket.end(error)?.unwrap_or(ErrorCode::ConnectionBroken);
        if let Some(ended) = self.ended.take() {
            // Nobody may want to know.
            let _ = ended.send(Err(failure));
        }
        Ok(StreamResult::Dropped)
    }
}

impl Drop for Sending {
    /// The guest has nothing more to send.
    fn drop(&mut self) {
        let Some(ended) = self.ended.take().filter(|_| !self.socket.is_left()) else { return };
        let shut_down = self.socket.lock().shutdown(ShutdownType::Send);
        let answer = match (self.socket.failure(), shut_down) {
            (Some(failure), _) => Err(failure),
            (None, Ok(())) => Ok(()),
            (None, Err(SocketError::Code(code))) => Err(code.into()),
            (None, Err(SocketError::Trap(_))) => Err(ErrorCode::ConnectionReset),
        };
        let _ = ended.send(answer);
    }
}

impl<T: 'static> StreamConsumer<T> for Sending {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'_, T>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let this = &mut *self;
        let mut source = source.as_direct(store);
        if source.remaining().is_empty() {
            return match this.wait.poll(&mut this.output, context) {
                Poll::Ready(()) => Poll::Ready(Ok(StreamResult::Completed)),
                Poll::Pending => unfinished(finish),
            };
        }
        for _ in 0..2 {
            match this.output.write_some(source.remaining()) {
                Ok(0) => {}
                Ok(count) => {
                    source.mark_read(count);
                    return Poll::Ready(Ok(StreamResult::Completed));
                }
                Err(error) => return Poll::Ready(this.end(error)),
            }
            if this.wait.poll(&mut this.output, context).is_pending() {
                return unfinished(finish);
            }
        }
        once_more(finish, context)
    }
}
