//! Better next hops of IPv6: heard by a host, told by a router.

use super::ipv6::{FAR6, PEER6, ROUTER, US6, acquainted, advertisement, frame6, fresh, icmp6, router_says};
use super::*;
use crate::wire::ndp::{self, Redirect};
use core::net::{Ipv6Addr, SocketAddr};

const BETTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xb);
const BETTER_MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 0xb]);
const OURS: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0xff, 0xfe00, 1);

fn redirect(source: Ipv6Addr, target: Ipv6Addr, destination: Ipv6Addr, hop_limit: u8) -> Vec<u8> {
    let message = Redirect { target, destination, station: Some(BETTER_MAC), packet: b"" }.emit();
    icmp6(source, OURS, hop_limit, &message)
}

/// A host that sends what is far by [`ROUTER`].
fn host() -> Host {
    let mut host = fresh(&[]);
    host.wait(3_000);
    host.arrive(router_says(1800, Some(("2001:db8:1::", 3600, 1800)), &[]));
    host.wait(3_000);
    host.sent();
    host
}

/// The station that the next datagram to `to` goes to.
fn station_for(host: &mut Host, to: Ipv6Addr) -> Option<MacAddress> {
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_send_to(socket, b"x", Some(SocketAddr::new(to.into(), 53)), host.now).ok()?;
    let frame = host.eth0.wire().sent.pop()?;
    Some(ethernet::Header::parse(&frame).unwrap().destination())
}

#[test]
fn the_router_in_use_may_name_a_better_one() {
    let mut host = host();
    let far_too = Ipv6Addr::new(0x2001, 0xdb8, 9, 0, 0, 0, 0, 10);
    assert_eq!(station_for(&mut host, FAR6), Some(PEER_MAC), "by the router");
    host.arrive(redirect(ROUTER, BETTER, FAR6, ndp::HOP_LIMIT));
    assert_eq!(host.dropped(), []);
    assert_eq!(station_for(&mut host, FAR6), Some(BETTER_MAC));
    assert_eq!(station_for(&mut host, far_too), Some(PEER_MAC), "for this destination alone");
    host.arrive(redirect(ROUTER, ROUTER, FAR6, ndp::HOP_LIMIT));
    assert_eq!(host.dropped(), [DropReason::NdiscIgnored], "it is not the one in use any more");
    host.arrive(redirect(ROUTER, far_too, far_too, ndp::HOP_LIMIT));
    assert_eq!(station_for(&mut host, far_too), Some(BETTER_MAC), "a neighbour after all");
    host.wait(301_000);
    assert_ne!(station_for(&mut host, FAR6), Some(BETTER_MAC), "it is not believed for ever");
}

#[test]
fn who_may_not_redirect() {
    let (bad, ignored) = (DropReason::NdiscMalformed, DropReason::NdiscIgnored);
    let rows = [
        ("routed", redirect(ROUTER, BETTER, FAR6, 254), bad),
        ("not of the link", redirect(PEER6, BETTER, FAR6, 255), bad),
        ("to an address of no router", redirect(ROUTER, PEER6, FAR6, 255), bad),
        ("of a group", redirect(ROUTER, BETTER, ipv6_group(), 255), bad),
        ("not the router in use", redirect(BETTER, BETTER, FAR6, 255), ignored),
        (
            "of a neighbour",
            redirect(ROUTER, BETTER, Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 7), 255),
            ignored,
        ),
        ("to ourselves", redirect(ROUTER, super::ipv6::OUR_LINK_LOCAL, FAR6, 255), ignored),
    ];
    for (name, frame, reason) in rows {
        let mut host = host();
        host.arrive(frame);
        assert_eq!(host.dropped(), [reason], "{name}");
        assert_eq!(station_for(&mut host, FAR6), Some(PEER_MAC), "{name}");
    }
    for setting in ["accept_redirects", "forwarding"] {
        let mut host = host();
        let value = if setting == "forwarding" { "1" } else { "0" };
        host.stack.set_sysctl(&["net.ipv6.conf.eth0.", setting].concat(), value).unwrap();
        host.arrive(redirect(ROUTER, BETTER, FAR6, 255));
        assert_eq!(host.dropped(), [ignored], "{setting}");
    }
}

fn ipv6_group() -> Ipv6Addr {
    Ipv6Addr::new(0xff0e, 0, 0, 0, 0, 0, 0, 1)
}

