//! What broke other emulations of this device, as scripts: rings, descriptors and contexts that a hostile
//! driver writes. Each must end soon, touch nothing it should not, and leave a device that still works.

use super::*;
use e1000_regs::descriptors::{ContextDescriptor, context_command, packet_options, receive_status};

/// Accesses to memory that one doorbell or frame may cost, at most, with the rings used here.
const STEP_BUDGET: u64 = 4 * 65536;

/// After the script, a frame still goes out and one still comes in.
fn still_works(machine: &mut Machine) {
    assert!(machine.memory.accesses < STEP_BUDGET, "{} accesses", machine.memory.accesses);
    machine.device.take_transmitted().for_each(drop);
    machine.write(offset::CTRL, e1000_regs::control::ctrl::RST);
    machine.start_receive(8, rctl::EN);
    machine.start_transmit(64);
    let sent = frame(PEER, 80);
    machine.store(TRANSMIT_BUFFERS, &sent);
    assert_eq!(machine.send(&[legacy(80).to_bytes()]), [sent]);
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::Delivered);
}

fn tse_context(header_length: u8, mss: u16) -> [u8; 16] {
    ContextDescriptor {
        ip_checksum_start: 14,
        checksum_start: 34,
        checksum_offset: 50,
        command: cmd::TSE | context_command::IP | context_command::TCP,
        header_length,
        maximum_segment_size: mss,
        ..ContextDescriptor::default()
    }
    .to_bytes()
}

fn tse_data(len: usize, command: u8) -> [u8; 16] {
    let options = packet_options::IXSM | packet_options::TXSM;
    DataDescriptor { command: cmd::TSE | cmd::IFCS | command, options, ..data(len) }.to_bytes()
}

/// CVE-2012-6075: frames longer than 1522 bytes overran drivers' 2 KiB buffers.
#[test]
fn oversize_frames_do_not_reach_small_buffers() {
    let mut machine = Machine::running(8);
    for len in [1519, 1523, 2048, 2049, 4096, 9000] {
        assert_eq!(machine.frame_in(&frame(MAC, len)), ReceiveOutcome::Oversize);
    }
    assert_eq!(machine.statistic(Statistic::Roc), 6);
    assert_eq!(machine.load::<16384>(RECEIVE_BUFFERS), [FILL; 16384]);
    still_works(&mut machine);
}

/// CVE-2015-6815: no header and no segment size: segments of no bytes, for ever.
#[test]
fn segments_of_nothing() {
    let mut machine = Machine::running(8);
    for (header, mss) in [(0, 0), (0, 1), (54, 0)] {
        let frames = machine.send(&[tse_context(header, mss), tse_data(64, cmd::EOP)]);
        assert_eq!(frames, [] as [Frame; 0]);
    }
    still_works(&mut machine);
}

/// CVE-2016-1981, CVE-2017-9310: a head beyond the ring never met the tail.
#[test]
fn heads_and_tails_beyond_the_ring() {
    for (head, tail) in [(0x4000, 1), (1, 0x4000), (0xFFFF, 0xFFFE), (0xFFFF, 0xFFFF), (8, 0), (0, 8)] {
        let mut machine = Machine::running(8);
        machine.start_transmit(8);
        machine.put_transmit(&[legacy(60).to_bytes(); 8]);
        machine.write(offset::TDH, head);
        machine.write(offset::TDT, tail);
        assert!(machine.device.take_transmitted().count() < 8);
        machine.write(offset::RDH, head);
        machine.write(offset::RDT, tail);
        for _ in 0..16 {
            machine.frame_in(&frame(MAC, 60));
        }
        still_works(&mut machine);
    }
}

#[test]
fn a_ring_of_no_descriptors_is_off() {
    let mut machine = Machine::running(8);
    machine.write(offset::TDLEN, 0);
    machine.write(offset::TDT, 5);
    machine.write(offset::RDLEN, 0x7F);
    machine.write(offset::RDT, 5);
    assert!(!machine.device.can_receive());
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::NoBuffers);
    assert_eq!(machine.device.next_deadline(), None);
    still_works(&mut machine);
}

