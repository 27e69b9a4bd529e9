//! The streams of a connection: interface `streams` of wasi:io over the core's send and receive.

use super::State;
use super::tcp::Socket;
use alloc::vec;
use alloc::vec::Vec;
use stack_core::socket::SocketError;
use stack_core::tcp::{Received, SendFlags, TcpHandle};
use stack_core::time::Instant;

/// Most bytes of one read.
const MAX_READ: u64 = 1024 * 1024;

/// `check-write` told of the room.
const PROMISED: SendFlags = SendFlags { more: false, end_of_record: false, promised: true };

/// Why a stream does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamError {
    /// Told once; from then on the stream is closed.
    Failed(SocketError),
    /// Shut down, at its end, or failed before.
    Closed,
}

impl State {
    /// What there is to read, at most `len` bytes (and at most 1 MiB); nothing if nothing is there now.
    pub(crate) fn read(&mut self, handle: TcpHandle, len: u64, now: Instant) -> Result<Vec<u8>, StreamError> {
        let socket = self.sockets.get_mut(&handle).filter(|socket| !socket.input_closed);
        let socket = socket.ok_or(StreamError::Closed)?;
        let len = usize::try_from(len.min(MAX_READ)).unwrap_or(usize::MAX);
        if len == 0 {
            return Ok(Vec::new());
        }
        match self.stack.tcp_receive(handle, len, now) {
            Ok(Received::Data(data)) => Ok(data),
            Err(SocketError::WouldBlock) => Ok(Vec::new()),
            end => {
                socket.input_closed = true;
                Err(end.err().map_or(StreamError::Closed, failed))
            }
        }
    }

    /// How many bytes the next write may have.
    pub(crate) fn check_write(&mut self, handle: TcpHandle) -> Result<usize, StreamError> {
        let socket = self.sockets.get_mut(&handle).filter(|socket| !socket.output_closed);
        let socket = socket.ok_or(StreamError::Closed)?;
        let space = self.stack.tcp_send_space(handle).map_err(|error| close_output(socket, error))?;
        socket.permit = space;
        Ok(space)
    }

    /// What was written belongs to TCP already, so a flush is complete when it begins. The permit stays as it is.
    pub(crate) fn flush(&mut self, handle: TcpHandle) -> Result<(), StreamError> {
        let socket = self.sockets.get_mut(&handle).filter(|socket| !socket.output_closed);
        let socket = socket.ok_or(StreamError::Closed)?;
        self.stack.tcp_send_space(handle).map(drop).map_err(|error| close_output(socket, error))
    }

    /// Hands `data` to TCP, all of it.
    ///
    /// # Errors
    ///
    /// More than `check-write` permitted ends the stream. wasi:io has its caller trap for that, which is the host's
    /// part: a trap in here would end everybody's connections.
    pub(crate) fn write(&mut self, handle: TcpHandle, data: &[u8], now: Instant) -> Result<(), StreamError> {
        let socket = self.sockets.get_mut(&handle).filter(|socket| !socket.output_closed);
        let socket = socket.ok_or(StreamError::Closed)?;
        let len = data.len();
        if len > socket.permit {
            return Err(close_output(socket, SocketError::InvalidArgument));
        }
        socket.permit -= len;
        if data.is_empty() {
            return Ok(());
        }
        match self.stack.tcp_send_with(handle, data, PROMISED, now) {
            Ok(taken) if taken == len => Ok(()),
            // Room that was permitted does not go away; if it did, the rest would be lost silently.
            Ok(_) | Err(SocketError::WouldBlock) => Err(close_output(socket, SocketError::OutOfMemory)),
            Err(error) => Err(close_output(socket, error)),
        }
    }

    /// Like [`State::write`] with `len` zeroes.
    pub(crate) fn write_zeroes(
        &mut self,
        handle: TcpHandle,
        len: u64,
        now: Instant,
    ) -> Result<(), StreamError> {
        let permit = self.sockets.get(&handle).map_or(0, |socket| socket.permit);
        // One byte more than permitted is refused like any larger number, and can be allocated.
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(permit.saturating_add(1));
        self.write(handle, &vec![0; len], now)
    }

    /// Moves at most `len` bytes from the input of `from` to the output of `to`.
    pub(crate) fn splice(
        &mut self,
        to: TcpHandle,
        from: TcpHandle,
        len: u64,
        now: Instant,
    ) -> Result<u64, StreamError> {
        let room = self.check_write(to)? as u64;
        let data = self.read(from, room.min(len), now)?;
        self.write(to, &data, now)?;
        Ok(data.len() as u64)
    }
}

/// A stale handle's stream, or one whose error was told elsewhere, is closed; all other errors say something.
fn failed(error: SocketError) -> StreamError {
    match error {
        SocketError::InvalidState => StreamError::Closed,
        error => StreamError::Failed(error),
    }
}

fn close_output(socket: &mut Socket, error: SocketError) -> StreamError {
    socket.output_closed = true;
    failed(error)
}
