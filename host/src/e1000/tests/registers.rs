//! The register file: values after a reset, writable bits, and what does not exist.

use super::*;
use e1000_regs::Access;
use e1000_regs::control::{ctrl, status};
use e1000_regs::registers::BAR0_LEN;

#[test]
fn values_after_power_on() {
    let mut machine = Machine::new();
    for (offset, value) in [
        (offset::CTRL, ctrl::FD | ctrl::SLU | ctrl::SPEED_1000 | ctrl::SWDPIN0 | ctrl::SWDPIN2),
        (offset::STATUS, 0x0783),
        (offset::EECD, 0x100),
        (offset::EERD, 0),
        (offset::VET, 0x8100),
        (offset::ICR, 0),
        (offset::IMS, 0),
        (offset::RCTL, 0),
        (offset::TCTL, 0),
        (offset::PBA, 0x0010_0030),
        (offset::RDLEN, 0),
        (offset::TDLEN, 0),
        (offset::RA, 0x1200_5452),
        (offset::RA + 4, 0x8000_5634),
        (offset::RA + 12, 0),
        (offset::RXCSUM, 0),
    ] {
        assert_eq!(machine.read(offset), value, "{:?}", Register::from_offset(offset));
    }
}

/// The register test of Linux' e1000 driver (ethtool -t), as far as it is a table: each pattern is written
/// through the write mask, and exactly what the read mask leaves of it must come back.
#[test]
fn patterns_come_back_through_the_masks() {
    let mut table = vec![
        (offset::FCAL, 0xFFFF_FFFF, 0xFFFF_FFFF),
        (offset::FCAH, 0x0000_FFFF, 0xFFFF_FFFF),
        (offset::FCT, 0x0000_FFFF, 0xFFFF_FFFF),
        (offset::VET, 0x0000_FFFF, 0xFFFF_FFFF),
        (offset::RDTR, 0x0000_FFFF, 0xFFFF_FFFF),
        (offset::RDBAH, 0xFFFF_FFFF, 0xFFFF_FFFF),
        (offset::RDLEN, 0x000F_FF80, 0x000F_FFFF),
        (offset::RDH, 0x0000_FFFF, 0x0000_FFFF),
        (offset::RDT, 0x0000_FFFF, 0x0000_FFFF),
        (offset::FCRTH, 0x0000_FFF8, 0x0000_FFF8),
        (offset::FCTTV, 0x0000_FFFF, 0xFFFF_FFFF),
        (offset::TIPG, 0x3FFF_FFFF, 0x3FFF_FFFF),
        (offset::TDBAH, 0xFFFF_FFFF, 0xFFFF_FFFF),
        (offset::TDLEN, 0x000F_FF80, 0x000F_FFFF),
        (offset::RDBAL, 0xFFFF_FFF0, 0xFFFF_FFFF),
        (offset::TXCW, 0xC000_FFFF, 0x0000_FFFF),
        (offset::TDBAL, 0xFFFF_FFF0, 0xFFFF_FFFF),
        (offset::TIDV, 0x0000_FFFF, 0x0000_FFFF),
    ];
    table.extend((0..16u8).map(|index| (Register::Ral(index).offset(), 0xFFFF_FFFF, 0xFFFF_FFFF)));
    table.extend((0..16u8).map(|index| (Register::Rah(index).offset(), 0x8003_FFFF, 0xFFFF_FFFF)));
    table.extend((0..128u8).map(|index| (Register::Mta(index).offset(), 0xFFFF_FFFF, 0xFFFF_FFFF)));
    table.extend((0..128u8).map(|index| (Register::Vfta(index).offset(), 0xFFFF_FFFF, 0xFFFF_FFFF)));
    let mut machine = Machine::new();
    for (offset, mask, write) in table {
        for pattern in [0x5A5A_5A5A, 0xA5A5_A5A5, 0x0000_0000, 0xFFFF_FFFF] {
            machine.write(offset, pattern & write);
            let expected = pattern & write & mask;
            assert_eq!(machine.read(offset), expected, "{:?}", Register::from_offset(offset));
        }
    }
}

/// The rest of that test: control registers are set and read back under a mask.
#[test]
fn control_registers_keep_what_is_written_under_the_mask() {
    const RCTL_MASK: u32 = 0x06DF_B3FE;
    let mut machine = Machine::new();
    for (offset, mask, write) in [
        (offset::RCTL, 0xFFFF_FFFF, 0),
        (offset::RCTL, RCTL_MASK, 0x003F_FFFB),
        (offset::TCTL, 0xFFFF_FFFF, 0),
        (offset::RCTL, RCTL_MASK, 0xFFFF_FFFF),
    ] {
        machine.write(offset, write & mask);
        assert_eq!(machine.read(offset) & mask, write & mask);
    }
    let before = machine.read(offset::STATUS);
    machine.write(offset::STATUS, 0xFFFF_F833);
    assert_eq!(machine.read(offset::STATUS), before);
    // Nothing may be processed while the units are off, whatever the ring registers hold.
    assert_eq!(machine.memory.accesses, 0);
}

