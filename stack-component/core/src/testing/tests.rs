//! Two whole stacks, from Ethernet to sockets.

use super::{ADDRESSES, Breadth, Bulk, Impairment, Network, Plan, jain, run, tables};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::random::{Random, SeededRandom};
use crate::tcp::{Algorithm, SocketError, TcpState};
use crate::time::Duration;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// A link as bad as `seed` wants it.
fn bad_link(seed: u64) -> Impairment {
    let mut random = SeededRandom::new(seed);
    Impairment {
        delay: Duration::from_micros(random.below(50_000).into()),
        rate: if random.below(2) == 0 { 0 } else { 200_000 + u64::from(random.below(20_000_000)) },
        queue: 20 + random.below(200) as usize,
        mark_above: None,
        loss: random.below(50),
        duplication: random.below(30),
        reordering: random.below(100),
        corruption: random.below(10),
    }
}

#[test]
fn a_hundred_seeded_runs_keep_what_is_promised() {
    for seed in 0..100 {
        if let Err(what) = run(&Plan::new(seed, Breadth::Short)) {
            panic!("{what}");
        }
    }
}

#[test]
fn four_flows_of_cubic_share_a_bottleneck_fairly() {
    let minute = Duration::from_secs(60);
    let bulk = Bulk::new(2_500_000, Duration::from_millis(20), 0, &[Algorithm::Cubic; 4], minute);
    let bytes: Vec<u64> = bulk.run().0.iter().map(|flow| flow.bytes).collect();
    assert!(jain(&bytes) >= 0.95, "{bytes:?}");
}

/// `cargo xtask goodput` writes the page.
#[test]
fn the_page_of_goodput_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/goodput.md");
    let page = std::fs::read_to_string(path).expect("docs/goodput.md");
    for (algorithm, round_trip, column) in [(Algorithm::Cubic, 20, 2), (Algorithm::Bbr, 20, 2)] {
        let head = alloc::format!("| {} | {round_trip} ms |", algorithm.name());
        let row = page.lines().find(|line| line.starts_with(&head)).expect("a row for each");
        let there = row.split('|').nth(3 + column).and_then(|cell| cell.split_whitespace().next());
        let there: f64 = there.and_then(|number| number.parse().ok()).expect("a number");
        let now = tables::cell(algorithm, round_trip, tables::LOSSES[column]).goodput;
        let off = (there - now).abs();
        assert!(
            off <= there / 10.0,
            "{head} column {column}: {there} there, now {now:.1}; cargo xtask goodput"
        );
    }
}

#[test]
fn megabytes_arrive_intact() {
    for seed in 0..4 {
        let mut network = Network::new(bad_link(1000 + seed), seed);
        let handles = network.connect(80);
        network.exchange(handles, 4_000_000, seed);
    }
}

#[test]
fn a_good_link_needs_no_retransmission_and_drops_nothing() {
    let mut network = Network::new(Impairment::NONE, 7);
    let handles = network.connect(80);
    network.exchange(handles, 8_000_000, 7);
    for host in &network.hosts {
        assert_eq!(host.counters().get(Counter::TcpRetransSegs), 0);
        for &reason in DropReason::ALL {
            assert_eq!(host.counters().dropped(reason), 0, "{reason:?}");
        }
    }
}

#[test]
fn a_full_queue_on_the_way_is_survived() {
    let narrow = Impairment { rate: 1_000_000, queue: 10, ..Impairment::NONE };
    let mut network = Network::new(narrow, 9);
    let handles = network.connect(80);
    network.exchange(handles, 2_000_000, 9);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let of = |seed| {
        let mut network = Network::new(bad_link(5), seed);
        let handles = network.connect(80);
        network.exchange(handles, 200_000, seed);
        (network.now, network.hosts[0].counters().snapshot())
    };
    assert!(of(1) == of(1));
    assert!(of(1) != of(2));
}

#[test]
fn a_connection_outlives_a_link_that_is_cut_for_minutes() {
    let mut network = Network::new(Impairment::NONE, 3);
    let [client, server] = network.connect(80);
    network.set_cut(true);
    network.hosts[0].tcp_send(client, b"through the dark", network.now).unwrap();
    let mended_at = network.now + Duration::from_secs(100);
    while network.now < mended_at {
        assert!(network.step());
    }
    assert!(network.hosts[0].counters().get(Counter::TcpRetransSegs) > 4);
    network.set_cut(false);
    while network.hosts[1].tcp_receive(server, 100, network.now) == Err(SocketError::WouldBlock) {
        assert!(network.step());
    }
}

#[test]
fn nobody_at_the_address_is_told_in_seconds() {
    let mut network = Network::new(Impairment::NONE, 3);
    let nobody = SocketAddr::new([198, 51, 100, 77].into(), 80);
    let handle = network.hosts[0].tcp_open().unwrap();
    let start = network.now;
    network.hosts[0].tcp_connect(handle, nobody, network.now).unwrap();
    let result = loop {
        match network.hosts[0].tcp_connect_result(handle) {
            Err(SocketError::WouldBlock) => assert!(network.step()),
            result => break result,
        }
    };
    assert_eq!(result, Err(SocketError::HostUnreachable));
    assert!(network.now - start < Duration::from_secs(10));
}

