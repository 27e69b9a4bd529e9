//! Floods: many small things, none of which may take much memory or be answered for ever.

use super::harness::{Host, Script, Seen};
use crate::counters::Counter;
use crate::packet::{Checksum, DeviceIndex, Packet};
use crate::random::{Random, SeededRandom};
use crate::tcp::receive_queue::{ReceiveQueue, charge_of};
use crate::tcp::request::Request;
use crate::tcp::table::Entry;
use crate::tcp::time_wait::TimeWait;
use crate::tcp::{FourTuple, SegmentInfo, TcpHandle, TcpOption, TcpState};
use crate::time::{Duration, Instant};
use crate::wire::tcp::{Fields, Flags, HEADER_LEN, Options};
use std::vec::Vec;

/// A connection whose receive buffer is 6 MiB from the beginning.
fn wide_open() -> (Script, TcpHandle) {
    let mut host = Host::new(1);
    host.sysctl.set("net.ipv4.tcp_rmem", "4096 6291456 6291456").unwrap();
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    script.handshake(Options { mss: Some(1460), window_scale: Some(7), ..Options::default() });
    let child = script.host.tcp.accept(listener).unwrap();
    (script, child)
}

fn receive_queue(script: &Script, handle: TcpHandle) -> &ReceiveQueue {
    let connection = script.host.tcp.sockets.get(handle).and_then(|socket| socket.connection()).unwrap();
    &connection.receive.queue
}

fn charged(script: &Script, handle: TcpHandle) -> usize {
    receive_queue(script, handle).charged()
}

/// The segment's numbers lie `offset` behind what is expected.
fn inject_at(script: &mut Script, offset: u32, data: &[u8]) {
    let _ = script.inject(script.next.wrapping_add(offset), script.expected, Flags::ACK, data);
    script.seen();
}

#[test]
fn every_other_byte_takes_no_more_than_the_buffer_and_no_more_than_its_work() {
    // CVE-2018-5390: a queue of crumbs that is gone through for each one that comes.
    let (mut script, child) = wide_open();
    for nth in 0..30_000 {
        inject_at(&mut script, 2 * nth + 1, b"x");
    }
    // Of a full buffer each that comes may cost a look at an eighth.
    let steps = receive_queue(&script, child).collapse_steps;
    assert!(steps <= 30_000 * (6_291_456 / 8 / charge_of(1) + 1), "{steps}");
    let most = script.host.sysctl.tcp_rmem[2] as usize + 4096;
    assert!(charged(&script, child) <= most, "{}", charged(&script, child));
    // From behind, and over each other.
    for nth in (0..3000).rev() {
        inject_at(&mut script, 10 * nth + 3, &[b'x'; 25]);
    }
    assert!(charged(&script, child) <= most, "{}", charged(&script, child));
    // What is missing comes, and all of it is read.
    script.data(&[b'x'; 1]);
    for nth in 0..64 {
        script.inject(script.next.wrapping_add(nth * 1000), script.expected, Flags::ACK, &[b'x'; 1000]).ok();
    }
    assert!(script.host.read(child).len() >= 60_000);
}

#[test]
fn a_flood_of_syns_is_answered_with_cookies_and_takes_what_the_backlog_is() {
    let mut host = Host::new(1);
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    set(&mut script, listener, TcpOption::Backlog(128));
    let (mut answers, first) = (0, script.host.now);
    for nth in 0..100_000u32 {
        script.peer.set_ip([10, 1, (nth >> 16) as u8, (nth >> 8) as u8].into());
        script.peer.set_port(1024 + (nth & 0xff) as u16);
        script.inject(nth, 0, Flags::SYN, &[]).ok();
        answers += script.seen().len();
    }
    let tcp = &script.host.tcp;
    assert!(tcp.requests.len() <= 256, "{}", tcp.requests.len());
    assert_eq!(tcp.connections.len(), tcp.requests.len());
    assert!(tcp.wheel.len() <= 1024, "{}", tcp.wheel.len());
    assert_eq!(answers, 100_000, "each is answered once");
    let cookies = script.host.counter(Counter::TcpExtSyncookiesSent);
    assert_eq!(cookies as usize, 100_000 - tcp.requests.len());
    assert_eq!(script.host.now, first);
    // Who is real comes through.
    script.peer.set_ip([198, 51, 100, 99].into());
    script.handshake(Options { mss: Some(1000), ..Options::default() });
    assert!(script.host.tcp.accept(listener).is_ok());
    // In the end nothing is left of it.
    script.wait(Duration::from_secs(200));
    assert!(script.host.tcp.requests.is_empty());
}

fn set(script: &mut Script, handle: TcpHandle, option: TcpOption) {
    script.host.with(|tcp, env| tcp.set_option(env, handle, option)).unwrap();
}

#[test]
fn blind_segments_are_challenged_now_and_then_and_change_nothing() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.send(child, &[5; 3000]).unwrap();
    script.seen();
    let (next, expected) = (script.next, script.expected);
    let mut answers = 0;
    for nth in 1..20_000u32 {
        let sequence = next.wrapping_add(nth % 30_000);
        let flags =
            [Flags::RST, Flags::SYN, Flags::SYN | Flags::ACK, Flags::RST | Flags::ACK][nth as usize % 4];
        script.inject(sequence, expected.wrapping_add(nth << 12), flags, &[]).ok();
        answers += script.seen().len();
        script.host.now = script.host.now + Duration::from_micros(50);
    }
    // One second, and 500 ms between two of them at a connection.
    assert!(answers <= 4, "{answers}");
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Established));
    script.inject(next, expected, Flags::ACK, &[]).unwrap();
    assert_eq!(script.host.tcp.unsent(child), 0);
}

