//! The gateway's thread: waits for what may happen and lets it happen.

mod datagrams;
mod echoes;
mod link;
mod outbound;
mod published;
mod questions;
mod stop;

pub(super) use stop::StopRequest;

use published::prepare;

use super::Subnet;
use super::connection::{CHUNK, Connection, Status};
use super::datagrams::Datagrams;
use super::dials::Dials;
use super::door::Door;
use super::echo::{self, Echoes};
use super::echo_sockets::EchoSockets;
use super::listener::{DatagramListener, Listener, Listeners};
use super::network::Network;
use super::resolvers::Resolvers;
use crate::policy::Policy;
use crate::wire::Wire;
use crate::wire::user::UserWire;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use stack_core::Stack;
use stack_core::stack::SocketHandle;
use stack_core::tcp::TcpHandle;
use stack_core::time::Instant;
use stack_core::wire::ethernet::MacAddress;
use std::collections::HashMap;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

/// Whom an event is for: the stop request, the wire, a listener (counted from `LISTENERS` or
/// `DATAGRAM_LISTENERS`), or a connection or flow (counted from `CONNECTIONS` and never used again).
const STOP: usize = 0;
const WIRE: usize = 1;
const LISTENERS: usize = 2;
const DATAGRAM_LISTENERS: usize = 1 << 19;
const CONNECTIONS: usize = 1 << 20;

/// Frames that the stack handles before sockets have their turn.
const FRAME_BUDGET: usize = 256;

/// Most connections at once that the guest began, and most that clients of published ports did. The guest tries again when there
/// are fewer; clients wait for that.
const MAX_CONNECTIONS: usize = 16_384;

/// Everything the gateway's thread owns.
pub(super) struct EventLoop {
    poll: Poll,
    stop: Arc<StopRequest>,
    wire: Arc<UserWire>,
    stack: Stack,
    door: Arc<Door>,
    policy: Arc<Policy>,
    mac: MacAddress,
    /// When the gateway tells as a router that it is there.
    advertise_at: Option<Instant>,
    /// The networks of the guest and the gateway.
    subnets: Vec<Subnet>,
    listeners: Vec<Listener>,
    /// When connections are taken again, after an exhaustion.
    accept_again: Option<Instant>,
    dials: Dials,
    datagrams: Datagrams,
    echoes: Echoes,
    echo_sockets: Vec<EchoSockets>,
    /// Whether it was said that this machine carries no echoes.
    told_forbidden: bool,
    /// The published UDP ports.
    published: Vec<DatagramListener>,
    resolvers: Resolvers,
    connections: HashMap<usize, Connection>,
    /// Which connection a socket of the stack belongs to.
    by_handle: HashMap<TcpHandle, usize>,
    next_token: usize,
    /// Connections and flows for which something may have changed.
    ready: Vec<usize>,
    /// Those whose turn is over, although something may be left.
    again: Vec<usize>,
    /// Connections whose guest is still to get what came before a reset: any frame may acknowledge that.
    ending: Vec<usize>,
    buffer: Vec<u8>,
    epoch: std::time::Instant,
}

fn is_v6(subnet: &Subnet) -> bool {
    subnet.gateway.is_ipv6()
}

/// Has events of the wire and of the published ports come.
fn register(
    registry: &Registry,
    wire: &UserWire,
    listeners: &mut [Listener],
    published: &mut [DatagramListener],
) -> io::Result<()> {
    registry.register(&mut SourceFd(&wire.as_fd().as_raw_fd()), Token(WIRE), Interest::READABLE)?;
    for (index, listener) in listeners.iter_mut().enumerate() {
        registry.register(&mut listener.socket, Token(LISTENERS + index), Interest::READABLE)?;
    }
    for (index, listener) in published.iter_mut().enumerate() {
        registry.register(&mut listener.socket, Token(DATAGRAM_LISTENERS + index), Interest::READABLE)?;
    }
    Ok(())
}

