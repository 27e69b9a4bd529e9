//! TCP and UDP segmentation.

use super::*;
use e1000_regs::descriptors::{ContextDescriptor, context_command, packet_options};

const BOTH: u8 = packet_options::IXSM | packet_options::TXSM;

fn context(packet: &Packet, mss: u16) -> ContextDescriptor {
    ContextDescriptor {
        ip_checksum_start: 14,
        ip_checksum_offset: 24,
        ip_checksum_end: 33,
        checksum_start: 34,
        checksum_offset: packet.checksum_offset() as u8,
        payload_length: packet.payload.len() as u32,
        command: cmd::TSE | context_command::IP | if packet.protocol == 6 { context_command::TCP } else { 0 },
        header_length: packet.header_len() as u8,
        maximum_segment_size: mss,
        ..ContextDescriptor::default()
    }
}

/// Sends a packet through segmentation; the headers in one descriptor, the payload in another.
fn segments(machine: &mut Machine, packet: &Packet, context: ContextDescriptor) -> Vec<Frame> {
    let mut bytes = packet.offloaded(false);
    bytes[16..18].copy_from_slice(&[0, 0]);
    machine.store(TRANSMIT_BUFFERS, &bytes);
    let header = packet.header_len();
    let command = cmd::IFCS | cmd::RS | cmd::TSE;
    let head = DataDescriptor { command, options: BOTH, ..data(header) };
    let tail = DataDescriptor {
        address: TRANSMIT_BUFFERS + header as u64,
        command: command | cmd::EOP,
        ..data(bytes.len() - header)
    };
    machine.send(&[context.to_bytes(), head.to_bytes(), tail.to_bytes()])
}

#[test]
fn tcp_segments_carry_the_payload_in_order() {
    let mut machine = Machine::running(8);
    for (payload, mss, count) in
        [(2920u32, 1460u16, 2), (2921, 1460, 3), (1, 1460, 1), (0, 1460, 1), (65000, 1448, 45)]
    {
        let packet = Packet::tcp(payload as usize);
        let frames = segments(&mut machine, &packet, context(&packet, mss));
        assert_eq!(frames.len(), count, "payload {payload}");
        let mut received = Vec::new();
        for (index, frame) in frames.iter().enumerate() {
            assert!(
                ip_checksum_good(frame) && transport_checksum_good(frame),
                "segment {index} of {payload}"
            );
            let end = 14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]));
            assert_eq!(frame.len(), end.max(60));
            let sequence = u32::from_be_bytes([frame[38], frame[39], frame[40], frame[41]]);
            assert_eq!(sequence, 0xFFFF_FF00u32.wrapping_add(received.len() as u32));
            let identification = u16::from_be_bytes([frame[18], frame[19]]);
            assert_eq!(identification, 0x12FF + index as u16);
            let flags = if index + 1 == count { 0x19 } else { 0x10 };
            assert_eq!(frame[47], flags, "FIN and PSH stay with the last");
            received.extend_from_slice(&frame[54..end]);
        }
        assert_eq!(received, packet.payload);
    }
    assert_eq!(machine.statistic(Statistic::Tsctc), 5);
    assert_eq!(machine.statistic(Statistic::Tsctfc), 0);
}

#[test]
fn udp_segments_have_lengths_of_their_own() {
    let mut machine = Machine::running(8);
    let packet = Packet::udp(2500);
    let frames = segments(&mut machine, &packet, context(&packet, 1000));
    let lengths: Vec<u16> = frames.iter().map(|frame| u16::from_be_bytes([frame[38], frame[39]])).collect();
    assert_eq!(lengths, [1008, 1008, 508]);
    assert!(frames.iter().all(|frame| ip_checksum_good(frame) && transport_checksum_good(frame)));
}

