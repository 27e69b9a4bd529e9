//! What each side was tested to do alone, they do together.

use crate::board::{Board, MAC, Noise, PEER, poll_all};
use e1000_regs::Statistic;
use stack_core::device::{DeviceCounters, NetDevice};
use stack_core::driver::e1000::E1000 as Driver;
use stack_core::packet::{Checksum, Packet};
use stack_core::time::Instant;
use stack_core::wire::checksum::Sum;
use stack_core::wire::ethernet::MacAddress;
use wnet::e1000::{ChecksumVerdict, ReceiveOutcome, WireFrame};

fn data(frames: Vec<Packet>) -> Vec<Vec<u8>> {
    frames.into_iter().map(Packet::into_data).collect()
}

fn send(driver: &mut Driver<Board>, bytes: &[u8]) {
    driver.transmit(Packet::from_payload(bytes)).expect("room in the ring");
}

#[test]
fn the_driver_finds_the_device() {
    let (board, driver) = Board::with_driver(256, 256);
    assert_eq!(driver.mac(), MacAddress(MAC));
    assert!(driver.link_up() && driver.can_transmit());
    assert!(!board.interrupt(), "nothing has happened yet");
}

/// Both directions at once, in bursts, with rings of all sizes: every frame, in order, unchanged.
#[test]
fn ten_thousand_frames_each_way() {
    for (receive_ring, transmit_ring, budget) in [(8, 8, 3), (8, 8, 64), (16, 24, 5), (256, 256, 64)] {
        let (board, mut driver) = Board::with_driver(receive_ring, transmit_ring);
        let mut noise = Noise::new(u64::from(receive_ring));
        let (mut incoming, mut outgoing) = (0, 0);
        while incoming < 10_000 || outgoing < 10_000 {
            let mut sent_in = Vec::new();
            for _ in 0..noise.below(usize::from(receive_ring)) {
                let frame = noise.frame(MAC, PEER);
                if !board.can_receive() {
                    break;
                }
                assert_eq!(board.wire_in(WireFrame::new(&frame)), ReceiveOutcome::Delivered);
                sent_in.push(frame);
            }
            let sent_out: Vec<Vec<u8>> = (0..noise.below(50)).map(|_| noise.frame(PEER, MAC)).collect();
            sent_out.iter().for_each(|frame| send(&mut driver, frame));
            driver.flush();
            incoming += sent_in.len();
            outgoing += sent_out.len();
            assert_eq!(board.wire_out(), sent_out);
            assert_eq!(data(poll_all(&board, &mut driver, budget)), sent_in);
            assert!(!board.interrupt());
        }
        assert_eq!(driver.counters(), DeviceCounters::default());
        assert_eq!(board.dropped(), 0);
        assert_eq!(board.statistic(Statistic::Gprc) as usize, incoming);
        assert_eq!(board.statistic(Statistic::Gptc) as usize, outgoing);
    }
}

/// Frames of up to the longest, in bursts, over small rings, both ways; the host is told when one more would not fit.
#[test]
fn long_frames_each_way() {
    for (ring, budget) in [(16, 3), (64, 64), (256, 64)] {
        let (board, mut driver) = Board::with_driver(ring, ring);
        assert!(driver.set_mtu(Driver::<Board>::MAX_MTU));
        let mut noise = Noise::new(u64::from(ring));
        for turn in 0..300 {
            let mut sent_in = Vec::new();
            while board.can_receive() && sent_in.len() < 20 {
                let len = 60 + noise.below(16_080);
                sent_in.push(noise.frame_of(len, MAC, PEER));
                let outcome = board.wire_in(WireFrame::new(sent_in.last().expect("just pushed")));
                assert_eq!(outcome, ReceiveOutcome::Delivered);
            }
            let len = 60 + noise.below(16_069);
            let sent_out = noise.frame_of(len, PEER, MAC);
            send(&mut driver, &sent_out);
            driver.flush();
            assert!(board.wire_out() == [sent_out], "turn {turn}");
            assert!(data(poll_all(&board, &mut driver, budget)) == sent_in, "turn {turn}");
        }
        assert_eq!((driver.counters(), board.dropped()), (DeviceCounters::default(), 0));
        assert!(driver.set_mtu(1500));
        let long = noise.frame_of(1600, MAC, PEER);
        assert_eq!(board.wire_in(WireFrame::new(&long)), ReceiveOutcome::Oversize);
    }
}

