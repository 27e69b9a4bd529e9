//! What the component remembers between two calls, and everything it decides: the core stack, the states of
//! the sockets, the pollables and who waits for them.
//!
//! Nothing here calls an import, so it all runs natively in tests. The files around (`sockets`, `io`,
//! `reactor`) translate WIT calls into calls of [`State`], and [`Notices`] into imports.

mod changes;
mod family;
mod names;
mod options;
mod packets;
mod plain;
mod pollables;
mod raw;
mod streams;
mod tcp;
mod tcp_state;
#[cfg(test)]
mod tests;
mod udp;

pub(crate) use family::Family;
pub(crate) use options::{InForce, whole_millis, whole_seconds};
pub(crate) use pollables::{PollableHandle, Source};
pub(crate) use streams::StreamError;
pub(crate) use udp::MAX_BATCH;

use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use hashbrown::HashMap;
use pollables::Pollable;
use stack_core::arena::Arena;
use stack_core::stack::{SocketHandle, Stack};
use stack_core::tcp::{StateChange, TcpHandle};
use stack_core::time::Instant;
use stack_core::udp::UdpHandle;
use tcp::Socket;

/// The state of the instance.
pub(crate) struct State {
    pub(crate) stack: Stack,
    configured: bool,
    sockets: HashMap<TcpHandle, Socket>,
    /// Raw, ping and packet sockets and those who are told of changes, each with its armed pollables.
    plain: HashMap<SocketHandle, Vec<PollableHandle>>,
    udps: HashMap<UdpHandle, udp::Socket>,
    pollables: Arena<Pollable>,
    /// The armed pollables of the clock.
    timers: BTreeSet<(Instant, PollableHandle)>,
    last_token: u64,
    /// Tokens to be told when the call ends.
    fired: Vec<u64>,
    /// The deadline that the host knows of.
    told: Option<Instant>,
}

/// What the host is to be told at the end of a call (interface `notify`).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notices {
    /// For `ready`, each once.
    pub(crate) ready: Vec<u64>,
    /// For `wake-at`.
    pub(crate) wake_at: Option<Instant>,
    /// For `log`: what the stack has to say to people.
    pub(crate) log: VecDeque<String>,
    /// For `log`: trace events that are on.
    pub(crate) trace: Vec<StateChange>,
}

/// The answer of a step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) next_deadline: Option<Instant>,
    pub(crate) more: bool,
}

impl State {
    /// A state around a stack that knows no device but loopback.
    pub(crate) fn new(stack: Stack) -> Self {
        State {
            stack,
            configured: false,
            sockets: HashMap::new(),
            plain: HashMap::new(),
            udps: HashMap::new(),
            pollables: Arena::new(),
            timers: BTreeSet::new(),
            last_token: 0,
            fired: Vec::new(),
            told: None,
        }
    }

    /// Whether a configured stack may still be put in: there was none, and no socket exists.
    pub(crate) fn is_fresh(&self) -> bool {
        !self.configured && self.sockets.is_empty() && self.udps.is_empty() && self.plain.is_empty()
    }

    /// Puts a configured stack in the place of the fresh one.
    pub(crate) fn install(&mut self, stack: Stack) {
        self.stack = stack;
        self.configured = true;
    }

    /// Softirq context: device events and due timers, at most `budget` frames.
    pub(crate) fn step(&mut self, now: Instant, budget: usize) -> Step {
        let more = self.stack.poll(now, budget);
        self.wake_due(now);
        self.told = self.next_deadline();
        Step { next_deadline: self.told, more }
    }

    /// Ends a call: finds out who became ready, and whether the host has to step earlier than it thinks.
    pub(crate) fn leave(&mut self, now: Instant) -> Notices {
        self.wake_due(now);
        let wake_at = self.next_deadline().filter(|deadline| self.told.is_none_or(|told| *deadline < told));
        if wake_at.is_some() {
            self.told = wake_at;
        }
        let trace = self.stack.tcp_take_state_changes();
        let log = self.stack.take_log();
        Notices { ready: core::mem::take(&mut self.fired), wake_at, log, trace }
    }

    /// When there is something to do: for the core, or for a pollable of the clock.
    fn next_deadline(&self) -> Option<Instant> {
        let timer = self.timers.first().map(|&(deadline, _)| deadline);
        [self.stack.next_deadline(), timer].into_iter().flatten().min()
    }

    /// Fires the pollables of all sockets that the core names, and those whose time has come.
    fn wake_due(&mut self, now: Instant) {
        for handle in self.stack.take_wakeups() {
            self.wake(handle);
        }
        self.wake_timers(now);
    }
}
