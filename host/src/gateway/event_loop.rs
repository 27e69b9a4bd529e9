//! The gateway's thread: waits for what may happen and lets it happen.

use super::connection::{CHUNK, Connection, Status, reset};
use super::listener::{Accepted, Listener};
use crate::wire::Wire;
use crate::wire::user::UserWire;
use mio::net::TcpStream;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use stack_core::Stack;
use stack_core::socket::SocketError;
use stack_core::stack::SocketHandle;
use stack_core::tcp::{TcpHandle, TcpOption};
use stack_core::time::Instant;
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Whom an event is for: the stop request, the wire, a listener (counted from `LISTENERS`), or a connection
/// (counted from `CONNECTIONS` and never used again).
const STOP: usize = 0;
const WIRE: usize = 1;
const LISTENERS: usize = 2;
const CONNECTIONS: usize = 1 << 20;

/// Frames that the stack handles before sockets have their turn.
const FRAME_BUDGET: usize = 256;

/// Connections taken from one listener before others have their turn.
const ACCEPT_BUDGET: usize = 64;

/// How long no connection is taken after the system had no descriptor for one.
const EXHAUSTION_PAUSE: Duration = Duration::from_millis(100);

/// How the gateway is told to stop.
#[derive(Debug)]
pub(super) struct StopRequest {
    waker: Waker,
    /// How long the last bytes may take, once stopping is wanted.
    grace: Mutex<Option<Duration>>,
}

impl StopRequest {
    /// Asks the event loop to end within `grace`.
    pub(super) fn send(&self, grace: Duration) {
        *self.grace.lock().unwrap_or_else(PoisonError::into_inner) = Some(grace);
        if let Err(error) = self.waker.wake() {
            tracing::error!("the user wire's gateway cannot be stopped: {error}");
        }
    }

    fn received(&self) -> Option<Duration> {
        *self.grace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything the gateway's thread owns.
pub(super) struct EventLoop {
    poll: Poll,
    stop: Arc<StopRequest>,
    wire: Arc<UserWire>,
    stack: Stack,
    guest: Ipv4Addr,
    listeners: Vec<Listener>,
    /// When connections are taken again, after an exhaustion.
    accept_again: Option<Instant>,
    connections: HashMap<usize, Connection>,
    /// Which connection a socket of the stack belongs to.
    by_handle: HashMap<TcpHandle, usize>,
    next_token: usize,
    /// Connections for which something may have changed.
    ready: Vec<usize>,
    buffer: Vec<u8>,
    epoch: std::time::Instant,
}

impl EventLoop {
    /// An event loop that is not running yet.
    pub(super) fn new(
        stack: Stack,
        wire: Arc<UserWire>,
        mut listeners: Vec<Listener>,
        guest: Ipv4Addr,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry();
        registry.register(&mut SourceFd(&wire.as_fd().as_raw_fd()), Token(WIRE), Interest::READABLE)?;
        for (index, listener) in listeners.iter_mut().enumerate() {
            registry.register(&mut listener.socket, Token(LISTENERS + index), Interest::READABLE)?;
        }
        let waker = Waker::new(registry, Token(STOP))?;
        Ok(EventLoop {
            stop: Arc::new(StopRequest { waker, grace: Mutex::new(None) }),
            poll,
            wire,
            stack,
            guest,
            listeners,
            accept_again: None,
            connections: HashMap::new(),
            by_handle: HashMap::new(),
            next_token: CONNECTIONS,
            ready: Vec::new(),
            buffer: vec![0; CHUNK],
            epoch: std::time::Instant::now(),
        })
    }

    /// The way to stop it.
    pub(super) fn stop_request(&self) -> Arc<StopRequest> {
        Arc::clone(&self.stop)
    }

    /// Runs until it is told to stop.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        let mut more = false;
        let mut deadline = None;
        loop {
            let timeout = if more { Some(Duration::ZERO) } else { self.timeout(deadline) };
            if let Err(error) = self.poll.poll(&mut events, timeout)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!("the user wire's gateway ends: {error}");
                break;
            }
            for event in &events {
                self.handle_event(event);
            }
            more = self.turn();
            if deadline.is_none() {
                deadline = self.stop.received().map(|grace| self.begin_stop(grace));
            }
            if deadline.is_some_and(|deadline| self.now() >= deadline || (!more && self.is_drained())) {
                break;
            }
        }
        self.end();
    }

    /// One turn of the stack, the connections and the listeners; whether work was left.
    fn turn(&mut self) -> bool {
        let more = self.stack.poll(self.now(), FRAME_BUDGET);
        self.take_wakeups();
        while let Some(token) = self.ready.pop() {
            self.pump(token);
        }
        let accepting = self.accept();
        // Moving bytes may have changed other sockets.
        self.take_wakeups();
        more || accepting || !self.ready.is_empty()
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.epoch.elapsed()
    }

    /// How long nothing happens by itself.
    fn timeout(&self, stop_at: Option<Instant>) -> Option<Duration> {
        let now = self.now();
        [self.stack.next_deadline(), self.accept_again, stop_at]
            .into_iter()
            .flatten()
            .min()
            .map(|deadline| deadline.since(now))
    }

