//! The link as MAC and PHY show it.

use super::*;
use e1000_regs::control::{ctrl, mdic, status};
use e1000_regs::interrupt::{LSC, MDAC};
use e1000_regs::phy::{bmcr, bmsr, pssr, register};

const SECOND: Nanoseconds = 1_000_000_000;

fn read_phy(machine: &mut Machine, number: u8) -> u16 {
    let command =
        mdic::OP_READ | (mdic::PHY_ADDRESS << mdic::PHY_SHIFT) | (u32::from(number) << mdic::REG_SHIFT);
    machine.write(offset::MDIC, command);
    let value = machine.read(offset::MDIC);
    assert_eq!(value & !mdic::DATA_MASK, command | mdic::READY);
    value as u16
}

fn write_phy(machine: &mut Machine, number: u8, value: u16) {
    let target = (mdic::PHY_ADDRESS << mdic::PHY_SHIFT) | (u32::from(number) << mdic::REG_SHIFT);
    machine.write(offset::MDIC, mdic::OP_WRITE | target | u32::from(value));
}

fn link_up(machine: &mut Machine) -> bool {
    machine.read(offset::STATUS) & status::LU != 0
}

#[test]
fn the_phy_says_who_it_is() {
    let mut machine = Machine::new();
    assert_eq!((read_phy(&mut machine, 2), read_phy(&mut machine, 3)), (0x0141, 0x0C20));
    assert_eq!(read_phy(&mut machine, register::BMCR), 0x1140);
    assert_eq!(read_phy(&mut machine, register::BMSR), 0x796D);
    assert_eq!(read_phy(&mut machine, register::PSSR), 0xAC00);
}

#[test]
fn only_one_phy_answers() {
    let mut machine = Machine::new();
    for address in (0..32).filter(|address| *address != mdic::PHY_ADDRESS) {
        for operation in [mdic::OP_READ, mdic::OP_WRITE] {
            machine.write(offset::MDIC, operation | (address << mdic::PHY_SHIFT));
            assert_eq!(machine.read(offset::MDIC) & (mdic::READY | mdic::ERROR), mdic::READY | mdic::ERROR);
        }
    }
    for operation in [0, mdic::OP_MASK] {
        machine.write(offset::MDIC, operation | (mdic::PHY_ADDRESS << mdic::PHY_SHIFT));
        assert_ne!(machine.read(offset::MDIC) & mdic::ERROR, 0, "no such operation");
    }
}

#[test]
fn an_access_interrupts_if_asked() {
    let mut machine = Machine::new();
    read_phy(&mut machine, register::BMSR);
    assert_eq!(machine.read(offset::ICR), 0);
    machine.write(offset::MDIC, mdic::OP_READ | mdic::INT_EN | (mdic::PHY_ADDRESS << mdic::PHY_SHIFT));
    assert_eq!(machine.read(offset::ICR), MDAC);
}

/// Diagnostics write the page registers and loopback modes; nothing may refuse.
#[test]
fn diagnostic_writes_are_taken() {
    let mut machine = Machine::new();
    for (number, value) in [(29, 0x001F), (30, 0x8FFC), (0, 0x9140), (0, 0x8140), (0, 0x4140)] {
        write_phy(&mut machine, number, value);
        assert_eq!(machine.read(offset::MDIC) & mdic::ERROR, 0);
    }
    assert_eq!(read_phy(&mut machine, register::BMCR), 0x4140, "RESET clears itself");
    write_phy(&mut machine, register::ID1, 0);
    assert_eq!(read_phy(&mut machine, register::ID1), 0x0141, "read only");
}

