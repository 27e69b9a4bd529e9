//! Connections that the guest wants and the real host is asked for.
//!
//! A dial begins with the guest's SYN, which waits at the door. When the real host has connected, a socket of the gateway's
//! stack listens in the remote's name and the SYN is let in; the connection that comes of it takes the dial's place.

use super::flows::Flow;
use super::resolvers::Asked;
use super::stands::Stands;
use mio::net::TcpStream;
use stack_core::tcp::TcpHandle;
use stack_core::time::Instant;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// How long the guest has to finish its handshake after the real host has connected.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// A connection on its way.
#[derive(Debug)]
pub(super) struct Dial {
    pub(super) flow: Flow,
    pub(super) host: TcpStream,
    /// The SYN, until the real host has connected.
    pub(super) waiting: Option<Vec<u8>>,
    /// Which name server it is, if it is one of the real host's.
    pub(super) asked: Option<Asked>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Dials {
    by_token: HashMap<usize, Dial>,
    /// The dial of a flow, or the connection that came of it.
    by_flow: HashMap<Flow, usize>,
    /// The sockets that listen in remotes' names.
    pub(super) stands: Stands<TcpHandle>,
    /// Until when those that were answered may last, the oldest first.
    deadlines: VecDeque<(Instant, usize)>,
}

impl Dials {
    /// How many the guest has begun: dials, and connections that came of them.
    pub(super) fn flows(&self) -> usize {
        self.by_flow.len()
    }

    /// How many connections came of dials and are there still.
    pub(super) fn connections(&self) -> usize {
        self.by_flow.len().saturating_sub(self.by_token.len())
    }

    pub(super) fn insert(&mut self, token: usize, dial: Dial) {
        self.by_flow.insert(dial.flow, token);
        self.by_token.insert(token, dial);
    }

    pub(super) fn get_mut(&mut self, token: usize) -> Option<&mut Dial> {
        self.by_token.get_mut(&token)
    }

    /// The token of a flow's dial or connection.
    pub(super) fn token(&self, flow: &Flow) -> Option<usize> {
        self.by_flow.get(flow).copied()
    }

    /// Gives a dial up.
    pub(super) fn remove(&mut self, token: usize) -> Option<Dial> {
        let dial = self.by_token.remove(&token)?;
        self.by_flow.remove(&dial.flow);
        Some(dial)
    }

    /// Takes the dial of a flow, if the real host has connected, for its connection; [`Dials::forget`] ends that.
    pub(super) fn take_answered(&mut self, flow: &Flow) -> Option<(usize, Dial)> {
        let token = self.token(flow)?;
        let answered = self.by_token.get(&token).is_some_and(|dial| dial.waiting.is_none());
        answered.then(|| self.by_token.remove(&token)).flatten().map(|dial| (token, dial))
    }

    /// The connection of this flow is no more.
    pub(super) fn forget(&mut self, flow: &Flow) {
        self.by_flow.remove(flow);
    }

    /// A dial was answered: the guest has its time from now on.
    pub(super) fn answered(&mut self, token: usize, now: Instant) {
        self.deadlines.push_back((now + HANDSHAKE, token));
    }

    /// Until when the oldest answered dial may last.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.front().map(|(deadline, _)| *deadline)
    }

    /// Takes a dial whose guest did not finish its handshake in time.
    pub(super) fn take_expired(&mut self, now: Instant) -> Option<Dial> {
        while self.next_deadline().is_some_and(|deadline| deadline <= now) {
            let expired = self.deadlines.pop_front().and_then(|(_, token)| self.remove(token));
            if expired.is_some() {
                return expired;
            }
        }
        None
    }
}
