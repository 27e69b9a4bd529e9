//! Where packets that arrive go, and how often the tables are asked.

use super::*;
use crate::route::{Route, RouteKind};
use crate::testing::{ADDRESSES, Impairment, Network};

const BEHIND: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

fn ping_from(source: Ipv4Addr) -> Vec<u8> {
    ip_frame(&packet(source, US, Protocol::ICMP, &echo_request(b"x")))
}

#[test]
fn the_reverse_path_filter_asks_by_which_device_answers_would_leave() {
    for (all, own, believed) in [("0", "0", true), ("1", "0", false), ("0", "1", false), ("1", "2", true)] {
        let (mut host, _eth1) = Host::router();
        host.stack.set_sysctl("net.ipv4.conf.all.rp_filter", all).unwrap();
        host.stack.set_sysctl("net.ipv4.conf.eth0.rp_filter", own).unwrap();
        // A neighbour on eth1, says the source, but it comes by eth0.
        host.arrive(ping_from(BEHIND));
        let dropped = if believed { vec![] } else { vec![DropReason::Ipv4ReversePath] };
        assert_eq!(host.dropped(), dropped, "{all} {own}");
        assert_eq!(host.count(Counter::TcpExtIPReversePathFilter), dropped.len() as u64);
        assert_eq!(host.count(Counter::IcmpInEchos), u64::from(believed));
    }
}

#[test]
fn our_own_addresses_come_from_outside_only_if_that_is_allowed() {
    let mut host = Host::new();
    host.arrive(ping_from(US));
    assert_eq!(host.dropped(), [DropReason::Ipv4BadSource]);
    host.stack.set_sysctl("net.ipv4.conf.eth0.accept_local", "1").unwrap();
    host.arrive(ping_from(US));
    // Nobody here waits for the answer.
    assert_eq!((host.dropped(), host.count(Counter::IcmpInEchos)), (vec![DropReason::IcmpIgnored], 1));
}

#[test]
fn the_tables_are_asked_once_for_packets_that_are_alike() {
    let mut host = Host::new();
    let asked = |host: &Host| (host.stack.input_cache.misses, host.stack.output_cache.misses);
    let before = asked(&host);
    for _ in 0..5 {
        host.arrive(ping_from(PEER));
    }
    let after = asked(&host);
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1));
    // A change of any route counts for all.
    host.stack.set_mtu("eth0", 1400).unwrap();
    host.arrive(ping_from(PEER));
    assert_eq!(asked(&host), (after.0 + 1, after.1 + 1));
}

#[test]
fn segments_of_a_connection_find_it_without_a_route() {
    for (wanted, asks) in [("1", 1..10), ("0", 50..10_000)] {
        let mut network = Network::new(Impairment::NONE, 4);
        for host in &mut network.hosts {
            host.set_sysctl("net.ipv4.tcp_early_demux", wanted).unwrap();
        }
        let handles = network.connect(80);
        network.exchange(handles, 200_000, 9);
        let host = &network.hosts[1];
        let asked = host.input_cache.hits + host.input_cache.misses;
        assert!(host.counters().get(Counter::TcpInSegs) > 50);
        assert!(asks.contains(&asked), "{asked} with early demux {wanted}, at {}", ADDRESSES[1]);
    }
}

#[test]
fn a_connection_asks_again_when_routes_changed() {
    let mut network = Network::new(Impairment::NONE, 4);
    let handles = network.connect(80);
    let asked = |network: &Network| network.hosts[1].input_cache.misses;
    let before = asked(&network);
    let elsewhere = Route::new("203.0.113.0/24".parse().unwrap(), RouteKind::Prohibit);
    network.hosts[1].add_route(elsewhere).unwrap();
    network.exchange(handles, 20_000, 9);
    assert_eq!(asked(&network), before + 1);
}
