//! The stream that `listen` answers.

use super::handle::TcpHandle;
use super::shared::{Shared, once_more, unfinished};
use crate::gate::GateView;
use crate::gate::bindings::wasi::sockets::network::ErrorCode;
use crate::gate::error::SocketError;
use crate::gate::ready::Wait;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};
use wasmtime::component::{Destination, Resource, StreamProducer, StreamResult};
use wasmtime::{Result, StoreContextMut};

/// How long a listener waits when there is no room for one more socket; the connection waits in its queue.
const PAUSE: Duration = Duration::from_millis(100);

/// The connections of a listener. It ends with the socket.
pub(super) struct Connections<T: 'static> {
    socket: Shared,
    getter: fn(&mut T) -> GateView<'_>,
    wait: Wait,
    pause: Option<Pin<Box<Sleep>>>,
}

/// What became of one attempt to accept.
enum Attempt {
    Accepted(Resource<TcpHandle>),
    /// Nobody waits.
    Nobody,
    /// The guest or the stack has no room.
    Full,
    /// The listener is no more.
    Over,
}

impl<T> Connections<T> {
    /// Those of `socket`, which listens.
    pub(super) fn new(socket: Shared, getter: fn(&mut T) -> GateView<'_>) -> Self {
        Connections { socket, getter, wait: Wait::default(), pause: None }
    }

    /// Accepts. What happened to connections that are gone already is not told: the next one is taken.
    fn accept(&self, gate: &mut GateView<'_>) -> Result<Attempt> {
        loop {
            let accepted = gate.network.accept(&mut self.socket.lock());
            match accepted {
                Ok((socket, input, output)) => {
                    let handle = TcpHandle::connected(gate.network, socket, input, output);
                    return Ok(Attempt::Accepted(gate.table.push(handle)?));
                }
                Err(SocketError::Code(ErrorCode::WouldBlock)) => return Ok(Attempt::Nobody),
                Err(SocketError::Code(ErrorCode::NewSocketLimit | ErrorCode::OutOfMemory)) => {
                    return Ok(Attempt::Full);
                }
                Err(SocketError::Code(ErrorCode::InvalidState)) => return Ok(Attempt::Over),
                Err(SocketError::Code(code)) => tracing::debug!("a connection was lost: {}", code.name()),
                Err(SocketError::Trap(error)) => return Err(error),
            }
        }
    }

    fn poll_pause(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        Poll::Ready(())
    }
}

impl<T: Send> StreamProducer<T> for Connections<T> {
    type Item = Resource<TcpHandle>;
    type Buffer = Option<Self::Item>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'a, T>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let this = &mut *self;
        if this.poll_pause(context).is_pending() {
            return unfinished(finish);
        }
        if destination.remaining(&mut store) == Some(0) {
            return match this.socket.poll_ready(&mut this.wait, context) {
                Poll::Ready(()) => Poll::Ready(Ok(StreamResult::Completed)),
                Poll::Pending => unfinished(finish),
            };
        }
        for _ in 0..2 {
            match this.accept(&mut (this.getter)(store.data_mut()))? {
                Attempt::Accepted(socket) => {
                    destination.set_buffer(Some(socket));
                    return Poll::Ready(Ok(StreamResult::Completed));
                }
                Attempt::Over => return Poll::Ready(Ok(StreamResult::Dropped)),
                Attempt::Full => {
                    this.pause = Some(Box::pin(sleep(PAUSE)));
                    let _ = this.poll_pause(context);
                    return unfinished(finish);
                }
                Attempt::Nobody if this.socket.poll_ready(&mut this.wait, context).is_pending() => {
                    return unfinished(finish);
                }
                Attempt::Nobody => {}
            }
        }
        once_more(finish, context)
    }
}
