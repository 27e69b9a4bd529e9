//! One device's client: the states of RFC 2131 figure 5.

use super::lease::{Lease, Times};
use super::timing;
use super::{Action, Change, Output};
use crate::random::Random;
use crate::time::{Duration, Instant};
use crate::wire::dhcp::{Fields, Message, Sender, Type, option};
use crate::wire::ethernet::MacAddress;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// How often an offer is asked for, or the address of last time, before all begins anew.
const MAX_REQUESTS: u32 = 4;
const MAX_REBOOTS: u32 = 2;

/// How often everybody is asked who has the address, and how long an answer may take.
const PROBES: u32 = 2;
const PROBE_WAIT: Duration = Duration::from_millis(500);

/// How long nothing is tried after an address was found in use (RFC 2131 section 3.1).
const DECLINE_WAIT: Duration = Duration::from_secs(10);

/// The largest message that is taken, in bytes.
const MAX_SIZE: u16 = 1500;

/// What is asked for.
const PARAMETERS: [u8; 10] = [
    option::SUBNET_MASK,
    // Before the gateways: servers that must leave something out keep it (RFC 3442).
    option::CLASSLESS_ROUTES,
    option::ROUTERS,
    option::NAME_SERVERS,
    option::DOMAIN_NAME,
    option::DOMAIN_SEARCH,
    option::MTU,
    option::LEASE_TIME,
    option::RENEWAL_TIME,
    option::REBINDING_TIME,
];

/// Where the client stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Stopped,
    /// Nothing is done until the deadline; then all begins anew.
    Waiting,
    Selecting,
    Requesting(Lease),
    Rebooting(Ipv4Addr),
    Checking(Lease, Times),
    Bound,
    Renewing,
    Rebinding,
}

/// What is in use, and until when.
#[derive(Clone, Debug)]
struct Held {
    lease: Lease,
    rebind: Instant,
    end: Instant,
    /// The same, and none of a lease that does not end.
    ends: Option<Instant>,
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    mac: MacAddress,
    state: State,
    held: Option<Held>,
    transaction: u32,
    /// When it began to look for an address.
    started: Instant,
    /// Questions asked in this state.
    attempts: u32,
    refusals: u32,
    deadline: Option<Instant>,
    actions: VecDeque<Action>,
}

impl Client {
    /// A client for the device with this station address, which does nothing yet.
    pub fn new(mac: MacAddress) -> Self {
        Client {
            mac,
            state: State::Stopped,
            held: None,
            transaction: 0,
            started: Instant::ZERO,
            attempts: 0,
            refusals: 0,
            deadline: None,
            actions: VecDeque::new(),
        }
    }

    /// The device has another station address: from now on the client speaks for that one.
    pub fn set_station(&mut self, mac: MacAddress) {
        self.mac = mac;
    }

    /// Whether it was started and not stopped.
    pub fn is_running(&self) -> bool {
        self.state != State::Stopped
    }

    /// What is in use.
    pub fn lease(&self) -> Option<&Lease> {
        self.held.as_ref().map(|held| &held.lease)
    }

    /// Until when that is granted; none: for ever, or nothing is.
    pub fn granted_until(&self) -> Option<Instant> {
        self.held.as_ref().and_then(|held| held.ends)
    }

    /// When it began to look for an address, or for more time.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// When [`Client::run`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The next thing to be done.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Begins, or begins anew when the link is back: an address that is held is asked for again first (INIT-REBOOT).
    pub fn start(&mut self, now: Instant, random: &mut dyn Random) {
        self.started = now;
        let held = self.held.as_ref().filter(|held| now < held.end).map(|held| held.lease.address);
        self.transaction = random.next_u32();
        self.enter(held.map_or(State::Selecting, State::Rebooting), now, random);
    }

    /// Gives the address back and does nothing more.
    pub fn stop(&mut self, now: Instant) {
        if let Some(held) = self.held.take() {
            let server = held.lease.server.octets();
            let release =
                self.message(now, Type::RELEASE, held.lease.address, false, &[(option::SERVER_ID, &server)]);
            self.send(release, held.lease.address, held.lease.server);
            self.change(Change::Unbind(held.lease));
        }
        (self.state, self.deadline) = (State::Stopped, None);
    }

