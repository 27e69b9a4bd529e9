//! Accurate ECN (RFC 9768): counters instead of one bit.

use super::harness::{Host, Script, Seen};
use crate::counters::Counter;
use crate::tcp::{TcpHandle, TcpInfo};
use crate::time::Duration;
use crate::wire::ecn::Codepoint;
use crate::wire::tcp::{AccurateEcn, Flags, Options};
use std::vec;
use std::vec::Vec;

const ACK: Flags = Flags::ACK;
const SYN_ACK: Flags = Flags::SYN.with(ACK);
const ASKING: Flags = Flags::SYN.with(Flags::ECE).with(Flags::CWR).with(Flags::AE);

/// The three bits AE, CWR, ECE as flags.
fn count(bits: u16) -> Flags {
    let bit = |nth: u16, flag| if bits >> nth & 1 == 1 { flag } else { Flags::NONE };
    bit(0, Flags::ECE) | bit(1, Flags::CWR) | bit(2, Flags::AE)
}

/// The option as most peers send it: ECT(1), CE, ECT(0).
fn counters(e1: u32, ce: u32, e0: u32) -> Option<AccurateEcn> {
    Some(AccurateEcn { order_1: true, count: 3, fields: [e1, ce, e0] })
}

fn host() -> Host {
    let mut host = Host::new(1);
    host.sysctl.tcp_ecn = 3;
    host
}

/// A listener's answer to a SYN with these flags.
fn answer_to(host: Host, flags: Flags, codepoint: Codepoint) -> (Script, Seen) {
    let mut script = Script::new(host, 80);
    script.host.listen(80);
    script.codepoint = codepoint;
    script.options = Options { mss: Some(1000), ..Options::default() };
    script.inject(script.next, 0, flags, &[]).unwrap();
    let answer = script.one();
    (script, answer)
}

fn accepted() -> (Script, TcpHandle) {
    let mut host = host();
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    script.options = Options { mss: Some(1000), ..Options::default() };
    script.inject(script.next, 0, ASKING, &[]).unwrap();
    script.next += 1;
    let answer = script.one();
    assert_eq!(answer.flags, SYN_ACK | count(0b010));
    assert_eq!(answer.options.accurate_ecn, counters(1, 0, 1));
    script.expected = answer.sequence.wrapping_add(1);
    script.codepoint = Codepoint::Ect0;
    script.options = Options { accurate_ecn: counters(1, 0, 1), ..Options::default() };
    script.inject(script.next, script.expected, ACK | count(0b010), &[]).unwrap();
    let child = script.host.tcp.accept(listener).unwrap();
    script.seen();
    (script, child)
}

fn data(script: &mut Script, codepoint: Codepoint) -> Seen {
    script.codepoint = codepoint;
    script.inject(script.next, script.expected, ACK | count(5), &vec![7; 1000]).unwrap();
    script.next = script.next.wrapping_add(1000);
    script.one()
}

fn info(script: &Script, handle: TcpHandle) -> TcpInfo {
    script.host.tcp.info(handle, script.host.now).unwrap()
}

#[test]
fn rfc_9768_3_1_2_a_listener_reflects_what_the_syn_arrived_with() {
    let rows = [
        (3, ASKING, Codepoint::NotEct, count(0b010)),
        (3, ASKING, Codepoint::Ect1, count(0b011)),
        (3, ASKING, Codepoint::Ect0, count(0b100)),
        (3, ASKING, Codepoint::Ce, count(0b110)),
        // RFC 9768 section 3.1.2: what is not known yet counts as 111.
        (5, Flags::SYN | Flags::AE, Codepoint::NotEct, count(0b010)),
        (4, Flags::SYN | Flags::ECE | Flags::CWR, Codepoint::NotEct, Flags::ECE),
        (2, ASKING, Codepoint::NotEct, Flags::ECE),
        (3, Flags::SYN, Codepoint::NotEct, Flags::NONE),
        (0, ASKING, Codepoint::NotEct, Flags::NONE),
    ];
    for (tcp_ecn, syn, codepoint, expected) in rows {
        let mut host = host();
        host.sysctl.tcp_ecn = tcp_ecn;
        let (_, answer) = answer_to(host, syn, codepoint);
        assert_eq!(answer.flags, SYN_ACK | expected, "{tcp_ecn} {syn} {codepoint:?}");
    }
}

