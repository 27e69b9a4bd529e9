//! Harvesting the receive ring: cost, order, and a device that lies.

use super::*;
use crate::device::NetDevice;
use crate::packet::Checksum;
use e1000_regs::descriptors::{receive_errors as err, receive_status as st};
use e1000_regs::receive::rctl::{self, LPE};
use e1000_regs::registers::offset;

const DONE: u8 = st::DD | st::EOP;

/// The cost of a burst is the cost of a frame: five crossings.
#[test]
fn a_burst_costs_a_fixed_number_of_calls() {
    for count in [1, 2, 32, 63] {
        let (mut driver, bus) = with_rings(256, 256);
        let sent: Vec<Vec<u8>> = (0..count).map(|seed| frame(seed, 1514)).collect();
        sent.iter().for_each(|frame| bus.deliver(frame));
        assert_eq!(poll(&mut driver, 64), (sent, false));
        let expected = [
            Call::RegisterRead(offset::ICR),
            Call::DmaRead { spans: 1 },
            Call::DmaRead { spans: count.into() },
            Call::DmaWrite { stores: 1 },
            Call::RegisterWrite(offset::RDT, u32::from(count) - 1),
        ];
        assert_eq!(bus.calls(), expected, "{count} frames");
    }
}

#[test]
fn a_poll_for_nothing_costs_one_call() {
    let (mut driver, bus) = small();
    assert_eq!(poll(&mut driver, 64), (vec![], false));
    assert_eq!(bus.calls(), [Call::RegisterRead(offset::ICR)]);
}

#[test]
fn what_a_budget_leaves_is_polled_with_the_line_masked() {
    let (mut driver, bus) = with_rings(64, 8);
    let armed = bus.device().mask;
    let sent: Vec<Vec<u8>> = (0..25).map(|seed| frame(seed, 60)).collect();
    sent.iter().for_each(|frame| bus.deliver(frame));
    assert_eq!(poll(&mut driver, 10), (sent[..10].to_vec(), true));
    assert!(!bus.device().asserted(), "quiet while polling");
    assert_ne!(bus.device().mask, armed);
    bus.device().causes = 0;
    assert_eq!(poll(&mut driver, 10), (sent[10..20].to_vec(), true));
    assert_eq!(poll(&mut driver, 10), (sent[20..].to_vec(), false));
    assert_eq!(bus.device().mask, armed, "armed again");
}

/// A frame that arrives after ICR was read keeps its cause: the line rises when the mask is set.
#[test]
fn a_cause_that_comes_late_is_kept() {
    let (mut driver, bus) = small();
    bus.deliver(&frame(0, 60));
    poll(&mut driver, 1);
    bus.deliver(&frame(1, 60));
    let (frames, more) = poll(&mut driver, 64);
    assert_eq!((frames.len(), more), (1, false));
    assert_eq!(bus.device().mask & e1000_regs::interrupt::RXT0, e1000_regs::interrupt::RXT0);
}

#[test]
fn the_ring_goes_round_and_round() {
    let (mut driver, bus) = small();
    let mut seed = 0u8;
    for turn in 0..2000usize {
        let burst = 1 + turn % 7;
        let sent: Vec<Vec<u8>> = (0..burst)
            .map(|number| {
                seed = seed.wrapping_add(1);
                frame(seed, 14 + (turn * 7 + number) % 1501)
            })
            .collect();
        sent.iter().for_each(|frame| bus.deliver(frame));
        assert_eq!(poll(&mut driver, 64).0, sent, "turn {turn}");
        assert_eq!(bus.device().free_buffers(), 7);
    }
    assert_eq!(driver.counters(), DeviceCounters::default());
}

