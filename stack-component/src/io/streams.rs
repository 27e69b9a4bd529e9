//! Interface `wasi:io/streams`: the two streams of a TCP connection.
//!
//! The blocking methods do what can be done without waiting; what would have to wait traps.

use super::error::IoError;
use super::poll::{MUST_WATCH, subscribe};
use crate::Component;
use crate::bindings::exports::wasi::io::error::Error;
use crate::bindings::exports::wasi::io::poll::Pollable;
use crate::bindings::exports::wasi::io::streams::{
    Guest, GuestInputStream, GuestOutputStream, InputStreamBorrow, StreamError,
};
use crate::entry::enter;
use crate::state::{self, Source, State};
use alloc::vec::Vec;
use stack_core::tcp::TcpHandle;
use stack_core::time::Instant;

impl Guest for Component {
    type InputStream = InputStream;
    type OutputStream = OutputStream;
}

/// Most bytes of a blocking write (wasi:io).
const MAX_BLOCKING_WRITE: u64 = 4096;

/// An `input-stream`: what the peer sends.
pub(crate) struct InputStream(pub(crate) TcpHandle);

/// An `output-stream`: what the peer shall get.
pub(crate) struct OutputStream(pub(crate) TcpHandle);

impl GuestInputStream for InputStream {
    fn read(&self, len: u64) -> Result<Vec<u8>, StreamError> {
        run(|state, now| state.read(self.0, len, now))
    }

    fn blocking_read(&self, len: u64) -> Result<Vec<u8>, StreamError> {
        let data = self.read(len)?;
        assert!(len == 0 || !data.is_empty(), "blocking-read would have to wait: {MUST_WATCH}");
        Ok(data)
    }

    fn skip(&self, len: u64) -> Result<u64, StreamError> {
        Ok(self.read(len)?.len() as u64)
    }

    fn blocking_skip(&self, len: u64) -> Result<u64, StreamError> {
        Ok(self.blocking_read(len)?.len() as u64)
    }

    fn subscribe(&self) -> Pollable {
        subscribe(Source::Input(self.0))
    }
}

impl GuestOutputStream for OutputStream {
    fn check_write(&self) -> Result<u64, StreamError> {
        run(|state, _| state.check_write(self.0).map(|permit| permit as u64))
    }

    fn write(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        run(|state, now| state.write(self.0, &contents, now))
    }

    fn blocking_write_and_flush(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        self.demand_room("blocking-write-and-flush", contents.len() as u64)?;
        self.write(contents)
    }

    fn flush(&self) -> Result<(), StreamError> {
        run(|state, _| state.flush(self.0))
    }

    fn blocking_flush(&self) -> Result<(), StreamError> {
        self.flush()
    }

    fn subscribe(&self) -> Pollable {
        subscribe(Source::Output(self.0))
    }

    fn write_zeroes(&self, len: u64) -> Result<(), StreamError> {
        run(|state, now| state.write_zeroes(self.0, len, now))
    }

    fn blocking_write_zeroes_and_flush(&self, len: u64) -> Result<(), StreamError> {
        self.demand_room("blocking-write-zeroes-and-flush", len)?;
        self.write_zeroes(len)
    }

    fn splice(&self, src: InputStreamBorrow<'_>, len: u64) -> Result<u64, StreamError> {
        let from = src.get::<InputStream>().0;
        run(|state, now| state.splice(self.0, from, len, now))
    }

    fn blocking_splice(&self, src: InputStreamBorrow<'_>, len: u64) -> Result<u64, StreamError> {
        let moved = self.splice(src, len)?;
        assert!(len == 0 || moved > 0, "blocking-splice would have to wait: {MUST_WATCH}");
        Ok(moved)
    }
}

impl OutputStream {
    /// Gets a permit for a blocking write of `len` bytes; traps if it is too long or would have to wait.
    fn demand_room(&self, call: &str, len: u64) -> Result<(), StreamError> {
        assert!(len <= MAX_BLOCKING_WRITE, "{call} of {len} bytes, more than {MAX_BLOCKING_WRITE}");
        let permit = self.check_write()?;
        assert!(len <= permit, "{call} would have to wait: {MUST_WATCH}");
        Ok(())
    }
}

impl Drop for InputStream {
    fn drop(&mut self) {
        enter(|state, now| state.release(self.0, now));
    }
}

impl Drop for OutputStream {
    fn drop(&mut self) {
        enter(|state, now| state.release(self.0, now));
    }
}

/// Enters, and makes the error a resource outside.
fn run<R>(f: impl FnOnce(&mut State, Instant) -> Result<R, state::StreamError>) -> Result<R, StreamError> {
    enter(f).map_err(|error| match error {
        state::StreamError::Failed(error) => StreamError::LastOperationFailed(Error::new(IoError(error))),
        state::StreamError::Closed => StreamError::Closed,
    })
}
