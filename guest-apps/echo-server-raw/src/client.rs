//! One connection: what it sent and has not got back yet.

use std::fmt;

use wasi::io::poll::Pollable;
use wasi::io::streams::{InputStream, OutputStream, StreamError};
use wasi::sockets::network::{ErrorCode, IpSocketAddress};
use wasi::sockets::tcp::{ShutdownType, TcpSocket};

/// Bytes kept for a client. One that sends and never reads is not read from any more when it has this much to
/// come: its own send buffer fills, and it waits.
const CAPACITY: usize = 64 * 1024;

/// A client of ours.
///
/// Fields are dropped from first to last: pollables before their streams, streams before their socket, as
/// `wasi:io` demands.
pub(crate) struct Client {
    readable: Pollable,
    writable: Pollable,
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
    address: IpSocketAddress,
    /// Received and not sent back yet.
    pending: Vec<u8>,
    /// The client will send nothing more.
    ended: bool,
}

impl Client {
    /// Takes what `accept` returned.
    pub(crate) fn new(
        socket: TcpSocket,
        input: InputStream,
        output: OutputStream,
    ) -> Result<Self, ErrorCode> {
        Ok(Self {
            readable: input.subscribe(),
            writable: output.subscribe(),
            address: socket.remote_address()?,
            input,
            output,
            socket,
            pending: Vec::new(),
            ended: false,
        })
    }

    /// The client's own address.
    pub(crate) fn address(&self) -> IpSocketAddress {
        self.address
    }

    /// What must become ready for `advance` to have something to do; one of the two at least.
    pub(crate) fn waits_for(&self) -> [Option<&Pollable>; 2] {
        [self.wants_more().then_some(&self.readable), self.has_to_send().then_some(&self.writable)]
    }

    /// Receives and sends what is possible without waiting. False: everything is sent back and both sides
    /// have said that they are done.
    pub(crate) fn advance(&mut self) -> Result<bool, Broken> {
        if self.wants_more() {
            self.receive()?;
        }
        if self.has_to_send() && self.send()? && self.ended {
            self.socket.shutdown(ShutdownType::Send).map_err(Broken::Socket)?;
            return Ok(false);
        }
        Ok(true)
    }

    fn wants_more(&self) -> bool {
        !self.ended && self.pending.len() < CAPACITY
    }

    /// At the end there is one thing more to send after all bytes: that it is the end.
    fn has_to_send(&self) -> bool {
        self.ended || !self.pending.is_empty()
    }

    fn receive(&mut self) -> Result<(), Broken> {
        match self.input.read((CAPACITY - self.pending.len()) as u64) {
            Ok(bytes) if self.pending.is_empty() => self.pending = bytes,
            Ok(bytes) => self.pending.extend_from_slice(&bytes),
            Err(StreamError::Closed) => self.ended = true,
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(Broken::Stream(error.to_debug_string()));
            }
        }
        Ok(())
    }

    /// Sends as much as is permitted. True: nothing is left, and what was sent before is on its way.
    fn send(&mut self) -> Result<bool, Broken> {
        let permitted = self.output.check_write().map_err(Broken::from)?;
        let length = self.pending.len().min(usize::try_from(permitted).unwrap_or(usize::MAX));
        if length > 0 {
            self.output.write(&self.pending[..length]).map_err(Broken::from)?;
            self.pending.drain(..length);
        }
        // A permit means that the stream has done with everything written before.
        Ok(permitted > 0 && self.pending.is_empty() && length == 0)
    }
}

/// Why a connection ended before its time.
pub(crate) enum Broken {
    /// A stream failed; in the host's words, which may go on for a page: the first line.
    Stream(String),
    /// The client does not take anything any more.
    Closed,
    /// The socket failed.
    Socket(ErrorCode),
}

impl From<StreamError> for Broken {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Closed => Self::Closed,
            StreamError::LastOperationFailed(error) => {
                let text = error.to_debug_string();
                Self::Stream(text.lines().next().unwrap_or_default().to_owned())
            }
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(text) => formatter.write_str(text),
            Self::Closed => formatter.write_str("closed before everything was sent back"),
            Self::Socket(error) => write!(formatter, "{error}"),
        }
    }
}
