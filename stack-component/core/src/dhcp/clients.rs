//! The clients of all devices.

use super::{Action, Change, Client, Lease, Output};
use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::time::Instant;
use crate::wire::ethernet::MacAddress;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// The clients by their devices, and what they want changed.
#[derive(Debug, Default)]
pub struct Clients {
    clients: BTreeMap<DeviceIndex, Client>,
    changes: VecDeque<(DeviceIndex, Change)>,
}

impl Clients {
    /// Starts a client for a device, or starts it anew.
    pub fn start(&mut self, device: DeviceIndex, mac: MacAddress, now: Instant, random: &mut dyn Random) {
        self.clients.entry(device).or_insert_with(|| Client::new(mac)).start(now, random);
    }

    /// Gives a device's address back.
    pub fn stop(&mut self, device: DeviceIndex, now: Instant) {
        if let Some(client) = self.clients.get_mut(&device) {
            client.stop(now);
        }
    }

    /// Forgets a device that is gone, without a word to its server.
    pub fn forget(&mut self, device: DeviceIndex) {
        self.clients.remove(&device);
        self.changes.retain(|(of, _)| *of != device);
    }

    /// A device has another station address.
    pub fn set_station(&mut self, device: DeviceIndex, mac: MacAddress) {
        self.clients.get_mut(&device).into_iter().for_each(|client| client.set_station(mac));
    }

    /// The link of a device is back: what was granted may belong to another network.
    pub fn link_is_back(&mut self, device: DeviceIndex, now: Instant, random: &mut dyn Random) {
        if let Some(client) = self.clients.get_mut(&device).filter(|client| client.is_running()) {
            client.start(now, random);
        }
    }

    /// Whether a device has a client, which then hears what comes to the clients' port.
    pub fn has(&self, device: DeviceIndex) -> bool {
        self.clients.get(&device).is_some_and(Client::is_running)
    }

    /// The devices that have a client.
    pub fn devices(&self) -> Vec<DeviceIndex> {
        self.clients.keys().copied().collect()
    }

    /// Since when a device waits for an address; none: it has one, or asks for none.
    pub fn waits_since(&self, device: DeviceIndex) -> Option<Instant> {
        let client = self.clients.get(&device).filter(|client| client.is_running())?;
        client.lease().is_none().then_some(client.started())
    }

    /// Takes in what a server says; whether it says it to the device's client.
    pub fn input(
        &mut self,
        device: DeviceIndex,
        message: &[u8],
        now: Instant,
        random: &mut dyn Random,
    ) -> bool {
        self.clients.get_mut(&device).is_some_and(|client| client.input(message, now, random))
    }

    /// Hears that a station has, or asks for, an address.
    pub fn conflict(&mut self, device: DeviceIndex, address: Ipv4Addr, now: Instant) {
        if let Some(client) = self.clients.get_mut(&device) {
            client.conflict(address, now);
        }
    }

    /// Does what time demands, and answers what is to be sent. Changes are kept for [`Clients::take_changes`].
    pub fn run(&mut self, now: Instant, random: &mut dyn Random) -> Vec<(DeviceIndex, Output)> {
        let mut outputs = Vec::new();
        for (&device, client) in &mut self.clients {
            client.run(now, random);
            while let Some(action) = client.poll_action() {
                match action {
                    Action::Change(change) => self.changes.push_back((device, change)),
                    Action::Output(output) => outputs.push((device, output)),
                }
            }
        }
        outputs
    }

    /// What the configuration of devices is to become, in this order.
    pub fn take_changes(&mut self) -> VecDeque<(DeviceIndex, Change)> {
        core::mem::take(&mut self.changes)
    }

    /// What is in use, by device.
    pub fn leases(&self) -> impl Iterator<Item = (DeviceIndex, &Lease)> {
        self.clients.iter().filter_map(|(&device, client)| Some((device, client.lease()?)))
    }

    /// The same, and until when each is granted; none: for ever.
    pub fn held(&self) -> impl Iterator<Item = (DeviceIndex, &Lease, Option<Instant>)> {
        let of = |(&device, client)| Some((device, Client::lease(client)?, client.granted_until()));
        self.clients.iter().filter_map(of)
    }

    /// When [`Clients::run`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.clients.values().filter_map(Client::next_deadline).min()
    }
}
