//! Fast Open (RFC 7413), both halves, and signatures (RFC 2385).

use super::harness::{Host, Script, Seen};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::icmp::{IcmpError, IcmpErrorKind};
use crate::tcp::{SocketError, TcpHandle, TcpOption, TcpState};
use crate::time::Duration;
use crate::wire::tcp::{FastOpenCookie, Flags, Options};
use std::vec::Vec;

const SYN_ACK: Flags = Flags::from_bits(0x12);

fn syn(cookie: Option<FastOpenCookie>) -> Options {
    Options { mss: Some(1460), fast_open: cookie, ..Options::default() }
}

/// A listener that serves Fast Open, and the cookie it gives to the script's peer.
fn serving() -> (Script, TcpHandle, FastOpenCookie) {
    let mut host = Host::new(1);
    host.sysctl.tcp_fastopen = 3;
    let listener = host.listen(80);
    host.with(|tcp, env| tcp.set_option(env, listener, TcpOption::FastOpenQueue(5))).unwrap();
    let mut script = Script::new(host, 80);
    script.options = syn(Some(FastOpenCookie::REQUEST));
    script.inject(100, 0, Flags::SYN, &[]).unwrap();
    let cookie = script.one().options.fast_open.unwrap();
    assert_eq!(cookie.as_slice().len(), 8);
    script.peer.set_port(4001);
    script.options = syn(Some(cookie));
    (script, listener, cookie)
}

#[test]
fn data_with_a_cookie_is_read_and_answered_before_the_handshake_is_complete() {
    let (mut script, listener, _) = serving();
    script.inject(5000, 0, Flags::SYN, b"question").unwrap();
    let answer = script.one();
    assert_eq!((answer.flags, answer.acknowledgement, answer.options.fast_open), (SYN_ACK, 5009, None));
    let child = script.host.tcp.accept(listener).unwrap();
    assert_eq!(script.host.read(child), b"question");
    assert_eq!(script.host.tcp.state(child), Some(TcpState::SynRecv));
    script.host.send(child, b"answer").unwrap();
    let data = script.one();
    assert_eq!((data.sequence, data.data.as_slice()), (answer.sequence.wrapping_add(1), &b"answer"[..]));
    script.options = Options::default();
    script.inject(5009, answer.sequence.wrapping_add(7), Flags::ACK, &[]).unwrap();
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Established));
    assert_eq!(script.host.counter(Counter::TcpExtTCPFastOpenPassive), 1);
    assert_eq!(script.host.counter(Counter::TcpExtTCPFastOpenCookieReqd), 1);
    let now = script.host.now;
    assert_eq!(script.host.tcp.info(child, now).unwrap().options & 32, 32);
}

#[test]
fn a_wrong_cookie_gets_the_right_one_and_an_ordinary_handshake() {
    let (mut script, listener, cookie) = serving();
    script.options = syn(FastOpenCookie::parse(&[9; 8], false));
    script.inject(5000, 0, Flags::SYN, b"question").unwrap();
    let answer = script.one();
    assert_eq!((answer.acknowledgement, answer.options.fast_open), (5001, Some(cookie)));
    assert_eq!(script.host.tcp.accept(listener), Err(SocketError::WouldBlock));
    assert_eq!(script.host.counter(Counter::TcpExtTCPFastOpenPassiveFail), 1);
}

#[test]
fn the_syn_ack_goes_again_until_it_is_answered_and_nothing_else_does() {
    let (mut script, listener, _) = serving();
    script.inject(5000, 0, Flags::SYN, b"x").unwrap();
    script.one();
    let child = script.host.tcp.accept(listener).unwrap();
    script.host.send(child, b"answer").unwrap();
    script.seen();
    let again = script.wait(Duration::from_millis(3500));
    let of_child: Vec<&Seen> = again.iter().filter(|s| s.acknowledgement == 5002).collect();
    assert_eq!(of_child.len(), 2, "{of_child:?}");
    assert!(of_child.iter().all(|s| s.flags == SYN_ACK));
    script.wait(Duration::from_secs(200));
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Close));
}