/// One burst of 32 costs what one frame costs, against the real device too.
#[test]
fn bursts_cost_a_fixed_number_of_crossings() {
    for burst in [1, 32] {
        let (board, mut driver) = Board::with_driver(256, 256);
        let mut noise = Noise::new(1);
        for _ in 0..burst {
            board.wire_in(WireFrame::new(&noise.frame(MAC, PEER)));
        }
        assert_eq!(poll_all(&board, &mut driver, 64).len(), burst);
        assert_eq!(board.take_crossings(), 5, "receive {burst}");
        for _ in 0..burst {
            send(&mut driver, &noise.frame(PEER, MAC));
        }
        driver.flush();
        assert_eq!(board.take_crossings(), 2, "transmit {burst}");
    }
}

#[test]
fn short_frames_are_padded_on_both_ways() {
    let (board, mut driver) = Board::with_driver(8, 8);
    let short = [&MAC[..], &PEER, &[0x08, 0x06], &[7; 28]].concat();
    board.wire_in(WireFrame::new(&short));
    let mut padded = short.clone();
    padded.resize(60, 0);
    assert_eq!(data(poll_all(&board, &mut driver, 64)), [&padded[..]]);
    send(&mut driver, &short);
    driver.flush();
    assert_eq!(board.wire_out(), [padded]);
}

#[test]
fn frames_for_others_stay_outside() {
    let (board, mut driver) = Board::with_driver(8, 8);
    let mut noise = Noise::new(3);
    for (destination, outcome) in [
        (MAC, ReceiveOutcome::Delivered),
        ([0xFF; 6], ReceiveOutcome::Delivered),
        (PEER, ReceiveOutcome::Filtered),
        ([0x01, 0x00, 0x5E, 0, 0, 1], ReceiveOutcome::Delivered),
    ] {
        assert_eq!(board.wire_in(WireFrame::new(&noise.frame(destination, PEER))), outcome);
    }
    let long = [&MAC[..], &[0; 1600]].concat();
    assert_eq!(board.wire_in(WireFrame::new(&long)), ReceiveOutcome::Oversize);
    assert_eq!(poll_all(&board, &mut driver, 64).len(), 3);
}

/// The stack leaves the pseudo-header's sum in the field; the device sums the rest. Contexts change from
/// frame to frame and over the end of the ring.
#[test]
fn the_device_fills_in_checksums() {
    let (board, mut driver) = Board::with_driver(8, 8);
    let mut noise = Noise::new(4);
    for turn in 0..500 {
        let mut bytes = noise.frame(PEER, MAC);
        let offset: u16 = if noise.below(2) == 0 { 16 } else { 6 };
        let start = 34;
        let seed = noise.next() as u16;
        let field = start + usize::from(offset);
        bytes[field..field + 2].copy_from_slice(&seed.to_be_bytes());
        let expected = match Sum::of(&bytes[start..]).checksum() {
            0 if offset == 6 => 0xFFFF,
            checksum => checksum,
        };
        let mut packet = Packet::from_payload(&bytes);
        packet.meta.checksum = Checksum::Partial { length: (bytes.len() - start) as u32, offset };
        driver.transmit(packet).expect("room in the ring");
        driver.flush();
        bytes[field..field + 2].copy_from_slice(&expected.to_be_bytes());
        assert_eq!(board.wire_out(), [bytes], "turn {turn}");
    }
    assert_eq!(board.dropped(), 0);
}

