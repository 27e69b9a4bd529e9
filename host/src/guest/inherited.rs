//! Standard output and standard error of this process, for its guests.
//!
//! Who reads them may be slow, or stop. Then the guest that prints waits, and nobody else: the others, timers, signals and
//! the control socket are seen to by another thread meanwhile.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::bytes::Bytes;
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{OutputStream, StreamError};

/// Most bytes that are written without another thread at hand: a pipe that is not full takes as many. Linux: PIPE_BUF.
const AT_ONCE: usize = 4096;

/// Most bytes that a guest may write at a time.
const MAX_WRITE: usize = 64 * 1024;

/// Standard output, or standard error.
#[derive(Clone, Copy)]
pub(super) enum Inherited {
    Output,
    Error,
}

/// Who writes to either has the turn: what several guests print at a time comes one after the other.
static TURNS: [Mutex<()>; 2] = [const { Mutex::new(()) }; 2];

impl Inherited {
    fn write(self, bytes: &[u8]) -> io::Result<()> {
        let [output, error] = &TURNS;
        match self {
            Inherited::Output => write(output, io::stdout().as_fd(), bytes),
            Inherited::Error => write(error, io::stderr().as_fd(), bytes),
        }
    }
}

/// Writes all of `bytes`: at once what there is room for now, the rest while another thread does this one's other work.
fn write(turn: &Mutex<()>, to: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<()> {
    if bytes.len() <= AT_ONCE
        && let Ok(_turn) = turn.try_lock()
        && has_room(to, Some(Timespec::default()))
    {
        return write_all(to, bytes);
    }
    let wait = || {
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        write_all(to, bytes)
    };
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(wait),
        // Nobody else can take its place.
        _ => wait(),
    }
}

fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            // Whoever we have it from has it so.
            Err(Errno::AGAIN) => drop(has_room(to, None)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Waits for so long, or without end, until something can be written, or nothing any more; answers whether that is so.
fn has_room(to: BorrowedFd<'_>, longest: Option<Timespec>) -> bool {
    let mut descriptors = [PollFd::from_borrowed_fd(to, PollFlags::OUT)];
    poll(&mut descriptors, longest.as_ref()).is_ok_and(|ready| ready > 0)
}

/// What a guest is told of an output that failed.
pub(super) fn failed(error: io::Error) -> StreamError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => StreamError::Closed,
        _ => StreamError::LastOperationFailed(error.into()),
    }
}

impl IsTerminal for Inherited {
    fn is_terminal(&self) -> bool {
        match self {
            Inherited::Output => io::IsTerminal::is_terminal(&io::stdout()),
            Inherited::Error => io::IsTerminal::is_terminal(&io::stderr()),
        }
    }
}

impl StdoutStream for Inherited {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(*self)
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(*self)
    }
}

impl AsyncWrite for Inherited {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let piece = bytes.get(..MAX_WRITE).unwrap_or(bytes);
        Poll::Ready(self.write(piece).map(|()| piece.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[async_trait]
impl OutputStream for Inherited {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        Inherited::write(*self, &bytes).map_err(failed)
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(MAX_WRITE)
    }
}

#[async_trait]
impl Pollable for Inherited {
    async fn ready(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{PipeReader, Read};
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::task::JoinHandle;

    /// A pipe in which nothing more goes, and what waits in it.
    fn full_pipe() -> (PipeReader, io::PipeWriter, usize) {
        let (reader, writer) = io::pipe().unwrap();
        let mut waiting = 0;
        while has_room(writer.as_fd(), Some(Timespec::default())) {
            write_all(writer.as_fd(), &[0; AT_ONCE]).unwrap();
            waiting += AT_ONCE;
        }
        (reader, writer, waiting)
    }

    /// Two guests print to who does not read, on the only worker that there is, and a third one does something else.
    #[test]
    fn who_does_not_read_is_waited_for_by_who_prints_alone() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let (mut reader, writer, waiting) = full_pipe();
        let shared = Arc::new((Mutex::new(()), writer));
        runtime.unwrap().block_on(async {
            let printing: [JoinHandle<io::Result<()>>; 2] = std::array::from_fn(|_| {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move { write(&shared.0, shared.1.as_fd(), b"at last") })
            });
            let other = tokio::time::timeout(Duration::from_secs(60), tokio::spawn(async { 7 }));
            assert_eq!(other.await.unwrap().unwrap(), 7);
            let mut all = vec![0; waiting + 2 * b"at last".len()];
            let all = tokio::task::spawn_blocking(move || reader.read_exact(&mut all).map(|()| all));
            assert!(all.await.unwrap().unwrap().ends_with(b"at lastat last"));
            for printed in printing {
                printed.await.unwrap().unwrap();
            }
        });
    }

    #[test]
    fn a_reader_that_went_is_told() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let lost = write(&Mutex::new(()), writer.as_fd(), b"x");
        assert_eq!(lost.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
