//! Frames into the ring: bytes, lengths, status, and what happens when it is full.

use super::*;
use crate::e1000::offload::frame_check_sequence;
use e1000_regs::control::ctrl;
use e1000_regs::descriptors::{receive_errors, receive_status as st};
use e1000_regs::interrupt::{RXDMT0, RXO, RXT0};
use e1000_regs::receive::rxcsum;

fn buffer(machine: &mut Machine, index: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    machine.memory.read(RECEIVE_BUFFERS + index * 2048, &mut bytes).unwrap();
    bytes
}

#[test]
fn a_frame_lands_with_its_check_sequence() {
    let mut machine = Machine::running(8);
    let sent = frame(MAC, 1000);
    assert_eq!(machine.frame_in(&sent), ReceiveOutcome::Delivered);
    let descriptor = machine.receive_descriptor(0);
    assert_eq!(descriptor.length, 1004);
    assert_eq!(descriptor.status, st::DD | st::EOP | st::IXSM);
    assert_eq!((descriptor.errors, descriptor.special, descriptor.checksum), (0, 0, 0));
    assert_eq!(descriptor.address, RECEIVE_BUFFERS, "the address is not touched");
    assert_eq!(buffer(&mut machine, 0, 1005), [&sent[..], &frame_check_sequence(&sent), &[FILL]].concat());
    assert_eq!(machine.read(offset::RDH), 1);
    assert_eq!(machine.read(offset::ICR), RXT0);
}

#[test]
fn the_check_sequence_can_be_stripped() {
    let mut machine = Machine::new();
    machine.start_receive(8, rctl::EN | rctl::SECRC);
    let sent = frame(MAC, 1514);
    machine.frame_in(&sent);
    assert_eq!(machine.receive_descriptor(0).length, 1514);
    assert_eq!(buffer(&mut machine, 0, 1515), [&sent[..], &[FILL]].concat());
}

#[test]
fn short_frames_are_padded_with_zeros() {
    let mut machine = Machine::running(8);
    for len in [14, 42, 59, 60] {
        machine.start_receive(8, rctl::EN);
        let sent = frame(MAC, len);
        assert_eq!(machine.frame_in(&sent), ReceiveOutcome::Delivered);
        assert_eq!(machine.receive_descriptor(0).length, 64);
        let mut padded = sent.clone();
        padded.resize(60, 0);
        assert_eq!(buffer(&mut machine, 0, 64), [&padded[..], &frame_check_sequence(&padded)].concat());
    }
    for len in 0..14 {
        assert_eq!(machine.frame_in(&frame(MAC, len)), ReceiveOutcome::Undersize, "{len} bytes");
    }
    assert_eq!(machine.statistic(Statistic::Ruc), 14);
}

#[test]
fn a_long_frame_takes_several_descriptors() {
    let mut machine = Machine::new();
    machine.start_receive(8, rctl::EN | rctl::SECRC | (0b11 << rctl::BSIZE_SHIFT));
    let sent = frame(MAC, 1000);
    machine.frame_in(&sent);
    let lengths: Vec<(u16, u8)> = (0..5)
        .map(|index| machine.receive_descriptor(index))
        .map(|descriptor| (descriptor.length, descriptor.status))
        .collect();
    let last = st::DD | st::EOP | st::IXSM;
    assert_eq!(lengths, [(256, st::DD), (256, st::DD), (256, st::DD), (232, last), (0, 0)]);
    let mut stored = vec![0; 1001];
    machine.memory.read(RECEIVE_BUFFERS, &mut stored).unwrap();
    assert_eq!(stored, [&sent[..], &[FILL]].concat());
    assert_eq!(machine.read(offset::RDH), 4);
}