#[test]
fn rfc_9768_3_1_4_2_a_syn_ack_goes_again_without_option_then_without_flags() {
    let (mut script, first) = answer_to(host(), ASKING, Codepoint::NotEct);
    assert!(first.options.accurate_ecn.is_some());
    let again: Vec<Seen> = script.wait(Duration::from_secs(8));
    let flags: Vec<Flags> = again.iter().map(|seen| seen.flags).collect();
    assert_eq!(flags, [SYN_ACK | count(0b010), SYN_ACK, SYN_ACK]);
    assert!(again.iter().all(|seen| seen.options.accurate_ecn.is_none()));
}

#[test]
fn rfc_9768_3_2_2_and_3_2_3_everything_that_arrives_is_counted() {
    let (mut script, child) = accepted();
    let rows = [
        (Codepoint::Ce, 6, counters(1, 1000, 1)),
        (Codepoint::Ect0, 6, counters(1, 1000, 1001)),
        (Codepoint::Ce, 7, counters(1, 2000, 1001)),
        (Codepoint::Ect1, 7, counters(1001, 2000, 1001)),
        // The counter in the header wraps.
        (Codepoint::Ce, 0, counters(1001, 3000, 1001)),
    ];
    for (codepoint, ace, option) in rows {
        script.host.read(child);
        script.wait(Duration::from_millis(50));
        let ack = data(&mut script, codepoint);
        assert_eq!(ack.flags, ACK | count(ace));
        assert_eq!((ack.codepoint, ack.options.accurate_ecn), (Codepoint::Ect0, option));
    }
    let info = info(&script, child);
    assert_eq!((info.received_ce, info.received_ce_bytes), (3, 3000));
    assert_eq!((info.received_e1_bytes, info.received_e0_bytes), (1000, 1000));
    assert_eq!((info.options & 24, info.accecn_opt_seen, info.accecn_fail_mode), (24, 2, 0));
}

/// The host sends `segments` full segments at once; the peer acknowledges all of them.
fn acknowledged(segments: usize, ace: u16, option: Option<AccurateEcn>) -> (Script, TcpInfo) {
    let (mut script, child) = accepted();
    // The first option that grows tells which counter is the one that does.
    script.host.send(child, &[1; 988]).unwrap();
    script.seen();
    script.options.accurate_ecn = counters(1, 0, 989);
    script.inject(script.next, script.expected, ACK | count(5), &[]).unwrap();
    script.host.send(child, &vec![1; segments * 988]).unwrap();
    let seen = script.seen();
    assert_eq!(seen.len(), segments);
    assert!(seen.iter().all(|s| s.codepoint == Codepoint::Ect0 && s.flags.contains(count(5))));
    script.wait(Duration::from_millis(50));
    script.options.accurate_ecn = option;
    script.inject(script.next, script.expected, ACK | count(ace), &[]).unwrap();
    let info = info(&script, child);
    (script, info)
}

#[test]
fn rfc_9768_3_2_2_5_new_marks_lower_the_window_and_nothing_is_owed() {
    let (mut script, told) = acknowledged(5, 7, None);
    assert_eq!((told.delivered_ce, told.ca_state), (2, 2));
    assert_eq!(script.host.counter(Counter::TcpExtTCPDeliveredCE), 2);
    assert_eq!(script.host.counter(Counter::TcpRetransSegs), 0);
    let ack = data(&mut script, Codepoint::Ect1);
    assert_eq!(ack.flags, ACK | count(5), "no CWR: the flags count");
    let (_, told) = acknowledged(5, 5, None);
    assert_eq!((told.delivered_ce, told.ca_state), (0, 0));
}

#[test]
fn rfc_9768_3_2_2_5_2_bytes_say_whether_the_counter_wrapped() {
    // Ten segments and no difference: none or eight.
    let (_, none) = acknowledged(10, 5, counters(1, 0, 10869));
    assert_eq!((none.delivered_ce, none.delivered_e0_bytes), (0, 10868));
    let (_, eight) = acknowledged(10, 5, counters(1, 7904, 2965));
    assert_eq!((eight.delivered_ce, eight.delivered_ce_bytes), (8, 7904));
}

