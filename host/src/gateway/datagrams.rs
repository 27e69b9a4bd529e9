//! UDP flows between the guest and the outside.
//!
//! For every remote that the guest talks to a socket of the gateway's stack is bound to the remote's address; for every flow
//! through it there is a socket of the real host, or a client of a published port.

use super::dials::Flow;
use mio::net::UdpSocket;
use stack_core::time::Instant;
use stack_core::udp::UdpHandle;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Most flows at once; one more takes the place of the one that has been silent longest.
pub(super) const MAX_FLOWS: usize = 4096;

/// How long a flow may be silent that had no answer. Linux: `nf_conntrack_udp_timeout`.
const UNANSWERED: Duration = Duration::from_secs(30);

/// How long one that had an answer may be. Linux: `nf_conntrack_udp_timeout_stream`.
const ANSWERED: Duration = Duration::from_secs(120);

/// How often silent flows are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// The far end of a flow.
#[derive(Debug)]
pub(super) enum Far {
    /// A socket that is connected to whom the guest talks to.
    Socket(UdpSocket),
    /// A client of the published port with this number.
    Client(usize, SocketAddr),
}

/// A flow.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) flow: Flow,
    pub(super) far: Far,
    /// Whether it asks a name server of the real host.
    pub(super) asks_resolver: bool,
    pub(super) answered: bool,
    pub(super) last: Instant,
}

/// A socket of the gateway's stack that is bound to a remote's address.
#[derive(Debug)]
struct Stand {
    socket: UdpHandle,
    since: Instant,
    flows: usize,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Datagrams {
    by_token: HashMap<usize, Exchange>,
    by_flow: HashMap<Flow, usize>,
    by_client: HashMap<(usize, SocketAddr), usize>,
    stands: HashMap<SocketAddr, Stand>,
    remotes: HashMap<UdpHandle, SocketAddr>,
    swept: Instant,
}

impl Datagrams {
    /// How many flows there are, and remotes without any yet.
    pub(super) fn len(&self) -> usize {
        self.by_token.len().max(self.stands.len())
    }

    pub(super) fn get_mut(&mut self, token: usize) -> Option<&mut Exchange> {
        self.by_token.get_mut(&token)
    }

    pub(super) fn token(&self, flow: &Flow) -> Option<usize> {
        self.by_flow.get(flow).copied()
    }

    /// The flow of a published port's client.
    pub(super) fn token_of_client(&self, listener: usize, client: SocketAddr) -> Option<usize> {
        self.by_client.get(&(listener, client)).copied()
    }

    /// Adds a flow by a remote's socket, which there must be.
    pub(super) fn insert(&mut self, token: usize, exchange: Exchange) {
        if let Some(stand) = self.stands.get_mut(&exchange.flow.remote) {
            stand.flows += 1;
        }
        if let Far::Client(listener, client) = exchange.far {
            self.by_client.insert((listener, client), token);
        }
        self.by_flow.insert(exchange.flow, token);
        self.by_token.insert(token, exchange);
    }

    /// Takes a flow out.
    pub(super) fn remove(&mut self, token: usize) -> Option<Exchange> {
        let exchange = self.by_token.remove(&token)?;
        self.by_flow.remove(&exchange.flow);
        if let Far::Client(listener, client) = exchange.far {
            self.by_client.remove(&(listener, client));
        }
        if let Some(stand) = self.stands.get_mut(&exchange.flow.remote) {
            stand.flows = stand.flows.saturating_sub(1);
        }
        Some(exchange)
    }

    /// From now on `socket` is bound to `remote`.
    pub(super) fn stand(&mut self, remote: SocketAddr, socket: UdpHandle, now: Instant) {
        self.stands.insert(remote, Stand { socket, since: now, flows: 0 });
        self.remotes.insert(socket, remote);
    }

    /// The socket that is bound to `remote`.
    pub(super) fn socket(&self, remote: SocketAddr) -> Option<UdpHandle> {
        self.stands.get(&remote).map(|stand| stand.socket)
    }

    /// What a socket is bound to.
    pub(super) fn remote_of(&self, socket: UdpHandle) -> Option<SocketAddr> {
        self.remotes.get(&socket).copied()
    }

    /// The flow that has been silent longest.
    pub(super) fn most_silent(&self) -> Option<usize> {
        self.by_token.iter().min_by_key(|(_, exchange)| exchange.last).map(|(token, _)| *token)
    }

    /// When silent flows are looked for again; none while there is nothing.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        (!self.stands.is_empty()).then_some(self.swept + SWEEP)
    }

    /// The flows that have been silent too long, if it is time to look for them.
    pub(super) fn silent(&mut self, now: Instant) -> Vec<usize> {
        if now < self.swept + SWEEP {
            return Vec::new();
        }
        self.swept = now;
        let silent = |exchange: &Exchange| {
            exchange.last + if exchange.answered { ANSWERED } else { UNANSWERED } <= now
        };
        self.by_token.iter().filter(|(_, exchange)| silent(exchange)).map(|(token, _)| *token).collect()
    }

    /// Takes the sockets out that no flow needs, with what they were bound to; a new one has its time.
    pub(super) fn take_idle(&mut self, now: Instant) -> Vec<(SocketAddr, UdpHandle)> {
        let idle = |stand: &Stand| stand.flows == 0 && stand.since + SWEEP <= now;
        let stands = self.stands.extract_if(|_, stand| idle(stand));
        let idle: Vec<_> = stands.map(|(remote, stand)| (remote, stand.socket)).collect();
        for (_, socket) in &idle {
            self.remotes.remove(socket);
        }
        idle
    }
}