/// A driver that sees DD may read: the data is there before, and of a descriptor only what the device owns
/// is written.
#[test]
fn data_comes_before_the_descriptors_that_announce_it() {
    let mut machine = Machine::new();
    machine.start_receive(8, rctl::EN | rctl::SECRC | (0b01 << rctl::BSIZE_SHIFT));
    machine.memory.writes.clear();
    machine.frame_in(&frame(MAC, 1500));
    let data = [RECEIVE_BUFFERS, RECEIVE_BUFFERS + 1024];
    let descriptors = [RECEIVE_RING + 8, RECEIVE_RING + 24];
    assert_eq!(machine.memory.writes, [data, descriptors].concat());
}

/// A length that the buffer size divides must not become zero, nor take a buffer more.
#[test]
fn a_frame_that_fills_its_buffers_exactly() {
    let mut machine = Machine::new();
    machine.start_receive(8, rctl::EN | rctl::SECRC | (0b10 << rctl::BSIZE_SHIFT));
    machine.frame_in(&frame(MAC, 1024));
    assert_eq!(machine.receive_descriptor(0).length, 512);
    assert_eq!(machine.receive_descriptor(1).length, 512);
    assert_eq!(machine.read(offset::RDH), 2);
}

#[test]
fn longer_frames_need_lpe() {
    for (mode, longest) in [(0, 1518), (rctl::LPE, 16380), (rctl::SBP, 16380)] {
        let mut machine = Machine::new();
        machine.start_receive(16, rctl::EN | mode);
        assert_eq!(machine.frame_in(&frame(MAC, longest)), ReceiveOutcome::Delivered, "RCTL {mode:#x}");
        assert_eq!(machine.frame_in(&frame(MAC, longest + 1)), ReceiveOutcome::Oversize);
        assert_eq!(machine.frame_in(&frame(MAC, 100_000)), ReceiveOutcome::Oversize);
        assert_eq!(machine.statistic(Statistic::Roc), 2);
    }
}

#[test]
fn a_full_ring_loses_frames_and_says_so() {
    let mut machine = Machine::running(8);
    for _ in 0..7 {
        assert!(machine.device.can_receive());
        assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::Delivered);
    }
    assert!(!machine.device.can_receive());
    machine.read(offset::ICR);
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::NoBuffers);
    assert_eq!(machine.read(offset::ICR), RXO | RXDMT0);
    assert_eq!((machine.statistic(Statistic::Mpc), machine.statistic(Statistic::Rnbc)), (1, 1));
    assert_eq!(machine.receive_descriptor(7).status, 0, "the driver's descriptor is not touched");
    machine.write(offset::RDT, 2);
    assert!(machine.device.can_receive());
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::Delivered);
    assert_eq!(machine.read(offset::RDH), 0, "round the corner");
}

#[test]
fn room_is_room_for_the_longest_frame() {
    let mut machine = Machine::new();
    machine.start_receive(8, rctl::EN | rctl::LPE);
    assert!(!machine.device.can_receive(), "16 KiB need 8 buffers of 2 KiB");
    machine.start_receive(16, rctl::EN | rctl::LPE);
    assert!(machine.device.can_receive());
    machine.write(offset::RCTL, 0);
    assert!(machine.device.can_receive(), "a device that is off drops");
}

#[test]
fn the_minimum_threshold_is_a_share_of_the_ring() {
    for (rdmts, free) in [(0, 8), (1, 4), (2, 2)] {
        let mut machine = Machine::new();
        machine.start_receive(16, rctl::EN | (rdmts << rctl::RDMTS_SHIFT));
        for left in (0..15).rev() {
            machine.frame_in(&frame(MAC, 60));
            let raised = machine.read(offset::ICR) & RXDMT0 != 0;
            assert_eq!(raised, left <= free, "RDMTS {rdmts}, {left} left");
        }
    }
}