#[test]
fn rfc_9768_3_2_3_2_4_zeroed_options_are_not_believed() {
    let (_, told) = acknowledged(3, 5, counters(0, 0, 0));
    assert_eq!(told.accecn_fail_mode, 0, "seen whole before: a counter may come back to 0");
    let mut host = host();
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    script.inject(script.next, 0, ASKING, &[]).unwrap();
    script.next += 1;
    script.expected = script.one().sequence.wrapping_add(1);
    script.options.accurate_ecn = counters(0, 0, 0);
    script.inject(script.next, script.expected, ACK | count(0b010), &[]).unwrap();
    let child = script.host.tcp.accept(listener).unwrap();
    let told = info(&script, child);
    assert_eq!((told.accecn_fail_mode, told.accecn_opt_seen), (8, 3));
}

/// A client's SYN, and what it says after a SYN-ACK with these flags.
fn connected(answer: Flags, codepoint: Codepoint) -> (Script, TcpHandle, Seen) {
    let mut script = Script::new(host(), 0);
    let handle = script.host.connect(script.peer);
    script.port = script.host.tcp.local_address(handle).map_or(0, |local| local.port());
    let syn = script.one();
    assert_eq!((syn.flags, syn.options.accurate_ecn), (ASKING, None));
    script.expected = syn.sequence.wrapping_add(1);
    script.codepoint = codepoint;
    script.options = Options { mss: Some(1000), accurate_ecn: counters(1, 0, 1), ..Options::default() };
    script.inject(script.next, script.expected, SYN_ACK | answer, &[]).unwrap();
    script.next += 1;
    script.options = Options::default();
    let ack = script.one();
    (script, handle, ack)
}

#[test]
fn rfc_9768_3_1_1_a_client_takes_what_it_gets() {
    let rows = [
        (count(0b010), Codepoint::NotEct, count(0b010), Codepoint::Ect0, 8),
        (count(0b010), Codepoint::Ect1, count(0b011), Codepoint::Ect0, 8),
        (count(0b010), Codepoint::Ce, count(0b110), Codepoint::Ect0, 8),
        // RFC 3168 is what the peer can do.
        (count(0b001), Codepoint::NotEct, Flags::NONE, Codepoint::NotEct, 8),
        // Reserved (section 3.1.3): as if the SYN had arrived unchanged.
        (count(0b101), Codepoint::NotEct, count(0b010), Codepoint::Ect0, 8),
        // Nothing, or a mirror.
        (count(0b000), Codepoint::NotEct, Flags::NONE, Codepoint::NotEct, 0),
        (count(0b111), Codepoint::NotEct, Flags::NONE, Codepoint::NotEct, 0),
    ];
    for (answer, codepoint, reflected, sent, in_use) in rows {
        let (script, handle, ack) = connected(answer, codepoint);
        assert_eq!((ack.flags, ack.codepoint), (ACK | reflected, sent), "{answer} {codepoint:?}");
        assert_eq!(info(&script, handle).options & 8, in_use, "{answer}");
    }
}

#[test]
fn rfc_9768_3_2_2_3_a_syn_ack_with_a_mark_counts() {
    let (mut script, handle, ack) = connected(count(0b010), Codepoint::Ce);
    assert_eq!(ack.options.accurate_ecn, counters(1, 0, 1), "no data, no bytes");
    script.host.send(handle, b"x").unwrap();
    assert_eq!(script.one().flags, ACK | Flags::PSH | count(6));
}

#[test]
fn rfc_9768_3_1_5_the_syn_ack_of_a_simultaneous_open_carries_the_option() {
    let mut script = Script::new(host(), 0);
    let handle = script.host.connect(script.peer);
    script.port = script.host.tcp.local_address(handle).map_or(0, |local| local.port());
    let syn = script.one();
    script.expected = syn.sequence.wrapping_add(1);
    script.codepoint = Codepoint::Ect1;
    script.options = Options { mss: Some(1000), ..Options::default() };
    script.inject(script.next, 0, ASKING, &[]).unwrap();
    let answer = script.one();
    assert_eq!(answer.flags, SYN_ACK | count(0b011));
    assert_eq!(answer.options.accurate_ecn, counters(1, 0, 1));
}

#[test]
fn rfc_9768_3_1_4_1_a_lost_syn_is_tried_once_more_with_accurate_ecn() {
    let mut script = Script::new(host(), 0);
    script.host.connect(script.peer);
    let mut syns = script.seen();
    syns.extend(script.wait(Duration::from_millis(3500)));
    let flags: Vec<Flags> = syns.iter().map(|seen| seen.flags).collect();
    assert_eq!(flags[..4], [ASKING, ASKING, Flags::SYN, Flags::SYN]);
}