impl EventLoop {
    /// An event loop that is not running yet.
    pub(super) fn new(
        network: Network,
        wire: Arc<UserWire>,
        listeners: Listeners,
        policy: Arc<Policy>,
        resolvers: Resolvers,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let Listeners { connections: mut listeners, datagrams: mut published, .. } = listeners;
        register(poll.registry(), &wire, &mut listeners, &mut published)?;
        let waker = Waker::new(poll.registry(), Token(STOP))?;
        Ok(EventLoop {
            stop: Arc::new(StopRequest::new(waker)),
            poll,
            wire,
            stack: network.stack,
            door: network.door,
            policy,
            mac: network.mac,
            advertise_at: network.subnets.iter().any(is_v6).then_some(Instant::ZERO),
            subnets: network.subnets,
            listeners,
            accept_again: None,
            dials: Dials::default(),
            datagrams: Datagrams::default(),
            echoes: echo::echoes(),
            echo_sockets: network.echo_sockets,
            told_forbidden: false,
            published,
            resolvers,
            connections: HashMap::new(),
            by_handle: HashMap::new(),
            next_token: CONNECTIONS,
            ready: Vec::new(),
            again: Vec::new(),
            ending: Vec::new(),
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
        self.answer_door();
        self.advertise();
        self.take_wakeups();
        self.ready.append(&mut self.ending);
        while let Some(token) = self.ready.pop() {
            self.pump(token);
        }
        let accepting = self.accept();
        self.hear_published();
        self.expire_dials();
        self.expire_questions();
        self.expire_datagrams();
        self.expire_echoes();
        // Moving bytes may have changed other sockets.
        self.take_wakeups();
        self.ready.append(&mut self.again);
        let heard = self.published.iter().any(|listener| listener.ready);
        more || accepting || heard || !self.ready.is_empty() || self.door.has_admitted()
    }

    /// A number that events of a new socket will come with.
    fn new_token(&mut self) -> usize {
        let token = self.next_token;
        self.next_token += 1;
        token
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.epoch.elapsed()
    }

    /// How long nothing happens by itself.
    fn timeout(&self, stop_at: Option<Instant>) -> Option<Duration> {
        let now = self.now();
        [
            self.stack.next_deadline(),
            self.accept_again,
            self.advertise_at,
            self.dials.next_deadline(),
            self.datagrams.next_deadline(),
            (self.echoes.len() > 0).then(|| self.echoes.next_sweep()),
            stop_at,
        ]
        .into_iter()
        .flatten()
        .min()
        .map(|deadline| deadline.since(now))
    }

    fn handle_event(&mut self, event: &mio::event::Event) {
        match event.token().0 {
            // Each turn looks at these anyway.
            STOP | WIRE => {}
            token if (DATAGRAM_LISTENERS..CONNECTIONS).contains(&token) => {
                if let Some(listener) = self.published.get_mut(token - DATAGRAM_LISTENERS) {
                    listener.ready = true;
                }
            }
            token if token < CONNECTIONS => {
                if let Some(listener) = self.listeners.get_mut(token - LISTENERS) {
                    listener.ready = true;
                }
            }
            token => {
                let Some(connection) = self.connections.get_mut(&token) else {
                    if !self.hear_outside(token) && !self.hear_echoed(token) {
                        self.dial_event(token);
                    }
                    return;
                };
                connection.note_event(event);
                self.ready.push(token);
            }
        }
    }

    fn take_wakeups(&mut self) {
        for handle in self.stack.take_wakeups() {
            match handle {
                SocketHandle::Tcp(handle) => match self.by_handle.get(&handle) {
                    Some(token) => self.ready.push(*token),
                    None => self.accept_from_guest(handle),
                },
                SocketHandle::Udp(handle) => self.hear_guest(handle),
                SocketHandle::Raw(handle) => self.hear_echoes(handle),
                _ => {}
            }
        }
    }

    fn pump(&mut self, token: usize) {
        let now = self.now();
        let Some(connection) = self.connections.get_mut(&token) else {
            if !self.hear_outside(token) {
                self.hear_echoed(token);
            }
            return;
        };
        match connection.pump(&mut self.stack, now, &mut self.buffer) {
            Status::Open => {}
            Status::Refused(elsewhere) => self.knock_elsewhere(token, elsewhere),
            Status::Finished => self.remove_finished(token),
            Status::Ending => self.ending.push(token),
            Status::Broken(reason) => self.remove_broken(token, &reason),
        }
    }

    /// Gives the published UDP ports their turn.
    fn hear_published(&mut self) {
        for listener in 0..self.published.len() {
            if self.published.get(listener).is_some_and(|listener| listener.ready) {
                self.hear_clients(listener);
            }
        }
    }

    fn remove(&mut self, token: usize) -> Option<Connection> {
        let connection = self.connections.remove(&token)?;
        self.by_handle.remove(&connection.guest);
        if let Some(flow) = &connection.flow {
            self.dials.forget(flow);
        }
        Some(connection)
    }

    fn remove_finished(&mut self, token: usize) {
        let now = self.now();
        if let Some(connection) = self.remove(token) {
            tracing::debug!("connection with {} ended", connection.peer);
            self.stack.tcp_close(connection.guest, now);
        }
    }

    fn remove_broken(&mut self, token: usize, reason: &str) {
        let now = self.now();
        if let Some(connection) = self.remove(token) {
            tracing::debug!("connection with {} reset: {reason}", connection.peer);
            connection.reset(&mut self.stack, now);
        }
    }

    /// Stops listening; answers when it ends at the latest.
    fn begin_stop(&mut self, grace: Duration) -> Instant {
        self.listeners.clear();
        self.published.clear();
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
