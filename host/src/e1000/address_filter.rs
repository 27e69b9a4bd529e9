//! Which frames are ours: the receive addresses, the multicast table and the VLAN table (SDM 3.2.1, 13.5).

use super::statistics::Cast;
use e1000_regs::receive::{rah, rctl, receive_address};
use e1000_regs::registers::{MTA_LEN, RA_LEN, VFTA_LEN};

#[derive(Debug)]
pub(super) struct AddressFilter {
    low: [u32; RA_LEN as usize],
    high: [u32; RA_LEN as usize],
    multicast: [u32; MTA_LEN as usize],
    vlan: [u32; VFTA_LEN as usize],
}

impl AddressFilter {
    /// The filter after a reset: RA[0] is the EEPROM's address, everything else is empty.
    pub(super) fn new(mac: [u8; 6]) -> Self {
        let mut filter = AddressFilter {
            low: [0; RA_LEN as usize],
            high: [0; RA_LEN as usize],
            multicast: [0; MTA_LEN as usize],
            vlan: [0; VFTA_LEN as usize],
        };
        filter.load(mac);
        filter
    }

    /// Puts an address into RA[0] and makes it valid.
    pub(super) fn load(&mut self, mac: [u8; 6]) {
        (self.low[0], self.high[0]) = receive_address(mac);
    }

    pub(super) fn read_low(&self, index: u8) -> u32 {
        self.low[usize::from(index) % self.low.len()]
    }

    pub(super) fn read_high(&self, index: u8) -> u32 {
        self.high[usize::from(index) % self.high.len()]
    }

    pub(super) fn read_multicast(&self, index: u8) -> u32 {
        self.multicast[usize::from(index) % self.multicast.len()]
    }

    pub(super) fn read_vlan(&self, index: u8) -> u32 {
        self.vlan[usize::from(index) % self.vlan.len()]
    }

    pub(super) fn write_low(&mut self, index: u8, value: u32) {
        let len = self.low.len();
        self.low[usize::from(index) % len] = value;
    }

    pub(super) fn write_high(&mut self, index: u8, value: u32) {
        let len = self.high.len();
        self.high[usize::from(index) % len] = value & rah::WRITABLE;
    }

    pub(super) fn write_multicast(&mut self, index: u8, value: u32) {
        let len = self.multicast.len();
        self.multicast[usize::from(index) % len] = value;
    }

    pub(super) fn write_vlan(&mut self, index: u8, value: u32) {
        let len = self.vlan.len();
        self.vlan[usize::from(index) % len] = value;
    }

    /// Whether RCTL and the tables let a frame in. `tag` is its VLAN tag, if it has one.
    pub(super) fn accepts(&self, rctl: u32, frame: &[u8], tag: Option<u16>) -> bool {
        if rctl & rctl::VFE != 0 && tag.is_some_and(|tag| !self.knows_vlan(tag)) {
            return false;
        }
        let Some(destination) = frame.first_chunk::<6>() else { return false };
        let all = match Cast::of(frame) {
            Cast::Broadcast => rctl::BAM | rctl::MPE,
            Cast::Multicast => rctl::MPE,
            Cast::Unicast => rctl::UPE,
        };
        rctl & all != 0
            || self.is_own(*destination)
            || (destination[0] & 1 != 0 && self.in_multicast_table(rctl, *destination))
    }

    fn is_own(&self, destination: [u8; 6]) -> bool {
        let (low, high) = receive_address(destination);
        self.low
            .iter()
            .zip(&self.high)
            .any(|(ral, rah_value)| *ral == low && rah_value & (rah::AV | rah::ADDRESS_MASK) == high)
    }

    /// Twelve bits of the address's last two bytes, chosen by RCTL.MO, index the table (SDM 13.5.1).
    fn in_multicast_table(&self, rctl: u32, destination: [u8; 6]) -> bool {
        let shift = match (rctl & rctl::MO_MASK) >> rctl::MO_SHIFT {
            0 => 4,
            1 => 3,
            2 => 2,
            _ => 0,
        };
        let hash = (u16::from_le_bytes([destination[4], destination[5]]) >> shift) & 0xFFF;
        self.multicast[usize::from(hash >> 5)] & (1 << (hash & 0x1F)) != 0
    }

    fn knows_vlan(&self, tag: u16) -> bool {
        let id = tag & 0xFFF;
        self.vlan[usize::from(id >> 5)] & (1 << (id & 0x1F)) != 0
    }
}
