//! IPv4 addresses that hosts of a link without a server take for themselves (RFC 3927): each asks for one of
//! 169.254.0.0/16, and has it if nobody answers. Linux leaves it to programs such as dhcpcd and systemd-networkd.
//!
//! ```text
//!   start ─ up to 1 s ─> Probing ── 3 questions, 1 to 2 s apart, and 2 s of silence ──> Held
//!                         ^   │ somebody has it, or asks for it, too                     │ somebody says that it is
//!                         │   └─ the next address; after the tenth once a minute         │ his, twice within 10 s
//!                         └──────────────────────────────────────────────────────────────┘
//! ```
//!
//! Place in the walk: every ARP packet of a device that wants such an address is shown to [`Claimants::hear`]; what is
//! to be done is asked of [`Claimants::run`].
//!
//! Memory: one state for each device.

mod claimant;

pub use claimant::Action;

use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::time::Instant;
use crate::wire::arp::Packet;
use crate::wire::ethernet::MacAddress;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use claimant::Claimant;
use core::net::Ipv4Addr;

/// Bits of the network that such addresses are in.
pub const PREFIX_LEN: u8 = 16;

/// What all devices want.
#[derive(Debug, Default)]
pub struct Claimants {
    devices: BTreeMap<DeviceIndex, Claimant>,
}

impl Claimants {
    /// Whether a device wants an address, or has one.
    pub fn has(&self, device: DeviceIndex) -> bool {
        self.devices.get(&device).is_some_and(Claimant::is_running)
    }

    /// Whether a device has this address and defends it.
    pub fn holds(&self, device: DeviceIndex, address: Ipv4Addr) -> bool {
        self.devices.get(&device).is_some_and(|claimant| claimant.held() == Some(address))
    }

    /// Looks for an address for a device from `then` on; the station chooses which one is tried first.
    pub fn start(
        &mut self,
        device: DeviceIndex,
        station: MacAddress,
        then: Instant,
        random: &mut dyn Random,
    ) {
        self.devices.entry(device).or_insert_with(|| Claimant::new(station)).start(then, random);
    }

    /// Gives a device's address up, and looks for none.
    pub fn stop(&mut self, device: DeviceIndex) {
        self.devices.get_mut(&device).into_iter().for_each(Claimant::stop);
    }

    /// A device has another station address; the one that it took is its own all the same.
    pub fn set_station(&mut self, device: DeviceIndex, station: MacAddress) {
        self.devices.get_mut(&device).into_iter().for_each(|claimant| claimant.set_station(station));
    }

    /// Forgets a device that is gone.
    pub fn forget(&mut self, device: DeviceIndex) {
        self.devices.remove(&device);
    }

    /// The link of a device is back: on it, somebody else may have the address. RFC 3927 section 2.2.
    pub fn link_is_back(&mut self, device: DeviceIndex, now: Instant, random: &mut dyn Random) {
        if let Some(claimant) = self.devices.get_mut(&device).filter(|claimant| claimant.is_running()) {
            claimant.stop();
            claimant.start(now, random);
        }
    }

    /// Hears what another station of a device's link says, or asks.
    pub fn hear(&mut self, device: DeviceIndex, message: &Packet, now: Instant, random: &mut dyn Random) {
        if let Some(claimant) = self.devices.get_mut(&device) {
            claimant.hear(message, now, random);
        }
    }

    /// Does what time demands, and answers what is to be done.
    pub fn run(&mut self, now: Instant, random: &mut dyn Random) -> Vec<(DeviceIndex, Action)> {
        let mut actions = Vec::new();
        for (&device, claimant) in &mut self.devices {
            claimant.run(now, random);
            actions.extend(claimant.take_actions().into_iter().map(|action| (device, action)));
        }
        actions
    }

    /// When [`Claimants::run`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.devices.values().filter_map(Claimant::next_deadline).min()
    }
}

#[cfg(test)]
mod tests;
