//! Windows, acknowledgements, and segments that somebody made up (RFC 5961, 7323, 9293).

use super::harness::{Host, Script};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::random::{Random, SeededRandom};
use crate::tcp::{TcpHandle, TcpOption, TcpState};
use crate::time::{Duration, Instant};
use crate::wire::tcp::{Flags, Options, Timestamps};
use std::vec;
use std::vec::Vec;

#[test]
fn a_reset_needs_the_exact_number() {
    let (mut script, _, child) = Script::accepted(80);
    for offset in [1, 100, 60_000] {
        let result = script.inject(script.next + offset, script.expected, Flags::RST, &[]);
        assert_eq!(result, Err(DropReason::TcpReset));
    }
    // Each was in the window and asked for a challenge, of which one is allowed at a time.
    let challenge = script.one();
    assert_eq!((challenge.flags, challenge.acknowledgement), (Flags::ACK, script.next));
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Established));
    let outside = script.inject(script.next.wrapping_sub(10), script.expected, Flags::RST, &[]);
    assert_eq!(outside, Err(DropReason::TcpReset));
    script.inject(script.next, script.expected, Flags::RST, &[]).unwrap();
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Close));
}

#[test]
fn a_syn_never_resets() {
    let (mut script, _, child) = Script::accepted(80);
    for offset in [0u32, 1, 1_000_000, u32::MAX - 5] {
        let flags = Flags::SYN;
        let result = script.inject(script.next.wrapping_add(offset), script.expected, flags, &[]);
        assert_eq!(result, Err(DropReason::TcpFlags), "{offset}");
        script.wait(Duration::from_secs(1));
    }
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Established));
    assert_eq!(script.host.counter(Counter::TcpExtTCPSYNChallenge), 4);
    assert_eq!(script.host.counter(Counter::TcpExtTCPChallengeACK), 4);
}

#[test]
fn acknowledgements_outside_of_what_can_be_are_challenged() {
    let (mut script, _, child) = Script::accepted(80);
    for wrong in [script.expected + 1, script.expected.wrapping_sub(100_000)] {
        let result = script.inject(script.next, wrong, Flags::ACK, b"forged");
        assert_eq!(result, Err(DropReason::TcpAcknowledgement));
        // Of what was never sent an established connection says nothing, as in Linux.
        let answers = usize::from(wrong != script.expected + 1);
        assert_eq!(script.wait(Duration::from_secs(1)).len(), answers);
    }
    assert!(script.host.read(child).is_empty());
    // Nothing was sent yet, so nothing older can have been acknowledged.
    let early = script.inject(script.next, script.expected.wrapping_sub(10), Flags::ACK, b"early");
    assert_eq!(early, Err(DropReason::TcpAcknowledgement));
    script.host.send(child, &[7; 100]).unwrap();
    assert_eq!(script.wait(Duration::from_millis(1)).len(), 1);
    script.ack();
    // A little old is a delayed segment; its data counts.
    script.inject(script.next, script.expected.wrapping_sub(10), Flags::ACK, b"late").unwrap();
    assert_eq!(script.host.read(child), b"late");
}

#[test]
fn challenges_are_limited_over_all_connections() {
    let mut host = Host::new(1);
    let listener = host.listen(80);
    host.sysctl.tcp_challenge_ack_limit = 10;
    let mut script = Script::new(host, 80);
    let mut ports = vec![];
    for port in 4000..4050 {
        script.peer.set_port(port);
        script.next = 5000;
        script.handshake(Options::default());
        script.host.tcp.accept(listener).unwrap();
        ports.push((port, script.expected));
    }
    let mut challenges = 0;
    for (port, expected) in ports {
        script.peer.set_port(port);
        let _ = script.inject(script.next + 7, expected, Flags::RST, &[]);
        challenges += script.seen().len();
    }
    assert!((5..=10).contains(&challenges), "{challenges}");
}

#[test]
fn a_stack_challenges_from_its_first_moment_on() {
    let mut host = Host::new(1);
    host.now = Instant::ZERO;
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    script.handshake(Options::default());
    script.host.tcp.accept(listener).unwrap();
    let _ = script.inject(script.next + 7, script.expected, Flags::RST, &[]);
    assert_eq!(script.one().flags, Flags::ACK);
}