/// Acknowledges what was never sent, as each answer does again at the other end.
#[test]
fn two_ends_that_disagree_do_not_talk_for_ever() {
    let (mut script, _, _) = Script::accepted(80);
    let mut answers = 0;
    for _ in 0..10_000 {
        let out_of_window = script.next.wrapping_sub(100_000);
        script.inject(out_of_window, script.expected, Flags::ACK, &[]).ok();
        answers += script.seen().len();
        script.host.now = script.host.now + Duration::from_millis(1);
    }
    // tcp_invalid_ratelimit: one in 500 ms.
    assert!((15..=21).contains(&answers), "{answers}");
}

#[test]
fn a_fin_into_a_closed_window_is_taken() {
    let (mut script, child) = wide_open();
    set(&mut script, child, TcpOption::ReceiveBuffer(2304));
    for _ in 0..200 {
        if script.inject(script.next, script.expected, Flags::ACK, &[9; 1000]).is_ok() {
            script.next = script.next.wrapping_add(1000);
        }
        script.seen();
    }
    assert_eq!(script.host.tcp.info(child, script.host.now).unwrap().state, 1);
    script.fin();
    assert_eq!(script.host.tcp.state(child), Some(TcpState::CloseWait));
}

#[test]
fn a_peer_that_never_opens_its_window_ends_an_orphan() {
    let (mut script, _, child) = Script::accepted(80);
    script.window = 0;
    script.ack();
    script.host.send(child, b"never taken").unwrap();
    script.host.with(|tcp, env| tcp.close(env, child));
    let mut probes = 0;
    // The peer answers each probe, with a window that stays closed. Linux: `tcp_orphan_retries`, `tcp_max_orphans`.
    for _ in 0..10_000 {
        let seen: Vec<Seen> = script.wait(Duration::from_millis(500));
        if script.host.tcp.sockets.len() == 1 {
            return;
        }
        if !seen.is_empty() {
            probes += seen.len();
            script.ack();
        }
    }
    panic!("after {probes} probes it still lives");
}

#[test]
fn time_waits_are_no_more_than_they_may_be() {
    let mut host = Host::new(1);
    let listener = host.listen(80);
    host.sysctl.tcp_max_tw_buckets = 100;
    let mut script = Script::new(host, 80);
    for port in 0..3000 {
        script.peer.set_port(2000 + port);
        script.next = 5000;
        script.handshake(Options::default());
        let child = script.host.tcp.accept(listener).unwrap();
        script.host.with(|tcp, env| tcp.close(env, child));
        script.seen();
        script.fin();
        script.seen();
        assert!(script.host.tcp.time_waits.len() <= 100);
    }
    let tcp = &script.host.tcp;
    assert_eq!((tcp.sockets.len(), tcp.connections.len()), (1, tcp.time_waits.len()));
    assert!(tcp.wheel.len() <= 1000, "{}", tcp.wheel.len());
}

/// With its place in the arena, in the table by four-tuple (a byte of which is hashbrown's), and on the wheel.
fn whole_size<T>() -> usize {
    let slot = size_of::<T>().next_multiple_of(8) + size_of::<u64>();
    slot + size_of::<(FourTuple, Entry)>() + 1 + size_of::<(Instant, Entry)>()
}

#[test]
fn what_a_flood_makes_is_small_with_all_that_belongs_to_it() {
    // Half of it is the addresses, twice, with room for IPv6. FIN-WAIT-2 without an owner is kept in the same way as TIME-WAIT.
    let sizes = [whole_size::<Request>(), whole_size::<TimeWait>()];
    assert!(sizes.iter().all(|size| *size <= 272), "{sizes:?}");
}

/// A segment in order whose options are these bytes, whatever they mean.
fn inject_options(script: &mut Script, flags: Flags, options: &[u8]) {
    let fields = Fields {
        source_port: script.peer.port(),
        destination_port: script.port,
        sequence: script.next,
        acknowledgement: script.expected,
        flags,
        window: 1000,
        urgent: 0,
        options: Options::default(),
    };
    let mut packet = Packet::from_payload(options);
    fields.emit(packet.push(HEADER_LEN), 0);
    // Where the data begins, in words of four bytes.
    packet.data_mut()[12] = ((HEADER_LEN + options.len()) << 2) as u8;
    packet.meta.checksum = Checksum::Verified;
    let info = SegmentInfo {
        source: script.peer.ip(),
        destination: script.host.address,
        tos: 0,
        ttl: 64,
        mtu: 1500,
        header_len: 0,
        device: DeviceIndex(2),
    };
    let _ = script.host.with(|tcp, env| tcp.input(env, &info, packet));
    script.seen();
}

#[test]
fn options_of_any_bytes_do_no_harm() {
    let mut random = SeededRandom::new(7);
    let (mut script, listener, child) = Script::accepted(80);
    for round in 0..30_000u32 {
        let mut options = [0; 40];
        random.fill(&mut options);
        // Kinds and lengths that mean something are rare among all bytes.
        options.iter_mut().step_by(2).for_each(|byte| *byte %= 36);
        let len = 4 * random.below(11) as usize;
        script.peer.set_port(4000 + (round % 2) as u16);
        let flags = if round % 2 == 0 { Flags::ACK } else { Flags::SYN };
        inject_options(&mut script, flags, &options[..len]);
        script.host.now = script.host.now + Duration::from_millis(1);
        script.host.with(|tcp, env| tcp.run_timers(env));
    }
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Established));
    assert!(script.host.tcp.requests.len() <= 1 && script.host.tcp.state(listener) == Some(TcpState::Listen));
}