#[test]
fn pulling_the_cable_shows_everywhere() {
    let mut machine = Machine::running(8);
    machine.device.set_link(false, 0);
    assert!(!link_up(&mut machine));
    assert_eq!(machine.read(offset::ICR), LSC);
    assert_eq!(read_phy(&mut machine, register::BMSR) & (bmsr::LINK | bmsr::ANEG_COMPLETE), 0);
    assert_eq!(read_phy(&mut machine, register::PSSR) & pssr::LINK, 0);
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::Disabled);
    machine.device.set_link(false, 0);
    assert_eq!(machine.read(offset::ICR), 0, "no change, no interrupt");

    machine.device.set_link(true, 0);
    assert!(link_up(&mut machine));
    assert_eq!(machine.read(offset::ICR), LSC);
    assert_eq!(read_phy(&mut machine, register::BMSR) & bmsr::LINK, 0, "latched: it was lost meanwhile");
    assert_ne!(read_phy(&mut machine, register::BMSR) & bmsr::LINK, 0);
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::Delivered);
}

#[test]
fn negotiation_takes_its_time() {
    let mut machine = Machine::with(Config { link_up: false, negotiation: SECOND, ..Config::new(MAC) });
    assert!(!link_up(&mut machine));
    machine.device.set_link(true, 5);
    assert!(!link_up(&mut machine));
    assert_eq!(machine.device.next_deadline(), Some(SECOND + 5));
    machine.device.tick(&mut machine.memory, SECOND + 4);
    assert!(!link_up(&mut machine));
    machine.device.tick(&mut machine.memory, SECOND + 5);
    assert!(link_up(&mut machine));
    assert_eq!(machine.read(offset::ICR), LSC);
    assert_eq!(machine.device.next_deadline(), None);

    machine.now = 2 * SECOND;
    write_phy(&mut machine, register::BMCR, bmcr::ANEG_ENABLE | bmcr::ANEG_RESTART);
    assert!(!link_up(&mut machine));
    machine.device.set_link(false, 2 * SECOND);
    assert_eq!(machine.device.next_deadline(), None, "nobody to negotiate with");
}

#[test]
fn restarts_and_resets_of_the_phy_interrupt() {
    let mut machine = Machine::new();
    write_phy(&mut machine, register::BMCR, bmcr::ANEG_ENABLE | bmcr::ANEG_RESTART);
    assert_eq!(machine.read(offset::ICR), LSC);
    let ctrl_value = machine.read(offset::CTRL);
    machine.write(offset::CTRL, ctrl_value | ctrl::PHY_RST);
    machine.write(offset::CTRL, ctrl_value);
    assert_eq!(machine.read(offset::ICR), LSC);
    assert!(link_up(&mut machine));
}

#[test]
fn a_powered_down_phy_has_no_link() {
    let mut machine = Machine::new();
    write_phy(&mut machine, register::BMCR, bmcr::POWER_DOWN);
    assert!(!link_up(&mut machine));
    machine.device.set_link(false, 0);
    machine.device.set_link(true, 0);
    assert!(!link_up(&mut machine));
    write_phy(&mut machine, register::BMCR, bmcr::ANEG_ENABLE);
    assert!(link_up(&mut machine));
}

#[test]
fn the_mac_heeds_the_phy_only_with_slu() {
    let mut machine = Machine::new();
    let ctrl_value = machine.read(offset::CTRL);
    machine.write(offset::CTRL, ctrl_value & !ctrl::SLU);
    assert!(!link_up(&mut machine));
    assert_eq!(machine.read(offset::ICR), LSC);
    machine.write(offset::CTRL, ctrl_value);
    assert!(link_up(&mut machine));
}

#[test]
fn transmission_waits_for_the_link() {
    let mut machine = Machine::running(8);
    machine.device.set_link(false, 0);
    assert_eq!(machine.send(&[legacy(60).to_bytes()]), [] as [Frame; 0]);
    assert_eq!(machine.read(offset::TDH), 0);
    machine.device.set_link(true, 7);
    assert_eq!(machine.device.next_deadline(), Some(7), "there is work");
    machine.device.tick(&mut machine.memory, 7);
    assert_eq!(machine.device.take_transmitted().count(), 1);
    assert_eq!(machine.device.next_deadline(), None);
}
