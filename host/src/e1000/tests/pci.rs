//! Configuration space.

use super::*;

#[test]
fn identity() {
    let device = E1000::new(Config::new(MAC));
    for (offset, value) in [
        (0x00, 0x100E_8086),
        (0x04, 0x0220_0000),
        (0x08, 0x0200_0002),
        (0x0C, 0),
        (0x10, 0),
        (0x2C, 0x001E_8086),
        (0x3C, 0x00FF_0100),
        (0x34, 0),
        (0x100, 0xFFFF_FFFF),
        (0xFFFF, 0xFFFF_FFFF),
    ] {
        assert_eq!(device.config_read(offset), value, "at {offset:#x}");
    }
    assert_eq!(device.config_read(0x02), 0x100E_8086, "the low two bits of an offset are ignored");
}

#[test]
fn bar0_tells_its_size() {
    let mut device = E1000::new(Config::new(MAC));
    device.config_write(0x10, 0xFFFF_FFFF);
    assert_eq!(device.config_read(0x10), 0xFFFE_0000, "128 KiB of 32 bit memory");
    device.config_write(0x10, 0xFEBC_0000);
    assert_eq!(device.config_read(0x10), 0xFEBC_0000);
    device.config_write(0x14, 0xFFFF_FFFF);
    assert_eq!(device.config_read(0x14), 0, "no other region");
}

#[test]
fn read_only_words_stay() {
    let mut device = E1000::new(Config::new(MAC));
    for offset in (0..0x200).step_by(4) {
        device.config_write(offset, 0xFFFF_FFFF);
    }
    assert_eq!(device.config_read(0x00), 0x100E_8086);
    assert_eq!(device.config_read(0x08), 0x0200_0002);
    assert_eq!(device.config_read(0x04), 0x0220_0146);
    assert_eq!(device.config_read(0x3C), 0x00FF_01FF);
}

/// Without the bus master bit the device moves no data, and starts to when it is set.
#[test]
fn memory_is_reached_as_bus_master_only() {
    let mut machine = Machine::running(8);
    machine.device.config_write(pci_regs::offset::COMMAND_STATUS, pci_regs::command::MEMORY.into());
    let before = machine.memory.accesses;
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::Disabled);
    machine.write(offset::TDT, 1);
    assert_eq!(machine.memory.accesses, before);
    assert_eq!(machine.device.next_deadline(), None);
    machine.device.config_write(pci_regs::offset::COMMAND_STATUS, pci_regs::command::BUS_MASTER.into());
    assert_eq!(machine.device.next_deadline(), Some(0));
}
