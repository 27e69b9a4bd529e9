//! How a stack gets IPv6 addresses, routes and parameters by itself (RFC 4862, RFC 4861 section 6.3, RFC 8981). Linux:
//! `net/ipv6/addrconf.c`, `ndisc_router_discovery`.
//!
//! Here are the rules as values: which address a prefix makes, when routers are asked, what an advertisement says.
//! The addresses themselves are with the interfaces ([`crate::device::Address`]), the routes with the routes; the
//! datapath brings them together.
//!
//! ```text
//!  link up ─ link-local address ─ tentative ─ 1 question, 1 s ─ ours ─ router solicitation ─ advertisement
//!                                      └─ somebody answers: taken                               │
//!            prefix route, address (tentative again), default route, hop limit, MTU, resolvers <┘
//! ```
//!
//! Memory: at most `max_addresses` (16) addresses of advertisements for each device, [`MAX_ROUTERS`] routers, and 64 routes to
//! networks.

pub mod advertisement;
pub mod identifier;
mod learnt_routes;
mod sha1;
mod solicitation;
mod told;

pub use learnt_routes::{LearntRoute, LearntRoutes};
pub use solicitation::Solicitation;
pub use told::{Told, ToldList};

use crate::neighbour::Key;
use crate::packet::DeviceIndex;
use crate::time::Instant;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

/// Most routers of one device that are kept in mind, most resolvers, and most domains to search.
pub const MAX_ROUTERS: usize = 16;

/// Most routers that are asked again after they did not answer.
const MAX_LOST: usize = 64;

/// What is known by itself of one device.
#[derive(Clone, Debug, Default)]
pub struct DeviceState {
    /// The questions for routers.
    pub solicitation: Solicitation,
    /// The routes that routers told of.
    pub learnt_routes: LearntRoutes,
    /// The resolvers that routers told of (RFC 8106 section 5.1).
    pub resolvers: ToldList<Ipv6Addr>,
    /// The domains to search that routers told of (RFC 8106 section 5.2).
    pub domains: ToldList<String>,
}

/// What is known by itself of all devices.
#[derive(Debug, Default)]
pub struct Autoconf {
    devices: BTreeMap<DeviceIndex, DeviceState>,
    /// Routers that did not answer, and when they are asked again.
    lost_routers: BTreeMap<Key, Instant>,
    /// The earliest deadline of any address or question, or earlier.
    due: Option<Instant>,
}

impl Autoconf {
    /// What is known of a device.
    pub fn device(&self, device: DeviceIndex) -> Option<&DeviceState> {
        self.devices.get(&device)
    }

    /// What is known of each device.
    pub fn iter(&self) -> impl Iterator<Item = (DeviceIndex, &DeviceState)> {
        self.devices.iter().map(|(device, state)| (*device, state))
    }

    /// What is known of a device, to be changed.
    pub(crate) fn device_mut(&mut self, device: DeviceIndex) -> &mut DeviceState {
        self.devices.entry(device).or_default()
    }

    /// Forgets what was said on a link that went down, but not which routes it made: they may be there still.
    pub(crate) fn forget(&mut self, device: DeviceIndex) {
        if let Some(state) = self.devices.get_mut(&device) {
            *state = DeviceState {
                learnt_routes: core::mem::take(&mut state.learnt_routes),
                ..DeviceState::default()
            };
        }
        self.lost_routers.retain(|key, _| key.device != device);
    }

    /// Forgets a device that is gone.
    pub(crate) fn remove(&mut self, device: DeviceIndex) {
        self.forget(device);
        self.devices.remove(&device);
    }

    /// Something is to be done at `deadline`, if not before.
    pub(crate) fn hasten(&mut self, deadline: Option<Instant>) {
        self.due = self.due.into_iter().chain(deadline).min();
    }

    /// A router that did not answer is to be asked again then; none: it answers, or is not asked.
    pub(crate) fn probe_router_at(&mut self, key: Key, when: Option<Instant>) {
        match when {
            Some(when) if self.lost_routers.len() < MAX_LOST || self.lost_routers.contains_key(&key) => {
                self.lost_routers.insert(key, when);
                self.hasten(Some(when));
            }
            _ => drop(self.lost_routers.remove(&key)),
        }
    }

    /// The routers that are to be asked again now.
    pub(crate) fn lost_routers_due(&self, now: Instant) -> Vec<Key> {
        self.lost_routers.iter().filter(|(_, when)| **when <= now).map(|(key, _)| *key).collect()
    }

    /// Forgets the deadline, to be set anew with [`Autoconf::hasten`] for everything that has one.
    pub(crate) fn restart_clock(&mut self) {
        let solicitations = self.devices.values().filter_map(|device| device.solicitation.due());
        self.due = solicitations.chain(self.lost_routers.values().copied()).min();
    }

    /// When something is to be done.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.due
    }
}

#[cfg(test)]
mod tests;
