//! What routers say of the link: times, hop limits, resolvers.

use super::ipv6::{FAR6, PEER6, ROUTER, fresh, icmp6, quiet, router_says};
use super::*;
use crate::stack::{Learnt, Origin};
use crate::time::Duration;
use crate::wire::{ipv6, ndp};
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The hop limit of the next datagram to `to`.
fn hop_limit(host: &mut Host, to: Ipv6Addr) -> u8 {
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_send_to(socket, b"x", Some(SocketAddr::new(to.into(), 53)), host.now).unwrap();
    let frame = host.eth0.wire().sent.pop().unwrap();
    ipv6::Header::parse(&frame[ethernet::HEADER_LEN..]).unwrap().hop_limit()
}

/// A router's advertisement with these times in milliseconds.
fn times(reachable: u32, retransmit: u32) -> Vec<u8> {
    let mut message = vec![134, 0, 0, 0, 42, 0, 7, 8];
    message.extend_from_slice(&reachable.to_be_bytes());
    message.extend_from_slice(&retransmit.to_be_bytes());
    message.extend_from_slice(&[1, 1]);
    message.extend_from_slice(&PEER_MAC.0);
    icmp6(ROUTER, ipv6::ALL_NODES, ndp::HOP_LIMIT, &message)
}

#[test]
fn packets_have_the_hop_limit_of_the_router_or_the_route() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    host.arrive(router_says(1800, Some(("2001:db8:1::", 3600, 1800)), &[]));
    host.wait(3_000);
    assert_eq!(hop_limit(&mut host, FAR6), 55);
    let socket = host.stack.tcp_open().unwrap();
    host.stack.tcp_connect(socket, SocketAddr::new(FAR6.into(), 80), host.now).unwrap();
    let syn = host.eth0.wire().sent.pop().unwrap();
    assert_eq!(ipv6::Header::parse(&syn[ethernet::HEADER_LEN..]).unwrap().hop_limit(), 55);
    assert_eq!(host.stack.tcp_hop_limit(socket), Some(55));
    let hop = crate::route::Hop { gateway: Some(ROUTER.into()), ..crate::route::Hop::over(ETH0) };
    let mut route = crate::route::Route::via("2001:db8:9::/48".parse().unwrap(), ROUTER.into());
    (route.hops, route.metrics.hop_limit) = (vec![hop], Some(9));
    host.stack.add_route(route).unwrap();
    assert_eq!(hop_limit(&mut host, FAR6), 9);
    assert_eq!(host.stack.tcp_hop_limit(socket), Some(9));
    host.stack.tcp_set_option(socket, crate::tcp::TcpOption::HopLimit(3)).unwrap();
    assert_eq!(host.stack.tcp_hop_limit(socket), Some(3));
}

#[test]
fn the_times_of_a_router_are_those_of_its_link_and_version() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    host.arrive(times(7_000, 200));
    assert_eq!(host.stack.sysctl().get("net.ipv6.neigh.eth0.base_reachable_time_ms").unwrap(), "7000");
    assert_eq!(host.stack.sysctl().get("net.ipv6.neigh.eth0.gc_stale_time").unwrap(), "21");
    assert_eq!(host.stack.sysctl().get("net.ipv4.neigh.eth0.base_reachable_time_ms").unwrap(), "30000");
    host.sent();
    let socket = host.stack.udp_open().unwrap();
    let neighbour = SocketAddr::V6(core::net::SocketAddrV6::new("fe80::77".parse().unwrap(), 53, 0, ETH0.0));
    host.stack.udp_send_to(socket, b"x", Some(neighbour), host.now).unwrap();
    host.wait(599);
    assert_eq!(host.sent().len(), 3, "three questions in 600 ms");
    host.arrive(times(4_000_000_000, 1));
    assert_eq!(host.stack.sysctl().get("net.ipv6.neigh.eth0.base_reachable_time_ms").unwrap(), "3600000");
    assert_eq!(host.stack.sysctl().get("net.ipv6.neigh.eth0.retrans_time_ms").unwrap(), "10");
}

#[test]
fn resolvers_of_routers_are_told_until_their_time_is_over() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    let resolver = [&[25, 3, 0, 0, 0, 0, 0, 30][..], &FAR6.octets()].concat();
    let domain = [&[31, 2, 0, 0, 0, 0, 0, 40][..], b"\x03lan\0\0\0\0"].concat();
    host.arrive(router_says(1800, None, &[resolver, domain].concat()));
    let found = host.stack.resolvers(host.now).next().unwrap();
    let expires = Some(host.now + Duration::from_secs(30));
    assert_eq!(found, Learnt { what: FAR6.into(), device: ETH0, origin: Origin::Router, expires });
    host.wait(30_000);
    assert_eq!(host.resolvers(), [] as [IpAddr; 0]);
    let domains =
        |host: &Host| host.stack.search_domains(host.now).map(|learnt| learnt.what).collect::<Vec<_>>();
    assert_eq!(domains(&host), ["lan"]);
    host.wait(10_000);
    assert!(domains(&host).is_empty());
}

#[test]
fn a_host_by_hand_keeps_its_hop_limit() {
    let mut host = quiet();
    assert_eq!(host.stack.tcp_open().map(|socket| host.stack.tcp_hop_limit(socket)), Ok(Some(64)));
    let mut next = || {
        let socket = host.stack.udp_open().unwrap();
        host.stack.udp_send_to(socket, b"x", Some(SocketAddr::new(PEER6.into(), 53)), host.now).unwrap();
    };
    next();
    assert_eq!(host.sent().len(), 1, "a question");
}