#[test]
fn checksum_verdicts() {
    for (status, errors, expected) in [
        (DONE | st::IXSM, 0, Checksum::None),
        (DONE | st::IXSM | st::TCPCS, 0, Checksum::None),
        (DONE, 0, Checksum::None),
        (DONE | st::IPCS, 0, Checksum::None),
        (DONE | st::TCPCS, 0, Checksum::Verified),
        (DONE | st::TCPCS | st::IPCS, err::IPE, Checksum::Verified),
        (DONE | st::TCPCS, err::TCPE, Checksum::None),
    ] {
        let (mut driver, bus) = small();
        bus.deliver_as(&frame(0, 60), 60, status, errors);
        let mut frames = Vec::new();
        driver.poll(Instant::ZERO, 64, &mut frames);
        let verdict = frames.first().expect("not dropped: the stack judges checksums").meta.checksum;
        assert_eq!(verdict, expected, "{status:#x} {errors:#x}");
    }
}

/// CVE-2009-1385 was a length below four; lengths beyond the buffer are the other end.
#[test]
fn impossible_lengths_are_dropped() {
    let (mut driver, bus) = small();
    for length in [0, 1, 3, 4, 13, 2049, 9000, 0xFFFF] {
        bus.deliver_as(&frame(0, 60), length, DONE, 0);
        bus.deliver(&frame(1, 60));
        assert_eq!(poll(&mut driver, 64).0, [frame(1, 60)], "length {length}");
    }
    assert_eq!(driver.counters().receive_errors, 8);
    bus.deliver_as(&frame(2, 2048), 2048, DONE, 0);
    assert_eq!(poll(&mut driver, 64).0, [frame(2, 2048)], "the buffer's length is possible");
}

#[test]
fn frames_with_errors_are_dropped() {
    let (mut driver, bus) = small();
    for errors in [err::CE, err::SE, err::SEQ, err::CXE, err::RXE, 0xFF] {
        bus.deliver_as(&frame(0, 60), 60, DONE, errors);
        assert_eq!(poll(&mut driver, 64).0, [] as [Vec<u8>; 0]);
    }
    assert_eq!(driver.counters().receive_errors, 6);
}

/// CVE-2009-4536: a frame over several descriptors, with holes. All of it is dropped, its end included, also when a
/// poll ends in its middle, and not a byte of it becomes a frame of its own.
#[test]
fn frames_without_an_end_are_dropped_up_to_it() {
    for budget in [1, 2, 64] {
        let (mut driver, bus) = with_rings(16, 8);
        for (seed, status) in (0..).zip([st::DD, st::DD, DONE, DONE, st::DD, DONE, DONE]) {
            bus.deliver_as(&frame(seed, 60), 60, status, 0);
        }
        let mut received = Vec::new();
        for _ in 0..7 {
            received.extend(poll(&mut driver, budget).0);
        }
        assert_eq!(received, [frame(3, 60), frame(6, 60)], "budget {budget}");
        assert_eq!(driver.counters().receive_errors, 2, "one for each frame");
    }
}

/// Frames over several buffers, whole ones of all lengths, also when a poll ends in their middle, with short ones between.
#[test]
fn long_frames_are_put_together() {
    for budget in [1, 3, 64] {
        let (mut driver, bus) = with_rings(64, 16);
        assert!(driver.set_mtu(16_110) && bus.device().register(offset::RCTL) & LPE != 0);
        for len in [1515, 2048, 2049, 4096, 6000, 9018, 16_127, 16_380] {
            let sent = [frame(1, 60), frame(2, len), frame(3, len), frame(4, 60)];
            sent.iter().for_each(|frame| bus.deliver_long(frame));
            let mut received = Vec::new();
            for _ in 0..64 {
                received.extend(poll(&mut driver, budget).0);
            }
            assert!(received == sent, "{len} bytes, budget {budget}");
        }
        assert_eq!(driver.counters(), DeviceCounters::default());
    }
}

