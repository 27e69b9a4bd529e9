//! What attackers try: memory and work stay bounded, and nobody talks for ever.

use super::harness::{Host, Script};
use crate::tcp::{TcpHandle, TcpOption};
use crate::time::Duration;
use crate::wire::tcp::{Flags, Options, SackBlocks};

fn set(script: &mut Script, handle: TcpHandle, option: TcpOption) {
    script.host.with(|tcp, env| tcp.set_option(env, handle, option)).unwrap();
}

fn timers(script: &Script) -> usize {
    script.host.tcp.wheel.len()
}

#[test]
fn a_long_life_leaves_no_timers_behind() {
    let (mut script, _, child) = Script::accepted(80);
    set(&mut script, child, TcpOption::KeepAlive(true));
    for _ in 0..3000 {
        // Each answer takes a timer that is nearer than the one for keep-alive.
        script.host.send(child, b"tick").unwrap();
        script.wait(Duration::from_millis(300));
        script.ack();
        script.wait(Duration::from_millis(700));
    }
    assert!(timers(&script) <= 300, "{}", timers(&script));
    let probes = script.wait(Duration::from_secs(7201));
    assert_eq!(probes.len(), 1, "the timer that matters is still there");
}

#[test]
fn many_short_lives_leave_no_timers_behind() {
    let mut host = Host::new(1);
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    set(&mut script, listener, TcpOption::KeepAlive(true));
    for round in 0..2000u16 {
        script.peer.set_port(2000 + round);
        script.next = 5000;
        script.handshake(Options::default());
        let child = script.host.tcp.accept(listener).unwrap();
        script.inject(script.next, script.expected, Flags::RST, &[]).unwrap();
        script.host.with(|tcp, env| tcp.close(env, child));
    }
    assert_eq!(script.host.tcp.sockets.len(), 1);
    assert!(timers(&script) <= 300, "{}", timers(&script));
}

/// A connection whose peer takes segments of 48 bytes only, with `count` of them on their way.
fn tiny_segments(count: u32) -> (Script, TcpHandle) {
    let mut host = Host::new(1);
    host.sysctl.set("net.ipv4.tcp_wmem", "4096 4194304 4194304").unwrap();
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    let syn = Options { mss: Some(1), sack_permitted: true, window_scale: Some(14), ..Options::default() };
    script.handshake(syn);
    let child = script.host.tcp.accept(listener).unwrap();
    let (connection, _) = script.host.tcp.sockets.get_mut(child).and_then(|s| s.connection_mut()).unwrap();
    connection.window.size = count;
    while script.host.send(child, &[7; 60_000]).is_ok() {}
    assert_eq!(script.seen().len() as u32, count);
    (script, child)
}

/// Acknowledges nothing but what `blocks` say, as segments of 48 bytes from `first` on.
fn report(script: &mut Script, first: u32, blocks: &[(u32, u32)]) {
    let mut sack = SackBlocks::EMPTY;
    for (from, to) in blocks {
        sack.push(first.wrapping_add(from * 48), first.wrapping_add(to * 48));
    }
    script.options.sack = sack;
    script.inject(script.next, first, Flags::ACK, &[]).unwrap();
}

#[test]
fn sack_of_every_other_tiny_segment_costs_no_walk_each_time() {
    // CVE-2019-11477 and its sisters: a peer that makes us cut what we send into crumbs and reports every other one,
    // the same ones again and again.
    let count = 40_000;
    let (mut script, child) = tiny_segments(count);
    let first = script.expected.wrapping_sub(count * 48);
    for nth in (1..count - 8).step_by(8) {
        let blocks = [nth + 6, nth + 4, nth + 2, nth].map(|start| (start, start + 1));
        report(&mut script, first, &blocks);
    }
    report(&mut script, first, &[(1, count)]);
    // Reported from ever other places, neither is known from the last acknowledgement.
    for nth in 0..8000 {
        let middle = count / 2;
        let block = if nth % 2 == 0 { (1 + nth, middle) } else { (middle + 1, count - nth) };
        report(&mut script, first, &[block]);
    }
    let (connection, _) = script.host.tcp.sockets.get_mut(child).and_then(|s| s.connection_mut()).unwrap();
    let looked_at = connection.send.sent.looked_at.get();
    assert!(looked_at < u64::from(10 * count), "{looked_at}");
    let info = script.host.tcp.info(child, script.host.now).unwrap();
    assert_eq!((info.sacked, info.unacked), (count - 1, count));
}
