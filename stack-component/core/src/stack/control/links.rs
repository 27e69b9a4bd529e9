//! The devices of a stack. Linux: `RTM_GETLINK`.

use super::super::Stack;
use crate::device::{DeviceCounters, Interface, Statistics};
use crate::packet::DeviceIndex;
use crate::wire::ethernet::MacAddress;
use alloc::string::String;

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// The stack itself.
    Loopback,
    /// A network card.
    Card,
    /// The frames of this device that have this VLAN's tag.
    Vlan(DeviceIndex, u16),
    /// It swallows what it is given.
    Dummy,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkListing {
    /// Its number.
    pub index: DeviceIndex,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: LinkKind,
    /// Whether it is to work. Linux: `IFF_UP`.
    pub up: bool,
    /// Whether its link is up. Linux: `netif_carrier_ok`.
    pub carrier: bool,
    /// Whether it takes frames for everybody. Linux: `IFF_PROMISC`.
    pub promiscuous: bool,
    /// Bytes of the largest IP packet.
    pub mtu: u32,
    /// Its station address; zeros for the loopback device.
    pub address: MacAddress,
    /// What the stack counted of it.
    pub statistics: Statistics,
    /// What its driver counted.
    pub counters: DeviceCounters,
}

impl LinkListing {
    pub(crate) fn new(interface: &Interface) -> Self {
        LinkListing {
            index: interface.index(),
            name: interface.name().into(),
            kind: kind(interface),
            up: interface.is_up(),
            carrier: interface.has_carrier(),
            promiscuous: interface.is_promiscuous(),
            mtu: interface.mtu(),
            address: interface.mac(),
            statistics: interface.statistics,
            counters: interface.device_counters(),
        }
    }
}

fn kind(interface: &Interface) -> LinkKind {
    match interface.vlan() {
        Some(vlan) => LinkKind::Vlan(vlan.parent, vlan.id),
        None if interface.is_loopback() => LinkKind::Loopback,
        None if interface.has_neighbours() => LinkKind::Card,
        None => LinkKind::Dummy,
    }
}

impl Stack {
    /// All devices by number.
    pub fn links(&self) -> impl Iterator<Item = LinkListing> {
        self.interfaces.iter().map(LinkListing::new)
    }
}
