//! Packetisation-layer path MTU discovery (RFC 4821).

use super::harness::{Host, Script};
use crate::counters::Counter;
use crate::sysctl::Sysctl;
use crate::tcp::TcpHandle;
use crate::time::Duration;
use crate::wire::tcp::{Flags, Options, SackBlocks};
use std::vec;
use std::vec::Vec;

/// A connection that searches, with a window wide enough for it. What was sent is acknowledged.
fn searching() -> (Script, TcpHandle) {
    let mut host = Host::new(1);
    host.sysctl = Sysctl { tcp_mtu_probing: 2, ..Sysctl::default() };
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    script.handshake(Options { mss: Some(1460), sack_permitted: true, ..Options::default() });
    let child = script.host.tcp.accept(listener).unwrap();
    script.host.send(child, &vec![0; 10_240]).unwrap();
    assert!(script.seen().iter().all(|seen| seen.data.len() == 1024));
    script.wait(Duration::from_millis(10));
    script.ack();
    (script, child)
}

fn sizes(script: &mut Script, child: TcpHandle) -> Vec<usize> {
    script.host.send(child, &vec![0; 15_000]).unwrap();
    script.seen().iter().map(|seen| seen.data.len()).collect()
}

/// RFC 4821 section 7.3 and 7.6.1: the probe lies in the middle of what is possible, and all segments are as large
/// when it has arrived.
#[test]
fn segments_grow_when_a_probe_arrives() {
    let (mut script, child) = searching();
    let sent = sizes(&mut script, child);
    assert_eq!(sent[..3], [1242, 1024, 1024]);
    script.wait(Duration::from_millis(10));
    script.ack();
    assert_eq!(script.host.counter(Counter::TcpExtTCPMTUPSuccess), 1);
    assert_eq!(script.host.tcp.info(child, script.host.now).unwrap().snd_mss, 1242);
}

/// RFC 4821 section 7.6.2: a lost probe is no sign of a full path: its data goes again in pieces, and the window stays.
#[test]
fn a_lost_probe_costs_no_window() {
    let (mut script, child) = searching();
    let start = script.expected;
    let sent = sizes(&mut script, child);
    let before = script.host.tcp.info(child, script.host.now).unwrap().snd_cwnd;
    let mut sack = SackBlocks::EMPTY;
    sack.push(start.wrapping_add(1242), start.wrapping_add(1242 + 5 * 1024));
    script.wait(Duration::from_millis(10));
    script.options.sack = sack;
    script.inject(script.next, start, Flags::ACK, &[]).unwrap();
    let again: Vec<usize> =
        script.seen().iter().filter(|s| s.sequence == start).map(|s| s.data.len()).collect();
    assert_eq!(again, [1024], "{sent:?}");
    assert_eq!(script.host.counter(Counter::TcpExtTCPMTUPFail), 1);
    assert!(script.host.tcp.info(child, script.host.now).unwrap().snd_cwnd >= before);
}
