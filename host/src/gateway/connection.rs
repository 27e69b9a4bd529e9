//! One connection through the gateway: a socket of the real machine on one side, connected to a client or to a server, a TCP
//! socket of the gateway's stack, connected to the guest, on the other, and the bytes between them.
//!
//! What happens on one side happens on the other: data, a half-close, a reset, and in this order: what one side sent before its
//! reset is handed on first, as a reset leaves what has arrived to be read (Linux: `tcp_recvmsg_locked`, which looks at the queue
//! before `sk_err`). Each direction holds at most one piece of data that the one side gave and the other could not take yet;
//! meanwhile the giving side is not read, its window closes, and its sender slows down.

use super::flows::Flow;
use mio::net::TcpStream;
use stack_core::Stack;
use stack_core::socket::SocketError;
use stack_core::tcp::{Received, Shutdown, TcpHandle, TcpState};
use stack_core::time::Instant;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

/// Most bytes moved at once.
pub(super) const CHUNK: usize = 64 * 1024;

/// A connection in the event loop.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) host: TcpStream,
    pub(super) guest: TcpHandle,
    /// Who is at the other end.
    pub(super) peer: SocketAddr,
    /// Where else the guest may listen, if it refuses.
    elsewhere: Option<SocketAddr>,
    /// What the guest calls it, if the guest began it.
    pub(super) flow: Option<Flow>,
    /// Whether the guest has accepted the connection.
    connected: bool,
    /// Whether the host's socket may be read or written, until it says that it would block.
    host_readable: bool,
    host_writable: bool,
    /// Whether the event queue told of an error of the host's socket. Reading it comes to that when the data before are read.
    host_broken: bool,
    /// The error, when reading or writing has come to it: it is told once.
    host_error: Option<String>,
    to_guest: Direction,
    to_host: Direction,
}

/// One direction.
#[derive(Debug, Default)]
struct Direction {
    /// Data that the sink has not taken yet, from `start` on.
    data: Vec<u8>,
    start: usize,
    /// The source has ended and the sink was told.
    ended: bool,
    /// The source has broken off, and all that it had was read.
    exhausted: bool,
}

impl Direction {
    fn pending(&self) -> &[u8] {
        &self.data[self.start..]
    }

    fn fill(&mut self, data: Vec<u8>) {
        self.data = data;
        self.start = 0;
    }

    fn taken(&mut self, count: usize) {
        self.start = (self.start + count).min(self.data.len());
    }
}

/// How a connection stands after its bytes were moved.
#[derive(Debug)]
pub(super) enum Status {
    /// It goes on.
    Open,
    /// The guest refused it, and may listen there.
    Refused(SocketAddr),
    /// Both directions have ended.
    Finished,
    /// The host's side was reset, and the guest is still to get what came before: it is to be looked at in each turn.
    Ending,
    /// One side was reset, refused or failed: so is the other.
    Broken(String),
}

/// Why no more can be moved in one direction now.
enum Stop {
    /// A side would block, or the direction has ended.
    Wait,
    Broken(String),
}

impl From<SocketError> for Stop {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::WouldBlock => Stop::Wait,
            error => Stop::Broken(format!("guest: {error}")),
        }
    }
}

impl Connection {
    /// A client's connection, with a socket of the stack that is being connected to the guest, who may listen `elsewhere`.
    pub(super) fn new(
        host: TcpStream,
        client: SocketAddr,
        guest: TcpHandle,
        elsewhere: Option<SocketAddr>,
    ) -> Self {
        Connection {
            host,
            guest,
            peer: client,
            elsewhere,
            flow: None,
            connected: false,
            host_readable: true,
            host_writable: true,
            host_broken: false,
            host_error: None,
            to_guest: Direction::default(),
            to_host: Direction::default(),
        }
    }

    /// The guest's connection to a server of the outside, which has accepted it.
    pub(super) fn outbound(host: TcpStream, flow: Flow, guest: TcpHandle) -> Self {
        let connection = Connection::new(host, flow.remote, guest, None);
        Connection { flow: Some(flow), connected: true, ..connection }
    }

    /// Notes what the event queue says of the host's socket.
    pub(super) fn note_event(&mut self, event: &mio::event::Event) {
        self.host_broken |= event.is_error();
        self.host_readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        self.host_writable |= event.is_writable() || event.is_write_closed();
    }

    /// Moves what can be moved in both directions. `buffer` is scratch memory of [`CHUNK`] bytes.
    pub(super) fn pump(&mut self, stack: &mut Stack, now: Instant, buffer: &mut [u8]) -> Status {
        if !self.connected {
            match stack.tcp_connect_result(self.guest) {
                Ok(()) => self.connected = true,
                Err(SocketError::WouldBlock) => return Status::Open,
                Err(SocketError::ConnectionRefused) if let Some(elsewhere) = self.elsewhere.take() => {
                    return Status::Refused(elsewhere);
                }
                Err(error) => return Status::Broken(format!("guest: {error}")),
            }
        }
        // Reading what the guest sent comes to its reset when the host has got all before.
        if let Stop::Broken(reason) = self.pump_to_host(stack, now) {
            return Status::Broken(reason);
        }
        if let Stop::Broken(reason) = self.pump_to_guest(stack, now, buffer)
            && !self.has_data(stack)
        {
            return Status::Broken(reason);
        }
        if self.to_guest.ended && self.to_host.ended {
            return Status::Finished;
        }
        // A reset that came while neither direction asked.
        if stack.tcp_state(self.guest).is_none_or(|state| state == TcpState::Close) && !self.has_data(stack) {
            return Status::Broken("guest: connection reset".into());
        }
        self.hosts_end(stack)
    }

