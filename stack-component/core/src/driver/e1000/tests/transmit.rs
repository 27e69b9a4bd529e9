//! Filling the transmit ring: cost, order, checksums, and a device that stands still.

use super::*;
use crate::packet::Checksum;
use crate::wire::checksum::Sum;
use e1000_regs::descriptors::packet_options::TXSM;
use e1000_regs::interrupt::TXDW;
use e1000_regs::registers::offset;

fn send(driver: &mut E1000<FakeBus>, bytes: &[u8]) {
    driver.transmit(Packet::from_payload(bytes)).expect("room");
}

fn sent(bus: &FakeBus) -> Vec<Vec<u8>> {
    bus.device().sent.iter().map(|sent| sent.bytes.clone()).collect()
}

/// A frame whose last `length` bytes are to be summed, with the result at `offset` in them.
fn partial(len: usize, length: u32, offset: u16) -> Packet {
    let mut packet = Packet::from_payload(&frame(7, len));
    packet.meta.checksum = Checksum::Partial { length, offset };
    packet
}

/// Nothing crosses before the flush, and a burst costs what a frame costs: two calls.
#[test]
fn a_burst_costs_a_fixed_number_of_calls() {
    for count in [1u8, 2, 32, 64] {
        let (mut driver, bus) = with_rings(8, 256);
        let frames: Vec<Vec<u8>> = (0..count).map(|seed| frame(seed, 1514)).collect();
        frames.iter().for_each(|frame| send(&mut driver, frame));
        assert_eq!(bus.calls(), []);
        driver.flush();
        let expected = [
            Call::DmaWrite { stores: usize::from(count) + 1 },
            Call::RegisterWrite(offset::TDT, count.into()),
        ];
        assert_eq!(bus.calls(), expected);
        assert_eq!(sent(&bus), frames);
        driver.flush();
        assert_eq!(bus.calls().len(), 2, "nothing left to flush");
    }
}

#[test]
fn the_ring_goes_round_and_round() {
    let (mut driver, bus) = small();
    let mut expected = Vec::new();
    for turn in 0..1000usize {
        for number in 0..1 + turn % 5 {
            let frame = frame((turn + number) as u8, 14 + (turn * 11 + number) % 1505);
            send(&mut driver, &frame);
            expected.push(frame);
        }
        driver.flush();
        assert!(driver.can_transmit(), "turn {turn}");
    }
    assert_eq!(sent(&bus), expected);
    assert_eq!(driver.counters(), DeviceCounters::default());
}

/// Freeing is put off until half of the ring is in use, and then frees all that was sent.
#[test]
fn freeing_costs_a_call_every_half_ring() {
    let (mut driver, bus) = with_rings(8, 256);
    for seed in 0..1280u32 {
        send(&mut driver, &frame(seed as u8, 60));
        driver.flush();
    }
    let reads = bus.calls().iter().filter(|call| matches!(call, Call::DmaRead { .. })).count();
    assert_eq!(reads, 10);
    assert_eq!(bus.calls().len(), 2 * 1280 + 10);
}

/// More frames than the ring holds, with a device that keeps up: the doorbell is rung in between.
#[test]
fn a_burst_longer_than_the_ring_goes_out_whole() {
    let (mut driver, bus) = small();
    let frames: Vec<Vec<u8>> = (0..100).map(|seed| frame(seed, 60)).collect();
    frames.iter().for_each(|frame| send(&mut driver, frame));
    driver.flush();
    assert_eq!(sent(&bus), frames);
}

#[test]
fn a_checksum_context_is_sent_when_it_changes() {
    let (mut driver, bus) = with_rings(8, 64);
    for (length, offset) in [(1480, 16), (1480, 16), (1480, 16), (1480, 6), (1480, 6), (1480, 16)] {
        driver.transmit(partial(1514, length, offset)).unwrap();
    }
    send(&mut driver, &frame(0, 60));
    driver.transmit(partial(1514, 1480, 16)).unwrap();
    driver.flush();
    let device = bus.device();
    assert_eq!(device.register(offset::TDT), 8 + 3, "eight frames, three contexts");
    let seen: Vec<(u8, u8, u8, u8)> = device
        .sent
        .iter()
        .map(|sent| (sent.options, sent.context.unwrap()))
        .map(|(options, context)| {
            (options, context.checksum_start, context.checksum_offset, context.command & 1)
        })
        .collect();
    let (tcp, udp) = ((TXSM, 34, 50, 1), (TXSM, 34, 40, 0));
    assert_eq!(seen, [tcp, tcp, tcp, udp, udp, tcp, (0, 34, 50, 1), tcp]);
}

