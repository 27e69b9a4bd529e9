//! Opening, from both sides and with everything that can go wrong.

use super::harness::{Host, Impairment, Pair, Script};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::icmp::{IcmpError, IcmpErrorKind};
use crate::tcp::{SocketError, TcpState};
use crate::time::Duration;
use crate::wire::tcp::{Flags, Options, Timestamps};
use core::net::SocketAddr;
use std::vec;
use std::vec::Vec;

const SYN_ACK: Flags = Flags::from_bits(0x12);
const RST_ACK: Flags = Flags::from_bits(0x14);

/// A host that connects to the script's peer, its SYN taken.
fn connecting() -> (Script, crate::tcp::TcpHandle, super::harness::Seen) {
    let mut script = Script::new(Host::new(1), 0);
    let peer = script.peer;
    let handle = script.host.connect(peer);
    script.port = script.host.tcp.local_address(handle).unwrap().port();
    let syn = script.one();
    assert_eq!(syn.flags, Flags::SYN);
    script.expected = syn.sequence.wrapping_add(1);
    (script, handle, syn)
}

#[test]
fn the_syn_offers_what_linux_offers() {
    let (_, _, syn) = connecting();
    assert_eq!(syn.options.mss, Some(1460));
    assert_eq!(syn.options.window_scale, Some(7));
    assert!(syn.options.timestamps.is_some_and(|t| t.echo == 0));
    assert_eq!(syn.window, 64_240, "44 whole segments, half of the buffer");
}

#[test]
fn options_are_used_only_if_both_sides_name_them() {
    let (mut script, handle, syn) = connecting();
    let mss = Options { mss: Some(700), ..Options::default() };
    script.options = mss;
    script.inject(script.next, script.expected, SYN_ACK, &[]).unwrap();
    script.next += 1;
    let ack = script.one();
    assert_eq!((ack.flags, ack.options), (Flags::ACK, Options::default()));
    assert_eq!(ack.sequence, syn.sequence.wrapping_add(1));
    assert_eq!(ack.window, 64_240, "windows are not scaled");
    assert_eq!(script.host.tcp.connect_result(handle), Ok(()));
    script.host.send(handle, &[7; 2000]).unwrap();
    let sizes: Vec<usize> = script.seen().iter().map(|s| s.data.len()).collect();
    assert_eq!(sizes, [700, 700, 600]);
}

#[test]
fn the_syn_ack_echoes_timestamps_and_scales() {
    let mut host = Host::new(1);
    host.listen(80);
    let mut script = Script::new(host, 80);
    let answer = script.handshake(Options {
        mss: Some(1460),
        window_scale: Some(3),
        timestamps: Some(Timestamps { value: 77, echo: 0 }),
        ..Options::default()
    });
    assert_eq!(answer.options.window_scale, Some(7));
    assert_eq!(answer.options.timestamps.map(|t| t.echo), Some(77));
    assert_eq!(answer.options.mss, Some(1460));
}

#[test]
fn a_reset_refuses() {
    let (mut script, handle, _) = connecting();
    assert_eq!(script.host.tcp.connect_result(handle), Err(SocketError::WouldBlock));
    // RFC 5961 does not protect an opening: but the acknowledgement must be right.
    let wrong = script.inject(0, script.expected + 1, RST_ACK, &[]);
    assert_eq!(wrong, Err(DropReason::TcpAcknowledgement));
    assert_eq!(script.inject(0, 0, Flags::RST, &[]), Err(DropReason::TcpReset));
    assert_eq!(script.host.tcp.state(handle), Some(TcpState::SynSent));
    script.inject(0, script.expected, RST_ACK, &[]).unwrap();
    assert!(script.host.tcp.readiness(handle).connect_resolved);
    assert_eq!(script.host.tcp.connect_result(handle), Err(SocketError::ConnectionRefused));
}

#[test]
fn a_wrong_acknowledgement_of_the_syn_is_reset() {
    let (mut script, handle, _) = connecting();
    assert_eq!(script.inject(9, 17, SYN_ACK, &[]), Err(DropReason::TcpAcknowledgement));
    let reset = script.one();
    assert_eq!((reset.flags, reset.sequence), (Flags::RST, 17));
    assert_eq!(script.host.tcp.state(handle), Some(TcpState::SynSent));
}

