//! What routers give: addresses, routes, parameters, and how long that lasts.

use super::ipv6::{FAR6, addresses, fresh, router_says, state_of};
use super::*;
use crate::device::AddressState;
use core::net::{IpAddr, SocketAddr};

#[test]
fn a_router_gives_addresses_routes_and_parameters() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    host.sent();
    let mtu = [5, 1, 0, 0, 0, 0, 0x05, 0x78];
    let resolver = [&[25, 3, 0, 0, 0, 0, 0, 30][..], &FAR6.octets()].concat();
    let more = [&mtu[..], &resolver].concat();
    host.arrive(router_says(1800, Some(("2001:db8:1::", 3600, 1800)), &more));
    assert_eq!(host.dropped(), []);
    host.wait(2_100);
    let probe =
        "IP6 :: > ff02::1:ff00:1: ICMP6, neighbor solicitation, who has 2001:db8:1:0:0:ff:fe00:1, length 32";
    assert_eq!(host.sent(), [probe.replace("2001:db8:1:0:0:ff:fe00:1", "2001:db8:1::ff:fe00:1")]);
    assert_eq!(addresses(&host), ["2001:db8:1::ff:fe00:1/64", "fe80::ff:fe00:1/64"]);
    assert_eq!(host.stack.sysctl().get("net.ipv6.conf.eth0.mtu").unwrap(), "1400");
    assert_eq!(host.stack.sysctl().get("net.ipv6.conf.eth0.hop_limit").unwrap(), "55");
    assert_eq!(host.resolvers(), [IpAddr::V6(FAR6)]);
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_send_to(socket, b"x", Some(SocketAddr::new(FAR6.into(), 53)), host.now).unwrap();
    let sent = host.sent();
    assert!(sent[0].starts_with("IP6 2001:db8:1::ff:fe00:1."), "{sent:?}");
    host.arrive(router_says(0, None, &[]));
    let unreachable = host.stack.udp_send_to(socket, b"x", Some(SocketAddr::new(FAR6.into(), 53)), host.now);
    assert_eq!(unreachable, Err(crate::socket::SocketError::NetworkUnreachable), "it is no router any more");
}

#[test]
fn what_a_router_gave_ends_with_its_time() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    let given = "2001:db8:1::ff:fe00:1";
    host.arrive(router_says(100, Some(("2001:db8:1::", 10_000, 8_000)), &[]));
    host.wait(3_000);
    assert_eq!(state_of(&host, given), Some(AddressState::Preferred));
    host.arrive(router_says(100, Some(("2001:db8:1::", 0, 0)), &[]));
    assert_eq!(state_of(&host, given), Some(AddressState::Deprecated), "two hours are left to it");
    host.wait(7_190_000);
    assert!(state_of(&host, given).is_some());
    host.wait(20_000);
    assert_eq!(addresses(&host), ["fe80::ff:fe00:1/64"]);
    let left = host.stack.routes().iter().filter(|route| route.destination.prefix_len() == 0).count();
    assert_eq!(left, 0, "the default route went with its own lifetime");
}

#[test]
fn temporary_addresses_are_renewed_before_they_end() {
    let settings = [("use_tempaddr", "2"), ("temp_prefered_lft", "700"), ("temp_valid_lft", "1400")];
    let mut host = fresh(&settings);
    host.wait(3_000);
    host.arrive(router_says(9000, Some(("2001:db8:1::", 9000, 8000)), &[]));
    host.wait(3_000);
    let made = addresses(&host);
    assert_eq!(made.len(), 3, "{made:?}");
    let socket = host.stack.udp_open().unwrap();
    host.sent();
    host.stack.udp_send_to(socket, b"x", Some(SocketAddr::new(FAR6.into(), 53)), host.now).unwrap();
    assert!(!host.sent()[0].contains("ff:fe00:1."), "temporary ones are preferred");
    for _ in 0..60 {
        host.wait(60_000);
        host.arrive(router_says(9000, Some(("2001:db8:1::", 9000, 8000)), &[]));
        let records = host.stack.interfaces().get(ETH0).unwrap().addresses();
        let preferred = |record: &&crate::device::Address| {
            record.flags.temporary && record.state == AddressState::Preferred
        };
        assert!(records.iter().any(|record| preferred(&record)), "{records:?}");
        assert!(records.len() < 20);
    }
    // None outlives what it was given at first, whatever routers say since (RFC 8981 section 3.4).
    let of_then: Vec<_> = made.iter().filter(|address| !address.contains("fe00:1")).collect();
    assert_eq!(of_then.len(), 1, "{made:?}");
    let there = addresses(&host);
    assert!(!there.contains(of_then[0]), "{there:?}");
}

/// Hosts that were turned on together do not change their addresses together (RFC 8981 section 3.8, `DESYNC_FACTOR`).
#[test]
fn temporary_addresses_are_preferred_for_a_time_by_chance() {
    let mut host = fresh(&[("use_tempaddr", "2")]);
    host.wait(3_000);
    host.arrive(router_says(9000, Some(("2001:db8:1::", u32::MAX, u32::MAX)), &[]));
    let records = host.stack.interfaces().get(ETH0).unwrap().addresses();
    let temporary = records.iter().find(|record| record.flags.temporary).unwrap();
    let left = |end: Option<Instant>| end.unwrap().since(host.now).as_secs();
    assert_eq!(left(temporary.lifetimes.valid), 7 * 86_400);
    assert!((86_400 - 600..86_400).contains(&left(temporary.lifetimes.preferred)), "{temporary:?}");
}

#[test]
fn routers_are_believed_by_hosts_alone() {
    let mut host = fresh(&[("forwarding", "1")]);
    host.wait(3_000);
    assert!(host.sent().iter().all(|line| !line.contains("router solicitation")));
    host.arrive(router_says(100, Some(("2001:db8:1::", 100, 100)), &[]));
    assert_eq!((host.dropped(), addresses(&host).len()), (vec![DropReason::NdiscIgnored], 1));
    let mut host = fresh(&[]);
    host.wait(3_000);
    let mut routed = router_says(100, None, &[]);
    routed[14 + 7] = 254;
    host.arrive(routed);
    assert_eq!(host.dropped(), [DropReason::NdiscMalformed]);
}

#[test]
fn a_flood_of_advertisements_is_bounded() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    for network in 0..500u32 {
        let network = alloc::format!("2001:db8:{network:x}::");
        host.arrive(router_says(100, Some((&network, 10_000, 10_000)), &[]));
    }
    assert_eq!(addresses(&host).len(), 17);
    assert!(host.stack.routes().iter().filter(|route| route.destination.is_ipv6()).count() < 100);
    assert!(host.dropped().contains(&DropReason::NdiscTooManyRoutes));
}