#[test]
fn segments_outside_of_the_window_are_answered_and_dropped() {
    let (mut script, _, child) = Script::accepted(80);
    let far = script.next.wrapping_add(1 << 20);
    assert_eq!(script.inject(far, script.expected, Flags::ACK, b"far"), Err(DropReason::TcpSequence));
    assert_eq!(script.one().acknowledgement, script.next);
    script.data(b"x");
    let old = script.inject(script.next - 1, script.expected, Flags::ACK, b"y");
    assert_eq!(old, Err(DropReason::TcpOldData));
    assert_eq!(script.host.read(child), b"x");
}

#[test]
fn a_buffer_that_shrank_holds_no_more_than_it_may() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.with(|tcp, env| tcp.set_option(env, child, TcpOption::ReceiveBuffer(2304))).unwrap();
    let mut accepted = 0;
    for _ in 0..100 {
        if script.inject(script.next, script.expected, Flags::ACK, &[9; 1000]).is_ok() {
            script.next = script.next.wrapping_add(1000);
            accepted += 1;
        }
        script.seen();
    }
    // The window was offered before; what does not fit is refused all the same, with a window of 0.
    assert_eq!(accepted, 2);
    assert!(script.host.counter(Counter::TcpExtTCPRcvQDrop) > 0);
    assert!(script.host.counter(Counter::TcpExtPruneCalled) > 0);
    assert_eq!(script.host.read(child).len(), 2000);
}

#[test]
fn a_full_buffer_closes_the_window_and_reading_opens_it() {
    let (mut script, _, child) = Script::accepted(80);
    let mut last = 65_535u16;
    for _ in 0..300 {
        if last == 0 {
            break;
        }
        script.data(&[1; 1000][..usize::from(last.min(1000))]);
        for seen in script.wait(Duration::from_millis(250)) {
            (last, script.next) = (seen.window, seen.acknowledgement);
        }
    }
    assert_eq!(last, 0);
    let probe = script.inject(script.next, script.expected, Flags::ACK, b"p");
    assert!(
        matches!(probe, Err(DropReason::TcpZeroWindow | DropReason::TcpOverWindow | DropReason::TcpSequence)),
        "{probe:?}"
    );
    assert_eq!(script.one().window, 0);
    script.host.receive(child, 100).unwrap();
    script.silence();
    script.host.read(child);
    assert!(script.one().window > 30_000);
}

#[test]
fn a_closed_window_is_probed_with_growing_pauses() {
    let (mut script, _, child) = Script::accepted(80);
    script.window = 0;
    script.ack();
    script.host.send(child, b"waiting").unwrap();
    script.silence();
    let probes = script.wait(Duration::from_secs(30));
    assert!((4..=8).contains(&probes.len()), "{}", probes.len());
    assert!(probes.iter().all(|p| p.data.is_empty() && p.sequence == script.expected.wrapping_sub(1)));
    script.window = 1000;
    script.ack();
    assert_eq!(script.one().data, b"waiting");
}

#[test]
fn a_small_window_is_used_in_the_end() {
    let (mut script, _, child) = Script::accepted(80);
    script.window = 100;
    // A window shrinks only by a segment that is newer (RFC 9293 section 3.10.7.4).
    script.data(b"x");
    script.data(b"y");
    script.seen();
    script.host.send(child, &[5; 900]).unwrap();
    // Sending crumbs is avoided for a while (silly window), but not for ever.
    script.silence();
    let seen = script.wait(Duration::from_secs(3));
    assert_eq!(seen[0].data.len(), 100);
}

#[test]
fn nagle_holds_small_segments_back_and_can_be_turned_off() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.send(child, b"a").unwrap();
    assert_eq!(script.one().data, b"a");
    script.host.send(child, b"b").unwrap();
    script.host.send(child, b"c").unwrap();
    script.silence();
    script.ack();
    assert_eq!(script.one().data, b"bc");
    script.host.with(|tcp, env| tcp.set_option(env, child, TcpOption::NoDelay(true))).unwrap();
    script.host.send(child, b"d").unwrap();
    assert_eq!(script.one().data, b"d");
}

/// A connection whose first acknowledgements, which are sent at once, are all spent.
fn grown_old() -> (Script, TcpHandle) {
    let (mut script, _, child) = Script::accepted(80);
    for _ in 0..40 {
        script.data(&[1; 1000]);
        script.wait(Duration::from_millis(100));
        script.host.read(child);
    }
    script.wait(Duration::from_millis(200));
    let now = script.host.now;
    // The window is as wide as it gets: nothing is acknowledged at once to make it grow.
    if let Some((connection, _)) = script.host.tcp.sockets.get_mut(child).and_then(|s| s.connection_mut()) {
        (connection.ack.quick, connection.ack.last_data) = (0, now);
        connection.receive.tuning.threshold = connection.receive.tuning.clamp;
    }
    (script, child)
}