#[test]
fn a_closed_port_refuses() {
    let mut network = Network::new(Impairment::NONE, 3);
    let handle = network.hosts[0].tcp_open().unwrap();
    network.hosts[0].tcp_connect(handle, SocketAddr::new(ADDRESSES[1].into(), 9), network.now).unwrap();
    while network.hosts[0].tcp_state(handle) == Some(TcpState::SynSent) {
        assert!(network.step());
    }
    assert_eq!(network.hosts[0].tcp_connect_result(handle), Err(SocketError::ConnectionRefused));
}

#[test]
fn nothing_is_left_of_a_thousand_connections() {
    let mut network = Network::new(Impairment::NONE, 11);
    let listener = network.hosts[1].tcp_open().unwrap();
    network.hosts[1].tcp_bind(listener, SocketAddr::new(ADDRESSES[1].into(), 80)).unwrap();
    network.hosts[1].tcp_listen(listener).unwrap();
    for _ in 0..1000 {
        let client = network.hosts[0].tcp_open().unwrap();
        network.hosts[0].tcp_connect(client, SocketAddr::new(ADDRESSES[1].into(), 80), network.now).unwrap();
        let server = loop {
            match network.hosts[1].tcp_accept(listener) {
                Ok(server) => break server,
                Err(_) => assert!(network.step()),
            }
        };
        network.hosts[0].tcp_close(client, network.now);
        network.hosts[1].tcp_close(server, network.now);
    }
    // Time passes until the last TIME-WAIT is over.
    while network.step() {}
    for host in &network.hosts {
        assert!(host.tcp.is_empty_but_for(usize::from(host.tcp_state(listener).is_some())));
    }
}

#[test]
fn loopback_connects_a_stack_with_itself() {
    let mut network = Network::new(Impairment::NONE, 5);
    let host = &mut network.hosts[0];
    for address in [core::net::Ipv4Addr::LOCALHOST, ADDRESSES[0]] {
        let listener = host.tcp_open().unwrap();
        host.tcp_bind(listener, SocketAddr::new(address.into(), 80)).unwrap();
        host.tcp_listen(listener).unwrap();
        let client = host.tcp_open().unwrap();
        host.tcp_connect(client, SocketAddr::new(address.into(), 80), network.now).unwrap();
        while host.poll(network.now, 64) {}
        assert_eq!(host.tcp_connect_result(client), Ok(()));
        let server = host.tcp_accept(listener).unwrap();
        host.tcp_send(client, b"to myself", network.now).unwrap();
        while host.poll(network.now, 64) {}
        let received = host.tcp_receive(server, 100, network.now).unwrap();
        assert_eq!(received, crate::tcp::Received::Data(b"to myself".to_vec()));
        host.tcp_close(listener, network.now);
        host.tcp_close(client, network.now);
        host.tcp_close(server, network.now);
    }
}

/// A flow that goes on confirms its neighbour: nobody has to ask for the address again.
#[test]
fn a_flow_confirms_its_neighbour() {
    let mut network = Network::new(Impairment::NONE, 5);
    let [client, server] = network.connect(80);
    let mut states = alloc::collections::BTreeSet::new();
    for _ in 0..300 {
        network.hosts[0].tcp_send(client, b"tick", network.now).unwrap();
        let next = network.now + Duration::from_secs(1);
        while network.now < next && network.step() {
            let neighbours = network.hosts[0].neighbours().iter();
            states.extend(neighbours.map(|(_, state, _)| alloc::format!("{state:?}")));
        }
        network.now = network.now.max(next);
        network.hosts[1].tcp_receive(server, 100, network.now).unwrap();
    }
    assert!(!states.contains("Probe"), "{states:?}");
}

/// How a transfer over a narrow link with a short queue goes: what the queue lost, what was sent again, and how much
/// of what arrived had marks.
fn through_a_queue(algorithm: Algorithm, tcp_ecn: &str) -> (u64, u64, u64) {
    let narrow = Impairment {
        rate: 1_250_000,
        delay: Duration::from_millis(5),
        queue: 100,
        mark_above: Some(20),
        ..Impairment::NONE
    };
    let mut network = Network::new(narrow, 1);
    for host in &mut network.hosts {
        host.set_sysctl("net.ipv4.tcp_rmem", "4096 1000000 6291456").expect("the setting is taken");
        host.set_sysctl("net.ipv4.tcp_ecn", tcp_ecn).expect("the setting is taken");
        host.set_sysctl("net.ipv4.tcp_congestion_control", algorithm.name()).expect("the setting is taken");
    }
    let handles = network.connect(80);
    network.exchange(handles, 2_000_000, 1);
    let sum = |counter| network.hosts.iter().map(|host| host.counters().get(counter)).sum();
    (network.overflowed(), sum(Counter::TcpRetransSegs), sum(Counter::TcpExtTCPDeliveredCE))
}

#[test]
fn with_marks_nothing_is_lost() {
    for algorithm in [Algorithm::Reno, Algorithm::Cubic, Algorithm::Dctcp] {
        for tcp_ecn in ["1", "3"] {
            let (overflowed, again, marked) = through_a_queue(algorithm, tcp_ecn);
            assert_eq!((overflowed, again), (0, 0), "{algorithm:?} {tcp_ecn}");
            assert!(marked > 0, "{algorithm:?} {tcp_ecn}");
        }
    }
    let (overflowed, again, marked) = through_a_queue(Algorithm::Reno, "0");
    assert!(overflowed > 0 && again >= overflowed && marked == 0, "{overflowed} {again} {marked}");
}