/// TUCMD.IP is set by accident in drivers' IPv6 contexts; the frame itself says what it is.
#[test]
fn ipv6_is_told_by_the_frame() {
    let mut machine = Machine::running(8);
    let mut bytes = frame(PEER, 14 + 40 + 20 + 300);
    bytes[12..14].copy_from_slice(&[0x86, 0xDD]);
    bytes[14..22].copy_from_slice(&[0x60, 0, 0, 0, 0, 0, 6, 64]);
    bytes[70..72].copy_from_slice(&[0, 0]);
    let pseudo = naive_fold(naive_sum(&bytes[22..54]) + 6);
    bytes[70..72].copy_from_slice(&pseudo.to_be_bytes());
    machine.store(TRANSMIT_BUFFERS, &bytes);
    let context = ContextDescriptor {
        ip_checksum_start: 14,
        checksum_start: 54,
        checksum_offset: 70,
        command: cmd::TSE | context_command::IP | context_command::TCP,
        header_length: 74,
        maximum_segment_size: 200,
        ..ContextDescriptor::default()
    };
    let descriptor =
        DataDescriptor { command: data(0).command | cmd::TSE, options: BOTH, ..data(bytes.len()) };
    let frames = machine.send(&[context.to_bytes(), descriptor.to_bytes()]);
    assert_eq!(frames.len(), 2);
    for (frame, payload) in frames.iter().zip([200usize, 100]) {
        assert_eq!(u16::from_be_bytes([frame[18], frame[19]]) as usize, 20 + payload);
        let sum = naive_sum(&frame[22..54]) + 6 + 20 + payload as u64 + naive_sum(&frame[54..]);
        assert!(sum.is_multiple_of(0xFFFF));
    }
}

/// With TSE, tag and IFCS count in the first descriptor, not in the last (SDM 3.3.7.1).
#[test]
fn segments_are_tagged_as_the_first_descriptor_says() {
    let mut machine = Machine::running(8);
    machine.write(offset::CTRL, e1000_regs::control::ctrl::SLU | e1000_regs::control::ctrl::VME);
    let packet = Packet::tcp(2000);
    let bytes = packet.offloaded(false);
    machine.store(TRANSMIT_BUFFERS, &bytes);
    let head = DataDescriptor {
        command: cmd::TSE | cmd::IFCS | cmd::VLE,
        options: BOTH,
        special: 0x2005,
        ..data(packet.header_len())
    };
    let tail = DataDescriptor {
        address: TRANSMIT_BUFFERS + packet.header_len() as u64,
        command: cmd::TSE | cmd::EOP,
        ..data(2000)
    };
    let frames = machine.send(&[context(&packet, 1000).to_bytes(), head.to_bytes(), tail.to_bytes()]);
    assert_eq!(frames.iter().map(Vec::len).collect::<Vec<_>>(), [1058, 1058]);
    assert!(frames.iter().all(|frame| frame[12..18] == [0x81, 0x00, 0x20, 0x05, 0x08, 0x00]));
}

/// What does not fit is dropped whole and counted, and the next frame is fine.
#[test]
fn a_context_that_does_not_fit_drops_the_frame() {
    let packet = Packet::tcp(3000);
    let good = context(&packet, 1000);
    let bad = [
        ContextDescriptor { maximum_segment_size: 0, ..good },
        ContextDescriptor { header_length: 0, ..good },
        ContextDescriptor { header_length: 53, ..good },
        ContextDescriptor { ip_checksum_start: 0, ..good },
        ContextDescriptor { ip_checksum_start: 15, ..good },
        ContextDescriptor { ip_checksum_start: 255, ..good },
        ContextDescriptor { checksum_start: 33, ..good },
        ContextDescriptor { checksum_start: 255, ..good },
        ContextDescriptor { checksum_offset: 33, ..good },
        ContextDescriptor { checksum_offset: 53, ..good },
        ContextDescriptor { checksum_end: 60000, ..good },
        ContextDescriptor { ip_checksum_end: 60000, ..good },
    ];
    let mut machine = Machine::running(8);
    for context in bad {
        assert_eq!(segments(&mut machine, &packet, context), [] as [Frame; 0], "{context:?}");
    }
    assert_eq!(machine.device.drops().total(), bad.len() as u64);
    assert_eq!(machine.statistic(Statistic::Tsctfc), bad.len() as u32);
    assert_eq!(segments(&mut machine, &packet, good).len(), 3);
}

/// One byte a segment would turn 64 KiB into megabytes.
#[test]
fn too_many_segments_are_refused() {
    let mut machine = Machine::running(8);
    let packet = Packet::tcp(60000);
    assert_eq!(segments(&mut machine, &packet, context(&packet, 1)), [] as [Frame; 0]);
    assert_eq!(machine.device.drops().get(TransmitDrop::Segmentation), 1);
    assert_eq!(segments(&mut machine, &packet, context(&packet, 15)).len(), 4000);
}
