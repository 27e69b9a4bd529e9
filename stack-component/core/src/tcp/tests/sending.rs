//! When small writes leave (RFC 1122 section 4.2.3.4), and what a filter lets in.

use super::harness::{Host, Script};
use crate::drop_reason::DropReason;
use crate::tcp::{Instruction, SendFlags, TcpHandle, TcpOption};
use crate::time::Duration;
use crate::wire::tcp::{Flags, Options};

fn write_more(script: &mut Script, handle: TcpHandle, data: &[u8]) {
    let more = SendFlags { more: true, ..SendFlags::default() };
    script.host.with(|tcp, env| tcp.send_with(env, handle, data, more)).unwrap();
}

fn set(script: &mut Script, handle: TcpHandle, option: TcpOption) {
    script.host.with(|tcp, env| tcp.set_option(env, handle, option)).unwrap();
}

#[test]
fn a_write_that_more_follows_waits_for_it_or_for_the_timer() {
    let (mut script, _, child) = Script::accepted(80);
    set(&mut script, child, TcpOption::NoDelay(true));
    script.seen();
    write_more(&mut script, child, &[1; 40]);
    script.silence();
    let late = script.wait(Duration::from_millis(250));
    assert_eq!((late.len(), late[0].data.len(), late[0].flags), (1, 40, Flags::ACK | Flags::PSH));
    script.ack();
    write_more(&mut script, child, &[1; 100]);
    script.host.send(child, &[1; 5]).unwrap();
    assert_eq!(script.one().data.len(), 105);
    // The acknowledgement of what is on its way lets the rest go, not pushed.
    write_more(&mut script, child, &[1; 50]);
    script.silence();
    script.ack();
    let rest = script.one();
    assert_eq!((rest.data.len(), rest.flags), (50, Flags::ACK));
}

#[test]
fn a_cork_holds_until_it_is_drawn_or_no_delay_is_asked_for() {
    let (mut script, _, child) = Script::accepted(80);
    for draw in [TcpOption::Cork(false), TcpOption::NoDelay(true)] {
        set(&mut script, child, TcpOption::Cork(true));
        script.host.send(child, &[1; 40]).unwrap();
        script.host.send(child, &[1; 40]).unwrap();
        script.silence();
        set(&mut script, child, draw);
        assert_eq!(script.one().data.len(), 80);
        script.ack();
    }
}

#[test]
fn a_filter_drops_and_cuts_for_connections_and_listeners() {
    let (mut script, listener, child) = Script::accepted(80);
    // Keeps the 20 bytes of the header and 4 of the data; drops what is not long enough to tell.
    let keep = [Instruction { code: 0x06, k: 24, ..Instruction::default() }];
    script.host.tcp.attach_filter(child, &keep).unwrap();
    script.inject(script.next, script.expected, Flags::ACK, b"cut after four").unwrap();
    assert_eq!(script.host.read(child), b"cut ");
    let drop = [Instruction { code: 0x06, ..Instruction::default() }];
    script.host.tcp.attach_filter(child, &drop).unwrap();
    let result = script.inject(script.next + 4, script.expected, Flags::ACK, b"x");
    assert_eq!(result, Err(DropReason::SocketFilter));
    script.host.tcp.attach_filter(listener, &drop).unwrap();
    script.peer.set_port(4001);
    assert_eq!(script.inject(1, 0, Flags::SYN, b""), Err(DropReason::SocketFilter));
}

#[test]
fn paced_segments_leave_in_bursts_and_late_timers_are_made_up_for() {
    for (least, text) in [(2, "2"), (3, "3")] {
        let mut host = Host::new(1);
        host.sysctl.set("net.ipv4.tcp_min_tso_segs", text).unwrap();
        let listener = host.listen(80);
        let mut script = Script::new(host, 80);
        script.handshake_after(Options { mss: Some(1000), ..Options::default() }, Duration::from_millis(100));
        let child = script.host.tcp.accept(listener).unwrap();
        set(&mut script, child, TcpOption::MaxPacingRate(100_000));
        script.host.send(child, &[1; 30_000]).unwrap();
        assert_eq!(script.seen().len(), 10, "the first ones are not paced");
        script.wait(Duration::from_millis(100));
        script.ack();
        assert_eq!(script.seen().len() as u64, least);
        // 10 ms for each segment of the burst; it could have left long ago, which half of that makes up for.
        let (burst, moment) = (Duration::from_millis(10 * least), Duration::from_micros(1));
        assert!(script.wait(burst / 2 - moment).is_empty());
        assert_eq!(script.wait(moment).len() as u64, least);
        // The next one is late by less than that.
        let late = Duration::from_millis(3);
        script.host.now = script.host.now + burst + late;
        script.host.with(|tcp, env| tcp.run_timers(env));
        assert_eq!(script.seen().len() as u64, least);
        assert!(script.wait(burst - late - moment).is_empty());
        assert_eq!(script.wait(moment).len() as u64, least);
    }
}
