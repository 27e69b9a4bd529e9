//! Under load and after the end: SYN cookies, deferred accepting, saved SYNs, TIME-WAIT and who may take its place,
//! shared addresses.

use super::harness::{Host, Script, Seen};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::tcp::{Shutdown, SocketError, TcpHandle, TcpOption, TcpState};
use crate::time::Duration;
use crate::wire::tcp::{Flags, Options, Timestamps};
use core::net::SocketAddr;

const SYN_ACK: Flags = Flags::from_bits(0x12);

fn listening(set: impl FnOnce(&mut Host)) -> (Script, TcpHandle) {
    let mut host = Host::new(1);
    set(&mut host);
    let listener = host.listen(80);
    (Script::new(host, 80), listener)
}

fn set(script: &mut Script, handle: TcpHandle, option: TcpOption) {
    script.host.with(|tcp, env| tcp.set_option(env, handle, option)).unwrap();
}

fn stamped(value: u32, echo: u32) -> Options {
    Options { timestamps: Some(Timestamps { value, echo }), ..Options::default() }
}

/// A SYN with all options; its answer.
fn full_syn(script: &mut Script) -> Seen {
    script.options =
        Options { mss: Some(1460), window_scale: Some(9), sack_permitted: true, ..stamped(700, 0) };
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    script.one()
}

#[test]
fn a_cookie_brings_back_what_the_syn_said_and_keeps_nothing_meanwhile() {
    // RFC 4987 section 3.6; `tcp_syncookies` 2 sends them always.
    let (mut script, listener) = listening(|host| host.sysctl.tcp_syncookies = 2);
    let answer = full_syn(&mut script);
    assert_eq!(answer.flags, SYN_ACK);
    assert!(script.host.tcp.requests.is_empty() && script.host.tcp.connections.is_empty());
    assert_eq!(script.host.counter(Counter::TcpExtSyncookiesSent), 1);
    script.options = stamped(701, answer.options.timestamps.unwrap().value);
    script.inject(5001, answer.sequence.wrapping_add(1), Flags::ACK, b"data").unwrap();
    let child = script.host.tcp.accept(listener).unwrap();
    assert_eq!(script.host.read(child), b"data");
    assert_eq!(script.host.counter(Counter::TcpExtSyncookiesRecv), 1);
    let connection = script.host.tcp.sockets.get(child).unwrap().connection().unwrap();
    assert_eq!((connection.send.peer_mss, connection.send.scale), (1460, 9));
    assert!(connection.sack_permitted && connection.receive.scale > 0);
}

#[test]
fn a_cookie_without_timestamps_offers_only_what_it_remembers() {
    let (mut script, listener) = listening(|host| host.sysctl.tcp_syncookies = 2);
    script.options =
        Options { mss: Some(1300), window_scale: Some(9), sack_permitted: true, ..Options::default() };
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    let answer = script.one();
    assert_eq!(answer.options, Options { mss: Some(1460), ..Options::default() });
    script.options = Options::default();
    script.inject(5001, answer.sequence.wrapping_add(1), Flags::ACK, &[]).unwrap();
    let child = script.host.tcp.accept(listener).unwrap();
    assert_eq!(script.host.tcp.sockets.get(child).unwrap().connection().unwrap().send.peer_mss, 1300);
}

#[test]
fn old_and_forged_cookies_are_refused() {
    let (mut script, listener) = listening(|host| host.sysctl.tcp_syncookies = 2);
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    let cookie = script.one().sequence;
    for forged in [cookie.wrapping_add(7777), cookie ^ 0x8000_0000] {
        assert!(script.inject(5001, forged, Flags::ACK, &[]).is_err());
        assert!(script.one().flags.rst());
    }
    assert_eq!(script.host.counter(Counter::TcpExtSyncookiesFailed), 2);
    script.wait(Duration::from_secs(121));
    assert!(script.inject(5001, cookie.wrapping_add(1), Flags::ACK, &[]).is_err());
    assert_eq!(script.host.tcp.accept(listener), Err(SocketError::WouldBlock));
}

#[test]
fn cookies_are_sent_when_the_queue_is_full() {
    let (mut script, listener) = listening(|_| {});
    set(&mut script, listener, TcpOption::Backlog(3));
    for client in 0..10 {
        script.peer.set_port(4000 + client);
        script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    }
    assert_eq!(script.seen().len(), 10);
    assert_eq!(script.host.tcp.requests.len(), 3);
    assert_eq!(script.host.counter(Counter::TcpExtTCPReqQFullDoCookies), 7);
}

