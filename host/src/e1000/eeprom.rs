//! The EEPROM, read by word (EERD) or through its four wires (EECD). It cannot be written.

use e1000_regs::control::{eecd, eerd};
use e1000_regs::eeprom::{self as layout, OPCODE_READ, SUM, WORDS, word};
use e1000_regs::pci;

/// Bits of a microwire command: start bit and opcode, then six bits of address.
const COMMAND_BITS: u32 = 9;
/// EECD bits that the driver writes.
const WRITABLE: u32 = eecd::SK | eecd::CS | eecd::DI | eecd::FWE_MASK | eecd::REQ;

#[derive(Debug)]
pub(super) struct Eeprom {
    words: [u16; WORDS],
    eerd: u32,
    wires: Wires,
}

/// The microwire chip behind EECD.
#[derive(Debug, Default)]
struct Wires {
    /// SK, CS, DI and so on as last written.
    written: u32,
    /// Command bits shifted in since chip select, start bit first.
    command: u32,
    command_bits: u32,
    /// Data bits still to be shifted out, the next one on top.
    data: u16,
    /// Level of DO.
    output: bool,
}

impl Eeprom {
    pub(super) fn new(mac: [u8; 6]) -> Self {
        let mut words = [0; WORDS];
        words[word::ETHERNET_ADDRESS..word::ETHERNET_ADDRESS + 3]
            .copy_from_slice(&layout::address_words(mac));
        // Load vendor and device ids from here; 1000 Mb/s, full duplex, no wake-up.
        words[word::INIT_CONTROL_1] = 0x640A;
        words[word::SUBSYSTEM_ID] = pci::SUBSYSTEM_ID;
        words[word::SUBSYSTEM_VENDOR_ID] = pci::SUBSYSTEM_VENDOR_ID;
        words[word::DEVICE_ID] = pci::DEVICE_ID;
        words[word::VENDOR_ID] = pci::VENDOR_ID;
        // PAUSE bits 13:12 zero: the model sends and heeds no flow control frames.
        words[word::INIT_CONTROL_2] = 0;
        words[word::CHECKSUM] = SUM.wrapping_sub(layout::sum(&words[..word::CHECKSUM]));
        Eeprom { words, eerd: 0, wires: Wires::default() }
    }

    /// The Ethernet address that a reset loads into RA[0].
    pub(super) fn mac(&self) -> [u8; 6] {
        layout::ethernet_address([self.words[0], self.words[1], self.words[2]])
    }

    /// A reset of the device: both interfaces start anew, the words stay.
    pub(super) fn reset_wires(&mut self) {
        self.eerd = 0;
        self.wires = Wires::default();
    }

    pub(super) fn read_eerd(&self) -> u32 {
        self.eerd
    }

    /// Reading a word completes at once. A word that does not exist reads as zero.
    pub(super) fn write_eerd(&mut self, value: u32) {
        let address = (value >> eerd::ADDR_SHIFT) & 0xFF;
        self.eerd = address << eerd::ADDR_SHIFT;
        if value & eerd::START != 0 {
            let data = self.words.get(address as usize).copied().unwrap_or(0);
            self.eerd |= eerd::DONE | (u32::from(data) << eerd::DATA_SHIFT);
        }
    }

    pub(super) fn read_eecd(&self) -> u32 {
        let grant = if self.wires.written & eecd::REQ != 0 { eecd::GNT } else { 0 };
        let output = if self.wires.output { eecd::DO } else { 0 };
        self.wires.written | grant | output | eecd::PRES
    }

    pub(super) fn write_eecd(&mut self, value: u32) {
        let before = self.wires.written;
        self.wires.written = value & WRITABLE;
        if value & eecd::CS == 0 {
            self.wires = Wires { written: self.wires.written, ..Wires::default() };
        } else if value & eecd::SK != 0 && before & eecd::SK == 0 {
            self.clock(value & eecd::DI != 0);
        }
    }

    /// A rising edge of the clock while the chip is selected.
    fn clock(&mut self, input: bool) {
        let wires = &mut self.wires;
        if wires.command_bits == COMMAND_BITS {
            wires.output = wires.data & 0x8000 != 0;
            wires.data <<= 1;
            return;
        }
        // Zeros before the start bit are no part of the command.
        if wires.command_bits == 0 && !input {
            return;
        }
        wires.command = (wires.command << 1) | u32::from(input);
        wires.command_bits += 1;
        if wires.command_bits == COMMAND_BITS && wires.command >> 6 == u32::from(OPCODE_READ) {
            wires.data = self.words[(wires.command & 0x3F) as usize];
        }
    }
}