    fn handle_event(&mut self, event: &mio::event::Event) {
        match event.token().0 {
            // Each turn looks at these anyway.
            STOP | WIRE => {}
            token if token < CONNECTIONS => {
                if let Some(listener) = self.listeners.get_mut(token - LISTENERS) {
                    listener.ready = true;
                }
            }
            token => {
                let Some(connection) = self.connections.get_mut(&token) else { return };
                match connection.note_event(event) {
                    Status::Broken(reason) => self.remove_broken(token, &reason),
                    Status::Open | Status::Finished => self.ready.push(token),
                }
            }
        }
    }

    fn take_wakeups(&mut self) {
        for handle in self.stack.take_wakeups() {
            if let SocketHandle::Tcp(handle) = handle
                && let Some(token) = self.by_handle.get(&handle)
            {
                self.ready.push(*token);
            }
        }
    }

    fn pump(&mut self, token: usize) {
        let now = self.now();
        let Some(connection) = self.connections.get_mut(&token) else { return };
        match connection.pump(&mut self.stack, now, &mut self.buffer) {
            Status::Open => {}
            Status::Finished => self.remove_finished(token),
            Status::Broken(reason) => self.remove_broken(token, &reason),
        }
    }

    fn remove(&mut self, token: usize) -> Option<Connection> {
        let connection = self.connections.remove(&token)?;
        self.by_handle.remove(&connection.guest);
        Some(connection)
    }

    fn remove_finished(&mut self, token: usize) {
        let now = self.now();
        if let Some(connection) = self.remove(token) {
            tracing::debug!("connection from {} ended", connection.client);
            self.stack.tcp_close(connection.guest, now);
        }
    }

    fn remove_broken(&mut self, token: usize, reason: &str) {
        let now = self.now();
        if let Some(connection) = self.remove(token) {
            tracing::debug!("connection from {} reset: {reason}", connection.client);
            connection.reset(&mut self.stack, now);
        }
    }

    /// Takes waiting connections; whether some may be left.
    fn accept(&mut self) -> bool {
        if self.accept_again.is_some_and(|again| self.now() < again) {
            return false;
        }
        self.accept_again = None;
        for index in 0..self.listeners.len() {
            for _ in 0..ACCEPT_BUDGET {
                let Some(listener) = self.listeners.get_mut(index).filter(|listener| listener.ready) else {
                    break;
                };
                let published = listener.published();
                match listener.accept() {
                    Accepted::Connection(stream, client) => {
                        self.connect(stream, client, published.guest_port)
                    }
                    Accepted::None => break,
                    Accepted::Exhausted(error) => {
                        tracing::warn!("{}: connections wait: {error}", published.listen);
                        self.accept_again = Some(self.now() + EXHAUSTION_PAUSE);
                        return false;
                    }
                }
            }
        }
        self.listeners.iter().any(|listener| listener.ready)
    }

    /// Begins to carry a client's connection to the guest.
    fn connect(&mut self, mut stream: TcpStream, client: SocketAddr, guest_port: u16) {
        let guest = SocketAddr::new(self.guest.into(), guest_port);
        let token = self.next_token;
        self.next_token += 1;
        let prepared = prepare(&stream)
            .and_then(|()| {
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(&mut stream, Token(token), interest)
            })
            .map_err(|error| error.to_string())
            .and_then(|()| self.open(guest).map_err(|error| error.to_string()));
        match prepared {
            Ok(handle) => {
                tracing::debug!("connection from {client} to {guest}");
                self.connections.insert(token, Connection::new(stream, client, handle));
                self.by_handle.insert(handle, token);
                self.ready.push(token);
            }
            Err(error) => {
                tracing::warn!("no connection from {client} to {guest}: {error}");
                reset(&stream);
            }
        }
    }

    /// A socket of the stack that is being connected to the guest.
    fn open(&mut self, guest: SocketAddr) -> Result<TcpHandle, SocketError> {
        let now = self.now();
        let handle = self.stack.tcp_open()?;
        let begun = self
            .stack
            .tcp_set_option(handle, TcpOption::NoDelay(true))
            .and_then(|()| self.stack.tcp_connect(handle, guest, now));
        if let Err(error) = begun {
            self.stack.tcp_abort(handle, now);
            return Err(error);
        }
        Ok(handle)
    }

    /// Stops listening; answers when it ends at the latest.
    fn begin_stop(&mut self, grace: Duration) -> Instant {
        self.listeners.clear();
        self.accept_again = None;
        self.now() + grace
    }

    /// Whether nothing that the guest sent is left to hand on.
    fn is_drained(&self) -> bool {
        !self.connections.values().any(|connection| connection.has_data(&self.stack))
    }

    /// Ends all connections: in order those that the guest has ended, with a reset the others.
    fn end(mut self) {
        let now = self.now();
        for (_, connection) in self.connections.drain() {
            if !connection.guest_is_done() {
                connection.reset(&mut self.stack, now);
            }
        }
        if tracing::enabled!(tracing::Level::DEBUG) {
            self.log_counters();
        }
    }

    fn log_counters(&self) {
        let wire = [("Wire:TxDropped", self.wire.dropped()), ("Wire:RxMissed", self.wire.missed())];
        let wire = wire.map(|(name, value)| (name.to_string(), value));
        let counters = self.stack.counters().snapshot().into_iter().chain(wire);
        for (name, value) in counters.filter(|(_, value)| *value != 0) {
            tracing::debug!("{name} {value}");
        }
    }
}

/// A relay adds no delay of its own, and notices a client that vanished.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(stream, true)?;
    Ok(())
}