#[test]
fn icmp_errors_end_an_opening_only_if_they_quote_it() {
    for (kind, error) in [
        (IcmpErrorKind::PortUnreachable, SocketError::ConnectionRefused),
        (IcmpErrorKind::ProtocolUnreachable, SocketError::ProtocolUnavailable),
        (IcmpErrorKind::NetworkUnreachable, SocketError::NetworkUnreachable),
        (IcmpErrorKind::HostUnreachable, SocketError::HostUnreachable),
        (IcmpErrorKind::AdministrativelyProhibited, SocketError::HostUnreachable),
        (IcmpErrorKind::HostUnknown, SocketError::HostDown),
        (IcmpErrorKind::ParameterProblem, SocketError::ProtocolError),
    ] {
        let (mut script, handle, syn) = connecting();
        let local = script.host.tcp.local_address(handle).unwrap();
        let mut quote = IcmpError {
            protocol: crate::wire::protocol::Protocol::TCP,
            source: local.ip(),
            destination: script.peer.ip(),
            source_port: local.port(),
            destination_port: script.peer.port(),
            sequence: syn.sequence.wrapping_add(1),
            scope: 0,
            kind,
        };
        script.host.with(|tcp, env| tcp.icmp_error(env, &quote));
        assert_eq!(script.host.tcp.connect_result(handle), Err(SocketError::WouldBlock));
        quote.sequence = syn.sequence;
        script.host.with(|tcp, env| tcp.icmp_error(env, &quote));
        assert_eq!(script.host.tcp.connect_result(handle), Err(error));
    }
}

#[test]
fn a_syn_without_an_answer_is_sent_eleven_times_in_all() {
    let (mut script, handle, syn) = connecting();
    let again = script.wait(Duration::from_secs(200));
    // tcp_syn_linear_timeouts and tcp_syn_retries.
    assert_eq!(again.len(), 4 + 6);
    assert!(again.iter().all(|s| s.flags == Flags::SYN && s.sequence == syn.sequence));
    // Five times a second, then 2 + 4 + 8 + 16 + 32 + 64.
    assert_eq!(script.host.tcp.connect_result(handle), Err(SocketError::Timeout));
    assert_eq!(script.host.counter(Counter::TcpExtTCPSynRetrans), 10);
}

#[test]
fn a_syn_ack_without_an_answer_is_sent_six_times_in_all() {
    let mut host = Host::new(1);
    host.listen(80);
    let mut script = Script::new(host, 80);
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    let answers = script.wait(Duration::from_secs(100));
    assert_eq!(answers.len(), 6);
    assert!(answers.iter().all(|s| s.flags == SYN_ACK));
    assert_eq!(script.host.counter(Counter::TcpExtTCPTimeouts), 6);
    // Nothing is left of it: the late acknowledgement is reset.
    let late = script.inject(5001, answers[0].sequence + 1, Flags::ACK, &[]);
    assert_eq!(late, Err(DropReason::TcpFlags));
    assert_eq!(script.one().flags, Flags::RST);
}

#[test]
fn a_syn_that_comes_again_is_answered_again_but_not_at_any_rate() {
    let mut host = Host::new(1);
    host.listen(80);
    let mut script = Script::new(host, 80);
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    let first = script.one();
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    assert_eq!(script.one().sequence, first.sequence);
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    script.silence();
    assert_eq!(script.host.counter(Counter::TcpExtTCPACKSkippedSynRecv), 1);
    script.wait(Duration::from_millis(600));
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    assert_eq!(script.one().sequence, first.sequence);
}

#[test]
fn nobody_listens() {
    let mut script = Script::new(Host::new(1), 80);
    assert_eq!(script.inject(5000, 0, Flags::SYN, &[1, 2, 3]), Err(DropReason::TcpNoSocket));
    let reset = script.one();
    assert_eq!((reset.flags, reset.sequence, reset.acknowledgement), (RST_ACK, 0, 5004));
    assert_eq!(script.inject(5000, 900, Flags::ACK, &[]), Err(DropReason::TcpNoSocket));
    let reset = script.one();
    assert_eq!((reset.flags, reset.sequence), (Flags::RST, 900));
    // A reset is never answered.
    assert_eq!(script.inject(5000, 900, Flags::RST, &[]), Err(DropReason::TcpNoSocket));
    script.silence();
}

#[test]
fn flags_that_mean_nothing_open_nothing() {
    let mut host = Host::new(1);
    host.listen(80);
    let mut script = Script::new(host, 80);
    for bits in [0x00, 0x03, 0x01, 0x08, 0x29, 0x2b, 0x07] {
        assert!(script.inject(5000, 0, Flags::from_bits(bits), &[]).is_err(), "{bits:#x}");
        script.silence();
    }
    assert!(script.host.tcp.requests.is_empty());
}

#[test]
fn data_on_the_last_acknowledgement_is_taken() {
    let mut host = Host::new(1);
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    let answer = script.one();
    let flags = Flags::ACK | Flags::PSH;
    script.inject(5001, answer.sequence.wrapping_add(1), flags, b"hello").unwrap();
    let child = script.host.tcp.accept(listener).unwrap();
    assert_eq!(script.host.read(child), b"hello");
}

