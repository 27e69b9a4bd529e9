//! Descriptors out of the ring: bytes on the wire, checksums, contexts, status.

use super::*;
use e1000_regs::control::ctrl;
use e1000_regs::descriptors::{ContextDescriptor, context_command, packet_options, transmit_status};
use e1000_regs::interrupt::{TXDW, TXQE};

/// The plain checksum context for a [`Packet`], as Linux writes it.
fn context(packet: &Packet) -> ContextDescriptor {
    ContextDescriptor {
        ip_checksum_start: 14,
        ip_checksum_offset: 24,
        ip_checksum_end: 33,
        checksum_start: 34,
        checksum_offset: packet.checksum_offset() as u8,
        checksum_end: 0,
        command: if packet.protocol == 6 { context_command::TCP } else { 0 },
        ..ContextDescriptor::default()
    }
}

const BOTH: u8 = packet_options::IXSM | packet_options::TXSM;

#[test]
fn both_formats_put_the_same_bytes_on_the_wire() {
    let mut machine = Machine::running(8);
    for len in [60, 61, 1514, 9000, 16284] {
        let sent = frame(PEER, len);
        machine.store(TRANSMIT_BUFFERS, &sent);
        assert_eq!(machine.send(&[legacy(len).to_bytes()]), [&sent[..]]);
        assert_eq!(machine.send(&[data(len).to_bytes()]), [sent]);
        assert_eq!(machine.read(offset::ICR), TXDW | TXQE);
        assert_eq!(machine.transmit_status(0), transmit_status::DD);
    }
    assert_eq!(machine.device.drops().total(), 0);
}

#[test]
fn status_is_written_only_where_asked() {
    let mut machine = Machine::running(8);
    let silent = LegacyDescriptor { command: cmd::EOP | cmd::IFCS, ..legacy(60) };
    let sent = LegacyDescriptor { command: cmd::EOP | cmd::IFCS | cmd::RPS, special: 0x1234, ..legacy(60) };
    let context = ContextDescriptor::default();
    let reporting = ContextDescriptor { command: cmd::RS, ..context };
    machine.send(&[silent.to_bytes(), sent.to_bytes(), context.to_bytes(), reporting.to_bytes()]);
    let statuses: Vec<u8> = (0..4).map(|index| machine.transmit_status(index)).collect();
    assert_eq!(statuses, [0, 1, 0, 1]);
    let after = machine.load::<16>(TRANSMIT_RING + 16);
    assert_eq!(after, LegacyDescriptor { status: 1, ..sent }.to_bytes(), "nothing but DD changed");
    machine.read(offset::ICR);
    machine.send(&[silent.to_bytes()]);
    assert_eq!(machine.read(offset::ICR), TXQE);
}

#[test]
fn a_frame_is_gathered_from_its_buffers() {
    let mut machine = Machine::running(8);
    let sent = frame(PEER, 300);
    machine.store(TRANSMIT_BUFFERS, &sent);
    let mut at = TRANSMIT_BUFFERS;
    let mut pieces = Vec::new();
    for len in [14u16, 0, 1, 85, 200] {
        pieces.push(LegacyDescriptor { address: at, length: len, command: cmd::IFCS, ..Default::default() });
        at += u64::from(len);
    }
    pieces[4].command |= cmd::EOP;
    // A null address transfers no data, whatever its length.
    pieces[1] = LegacyDescriptor { address: 0, length: 77, ..pieces[1] };
    let bytes: Vec<[u8; 16]> = pieces.iter().map(|piece| piece.to_bytes()).collect();
    assert_eq!(machine.send(&bytes), [&sent[..]]);

    // The same with a doorbell for each descriptor: the frame waits for its end.
    machine.write(offset::TDH, 0);
    machine.write(offset::TDT, 0);
    for tail in 1..=5 {
        assert_eq!(machine.device.take_transmitted().count(), 0);
        machine.write(offset::TDT, tail);
    }
    assert_eq!(machine.device.take_transmitted().collect::<Vec<_>>(), [sent]);
}

/// Bytes that leave are the driver's or zero: short frames are padded with zeros, not with memory.
#[test]
fn short_frames_are_padded_with_zeros() {
    let mut machine = Machine::running(8);
    for len in 14..60 {
        let sent = frame(PEER, len);
        machine.store(TRANSMIT_BUFFERS, &[FILL; 64]);
        machine.store(TRANSMIT_BUFFERS, &sent);
        let mut padded = sent.clone();
        padded.resize(60, 0);
        assert_eq!(machine.send(&[legacy(len).to_bytes()]), [padded], "{len} bytes");
    }
}

