//! Finding the device, refusing others, starting it.

use super::*;
use e1000_regs::interrupt::{LSC, RXDMT0, RXO, RXT0};
use e1000_regs::receive::{rah, rctl};
use e1000_regs::registers::offset;
use e1000_regs::transmit::tctl;
use std::string::ToString;

fn probe(change: impl FnOnce(&mut fake_bus::Device)) -> Result<E1000<FakeBus>, ProbeError> {
    let bus = FakeBus::new();
    change(&mut bus.device());
    E1000::probe(bus, Options::default())
}

#[test]
fn a_good_device_is_started() {
    let (driver, bus) = with_rings(256, 256);
    assert_eq!(driver.mac(), MacAddress(MAC));
    assert!(driver.link_up());
    assert!(driver.can_transmit());
    assert!(driver.features().transmit_checksum);
    let device = bus.device();
    assert_eq!(device.command & 0x6, 0x6, "memory space and bus master");
    for (register, expected) in [
        (offset::RA, 0xAB00_5452),
        (offset::RA + 4, rah::AV | 0xEFCD),
        (offset::RA + 12, 0),
        (offset::MTA + 508, 0),
        (offset::RDLEN, 4096),
        (offset::RDH, 0),
        (offset::RDT, 255),
        (offset::TDLEN, 4096),
        (offset::TDT, 0),
        (offset::RCTL, rctl::EN | rctl::BAM | rctl::MPE | rctl::SECRC),
    ] {
        assert_eq!(device.registers.get(&register), Some(&expected), "{:?}", Register::from_offset(register));
    }
    assert_eq!(device.register(offset::TCTL) & (tctl::EN | tctl::PSP), tctl::EN | tctl::PSP);
    assert_eq!(device.mask, RXT0 | RXDMT0 | RXO | LSC);
    assert_eq!(device.resets, 1);
}

#[test]
fn what_is_not_ours_or_broken_is_refused() {
    type Change = fn(&mut fake_bus::Device);
    let table: [(&str, Change, ProbeError); 9] = [
        (
            "another device",
            |d| d.id = 0x10D3_8086,
            ProbeError::UnsupportedDevice { vendor: 0x8086, device: 0x10D3 },
        ),
        (
            "nothing there",
            |d| d.id = u32::MAX,
            ProbeError::UnsupportedDevice { vendor: 0xFFFF, device: 0xFFFF },
        ),
        ("no memory", |d| d.memory_left = 600_000, ProbeError::Bus(BusError::OutOfMemory)),
        ("reset", |d| d.reset_hangs = true, ProbeError::ResetTimeout),
        ("EEPROM", |d| d.eeprom_hangs = true, ProbeError::EepromTimeout),
        ("a bit flipped", |d| d.words[0x20] ^= 1, ProbeError::EepromChecksum { sum: 0xBABB }),
        (
            "a group's address",
            |d| {
                d.words[0] |= 1;
                d.fix_checksum();
            },
            ProbeError::BadAddress(MacAddress([0x53, 0x54, 0x00, 0xAB, 0xCD, 0xEF])),
        ),
        ("PHY", |d| d.phy_hangs = true, ProbeError::PhyTimeout),
        ("another PHY", |d| d.phy_id = 0x0022_1640, ProbeError::UnsupportedPhy { id: 0x0022_1640 }),
    ];
    for (name, change, expected) in table {
        match probe(change) {
            Err(error) => {
                assert_eq!(error, expected, "{name}");
                assert!(!error.to_string().contains('\n') && !error.to_string().is_empty());
            }
            Ok(_) => panic!("{name} was accepted"),
        }
    }
    assert_eq!(
        ProbeError::UnsupportedDevice { vendor: 0x8086, device: 0x10D3 }.to_string(),
        "PCI device 8086:10d3 is not supported (expected 8086:100e)"
    );
}

#[test]
fn the_revision_of_the_phy_does_not_matter() {
    assert!(probe(|device| device.phy_id |= 5).is_ok());
}

#[test]
fn ring_lengths_are_made_to_fit_the_device() {
    for (wanted, bytes) in [(0, 128), (8, 128), (9, 256), (256, 4096), (5000, 65536)] {
        let (_driver, bus) = with_rings(wanted, wanted);
        assert_eq!(bus.device().register(offset::RDLEN), bytes);
        assert_eq!(bus.device().register(offset::TDLEN), bytes);
    }
}

#[test]
fn the_link_is_what_the_device_says_when_it_changes() {
    let (mut driver, bus) = small();
    for up in [false, true] {
        bus.device().link_up = up;
        bus.device().causes = LSC;
        assert_eq!(poll(&mut driver, 64), (vec![], false));
        assert_eq!(driver.link_up(), up);
    }
}

#[test]
fn another_address_is_received_for_and_survives_a_reset() {
    let (mut driver, bus) = with_rings(256, 256);
    let mac = MacAddress([2, 0, 0, 0, 0, 9]);
    assert!(driver.set_mac(mac));
    let received_for = || [offset::RA, offset::RA + 4].map(|register| bus.device().register(register));
    assert_eq!((driver.mac(), received_for()), (mac, [2, rah::AV | 0x0900]));
    driver.reset().unwrap();
    assert_eq!((driver.mac(), received_for()), (mac, [2, rah::AV | 0x0900]));
}
