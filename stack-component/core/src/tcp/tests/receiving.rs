//! What is told of data that arrives out of order, twice, late, or beyond the window.

use super::harness::{Host, Script, Seen};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::tcp::{Received, SocketError, TcpHandle, TcpOption, TcpState};
use crate::time::Duration;
use crate::wire::tcp::{Flags, Options, Timestamps};
use alloc::vec::Vec;

/// A connection whose peer understands SACK.
fn with_sack() -> (Script, TcpHandle) {
    let mut host = Host::new(1);
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    let syn = Options { mss: Some(1000), sack_permitted: true, window_scale: Some(7), ..Options::default() };
    script.handshake(syn);
    let child = script.host.tcp.accept(listener).unwrap();
    (script, child)
}

/// Data from `start` to before `end`, counted from the peer's first byte.
fn arrive(script: &mut Script, origin: u32, start: u32, end: u32) -> Vec<(u32, u32)> {
    let data = std::vec![1; (end - start) as usize];
    let _ = script.inject(origin + start, script.expected, Flags::ACK | Flags::PSH, &data);
    let seen = script.seen().pop().unwrap();
    told(&seen, origin)
}

fn told(seen: &Seen, origin: u32) -> Vec<(u32, u32)> {
    let blocks = seen.options.sack;
    blocks.as_slice().iter().map(|(left, right)| (left - origin, right - origin)).collect()
}

#[test]
fn rfc_2018_section_4_and_rfc_2883_section_4_the_blocks_and_the_duplicate_before_them() {
    let (mut script, child) = with_sack();
    let origin = script.next;
    assert_eq!(arrive(&mut script, origin, 1000, 2000), [(1000, 2000)]);
    assert_eq!(arrive(&mut script, origin, 2000, 3000), [(1000, 3000)]);
    assert_eq!(arrive(&mut script, origin, 4000, 5000), [(4000, 5000), (1000, 3000)]);
    assert_eq!(arrive(&mut script, origin, 7000, 8000), [(7000, 8000), (4000, 5000), (1000, 3000)]);
    // Fills two gaps: the first run that came twice, and what still waits.
    assert_eq!(arrive(&mut script, origin, 0, 6000), [(1000, 3000), (7000, 8000)]);
    assert_eq!(arrive(&mut script, origin, 6000, 8000), [(7000, 8000)]);
    // All of it was here before.
    assert_eq!(arrive(&mut script, origin, 0, 1000), [(0, 1000)]);
    assert_eq!(script.host.read(child).len(), 8000);
    assert_eq!(script.host.counter(Counter::TcpExtTCPDSACKOldSent), 3);
}

#[test]
fn rfc_2883_section_4_2_a_duplicate_beyond_what_is_expected() {
    let (mut script, _) = with_sack();
    let origin = script.next;
    arrive(&mut script, origin, 1000, 3000);
    assert_eq!(arrive(&mut script, origin, 1500, 2500), [(1500, 2500), (1000, 3000)]);
    assert_eq!(arrive(&mut script, origin, 2500, 4000), [(2500, 3000), (1000, 4000)]);
    assert_eq!(script.host.counter(Counter::TcpExtTCPDSACKOfoSent), 2);
}

#[test]
fn rfc_2883_can_be_turned_off() {
    let (mut script, _) = with_sack();
    script.host.sysctl.tcp_dsack = false;
    let origin = script.next;
    arrive(&mut script, origin, 0, 1000);
    assert_eq!(arrive(&mut script, origin, 0, 1000), []);
}

#[test]
fn a_fin_resets_what_is_told() {
    let (mut script, child) = with_sack();
    script.data(&[1; 1000]);
    script.seen();
    script.host.read(child);
    // The same data again, and a FIN: as in Linux no duplicate is told then.
    let fin = Flags::ACK | Flags::FIN;
    script.inject(script.next - 1000, script.expected, fin, &[1; 1000]).unwrap();
    let seen = script.wait(Duration::from_millis(41));
    assert_eq!((seen.len(), seen[0].acknowledgement), (1, script.next + 1));
    assert!(seen[0].options.sack.is_empty());
}

