//! From an unknown PCI function to a device that is ready to be started.
//! Linux: `e1000_probe`, `e1000_reset_hw`, `e1000_init_hw`.

use super::{Bus, BusError};
use crate::wire::ethernet::MacAddress;
use core::fmt;
use e1000_regs::control::{ctrl, eerd};
use e1000_regs::receive::receive_address;
use e1000_regs::registers::{MTA_LEN, RA_LEN, offset};
use e1000_regs::transmit::tctl;
use e1000_regs::{Register, eeprom, pci};

/// Register reads to wait for something that a device does at once, or within microseconds: whoever takes
/// longer is broken.
pub(super) const PATIENCE: u32 = 1000;

/// How big the rings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Receive descriptors, each with a buffer of 2048 bytes. Rounded up to a multiple of 8, within 8..=4096.
    pub receive_ring: u16,
    /// Transmit descriptors, likewise.
    pub transmit_ring: u16,
}

impl Default for Options {
    /// 256 each, as in Linux.
    fn default() -> Self {
        Options { receive_ring: 256, transmit_ring: 256 }
    }
}

/// Why there is no usable device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeError {
    /// It is not an 82540EM.
    UnsupportedDevice {
        /// PCI vendor id.
        vendor: u16,
        /// PCI device id.
        device: u16,
    },
    /// It did not come back from a reset.
    ResetTimeout,
    /// Its EEPROM does not answer.
    EepromTimeout,
    /// The EEPROM's words do not add up.
    EepromChecksum {
        /// What they add up to, instead of 0xBABA.
        sum: u16,
    },
    /// The Ethernet address in the EEPROM is a group's, or all zeros.
    BadAddress(MacAddress),
    /// Its PHY does not answer.
    PhyTimeout,
    /// Its PHY is not the 82540EM's.
    UnsupportedPhy {
        /// Registers 2 and 3.
        id: u32,
    },
    /// The bus refused a request.
    Bus(BusError),
}

impl From<BusError> for ProbeError {
    fn from(error: BusError) -> Self {
        ProbeError::Bus(error)
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProbeError::UnsupportedDevice { vendor, device } => write!(
                f,
                "PCI device {vendor:04x}:{device:04x} is not supported (expected {:04x}:{:04x})",
                pci::VENDOR_ID,
                pci::DEVICE_ID
            ),
            ProbeError::ResetTimeout => f.write_str("the device does not come back from a reset"),
            ProbeError::EepromTimeout => f.write_str("the device's EEPROM does not answer"),
            ProbeError::EepromChecksum { sum } => {
                write!(
                    f,
                    "the device's EEPROM is damaged: its words add up to {sum:#06x}, not {:#06x}",
                    eeprom::SUM
                )
            }
            ProbeError::BadAddress(address) => {
                write!(f, "the device's Ethernet address {address} is not one station's")
            }
            ProbeError::PhyTimeout => f.write_str("the device's PHY does not answer"),
            ProbeError::UnsupportedPhy { id } => write!(f, "the device's PHY {id:#010x} is not supported"),
            ProbeError::Bus(error) => write!(f, "the bus refused: {error}"),
        }
    }
}

impl core::error::Error for ProbeError {}

/// Checks that the function is ours, and lets it answer and be a bus master. Linux: `e1000_probe`.
pub(super) fn identify(bus: &mut impl Bus) -> Result<(), ProbeError> {
    let id = bus.config_read(pci::offset::ID);
    let (vendor, device) = (id as u16, (id >> 16) as u16);
    if (vendor, device) != (pci::VENDOR_ID, pci::DEVICE_ID) {
        return Err(ProbeError::UnsupportedDevice { vendor, device });
    }
    let command = bus.config_read(pci::offset::COMMAND_STATUS) & 0xFFFF;
    let wanted = u32::from(pci::command::MEMORY | pci::command::BUS_MASTER);
    bus.config_write(pci::offset::COMMAND_STATUS, command | wanted);
    Ok(())
}

/// Silences the device and resets it. Linux: `e1000_reset_hw`.
pub(super) fn reset(bus: &mut impl Bus) -> Result<(), ProbeError> {
    bus.register_write(offset::IMC, u32::MAX);
    bus.register_write(offset::RCTL, 0);
    bus.register_write(offset::TCTL, tctl::PSP);
    let value = bus.register_read(offset::CTRL);
    bus.register_write(offset::CTRL, value | ctrl::RST);
    let back = (0..PATIENCE).any(|_| bus.register_read(offset::CTRL) & ctrl::RST == 0);
    if !back {
        return Err(ProbeError::ResetTimeout);
    }
    bus.register_write(offset::IMC, u32::MAX);
    bus.register_read(offset::ICR);
    Ok(())
}

/// Reads the Ethernet address, believing the EEPROM only if its checksum is right.
/// Linux: `e1000_validate_eeprom_checksum`, `e1000_read_mac_addr`.
pub(super) fn read_address(bus: &mut impl Bus) -> Result<MacAddress, ProbeError> {
    let mut words = [0; eeprom::WORDS];
    for (address, word) in (0..).zip(&mut words) {
        *word = read_eeprom(bus, address)?;
    }
    let sum = eeprom::sum(&words);
    if sum != eeprom::SUM {
        return Err(ProbeError::EepromChecksum { sum });
    }
    let [first, second, third, ..] = words;
    let address = MacAddress(eeprom::ethernet_address([first, second, third]));
    if !address.is_unicast() {
        return Err(ProbeError::BadAddress(address));
    }
    Ok(address)
}

/// Linux: `e1000_read_eeprom`.
fn read_eeprom(bus: &mut impl Bus, address: u32) -> Result<u16, ProbeError> {
    bus.register_write(offset::EERD, (address << eerd::ADDR_SHIFT) | eerd::START);
    (0..PATIENCE)
        .map(|_| bus.register_read(offset::EERD))
        .find(|value| value & eerd::DONE != 0)
        .map(|value| (value >> eerd::DATA_SHIFT) as u16)
        .ok_or(ProbeError::EepromTimeout)
}

/// Receives for this address, in the place of the card's own. Linux: `e1000_set_mac`, `e1000_rar_set`.
pub(super) fn change_address(bus: &mut impl Bus, address: MacAddress) {
    let (low, high) = receive_address(address.0);
    bus.register_write(Register::Ral(0).offset(), low);
    bus.register_write(Register::Rah(0).offset(), high);
}

/// Receives for this address and no other. Linux: `e1000_init_rx_addrs`, `e1000_rar_set`.
pub(super) fn set_address(bus: &mut impl Bus, address: MacAddress) {
    change_address(bus, address);
    for index in 1..RA_LEN as u8 {
        bus.register_write(Register::Rah(index).offset(), 0);
        bus.register_write(Register::Ral(index).offset(), 0);
    }
    for index in 0..MTA_LEN as u8 {
        bus.register_write(Register::Mta(index).offset(), 0);
    }
}
