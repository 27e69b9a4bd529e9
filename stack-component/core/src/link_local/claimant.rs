//! One device's claim.

use crate::random::{Random, SeededRandom};
use crate::time::{Duration, Instant};
use crate::wire::arp::Packet;
use crate::wire::ethernet::MacAddress;
use alloc::collections::VecDeque;
use core::net::Ipv4Addr;

/// The numbers of RFC 3927 section 9, under its names.
const PROBE_WAIT_MILLIS: u32 = 1000;
const PROBE_NUM: u32 = 3;
const PROBE_MIN: Duration = Duration::from_secs(1);
const PROBE_SPREAD_MILLIS: u32 = 1000;
const ANNOUNCE_WAIT: Duration = Duration::from_secs(2);
const ANNOUNCE_INTERVAL: Duration = Duration::from_secs(2);
const MAX_CONFLICTS: u32 = 10;
const RATE_LIMIT_INTERVAL: Duration = Duration::from_secs(60);
pub(super) const DEFEND_INTERVAL: Duration = Duration::from_secs(10);

/// The first address that may be taken, and how many: the first and the last 256 are kept back (RFC 3927 section 2.1).
const FIRST: u32 = 0xa9fe_0100;
const COUNT: u32 = 0xfe00;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask everybody who has this address, as one who has none.
    Probe(Ipv4Addr),
    /// Tell everybody that it is ours.
    Announce(Ipv4Addr),
    /// Use it from now on.
    Take(Ipv4Addr),
    /// Use it no more.
    Leave(Ipv4Addr),
}

/// Where the claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Stopped,
    /// So many questions were asked.
    Probing(u32),
    Held,
}

/// A claim.
#[derive(Clone, Debug)]
pub(super) struct Claimant {
    station: MacAddress,
    /// The same station tries the same addresses after each start, and stations try different ones; nobody is to be
    /// kept from guessing them.
    candidates: SeededRandom,
    address: Ipv4Addr,
    state: State,
    conflicts: u32,
    defended: Option<Instant>,
    deadline: Option<Instant>,
    actions: VecDeque<Action>,
}

impl Claimant {
    pub(super) fn new(station: MacAddress) -> Self {
        let seed = station.0.iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        let mut claimant = Claimant {
            station,
            candidates: SeededRandom::new(seed),
            address: Ipv4Addr::UNSPECIFIED,
            state: State::Stopped,
            conflicts: 0,
            defended: None,
            deadline: None,
            actions: VecDeque::new(),
        };
        claimant.choose();
        claimant
    }

    fn choose(&mut self) {
        self.address = Ipv4Addr::from_bits(FIRST + self.candidates.below(COUNT));
    }

    pub(super) fn set_station(&mut self, station: MacAddress) {
        self.station = station;
    }

    pub(super) fn is_running(&self) -> bool {
        self.state != State::Stopped
    }

    pub(super) fn held(&self) -> Option<Ipv4Addr> {
        (self.state == State::Held).then_some(self.address)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) fn take_actions(&mut self) -> VecDeque<Action> {
        core::mem::take(&mut self.actions)
    }

    /// Begins at `then`, or a little later: stations that were turned on together do not ask together.
    pub(super) fn start(&mut self, then: Instant, random: &mut dyn Random) {
        let delay = Duration::from_millis(random.below(PROBE_WAIT_MILLIS).into());
        (self.state, self.deadline) = (State::Probing(0), Some(then + delay));
    }

    pub(super) fn stop(&mut self) {
        self.actions.extend(self.held().map(Action::Leave));
        (self.state, self.deadline, self.defended) = (State::Stopped, None, None);
    }

    /// Does what time demands.
    pub(super) fn run(&mut self, now: Instant, random: &mut dyn Random) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        match self.state {
            State::Stopped => self.deadline = None,
            State::Probing(asked) if asked < PROBE_NUM => {
                self.actions.push_back(Action::Probe(self.address));
                self.state = State::Probing(asked + 1);
                let spread = Duration::from_millis(random.below(PROBE_SPREAD_MILLIS + 1).into());
                let wait = if asked + 1 < PROBE_NUM { PROBE_MIN + spread } else { ANNOUNCE_WAIT };
                self.deadline = Some(now + wait);
            }
            State::Probing(_) => {
                // Who takes an address announces it, and once more after a while.
                self.actions.push_back(Action::Take(self.address));
                (self.state, self.conflicts) = (State::Held, 0);
                self.deadline = Some(now + ANNOUNCE_INTERVAL);
            }
            State::Held => {
                self.actions.push_back(Action::Announce(self.address));
                self.deadline = None;
            }
        }
    }

    /// Hears another station: RFC 3927 sections 2.2.1 and 2.5.
    pub(super) fn hear(&mut self, message: &Packet, now: Instant, random: &mut dyn Random) {
        if message.sender_mac == self.station {
            return;
        }
        let says_so = message.sender == self.address;
        let asks_too = message.sender.is_unspecified() && message.target == self.address;
        match self.state {
            State::Probing(_) if says_so || asks_too => self.yield_to_other(now, random),
            State::Held if says_so => {
                if self.defended.is_some_and(|last| now.since(last) < DEFEND_INTERVAL) {
                    // It means it, and who goes on for ever helps nobody.
                    self.actions.push_back(Action::Leave(self.address));
                    self.yield_to_other(now, random);
                } else {
                    self.defended = Some(now);
                    self.actions.push_back(Action::Announce(self.address));
                }
            }
            _ => {}
        }
    }

    /// Tries another address, after many with patience.
    fn yield_to_other(&mut self, now: Instant, random: &mut dyn Random) {
        self.conflicts = self.conflicts.saturating_add(1);
        self.defended = None;
        self.choose();
        let patience = if self.conflicts >= MAX_CONFLICTS { RATE_LIMIT_INTERVAL } else { Duration::ZERO };
        self.start(now + patience, random);
    }
}