#[test]
fn a_segment_with_blocks_still_fits_the_path() {
    let (mut script, child) = with_sack();
    let origin = script.next;
    script.inject(origin + 1000, script.expected, Flags::ACK, b"out of order").unwrap();
    script.host.send(child, &[1; 3000]).unwrap();
    let sizes: Vec<usize> = script.seen().iter().map(|seen| seen.data.len()).collect();
    // RFC 6691: the peer's MSS less the options; 12 bytes hold one block.
    assert_eq!(sizes.iter().sum::<usize>(), 3000);
    assert!(sizes.iter().all(|&size| size <= 1000 - 12), "{sizes:?}");
}

#[test]
fn a_flood_of_segments_out_of_order_is_acknowledged_in_company() {
    let (mut script, child) = with_sack();
    if let Some((connection, _)) = script.host.tcp.sockets.get_mut(child).and_then(|s| s.connection_mut()) {
        connection.receive.tuning.threshold = connection.receive.tuning.clamp;
        connection.receive.tuning.round_trip = Some(Duration::from_millis(40));
        let (una, next) = (connection.send.una, connection.send.next);
        connection.rtt.measure(Duration::from_millis(40), una, next);
        connection.receive.tuning.locked = true;
    }
    let origin = script.next;
    let mut sent = 0;
    for i in 1..20 {
        let start = origin + 1000 * i;
        script.inject(start, script.expected, Flags::ACK, &[1; 1000]).unwrap();
        if let Some((connection, _)) = script.host.tcp.sockets.get_mut(child).and_then(|s| s.connection_mut())
        {
            connection.ack.quick = 0;
        }
        sent += script.seen().len();
    }
    assert!((3..=5).contains(&sent), "{sent}");
    // One more after a millisecond tells all.
    let late = script.wait(Duration::from_millis(2));
    assert_eq!(late.len(), 1);
    assert_eq!(told(&late[0], origin), [(1000, 20_000)]);
    assert!(script.host.counter(Counter::TcpExtTCPAckCompressed) > 10);
}

#[test]
fn what_reaches_beyond_the_window_is_refused_unless_all_was_read() {
    let (mut script, child) = with_sack();
    script.host.with(|tcp, env| tcp.set_option(env, child, TcpOption::ReceiveBuffer(20_000))).unwrap();
    script.data(&[1; 4000]);
    script.seen();
    let big = std::vec![2; 60_000];
    let beyond = script.inject(script.next + 10_000, script.expected, Flags::ACK, &big);
    assert_eq!(beyond, Err(DropReason::TcpSequence));
    assert_eq!(script.host.counter(Counter::TcpExtBeyondWindow), 1);
    script.host.read(child);
    script.inject(script.next, script.expected, Flags::ACK, &[2; 65_000]).unwrap();
    assert_eq!(script.host.tcp.queued_input(child), 65_000);
}

#[test]
fn rfc_5961_section_3_2_a_reset_at_the_end_of_the_highest_run_counts() {
    let (mut script, child) = with_sack();
    let origin = script.next;
    arrive(&mut script, origin, 1000, 2000);
    assert!(script.inject(origin + 1500, 0, Flags::RST, &[]).is_err());
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Established));
    script.inject(origin + 2000, 0, Flags::RST, &[]).unwrap();
    assert_eq!(script.host.tcp.take_error(child), Some(SocketError::ConnectionReset));
    assert_eq!(script.host.tcp.take_error(child), None);
}