/// CVE-2016-6834, CVE-2020-16092: fragments of length zero, and thousands without an end.
#[test]
fn fragments_without_end() {
    for descriptor in [
        LegacyDescriptor { command: cmd::IFCS, length: 0, ..legacy(0) }.to_bytes(),
        LegacyDescriptor { command: cmd::IFCS, ..legacy(1) }.to_bytes(),
        LegacyDescriptor { command: cmd::IFCS, ..legacy(16000) }.to_bytes(),
        tse_data(0, 0),
        tse_data(40000, 0),
    ] {
        let mut machine = Machine::running(8);
        machine.start_transmit(4096);
        machine.put_transmit(&[descriptor; 4095]);
        machine.write(offset::TDT, 4095);
        assert_eq!(machine.read(offset::TDH), 4095);
        assert_eq!(machine.device.take_transmitted().count(), 0);
        still_works(&mut machine);
    }
}

/// The largest lengths that fit into a descriptor, and a frame that grows past every limit.
#[test]
fn frames_longer_than_the_fifo_are_dropped_to_their_end() {
    let mut machine = Machine::running(8);
    let head = DataDescriptor { command: cmd::IFCS, ..data(16000) };
    let rest = DataDescriptor { command: cmd::IFCS, ..data(289) };
    let end = DataDescriptor { ..data(20) };
    let frames = machine.send(&[
        head.to_bytes(),
        rest.to_bytes(),
        end.to_bytes(),
        data(0xF_FFFF).to_bytes(),
        legacy(0xFFFF).to_bytes(),
        legacy(60).to_bytes(),
    ]);
    assert_eq!(frames.iter().map(Vec::len).collect::<Vec<_>>(), [60]);
    assert_eq!(machine.device.drops().get(TransmitDrop::TooLong), 3);
    still_works(&mut machine);
}

/// CVE-2020-15859, CVE-2021-3750, CVE-2023-3019: buffers and rings at the device's own registers. The
/// device has no bus address: BAR 0 is just memory that no region covers.
#[test]
fn the_device_cannot_reach_itself() {
    const BAR: u64 = 0xFEBC_0000;
    let mut machine = Machine::running(8);
    machine.device.config_write(pci_regs::offset::BAR0, BAR as u32);
    let outside = [BAR, BAR + 0x3818, MEMORY - 1, MEMORY + (1 << 20) - 1, u64::MAX, u64::MAX - 8];
    for address in outside {
        let frames = machine.send(&[LegacyDescriptor { address, ..legacy(60) }.to_bytes()]);
        assert_eq!(frames, [] as [Frame; 0]);
    }
    assert_eq!(machine.device.drops().get(TransmitDrop::BusError), outside.len() as u64);

    for (index, address) in outside.into_iter().enumerate() {
        machine.put_receive(index as u32, ReceiveDescriptor { address, ..Default::default() });
        assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::BusError);
        let descriptor = machine.receive_descriptor(index as u32);
        assert_eq!(descriptor.status & receive_status::DD, receive_status::DD, "handed back");
        assert_eq!((descriptor.errors, descriptor.length), (0x80, 0), "as an error, without data");
    }

    for (low, high) in [(BAR as u32, 0), (0xFFFF_FFF0, 0xFFFF_FFFF), (0, 0)] {
        for (register, value) in
            [(offset::RDBAL, low), (offset::RDBAH, high), (offset::TDBAL, low), (offset::TDBAH, high)]
        {
            machine.write(register, value);
        }
        machine.write(offset::TDT, 40);
        assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::BusError);
        assert_eq!(machine.device.next_deadline(), None, "an unreadable ring is not tried again and again");
    }
    still_works(&mut machine);
}

