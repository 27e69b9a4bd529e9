//! Flows of datagrams or echoes, each of which ends when it was silent for long.

use stack_core::time::Instant;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

/// How often silent flows are looked for.
pub(super) const SWEEP: Duration = Duration::from_secs(1);

/// Both ends of what the guest began, as the guest sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Flow {
    /// The guest's own end; of echoes the port is their identifier.
    pub(super) guest: SocketAddr,
    /// Whom it talks to; of echoes the port is 0.
    pub(super) remote: SocketAddr,
}

/// A flow, and what is at its far end.
#[derive(Debug)]
pub(super) struct Exchange<F> {
    pub(super) flow: Flow,
    pub(super) far: F,
    pub(super) answered: bool,
    /// When something passed last.
    pub(super) last: Instant,
}

/// All of one kind.
#[derive(Debug)]
pub(super) struct Flows<F> {
    by_token: HashMap<usize, Exchange<F>>,
    by_flow: HashMap<Flow, usize>,
    /// How long one may be silent that had no answer, and one that had.
    patience: (Duration, Duration),
    swept: Instant,
}

impl<F> Flows<F> {
    /// None yet. One may be silent for `unanswered`, or for `answered` when it had an answer.
    pub(super) fn new(unanswered: Duration, answered: Duration) -> Self {
        let patience = (unanswered, answered);
        Flows { by_token: HashMap::new(), by_flow: HashMap::new(), patience, swept: Instant::ZERO }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_token.len()
    }

    pub(super) fn get_mut(&mut self, token: usize) -> Option<&mut Exchange<F>> {
        self.by_token.get_mut(&token)
    }

    pub(super) fn token(&self, flow: &Flow) -> Option<usize> {
        self.by_flow.get(flow).copied()
    }

    pub(super) fn insert(&mut self, token: usize, exchange: Exchange<F>) {
        self.by_flow.insert(exchange.flow, token);
        self.by_token.insert(token, exchange);
    }

    pub(super) fn remove(&mut self, token: usize) -> Option<Exchange<F>> {
        let exchange = self.by_token.remove(&token)?;
        self.by_flow.remove(&exchange.flow);
        Some(exchange)
    }

    /// The one that has been silent longest.
    pub(super) fn most_silent(&self) -> Option<usize> {
        self.by_token.iter().min_by_key(|(_, exchange)| exchange.last).map(|(token, _)| *token)
    }

    /// When silent ones are looked for again.
    pub(super) fn next_sweep(&self) -> Instant {
        self.swept + SWEEP
    }

    /// Those that have been silent too long.
    pub(super) fn silent(&mut self, now: Instant) -> Vec<usize> {
        self.swept = now;
        let (unanswered, answered) = self.patience;
        let silent = |exchange: &Exchange<F>| {
            exchange.last + if exchange.answered { answered } else { unanswered } <= now
        };
        self.by_token.iter().filter(|(_, exchange)| silent(exchange)).map(|(token, _)| *token).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    fn exchange(port: u16, answered: bool, last: u64) -> Exchange<()> {
        let (guest, remote) = (([10, 0, 2, 15], port).into(), ([192, 0, 2, 1], 53).into());
        Exchange { flow: Flow { guest, remote }, far: (), answered, last: seconds(last) }
    }

    #[test]
    fn silence_ends_a_flow_later_if_it_was_answered() {
        let mut flows = Flows::new(Duration::from_secs(30), Duration::from_secs(120));
        flows.insert(1, exchange(1, false, 0));
        flows.insert(2, exchange(2, true, 0));
        flows.insert(3, exchange(3, false, 1));
        assert_eq!(flows.next_sweep(), seconds(1));
        assert!(flows.silent(seconds(29)).is_empty());
        assert_eq!(flows.next_sweep(), seconds(30));
        assert_eq!(flows.silent(seconds(30)), [1]);
        let flow = flows.remove(1).unwrap().flow;
        assert_eq!((flows.token(&flow), flows.len()), (None, 2));
        assert_eq!(flows.most_silent(), Some(2));
        flows.get_mut(3).unwrap().last = seconds(100);
        assert!(flows.silent(seconds(119)).is_empty());
        assert_eq!(flows.silent(seconds(120)), [2]);
        assert_eq!(flows.token(&exchange(3, false, 0).flow), Some(3));
    }
}
