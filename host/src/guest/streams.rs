//! The standard streams of a guest.

use super::inherited::{Inherited, failed};
use crate::gate::Permit;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::unix::pipe;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::cli::{AsyncStdinStream, IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::bytes::Bytes;
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{InputStream, OutputStream, StreamError};

/// Most bytes that a guest may write at a time, and that wait for a reader beside those in the pipe.
const MAX_WRITE: usize = 64 * 1024;

/// Where a guest's standard streams go.
pub enum StandardStreams {
    /// Nowhere: it has nothing to read, and what it prints is lost.
    Nowhere,
    /// They are those of this process. On a runtime with several threads, a guest alone waits for who does not read.
    Inherited,
    /// Pipes.
    Pipes(StandardPipes),
}

impl StandardStreams {
    pub(super) fn give_to(self, wasi: &mut WasiCtxBuilder) {
        match self {
            StandardStreams::Nowhere => {}
            StandardStreams::Inherited => {
                wasi.inherit_stdin().stdout(Inherited::Output).stderr(Inherited::Error);
            }
            StandardStreams::Pipes(StandardPipes { input, output, error }) => {
                wasi.stdin(input).stdout(output).stderr(error);
            }
        }
    }
}

/// Pipes for a guest. Nothing here blocks: a guest alone waits for who does not read.
pub struct StandardPipes {
    input: Input,
    output: Output,
    error: Output,
}

impl StandardPipes {
    /// The reading end of standard input and the writing ends of output and error; `terminals` says which of them
    /// the guest is told to be terminals. Call it within a tokio runtime.
    ///
    /// # Errors
    /// When they are no such ends of pipes.
    pub fn new([input, output, error]: [OwnedFd; 3], terminals: [bool; 3]) -> io::Result<Self> {
        let input = AsyncStdinStream::new(pipe::Receiver::from_owned_fd(input)?);
        Ok(StandardPipes {
            input: Input { stream: input, terminal: terminals[0] },
            output: Output::new(output, terminals[1])?,
            error: Output::new(error, terminals[2])?,
        })
    }

    /// The outputs, to wait until they were read.
    pub fn outputs(&self) -> [Output; 2] {
        [self.output.clone(), self.error.clone()]
    }
}

struct Input {
    stream: AsyncStdinStream,
    terminal: bool,
}

impl IsTerminal for Input {
    fn is_terminal(&self) -> bool {
        self.terminal
    }
}

impl StdinStream for Input {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        self.stream.async_stream()
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        self.stream.p2_stream()
    }
}

/// Standard output, or standard error: as many streams as a guest asks for, into one pipe.
#[derive(Clone)]
pub struct Output {
    pipe: Arc<OutputPipe>,
    terminal: bool,
}

struct OutputPipe {
    pipe: pipe::Sender,
    /// What the pipe has not taken yet.
    waiting: Mutex<Vec<u8>>,
}

impl Output {
    fn new(pipe: OwnedFd, terminal: bool) -> io::Result<Self> {
        let pipe = pipe::Sender::from_owned_fd(pipe)?;
        let waiting = Mutex::default();
        Ok(Output { pipe: Arc::new(OutputPipe { pipe, waiting }), terminal })
    }

    /// Waits until the pipe has all that the guest wrote, or nobody reads it any more.
    pub async fn written(&self) {
        while let Ok(false) = self.push() {
            if self.pipe.pipe.writable().await.is_err() {
                return;
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.pipe.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the pipe what waits. Answers whether it has taken all.
    fn push(&self) -> Result<bool, StreamError> {
        let mut waiting = self.waiting();
        while !waiting.is_empty() {
            match self.pipe.pipe.try_write(&waiting) {
                Ok(count) => drop(waiting.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    waiting.clear();
                    return Err(failed(error));
                }
            }
        }
        Ok(true)
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        self.terminal
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Writer { output: self.clone(), written: None })
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Permitted { output: self.clone(), permit: Permit::default() })
    }
}

/// A writer of WASI 0.3.
struct Writer {
    output: Output,
    /// Until the pipe has what was written.
    written: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

impl Writer {
    fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let output = self.output.clone();
        let written = self.written.get_or_insert_with(|| Box::pin(async move { output.written().await }));
        ready!(written.as_mut().poll(context));
        self.written = None;
        Poll::Ready(())
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_written(context));
        let count = bytes.len().min(MAX_WRITE);
        self.output.waiting().extend_from_slice(&bytes[..count]);
        match self.output.push() {
            Ok(_) => Poll::Ready(Ok(count)),
            Err(_) => Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_written(context).map(Ok)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

/// A stream of WASI 0.2: what a guest writes has been permitted, so that no more than that waits for the reader.
struct Permitted {
    output: Output,
    permit: Permit,
}

#[async_trait]
impl OutputStream for Permitted {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        self.permit.redeem_write(bytes.len())?;
        self.output.waiting().extend_from_slice(&bytes);
        self.output.push().map(drop)
    }

    /// What was written is on its way; `check-write` tells when it has arrived.
    fn flush(&mut self) -> Result<(), StreamError> {
        self.output.push().map(drop)
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        let permitted = if self.output.push()? { MAX_WRITE } else { 0 };
        self.permit.grant(permitted as u64);
        Ok(permitted)
    }
}

#[async_trait]
impl Pollable for Permitted {
    async fn ready(&mut self) {
        self.output.written().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_more_waits_for_a_reader_than_was_permitted() {
        let (reader, writer) = io::pipe().unwrap();
        let output = Output::new(writer.into(), false).unwrap();
        let mut stream = output.p2_stream();
        let unasked = stream.write(Bytes::from_static(b"x"));
        assert!(matches!(unasked, Err(StreamError::Trap(_))));
        while stream.check_write().unwrap() > 0 {
            stream.write(vec![0; MAX_WRITE].into()).unwrap();
        }
        assert!(output.waiting().len() <= MAX_WRITE);
        assert!(matches!(stream.write(vec![0; MAX_WRITE].into()), Err(StreamError::Trap(_))));
        assert!(output.waiting().len() <= MAX_WRITE);
        drop(reader);
    }
}