/// CVE-2020-27617: segmentation of a frame that is no IP.
#[test]
fn segmentation_of_something_else() {
    let mut machine = Machine::running(8);
    for ethertype in [[0x08, 0x06], [0x88, 0xB5], [0x86, 0xDD], [0, 0], [0x81, 0x00]] {
        let mut bytes = frame(PEER, 1000);
        bytes[12..14].copy_from_slice(&ethertype);
        bytes[14] = 0x45;
        machine.store(TRANSMIT_BUFFERS, &bytes);
        let frames = machine.send(&[tse_context(54, 100), tse_data(1000, cmd::EOP)]);
        assert_eq!(frames, [] as [Frame; 0]);
    }
    assert_eq!(machine.device.drops().get(TransmitDrop::Segmentation), 5);
    still_works(&mut machine);
}

/// CVE-2020-28916, CVE-2020-25707: a receive ring of null buffers, walked for ever.
#[test]
fn a_receive_ring_without_buffers() {
    let mut machine = Machine::running(8);
    machine.start_receive(2048, rctl::EN);
    for index in 0..2048 {
        machine.put_receive(index, ReceiveDescriptor::default());
    }
    machine.memory.accesses = 0;
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::NoBuffers);
    assert!(machine.memory.accesses <= 2 * 2048);
    assert_eq!(machine.receive_descriptor(2046).status, receive_status::DD, "each handed back, once");
    machine.memory.accesses = 0;
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::NoBuffers);
    assert_eq!(machine.memory.accesses, 0, "the walk is not repeated");
    still_works(&mut machine);
}

/// Null buffers before and within a frame: the former are skipped, the latter lose the frame.
#[test]
fn null_buffers_among_others() {
    let mut machine = Machine::running(8);
    machine.put_receive(0, ReceiveDescriptor::default());
    assert_eq!(machine.frame_in(&frame(MAC, 60)), ReceiveOutcome::Delivered);
    assert_eq!(machine.receive_descriptor(0).status, receive_status::DD);
    assert_eq!(machine.receive_descriptor(1).length, 64);
    machine.write(offset::RCTL, rctl::EN | rctl::LPE);
    machine.put_receive(3, ReceiveDescriptor::default());
    assert_eq!(machine.frame_in(&frame(MAC, 5000)), ReceiveOutcome::BusError);
    assert_eq!(machine.read(offset::RDH), 5);
    assert_eq!(machine.receive_descriptor(4).errors, 0x80);
    still_works(&mut machine);
}

/// CVE-2021-20257: a context that shrinks in the middle of a frame. A frame keeps the context it began
/// with.
#[test]
fn a_context_changed_within_a_frame() {
    let mut machine = Machine::running(8);
    machine.send(&[
        tse_context(0xFF, 0xFFFF),
        tse_data(1000, 0),
        tse_context(1, 1),
        tse_data(1000, cmd::EOP),
    ]);
    let packet = Packet::tcp(500);
    machine.store(TRANSMIT_BUFFERS, &packet.offloaded(false));
    let frames =
        machine.send(&[tse_context(54, 500), tse_data(554, 0), tse_context(1, 1), tse_data(0, cmd::EOP)]);
    assert_eq!(frames.iter().map(Vec::len).collect::<Vec<_>>(), [554]);
    still_works(&mut machine);
}

/// CVE-2021-3416: transmit to receive to transmit, until the stack was gone. Loopback is not implemented,
/// so what is sent never comes back, whatever RCTL.LBM says.
#[test]
fn loopback_modes_do_not_recurse() {
    let mut machine = Machine::running(8);
    machine.write(offset::RCTL, rctl::EN | rctl::UPE | rctl::LBM_MASK);
    machine.store(TRANSMIT_BUFFERS, &frame(MAC, 60));
    machine.start_transmit(4096);
    machine.put_transmit(&[legacy(60).to_bytes(); 4095]);
    machine.write(offset::TDT, 4095);
    assert_eq!(machine.device.take_transmitted().count(), 4095);
    assert_eq!(machine.read(offset::RDH), 0);
    still_works(&mut machine);
}