#[test]
fn a_reset_before_the_handshake_counts_against_the_limit_for_a_minute() {
    // RFC 7413 section 5.1.
    let (mut script, listener, _) = serving();
    script.host.with(|tcp, env| tcp.set_option(env, listener, TcpOption::FastOpenQueue(1))).unwrap();
    script.inject(5000, 0, Flags::SYN, b"x").unwrap();
    script.one();
    script.inject(5002, 0, Flags::RST, &[]).unwrap();
    let child = script.host.tcp.accept(listener).unwrap();
    assert_eq!(script.host.read(child), b"x");
    assert_eq!(script.host.receive(child, 1), Err(SocketError::ConnectionReset));
    let acknowledged = |script: &mut Script, port| {
        script.peer.set_port(port);
        script.inject(5000, 0, Flags::SYN, b"x").unwrap();
        script.one().acknowledgement
    };
    assert_eq!(acknowledged(&mut script, 4100), 5001);
    assert_eq!(script.host.counter(Counter::TcpExtTCPFastOpenListenOverflow), 1);
    script.wait(Duration::from_secs(61));
    script.seen();
    assert_eq!(acknowledged(&mut script, 4101), 5002);
}

/// A host whose first connection to the script's peer brought a cookie.
fn knowing() -> Script {
    let mut script = Script::new(Host::new(1), 0);
    let (handle, syn) = open(&mut script, b"");
    assert!(syn.options.fast_open.unwrap().is_request());
    answer(
        &mut script,
        1,
        Options { mss: Some(940), fast_open: FastOpenCookie::parse(&[7; 8], false), ..Options::default() },
    );
    assert_eq!(script.host.tcp.state(handle), Some(TcpState::Established));
    script.seen();
    script
}

fn open(script: &mut Script, data: &[u8]) -> (TcpHandle, Seen) {
    let (source, peer) = (script.host.address, script.peer);
    let handle = script.host.with(|tcp, env| {
        let handle = tcp.open(env).unwrap();
        tcp.connect_with_data(env, handle, source, peer, 1500, data).unwrap();
        handle
    });
    script.port = script.host.tcp.local_address(handle).unwrap().port();
    let syn = script.one();
    assert_eq!(syn.flags, Flags::SYN);
    script.expected = syn.sequence;
    (handle, syn)
}

/// The SYN-ACK that acknowledges `count` numbers.
fn answer(script: &mut Script, count: u32, options: Options) {
    script.options = options;
    script.inject(5000, script.expected.wrapping_add(count), SYN_ACK, &[]).unwrap();
    script.options = Options::default();
    script.next = 5001;
}

#[test]
fn data_goes_with_the_syn_when_the_cookie_is_known() {
    let mut script = knowing();
    let (handle, syn) = open(&mut script, &[5; 2000]);
    // The server's segment size of last time, less room for all options.
    assert_eq!((syn.data.len(), syn.options.fast_open.unwrap().as_slice()), (900, &[7; 8][..]));
    answer(&mut script, 901, syn_ack_options());
    assert_eq!(script.one().flags, Flags::ACK);
    assert_eq!(script.host.counter(Counter::TcpExtTCPFastOpenActive), 1);
    let now = script.host.now;
    assert_eq!(script.host.tcp.info(handle, now).unwrap().options & 32, 32);
}

fn syn_ack_options() -> Options {
    Options { mss: Some(1460), ..Options::default() }
}

#[test]
fn data_that_is_not_acknowledged_goes_again_at_once() {
    // RFC 7413 section 4.2.2.
    let mut script = knowing();
    let (_, syn) = open(&mut script, &[5; 700]);
    assert_eq!(syn.data.len(), 700);
    answer(&mut script, 1, syn_ack_options());
    let again = script.seen();
    assert_eq!(again.iter().map(|s| s.data.len()).sum::<usize>(), 700, "{again:?}");
    assert_eq!(script.host.counter(Counter::TcpExtTCPFastOpenActiveFail), 1);
}