    /// Does what time demands.
    pub fn run(&mut self, now: Instant, random: &mut dyn Random) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        match self.state.clone() {
            State::Stopped => self.deadline = None,
            State::Waiting => self.restart(now, random),
            State::Requesting(_) if self.attempts >= MAX_REQUESTS => self.restart(now, random),
            State::Rebooting(_) if self.attempts >= MAX_REBOOTS => {
                self.unbind();
                self.restart(now, random);
            }
            State::Checking(lease, times) if self.attempts >= PROBES => self.bind(lease, times, now),
            State::Bound => self.enter(State::Renewing, now, random),
            State::Renewing | State::Rebinding => self.ask_for_more(now, random),
            _ => self.ask(now, random),
        }
    }

    /// More time is asked of the server until T2, then of all until the end.
    fn ask_for_more(&mut self, now: Instant, random: &mut dyn Random) {
        let Some((rebind, end)) = self.held.as_ref().map(|held| (held.rebind, held.end)) else {
            return self.restart(now, random);
        };
        if now >= end {
            self.unbind();
            self.restart(now, random);
        } else if now >= rebind && self.state == State::Renewing {
            self.enter(State::Rebinding, now, random);
        } else {
            self.ask(now, random);
        }
    }

    /// All begins anew.
    fn restart(&mut self, now: Instant, random: &mut dyn Random) {
        self.transaction = random.next_u32();
        self.enter(State::Selecting, now, random);
    }

    fn wait(&mut self, until: Instant) {
        (self.state, self.deadline) = (State::Waiting, Some(until));
    }

    fn enter(&mut self, state: State, now: Instant, random: &mut dyn Random) {
        if matches!(state, State::Renewing | State::Rebinding) {
            (self.transaction, self.started) = (random.next_u32(), now);
        }
        (self.state, self.attempts) = (state, 0);
        self.ask(now, random);
    }

    /// Asks the question of the state, and says when it is asked again.
    fn ask(&mut self, now: Instant, random: &mut dyn Random) {
        let attempt = self.attempts;
        self.attempts = self.attempts.saturating_add(1);
        let again = now + timing::retransmission(attempt, random);
        self.deadline = Some(again);
        match self.state.clone() {
            State::Stopped | State::Waiting | State::Bound => self.deadline = None,
            State::Selecting => {
                let discover = self.message(now, Type::DISCOVER, Ipv4Addr::UNSPECIFIED, true, &[]);
                self.send(discover, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
            }
            State::Requesting(offer) => {
                let (address, server) = (offer.address.octets(), offer.server.octets());
                let options: &[(u8, &[u8])] =
                    &[(option::REQUESTED_ADDRESS, &address), (option::SERVER_ID, &server)];
                let request = self.message(now, Type::REQUEST, Ipv4Addr::UNSPECIFIED, true, options);
                self.send(request, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
            }
            State::Rebooting(address) => {
                let options: &[(u8, &[u8])] = &[(option::REQUESTED_ADDRESS, &address.octets())];
                let request = self.message(now, Type::REQUEST, Ipv4Addr::UNSPECIFIED, true, options);
                self.send(request, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
            }
            State::Checking(lease, _) => {
                let probe = Output::Probe(lease.address);
                self.actions.push_back(Action::Output(probe));
                self.deadline = Some(now + PROBE_WAIT);
            }
            State::Renewing => self.ask_to_keep(now, false),
            State::Rebinding => self.ask_to_keep(now, true),
        }
    }

    fn ask_to_keep(&mut self, now: Instant, anybody: bool) {
        let Some(held) = &self.held else { return };
        let (address, server) = (held.lease.address, held.lease.server);
        self.deadline = Some(timing::renewal(now, if anybody { held.end } else { held.rebind }));
        let request = self.message(now, Type::REQUEST, address, false, &[]);
        self.send(request, address, if anybody { Ipv4Addr::BROADCAST } else { server });
    }

    /// Takes in what a server says.
    pub fn input(&mut self, bytes: &[u8], now: Instant, random: &mut dyn Random) -> bool {
        let Ok(message) = Message::parse(bytes, Sender::Server) else { return false };
        let identifier = message.option(option::CLIENT_ID);
        // RFC 6842 section 3: who names a client means it.
        let another = !identifier.is_empty() && identifier != self.client_id();
        if message.transaction() != self.transaction || message.station() != self.mac.0 || another {
            return false;
        }
        match message.kind() {
            Some(Type::OFFER) if self.state == State::Selecting => {
                if let Some(offer) = Lease::read(&message) {
                    self.enter(State::Requesting(offer), now, random);
                }
            }
            Some(Type::ACK) => self.acknowledged(&message, now, random),
            Some(Type::NAK) => self.refused(&message, now),
            _ => {}
        }
        true
    }

    fn acknowledged(&mut self, message: &Message<'_>, now: Instant, random: &mut dyn Random) {
        let (Some(lease), Some(times)) = (Lease::read(message), Times::read(message)) else { return };
        match &self.state {
            State::Requesting(offer) if offer.server == lease.server && offer.address == lease.address => {
                self.enter(State::Checking(lease, times), now, random);
            }
            State::Rebooting(address) if *address == lease.address => self.bind(lease, times, now),
            State::Renewing | State::Rebinding
                if self.lease().is_some_and(|l| l.address == lease.address) =>
            {
                self.bind(lease, times, now);
            }
            _ => {}
        }
    }

    /// A server says no. While an offer is asked for, only the one that made it can.
    fn refused(&mut self, message: &Message<'_>, now: Instant) {
        let server = message.addresses(option::SERVER_ID, 1).first().copied();
        let heard = match &self.state {
            State::Requesting(offer) => server == Some(offer.server),
            State::Renewing => server == self.lease().map(|lease| lease.server),
            State::Rebooting(_) | State::Rebinding => true,
            _ => false,
        };
        if heard {
            self.unbind();
            self.wait(now + timing::after_refusal(self.refusals));
            self.refusals = self.refusals.saturating_add(1);
        }
    }

    /// Hears that a station has, or asks for, an address: one that is being checked is left to it.
    pub fn conflict(&mut self, address: Ipv4Addr, now: Instant) {
        let State::Checking(lease, _) = &self.state else { return };
        if lease.address != address {
            return;
        }
        let (address, server) = (lease.address.octets(), lease.server.octets());
        let options: &[(u8, &[u8])] = &[(option::REQUESTED_ADDRESS, &address), (option::SERVER_ID, &server)];
        let decline = self.message(now, Type::DECLINE, Ipv4Addr::UNSPECIFIED, false, options);
        self.send(decline, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
        self.wait(now + DECLINE_WAIT);
    }

    /// Uses a lease from now on; what it grants is told if it is news.
    fn bind(&mut self, lease: Lease, times: Times, now: Instant) {
        let is_news = matches!(self.state, State::Rebooting(_)) || self.lease() != Some(&lease);
        match self.held.take().map(|held| held.lease) {
            Some(_) if !is_news => {}
            // What others made of the address is not to go with it.
            Some(before) if (before.address, before.prefix_len) == (lease.address, lease.prefix_len) => {
                self.change(Change::Amend { before, lease: lease.clone() });
            }
            known => {
                known.into_iter().for_each(|known| self.change(Change::Unbind(known)));
                self.change(Change::Bind(lease.clone()));
            }
        }
        let (rebind, end) = (now + times.rebind, now + times.end);
        let ends = (times.end != Duration::MAX).then_some(end);
        self.change(Change::Until(lease.address, ends));
        self.held = Some(Held { lease, rebind, end, ends });
        (self.state, self.refusals) = (State::Bound, 0);
        self.deadline = Some(now + times.renew);
    }

    fn unbind(&mut self) {
        if let Some(held) = self.held.take() {
            self.change(Change::Unbind(held.lease));
        }
    }

    /// Who we are (RFC 4361 section 6.1): the interface's part and the station as the host's part, so that both are the
    /// same after each start.
    fn client_id(&self) -> Vec<u8> {
        const NODE_SPECIFIC: u8 = 255;
        const LINK_LAYER_OF_ETHERNET: [u8; 4] = [0, 3, 0, 1];
        let MacAddress(mac) = self.mac;
        let [_, _, interface @ ..] = mac;
        [&[NODE_SPECIFIC][..], &interface, &LINK_LAYER_OF_ETHERNET, &mac].concat()
    }

    /// A message with the options that it always has, and `options`.
    fn message(
        &self,
        now: Instant,
        kind: Type,
        client_address: Ipv4Addr,
        broadcast: bool,
        options: &[(u8, &[u8])],
    ) -> Vec<u8> {
        let (kind_bytes, identifier) = ([kind.0], self.client_id());
        let mut all: Vec<(u8, &[u8])> =
            [(option::MESSAGE_TYPE, &kind_bytes[..]), (option::CLIENT_ID, &identifier)].into();
        all.extend_from_slice(options);
        let max_size = MAX_SIZE.to_be_bytes();
        // RFC 2131 table 5: who gives an address back asks for nothing.
        if matches!(kind, Type::DISCOVER | Type::REQUEST) {
            all.push((option::MAX_SIZE, &max_size));
            all.push((option::PARAMETERS, &PARAMETERS));
        }
        let seconds = u16::try_from((now - self.started).as_secs()).unwrap_or(u16::MAX);
        let (transaction, station) = (self.transaction, self.mac.0);
        let (sender, your_address, options) = (Sender::Client, Ipv4Addr::UNSPECIFIED, &all);
        Fields { sender, transaction, seconds, broadcast, client_address, your_address, station, options }
            .emit()
    }

    fn send(&mut self, message: Vec<u8>, source: Ipv4Addr, destination: Ipv4Addr) {
        self.actions.push_back(Action::Output(Output::Send { message, source, destination }));
    }

    fn change(&mut self, change: Change) {
        self.actions.push_back(Action::Change(change));
    }
}