#[test]
fn the_accept_queue_has_a_limit_and_clients_get_in_when_there_is_room() {
    let mut host = Host::new(1);
    let listener = host.listen(80);
    host.with(|tcp, env| tcp.set_option(env, listener, crate::tcp::TcpOption::Backlog(2))).unwrap();
    let mut script = Script::new(host, 80);
    let mut last = None;
    for client in 0..3u16 {
        script.peer.set_port(4000 + client);
        script.next = 5000;
        last = Some(script.handshake(Options::default()));
    }
    // Two wait beyond the backlog's own arithmetic (a queue of n holds n + 1, as in Linux).
    script.peer.set_port(4003);
    assert_eq!(script.inject(5000, 0, Flags::SYN, &[]), Err(DropReason::TcpListenOverflow));
    assert_eq!(script.host.counter(Counter::TcpExtListenDrops), 1);
    assert!(last.is_some());
    for _ in 0..3 {
        script.host.tcp.accept(listener).unwrap();
    }
    assert_eq!(script.host.tcp.accept(listener), Err(SocketError::WouldBlock));
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    assert_eq!(script.one().flags, SYN_ACK);
}

#[test]
fn the_syn_queue_has_a_limit() {
    let mut host = Host::new(1);
    host.listen(80);
    host.sysctl.tcp_max_syn_backlog = 100;
    host.sysctl.tcp_syncookies = 0;
    let mut script = Script::new(host, 80);
    let mut refused = 0;
    for client in 0..1000u16 {
        script.peer.set_port(client + 1);
        refused += u32::from(script.inject(5000, 0, Flags::SYN, &[]) == Err(DropReason::TcpSynQueueFull));
    }
    // Linux keeps the last quarter for peers that it knows.
    assert_eq!((refused, script.host.tcp.requests.len()), (924, 76));
    // Resets with the right number make room again; others do not (RFC 5961).
    script.seen();
    script.peer.set_port(1);
    assert!(script.inject(5002, 0, Flags::RST, &[]).is_err());
    script.inject(5001, 0, Flags::RST, &[]).unwrap();
    assert_eq!(script.host.tcp.requests.len(), 75);
}

#[test]
fn both_sides_open_at_once() {
    let (mut script, handle, syn) = connecting();
    script.options.mss = Some(1000);
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    let again = script.one();
    assert_eq!((again.flags, again.sequence, again.acknowledgement), (SYN_ACK, syn.sequence, 5001));
    // The peer's SYN is old by now, and is acknowledged once more.
    let old = script.inject(5000, syn.sequence.wrapping_add(1), SYN_ACK, &[]);
    assert_eq!(old, Err(DropReason::TcpOldData));
    assert_eq!(script.host.tcp.state(handle), Some(TcpState::Established));
    assert_eq!(script.host.tcp.connect_result(handle), Ok(()));
    assert_eq!(script.one().acknowledgement, 5001);
}

#[test]
fn two_hosts_that_open_at_once_are_connected_once() {
    let mut pair = Pair::new(Impairment::NONE, 3);
    let addresses = [0, 1].map(|side: usize| SocketAddr::new(pair.hosts[side].address, 700));
    let handles = [0, 1].map(|side: usize| {
        let source = pair.hosts[side].address;
        pair.hosts[side].with(|tcp, env| {
            let handle = tcp.open(env).unwrap();
            tcp.bind(env, handle, addresses[side]).unwrap();
            tcp.connect(env, handle, source, addresses[1 - side], 1500).unwrap();
            handle
        })
    });
    while pair.step() {}
    for (host, &handle) in pair.hosts.iter().zip(&handles) {
        assert_eq!(host.tcp.state(handle), Some(TcpState::Established));
    }
    pair.hosts[0].send(handles[0], b"hi").unwrap();
    while pair.step() {}
    assert_eq!(pair.hosts[1].read(handles[1]), b"hi");
}

#[test]
fn initial_numbers_and_ports_cannot_be_guessed_from_others() {
    let mut host = Host::new(1);
    let mut seen = vec![];
    for last in 0..50u8 {
        let remote = SocketAddr::new([198, 51, 100, last].into(), 80);
        let handle = host.connect(remote);
        seen.push(host.tcp.local_address(handle).unwrap().port());
    }
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() > 45, "ports spread: {seen:?}");
    assert!(seen.iter().all(|port| (32768..=60999).contains(port)));
    let numbers: Vec<u32> = host
        .output()
        .iter()
        .map(|output| crate::wire::tcp::Header::parse(output.packet.data()).unwrap().sequence())
        .collect();
    let steps: Vec<u32> = numbers.windows(2).map(|w| w[1].wrapping_sub(w[0])).collect();
    assert!(steps.iter().filter(|&&step| step < 1_000_000).count() < 3);
}
