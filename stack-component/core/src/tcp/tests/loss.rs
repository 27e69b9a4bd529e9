//! Retransmission: timeouts, fast retransmit, recovery (RFC 6298, 5681, 6582).

use super::harness::{Script, Seen};
use crate::counters::Counter;
use crate::tcp::{TcpHandle, TcpOption};
use crate::time::Duration;
use crate::wire::tcp::Flags;
use std::vec::Vec;

/// A connection on which `count` full segments are on their way.
fn sending(count: usize) -> (Script, TcpHandle, Vec<Seen>) {
    let (mut script, _, child) = Script::accepted(80);
    // A round trip of 100 ms is measured first.
    script.host.send(child, &[0; 1000]).unwrap();
    script.seen();
    script.wait(Duration::from_millis(100));
    script.ack();
    script.host.send(child, &vec_of(count * 1000)).unwrap();
    let seen = script.seen();
    assert_eq!(seen.len(), count);
    (script, child, seen)
}

fn vec_of(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i / 1000) as u8).collect()
}

/// The peer acknowledges up to `number`.
fn ack(script: &mut Script, number: u32) -> Vec<Seen> {
    script.inject(script.next, number, Flags::ACK, &[]).unwrap();
    script.seen()
}

#[test]
fn a_timeout_sends_the_first_segment_again_and_backs_off() {
    let (mut script, _, seen) = sending(3);
    let again = script.wait(Duration::from_millis(1000));
    assert!(!again.is_empty() && again.iter().all(|s| s.sequence == seen[0].sequence));
    assert_eq!(script.host.counter(Counter::TcpRetransSegs), again.len() as u64);
    let counts: Vec<usize> = (0..5).map(|_| script.wait(Duration::from_secs(2)).len()).collect();
    assert!(counts.iter().sum::<usize>() <= 4, "{counts:?}");
}

#[test]
fn after_a_timeout_the_rest_follows_by_slow_start() {
    let (mut script, _, seen) = sending(8);
    let again = script.wait(Duration::from_millis(400));
    assert_eq!(again.len(), 1);
    let first = ack(&mut script, seen[1].sequence);
    let numbers: Vec<u32> = first.iter().map(|s| s.sequence).collect();
    assert_eq!(numbers, [seen[1].sequence, seen[2].sequence]);
    let second = ack(&mut script, seen[3].sequence);
    assert_eq!(second.len(), 4);
    assert!(ack(&mut script, seen[7].sequence.wrapping_add(1000)).is_empty());
}

#[test]
fn three_duplicates_send_the_lost_segment_at_once() {
    let (mut script, _, seen) = sending(10);
    let lost = seen[0].sequence;
    for duplicate in 1..=2 {
        assert!(ack(&mut script, lost).is_empty(), "duplicate {duplicate}");
    }
    let again = ack(&mut script, lost);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].sequence, lost);
    assert_eq!(script.host.counter(Counter::TcpExtTCPFastRetrans), 1);
    assert_eq!(script.host.counter(Counter::TcpExtTCPTimeouts), 0);
}

#[test]
fn a_partial_acknowledgement_sends_the_next_hole() {
    let (mut script, _, seen) = sending(10);
    // Segments 0 and 4 are missing: eight duplicates tell of the others.
    (0..8).for_each(|_| drop(ack(&mut script, seen[0].sequence)));
    let again = ack(&mut script, seen[4].sequence);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].sequence, seen[4].sequence);
    // Everything arrived: recovery ends, and late duplicates begin no new one.
    let end = seen[9].sequence.wrapping_add(1000);
    assert!(ack(&mut script, end).is_empty());
    assert_eq!(script.host.counter(Counter::TcpRetransSegs), 2);
}

#[test]
fn new_data_flows_during_recovery() {
    let (mut script, child, seen) = sending(10);
    script.host.send(child, &vec_of(10_000)).unwrap();
    let mut new = 0;
    for _ in 0..9 {
        new += ack(&mut script, seen[0].sequence).iter().filter(|s| s.sequence != seen[0].sequence).count();
    }
    // Ten were on their way, one is lost, nine arrived; the window came down to seven.
    assert!((5..=7).contains(&new), "{new}");
}

#[test]
fn a_window_update_is_no_duplicate() {
    let (mut script, _, seen) = sending(10);
    // The window was 65535: it closes, and opens step by step.
    for window in [0, 20_000, 30_000, 40_000, 50_000] {
        script.window = window;
        assert!(ack(&mut script, seen[0].sequence).is_empty());
    }
    assert_eq!(script.host.counter(Counter::TcpExtTCPFastRetrans), 0);
}

#[test]
fn retransmission_after_the_path_became_narrower_uses_smaller_segments() {
    let (mut script, _, seen) = sending(3);
    let local = crate::icmp::IcmpError {
        protocol: crate::wire::protocol::Protocol::TCP,
        source: script.host.address,
        destination: script.peer.ip(),
        source_port: 80,
        destination_port: script.peer.port(),
        sequence: seen[0].sequence,
        scope: 0,
        kind: crate::icmp::IcmpErrorKind::FragmentationNeeded { mtu: 600 },
    };
    script.host.with(|tcp, env| tcp.icmp_error(env, &local));
    let again = script.seen();
    assert!(!again.is_empty() && again.iter().all(|s| s.data.len() <= 560));
    assert_eq!(again[0].sequence, seen[0].sequence);
    // A forged, absurd value does not go below the floor.
    let forged =
        crate::icmp::IcmpError { kind: crate::icmp::IcmpErrorKind::FragmentationNeeded { mtu: 1 }, ..local };
    script.host.with(|tcp, env| tcp.icmp_error(env, &forged));
    let longest = script.wait(Duration::from_secs(1)).iter().map(|s| s.data.len()).max();
    assert_eq!(longest, Some(512));
}

#[test]
fn after_an_idle_time_the_window_starts_anew_unless_told_otherwise() {
    for (restart, most) in [(true, 10), (false, 20)] {
        let (mut script, child, _) = sending(10);
        script.host.sysctl.tcp_slow_start_after_idle = restart;
        // Only a window that held sending back grows: with 30 segments waiting it doubles, from 10 to 20.
        script.host.send(child, &vec_of(30_000)).unwrap();
        script.silence();
        script.ack();
        assert_eq!(script.seen().len(), 20);
        script.ack();
        script.seen();
        script.ack();
        script.wait(Duration::from_secs(10));
        script.host.send(child, &vec_of(20_000)).unwrap();
        assert_eq!(script.seen().len(), most, "restart: {restart}");
    }
}

#[test]
fn duplicates_without_sack_are_counted_for_segments_that_there_are() {
    let (mut script, child, seen) = sending(1);
    let nodelay = TcpOption::NoDelay(true);
    script.host.with(|tcp, env| tcp.set_option(env, child, nodelay)).unwrap();
    ack(&mut script, seen[0].sequence.wrapping_add(1000));
    for _ in 0..4 {
        script.host.send(child, b"small").unwrap();
        assert_eq!(script.seen().len(), 1);
    }
    let first = script.expected.wrapping_sub(20);
    let again: Vec<_> = (0..3).flat_map(|_| ack(&mut script, first)).collect();
    assert_eq!(again[0].data, b"smallsmallsmallsmall", "what is small goes again in one");
    let info = script.host.tcp.info(child, script.host.now).unwrap();
    assert!(info.lost + info.sacked <= info.unacked, "{info:?}");
}