/// Without IFCS the driver's own check sequence ends the buffer; it is not part of the frame.
#[test]
fn without_ifcs_the_last_four_bytes_are_the_check_sequence() {
    let mut machine = Machine::running(8);
    let sent = frame(PEER, 104);
    machine.store(TRANSMIT_BUFFERS, &sent);
    let raw = LegacyDescriptor { command: cmd::EOP | cmd::RS, ..legacy(104) };
    assert_eq!(machine.send(&[raw.to_bytes()]), [sent[..100].to_vec()]);
}

#[test]
fn legacy_checksum_insertion() {
    let mut machine = Machine::running(8);
    for payload in [0, 1, 700, 701] {
        let packet = Packet::tcp(payload);
        machine.store(TRANSMIT_BUFFERS, &packet.offloaded(true));
        let descriptor = LegacyDescriptor {
            command: cmd::EOP | cmd::IFCS | cmd::RS | cmd::IC,
            checksum_start: 34,
            checksum_offset: 50,
            ..legacy(54 + payload)
        };
        let frames = machine.send(&[descriptor.to_bytes()]);
        assert!(transport_checksum_good(&frames[0]), "payload of {payload}");
    }
}

#[test]
fn context_checksum_insertion() {
    let mut machine = Machine::running(8);
    for packet in [Packet::tcp(0), Packet::tcp(333), Packet::udp(0), Packet::udp(100), Packet::udp(1001)] {
        let bytes = packet.offloaded(true);
        machine.store(TRANSMIT_BUFFERS, &bytes);
        for (options, ip, transport) in [
            (BOTH, true, true),
            (packet_options::IXSM, true, false),
            (packet_options::TXSM, false, true),
            (0, false, false),
        ] {
            let descriptor = DataDescriptor { options, ..data(bytes.len()) };
            let frames = machine.send(&[context(&packet).to_bytes(), descriptor.to_bytes()]);
            let sent = &frames[0];
            assert_eq!((ip_checksum_good(sent), transport_checksum_good(sent)), (ip, transport), "{options}");
            if options == 0 {
                assert_eq!(sent[..bytes.len()], bytes);
            }
        }
    }
}

/// The field is found with the sum of what comes after it being all ones: the complement is zero, which
/// UDP must not send.
#[test]
fn a_udp_checksum_of_zero_is_sent_as_all_ones() {
    let mut packet = Packet::udp(2);
    packet.payload = vec![0, 0];
    let bytes = packet.offloaded(true);
    let rest = naive_fold(naive_sum(&bytes[34..]));
    packet.payload = (!rest).to_be_bytes().to_vec();
    let mut machine = Machine::running(8);
    machine.store(TRANSMIT_BUFFERS, &packet.offloaded(true));
    let descriptor = DataDescriptor { options: BOTH, ..data(44) };
    let frames = machine.send(&[context(&packet).to_bytes(), descriptor.to_bytes()]);
    assert_eq!(frames[0][40..42], [0xFF, 0xFF]);
}

/// A FreeBSD driver sends its checksum context once and again only when something changes, even if frames
/// with segmentation come in between: two contexts, which live until a reset.
#[test]
fn the_plain_context_outlives_frames_doorbells_and_segmentation() {
    let packet = Packet::tcp(100);
    let bytes = packet.offloaded(true);
    let mut machine = Machine::running(8);
    machine.store(TRANSMIT_BUFFERS, &bytes);
    machine.send(&[ContextDescriptor {
        command: context_command::TCP | context_command::IP,
        ..context(&packet)
    }
    .to_bytes()]);
    let tse = ContextDescriptor { command: cmd::TSE, ip_checksum_start: 200, ..Default::default() };
    let checked = DataDescriptor { options: BOTH, ..data(bytes.len()) };
    let plain = data(bytes.len());
    for _ in 0..3 {
        let frames =
            machine.send(&[tse.to_bytes(), checked.to_bytes(), plain.to_bytes(), checked.to_bytes()]);
        assert!(transport_checksum_good(&frames[0]) && transport_checksum_good(&frames[2]));
        assert_eq!(frames[1], bytes);
    }
    machine.write(offset::CTRL, ctrl::RST);
    machine.start_transmit(64);
    assert_eq!(machine.send(&[checked.to_bytes()]), [] as [Frame; 0]);
    assert_eq!(machine.device.drops().get(TransmitDrop::NoContext), 1);
}

