//! UDP flows between the guest and the outside.
//!
//! For every remote that the guest talks to a socket of the gateway's stack is bound to the remote's address; for every flow
//! through it there is a socket of the real host, or a client of a published port.

use super::flows::{Exchange, Flow, Flows, SWEEP};
use super::resolvers::{Asked, Question};
use super::stands::Stands;
use mio::net::UdpSocket;
use stack_core::time::Instant;
use stack_core::udp::UdpHandle;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// Most flows at once; one more takes the place of the one that has been silent longest.
const MAX_FLOWS: usize = 4096;

/// Most remotes at once, flows' and those whose first datagram is on its way through the stack; those of more are lost.
const MAX_STANDS: usize = 2 * MAX_FLOWS;

/// How long a flow may be silent that had no answer. Linux: `nf_conntrack_udp_timeout`.
const UNANSWERED: Duration = Duration::from_secs(30);

/// How long one that had an answer may be. Linux: `nf_conntrack_udp_timeout_stream`.
const ANSWERED: Duration = Duration::from_secs(120);

/// The far end of a flow.
#[derive(Debug)]
pub(super) enum Far {
    /// A socket that is connected to whom the guest talks to.
    Socket(UdpSocket),
    /// A question to the name servers of the real host.
    Resolver(Question),
    /// A client of the published port with this number.
    Client(usize, SocketAddr),
}

/// All of them.
#[derive(Debug)]
pub(super) struct Datagrams {
    flows: Flows<Far>,
    by_client: HashMap<(usize, SocketAddr), usize>,
    pub(super) stands: Stands<UdpHandle>,
    /// Until when answers are waited for, the oldest first: of which question, and of whom.
    questions: VecDeque<(Instant, usize, Asked)>,
}

impl Default for Datagrams {
    fn default() -> Self {
        let flows = Flows::new(UNANSWERED, ANSWERED);
        let (by_client, stands, questions) = (HashMap::new(), Stands::default(), VecDeque::new());
        Datagrams { flows, by_client, stands, questions }
    }
}

impl Datagrams {
    /// Whether one more flow is one too many.
    pub(super) fn is_full(&self) -> bool {
        self.flows.len() >= MAX_FLOWS
    }

    /// Whether one more remote is.
    pub(super) fn has_all_remotes(&self) -> bool {
        self.stands.len() >= MAX_STANDS
    }

    pub(super) fn get_mut(&mut self, token: usize) -> Option<&mut Exchange<Far>> {
        self.flows.get_mut(token)
    }

    pub(super) fn token(&self, flow: &Flow) -> Option<usize> {
        self.flows.token(flow)
    }

    /// The flow of a published port's client.
    pub(super) fn token_of_client(&self, listener: usize, client: SocketAddr) -> Option<usize> {
        self.by_client.get(&(listener, client)).copied()
    }

    /// Adds a flow by a remote's socket, which there must be.
    pub(super) fn insert(&mut self, token: usize, exchange: Exchange<Far>) {
        self.stands.join(exchange.flow.remote);
        if let Far::Client(listener, client) = exchange.far {
            self.by_client.insert((listener, client), token);
        }
        self.flows.insert(token, exchange);
    }

    /// Takes the socket that stands for `remote` out, if no flow needs it.
    pub(super) fn take_unused(&mut self, remote: SocketAddr) -> Option<UdpHandle> {
        self.stands.take_unused(remote)
    }

    /// Takes a flow out.
    pub(super) fn remove(&mut self, token: usize) -> Option<Exchange<Far>> {
        let exchange = self.flows.remove(token)?;
        if let Far::Client(listener, client) = exchange.far {
            self.by_client.remove(&(listener, client));
        }
        self.stands.leave(exchange.flow.remote);
        Some(exchange)
    }

    /// The flow that has been silent longest.
    pub(super) fn most_silent(&self) -> Option<usize> {
        self.flows.most_silent()
    }

    /// When silent flows are looked for again; none while there is nothing.
    pub(super) fn next_sweep(&self) -> Option<Instant> {
        (self.stands.len() > 0).then(|| self.flows.next_sweep())
    }

    /// When there is something to be done next.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let overdue = self.questions.front().map(|(deadline, ..)| *deadline);
        self.next_sweep().into_iter().chain(overdue).min()
    }

    /// The question of the flow with this token was put to somebody, who is to answer by `deadline`; deadlines only grow.
    pub(super) fn expect_answer(&mut self, deadline: Instant, token: usize, asked: Asked) {
        self.questions.push_back((deadline, token, asked));
    }

    /// Takes a question whose answer should have come by now, with who was asked.
    pub(super) fn take_overdue(&mut self, now: Instant) -> Option<(usize, Asked)> {
        let (.., token, asked) = self.questions.pop_front_if(|(deadline, ..)| *deadline <= now)?;
        Some((token, asked))
    }

    /// The flows that have been silent too long.
    pub(super) fn silent(&mut self, now: Instant) -> Vec<usize> {
        self.flows.silent(now)
    }

    /// Takes the sockets out that no flow needs, with what they were bound to; a new one has its time.
    pub(super) fn take_idle(&mut self, now: Instant) -> Vec<(SocketAddr, UdpHandle)> {
        self.stands.take_idle(now, SWEEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stack_core::Stack;
    use stack_core::random::SeededRandom;

    #[test]
    fn one_more_than_the_most_costs_one() {
        let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
        let mut datagrams = Datagrams::default();
        for number in 0..MAX_FLOWS + 1000 {
            let remote = SocketAddr::from(([192, 0, 2, 1], number as u16));
            // Its first datagram is let in, and then it has a flow.
            datagrams.stands.insert(remote, stack.udp_open().unwrap(), Instant::ZERO);
            if datagrams.is_full() {
                let oldest = datagrams.most_silent().and_then(|token| datagrams.remove(token)).unwrap();
                assert_eq!(usize::from(oldest.flow.remote.port()), number - MAX_FLOWS);
                assert!(datagrams.take_unused(oldest.flow.remote).is_some());
            }
            let flow = Flow { guest: ([10, 0, 2, 15], 9).into(), remote };
            let last = Instant::from_millis(number as u64);
            let far = Far::Client(0, remote);
            datagrams.insert(number, Exchange { flow, far, answered: true, last });
        }
        assert_eq!((datagrams.flows.len(), datagrams.stands.len()), (MAX_FLOWS, MAX_FLOWS));
    }
}
