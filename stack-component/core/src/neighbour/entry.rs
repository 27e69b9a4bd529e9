//! One neighbour in the table, and what waits for it.

use super::state::{Nud, State};
use crate::netfilter::EgressChecked;
use crate::packet::{DeviceIndex, Packet};
use crate::time::{Duration, Instant};
use crate::wire::ethernet::MacAddress;
use alloc::collections::VecDeque;
use core::net::IpAddr;

/// Which neighbour: an address on the link of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The device whose link it is on.
    pub device: DeviceIndex,
    /// Its address.
    pub address: IpAddr,
}

/// A neighbour as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Who.
    pub key: Key,
    /// How much is known.
    pub state: State,
    /// Its station, if it is known.
    pub mac: Option<MacAddress>,
    /// Whether it is a router. Linux: `NTF_ROUTER`.
    pub router: bool,
    /// Somebody else learnt of it, who forgets it, too. Linux: `NTF_EXT_LEARNED`.
    pub extern_learn: bool,
    /// Who told of it, by the number of who makes routes. Linux: `NDA_PROTOCOL`.
    pub protocol: u8,
    /// Questions without an answer.
    pub probes: u32,
    /// How long ago it was used, showed that it lives, and changed.
    pub ages: [Duration; 3],
}

/// One neighbour. Linux: `struct neighbour`.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) nud: Nud,
    /// Its station, if the state says that it is known; else the last one known.
    pub(super) mac: MacAddress,
    /// Whether it said that it is a router (IPv6). Linux: `NTF_ROUTER`.
    pub(super) router: bool,
    /// Whether somebody else learnt of it. Linux: `NTF_EXT_LEARNED`.
    pub(super) extern_learn: bool,
    /// Who told of it. Linux: `protocol`.
    pub(super) protocol: u8,
    /// Whether it is a router that did not answer when it was last asked.
    pub(super) lost: bool,
    /// The earliest of the timers in the wheel that are for this neighbour.
    pub(super) armed: Option<Instant>,
    /// State, station and whether it is a router, when it was last looked whether they are news.
    known: (State, MacAddress, bool),
    waiting: VecDeque<EgressChecked>,
    waiting_bytes: usize,
}

impl Entry {
    pub(super) fn new(now: Instant, key: Key) -> Self {
        let waiting = VecDeque::new();
        let (mac, router, lost, armed) = (MacAddress::default(), false, false, None);
        let nud = Nud::new(now);
        let known = (nud.state(), mac, router);
        let (extern_learn, protocol) = (false, 0);
        Entry { key, nud, mac, router, extern_learn, protocol, lost, armed, known, waiting, waiting_bytes: 0 }
    }

    pub(super) fn state(&self) -> State {
        self.nud.state()
    }

    /// As it is shown.
    pub(super) fn listed(&self, now: Instant) -> Listed {
        let state = self.state();
        let (probes, ages) = self.nud.ages(now);
        let mac = state.is_valid().then_some(self.mac);
        let Entry { key, router, extern_learn, protocol, .. } = *self;
        Listed { key, state, mac, router, extern_learn, protocol, probes, ages }
    }

    /// Whether any of these changed since the last time, so that others want to know: nobody does that it is
    /// asked for, or soon will be. Linux: `notify` in `__neigh_update` and `neigh_timer_handler`.
    pub(super) fn is_news(&mut self) -> bool {
        let known = (self.state(), self.mac, self.router);
        let changed = core::mem::replace(&mut self.known, known) != known;
        changed && !matches!(known.0, State::Incomplete | State::Delay)
    }

    /// Adds a packet to those that wait. Linux: `arp_queue`.
    pub(super) fn wait(&mut self, packet: EgressChecked) {
        self.waiting_bytes += packet.packet().memory();
        self.waiting.push_back(packet);
    }

    /// The oldest packet that waits.
    pub(super) fn first_waiting(&self) -> Option<&Packet> {
        self.waiting.front().map(EgressChecked::packet)
    }

    /// Takes the oldest packet, if more wait than `packets` or `bytes` of memory.
    pub(super) fn take_surplus(&mut self, packets: usize, bytes: usize) -> Option<EgressChecked> {
        let surplus = self.waiting.len() > packets || self.waiting_bytes > bytes;
        if surplus { self.take_waiting() } else { None }
    }

    /// Takes the oldest packet that waits.
    pub(super) fn take_waiting(&mut self) -> Option<EgressChecked> {
        let packet = self.waiting.pop_front()?;
        self.waiting_bytes = self.waiting_bytes.saturating_sub(packet.packet().memory());
        Some(packet)
    }
}