#[test]
fn the_syn_goes_again_without_data_and_cookie() {
    let mut script = knowing();
    let (_, first) = open(&mut script, &[5; 700]);
    let again = script.wait(Duration::from_millis(1100));
    let again: Vec<&Seen> = again.iter().filter(|s| s.sequence == first.sequence).collect();
    assert_eq!(again.len(), 1, "{again:?}");
    assert_eq!((again[0].data.len(), again[0].options.fast_open), (0, None));
}

#[test]
fn connect_waits_for_data_when_the_owner_wants_it() {
    let mut script = knowing();
    let (source, peer) = (script.host.address, script.peer);
    let handle = script.host.with(|tcp, env| {
        let handle = tcp.open(env).unwrap();
        tcp.set_option(env, handle, TcpOption::FastOpenConnect(true)).unwrap();
        tcp.connect(env, handle, source, peer, 1500).unwrap();
        handle
    });
    script.silence();
    assert_eq!(script.host.tcp.connect_result(handle), Ok(()));
    assert!(script.host.tcp.readiness(handle).writable);
    assert_eq!(script.host.send(handle, b"first"), Ok(5));
    let syn = script.one();
    assert_eq!((syn.flags, syn.data.as_slice()), (Flags::SYN, &b"first"[..]));
}

#[test]
fn fast_open_is_refused_when_the_settings_say_so() {
    let mut script = Script::new(Host::new(1), 0);
    script.host.sysctl.tcp_fastopen = 0;
    let (source, peer) = (script.host.address, script.peer);
    let refused = script.host.with(|tcp, env| {
        let handle = tcp.open(env).unwrap();
        tcp.connect_with_data(env, handle, source, peer, 1500, b"x")
    });
    assert_eq!(refused, Err(SocketError::NotSupported));
}

#[test]
fn two_hosts_with_a_key_understand_each_other_and_nobody_else_does() {
    use super::harness::{Impairment, Pair};
    let mut pair = Pair::new(Impairment::NONE, 1);
    let listener = pair.hosts[1].listen(179);
    let addresses = [pair.hosts[0].address, pair.hosts[1].address];
    pair.hosts[1].tcp.add_md5_key(listener, addresses[0], 24, b"secret").unwrap();
    let remote = core::net::SocketAddr::new(addresses[1], 179);
    let client = pair.hosts[0].with(|tcp, env| {
        let handle = tcp.open(env).unwrap();
        tcp.add_md5_key(handle, addresses[1], 32, b"secret").unwrap();
        tcp.connect(env, handle, addresses[0], remote, 1500).unwrap();
        handle
    });
    for _ in 0..20 {
        pair.step();
    }
    let server = pair.hosts[1].tcp.accept(listener).unwrap();
    pair.hosts[0].send(client, &[3; 5000]).unwrap();
    for _ in 0..50 {
        pair.step();
    }
    assert_eq!(pair.hosts[1].read(server), [3; 5000]);
    // A stranger without the key, one with a wrong key.
    let strangers = [(None, Counter::TcpExtTCPMD5NotFound), (Some(b"wrong"), Counter::TcpExtTCPMD5Failure)];
    for (key, counter) in strangers {
        pair.hosts[0].with(|tcp, env| {
            let handle = tcp.open(env).unwrap();
            if let Some(key) = key {
                tcp.add_md5_key(handle, addresses[1], 32, key).unwrap();
            }
            tcp.connect(env, handle, addresses[0], remote, 1500).unwrap();
        });
        for _ in 0..3 {
            pair.step();
        }
        assert!(pair.hosts[1].counter(counter) > 0, "{counter:?}");
    }
    assert_eq!(pair.hosts[1].tcp.accept(listener), Err(SocketError::WouldBlock));
}

