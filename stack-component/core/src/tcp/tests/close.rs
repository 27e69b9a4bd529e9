//! How connections end.

use super::harness::Script;
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::tcp::{Received, Shutdown, SocketError, TcpState};
use crate::time::Duration;
use crate::wire::tcp::{Flags, Options, Timestamps};

const FIN_ACK: Flags = Flags::from_bits(0x11);

#[test]
fn our_side_ends_first_and_waits() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.with(|tcp, env| tcp.shutdown(env, child, Shutdown::Send)).unwrap();
    assert_eq!(script.one().flags, FIN_ACK);
    assert_eq!(script.host.tcp.state(child), Some(TcpState::FinWait1));
    script.ack();
    assert_eq!(script.host.tcp.state(child), Some(TcpState::FinWait2));
    // The peer goes on sending for a long time.
    script.wait(Duration::from_secs(1000));
    script.data(b"late");
    assert_eq!(script.host.read(child), b"late");
    script.fin();
    let last = script.seen().pop().unwrap();
    assert_eq!((last.flags, last.acknowledgement), (Flags::ACK, script.next));
    assert_eq!(script.host.receive(child, 1), Ok(Received::End));
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Close));
    assert_eq!(script.host.tcp.time_waits.len(), 1);
    // The FIN comes again because the last acknowledgement was lost.
    assert!(script.inject(script.next - 1, script.expected, FIN_ACK, &[]).is_err());
    assert_eq!(script.one().acknowledgement, script.next);
    script.wait(Duration::from_secs(61));
    assert!(script.host.tcp.time_waits.is_empty());
    assert_eq!(script.host.counter(Counter::TcpExtTW), 1);
}

#[test]
fn the_peer_ends_first() {
    let (mut script, _, child) = Script::accepted(80);
    script.data(b"last words");
    script.fin();
    script.seen();
    assert_eq!(script.host.tcp.state(child), Some(TcpState::CloseWait));
    assert_eq!(script.host.read(child), b"last words");
    assert_eq!(script.host.receive(child, 1), Ok(Received::End));
    script.host.send(child, b"answer").unwrap();
    script.host.with(|tcp, env| tcp.close(env, child));
    let seen = script.seen();
    assert_eq!(seen[0].data, b"answer");
    assert!(seen.last().unwrap().flags.fin());
    assert_eq!(script.host.tcp.state(child), Some(TcpState::LastAck));
    script.ack();
    assert_eq!(script.host.tcp.state(child), None);
    assert!(script.host.tcp.time_waits.is_empty(), "who ends second does not wait");
}

#[test]
fn both_sides_end_at_once() {
    let (mut script, _, child) = Script::accepted(80);
    let expected = script.expected;
    script.host.with(|tcp, env| tcp.shutdown(env, child, Shutdown::Send)).unwrap();
    script.one();
    script.inject(script.next, expected, FIN_ACK, &[]).unwrap();
    script.next += 1;
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Closing));
    script.seen();
    script.ack();
    assert_eq!(script.host.tcp.time_waits.len(), 1);
}

#[test]
fn unread_data_at_close_resets() {
    let (mut script, _, child) = Script::accepted(80);
    script.data(b"never read");
    script.seen();
    script.host.with(|tcp, env| tcp.close(env, child));
    let reset = script.one();
    assert!(reset.flags.rst() && reset.acknowledgement == script.next);
    assert_eq!(script.host.tcp.state(child), None);
    assert_eq!(script.host.counter(Counter::TcpExtTCPAbortOnClose), 1);
}

#[test]
fn data_after_close_resets() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.with(|tcp, env| tcp.close(env, child));
    script.seen();
    let result = script.inject(script.next, script.expected, Flags::ACK, b"nobody reads this");
    assert_eq!(result, Err(DropReason::TcpClosed));
    assert!(script.one().flags.rst());
    assert_eq!(script.host.tcp.state(child), None);
    assert_eq!(script.host.counter(Counter::TcpExtTCPAbortOnData), 1);
}

#[test]
fn a_closed_socket_does_not_wait_for_ever_for_the_peers_fin() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.with(|tcp, env| tcp.close(env, child));
    script.seen();
    script.ack();
    // Linux: an orphan in FIN-WAIT-2 is a small object at once.
    assert_eq!((script.host.tcp.state(child), script.host.tcp.time_waits.len()), (None, 1));
    script.wait(Duration::from_secs(61));
    assert!(script.host.tcp.time_waits.is_empty());
}

#[test]
fn what_was_written_before_close_still_arrives() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.send(child, &[1; 30_000]).unwrap();
    script.host.with(|tcp, env| tcp.close(env, child));
    let mut bytes = 0;
    for _ in 0..100 {
        bytes += script.seen().iter().map(|s| s.data.len()).sum::<usize>();
        script.ack();
    }
    assert_eq!(bytes, 30_000);
    assert_eq!((script.host.tcp.state(child), script.host.tcp.time_waits.len()), (None, 1));
}

#[test]
fn a_reset_reaches_reader_and_writer_after_the_data() {
    let (mut script, _, child) = Script::accepted(80);
    script.data(b"before");
    script.inject(script.next, script.expected, Flags::RST, &[]).unwrap();
    let ready = script.host.tcp.readiness(child);
    assert!(ready.readable && ready.writable && ready.closed);
    assert_eq!(script.host.read(child), b"before");
    assert_eq!(script.host.receive(child, 1), Err(SocketError::ConnectionReset));
    assert_eq!(script.host.send(child, b"x"), Err(SocketError::ConnectionReset));
    assert_eq!(script.host.counter(Counter::TcpEstabResets), 1);
    assert!(script.host.tcp.remote_address(child).is_some(), "the peer's name outlives the connection");
}