/// The five descriptors of the 2018 escape from VirtualBox: a length underflow by contexts that change in
/// the middle of a frame.
#[test]
fn the_five_descriptors_of_2018() {
    let mut machine = Machine::running(8);
    let plain = DataDescriptor { command: cmd::IFCS | cmd::RS, ..data(0x10) };
    let frames = machine.send(&[
        tse_context(0, 0x3010),
        plain.to_bytes(),
        tse_data(0, cmd::EOP),
        tse_context(0, 0xF),
        tse_data(0x4188, cmd::EOP),
    ]);
    assert_eq!(frames, [] as [Frame; 0]);
    assert_eq!(machine.device.drops().get(TransmitDrop::MixedDescriptors), 1);
    assert_eq!(machine.device.drops().get(TransmitDrop::Segmentation), 1);
    still_works(&mut machine);
}

/// CVE-2019-2722, CVE-2020-14699: arithmetic at its limits, all formats mixed in one frame.
#[test]
fn lengths_at_their_limits() {
    let mut machine = Machine::running(8);
    for header in [0, 1, 13, 14, 54, 254, 255] {
        for mss in [0, 1, 2, 1460, 0x3FFF, 0xFFFF] {
            for len in [0, 1, 14, 54, 255, 65535, 65791, 65792, 0xF_FFFF] {
                machine.send(&[tse_context(header, mss), tse_data(len, cmd::EOP)]);
                machine.send(&[tse_data(1, 0), legacy(len).to_bytes()]);
                machine.send(&[
                    LegacyDescriptor { command: 0, ..legacy(len) }.to_bytes(),
                    tse_data(1, cmd::EOP),
                ]);
            }
        }
    }
    machine.memory.accesses = 0;
    still_works(&mut machine);
}

/// CVE-2019-5609, CVE-2022-35867: headers longer than the frame.
#[test]
fn headers_longer_than_the_frame() {
    let mut machine = Machine::running(8);
    assert_eq!(machine.send(&[tse_context(255, 1460), tse_data(10, cmd::EOP)]), [] as [Frame; 0]);
    assert_eq!(machine.send(&[tse_context(255, 1460), tse_data(254, cmd::EOP)]), [] as [Frame; 0]);
    still_works(&mut machine);
}

/// CVE-2022-23087, CVE-2020-2693, CVE-2020-2894, CVE-2020-14700, CVE-2021-2321, CVE-2024-3567: checksums
/// that start, end or are stored outside of the frame.
#[test]
fn checksums_outside_of_the_frame() {
    let mut machine = Machine::running(8);
    let insert = cmd::EOP | cmd::IFCS | cmd::RS | cmd::IC;
    let mut dropped = 0;
    for (start, checksum_offset, len) in
        [(250, 255, 54), (0, 53, 54), (54, 10, 54), (255, 0, 255), (20, 255, 256)]
    {
        let descriptor =
            LegacyDescriptor { command: insert, checksum_start: start, checksum_offset, ..legacy(len) };
        assert_eq!(machine.send(&[descriptor.to_bytes()]), [] as [Frame; 0], "{descriptor:?}");
        dropped += 1;
    }
    // (40, 50, 39) is a range of no bytes.
    for (start, checksum_offset, end) in
        [(250, 50, 0), (34, 255, 0), (34, 59, 0), (34, 50, 60), (34, 50, 0xFFFF), (40, 50, 39), (34, 50, 1)]
    {
        for options in [packet_options::IXSM, packet_options::TXSM] {
            let context = ContextDescriptor {
                ip_checksum_start: start,
                ip_checksum_offset: checksum_offset,
                ip_checksum_end: end,
                checksum_start: start,
                checksum_offset,
                checksum_end: end,
                ..ContextDescriptor::default()
            };
            let descriptor = DataDescriptor { options, ..data(60) };
            let frames = machine.send(&[context.to_bytes(), descriptor.to_bytes()]);
            assert_eq!(frames, [] as [Frame; 0], "{context:?}");
            dropped += 1;
        }
    }
    assert_eq!(machine.device.drops().get(TransmitDrop::ChecksumRange), dropped);
    still_works(&mut machine);
}

