//! Where packets that arrive go, and how often the tables are asked.

use super::*;
use crate::netfilter::{HookPoint, Verdict};
use crate::route::{Route, RouteKind};
use crate::testing::{ADDRESSES, Impairment, Network};
use core::net::{Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

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
fn segments_over_ipv6_find_their_connection_too() {
    for (wanted, expected) in [("1", 1..100), ("0", 0..1)] {
        let mut host = Host::new();
        host.stack.set_sysctl("net.ipv4.tcp_early_demux", wanted).unwrap();
        let found = Arc::new(AtomicUsize::new(0));
        let count = found.clone();
        let hook = Box::new(move |_: &_, packet: &mut Packet| {
            count.fetch_add(usize::from(packet.meta.socket.is_some()), Ordering::Relaxed);
            Verdict::Accept
        });
        host.stack.hooks_mut().register(HookPoint::LocalIn, 0, hook);
        let at = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), 80);
        let (listener, client) = (host.stack.tcp_open().unwrap(), host.stack.tcp_open().unwrap());
        host.stack.tcp_bind(listener, at).unwrap();
        host.stack.tcp_listen(listener).unwrap();
        host.stack.tcp_connect(client, at, host.now).unwrap();
        host.poll();
        let accepted = host.stack.tcp_accept(listener).unwrap();
        for (socket, data) in [(client, "hello"), (accepted, "and back"), (client, "more")] {
            host.stack.tcp_send(socket, data.as_bytes(), host.now).unwrap();
            host.poll();
        }
        let found = found.load(Ordering::Relaxed);
        assert!(expected.contains(&found), "{found} with early demux {wanted}");
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

#[test]
fn ways_over_a_lost_link_are_marked_and_ignored_where_that_is_wanted() {
    let way = |host: &Host| host.stack.routes().lookup(&crate::route::FlowKey::to(PEER.into()));
    for (ignore, found) in [("0", true), ("1", false)] {
        let mut host = Host::new();
        host.stack.set_sysctl("net.ipv4.conf.eth0.ignore_routes_with_linkdown", ignore).unwrap();
        host.eth0.wire().up = false;
        host.poll();
        let marked = |host: &Host| {
            host.stack.routes().iter().filter(|route| route.hops.iter().any(|hop| hop.link_down)).count()
        };
        assert!(marked(&host) >= 2);
        assert_eq!(way(&host).is_ok(), found, "{ignore}");
        assert!(host.stack.routes().is_local(US.into()));
        host.stack.set_sysctl("net.ipv4.conf.eth0.ignore_routes_with_linkdown", "1").unwrap();
        assert!(way(&host).is_err());
        host.eth0.wire().up = true;
        host.poll();
        assert_eq!((marked(&host), way(&host).is_ok()), (0, true));
    }
}

#[test]
fn martians_are_logged_where_that_is_wanted() {
    let mut host = Host::new();
    host.arrive(ping_from(US));
    assert!(host.stack.take_log().is_empty());
    host.stack.set_sysctl("net.ipv4.conf.all.log_martians", "1").unwrap();
    host.arrive(ping_from(US));
    assert_eq!(Vec::from(host.stack.take_log()), ["eth0: martian packet to 192.0.2.1 from 192.0.2.1"]);
}

#[test]
fn broadcasts_to_another_link_are_passed_on_where_that_is_wanted() {
    let to_all = Ipv4Addr::new(198, 51, 100, 255);
    let frame = ip_frame(&packet(PEER, to_all, Protocol(99), b"to all"));
    let (mut host, eth1) = Host::router();
    host.arrive(frame.clone());
    assert_eq!(host.dropped(), [DropReason::Ipv4NotForUs]);
    for name in ["all", "eth0"] {
        let setting = ["net.ipv4.conf.", name, ".bc_forwarding"].concat();
        host.stack.set_sysctl(&setting, "1").unwrap();
    }
    host.arrive(frame);
    let sent = eth1.wire().sent.pop().unwrap();
    assert_eq!((&sent[..6], host.dropped()), (&[0xff; 6][..], vec![]));
}

#[test]
fn a_primary_address_takes_the_others_of_its_network_along() {
    for (promote, left) in [("0", 0), ("1", 1)] {
        let mut host = Host::new();
        host.stack.set_sysctl("net.ipv4.conf.eth0.promote_secondaries", promote).unwrap();
        host.stack.add_address(ETH0, "192.0.2.7/24".parse().unwrap()).unwrap();
        host.stack.add_address(ETH0, "192.0.2.8/24".parse().unwrap()).unwrap();
        host.stack.remove_address(ETH0, Ipv4Addr::new(192, 0, 2, 8).into()).unwrap();
        host.stack.remove_address(ETH0, US.into()).unwrap();
        assert_eq!(host.stack.interfaces().get(ETH0).unwrap().addresses().len(), left, "{promote}");
        let network = "192.0.2.0/24".parse().unwrap();
        assert_eq!(host.stack.routes().iter().any(|route| route.destination == network), left > 0);
    }
}
