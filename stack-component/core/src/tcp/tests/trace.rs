//! What is told of state changes.

use super::harness::{Host, Script};
use crate::tcp::{Shutdown, TcpState};
use crate::time::Duration;
use crate::wire::tcp::Options;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

fn changes(script: &mut Script) -> Vec<String> {
    let all = script.host.tcp.take_state_changes();
    all.iter()
        .map(|change| change.to_string().split_whitespace().skip(3).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn every_state_of_a_connection_is_told_in_order() {
    let mut host = Host::new(1);
    host.tcp.trace_states(true);
    let listener = host.listen(80);
    let mut script = Script::new(host, 80);
    script.handshake(Options { mss: Some(1000), ..Options::default() });
    let child = script.host.tcp.accept(listener).unwrap();
    assert_eq!(changes(&mut script), ["UNCONN -> LISTEN", "LISTEN -> SYN-RECV", "SYN-RECV -> ESTAB"]);
    script.host.with(|tcp, env| tcp.shutdown(env, child, Shutdown::Send)).unwrap();
    script.one();
    script.ack();
    script.fin();
    script.wait(Duration::from_secs(61));
    assert_eq!(
        changes(&mut script),
        ["ESTAB -> FIN-WAIT-1", "FIN-WAIT-1 -> FIN-WAIT-2", "FIN-WAIT-2 -> TIME-WAIT", "TIME-WAIT -> UNCONN"]
    );
    script.host.with(|tcp, env| tcp.close(env, listener));
    let [last] = script.host.tcp.take_state_changes()[..] else { panic!("one change") };
    assert_eq!(last.to_string(), "tcp 198.51.100.1:80 0.0.0.0:0 LISTEN -> UNCONN");
}

#[test]
fn a_connection_that_is_refused_is_told_and_nothing_when_nobody_listens() {
    let mut host = Host::new(1);
    let peer = "198.51.100.2:7".parse().unwrap();
    host.connect(peer);
    assert!(host.tcp.take_state_changes().is_empty(), "nobody asked for it");
    host.tcp.trace_states(true);
    let handle = host.connect(peer);
    host.with(|tcp, env| tcp.close(env, handle));
    let told: Vec<_> = host.tcp.take_state_changes().into_iter().map(|c| (c.from, c.to)).collect();
    assert_eq!(told, [(TcpState::Close, TcpState::SynSent), (TcpState::SynSent, TcpState::Close)]);
    host.tcp.trace_states(false);
    assert!(!host.tcp.traces_states());
}
