//! What else belongs to a link of IPv6, from a server that gives no addresses (RFC 8415 section 18.2.6): its resolvers, and
//! the domains to search names in.
//! Linux leaves it to programs such as dhcpcd.
//!
//! ```text
//!  a router says "other configuration" ── up to 1 s ──> Asking ── answer ──> Informed ── refresh time ──┐
//!                                                       ^   └ 1 s, 2 s ... 1 h, for ever                │
//!                                                       └───────────────────────────────────────────────┘
//! ```
//!
//! Place in the walk: an advertisement's flags start it; UDP datagrams to port 546 that come by a device that asks go to
//! [`Inquiries::input`].
//!
//! Memory: one state and at most [`MAX_RESOLVERS`] addresses and
//! [`MAX_NAMES`](crate::wire::domain::MAX_NAMES) domains for each device.

mod inquiry;

pub use inquiry::Answer;

use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::time::Instant;
use crate::wire::ethernet::MacAddress;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use inquiry::Inquiry;

/// Most resolvers of one device that are kept in mind.
pub const MAX_RESOLVERS: usize = 8;

/// The questions of all devices.
#[derive(Debug, Default)]
pub struct Inquiries {
    devices: BTreeMap<DeviceIndex, Inquiry>,
}

impl Inquiries {
    /// A router of a device says that there is more to know; nothing changes if it is being asked for, or known.
    pub fn start(&mut self, device: DeviceIndex, station: MacAddress, now: Instant, random: &mut dyn Random) {
        self.devices.entry(device).or_insert_with(|| Inquiry::new(station, now, random));
    }

    /// A device has another station address, which it asks by from now on.
    pub fn set_station(&mut self, device: DeviceIndex, station: MacAddress) {
        self.devices.get_mut(&device).into_iter().for_each(|inquiry| inquiry.set_station(station));
    }

    /// Forgets what is known of a device whose link went down, and asks no more.
    pub fn forget(&mut self, device: DeviceIndex) {
        self.devices.remove(&device);
    }

    /// Whether a device asks, or knows.
    pub fn has(&self, device: DeviceIndex) -> bool {
        self.devices.contains_key(&device)
    }

    /// Takes in what a server of a device's link says; whether it answers a question of ours.
    pub fn input(
        &mut self,
        device: DeviceIndex,
        message: &[u8],
        now: Instant,
        random: &mut dyn Random,
    ) -> bool {
        self.devices.get_mut(&device).is_some_and(|inquiry| inquiry.input(message, now, random))
    }

    /// The questions that are due, to be sent to [`ALL_SERVERS`](crate::wire::dhcpv6::ALL_SERVERS).
    pub fn run(&mut self, now: Instant, random: &mut dyn Random) -> Vec<(DeviceIndex, Vec<u8>)> {
        let due =
            |(&device, inquiry): (&DeviceIndex, &mut Inquiry)| Some((device, inquiry.run(now, random)?));
        self.devices.iter_mut().filter_map(due).collect()
    }

    /// When [`Inquiries::run`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.devices.values().filter_map(Inquiry::next_deadline).min()
    }

    /// What servers said, by device.
    pub fn answers(&self) -> impl Iterator<Item = (DeviceIndex, &Answer)> {
        self.devices.iter().map(|(device, inquiry)| (*device, inquiry.answer()))
    }
}

#[cfg(test)]
mod tests;
