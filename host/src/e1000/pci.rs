//! PCI configuration space: identity, command, one memory BAR, one interrupt pin (SDM 4.1).

use e1000_regs::pci::{
    CLASS, DEVICE_ID, REVISION, SUBSYSTEM_ID, SUBSYSTEM_VENDOR_ID, VENDOR_ID, command, offset,
};
use e1000_regs::registers::BAR0_LEN;

/// Bytes of configuration space.
const LEN: u16 = 256;
/// 66 MHz capable, medium DEVSEL timing; no capability list.
const STATUS: u16 = 0x0220;
/// Command bits that can be written.
const COMMAND_WRITABLE: u16 = command::MEMORY | command::BUS_MASTER | command::PARITY | command::SERR;
/// Cache line size and latency timer.
const CACHE_LINE: u16 = 0x0C;
/// Pin A; a burst of up to 64 us.
const INTERRUPT_PIN: u32 = 0x00FF_0100;

#[derive(Debug)]
pub(super) struct ConfigSpace {
    command: u16,
    cache_line_and_latency: u16,
    bar0: u32,
    interrupt_line: u8,
}

impl ConfigSpace {
    pub(super) fn new() -> Self {
        ConfigSpace { command: 0, cache_line_and_latency: 0, bar0: 0, interrupt_line: 0 }
    }

    /// Whether the device may access memory.
    pub(super) fn is_bus_master(&self) -> bool {
        self.command & command::BUS_MASTER != 0
    }

    pub(super) fn read(&self, byte: u16) -> u32 {
        if byte >= LEN {
            return u32::MAX;
        }
        match byte & !3 {
            offset::ID => halves(VENDOR_ID, DEVICE_ID),
            offset::COMMAND_STATUS => halves(self.command, STATUS),
            offset::CLASS_REVISION => (CLASS << 8) | u32::from(REVISION),
            CACHE_LINE => self.cache_line_and_latency.into(),
            offset::BAR0 => self.bar0,
            offset::SUBSYSTEM => halves(SUBSYSTEM_VENDOR_ID, SUBSYSTEM_ID),
            offset::INTERRUPT => INTERRUPT_PIN | u32::from(self.interrupt_line),
            _ => 0,
        }
    }

    pub(super) fn write(&mut self, byte: u16, value: u32) {
        if byte >= LEN {
            return;
        }
        match byte & !3 {
            offset::COMMAND_STATUS => self.command = value as u16 & COMMAND_WRITABLE,
            CACHE_LINE => self.cache_line_and_latency = value as u16,
            // The bits below the size stay zero: writing all ones and reading back tells the size.
            offset::BAR0 => self.bar0 = value & !(BAR0_LEN - 1),
            offset::INTERRUPT => self.interrupt_line = value as u8,
            _ => {}
        }
    }
}

fn halves(low: u16, high: u16) -> u32 {
    u32::from(low) | (u32::from(high) << 16)
}
