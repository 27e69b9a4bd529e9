//! A TCP socket that its handle and its streams share.

use super::bindings::wasi::sockets::types::ErrorCode;
use crate::gate::error::StreamFailure;
use crate::gate::ready::{Wait, Watched as _, unready};
use crate::gate::tcp::TcpSocket;
use crate::kernel::Kernel;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll};
use wasmtime::Result;
use wasmtime::component::StreamResult;
use wasmtime_wasi_io::streams::StreamError;

/// A socket with several owners. It is closed when the last of them goes, in whatever order they do.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Inner>);

/// The connections of a guest, as long as there are any. It keeps none of them alive.
#[derive(Default)]
pub(crate) struct SharedSockets(Vec<Weak<Inner>>);

struct Inner {
    socket: Mutex<TcpSocket>,
    /// Why the connection failed: whichever stream hears of it first is the only one that the stack tells.
    failure: OnceLock<ErrorCode>,
    /// The guest has ended.
    left: AtomicBool,
    _closing: Closing,
}

/// Has the stack's handles dropped which were dropped before it.
struct Closing(Arc<Kernel>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.reap();
    }
}

impl Shared {
    /// `socket`, to be shared.
    pub(super) fn new(socket: TcpSocket) -> Self {
        let closing = Closing(socket.kernel());
        Shared(Arc::new(Inner {
            socket: Mutex::new(socket),
            failure: OnceLock::new(),
            left: AtomicBool::new(false),
            _closing: closing,
        }))
    }

    /// The socket. Never hold it while waiting.
    pub(crate) fn lock(&self) -> MutexGuard<'_, TcpSocket> {
        self.0.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the socket is ready.
    pub(super) async fn ready(&self) {
        let armed = unready(&mut *self.lock());
        if let Some(armed) = armed {
            armed.fired().await;
        }
    }

    /// The same for who is polled.
    pub(super) fn poll_ready(&self, wait: &mut Wait, context: &mut Context<'_>) -> Poll<()> {
        wait.poll(&mut *self.lock(), context)
    }

    /// What a stream is told whose end was `error`; none: the stack says no more than that it is closed.
    ///
    /// # Errors
    /// The guest has to trap.
    pub(super) fn end(&self, error: StreamError) -> Result<Option<ErrorCode>> {
        match error {
            StreamError::Closed => Ok(None),
            StreamError::LastOperationFailed(error) => {
                let code = match error.downcast_ref::<StreamFailure>() {
                    Some(failure) if failure.is_broken_pipe() => ErrorCode::ConnectionBroken,
                    Some(StreamFailure { code: Some(code), .. }) => (*code).into(),
                    _ => ErrorCode::Other(Some(error.to_string())),
                };
                Ok(Some(self.0.failure.get_or_init(|| code).clone()))
            }
            StreamError::Trap(error) => Err(error),
        }
    }

    /// Why the connection failed, if it is known to have.
    pub(super) fn failure(&self) -> Option<ErrorCode> {
        self.0.failure.get().cloned()
    }

    /// Whether its guest has ended: the connection is closed then, and what becomes of its streams says nothing.
    pub(super) fn is_left(&self) -> bool {
        self.0.left.load(Ordering::Relaxed)
    }
}

impl SharedSockets {
    /// One more.
    pub(super) fn remember(&mut self, socket: &Shared) {
        // Those that are gone are looked for each time that the list would grow.
        if self.0.len() == self.0.capacity() {
            self.0.retain(|socket| socket.strong_count() > 0);
            self.0.reserve(self.0.len().max(8));
        }
        self.0.push(Arc::downgrade(&socket.0));
    }

    /// The guest has ended.
    pub(crate) fn leave(&self) {
        self.iter().for_each(|socket| socket.0.left.store(true, Ordering::Relaxed));
    }

    /// Those that there are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Shared> + '_ {
        self.0.iter().filter_map(|socket| socket.upgrade().map(Shared))
    }
}

/// What an operation of a stream answers that cannot go on now.
pub(super) fn unfinished(finish: bool) -> Poll<Result<StreamResult>> {
    if finish { Poll::Ready(Ok(StreamResult::Cancelled)) } else { Poll::Pending }
}

/// What it answers when it was told to go on and could not: readiness is exact with our stack, another one is asked
/// again.
pub(super) fn once_more(finish: bool, context: &Context<'_>) -> Poll<Result<StreamResult>> {
    if !finish {
        context.waker().wake_by_ref();
    }
    unfinished(finish)
}