#[test]
fn rfc_7323_section_5_3_old_timestamps() {
    let mut host = Host::new(1);
    host.listen(80);
    let mut script = Script::new(host, 80);
    let at = |value| Some(Timestamps { value, echo: 0 });
    script.handshake(Options { timestamps: at(10_000), ..Options::default() });
    script.options.timestamps = at(5000);
    // An acknowledgement that was overtaken is dropped without a word, data is answered.
    assert!(script.inject(script.next - 1, script.expected, Flags::ACK, &[]).is_err());
    script.silence();
    assert_eq!(script.host.counter(Counter::TcpExtPAWSOldAck), 1);
    assert!(script.inject(script.next, script.expected, Flags::ACK, b"old").is_err());
    assert_eq!(script.one().acknowledgement, script.next);
    // A duplicate acknowledgement a little late still counts as one.
    script.options.timestamps = at(9990);
    script.inject(script.next, script.expected, Flags::ACK, &[]).unwrap();
    // An acknowledgement that cannot be tells no time either.
    script.options.timestamps = at(900_000);
    assert!(script.inject(script.next, script.expected.wrapping_add(9), Flags::ACK, b"x").is_err());
    script.options.timestamps = at(10_001);
    script.inject(script.next, script.expected, Flags::ACK, b"good").unwrap();
}

#[test]
fn data_out_of_order_makes_the_buffer_of_an_owned_connection_grow() {
    for accepted in [false, true] {
        let mut host = Host::new(1);
        let listener = host.listen(80);
        let mut script = Script::new(host, 80);
        let syn =
            Options { mss: Some(1000), sack_permitted: true, window_scale: Some(7), ..Options::default() };
        script.handshake(syn);
        let early = accepted.then(|| script.host.tcp.accept(listener).unwrap());
        let origin = script.next;
        arrive(&mut script, origin, 2000, 41_000);
        arrive(&mut script, origin, 41_000, 101_000);
        let child = early.unwrap_or_else(|| script.host.tcp.accept(listener).unwrap());
        let buffer = script.host.tcp.options(child).unwrap().receive_buffer;
        assert_eq!(buffer > 131_072, accepted, "{buffer}");
    }
}

#[test]
fn memory_that_runs_out_is_refused_to_large_queues_and_given_back() {
    let (mut script, child) = with_sack();
    script.host.sysctl.tcp_mem = [2, 3, 4];
    let mut refused = 0;
    for _ in 0..40 {
        match script.inject(script.next, script.expected, Flags::ACK, &[1; 1000]) {
            Ok(()) => script.next += 1000,
            Err(_) => refused += 1,
        }
        script.seen();
    }
    assert!(refused > 0);
    assert_eq!(script.host.counter(Counter::TcpExtTCPMemoryPressures), 1);
    assert_eq!(script.host.counter(Counter::TcpExtTCPMemoryPressuresChrono), 0);
    script.host.now = script.host.now + Duration::from_millis(250);
    while let Ok(Received::Data(_)) = script.host.receive(child, 100_000) {}
    assert_eq!(script.host.tcp.memory.bytes(), 0);
    assert_eq!(script.host.counter(Counter::TcpExtTCPMemoryPressuresChrono), 250);
    script.seen();
    script.data(&[1; 1000]);
}

#[test]
fn peeking_leaves_the_data() {
    let (mut script, child) = with_sack();
    assert_eq!(script.host.tcp.peek(child, 10), Err(SocketError::WouldBlock));
    script.data(b"look at me");
    assert_eq!(script.host.tcp.peek(child, 4), Ok(Received::Data(b"look".to_vec())));
    assert_eq!(script.host.tcp.queued_input(child), 10);
    assert_eq!(script.host.read(child), b"look at me");
}

#[test]
fn a_buffer_chosen_in_linuxs_sense_stays_what_it_is() {
    let (mut script, _, child) = Script::accepted(80);
    let option = TcpOption::RcvBuf { bytes: 10_000, force: false };
    script.host.with(|tcp, env| tcp.set_option(env, child, option)).unwrap();
    script.data(b"some");
    assert_eq!(script.host.read(child), b"some");
    assert_eq!(script.host.tcp.options(child).unwrap().receive_buffer, 20_000);
}
