//! Each congestion control on a connection: from the handshake to a stream of data.

use super::harness::{Impairment, Pair};
use crate::tcp::{Algorithm, CongestionInfo, Received, TcpHandle, TcpInfo, TcpOption};
use crate::time::Duration;
use std::vec;

fn connected(algorithm: Algorithm) -> (Pair, [TcpHandle; 2]) {
    let mut pair = Pair::new(Impairment::NONE, 1);
    pair.hosts[0].sysctl.set("net.ipv4.tcp_congestion_control", algorithm.name()).unwrap();
    // The link has no rate of its own: the window keeps the run short.
    pair.hosts[1].sysctl.set("net.ipv4.tcp_rmem", "4096 131072 131072").unwrap();
    let handles = pair.connected();
    (pair, handles)
}

/// The client sends all it can for a while. Answers how much the server received.
fn stream(pair: &mut Pair, [client, server]: [TcpHandle; 2], time: Duration) -> usize {
    let end = pair.hosts[0].now + time;
    let data = vec![7; 100_000];
    let mut received = 0;
    while pair.hosts[0].now < end {
        while pair.hosts[0].send(client, &data).is_ok_and(|taken| taken > 0) {}
        while let Ok(Received::Data(data)) = pair.hosts[1].receive(server, 1_000_000) {
            received += data.len();
        }
        assert!(pair.step());
    }
    received
}

fn info(pair: &Pair, handle: TcpHandle) -> TcpInfo {
    pair.hosts[0].tcp.info(handle, pair.hosts[0].now).unwrap()
}

#[test]
fn every_algorithm_begins_with_the_initial_window() {
    for algorithm in Algorithm::ALL {
        let (pair, [client, _]) = connected(algorithm);
        assert_eq!(info(&pair, client).snd_cwnd, 10, "{algorithm:?}");
        assert_eq!(info(&pair, client).snd_ssthresh, 0x7fff_ffff, "{algorithm:?}");
    }
}

#[test]
fn every_algorithm_streams() {
    for algorithm in Algorithm::ALL {
        let (mut pair, handles) = connected(algorithm);
        let received = stream(&mut pair, handles, Duration::from_secs(2));
        assert!(received > 2_000_000, "{algorithm:?}: {received}");
        let info = info(&pair, handles[0]);
        assert!(info.snd_cwnd > 10 && info.delivery_rate > 1_000_000, "{algorithm:?}: {info:?}");
        assert!((10_000..60_000).contains(&info.min_rtt), "{algorithm:?}: {info:?}");
    }
}

#[test]
fn bbr_tells_of_the_path() {
    let (mut pair, handles) = connected(Algorithm::Bbr);
    stream(&mut pair, handles, Duration::from_secs(2));
    let now = pair.hosts[0].now;
    let Some(CongestionInfo::Bbr { bandwidth, min_rtt, .. }) =
        pair.hosts[0].tcp.congestion_info(handles[0], now)
    else {
        panic!("no BBR");
    };
    assert!(bandwidth > 1_000_000 && (10_000..12_000).contains(&min_rtt), "{bandwidth} {min_rtt}");
}

#[test]
fn the_owner_may_choose_again_in_the_middle() {
    let (mut pair, handles) = connected(Algorithm::Cubic);
    for algorithm in [Algorithm::Bbr, Algorithm::Reno, Algorithm::Dctcp, Algorithm::Cubic] {
        stream(&mut pair, handles, Duration::from_millis(500));
        let window = info(&pair, handles[0]).snd_cwnd;
        pair.hosts[0]
            .with(|tcp, env| tcp.set_option(env, handles[0], TcpOption::Congestion(algorithm)))
            .unwrap();
        assert_eq!(info(&pair, handles[0]).snd_cwnd, window, "{algorithm:?}");
        assert!(stream(&mut pair, handles, Duration::from_millis(500)) > 500_000, "{algorithm:?}");
    }
}
