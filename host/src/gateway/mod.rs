//! The user-mode gateway: the machine at the other end of the `user` wire, inside of this process.
//!
//! It has a network stack of its own (the same [`stack_core`] that the guest's stack component is made of,
//! run natively) and answers ARP, neighbour solicitations and ping for its addresses, and router solicitations. It carries connections from published ports of
//! the real machine to the guest, and those of the guest that the policy allows to the outside, by ordinary sockets of the
//! real machine; what it does not allow is refused at once, with ICMP "administratively prohibited". It needs no privileges.
//!
//! One thread does everything: [`event_loop`] waits for frames, host sockets and timers, [`connection`]
//! carries one connection's bytes. Nothing in it waits for a single connection: what one side cannot take
//! stays with the other side's TCP, whose window closes.

mod advertisement;
mod config;
mod connection;
mod datagrams;
mod device;
mod dials;
mod door;
mod echo;
mod echo_sockets;
mod envelope;
mod event_loop;
mod flows;
mod knock;
mod lease;
mod listener;
mod network;
mod refusal;
mod resolvers;
mod stands;
#[cfg(test)]
mod tests;

pub use config::{GatewayConfig, Publish, Subnet};
pub use resolvers::PORT as NAME_SERVER_PORT;

use crate::policy::Policy;
use crate::wire::user::UserWire;
use event_loop::{EventLoop, StopRequest};
use listener::Listeners;
use resolvers::Resolvers;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Why the gateway could not start.
#[derive(Debug)]
pub enum GatewayError {
    /// Another program listens there.
    AddressInUse(SocketAddr),
    /// Another published port listens there, at this address.
    Twice(SocketAddr, SocketAddr),
    /// The system lets only the superuser listen there.
    Forbidden(SocketAddr),
    /// The address is none of this machine's.
    NotLocal(SocketAddr),
    /// Listening failed in another way.
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the operating system said.
        error: io::Error,
    },
    /// The gateway's own stack refused its configuration.
    Configure(String),
    /// No thread, descriptor or event queue is left.
    Os(io::Error),
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GatewayError::AddressInUse(address) => {
                write!(f, "-p: {address} is in use by another program; end it or publish another HOST port")
            }
            GatewayError::Twice(address, other) => {
                write!(f, "-p: {address} and {other} cannot both be published; publish another HOST port")
            }
            GatewayError::Forbidden(address) => {
                write!(f, "-p: not allowed to listen on {address}; publish a HOST port from 1024 on")
            }
            GatewayError::NotLocal(address) => {
                write!(f, "-p: {} is no address of this machine; name one that is, or none", address.ip())
            }
            GatewayError::Listen { address, error } => write!(f, "-p: cannot listen on {address}: {error}"),
            GatewayError::Configure(text) => write!(f, "the user wire's gateway: {text}"),
            GatewayError::Os(error) => write!(f, "the user wire's gateway cannot start: {error}"),
        }
    }
}

impl std::error::Error for GatewayError {}

impl GatewayError {
    /// What `error` means when it came from listening on `address`.
    fn from_listen(address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => GatewayError::AddressInUse(address),
            io::ErrorKind::PermissionDenied => GatewayError::Forbidden(address),
            io::ErrorKind::AddrNotAvailable => GatewayError::NotLocal(address),
            _ => GatewayError::Listen { address, error },
        }
    }
}

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    published: Vec<Publish>,
    stop: Arc<StopRequest>,
    thread: Option<JoinHandle<()>>,
}

/// A gateway that listens already and takes no connection yet: the system keeps them waiting.
pub struct Listening {
    config: GatewayConfig,
    listeners: Listeners,
    resolvers: Resolvers,
}

impl Listening {
    /// Starts the gateway at this end of the user wire. `policy` says whom of the outside the guest may reach.
    ///
    /// # Errors
    /// [`GatewayError::Configure`] and [`GatewayError::Os`].
    pub fn start(self, wire: UserWire, policy: Arc<Policy>) -> Result<Gateway, GatewayError> {
        let Listening { config, listeners, resolvers } = self;
        let published = listeners.published.clone();
        let wire = Arc::new(wire);
        let network = network::network(&config, Arc::clone(&wire)).map_err(GatewayError::Configure)?;
        let event_loop =
            EventLoop::new(network, wire, listeners, policy, resolvers).map_err(GatewayError::Os)?;
        let stop = event_loop.stop_request();
        let thread = std::thread::Builder::new()
            .name("wnet-gateway".into())
            .spawn(move || event_loop.run())
            .map_err(GatewayError::Os)?;
        Ok(Gateway { published, stop, thread: Some(thread) })
    }
}

impl Gateway {
    /// Listens on the published ports.
    ///
    /// # Errors
    /// See [`GatewayError`]; nothing listens then.
    pub fn listen(config: &GatewayConfig) -> Result<Listening, GatewayError> {
        let listeners = Listeners::bind(&config.publish)?;
        Ok(Listening { config: config.clone(), listeners, resolvers: Resolvers::of_machine() })
    }

    /// The published ports, each with the port that it really listens on.
    pub fn published(&self) -> &[Publish] {
        &self.published
    }

    /// Ends the gateway after the guest is gone: takes no more connections, hands what the guest still sent
    /// to those who are connected, for `grace` at most, and ends.
    pub fn finish(mut self, grace: Duration) {
        self.stop_within(grace);
    }

    fn stop_within(&mut self, grace: Duration) {
        if let Some(thread) = self.thread.take() {
            self.stop.send(grace);
            // The thread does not panic; if it did, that was reported already.
            let _ = thread.join();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop_within(Duration::ZERO);
    }
}