/// POPTS counts in a frame's first descriptor only.
#[test]
fn options_of_later_descriptors_are_ignored() {
    let packet = Packet::tcp(100);
    let bytes = packet.offloaded(true);
    let mut machine = Machine::running(8);
    machine.store(TRANSMIT_BUFFERS, &bytes);
    let head = DataDescriptor { command: cmd::IFCS, options: BOTH, ..data(54) };
    let tail = DataDescriptor { address: TRANSMIT_BUFFERS + 54, ..data(bytes.len() - 54) };
    let frames = machine.send(&[context(&packet).to_bytes(), head.to_bytes(), tail.to_bytes()]);
    assert!(transport_checksum_good(&frames[0]));
    let unchecked = DataDescriptor { options: 0, ..head };
    let tail = DataDescriptor { options: BOTH, ..tail };
    let frames = machine.send(&[unchecked.to_bytes(), tail.to_bytes()]);
    assert_eq!(frames, [bytes]);
}

#[test]
fn tags_are_inserted_where_both_sides_say_so() {
    let mut machine = Machine::running(8);
    let sent = frame(PEER, 100);
    machine.store(TRANSMIT_BUFFERS, &sent);
    let tagged = LegacyDescriptor { command: legacy(0).command | cmd::VLE, special: 0x6065, ..legacy(100) };
    assert_eq!(machine.send(&[tagged.to_bytes()]), [&sent[..]], "CTRL.VME is off");
    machine.write(offset::CTRL, ctrl::SLU | ctrl::VME);
    let expected = [&sent[..12], &[0x81, 0x00, 0x60, 0x65], &sent[12..]].concat();
    assert_eq!(machine.send(&[tagged.to_bytes(), legacy(100).to_bytes()]), [expected, sent]);
}

#[test]
fn nothing_leaves_while_disabled() {
    let mut machine = Machine::running(8);
    machine.write(offset::TCTL, 0);
    machine.store(TRANSMIT_BUFFERS, &frame(PEER, 60));
    assert_eq!(machine.send(&[legacy(60).to_bytes()]), [] as [Frame; 0]);
    machine.write(offset::TCTL, tctl::EN);
    assert_eq!(machine.device.take_transmitted().count(), 1, "enabling starts what waits");
}

/// A ring of eight, two thousand frames, the doorbell rung for one to seven at a time.
#[test]
fn the_ring_goes_round_and_round() {
    let mut machine = Machine::running(8);
    machine.start_transmit(8);
    let (mut tail, mut sent) = (0u32, 0u32);
    while sent < 2000 {
        let burst = 1 + sent % 7;
        let mut expected = Vec::new();
        for number in 0..burst {
            let bytes = frame(PEER, 60 + ((sent + number) % 1000) as usize);
            let address = TRANSMIT_BUFFERS + u64::from(tail) * 2048;
            machine.store(address, &bytes);
            let descriptor = LegacyDescriptor { address, ..legacy(bytes.len()) };
            machine.store(TRANSMIT_RING + u64::from(tail) * 16, &descriptor.to_bytes());
            tail = (tail + 1) % 8;
            expected.push(bytes);
        }
        machine.write(offset::TDT, tail);
        assert_eq!(machine.device.take_transmitted().collect::<Vec<_>>(), expected);
        assert_eq!(machine.read(offset::TDH), tail);
        sent += burst;
    }
}

/// Frames wait for the wire up to a limit; the ring then waits, and goes on when there is room.
#[test]
fn a_slow_wire_stops_the_ring_instead_of_filling_memory() {
    let mut machine = Machine::running(8);
    machine.start_transmit(512);
    machine.store(TRANSMIT_BUFFERS, &frame(PEER, 16000));
    machine.put_transmit(&[legacy(16000).to_bytes(); 511]);
    machine.write(offset::TDT, 511);
    let first = machine.device.take_transmitted().count();
    assert!((60..80).contains(&first), "about a megabyte: {first} frames");
    let mut all = first;
    while let Some(deadline) = machine.device.next_deadline() {
        machine.device.tick(&mut machine.memory, deadline);
        all += machine.device.take_transmitted().count();
    }
    assert_eq!(all, 511);
    assert_eq!(machine.read(offset::TDH), 511);
    assert_ne!(machine.read(offset::ICR) & TXQE, 0);
}