/// A reset of the device forgets the context, so the driver must.
#[test]
fn the_context_is_sent_again_after_a_reset() {
    let (mut driver, bus) = with_rings(8, 64);
    driver.transmit(partial(1514, 1480, 16)).unwrap();
    driver.flush();
    driver.reset().unwrap();
    driver.transmit(partial(1514, 1480, 16)).unwrap();
    driver.flush();
    assert_eq!(bus.device().register(offset::TDT), 2);
    assert_eq!(bus.device().sent.len(), 2);
}

#[test]
fn a_checksum_out_of_the_devices_reach_is_done_here() {
    let (mut driver, bus) = small();
    driver.transmit(partial(600, 300, 16)).unwrap();
    driver.flush();
    let device = bus.device();
    assert_eq!(device.sent[0].options, 0);
    let mut expected = frame(7, 600);
    let checksum = Sum::of(&expected[300..]).checksum();
    expected[316..318].copy_from_slice(&checksum.to_be_bytes());
    assert_eq!(device.sent[0].bytes, expected);
}

#[test]
fn what_cannot_be_sent_is_counted_and_dropped() {
    let (mut driver, bus) = small();
    for bytes in [frame(0, 0), frame(0, 13), frame(0, 1519), frame(0, 65535)] {
        driver.transmit(Packet::from_payload(&bytes)).expect("taken, and dropped");
    }
    for (length, offset) in [(61, 16), (60, 59), (60, 60), (u32::MAX, 0), (0, 0), (1, 0)] {
        driver.transmit(partial(60, length, offset)).expect("taken, and dropped");
    }
    driver.flush();
    assert_eq!(sent(&bus), [] as [Vec<u8>; 0]);
    assert_eq!(driver.counters().transmit_errors, 10);
}

/// Frames over several buffers, also over the end of the ring, with and without a checksum context, at the same cost.
#[test]
fn long_frames_leave_whole() {
    let (mut driver, bus) = with_rings(8, 24);
    assert!(driver.set_mtu(16_110));
    let mut expected = Vec::new();
    for turn in 0..100usize {
        let len = [60, 1515, 2048, 2049, 4096, 9018, 16_128][turn % 7];
        if turn % 2 == 0 {
            send(&mut driver, &frame(7, len));
        } else {
            driver.transmit(partial(len, len as u32 - 34, 16)).expect("room");
        }
        expected.push(frame(7, len));
        bus.forget_calls();
        driver.flush();
        assert!(bus.calls().len() <= 3, "turn {turn}: a write, the tail, and perhaps a look at what is done");
    }
    assert!(sent(&bus) == expected);
    assert_eq!(driver.counters(), DeviceCounters::default());
}

#[test]
fn an_mtu_is_taken_only_where_its_frames_fit() {
    let (mut driver, _) = with_rings(8, 8);
    assert!(
        driver.set_mtu(68) && driver.set_mtu(9000) && !driver.set_mtu(16_110),
        "nine descriptors of seven"
    );
    let (mut driver, bus) = with_rings(8, 16);
    assert!(driver.set_mtu(16_110) && !driver.set_mtu(16_111));
    assert!(driver.set_mtu(1500));
    driver.transmit(Packet::from_payload(&frame(0, 1519))).expect("taken, and dropped");
    driver.flush();
    assert_eq!((sent(&bus).len(), driver.counters().transmit_errors), (0, 1));
}