#[test]
fn a_deferred_connection_waits_for_data() {
    let (mut script, listener) = listening(|_| {});
    set(&mut script, listener, TcpOption::DeferAccept(Duration::from_secs(3)));
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    let ack = script.one().sequence.wrapping_add(1);
    assert_eq!(script.inject(5001, ack, Flags::ACK, &[]), Err(DropReason::TcpDeferAccept));
    assert_eq!(script.host.counter(Counter::TcpExtTCPDeferAcceptDrop), 1);
    assert_eq!(script.host.tcp.accept(listener), Err(SocketError::WouldBlock));
    script.inject(5001, ack, Flags::ACK | Flags::PSH, b"now").unwrap();
    let child = script.host.tcp.accept(listener).unwrap();
    assert_eq!(script.host.read(child), b"now");
}

#[test]
fn a_deferred_connection_without_data_is_taken_when_the_time_is_over() {
    let (mut script, listener) = listening(|_| {});
    set(&mut script, listener, TcpOption::DeferAccept(Duration::from_secs(3)));
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    let ack = script.one().sequence.wrapping_add(1);
    assert!(script.inject(5001, ack, Flags::ACK, &[]).is_err());
    // One second, then two: the SYN-ACK goes again at the end of the wait, and its answer is taken.
    let again = script.wait(Duration::from_millis(3100));
    assert_eq!(again.len(), 1, "{again:?}");
    script.inject(5001, ack, Flags::ACK, &[]).unwrap();
    assert!(script.host.tcp.accept(listener).is_ok());
}

#[test]
fn the_syn_is_saved_for_who_wants_it() {
    let (mut script, listener) = listening(|_| {});
    set(&mut script, listener, TcpOption::SaveSyn(true));
    script.handshake(Options { mss: Some(1000), ..Options::default() });
    let child = script.host.tcp.accept(listener).unwrap();
    let saved = script.host.tcp.saved_syn(child).unwrap();
    assert_eq!((saved.len(), saved[13]), (24, Flags::SYN.bits() as u8));
    assert_eq!(script.host.tcp.saved_syn(child), None, "told once");
}

#[test]
fn a_timestamp_that_nobody_sent_is_refused() {
    let (mut script, listener) = listening(|_| {});
    let answer = full_syn(&mut script);
    let sent = answer.options.timestamps.unwrap().value;
    script.options = stamped(701, sent.wrapping_add(5));
    assert_eq!(
        script.inject(5001, answer.sequence.wrapping_add(1), Flags::ACK, &[]),
        Err(DropReason::TcpPaws)
    );
    assert_eq!(script.host.counter(Counter::TcpExtTSEcrRejected), 1);
    script.options = stamped(701, sent);
    script.inject(5001, answer.sequence.wrapping_add(1), Flags::ACK, &[]).unwrap();
    assert!(script.host.tcp.accept(listener).is_ok());
}

/// A connection of ours in TIME-WAIT, with timestamps: the port, and where our numbers ended.
fn waiting(script: &mut Script, handle: TcpHandle) -> (u16, u32) {
    script.port = script.host.tcp.local_address(handle).unwrap().port();
    let syn = script.one();
    script.expected = syn.sequence.wrapping_add(1);
    script.options = stamped(900, syn.options.timestamps.unwrap().value);
    script.inject(script.next, script.expected, SYN_ACK, &[]).unwrap();
    script.next += 1;
    script.seen();
    script.host.with(|tcp, env| tcp.shutdown(env, handle, Shutdown::Send)).unwrap();
    script.seen();
    script.fin();
    script.seen();
    assert_eq!(script.host.tcp.time_waits.len(), 1);
    let port = script.port;
    script.host.with(|tcp, env| tcp.close(env, handle));
    (port, script.expected)
}

#[test]
fn time_wait_is_reused_by_connect_when_timestamps_make_it_safe() {
    // RFC 6191 section 2.
    let mut script = Script::new(Host::new(1), 0);
    script.host.sysctl.tcp_tw_reuse = 1;
    script.host.sysctl.ip_local_port_range = [40_000, 40_000];
    let peer = script.peer;
    let first = script.host.connect(peer);
    let (port, last) = waiting(&mut script, first);
    let address = script.host.address;
    let again = |script: &mut Script| {
        script.host.with(|tcp, env| {
            let handle = tcp.open(env).unwrap();
            tcp.connect(env, handle, address, peer, 1500).map(|()| handle)
        })
    };
    assert!(again(&mut script).is_err(), "not within tcp_tw_reuse_delay");
    script.host.now = script.host.now + Duration::from_millis(1001);
    let second = again(&mut script).unwrap();
    assert_eq!(script.host.tcp.local_address(second).unwrap().port(), port);
    let syn = script.one();
    assert_eq!(syn.sequence, last.wrapping_add(65_537), "numbers go on above");
    assert!(script.host.tcp.time_waits.is_empty());
    assert_eq!(script.host.counter(Counter::TcpExtTWRecycled), 1);
}