#[test]
fn acknowledgements_wait_for_company_once_the_connection_is_old() {
    let (mut script, child) = grown_old();
    script.data(&[1; 1000]);
    script.silence();
    // Each delay that was in vain doubles the next, up to 200 ms. Linux: `tcp_delack_timer_handler`.
    assert_eq!(script.wait(Duration::from_millis(39)).len(), 0);
    assert_eq!(script.wait(Duration::from_millis(162)).len(), 1);
    // Two full segments are acknowledged as soon as the reader has made room for as many.
    script.data(&[1; 1000]);
    script.data(&[1; 1000]);
    script.host.read(child);
    assert_eq!(script.seen().len(), 1);
}

#[test]
fn a_reader_that_took_all_that_was_pushed_acknowledges_it() {
    let (mut script, child) = grown_old();
    // Nagle at the peer waits for this acknowledgement before it sends the next small segment.
    script.data(b"pushed");
    script.silence();
    script.host.read(child);
    assert_eq!(script.one().acknowledgement, script.next);
    // After a full segment without a push more is to come.
    script.inject(script.next, script.expected, Flags::ACK, &[1; 1000]).unwrap();
    script.host.read(child);
    script.silence();
}

#[test]
fn out_of_order_data_is_acknowledged_at_once_and_put_in_order() {
    let (mut script, _, child) = Script::accepted(80);
    let start = script.next;
    let flags = Flags::ACK;
    script.inject(start + 3, script.expected, flags, b"def").unwrap();
    assert_eq!(script.one().acknowledgement, start);
    assert!(script.host.read(child).is_empty());
    script.inject(start, script.expected, flags, b"abc").unwrap();
    assert_eq!(script.one().acknowledgement, start + 6);
    assert_eq!(script.host.read(child), b"abcdef");
}

#[test]
fn a_fin_out_of_order_waits_for_the_data_before_it() {
    let (mut script, _, child) = Script::accepted(80);
    let start = script.next;
    script.inject(start + 3, script.expected, Flags::ACK | Flags::FIN, b"def").unwrap();
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Established));
    script.inject(start, script.expected, Flags::ACK, b"abc").unwrap();
    assert_eq!(script.host.tcp.state(child), Some(TcpState::CloseWait));
    assert_eq!(script.seen().last().unwrap().acknowledgement, start + 7);
}

#[test]
fn old_timestamps_are_refused() {
    let mut host = Host::new(1);
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    let stamp = |value| Some(Timestamps { value, echo: 0 });
    script.handshake(Options { timestamps: stamp(1000), ..Options::default() });
    let child = script.host.tcp.accept(listener).unwrap();
    script.options.timestamps = stamp(999);
    let result = script.inject(script.next, script.expected, Flags::ACK, b"old");
    assert_eq!(result, Err(DropReason::TcpPaws));
    assert_eq!(script.host.counter(Counter::TcpExtPAWSEstab), 1);
    script.options.timestamps = stamp(1001);
    script.data(b"new");
    assert_eq!(script.host.read(child), b"new");
    assert_eq!(script.seen().last().unwrap().options.timestamps.map(|t| t.echo), Some(1001));
}

#[test]
fn made_up_segments_do_no_harm() {
    let mut random = SeededRandom::new(42);
    for _ in 0..300 {
        let (mut script, _, child) = Script::accepted(80);
        script.host.send(child, &[3; 5000]).unwrap();
        for _ in 0..60 {
            let near = |random: &mut SeededRandom, base: u32| match random.below(4) {
                0 => random.next_u32(),
                1 => base,
                _ => base.wrapping_add(random.below(4000)).wrapping_sub(2000),
            };
            let sequence = near(&mut random, script.next);
            let acknowledgement = near(&mut random, script.expected);
            let data: Vec<u8> = vec![0; random.below(1400) as usize];
            script.window = random.next_u32() as u16;
            script.options.timestamps = None;
            let flags = Flags::from_bits(random.next_u32() as u16);
            let _ = script.inject(sequence, acknowledgement, flags, &data);
            script.wait(Duration::from_millis(random.below(300).into()));
            script.host.receive(child, random.below(3000) as usize).ok();
        }
        script.wait(Duration::from_secs(4000));
    }
}
