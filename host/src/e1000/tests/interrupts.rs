//! Causes, mask, and the line as a level.

use super::*;
use e1000_regs::interrupt::{ALL, LSC, RXT0, TXDW};

/// The interrupt test of Linux' e1000 driver (ethtool -t): a masked cause does not interrupt, an unmasked
/// one does, and a cause interrupts for no other mask bit.
#[test]
fn each_cause_interrupts_through_its_own_mask_bit_alone() {
    let mut machine = Machine::new();
    machine.write(offset::IMC, 0xFFFF_FFFF);
    for bit in (0..10).map(|shift| 1u32 << shift) {
        machine.write(offset::IMC, bit);
        machine.write(offset::ICS, bit);
        assert!(!machine.device.interrupt_asserted(), "{bit:#x} masked");

        machine.write(offset::IMS, bit);
        machine.write(offset::ICS, bit);
        assert!(machine.device.interrupt_asserted(), "{bit:#x}");
        assert_ne!(machine.read(offset::ICR) & bit, 0);

        machine.write(offset::IMC, !bit & 0x7FFF);
        machine.write(offset::ICS, !bit & 0x7FFF);
        assert!(!machine.device.interrupt_asserted(), "all but {bit:#x}");
        machine.write(offset::IMC, 0xFFFF_FFFF);
        machine.read(offset::ICR);
    }
}

#[test]
fn reading_icr_clears_all_causes_even_masked_ones() {
    let mut machine = Machine::new();
    machine.write(offset::ICS, RXT0 | TXDW);
    assert_eq!(machine.read(offset::ICS), RXT0 | TXDW, "reading ICS clears nothing");
    assert_eq!(machine.read(offset::ICR), RXT0 | TXDW);
    assert_eq!(machine.read(offset::ICR), 0);
}

#[test]
fn the_line_follows_every_change_of_cause_and_mask() {
    let mut machine = Machine::new();
    machine.write(offset::ICS, LSC);
    machine.write(offset::IMS, LSC);
    assert!(machine.device.interrupt_asserted(), "unmasking a pending cause");
    machine.write(offset::IMC, LSC);
    assert!(!machine.device.interrupt_asserted(), "masking it lowers the line");
    machine.write(offset::IMS, LSC | TXDW);
    assert!(machine.device.interrupt_asserted());
    machine.write(offset::ICR, TXDW);
    assert!(machine.device.interrupt_asserted(), "clearing another cause");
    machine.write(offset::ICR, LSC);
    assert!(!machine.device.interrupt_asserted(), "clearing the cause by writing one");
    machine.write(offset::IMS, 0xFFFF_FFFF);
    assert_eq!(machine.read(offset::IMS), ALL);
    machine.write(offset::IMS, 0);
    assert_eq!(machine.read(offset::IMS), ALL, "writing zero to IMS masks nothing");
}

#[test]
fn itr_is_kept_but_holds_nothing_back_unless_configured() {
    let mut machine = Machine::new();
    machine.write(offset::ITR, 0x1_2345);
    assert_eq!(machine.read(offset::ITR), 0x2345);
    machine.write(offset::IMS, RXT0);
    for _ in 0..3 {
        machine.write(offset::ICS, RXT0);
        assert!(machine.device.interrupt_asserted());
        machine.read(offset::ICR);
    }
    assert_eq!(machine.device.next_deadline(), None);
}

/// 1000 units of 256 ns: the first interrupt is immediate, the next waits for the rest of the window.
#[test]
fn throttling_holds_back_the_rising_edge_and_loses_nothing() {
    let mut machine = Machine::with(Config { throttling: true, ..Config::new(MAC) });
    machine.write(offset::ITR, 1000);
    machine.write(offset::IMS, RXT0);
    machine.write(offset::ICS, RXT0);
    assert!(machine.device.interrupt_asserted(), "the first one is immediate");
    machine.read(offset::ICR);

    machine.now = 10_000;
    machine.write(offset::ICS, RXT0);
    assert!(!machine.device.interrupt_asserted());
    assert_eq!(machine.device.next_deadline(), Some(256_000));
    machine.device.tick(&mut machine.memory, 255_999);
    assert!(!machine.device.interrupt_asserted());
    machine.device.tick(&mut machine.memory, 256_000);
    assert!(machine.device.interrupt_asserted());
    assert_eq!(machine.device.next_deadline(), None);
}