#[test]
fn without_a_link_frames_are_dropped() {
    let (mut driver, bus) = small();
    bus.device().link_up = false;
    bus.device().causes = e1000_regs::interrupt::LSC;
    poll(&mut driver, 64);
    send(&mut driver, &frame(0, 60));
    driver.flush();
    assert_eq!(sent(&bus), [] as [Vec<u8>; 0]);
    assert_eq!(driver.counters().transmit_errors, 1);
}

/// A full ring gives frames back and waits for TXDW; when the device goes on, so does the driver.
#[test]
fn a_ring_that_stands_still_and_goes_on() {
    let (mut driver, bus) = small();
    bus.device().transmit_hangs = true;
    let mut taken = 0;
    let refused = loop {
        match driver.transmit(Packet::from_payload(&frame(taken, 60))) {
            Ok(()) => taken += 1,
            Err(packet) => break packet,
        }
    };
    assert_eq!(refused.data(), frame(taken, 60), "the packet comes back");
    assert_eq!(taken, 6, "eight descriptors, one unused, one kept for a context");
    assert!(!driver.can_transmit());
    assert_eq!(bus.device().mask & TXDW, TXDW);

    assert_eq!(poll(&mut driver, 64), (vec![], false));
    assert!(!driver.can_transmit(), "still nothing sent");
    bus.device().transmit_hangs = false;
    bus.device().transmit();
    poll(&mut driver, 64);
    assert!(driver.can_transmit());
    assert_eq!(bus.device().mask & TXDW, 0);
    assert_eq!(sent(&bus).len(), 6);
}

#[test]
fn a_device_that_hangs_is_reset_after_five_seconds() {
    let (mut driver, bus) = small();
    bus.device().transmit_hangs = true;
    while driver.can_transmit() {
        send(&mut driver, &frame(0, 60));
    }
    let mut frames = Vec::new();
    for (seconds, resets) in [(10, 1), (14, 1), (15, 2), (16, 2)] {
        driver.poll(Instant::from_millis(seconds * 1000), 64, &mut frames);
        assert_eq!(bus.device().resets, resets, "at {seconds} s");
    }
    assert!(driver.can_transmit());
    bus.device().transmit_hangs = false;
    send(&mut driver, &frame(1, 60));
    driver.flush();
    assert_eq!(sent(&bus), [frame(1, 60)]);
}

/// Standing still twice for three seconds is not standing still for six.
#[test]
fn a_device_that_goes_on_in_time_is_not_reset() {
    let (mut driver, bus) = small();
    let mut frames = Vec::new();
    for seconds in [10, 13, 16, 19] {
        bus.device().transmit_hangs = true;
        while driver.can_transmit() {
            send(&mut driver, &frame(0, 60));
        }
        driver.poll(Instant::from_millis(seconds * 1000), 64, &mut frames);
        bus.device().transmit_hangs = false;
        bus.device().transmit();
        driver.poll(Instant::from_millis(seconds * 1000 + 2000), 64, &mut frames);
        assert!(driver.can_transmit());
    }
    assert_eq!(bus.device().resets, 1, "the one of probe");
}

#[test]
fn a_device_that_does_not_come_back_is_off() {
    let (mut driver, bus) = small();
    bus.device().reset_hangs = true;
    assert_eq!(driver.reset(), Err(ProbeError::ResetTimeout));
    assert!(!driver.link_up());
    send(&mut driver, &frame(0, 60));
    driver.flush();
    assert_eq!(poll(&mut driver, 64), (vec![], false));
    assert_eq!(sent(&bus), [] as [Vec<u8>; 0]);
}

#[test]
fn a_bus_that_refuses_loses_the_burst_and_no_more() {
    let (mut driver, bus) = small();
    bus.device().refuses = true;
    send(&mut driver, &frame(0, 60));
    driver.transmit(partial(60, 26, 16)).unwrap();
    driver.flush();
    assert_eq!(driver.counters().transmit_errors, 2);
    bus.device().refuses = false;
    driver.transmit(partial(60, 26, 16)).unwrap();
    driver.flush();
    assert_eq!(sent(&bus), [frame(7, 60)]);
    assert!(bus.device().sent[0].context.is_some(), "the context was lost too, and is sent again");
}