#[test]
fn half_closed_orphans_take_a_fin_and_refuse_data() {
    for data in [false, true] {
        let (mut script, _, child) = Script::accepted(80);
        script.host.with(|tcp, env| tcp.close(env, child));
        script.seen();
        script.ack();
        assert_eq!(script.host.tcp.time_waits.len(), 1);
        if data {
            // RFC 2525 section 2.17.
            assert!(script.inject(script.next, script.expected, Flags::ACK, b"late").is_err());
            assert!(script.one().flags.rst());
            assert!(script.host.tcp.time_waits.is_empty());
        } else {
            script.fin();
            let ack = script.one();
            assert_eq!((ack.flags, ack.acknowledgement), (Flags::ACK, script.next));
            script.wait(Duration::from_secs(59));
            assert_eq!(script.host.tcp.time_waits.len(), 1);
            script.wait(Duration::from_secs(2));
            assert!(script.host.tcp.time_waits.is_empty());
        }
    }
}

#[test]
fn too_many_time_waits_are_not_kept() {
    let (mut script, _, child) = Script::accepted(80);
    script.host.sysctl.tcp_max_tw_buckets = 0;
    script.host.with(|tcp, env| tcp.shutdown(env, child, Shutdown::Send)).unwrap();
    script.seen();
    script.fin();
    assert_eq!(script.one().flags, Flags::ACK, "the FIN is acknowledged all the same");
    assert!(script.host.tcp.time_waits.is_empty() && script.host.tcp.state(child) == Some(TcpState::Close));
    assert_eq!(script.host.counter(Counter::TcpExtTCPTimeWaitOverflow), 1);
}

fn bound(host: &mut Host, options: &[TcpOption]) -> Result<TcpHandle, SocketError> {
    let local = SocketAddr::new(host.address, 80);
    host.with(|tcp, env| {
        let handle = tcp.open(env)?;
        options.iter().try_for_each(|option| tcp.set_option(env, handle, *option))?;
        tcp.bind(env, handle, local).map(|()| handle)
    })
}

#[test]
fn addresses_are_shared_as_in_linux() {
    let (address, port) = ([TcpOption::ReuseAddress(true)], [TcpOption::ReusePort(true)]);
    let mut host = Host::new(1);
    bound(&mut host, &[]).unwrap();
    assert_eq!(bound(&mut host, &address), Err(SocketError::AddressInUse));
    let mut host = Host::new(1);
    let first = bound(&mut host, &address).unwrap();
    let second = bound(&mut host, &address).unwrap();
    host.tcp.listen(first).unwrap();
    assert_eq!(host.tcp.listen(second), Err(SocketError::AddressInUse), "one may listen");
    assert_eq!(bound(&mut host, &address), Err(SocketError::AddressInUse));
    let mut host = Host::new(1);
    for _ in 0..2 {
        let handle = bound(&mut host, &port).unwrap();
        host.tcp.listen(handle).unwrap();
    }
    assert_eq!(bound(&mut host, &address), Err(SocketError::AddressInUse));
}

#[test]
fn a_connection_keeps_its_address_from_those_who_do_not_share() {
    let (mut script, listener, _) = Script::accepted(80);
    script.host.with(|tcp, env| tcp.close(env, listener));
    assert_eq!(bound(&mut script.host, &[]), Err(SocketError::AddressInUse));
}

#[test]
fn listeners_with_one_address_get_the_same_share() {
    let mut host = Host::new(1);
    let listeners = [0; 4].map(|_| {
        let handle = bound(&mut host, &[TcpOption::ReusePort(true)]).unwrap();
        host.tcp.listen(handle).unwrap();
        handle
    });
    let mut script = Script::new(host, 80);
    for client in 0..400 {
        script.peer.set_port(10_000 + client);
        script.next = 5000;
        script.handshake(Options::default());
    }
    let host = &mut script.host;
    for listener in listeners {
        let count = core::iter::from_fn(|| host.tcp.accept(listener).ok()).count();
        assert!((70..=130).contains(&count), "{count} of 400");
    }
}