#[test]
fn a_signature_that_nobody_asked_for_is_refused() {
    let (mut script, _, _) = Script::accepted(80);
    script.options.md5 = Some([1; 16]);
    let refused = script.inject(script.next, script.expected, Flags::ACK, b"x");
    assert_eq!(refused, Err(DropReason::TcpMd5Unexpected));
    assert_eq!(script.host.counter(Counter::TcpExtTCPMD5Unexpected), 1);
    script.silence();
}

fn icmp(script: &mut Script, sequence: u32, kind: IcmpErrorKind) {
    let error = IcmpError {
        protocol: crate::wire::protocol::Protocol::TCP,
        source: script.host.address,
        destination: script.peer.ip(),
        source_port: script.port,
        destination_port: script.peer.port(),
        sequence,
        scope: 0,
        kind,
    };
    script.host.with(|tcp, env| tcp.icmp_error(env, &error));
}

#[test]
fn a_path_mtu_is_remembered_for_the_next_connection_and_not_for_ever() {
    let mut host = Host::new(1);
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    script.handshake(Options { mss: Some(1460), ..Options::default() });
    let child = script.host.tcp.accept(listener).unwrap();
    script.host.send(child, &[1; 1460]).unwrap();
    let sent = script.one();
    // RFC 5927 section 4.1: not about anything on its way.
    icmp(&mut script, sent.sequence.wrapping_sub(9), IcmpErrorKind::FragmentationNeeded { mtu: 1200 });
    script.silence();
    assert_eq!(script.host.counter(Counter::TcpExtOutOfWindowIcmps), 1);
    icmp(&mut script, sent.sequence, IcmpErrorKind::FragmentationNeeded { mtu: 1200 });
    let sizes: Vec<usize> = script.seen().iter().map(|s| s.data.len()).collect();
    assert_eq!(sizes, [1160, 300]);
    let largest = |script: &mut Script, port, named| {
        script.peer.set_port(port);
        script.next = 5000;
        let answer = script.handshake(Options { mss: Some(1460), ..Options::default() });
        // Linux: `ipv4_default_advmss` looks at the path MTU.
        assert_eq!(answer.options.mss, Some(named));
        let child = script.host.tcp.accept(listener).unwrap();
        script.host.send(child, &[1; 1460]).unwrap();
        let sizes = script.seen().iter().map(|s| s.data.len()).max().unwrap();
        script.inject(script.next, 0, Flags::RST, &[]).unwrap();
        sizes
    };
    assert_eq!(largest(&mut script, 4100, 1160), 1160);
    script.host.now = script.host.now + Duration::from_secs(601);
    assert_eq!(largest(&mut script, 4101, 1460), 1460);
}

#[test]
fn errors_end_requests_and_explain_timeouts() {
    let mut host = Host::new(1);
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    script.inject(5000, 0, Flags::SYN, &[]).unwrap();
    let answer = script.one();
    icmp(&mut script, answer.sequence.wrapping_add(1), IcmpErrorKind::HostUnreachable);
    icmp(&mut script, answer.sequence, IcmpErrorKind::PortUnreachable);
    assert_eq!(script.host.tcp.requests.len(), 1);
    icmp(&mut script, answer.sequence, IcmpErrorKind::HostUnreachable);
    assert!(script.host.tcp.requests.is_empty());
    script.next = 5000;
    script.handshake(Options::default());
    let child = script.host.tcp.accept(listener).unwrap();
    script.host.send(child, b"into the dark").unwrap();
    let sent = script.one();
    icmp(&mut script, sent.sequence, IcmpErrorKind::HostUnreachable);
    assert_eq!(script.host.tcp.state(child), Some(TcpState::Established));
    script.wait(Duration::from_secs(3000));
    assert_eq!(script.host.receive(child, 1), Err(SocketError::HostUnreachable));
}
