//! Counters: what counts where, reading clears, nothing overflows.

use super::*;

#[test]
fn received_frames_by_size_and_kind() {
    let mut machine = Machine::running(64);
    machine.write(offset::RCTL, rctl::EN | rctl::BAM | rctl::MPE);
    for len in [60, 61, 123, 124, 251, 252, 507, 508, 1019, 1020, 1514] {
        machine.frame_in(&frame(MAC, len));
    }
    machine.frame_in(&frame([0xFF; 6], 42));
    machine.frame_in(&frame(GROUP, 60));
    machine.frame_in(&frame(PEER, 60));
    for (statistic, expected) in [
        (Statistic::Prc64, 3),
        (Statistic::Prc127, 2),
        (Statistic::Prc255, 2),
        (Statistic::Prc511, 2),
        (Statistic::Prc1023, 2),
        (Statistic::Prc1522, 2),
        (Statistic::Gprc, 13),
        (Statistic::Bprc, 1),
        (Statistic::Mprc, 1),
        (Statistic::Tpr, 14),
        (Statistic::Gprc, 0),
        (Statistic::Prc64, 0),
    ] {
        assert_eq!(machine.statistic(statistic), expected, "{statistic:?}");
    }
    let good: u32 =
        [60, 61, 123, 124, 251, 252, 507, 508, 1019, 1020, 1514, 60, 60].iter().map(|len| len + 4).sum();
    assert_eq!(machine.statistic(Statistic::Gorcl), good);
    assert_eq!(machine.statistic(Statistic::Gorcl), good, "the low word does not clear");
    assert_eq!(machine.statistic(Statistic::Gorch), 0);
    assert_eq!(machine.statistic(Statistic::Gorcl), 0, "the high word clears both");
    assert_eq!(machine.statistic(Statistic::Torl), good + 64);
}

#[test]
fn sent_frames_by_size_and_kind() {
    let mut machine = Machine::running(8);
    for (destination, len) in [(PEER, 20), (PEER, 60), (PEER, 1514), ([0xFF; 6], 100), (GROUP, 100)] {
        machine.store(TRANSMIT_BUFFERS, &frame(destination, len));
        machine.send(&[legacy(len).to_bytes()]);
    }
    for (statistic, expected) in [
        (Statistic::Ptc64, 2),
        (Statistic::Ptc127, 2),
        (Statistic::Ptc1522, 1),
        (Statistic::Gptc, 5),
        (Statistic::Tpt, 5),
        (Statistic::Bptc, 1),
        (Statistic::Mptc, 1),
        (Statistic::Gotcl, 64 + 64 + 1518 + 104 + 104),
        (Statistic::Totl, 64 + 64 + 1518 + 104 + 104),
    ] {
        assert_eq!(machine.statistic(statistic), expected, "{statistic:?}");
    }
}

#[test]
fn counters_stick_at_their_maximum() {
    let mut statistics = crate::e1000::statistics::Statistics::default();
    statistics.fill_for_test();
    statistics.seen(1514);
    statistics.received(1514, crate::e1000::statistics::Cast::Broadcast);
    statistics.sent(&frame([0xFF; 6], 1514));
    for statistic in Statistic::ALL {
        assert_eq!(statistics.read(*statistic), u32::MAX, "{statistic:?}");
    }
    for statistic in Statistic::ALL {
        assert_eq!(statistics.read(*statistic), 0, "{statistic:?} after it was read");
    }
}