#[test]
fn a_closed_listener_resets_those_who_wait() {
    let (mut script, listener, _) = Script::accepted(80);
    script.peer.set_port(4001);
    script.next = 9000;
    script.handshake(Options::default());
    script.peer.set_port(4002);
    script.inject(100, 0, Flags::SYN, &[]).unwrap();
    script.seen();
    script.host.with(|tcp, env| tcp.close(env, listener));
    assert!(script.one().flags.rst());
    assert!(script.host.tcp.requests.is_empty());
    assert_eq!(script.host.tcp.sockets.len(), 1, "the accepted connection lives on");
}

#[test]
fn a_new_connection_may_take_the_place_of_one_that_waits() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.with(|tcp, env| tcp.shutdown(env, child, Shutdown::Send)).unwrap();
    script.seen();
    script.fin();
    script.seen();
    assert_eq!(script.host.tcp.time_waits.len(), 1);
    // An old SYN is answered with where we stand; a newer one opens.
    assert!(script.inject(script.next - 100, 0, Flags::SYN, &[]).is_err());
    assert_eq!(script.one().flags, Flags::ACK);
    script.next += 1000;
    script.handshake(Options::default());
    assert!(script.host.tcp.time_waits.is_empty());
    assert_eq!(script.host.counter(Counter::TcpExtTW), 1);
}

#[test]
fn a_reset_ends_time_wait_only_with_the_right_number() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.with(|tcp, env| tcp.shutdown(env, child, Shutdown::Send)).unwrap();
    script.seen();
    script.fin();
    script.seen();
    assert!(script.inject(script.next + 5, 0, Flags::RST, &[]).is_err());
    assert_eq!(script.host.tcp.time_waits.len(), 1);
    script.inject(script.next, 0, Flags::RST, &[]).unwrap();
    assert!(script.host.tcp.time_waits.is_empty());
}

#[test]
fn keep_alive_finds_a_peer_that_disappeared() {
    let (mut script, _, child) = Script::accepted(80);
    for option in [
        crate::tcp::TcpOption::KeepAliveIdle(Duration::from_secs(10)),
        crate::tcp::TcpOption::KeepAliveInterval(Duration::from_secs(2)),
        crate::tcp::TcpOption::KeepAliveCount(3),
        crate::tcp::TcpOption::KeepAlive(true),
    ] {
        script.host.with(|tcp, env| tcp.set_option(env, child, option)).unwrap();
    }
    let probes = script.wait(Duration::from_secs(11));
    assert_eq!(probes.len(), 1);
    assert_eq!(probes[0].sequence, script.expected.wrapping_sub(1));
    // An answer starts the waiting anew.
    script.ack();
    assert_eq!(script.wait(Duration::from_secs(8)).len(), 0);
    // Three probes, and the reset that ends it (RFC 1122 section 4.2.3.6).
    let last = script.wait(Duration::from_secs(30));
    assert_eq!(last.len(), 4);
    assert!(last[3].flags.rst());
    assert_eq!(script.host.receive(child, 1), Err(SocketError::Timeout));
}

#[test]
fn a_peer_that_disappears_is_given_up() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.send(child, b"anybody there?").unwrap();
    let sent = script.wait(Duration::from_secs(3600));
    assert_eq!(sent.len(), 16);
    assert_eq!(script.host.receive(child, 1), Err(SocketError::Timeout));
    assert_eq!(script.host.counter(Counter::TcpExtTCPAbortOnTimeout), 1);
}

#[test]
fn time_wait_answers_with_timestamps() {
    let mut host = super::harness::Host::new(1);
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    let timestamps = Some(Timestamps { value: 50, echo: 0 });
    script.handshake(Options { timestamps, ..Options::default() });
    let child = script.host.tcp.accept(listener).unwrap();
    script.host.with(|tcp, env| tcp.shutdown(env, child, Shutdown::Send)).unwrap();
    script.seen();
    script.fin();
    let last = script.seen().pop().unwrap();
    assert_eq!(last.options.timestamps.map(|t| t.echo), Some(50));
}

#[test]
fn lingering_for_no_time_resets() {
    let (mut script, _, child) = Script::accepted(80);
    let linger = crate::tcp::TcpOption::Linger(Some(Duration::ZERO));
    script.host.with(|tcp, env| tcp.set_option(env, child, linger)).unwrap();
    script.host.with(|tcp, env| tcp.close(env, child));
    assert!(script.one().flags.rst());
    assert_eq!(script.host.tcp.state(child), None);
}

#[test]
fn more_orphans_than_allowed_are_reset() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.sysctl.tcp_max_orphans = 0;
    script.host.with(|tcp, env| tcp.close(env, child));
    assert!(script.one().flags.rst());
    assert_eq!(script.host.counter(Counter::TcpExtTCPAbortOnMemory), 1);
    assert_eq!(script.host.tcp.memory.orphans, 0);
}

#[test]
fn rfc_5482_the_owner_gives_up_sooner_than_the_stack() {
    let (mut script, _, child) = Script::accepted(80);
    let limit = crate::tcp::TcpOption::UserTimeout(Some(Duration::from_secs(3)));
    script.host.with(|tcp, env| tcp.set_option(env, child, limit)).unwrap();
    script.host.send(child, b"anybody there?").unwrap();
    let sent = script.wait(Duration::from_secs(30));
    assert!((3..=7).contains(&sent.len()), "{}", sent.len());
    assert_eq!(script.host.receive(child, 1), Err(SocketError::Timeout));
}
