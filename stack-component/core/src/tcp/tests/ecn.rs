//! Congestion marks (RFC 3168) and who answers to them.

use super::harness::{Host, Script, Seen};
use crate::counters::Counter;
use crate::route::Metrics;
use crate::tcp::{Algorithm, TcpHandle, TcpOption};
use crate::time::Duration;
use crate::wire::ecn::Codepoint;
use crate::wire::tcp::{Flags, Options};
use core::net::SocketAddr;

const ACK: Flags = Flags::ACK;
const ASKING: Flags = Flags::SYN.with(Flags::ECE).with(Flags::CWR);

fn options() -> Options {
    Options { mss: Some(1000), ..Options::default() }
}

/// The flags of the answer to a SYN with `flags`.
fn answer_to(host: Host, flags: Flags, codepoint: Codepoint) -> Flags {
    let mut script = Script::new(host, 80);
    script.codepoint = codepoint;
    script.host.listen(80);
    script.options = options();
    script.inject(script.next, 0, flags, &[]).unwrap();
    script.one().flags
}

/// A connection with ECN: the host accepted it.
fn accepted() -> (Script, TcpHandle) {
    accepted_with(Algorithm::Cubic)
}

fn accepted_with(algorithm: Algorithm) -> (Script, TcpHandle) {
    let mut host = Host::new(1);
    let listener = host.listen(80);
    host.with(|tcp, env| tcp.set_option(env, listener, TcpOption::Congestion(algorithm))).unwrap();
    let mut script = Script::new(host, 80);
    script.options = options();
    script.inject(script.next, 0, ASKING, &[]).unwrap();
    script.next += 1;
    let answer = script.one();
    assert_eq!(answer.flags, Flags::SYN | ACK | Flags::ECE);
    script.expected = answer.sequence.wrapping_add(1);
    script.options = Options::default();
    script.ack();
    let child = script.host.tcp.accept(listener).unwrap();
    // A round trip of 100 ms, and no more of the young connection's quick acknowledgements.
    script.host.send(child, &[0; 1000]).unwrap();
    script.seen();
    script.wait(Duration::from_millis(100));
    script.ack();
    (script, child)
}

fn segment(script: &mut Script, codepoint: Codepoint, extra: Flags, len: usize) {
    script.codepoint = codepoint;
    let data = vec![7; len];
    script.inject(script.next, script.expected, ACK | extra, &data).unwrap();
    script.next = script.next.wrapping_add(len as u32);
}

use std::vec;
use std::vec::Vec;

#[test]
fn rfc_3168_6_1_1_a_listener_agrees() {
    let with = |tcp_ecn| {
        let mut host = Host::new(1);
        host.sysctl.tcp_ecn = tcp_ecn;
        host
    };
    let plain = Flags::SYN | ACK;
    let rows = [
        (0, ASKING, Codepoint::NotEct, plain),
        (1, ASKING, Codepoint::NotEct, plain | Flags::ECE),
        (2, ASKING, Codepoint::NotEct, plain | Flags::ECE),
        (2, Flags::SYN, Codepoint::NotEct, plain),
        (2, Flags::SYN | Flags::ECE, Codepoint::NotEct, plain),
        // Somebody on the way touches ECN's bits.
        (2, ASKING, Codepoint::Ect0, plain),
    ];
    for (tcp_ecn, syn, codepoint, expected) in rows {
        assert_eq!(answer_to(with(tcp_ecn), syn, codepoint), expected, "{tcp_ecn} {syn}");
    }
    let mut by_route = with(0);
    by_route.paths.0.metrics = Metrics { ecn: true, ..Metrics::default() };
    assert_eq!(answer_to(by_route, ASKING, Codepoint::NotEct), plain | Flags::ECE);
}

/// A host that connects with `tcp_ecn` set, and its SYN.
fn connecting(tcp_ecn: u32) -> (Script, TcpHandle, Seen) {
    let mut host = Host::new(1);
    host.sysctl.tcp_ecn = tcp_ecn;
    let mut script = Script::new(host, 0);
    let handle = script.host.connect(script.peer);
    script.port = script.host.tcp.local_address(handle).map_or(0, |local: SocketAddr| local.port());
    let syn = script.one();
    script.expected = syn.sequence.wrapping_add(1);
    (script, handle, syn)
}

#[test]
fn rfc_3168_6_1_1_a_client_asks_and_sends_ect() {
    let rows = [
        (1, Flags::SYN | ACK | Flags::ECE, Codepoint::Ect0),
        (1, Flags::SYN | ACK, Codepoint::NotEct),
        // A peer that only mirrors the bits.
        (1, Flags::SYN | ACK | Flags::ECE | Flags::CWR, Codepoint::NotEct),
        (2, Flags::SYN | ACK | Flags::ECE, Codepoint::NotEct),
    ];
    for (tcp_ecn, answer, expected) in rows {
        let (mut script, handle, syn) = connecting(tcp_ecn);
        assert_eq!(syn.flags, if tcp_ecn == 1 { ASKING } else { Flags::SYN });
        assert_eq!(syn.codepoint, Codepoint::NotEct);
        script.inject(script.next, script.expected, answer, &[]).unwrap();
        script.next += 1;
        let ack = script.one();
        assert_eq!((ack.flags, ack.codepoint), (ACK, Codepoint::NotEct));
        script.host.send(handle, b"x").unwrap();
        assert_eq!(script.one().codepoint, expected, "{tcp_ecn} {answer}");
    }
}