#[test]
fn a_better_router_that_does_not_answer_is_given_up() {
    let mut host = host();
    let message = Redirect { target: BETTER, destination: FAR6, station: None, packet: b"" }.emit();
    host.arrive(icmp6(ROUTER, OURS, 255, &message));
    let asked = station_for(&mut host, FAR6).unwrap();
    assert_eq!(asked.0[..2], [0x33, 0x33], "it is asked for");
    host.wait(3_100);
    assert_eq!(station_for(&mut host, FAR6), Some(PEER_MAC));
}

#[test]
fn who_is_no_router_any_more_gets_nothing_more() {
    let mut host = host();
    host.arrive(advertisement(ROUTER, super::ipv6::OUR_LINK_LOCAL));
    assert_eq!(station_for(&mut host, FAR6), None);
}

#[test]
fn a_router_tells_its_neighbour_once_a_second() {
    let mut host = acquainted();
    host.stack.add_address(ETH0, "fe80::1/64".parse().unwrap()).unwrap();
    host.stack.set_sysctl("net.ipv6.conf.all.forwarding", "1").unwrap();
    let by_router: crate::route::Route = {
        let hop = crate::route::Hop { gateway: Some(ROUTER.into()), ..crate::route::Hop::over(ETH0) };
        let to = "2001:db8:9::/48".parse().unwrap();
        crate::route::Route { hops: vec![hop], ..crate::route::Route::via(to, ROUTER.into()) }
    };
    host.stack.add_route(by_router).unwrap();
    for _ in 0..20 {
        host.arrive(frame6(PEER6, FAR6, Protocol(99), 64, b"to far away"));
    }
    let told = |host: &mut Host| {
        let sent = host.sent();
        let redirect = "IP6 fe80::1 > 2001:db8::2: ICMP6, redirect, 2001:db8:9::9 to fe80::a, length 96";
        sent.iter().filter(|line| *line == redirect).count()
    };
    assert_eq!(told(&mut host), 6, "a burst");
    host.wait(1_000);
    for _ in 0..5 {
        host.arrive(frame6(PEER6, FAR6, Protocol(99), 64, b"to far away"));
    }
    assert_eq!((told(&mut host), host.count(Counter::Icmp6OutRedirects)), (1, 7));
    let stranger = Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, 1);
    host.wait(10_000);
    host.arrive(frame6(stranger, FAR6, Protocol(99), 64, b"from far away"));
    assert_eq!(told(&mut host), 0, "its sender is no neighbour");
    let _ = US6;
}

#[test]
fn a_router_that_answers_is_better_than_one_that_does_not() {
    let mut host = host();
    // Another router, not preferred.
    let mut second = router_says(1800, None, &[]);
    second[14 + 40 + 5] = 0x18;
    let source = BETTER.octets();
    second[14 + 8..14 + 24].copy_from_slice(&source);
    let at = 14 + 40 + 16 + 2;
    second[at..at + 6].copy_from_slice(&BETTER_MAC.0);
    crate::wire::icmpv6::fill_checksum(BETTER, crate::wire::ipv6::ALL_NODES, &mut second[54..]);
    host.arrive(second.clone());
    assert_eq!(host.dropped(), []);
    assert_eq!(station_for(&mut host, FAR6), Some(PEER_MAC), "the preferred one");
    // It does not answer when it is asked whether it lives.
    host.wait(9_000);
    assert_eq!(station_for(&mut host, FAR6), Some(BETTER_MAC));
    host.arrive(advertisement_of_router(BETTER, BETTER_MAC));
    host.sent();
    host.wait(61_000);
    assert!(host.sent().iter().any(|line| line.contains("who has fe80::a")), "it is asked again");
    host.arrive(router_says(1800, None, &[]));
    assert_eq!(station_for(&mut host, FAR6), Some(PEER_MAC), "it is back");
}

/// A router's answer to a question.
fn advertisement_of_router(router: Ipv6Addr, station: MacAddress) -> Vec<u8> {
    let (target, solicited) = (router, true);
    let message =
        ndp::Message::NeighbourAdvertisement { target, router: true, solicited, override_known: true };
    let fields = ndp::Fields { message, station: Some(station), nonce: None };
    super::ipv6::discovery(router, super::ipv6::OUR_LINK_LOCAL, fields)
}
