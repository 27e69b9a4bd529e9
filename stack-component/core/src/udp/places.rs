//! Which sockets are bound where. Linux: `struct udp_table`.

use super::UdpHandle;
use crate::keyed_hash::KeyedHash;
use crate::random::Random;
use crate::wire::address::unspecified_like;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use hashbrown::HashMap;

/// The sockets of one address and port.
#[derive(Debug, Default)]
struct Place {
    /// The newest last.
    handles: Vec<UdpHandle>,
    /// How many of them share it with nobody.
    exclusive: usize,
}

/// How many sockets are bound to a port, on whatever address.
#[derive(Clone, Copy, Debug, Default)]
struct Port {
    sockets: usize,
    exclusive: usize,
}

/// All addresses and ports that are taken.
#[derive(Debug)]
pub(super) struct Places {
    by_address: HashMap<SocketAddr, Place, KeyedHash>,
    /// By version (IPv6: true) and number.
    ports: HashMap<(bool, u16), Port, KeyedHash>,
}

impl Places {
    /// None is taken; keys are drawn from `random`.
    pub(super) fn new(random: &mut dyn Random) -> Self {
        Places {
            by_address: HashMap::with_hasher(KeyedHash::new(random)),
            ports: HashMap::with_hasher(KeyedHash::new(random)),
        }
    }

    /// Whether nobody has this port, on whatever address of the version of `local`.
    pub(super) fn is_free(&self, local: IpAddr, port: u16) -> bool {
        !self.ports.contains_key(&(local.is_ipv6(), port))
    }

    /// Whether a socket cannot be bound to `local` for those that are; `shares` says that it would share it. Linux:
    /// `udp_lib_lport_inuse`.
    pub(super) fn conflicts(&self, local: SocketAddr, shares: bool) -> bool {
        let everywhere = SocketAddr::new(unspecified_like(local.ip()), local.port());
        let hinders = |sockets, exclusive| if shares { exclusive > 0 } else { sockets > 0 };
        match local.ip().is_unspecified() {
            true => {
                let port = self.ports.get(&(local.is_ipv6(), local.port()));
                port.is_some_and(|port| hinders(port.sockets, port.exclusive))
            }
            false => [local, everywhere].iter().any(|address| {
                let place = self.by_address.get(address);
                place.is_some_and(|place| hinders(place.handles.len(), place.exclusive))
            }),
        }
    }

    /// A socket is bound.
    pub(super) fn add(&mut self, handle: UdpHandle, local: SocketAddr, shares: bool) {
        let place = self.by_address.entry(local).or_default();
        let port = self.ports.entry((local.is_ipv6(), local.port())).or_default();
        place.handles.push(handle);
        port.sockets += 1;
        if !shares {
            place.exclusive += 1;
            port.exclusive += 1;
        }
    }

    /// A socket is bound no more; no effect if it was not.
    pub(super) fn remove(&mut self, handle: UdpHandle, local: SocketAddr, shares: bool) {
        let Some(place) = self.by_address.get_mut(&local) else { return };
        let Some(at) = place.handles.iter().position(|other| *other == handle) else { return };
        place.handles.remove(at);
        place.exclusive -= usize::from(!shares);
        if place.handles.is_empty() {
            self.by_address.remove(&local);
        }
        let number = (local.is_ipv6(), local.port());
        if let Some(port) = self.ports.get_mut(&number) {
            port.sockets -= 1;
            port.exclusive -= usize::from(!shares);
            if port.sockets == 0 {
                self.ports.remove(&number);
            }
        }
    }

    /// The sockets that receive at `local`: those on exactly this address, then those on all, the newest first.
    pub(super) fn at(&self, local: SocketAddr) -> impl Iterator<Item = UdpHandle> {
        let everywhere = SocketAddr::new(unspecified_like(local.ip()), local.port());
        let places = [self.by_address.get(&local), self.by_address.get(&everywhere)];
        places.into_iter().flatten().flat_map(|place| place.handles.iter().rev().copied())
    }
}
