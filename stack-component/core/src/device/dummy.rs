//! A device that swallows what it is given: a place for addresses and routes. Linux: `drivers/net/dummy.c`.

use super::{Features, NetDevice};
use crate::packet::Packet;
use crate::time::Instant;
use crate::wire::ethernet::MacAddress;
use alloc::vec::Vec;

/// A dummy device. Nothing arrives by it, and it has no neighbours.
#[derive(Clone, Copy, Debug)]
pub struct Dummy {
    mac: MacAddress,
}

impl Dummy {
    /// A dummy device with this station address.
    pub const fn new(mac: MacAddress) -> Self {
        Dummy { mac }
    }
}

impl NetDevice for Dummy {
    fn mac(&self) -> MacAddress {
        self.mac
    }

    fn set_mac(&mut self, mac: MacAddress) -> bool {
        self.mac = mac;
        true
    }

    fn has_neighbours(&self) -> bool {
        false
    }

    fn features(&self) -> Features {
        Features { transmit_checksum: true }
    }

    fn link_up(&self) -> bool {
        true
    }

    fn poll(&mut self, _now: Instant, _budget: usize, _frames: &mut Vec<Packet>) -> bool {
        false
    }

    fn transmit(&mut self, _frame: Packet) -> Result<(), Packet> {
        Ok(())
    }

    fn flush(&mut self) {}

    fn can_transmit(&self) -> bool {
        true
    }
}