/// CVE-2020-14703, CVE-2024-21113: memory of the host in frames. Whatever leaves is the driver's or zero.
#[test]
fn nothing_but_the_drivers_bytes_leaves() {
    let mut machine = Machine::running(8);
    machine.store(TRANSMIT_BUFFERS, &[0; 16]);
    for len in [14, 15, 16] {
        for frame in machine.send(&[legacy(len).to_bytes(), data(len).to_bytes()]) {
            assert_eq!(frame, [0; 60]);
        }
    }
    // A buffer that cannot be read leaves nothing of the frame, rather than what was there before.
    let lost = LegacyDescriptor { address: 8, ..legacy(1000) };
    assert_eq!(machine.send(&[lost.to_bytes()]), [] as [Frame; 0]);
    still_works(&mut machine);
}

/// CVE-2025-12464: short frames with a tag to strip: four bytes move within the shortest of headers.
#[test]
fn short_frames_with_a_tag_to_strip() {
    let mut machine = Machine::running(64);
    machine.write(offset::CTRL, e1000_regs::control::ctrl::SLU | e1000_regs::control::ctrl::VME);
    for len in 1..=17 {
        let mut bytes = frame(MAC, len);
        if len >= 14 {
            bytes[12..14].copy_from_slice(&[0x81, 0x00]);
        }
        let expected = if len < 14 { ReceiveOutcome::Undersize } else { ReceiveOutcome::Delivered };
        assert_eq!(machine.frame_in(&bytes), expected);
    }
    assert_eq!(machine.receive_descriptor(0).length, 60);
    still_works(&mut machine);
}

/// Frames too short for any header, by length or by a check sequence that is not there.
#[test]
fn frames_shorter_than_a_header() {
    let mut machine = Machine::running(8);
    for len in 0..14 {
        assert_eq!(machine.send(&[legacy(len).to_bytes()]), [] as [Frame; 0]);
    }
    for len in 0..18 {
        let own_fcs = LegacyDescriptor { command: cmd::EOP, ..legacy(len) };
        assert_eq!(machine.send(&[own_fcs.to_bytes()]), [] as [Frame; 0]);
    }
    assert_eq!(machine.device.drops().get(TransmitDrop::TooShort), 32);
    still_works(&mut machine);
}

/// Descriptor types that do not exist lose the frame they stand in, and no other.
#[test]
fn reserved_descriptor_types() {
    let mut machine = Machine::running(8);
    let mut reserved = data(60).to_bytes();
    reserved[10] = 0xF0;
    let head = DataDescriptor { command: cmd::IFCS, ..data(60) }.to_bytes();
    let mut middle = reserved;
    middle[11] &= !cmd::EOP;
    let frames = machine.send(&[reserved, head, middle, data(60).to_bytes(), data(61).to_bytes()]);
    assert_eq!(frames.iter().map(Vec::len).collect::<Vec<_>>(), [61]);
    assert_eq!(machine.device.drops().get(TransmitDrop::ReservedDescriptor), 2);
    assert_ne!(machine.transmit_status(0) & 1, 0);
    still_works(&mut machine);
}

/// Random registers and random rings, by seed: nothing panics, every step is bounded.
#[test]
fn noise() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..60 {
        let mut machine = Machine::running(8);
        for _ in 0..400 {
            let value = random();
            for index in 0..16u64 {
                let bytes = [random().to_le_bytes(), random().to_le_bytes()].concat();
                machine.store(TRANSMIT_RING + index * 16, &bytes);
                let address = if random() & 1 == 0 { TRANSMIT_BUFFERS } else { RECEIVE_BUFFERS };
                machine.store(TRANSMIT_RING + index * 16, &(address + random() % 4096).to_le_bytes());
            }
            let register = match value % 4 {
                0 => (value >> 8) as u32 % 0x20000,
                1 => offset::TDT,
                2 => offset::RDT,
                _ => Register::SINGLE[(value >> 8) as usize % Register::SINGLE.len()].offset(),
            };
            machine.memory.accesses = 0;
            machine.write(register, (value >> 32) as u32);
            machine.read(register);
            machine.frame_in(&frame(MAC, (random() % 3000) as usize));
            machine.device.tick(&mut machine.memory, value >> 40);
            assert!(machine.memory.accesses < STEP_BUDGET);
            for frame in machine.device.take_transmitted() {
                assert!(frame.len() >= 60);
            }
        }
    }
}