/// A frame that never ends is dropped when it is longer than any, and costs no more memory; one that began well and turns
/// bad is dropped whole, and what began before a good frame does not become part of it.
#[test]
fn long_frames_that_turn_bad_are_dropped_whole() {
    let full = frame(0, 2048);
    let bad_ends =
        [(vec![st::DD; 9], DONE, 0), (vec![st::DD; 3], DONE, err::RXE), (vec![st::DD; 1], DONE, 0xFF)];
    for budget in [1, 2, 64] {
        for (middle, status, errors) in &bad_ends {
            let (mut driver, bus) = with_rings(64, 16);
            assert!(driver.set_mtu(9000));
            middle.iter().for_each(|status| bus.deliver_as(&full, 2048, *status, 0));
            bus.deliver_as(&frame(1, 60), 60, *status, *errors);
            bus.deliver(&frame(2, 60));
            let mut received = Vec::new();
            for _ in 0..12 {
                received.extend(poll(&mut driver, budget).0);
            }
            assert_eq!(received, [frame(2, 60)], "{middle:?} budget {budget}");
            assert_eq!(driver.counters().receive_errors, 1);
        }
    }
}

/// With an MTU of 1500 no frame goes over two buffers, and the device is told to take none that does.
#[test]
fn without_a_large_mtu_there_are_no_long_frames() {
    let (mut driver, bus) = with_rings(16, 16);
    assert!(driver.set_mtu(9000) && driver.set_mtu(1500));
    assert_eq!(bus.device().register(offset::RCTL) & LPE, 0);
    bus.deliver_long(&frame(1, 2049));
    bus.deliver(&frame(2, 60));
    assert_eq!(poll(&mut driver, 64).0, [frame(2, 60)]);
}

/// Garbage in the whole ring: as much is dropped as a budget allows, nothing hangs.
#[test]
fn a_ring_full_of_nonsense() {
    let (mut driver, bus) = with_rings(256, 8);
    let base = {
        let device = bus.device();
        u64::from(device.register(offset::RDBAL)) | (u64::from(device.register(offset::RDBAH)) << 32)
    };
    for round in 0..50u64 {
        bus.device().store(base, &vec![0xFF; 4096]);
        bus.device().causes = u32::MAX;
        let mut noise = round.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let bytes: Vec<u8> = (0..4096)
            .map(|_| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                noise as u8
            })
            .collect();
        if round % 2 == 0 {
            bus.device().store(base, &bytes);
        }
        let (frames, _) = poll(&mut driver, 64);
        assert!(frames.len() <= 64);
        assert!(frames.iter().all(|frame| (14..=2048).contains(&frame.len())));
    }
    assert!(driver.counters().receive_errors > 0);
}

#[test]
fn missed_frames_are_counted_by_the_device() {
    let (mut driver, bus) = small();
    bus.device().causes = e1000_regs::interrupt::RXO;
    bus.device().registers.insert(Statistic::Mpc.offset(), 3);
    poll(&mut driver, 64);
    assert_eq!(driver.counters().receive_missed, 3);
}

#[test]
fn a_bus_that_refuses_is_an_error_and_no_more() {
    let (mut driver, bus) = small();
    bus.deliver(&frame(0, 60));
    bus.device().refuses = true;
    assert_eq!(poll(&mut driver, 64), (vec![], false));
    assert_eq!(driver.counters().receive_errors, 1);
    bus.device().refuses = false;
    bus.deliver(&frame(1, 60));
    assert_eq!(poll(&mut driver, 64).0, [frame(0, 60), frame(1, 60)]);
}

#[test]
fn frames_for_everybody_are_taken_as_long_as_they_are_wanted() {
    let (mut driver, bus) = small();
    let takes_all = || bus.device().register(offset::RCTL) & (rctl::EN | rctl::UPE) == rctl::EN | rctl::UPE;
    assert!(!takes_all());
    driver.set_promiscuous(true);
    assert!(takes_all());
    driver.reset().unwrap();
    assert!(takes_all(), "a reset does not change it");
    driver.set_promiscuous(false);
    assert!(!takes_all());
    bus.device().registers.insert(offset::RCTL, 0);
    driver.set_promiscuous(true);
    assert_eq!(bus.device().register(offset::RCTL), 0, "a device that is off stays off");
}
