//! One neighbour in the table, and what waits for it.

use super::state::{Nud, State};
use crate::netfilter::EgressChecked;
use crate::packet::{DeviceIndex, Packet};
use crate::time::Instant;
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

/// One neighbour. Linux: `struct neighbour`.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) nud: Nud,
    /// Its station, if the state says that it is known; else the last one known.
    pub(super) mac: MacAddress,
    /// Whether it said that it is a router (IPv6). Linux: `NTF_ROUTER`.
    pub(super) router: bool,
    /// Whether it is a router that did not answer when it was last asked.
    pub(super) lost: bool,
    /// The earliest of the timers in the wheel that are for this neighbour.
    pub(super) armed: Option<Instant>,
    waiting: VecDeque<EgressChecked>,
    waiting_bytes: usize,
}

impl Entry {
    pub(super) fn new(now: Instant, key: Key) -> Self {
        let waiting = VecDeque::new();
        let (mac, router, lost, armed) = (MacAddress::default(), false, false, None);
        Entry { key, nud: Nud::new(now), mac, router, lost, armed, waiting, waiting_bytes: 0 }
    }

    pub(super) fn state(&self) -> State {
        self.nud.state()
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