    /// Whether the host's side has broken off, and how far that is handed on.
    fn hosts_end(&self, stack: &Stack) -> Status {
        let has_all = self.to_guest.pending().is_empty() && stack.tcp_unacknowledged(self.guest) == 0;
        match &self.host_error {
            _ if !(self.host_is_lost() && (self.to_guest.ended || self.to_guest.exhausted)) => Status::Open,
            _ if !has_all => Status::Ending,
            Some(error) => Status::Broken(error.clone()),
            None => Status::Broken("host: reset behind its end".into()),
        }
    }

    /// Whether nothing can be handed to the host any more.
    fn host_is_lost(&self) -> bool {
        self.host_broken || self.host_error.is_some()
    }

    /// Whether data from the guest is still on its way to the client.
    pub(super) fn has_data(&self, stack: &Stack) -> bool {
        let queued = || !self.to_host.pending().is_empty() || stack.tcp_readiness(self.guest).readable;
        !self.to_host.ended && !self.host_is_lost() && queued()
    }

    /// Whether the guest has sent its last byte and the client has got it.
    pub(super) fn guest_is_done(&self) -> bool {
        self.to_host.ended
    }

    /// Ends both sides with a reset.
    pub(super) fn reset(self, stack: &mut Stack, now: Instant) {
        stack.tcp_abort(self.guest, now);
        reset(&self.host);
    }

    fn pump_to_guest(&mut self, stack: &mut Stack, now: Instant, buffer: &mut [u8]) -> Stop {
        loop {
            if let Err(stop) = self.move_to_guest(stack, now, buffer) {
                return stop;
            }
        }
    }

    /// One piece from the client to the guest.
    fn move_to_guest(&mut self, stack: &mut Stack, now: Instant, buffer: &mut [u8]) -> Result<(), Stop> {
        if self.to_guest.ended {
            return Err(Stop::Wait);
        }
        let pending = self.to_guest.pending();
        if !pending.is_empty() {
            let count = stack.tcp_send(self.guest, pending, now)?;
            self.to_guest.taken(count);
            return Ok(());
        }
        let space = stack.tcp_send_space(self.guest)?.min(buffer.len());
        if space == 0 || !self.host_readable || self.to_guest.exhausted {
            return Err(Stop::Wait);
        }
        match self.host.read(&mut buffer[..space]) {
            // Writing has come to the error, which is told once: this may be no end.
            Ok(0) if self.host_error.is_some() => {
                self.to_guest.exhausted = true;
                return Err(Stop::Wait);
            }
            Ok(0) => {
                stack.tcp_shutdown(self.guest, Shutdown::Send, now)?;
                self.to_guest.ended = true;
            }
            Ok(count) => {
                let data = &buffer[..count];
                let sent = stack.tcp_send(self.guest, data, now)?;
                if sent < count {
                    self.to_guest.fill(data[sent..].to_vec());
                }
            }
            Err(error) => {
                self.host_readable = false;
                let lost = self.note_error(&error) || self.host_error.is_some();
                self.to_guest.exhausted |= lost;
                return Err(Stop::Wait);
            }
        }
        Ok(())
    }

    /// Keeps an error of the host's socket in mind; whether it is one.
    fn note_error(&mut self, error: &io::Error) -> bool {
        let is_error = error.kind() != io::ErrorKind::WouldBlock;
        if is_error {
            self.host_error.get_or_insert_with(|| format!("host: {error}"));
        }
        is_error
    }

    fn pump_to_host(&mut self, stack: &mut Stack, now: Instant) -> Stop {
        loop {
            if let Err(stop) = self.move_to_host(stack, now) {
                return stop;
            }
        }
    }

    /// One piece from the guest to the client.
    fn move_to_host(&mut self, stack: &mut Stack, now: Instant) -> Result<(), Stop> {
        if self.to_host.ended || self.host_is_lost() {
            return Err(Stop::Wait);
        }
        if self.to_host.pending().is_empty() {
            match stack.tcp_receive(self.guest, CHUNK, now)? {
                Received::Data(data) => self.to_host.fill(data),
                Received::End => {
                    // It fails when the client is gone, which the next event tells.
                    let _ = self.host.shutdown(std::net::Shutdown::Write);
                    self.to_host.ended = true;
                    return Ok(());
                }
            }
        }
        if !self.host_writable {
            return Err(Stop::Wait);
        }
        match self.host.write(self.to_host.pending()) {
            Ok(count) => {
                self.to_host.taken(count);
                Ok(())
            }
            Err(error) => {
                self.host_writable = false;
                // What came before it may still be there to be read.
                self.host_readable |= self.note_error(&error);
                Err(Stop::Wait)
            }
        }
    }
}

/// Makes closing `stream` send a reset.
pub(super) fn reset(stream: &TcpStream) {
    // It fails when the connection is gone, and then there is nobody to tell.
    let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}
