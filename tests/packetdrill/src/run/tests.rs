//! Whole scripts against the machine of `fake`.

use std::net::Ipv4Addr;
use std::path::Path;

use super::config::Config;
use super::fake::{Fake, When};
use super::{Failure, run};
use crate::Errno;
use crate::language::{self, ast::Flags};
use crate::machine::{Answer, Call, Outcome};
use crate::packet::decode::{Tcp, Transport, decode};
use crate::packet::encode::{self, Ip};
use crate::packet::option::TcpOption;

const MS: u64 = 1_000_000;
const ISN: u32 = 0xffff_ff00;

const SERVER: &str = "
0   socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0  bind(3, ..., ...) = 0
+0  listen(3, 1) = 0
+0  < S 0:0(0) win 32792 <mss 1000,nop,wscale 7>
+0  > S. 0:0(0) ack 1 <mss 1460,nop,wscale 8>
+.1 < . 1:1(0) ack 1 win 257
+0  accept(3, ..., ...) = 4
";

fn run_text(text: &str, fake: &mut Fake) -> Result<Vec<String>, Failure> {
    let mut config = Config::default();
    let script =
        language::parse("test", text, &config.defines, &[]).map_err(|e| Failure::new(e.to_string()))?;
    for (name, value) in &script.options {
        config.set(name, value.as_deref())?;
    }
    run(&script, &config, Path::new("."), fake).map(|passed| passed.output)
}

/// A segment of the machine's to the first peer.
fn sent(tcp: Tcp) -> Vec<u8> {
    let ip = Ip {
        source: [192, 168, 0, 1].into(),
        destination: [192, 0, 2, 1].into(),
        tos: 0,
        ttl: 64,
        flow_label: 0,
    };
    encode::tcp(&ip, &Tcp { source: 8080, destination: 40_002, window: 100, ..tcp })
}

fn flags(text: &str) -> Flags {
    Flags { syn: text.contains('S'), psh: text.contains('P'), ack: text.contains('.'), ..Flags::default() }
}

fn syn_ack() -> Vec<u8> {
    let options = vec![TcpOption::Mss(1460), TcpOption::Nop, TcpOption::WindowScale(8)];
    sent(Tcp { seq: ISN, ack: 1, flags: flags("S."), options, ..Tcp::default() })
}

fn data(from: u32, len: usize, letters: &str) -> Vec<u8> {
    let seq = ISN.wrapping_add(from);
    sent(Tcp { seq, ack: 1, flags: flags(letters), payload: vec![0; len], ..Tcp::default() })
}

/// A machine that answers the SYN and accepts.
fn server() -> Fake {
    let mut fake = Fake { now: 5_000 * MS, ..Fake::default() };
    fake.plan.push((When::AfterInjected(1), syn_ack()));
    fake.answers.push_back(("Socket", Outcome::value(33)));
    let peer = (Ipv4Addr::new(192, 0, 2, 1), 40_002).into();
    let accepted = Answer { value: 34, address: Some(peer), ..Answer::default() };
    fake.answers.push_back(("Accept", Outcome::Done(Ok(accepted))));
    fake
}

