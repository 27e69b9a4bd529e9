//! The devices of a stack. Linux: `RTM_GETLINK`.

use super::super::Stack;
use crate::device::{DeviceCounters, Interface, Statistics};
use crate::packet::DeviceIndex;
use crate::wire::ethernet::MacAddress;
use alloc::string::String;

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkListing {
    /// Its number.
    pub index: DeviceIndex,
    /// Its name.
    pub name: String,
    /// Whether it is the loopback device.
    pub loopback: bool,
    /// Whether its link is up. Linux: `netif_carrier_ok`.
    pub carrier: bool,
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
    fn new(interface: &Interface) -> Self {
        LinkListing {
            index: interface.index(),
            name: interface.name().into(),
            loopback: interface.is_loopback(),
            carrier: interface.link_up(),
            mtu: interface.mtu(),
            address: interface.mac(),
            statistics: interface.statistics,
            counters: interface.device_counters(),
        }
    }
}

impl Stack {
    /// All devices by number.
    pub fn links(&self) -> impl Iterator<Item = LinkListing> {
        self.interfaces.iter().map(LinkListing::new)
    }
}
