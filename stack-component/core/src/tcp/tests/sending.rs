//! When small writes leave (RFC 1122 section 4.2.3.4), how much may be written, and what a filter lets in.

use super::harness::{Host, Script};
use crate::bpf::Instruction;
use crate::drop_reason::DropReason;
use crate::tcp::{SendFlags, SocketError, TcpHandle, TcpOption};
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

/// Writes as often as it is taken. Answers how much the host then holds of it.
fn write_all_that_fits(script: &mut Script, handle: TcpHandle) -> usize {
    while script.host.send(handle, &[7; 5000]).is_ok() {}
    script.host.tcp.sockets.get(handle).and_then(|socket| socket.connection()).unwrap().send.queue.len()
}

#[test]
fn a_writer_who_never_waits_holds_no_more_than_the_buffer_and_one_burst() {
    let (mut script, _, child) = Script::accepted(80);
    set(&mut script, child, TcpOption::SendBuffer(8000));
    let buffer = script.host.tcp.sockets.get(child).unwrap().options.send_buffer as usize;
    let mut acknowledged = script.expected;
    for _ in 0..200 {
        // The window grows with each acknowledgement, and room in the last buffer with each segment that leaves.
        let held = write_all_that_fits(&mut script, child);
        assert!(held <= buffer + 32_767, "{held} bytes for a buffer of {buffer}");
        script.seen();
        acknowledged = script.expected.min(acknowledged.wrapping_add(1000));
        script.inject(script.next, acknowledged, Flags::ACK, &[]).unwrap();
        script.seen();
    }
}

#[test]
fn who_may_write_at_all_may_fill_a_piece() {
    let (mut script, _, child) = Script::accepted(80);
    set(&mut script, child, TcpOption::SendBuffer(1));
    let limit = script.host.tcp.sockets.get(child).unwrap().options.send_buffer as usize;
    let space = script.host.tcp.send_space(child).unwrap();
    assert!(space > limit, "{space} bytes beside a limit of {limit}");
    assert_eq!(script.host.send(child, &[7; 100_000]), Ok(space));
    assert_eq!(script.host.tcp.send_space(child), Ok(0));
}

#[test]
fn without_memory_everybody_still_gets_a_little() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.sysctl.set("net.ipv4.tcp_mem", "1 2 3").unwrap();
    script.host.send(child, &[7; 16_000]).unwrap();
    script.seen();
    // 16 kB of 12 kB are in use: only who holds less than tcp_wmem[0] may have more.
    assert_eq!(script.host.send(child, &[7; 1000]), Err(SocketError::WouldBlock));
    assert_eq!(script.host.tcp.send_space(child), Ok(0));
    script.ack();
    script.seen();
    script.host.sysctl.set("net.ipv4.tcp_mem", "0 0 0").unwrap();
    let to = script.expected.wrapping_sub(1000);
    script.inject(script.next, to, Flags::ACK, &[]).unwrap();
    assert_eq!(script.host.send(child, &[7; 16_000]), Ok(3096));
    assert_eq!(script.host.send(child, &[7; 1000]), Err(SocketError::WouldBlock));
}
