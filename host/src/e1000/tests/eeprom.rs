//! The EEPROM by word and by wire.

use super::*;
use e1000_regs::control::{ctrl_ext, eecd, eerd};
use e1000_regs::eeprom::{SUM, WORDS, ethernet_address, sum};

fn read_word(machine: &mut Machine, address: u32) -> u32 {
    machine.write(offset::EERD, (address << eerd::ADDR_SHIFT) | eerd::START);
    machine.read(offset::EERD)
}

/// A driver's bit-banged read: request, select, opcode 110 and six address bits in, 16 bits out.
fn bang_word(machine: &mut Machine, address: u32) -> u16 {
    bang_word_after(machine, address, 0)
}

/// The same with so many zeros clocked in before the start bit, as some algorithms do.
fn bang_word_after(machine: &mut Machine, address: u32, zeros: u32) -> u16 {
    let mut wires = eecd::REQ;
    machine.write(offset::EECD, wires);
    assert_ne!(machine.read(offset::EECD) & eecd::GNT, 0, "granted at once");
    wires |= eecd::CS;
    machine.write(offset::EECD, wires);
    for bit in (0..9 + zeros).rev() {
        let input = if ((0b110 << 6) | address) >> bit & 1 != 0 { eecd::DI } else { 0 };
        for clock in [0, eecd::SK, 0] {
            machine.write(offset::EECD, wires | input | clock);
        }
    }
    let mut word = 0;
    for _ in 0..16 {
        machine.write(offset::EECD, wires | eecd::SK);
        word = (word << 1) | u16::from(machine.read(offset::EECD) & eecd::DO != 0);
        machine.write(offset::EECD, wires);
    }
    machine.write(offset::EECD, 0);
    word
}

/// The EEPROM test of Linux' e1000 driver (ethtool -t).
#[test]
fn the_words_add_up() {
    let mut machine = Machine::new();
    let words: Vec<u16> = (0..WORDS as u32)
        .map(|address| {
            let value = read_word(&mut machine, address);
            assert_eq!(
                value & 0xFFFF,
                (address << 8) | eerd::DONE,
                "bit 1, where others have DONE, is clear"
            );
            (value >> 16) as u16
        })
        .collect();
    assert_eq!(sum(&words), SUM);
    assert_eq!(ethernet_address([words[0], words[1], words[2]]), MAC);
    assert_eq!((words[0x0D], words[0x0E]), (0x100E, 0x8086));
}

#[test]
fn both_ways_of_reading_agree() {
    let mut machine = Machine::new();
    for address in 0..WORDS as u32 {
        let by_word = (read_word(&mut machine, address) >> 16) as u16;
        assert_eq!(bang_word(&mut machine, address), by_word, "word {address:#x}");
        assert_eq!(bang_word_after(&mut machine, address, 3), by_word, "word {address:#x}");
    }
}

#[test]
fn words_beyond_the_end_read_zero() {
    let mut machine = Machine::new();
    for address in [0x40, 0x80, 0xFF] {
        assert_eq!(read_word(&mut machine, address), (address << 8) | eerd::DONE);
    }
}

#[test]
fn without_start_nothing_is_read() {
    let mut machine = Machine::new();
    machine.write(offset::EERD, 0x0100);
    assert_eq!(machine.read(offset::EERD), 0x0100);
}

/// The address counter of the wires was a way out of an emulator once: clock on and on, with every opcode.
#[test]
fn endless_clocking_stays_inside() {
    let mut machine = Machine::new();
    for opcode in 0..8u32 {
        machine.write(offset::EECD, eecd::REQ | eecd::CS);
        for bit in 0..4096u32 {
            let input = if bit >= 3 || opcode >> (2 - bit) & 1 != 0 { eecd::DI } else { 0 };
            machine.write(offset::EECD, eecd::REQ | eecd::CS | input | eecd::SK);
            machine.write(offset::EECD, eecd::REQ | eecd::CS | input);
        }
        machine.write(offset::EECD, 0);
    }
    the_words_add_up();
    assert_eq!(bang_word(&mut machine, 0), 0x5452, "no opcode wrote");
}

#[test]
fn ee_rst_loads_the_address_again() {
    let mut machine = Machine::new();
    machine.write(offset::RA, 0);
    machine.write(offset::CTRL_EXT, ctrl_ext::EE_RST);
    assert_eq!(machine.read(offset::RA), 0x1200_5452);
    assert_eq!(machine.read(offset::CTRL_EXT), 0, "EE_RST clears itself");
}
