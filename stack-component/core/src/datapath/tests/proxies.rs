//! Addresses behind a router that it answers for. Linux: `ip neigh add proxy`, `proxy_arp`, `proxy_ndp`.

use super::ipv6::{PEER6, quiet, solicitation};
use super::*;
use crate::neighbour::{Proxy, ProxyKey};
use crate::route::Route;
use core::net::{IpAddr, Ipv6Addr};

const BEHIND: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

fn key(address: impl Into<IpAddr>) -> ProxyKey {
    ProxyKey { address: address.into(), device: Some(ETH0) }
}

/// What a question for an address is answered with.
fn asked(host: &mut Host, target: Ipv4Addr) -> Vec<String> {
    host.arrive(arp_frame(wire_arp::Operation::Request, PEER, target));
    host.dropped();
    host.sent()
}

#[test]
fn arp_is_answered_for_who_is_behind_a_router_if_it_is_told_so() {
    let (mut host, _eth1) = Host::router();
    let answer = ["ARP, Reply 198.51.100.7 is-at 02:00:00:00:00:01"];
    let nothing: [&str; 0] = [];
    assert_eq!(asked(&mut host, BEHIND), nothing);
    let now = host.now;
    host.stack.set_proxy(key(BEHIND), Proxy::default(), now).unwrap();
    assert_eq!(asked(&mut host, BEHIND), answer);
    assert_eq!(asked(&mut host, Ipv4Addr::new(198, 51, 100, 8)), nothing, "another one");
    // Who is on the link answers himself.
    let near = Ipv4Addr::new(192, 0, 2, 77);
    host.stack.set_proxy(key(near), Proxy::default(), now).unwrap();
    assert_eq!(asked(&mut host, near), nothing);
    host.stack.set_sysctl("net.ipv4.conf.eth0.forwarding", "0").unwrap();
    assert_eq!(asked(&mut host, BEHIND), nothing, "no router");
    host.stack.set_sysctl("net.ipv4.conf.eth0.forwarding", "1").unwrap();
    host.stack.remove_proxy(key(BEHIND), now).unwrap();
    assert_eq!(asked(&mut host, BEHIND), nothing);
    host.stack.set_sysctl("net.ipv4.conf.all.proxy_arp", "1").unwrap();
    assert_eq!(asked(&mut host, BEHIND), answer, "all that are behind");
    assert_eq!(asked(&mut host, FAR), nothing, "by way of the link itself");
    // Who has no address yet looks whether it is free.
    host.arrive(arp_frame(wire_arp::Operation::Request, Ipv4Addr::UNSPECIFIED, BEHIND));
    assert_eq!(host.sent(), nothing);
}

#[test]
fn proxies_go_with_a_device_that_is_turned_off() {
    let (mut host, _eth1) = Host::router();
    let anywhere = ProxyKey { device: None, ..key(BEHIND) };
    for key in [key(BEHIND), anywhere] {
        host.stack.set_proxy(key, Proxy::default(), host.now).unwrap();
    }
    host.stack.set_device_up(ETH0, false).unwrap();
    assert_eq!(host.stack.proxies().map(|(key, _)| key).collect::<Vec<_>>(), [anywhere]);
    assert!(host.stack.remove_proxy(key(BEHIND), host.now).is_err());
}

#[test]
fn neighbours_are_advertised_for_who_is_behind_a_router() {
    let mut host = quiet();
    let behind: Ipv6Addr = "2001:db8:9::9".parse().unwrap();
    let eth1 = RawDevice::new(MacAddress([2, 0, 0, 0, 1, 1]));
    let index = host.stack.add_device("eth1", Box::new(eth1), 1500).unwrap();
    host.stack.add_route(Route::over("2001:db8:9::/64".parse().unwrap(), Default::default(), index)).unwrap();
    host.stack.set_sysctl("net.ipv6.conf.all.forwarding", "1").unwrap();
    let now = host.now;
    host.stack.set_proxy(key(behind), Proxy { router: true, protocol: 0 }, now).unwrap();
    host.poll();
    host.sent();
    let answers = |host: &mut Host| {
        host.arrive(solicitation(PEER6, behind));
        host.dropped();
        host.sent()
    };
    assert_eq!(answers(&mut host), [""; 0], "proxy_ndp is off");
    host.stack.set_sysctl("net.ipv6.conf.eth0.proxy_ndp", "1").unwrap();
    let said = answers(&mut host);
    assert!(said.len() == 1 && said[0].contains("neighbor advertisement, tgt is 2001:db8:9::9"), "{said:?}");
    assert!(said[0].starts_with("IP6 2001:db8::1 >"), "{said:?}");
    host.stack.remove_proxy(key(behind), now).unwrap();
    assert_eq!(answers(&mut host), [""; 0]);
}