#[test]
fn rfc_3168_6_1_1_1_a_lost_syn_goes_again_without_ecn() {
    for fallback in [true, false] {
        let mut host = Host::new(1);
        (host.sysctl.tcp_ecn, host.sysctl.tcp_ecn_fallback) = (1, fallback);
        let mut script = Script::new(host, 0);
        script.host.connect(script.peer);
        assert_eq!(script.one().flags, ASKING);
        let again = script.wait(Duration::from_secs(1));
        assert_eq!(again[0].flags, if fallback { Flags::SYN } else { ASKING });
    }
}

#[test]
fn rfc_3168_6_1_3_ce_is_echoed_until_cwr() {
    let (mut script, _) = accepted();
    segment(&mut script, Codepoint::Ect0, Flags::NONE, 1000);
    script.wait(Duration::from_millis(200));
    segment(&mut script, Codepoint::Ce, Flags::NONE, 1000);
    assert_eq!(script.one().flags, ACK | Flags::ECE, "at once");
    segment(&mut script, Codepoint::Ect0, Flags::NONE, 1000);
    segment(&mut script, Codepoint::Ect0, Flags::NONE, 1000);
    let seen = script.seen();
    assert!(!seen.is_empty() && seen.iter().all(|s| s.flags == ACK | Flags::ECE), "{seen:?}");
    segment(&mut script, Codepoint::Ect0, Flags::CWR, 1000);
    assert_eq!(script.one().flags, ACK, "at once, and without ECE");
    // RFC 3168 section 6.1.3: a mark on the segment with CWR counts.
    segment(&mut script, Codepoint::Ce, Flags::CWR, 1000);
    assert_eq!(script.one().flags, ACK | Flags::ECE);
}

#[test]
fn rfc_3168_6_1_4_and_6_1_5_bare_acknowledgements_and_retransmissions_cannot_be_marked() {
    let (mut script, child) = accepted();
    script.host.send(child, &[1; 2000]).unwrap();
    let seen = script.seen();
    assert!(seen.iter().all(|s| s.codepoint == Codepoint::Ect0 && s.flags.ack()), "{seen:?}");
    let again = script.wait(Duration::from_millis(1000));
    assert!(!again.is_empty());
    assert!(again.iter().all(|s| s.codepoint == Codepoint::NotEct), "{again:?}");
    segment(&mut script, Codepoint::Ect0, Flags::NONE, 1000);
    let ack = script.wait(Duration::from_millis(100));
    assert_eq!(ack[0].codepoint, Codepoint::NotEct);
}

#[test]
fn rfc_3168_6_1_2_an_echo_halves_the_window_once_and_is_answered_by_cwr() {
    let (mut script, child) = accepted();
    script.host.send(child, &[1; 8000]).unwrap();
    let seen = script.seen();
    assert_eq!(seen.len(), 8);
    let before = script.host.tcp.info(child, script.host.now).unwrap();
    for seen in &seen {
        script.inject(script.next, seen.sequence.wrapping_add(1000), ACK | Flags::ECE, &[]).unwrap();
    }
    let after = script.host.tcp.info(child, script.host.now).unwrap();
    assert!(after.snd_ssthresh < before.snd_cwnd && after.snd_cwnd <= after.snd_ssthresh, "{after:?}");
    assert_eq!(after.options & 24, 8, "in use; no data was seen");
    assert_eq!(after.delivered_ce, 8);
    assert_eq!(script.host.counter(Counter::TcpExtTCPDeliveredCE), 8);
    assert_eq!(script.host.counter(Counter::TcpRetransSegs), 0);
    script.host.send(child, &[1; 2000]).unwrap();
    let flags: Vec<bool> = script.seen().iter().map(|s| s.flags.contains(Flags::CWR)).collect();
    assert_eq!(flags, [true, false]);
}

#[test]
fn without_agreement_marks_and_echoes_mean_nothing() {
    let (mut script, _, child) = Script::accepted(80);
    segment(&mut script, Codepoint::Ce, Flags::NONE, 1000);
    assert!(script.seen().iter().all(|s| s.flags == ACK));
    script.host.send(child, &[1; 2000]).unwrap();
    assert!(script.seen().iter().all(|s| s.codepoint == Codepoint::NotEct));
    script.inject(script.next, script.expected, ACK | Flags::ECE, &[]).unwrap();
    let info = script.host.tcp.info(child, script.host.now).unwrap();
    assert_eq!((info.ca_state, info.options & 24), (0, 0));
}