fn injected(fake: &Fake, at: usize) -> Tcp {
    match decode(&fake.injected[at]).unwrap().transport {
        Transport::Tcp(tcp) => tcp,
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_are_mapped_both_ways() {
    let mut fake = server();
    run_text(&format!("{SERVER} +0 < . 1:11(10) ack 301 win 257 <nop,nop,sack 501:601>"), &mut fake).unwrap();
    let ack = injected(&fake, 2);
    assert_eq!((ack.seq, ack.ack, ack.payload.len()), (1, ISN.wrapping_add(301), 10));
    let edges = (ISN.wrapping_add(501), ISN.wrapping_add(601));
    assert_eq!(ack.options[2], TcpOption::Sack(vec![edges]));
    let reset = injected(&fake, 3);
    assert!(reset.flags.rst, "the connection is ended");
    assert_eq!((reset.seq, reset.ack), (11, ack.ack));
    assert_eq!(fake.now, 5_100 * MS, "time went on as far as the script did");
}

#[test]
fn several_segments_may_be_one_line() {
    let script = format!("{SERVER} +0 write(4, ..., 2500) = 2500\n +0 > P. 1:2501(2500) ack 1");
    let run_with = |pieces: &[(u32, usize, &str)], script: &str| {
        let mut fake = server();
        fake.answers.push_back(("Write", Outcome::value(2500)));
        fake.plan.extend(pieces.iter().map(|&(from, len, f)| (When::AfterCall("Write"), data(from, len, f))));
        run_text(script, &mut fake)
    };
    let pieces = [(1, 1000, "."), (1001, 1000, "."), (2001, 500, "P.")];
    run_with(&pieces, &script).unwrap();
    let strict = run_with(&pieces, &format!("--strict_segments\n{script}")).unwrap_err();
    assert_eq!((strict.line, strict.message.as_str()), (11, "the packet differs in: flags, seq"));
    let gap = run_with(&[(1, 1000, "."), (1101, 1400, "P.")], &script).unwrap_err();
    assert!(gap.message.contains("it does not follow on the piece before"), "{}", gap.message);
    let none = run_with(&pieces[..1], &script).unwrap_err();
    assert!(none.message.contains("no packet came until 2.1"), "{}", none.message);
    assert!(none.message.contains("(1000 of 2500 bytes came)"), "{}", none.message);
}

#[test]
fn a_difference_shows_both_packets() {
    let script = SERVER.replace("ack 1 <mss 1460,nop,wscale 8>", "ack 2 win 99 <mss 1400,nop,wscale 8>");
    let failure = run_text(&script, &mut server()).unwrap_err();
    assert_eq!((failure.line, failure.message.as_str()), (6, "the packet differs in: ack, win, options"));
    let ack = failure.rows.iter().find(|row| row.name == "ack").unwrap();
    assert_eq!((ack.expected.as_str(), ack.live.as_str()), ("2", "1"));
    assert_eq!(failure.history.len(), 2);
}

#[test]
fn packets_come_when_they_are_due() {
    let timer = |at: u64| {
        let mut fake = server();
        fake.plan.push((When::At(5_100 * MS + at * MS), data(1, 0, ".")));
        fake
    };
    let script = |time: &str| format!("{SERVER} {time} > . 1:1(0) ack 1");
    for (time, at) in
        [("+.040", 40), ("+.040", 44), ("+.2~+.3", 250), ("*", 90_000), ("0.140", 37), ("+1", 1_120)]
    {
        run_text(&script(time), &mut timer(at)).unwrap_or_else(|failure| panic!("{time} {at}: {failure:?}"));
    }
    for (time, at, word) in [("+.040", 46, "late"), ("+.040", 20, "early"), ("+.2~+.3", 360, "late")] {
        let failure = run_text(&script(time), &mut timer(at)).unwrap_err();
        assert!(failure.message.contains(word), "{}", failure.message);
        assert_eq!(failure.rows[0].name, "time");
    }
}

#[test]
fn an_unexpected_packet_is_compared_with_the_next_expected() {
    let mut fake = server();
    fake.plan.push((When::At(5_110 * MS), data(1, 0, ".")));
    fake.plan.push((When::At(5_120 * MS), data(1, 10, "P.")));
    let failure = run_text(&format!("{SERVER} +.02 > P. 1:11(10) ack 1"), &mut fake).unwrap_err();
    assert!(failure.message.contains("flags, seq") || failure.message.contains("differs"), "{failure:?}");
}

#[test]
fn blocking_calls_return_while_the_script_goes_on() {
    let read = |end: u64| {
        let mut fake = server();
        fake.answers.push_back(("Read", Outcome::Blocked(crate::machine::Pending(1))));
        let answer = Answer { value: 10, data: vec![0; 10], ..Answer::default() };
        fake.later = Some((5_100 * MS + end * MS, answer));
        let script = format!("{SERVER} +0...0.2 read(4, ..., 10) = 10\n +.1 < . 1:1(0) ack 1 win 9");
        run_text(&script, &mut fake)
    };
    read(200).unwrap();
    let late = read(300).unwrap_err();
    assert_eq!(late.line, 9);
    assert!(late.message.contains("return of read") && late.message.contains("late"), "{}", late.message);
    let never = read(5_000).unwrap_err();
    assert!(never.message.contains("still blocks"), "{}", never.message);
}

#[test]
fn results_and_errors_are_compared() {
    let outcome = |line: &str, outcome: Outcome| {
        let mut fake = server();
        fake.answers.push_back(("Write", outcome.clone()));
        fake.answers.push_back(("GetSockOpt", outcome));
        run_text(&format!("{SERVER} +0 {line}"), &mut fake).map_err(|failure| failure.message)
    };
    let write = "write(4, ..., 9) = -1 EPIPE (Broken pipe)";
    outcome(write, Outcome::error(Errno::EPIPE)).unwrap();
    let wrong = outcome(write, Outcome::error(Errno::ECONNRESET)).unwrap_err();
    assert_eq!(wrong, "write: expected -1 EPIPE, it failed with ECONNRESET");
    assert_eq!(outcome(write, Outcome::value(9)).unwrap_err(), "write: expected -1 EPIPE, it returned 9");
    outcome("write(4, ..., 9) = ...", Outcome::value(7)).unwrap();
    let option = |data: &[u8]| Outcome::Done(Ok(Answer { data: data.to_vec(), ..Answer::default() }));
    outcome("getsockopt(4, SOL_TCP, TCP_CONGESTION, \"cubic\", [5]) = 0", option(b"cubic")).unwrap();
    outcome("getsockopt(4, SOL_SOCKET, SO_ERROR, [ETIMEDOUT], [4]) = 0", option(&[110, 0, 0, 0])).unwrap();
    let wrong =
        outcome("getsockopt(4, SOL_SOCKET, SO_ERROR, [0], [4]) = 0", option(&[110, 0, 0, 0])).unwrap_err();
    assert_eq!(wrong, "getsockopt: the option: expected 0, it is 110");
}

#[test]
fn arguments_reach_the_machine() {
    let mut fake = server();
    let lines = "+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
        +0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=2}, 8) = 0
        +0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0
        +0 sendmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 3}, {..., 4}], msg_flags=0}, MSG_EOR) = 0
        +0 poll([{fd=4, events=POLLIN|POLLOUT, revents=0}], 1, 0) = 0";
    run_text(&format!("{SERVER} {lines}"), &mut fake).unwrap();
    let set = |name, level, value: &[u8]| Call::SetSockOpt { fd: 34, level, name, value: value.to_vec() };
    assert!(fake.calls.contains(&Call::Fcntl { fd: 34, command: 4, argument: 0o4002 }));
    assert!(fake.calls.contains(&set(13, 1, &[1, 0, 0, 0, 2, 0, 0, 0])));
    assert!(fake.calls.contains(&set(1, 6, &[1, 0, 0, 0])));
    assert!(
        fake.calls
            .iter()
            .any(|call| matches!(call, Call::SendMsg { data, flags: 0x80, .. } if data.len() == 7))
    );
    assert!(
        fake.calls
            .iter()
            .any(|call| matches!(call, Call::Poll { fds, .. } if fds[0].fd == 34 && fds[0].events == 5))
    );
}

