//! The stream that `receive` answers.

use super::bindings::wasi::sockets::types::ErrorCode;
use super::shared::{Shared, once_more, unfinished};
use crate::gate::bindings::wasi::sockets::tcp::ShutdownType;
use crate::gate::ready::Wait;
use crate::gate::tcp::TcpInput;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot::Sender;
use wasmtime::component::{Destination, StreamProducer, StreamResult};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi_io::bytes::BytesMut;
use wasmtime_wasi_io::streams::{InputStream, StreamError};

/// Bytes that a reader gets at a time who does not say how many it wants.
const DEFAULT_READ: usize = 64 << 10;

/// What the peer sends. Dropping it shuts that direction down.
pub(super) struct Received {
    input: TcpInput,
    socket: Shared,
    wait: Wait,
    /// Who wants to know how it ended; none: was told.
    ended: Option<Sender<Result<(), ErrorCode>>>,
}

impl Received {
    /// What comes from `input`, which is of `socket`.
    pub(super) fn new(socket: Shared, input: TcpInput, ended: Sender<Result<(), ErrorCode>>) -> Self {
        Received { input, socket, wait: Wait::default(), ended: Some(ended) }
    }

    /// The stream is over: the peer said so, or the connection failed. A connection is broken only when the peer had said so.
    fn end(&mut self, error: StreamError) -> Result<StreamResult> {
        let known =
            || self.socket.failure().filter(|failure| !matches!(failure, ErrorCode::ConnectionBroken));
        let failure = self.socket.end(error)?.or_else(known);
        if let Some(ended) = self.ended.take() {
            // Nobody may want to know.
            let _ = ended.send(failure.map_or(Ok(()), Err));
        }
        Ok(StreamResult::Dropped)
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        let Some(ended) = self.ended.take().filter(|_| !self.socket.is_left()) else { return };
        // A connection that has ended meanwhile needs no end.
        let _ = self.socket.lock().shutdown(ShutdownType::Receive);
        let _ = ended.send(Ok(()));
    }
}

impl<T: 'static> StreamProducer<T> for Received {
    type Item = u8;
    type Buffer = BytesMut;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'a, T>,
        destination: Destination<'a, u8, BytesMut>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let this = &mut *self;
        if destination.remaining(&mut store) == Some(0) {
            return match this.wait.poll(&mut this.input, context) {
                Poll::Ready(()) => Poll::Ready(Ok(StreamResult::Completed)),
                Poll::Pending => unfinished(finish),
            };
        }
        let mut destination = destination.as_direct(store, DEFAULT_READ);
        for _ in 0..2 {
            match this.input.read(destination.remaining().len()) {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => {
                    let room = destination.remaining();
                    let count = bytes.len().min(room.len());
                    room[..count].copy_from_slice(&bytes[..count]);
                    destination.mark_written(count);
                    return Poll::Ready(Ok(StreamResult::Completed));
                }
                Err(error) => return Poll::Ready(this.end(error)),
            }
            if this.wait.poll(&mut this.input, context).is_pending() {
                return unfinished(finish);
            }
        }
        once_more(finish, context)
    }
}