#[test]
fn what_does_not_exist_reads_zero_and_ignores_writes() {
    let mut machine = Machine::new();
    for address in (0..BAR0_LEN + 64).step_by(4) {
        if Register::from_offset(address).is_none() {
            machine.write(address, 0xFFFF_FFFF);
            assert_eq!(machine.read(address), 0, "{address:#x}");
        }
    }
    machine.write(u32::MAX, 1);
    assert_eq!(machine.read(u32::MAX), 0);
}

#[test]
fn read_only_and_counting_registers_ignore_writes() {
    let mut machine = Machine::new();
    let statistics = Statistic::ALL.iter().map(|statistic| Register::Statistic(*statistic));
    for register in Register::SINGLE.iter().copied().chain(statistics) {
        if matches!(register.access(), Access::ReadOnly | Access::ReadToClear | Access::WriteOnly) {
            let before = machine.read(register.offset());
            machine.write(register.offset(), 0xFFFF_FFFF);
            assert_eq!(machine.read(register.offset()), before, "{register:?}");
        }
    }
}

#[test]
fn the_low_two_bits_of_an_offset_are_ignored() {
    let mut machine = Machine::new();
    for low in 0..4 {
        machine.write(offset::RA + low, 0x1111_1111 * low);
        assert_eq!(machine.read(offset::RA + 3 - low), 0x1111_1111 * low);
    }
}

#[test]
fn ctrl_answers_at_both_of_its_addresses() {
    let mut machine = Machine::new();
    machine.write(offset::CTRL_DUP, ctrl::SLU | ctrl::FD);
    assert_eq!(machine.read(offset::CTRL), ctrl::SLU | ctrl::FD);
}

#[test]
fn packet_buffer_allocation_divides_64_kib() {
    let mut machine = Machine::new();
    for (written, read) in [(48, 0x0010_0030), (0x28, 0x0018_0028), (0xFFFF_FF7F, 0x0000_007F)] {
        machine.write(offset::PBA, written);
        assert_eq!(machine.read(offset::PBA), read);
    }
}

/// Drivers read RA[0] after CTRL.RST and expect the EEPROM's address, valid.
#[test]
fn a_reset_clears_everything_but_phy_and_pci() {
    let mut machine = Machine::running(8);
    let generation = machine.device.generation();
    machine.write(offset::RA, 0x0102_0304);
    machine.write(offset::RA + 4, 0);
    machine.write(offset::MTA, 0xFFFF_FFFF);
    machine.write(offset::IMS, 0x1_FFFF);
    machine.write(offset::ICS, 0x1_FFFF);
    machine.frame_in(&frame(MAC, 60));
    assert!(machine.device.interrupt_asserted());

    machine.write(offset::CTRL, ctrl::RST | ctrl::SLU);

    assert_eq!(machine.read(offset::CTRL) & ctrl::RST, 0, "RST clears itself");
    assert!(!machine.device.interrupt_asserted());
    for zero in
        [offset::ICR, offset::IMS, offset::RCTL, offset::TCTL, offset::RDLEN, offset::RDH, offset::MTA]
    {
        assert_eq!(machine.read(zero), 0, "{:?}", Register::from_offset(zero));
    }
    assert_eq!((machine.read(offset::RA), machine.read(offset::RA + 4)), (0x1200_5452, 0x8000_5634));
    assert_eq!(machine.statistic(Statistic::Gprc), 0);
    assert_eq!(machine.read(offset::STATUS) & status::LU, status::LU, "the PHY keeps its link");
    assert_eq!(machine.device.generation(), generation + 1);
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::Disabled);
    assert_eq!(machine.device.config_read(pci_regs::offset::COMMAND_STATUS) & 0x6, 0x6);
}

/// What was sent before a reset, but not yet taken, is void with it; so is half a frame.
#[test]
fn a_reset_throws_frames_of_the_old_generation_away() {
    let mut machine = Machine::running(8);
    let whole = legacy(60);
    let half = LegacyDescriptor { command: cmd::IFCS, ..whole };
    machine.put_transmit(&[whole.to_bytes(), half.to_bytes()]);
    machine.write(offset::TDT, 2);
    machine.write(offset::CTRL, ctrl::RST);
    machine.start_transmit(64);
    let frames = machine.send(&[legacy(100).to_bytes()]);
    assert_eq!(frames.iter().map(Vec::len).collect::<Vec<_>>(), [100]);
}