#[test]
fn clients_learn_their_port_and_timestamps() {
    let ip = Ip {
        source: [192, 168, 0, 1].into(),
        destination: [192, 0, 2, 1].into(),
        tos: 0,
        ttl: 64,
        flow_label: 0,
    };
    let stamp = |val| vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Timestamp { val, ecr: 0 }];
    let ports = Tcp { source: 51_000, destination: 8080, ..Tcp::default() };
    let syn = Tcp { seq: 7_000, flags: flags("S"), options: stamp(900_000), ..ports.clone() };
    let ack = Tcp { seq: 7_001, ack: 124, flags: flags("."), options: stamp(900_050), window: 1, ..ports };
    let mut fake = Fake::default();
    fake.answers.push_back(("Socket", Outcome::value(3)));
    fake.answers.push_back(("Connect", Outcome::error(Errno::EINPROGRESS)));
    fake.plan.push((When::AfterCall("Connect"), encode::tcp(&ip, &syn)));
    fake.plan.push((When::AfterInjected(1), encode::tcp(&ip, &ack)));
    let script = "--tcp_ts_tick_usecs=1000
        0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4
        +0 connect(4, ..., ...) = -1 EINPROGRESS (Operation now in progress)
        +0 > S 0:0(0) <nop,nop,TS val 100 ecr 0>
        +.05 < S. 123:123(0) ack 1 win 100 <nop,nop,TS val 500 ecr 100>
        +0 > . 1:1(0) ack 1 <nop,nop,TS val 150 ecr 500>";
    run_text(script, &mut fake).unwrap();
    let syn_ack = injected(&fake, 0);
    assert_eq!((syn_ack.destination, syn_ack.seq, syn_ack.ack), (51_000, 123, 7_001));
    assert_eq!(syn_ack.options[2], TcpOption::Timestamp { val: 500, ecr: 900_000 });
}

#[test]
fn icmp_quotes_the_machines_segment() {
    let mut fake = server();
    run_text(&format!("{SERVER} +0 < icmp unreachable frag_needed mtu 1200 [101:1101(1000)]"), &mut fake)
        .unwrap();
    let Transport::Icmp { kind: 3, code: 4, rest } = decode(&fake.injected[2]).unwrap().transport else {
        panic!()
    };
    assert_eq!(rest[2..4], 1200u16.to_be_bytes());
    let quoted = &rest[4..];
    assert_eq!(quoted.len(), 28);
    assert_eq!(quoted[12..20], [192, 168, 0, 1, 192, 0, 2, 1], "it went from the machine to the far end");
    assert_eq!(quoted[20..24], [0x1f, 0x90, 0x9c, 0x42]);
    assert_eq!(quoted[24..28], ISN.wrapping_add(101).to_be_bytes());
}

#[test]
fn code_blocks_see_the_moment() {
    let mut fake = server();
    let mut info = vec![0; 280];
    info[80] = 10;
    let answer = Answer { data: info, ..Answer::default() };
    fake.answers.push_back(("GetSockOpt", Outcome::Done(Ok(answer))));
    let script = format!("{SERVER} +0 %{{ assert tcpi_snd_cwnd == 9, tcpi_snd_cwnd }}%");
    let failure = run_text(&script, &mut fake).unwrap_err();
    assert!(failure.message.ends_with("does not hold: 10 (tcpi_snd_cwnd = 10)"), "{}", failure.message);
}

#[test]
fn what_is_not_there_is_skipped() {
    for (text, reason) in [
        ("0 > gre: . 1:1(0) ack 1", "needs GRE"),
        ("0 > mpls (label 1, tc 0, [S], ttl 1): . 1:1(0) ack 1", "needs MPLS"),
        ("0 < icmp packet_too_big mtu 1400 [1:11(10)]", "needs IPv6"),
    ] {
        let failure = run_text(text, &mut Fake::default()).unwrap_err();
        assert_eq!((failure.skip, failure.message.as_str()), (true, reason));
    }
}
