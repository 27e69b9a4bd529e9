//! Which frames come in.

use super::*;
use e1000_regs::control::ctrl;

const OTHER: [u8; 6] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x57];
const BROADCAST: [u8; 6] = [0xFF; 6];

fn accepts(machine: &mut Machine, destination: [u8; 6]) -> bool {
    match machine.frame_in(&frame(destination, 60)) {
        ReceiveOutcome::Delivered => true,
        ReceiveOutcome::Filtered => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn modes_by_kind_of_destination() {
    for (mode, own, other, broadcast, group) in [
        (0, true, false, false, false),
        (rctl::BAM, true, false, true, false),
        (rctl::UPE, true, true, false, false),
        (rctl::MPE, true, false, true, true),
        (rctl::UPE | rctl::MPE | rctl::BAM, true, true, true, true),
    ] {
        let mut machine = Machine::new();
        machine.start_receive(8, rctl::EN | mode);
        for (destination, expected) in [(MAC, own), (OTHER, other), (BROADCAST, broadcast), (GROUP, group)] {
            assert_eq!(accepts(&mut machine, destination), expected, "RCTL {mode:#x}, to {destination:02x?}");
        }
    }
}

#[test]
fn sixteen_addresses_count_while_valid() {
    for index in 0..16u8 {
        let mut machine = Machine::running(16);
        let (low, high) = e1000_regs::receive::receive_address(OTHER);
        machine.write(Register::Ral(index).offset(), low);
        machine.write(Register::Rah(index).offset(), high);
        assert!(accepts(&mut machine, OTHER), "entry {index}");
        assert_eq!(accepts(&mut machine, MAC), index != 0);
        machine.write(Register::Rah(index).offset(), high & !e1000_regs::receive::rah::AV);
        assert!(!accepts(&mut machine, OTHER), "entry {index} without AV");
    }
}

/// SDM 13.5.1: MO picks bits 47:36, 46:35, 45:34 or 43:32 of the destination address.
#[test]
fn the_multicast_table_is_a_hash_of_twelve_bits() {
    let group = [0x01, 0x00, 0x5E, 0x12, 0x34, 0xAC];
    for (mo, hash) in [(0, 0xAC3u32), (1, 0x586), (2, 0xB0D), (3, 0xC34)] {
        let mut machine = Machine::new();
        machine.start_receive(8, rctl::EN | (mo << rctl::MO_SHIFT));
        assert!(!accepts(&mut machine, group));
        machine.write(offset::MTA + 4 * (hash >> 5), 1 << (hash & 31));
        assert!(accepts(&mut machine, group), "MO {mo}");
        assert!(!accepts(&mut machine, [0x01, 0x00, 0x5E, 0x12, 0x35, 0xAD]), "MO {mo}");
        let unicast = [0x00, 0x00, 0x5E, 0x12, 0x34, 0xAC];
        assert!(!accepts(&mut machine, unicast), "the table is for groups");
    }
}

#[test]
fn vlan_filter_drops_tagged_frames_that_it_does_not_know() {
    let mut machine = Machine::new();
    machine.start_receive(8, rctl::EN | rctl::VFE);
    let mut tagged = frame(MAC, 64);
    tagged[12..16].copy_from_slice(&[0x81, 0x00, 0x60, 0x65]);
    assert_eq!(machine.frame_in(&tagged), ReceiveOutcome::Filtered);
    machine.write(Register::Vfta(3).offset(), 1 << 5);
    assert_eq!(machine.frame_in(&tagged), ReceiveOutcome::Delivered, "VLAN 101");
    assert!(accepts(&mut machine, MAC), "untagged");
    machine.write(offset::CTRL, ctrl::SLU);
    machine.write(offset::VET, 0x88A8);
    machine.write(Register::Vfta(3).offset(), 0);
    assert_eq!(machine.frame_in(&tagged), ReceiveOutcome::Delivered, "VET says what a tag is");
}