#[test]
fn a_stripped_tag_goes_into_the_descriptor() {
    let mut machine = Machine::running(8);
    machine.write(offset::CTRL, ctrl::SLU | ctrl::VME);
    let mut tagged = frame(MAC, 100);
    tagged[12..16].copy_from_slice(&[0x81, 0x00, 0x60, 0x65]);
    machine.frame_in(&tagged);
    let descriptor = machine.receive_descriptor(0);
    assert_eq!((descriptor.length, descriptor.special), (100, 0x6065));
    assert_eq!(descriptor.status, st::DD | st::EOP | st::IXSM | st::VP);
    let stored = buffer(&mut machine, 0, 100);
    assert_eq!(stored, [&tagged[..12], &tagged[16..], &frame_check_sequence(&tagged)].concat());
    machine.frame_in(&frame(MAC, 100));
    assert_eq!(machine.receive_descriptor(1).status & st::VP, 0);
}

#[test]
fn checksums_are_reported_if_the_wire_vouches_for_them() {
    let ip = rxcsum::IPOFL;
    let both = rxcsum::IPOFL | rxcsum::TUOFL;
    let good = {
        let mut bytes = Packet::tcp(10).unsummed();
        let sum = !naive_fold(naive_sum(&bytes[14..34]));
        bytes[24..26].copy_from_slice(&sum.to_be_bytes());
        bytes[..6].copy_from_slice(&MAC);
        bytes
    };
    let mut bad_header = good.clone();
    bad_header[24] ^= 1;
    let mut fragment = good.clone();
    fragment[20] = 0x20;
    fragment[24..26].copy_from_slice(&[0, 0]);
    let sum = !naive_fold(naive_sum(&fragment[14..34]));
    fragment[24..26].copy_from_slice(&sum.to_be_bytes());
    let truncated = good[..20].to_vec();
    let arp = frame(MAC, 60);
    for (name, bytes, verdict, rxcsum, status, errors) in [
        ("unknown", &good, ChecksumVerdict::Unknown, both, st::IXSM, 0),
        ("good", &good, ChecksumVerdict::Verified, both, st::IPCS | st::TCPCS, 0),
        ("header only", &good, ChecksumVerdict::Verified, ip, st::IPCS, 0),
        ("not asked for", &good, ChecksumVerdict::Verified, 0, 0, 0),
        (
            "bad header",
            &bad_header,
            ChecksumVerdict::Verified,
            both,
            st::IPCS | st::TCPCS,
            receive_errors::IPE,
        ),
        ("fragment", &fragment, ChecksumVerdict::Verified, both, st::IPCS, 0),
        ("no IP", &arp, ChecksumVerdict::Verified, both, st::IXSM, 0),
        ("cut off", &truncated, ChecksumVerdict::Verified, both, st::IPCS, receive_errors::IPE),
    ] {
        let mut machine = Machine::running(8);
        machine.write(offset::RXCSUM, rxcsum);
        let wire = WireFrame { bytes, checksum: verdict };
        assert_eq!(machine.device.receive(&mut machine.memory, wire, 0), ReceiveOutcome::Delivered);
        let descriptor = machine.receive_descriptor(0);
        assert_eq!(descriptor.status, st::DD | st::EOP | status, "{name}");
        assert_eq!(descriptor.errors, errors, "{name}");
    }
}

#[test]
fn nothing_comes_in_while_disabled() {
    let mut machine = Machine::running(8);
    machine.write(offset::RCTL, rctl::BAM);
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::Disabled);
    assert_eq!(machine.statistic(Statistic::Tpr), 0, "counters stand still too");
}

/// A ring of eight, two thousand frames, each handed back at once.
#[test]
fn the_ring_goes_round_and_round() {
    let mut machine = Machine::running(8);
    for turn in 0..2000u32 {
        let index = turn % 8;
        let sent = frame(MAC, 60 + turn as usize % 1400);
        assert_eq!(machine.frame_in(&sent), ReceiveOutcome::Delivered);
        let descriptor = machine.receive_descriptor(index);
        assert_eq!(usize::from(descriptor.length), sent.len() + 4);
        assert_eq!(buffer(&mut machine, index.into(), sent.len()), sent);
        machine.put_receive(index, ReceiveDescriptor { address: descriptor.address, ..Default::default() });
        machine.write(offset::RDT, index);
    }
}