#[test]
fn a_wire_that_vouches_for_checksums_is_believed() {
    let (board, mut driver) = Board::with_driver(8, 8);
    let mut bytes = vec![0; 60];
    bytes[..6].copy_from_slice(&MAC);
    bytes[12..15].copy_from_slice(&[0x08, 0x00, 0x45]);
    bytes[23] = 6;
    for (checksum, expected) in
        [(ChecksumVerdict::Unknown, Checksum::None), (ChecksumVerdict::Verified, Checksum::Verified)]
    {
        board.wire_in(WireFrame { bytes: &bytes, checksum });
        let frames = poll_all(&board, &mut driver, 64);
        assert_eq!(frames.iter().map(|frame| frame.meta.checksum).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn the_cable_is_pulled_and_plugged() {
    let (board, mut driver) = Board::with_driver(8, 8);
    let mut noise = Noise::new(5);
    for _ in 0..20 {
        board.plug(false);
        assert!(board.interrupt());
        assert!(poll_all(&board, &mut driver, 64).is_empty());
        assert!(!driver.link_up());
        send(&mut driver, &noise.frame(PEER, MAC));
        driver.flush();
        assert!(board.wire_out().is_empty());
        assert_eq!(board.wire_in(WireFrame::new(&noise.frame(MAC, PEER))), ReceiveOutcome::Disabled);

        board.plug(true);
        assert!(poll_all(&board, &mut driver, 64).is_empty());
        assert!(driver.link_up());
        let (incoming, outgoing) = (noise.frame(MAC, PEER), noise.frame(PEER, MAC));
        send(&mut driver, &outgoing);
        driver.flush();
        assert_eq!(board.wire_out(), [outgoing]);
        board.wire_in(WireFrame::new(&incoming));
        assert_eq!(data(poll_all(&board, &mut driver, 64)), [incoming]);
    }
    assert_eq!(driver.counters().transmit_errors, 20);
}

/// Frames in both rings, and frames staged but not yet handed over, when the driver resets the device: they
/// are lost, none comes out late, and what follows is whole.
#[test]
fn a_reset_with_frames_in_flight() {
    let (board, mut driver) = Board::with_driver(8, 8);
    let mut noise = Noise::new(6);
    for turn in 1..=50 {
        for _ in 0..noise.below(7) {
            board.wire_in(WireFrame::new(&noise.frame(MAC, PEER)));
        }
        for _ in 0..noise.below(5) {
            send(&mut driver, &noise.frame(PEER, MAC));
        }
        if noise.below(2) == 0 {
            driver.flush();
        }
        driver.reset().expect("the device comes back");
        assert_eq!(board.generation(), 1 + turn, "one reset in probe, one for each turn");
        assert!(board.wire_out().is_empty(), "the old generation is void");
        assert!(poll_all(&board, &mut driver, 64).is_empty());
        for _ in 0..10 {
            let (incoming, outgoing) = (noise.frame(MAC, PEER), noise.frame(PEER, MAC));
            board.wire_in(WireFrame::new(&incoming));
            send(&mut driver, &outgoing);
            driver.flush();
            assert_eq!(board.wire_out(), [outgoing]);
            assert_eq!(data(poll_all(&board, &mut driver, 64)), [incoming]);
        }
    }
}

/// The wire is fast and the stack slow: the device says so before it loses anything, counts what it loses
/// when it is not heeded, and goes on.
#[test]
fn a_full_receive_ring() {
    let (board, mut driver) = Board::with_driver(8, 8);
    let mut noise = Noise::new(7);
    let mut kept = Vec::new();
    while board.can_receive() {
        let frame = noise.frame(MAC, PEER);
        assert_eq!(board.wire_in(WireFrame::new(&frame)), ReceiveOutcome::Delivered);
        kept.push(frame);
    }
    assert_eq!(kept.len(), 7);
    for _ in 0..3 {
        let frame = noise.frame(MAC, PEER);
        assert_eq!(board.wire_in(WireFrame::new(&frame)), ReceiveOutcome::NoBuffers);
    }
    assert_eq!(data(poll_all(&board, &mut driver, 64)), kept);
    assert_eq!(driver.counters().receive_missed, 3);
    assert!(board.can_receive());
}

/// The stack is fast and the wire slow: the device stops, the driver gives frames back, and both go on when
/// the wire does, woken by the interrupt.
#[test]
fn a_full_transmit_ring() {
    let (board, mut driver) = Board::with_driver(8, 8);
    let mut noise = Noise::new(8);
    let mut expected = Vec::new();
    loop {
        let frame = noise.frame(PEER, MAC);
        match driver.transmit(Packet::from_payload(&frame)) {
            Ok(()) => expected.push(frame),
            Err(packet) => {
                assert_eq!(packet.into_data(), frame);
                break;
            }
        }
    }
    assert!(!driver.can_transmit());
    let mut received = board.wire_out();
    board.tick();
    assert!(board.interrupt(), "TXDW wakes the stack");
    assert!(!driver.poll(Instant::ZERO, 64, &mut Vec::new()));
    assert!(driver.can_transmit());
    received.extend(board.wire_out());
    assert_eq!(received, expected);
    assert!(!board.interrupt());
}

/// Frames that arrive between the looks of a poll are never forgotten: the line is asserted, or a poll is
/// owed, as long as a frame is in the ring.
#[test]
fn no_frame_is_forgotten() {
    let (board, mut driver) = Board::with_driver(16, 8);
    let mut noise = Noise::new(9);
    let (mut pending, mut owed) = (0usize, false);
    for _ in 0..20_000 {
        match noise.below(3) {
            0 if board.can_receive() => {
                board.wire_in(WireFrame::new(&noise.frame(MAC, PEER)));
                pending += 1;
            }
            1 if owed || board.interrupt() => {
                let mut frames = Vec::new();
                owed = driver.poll(Instant::ZERO, 1 + noise.below(4), &mut frames);
                pending -= frames.len();
            }
            _ => {}
        }
        assert!(pending == 0 || owed || board.interrupt(), "{pending} frames that nobody will fetch");
    }
}
