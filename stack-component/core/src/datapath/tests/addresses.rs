//! Which routes IPv4 addresses have, and what becomes of them when addresses come, change and go. The lists are those of
//! `ip route show table all` where Linux was told the same.

use super::*;
use crate::device::{Address, AddressScope, AddressState, Lifetimes};
use crate::route::{FlowKey, Hop, Route, RouteKind, RouteProtocol};
use crate::stack::ConfigError;
use crate::wire::cidr::IpCidr;

fn cidr(text: &str) -> IpCidr {
    text.parse().unwrap()
}

/// A host with these addresses on `eth0`, and no others.
fn with(addresses: &[&str]) -> Host {
    let mut host = Host::new();
    host.stack.remove_address(ETH0, US.into()).unwrap();
    for address in addresses {
        host.stack.add_address(ETH0, cidr(address)).unwrap();
    }
    host
}

/// The routes of the kernel's over `eth0`, in the words of `ip route`.
fn routes(host: &Host) -> Vec<String> {
    let ours = |route: &Route| {
        route.destination.is_ipv4() && route.protocol == RouteProtocol::Kernel && route.is_over(ETH0)
    };
    let word = |route: Route| {
        assert_eq!(route.expires, None, "{route:?}");
        let source = route.source.unwrap();
        match route.kind {
            RouteKind::Unicast => alloc::format!("{} src {source}", route.destination),
            RouteKind::Local => alloc::format!("local {} src {source}", route.destination.address()),
            kind => alloc::format!("{kind:?} {} src {source}", route.destination.address()).to_lowercase(),
        }
    };
    let mut all: Vec<String> = host.stack.routes().iter().filter(ours).map(word).collect();
    all.sort();
    all
}

/// The addresses of `eth0`, those that go with others in brackets.
fn addresses(host: &Host) -> Vec<String> {
    let all = host.stack.interfaces().get(ETH0).unwrap().addresses().iter();
    let v4 = all.filter(|address| address.cidr.is_ipv4());
    v4.map(|address| match address.flags.secondary {
        true => alloc::format!("({})", address.cidr),
        false => alloc::format!("{}", address.cidr),
    })
    .collect()
}

/// As Linux was seen to do.
#[test]
fn an_address_may_be_on_any_device() {
    let mut host = Host::fresh();
    let lo = DeviceIndex::LOOPBACK;
    for (device, cidr) in [
        (lo, "10.9.9.9/32"),
        (lo, "10.8.8.8/24"),
        (lo, "fd00:9::1/128"),
        (lo, "fd00:a::1/64"),
        (ETH0, "127.0.0.5/32"),
        (ETH0, "10.20.0.0/24"),
        (ETH0, "10.21.0.255/24"),
    ] {
        let cidr: crate::wire::cidr::IpCidr = cidr.parse().unwrap();
        host.stack.add_address(device, cidr).unwrap();
        if cidr.is_ipv4() || device == lo {
            assert!(host.stack.routes().is_local(cidr.address()), "{cidr}");
        }
    }
    for (address, local) in [("10.8.8.9", true), ("fd00:a::2", false), ("10.20.0.1", false)] {
        assert_eq!(host.stack.routes().is_local(address.parse().unwrap()), local, "{address}");
    }
}

#[test]
fn a_secondary_address_has_a_route_to_itself_alone() {
    let mut host = with(&["10.1.0.1/24"]);
    let lifetimes = Lifetimes::from_seconds(host.now, 1000, 500);
    let dynamic = Address { lifetimes, ..Address::new(cidr("10.1.0.2/24"), host.now) };
    host.stack.add_address_record(ETH0, dynamic).unwrap();
    let before = [
        "10.1.0.0/24 src 10.1.0.1",
        "broadcast 10.1.0.255 src 10.1.0.1",
        "local 10.1.0.1 src 10.1.0.1",
        "local 10.1.0.2 src 10.1.0.1",
    ];
    assert_eq!(routes(&host), before);
    // The same address in a network of another size is another address, and a primary one.
    assert_eq!(
        host.stack.add_address(ETH0, cidr("10.1.0.2/24")),
        Err(ConfigError::AddressExists(cidr("10.1.0.2/24").address()))
    );
    host.stack.replace_address_record(ETH0, Address::new(cidr("10.1.0.2/26"), host.now)).unwrap();
    assert_eq!(addresses(&host), ["10.1.0.1/24", "10.1.0.2/26", "(10.1.0.2/24)"]);
    let more = [
        "10.1.0.0/24 src 10.1.0.1",
        "10.1.0.0/26 src 10.1.0.2",
        "broadcast 10.1.0.255 src 10.1.0.1",
        "broadcast 10.1.0.63 src 10.1.0.2",
        "local 10.1.0.1 src 10.1.0.1",
        "local 10.1.0.2 src 10.1.0.1",
        "local 10.1.0.2 src 10.1.0.2",
    ];
    assert_eq!(routes(&host), more);
    host.stack.remove_address_of(ETH0, cidr("10.1.0.2/26")).unwrap();
    assert_eq!((routes(&host), addresses(&host).len()), (before.map(String::from).to_vec(), 2));
    host.wait(1_000_000);
    assert_eq!(addresses(&host), ["10.1.0.1/24"]);
    assert_eq!(routes(&host).len(), 3);
}

#[test]
fn the_others_go_with_a_primary_address_or_one_of_them_takes_its_place() {
    for promotes in [false, true] {
        let mut host = with(&["10.2.0.1/24", "10.2.0.2/24", "10.9.0.1/24", "10.2.0.3/24", "10.2.0.1/25"]);
        let promote = if promotes { "1" } else { "0" };
        host.stack.set_sysctl("net.ipv4.conf.eth0.promote_secondaries", promote).unwrap();
        host.stack.remove_address_of(ETH0, cidr("10.2.0.1/24")).unwrap();
        let mut left = vec![
            "10.2.0.0/25 src 10.2.0.1",
            "10.9.0.0/24 src 10.9.0.1",
            "broadcast 10.2.0.127 src 10.2.0.1",
            "broadcast 10.9.0.255 src 10.9.0.1",
            "local 10.2.0.1 src 10.2.0.1",
            "local 10.9.0.1 src 10.9.0.1",
        ];
        if promotes {
            left.extend([
                "10.2.0.0/24 src 10.2.0.2",
                "broadcast 10.2.0.255 src 10.2.0.2",
                "local 10.2.0.2 src 10.2.0.2",
                "local 10.2.0.3 src 10.2.0.2",
            ]);
            assert_eq!(addresses(&host), ["10.9.0.1/24", "10.2.0.1/25", "10.2.0.2/24", "(10.2.0.3/24)"]);
        }
        left.sort_unstable();
        assert_eq!(routes(&host), left, "{promotes}");
    }
}

#[test]
fn an_address_that_is_changed_keeps_its_place_its_others_and_its_routes() {
    let mut host = with(&["10.1.0.1/24", "10.1.0.2/24"]);
    let by_hand = Route {
        source: Some(cidr("10.1.0.1/24").address()),
        hops: vec![Hop { device: Some(ETH0), ..Hop::via("10.1.0.9".parse().unwrap()) }],
        ..Route::via(cidr("172.16.0.0/12"), "10.1.0.9".parse().unwrap())
    };
    host.stack.add_route(by_hand).unwrap();
    let (routes_before, all_before) = (routes(&host), host.stack.routes().len());
    let generation = host.stack.routes().generation();
    let mut new = Address::new(cidr("10.1.0.1/24"), host.now);
    new.lifetimes = Lifetimes::from_seconds(host.now, 2000, 1000);
    // Linux takes no flags of IPv4 in.
    new.flags.no_prefix_route = true;
    host.stack.replace_address_record(ETH0, new).unwrap();
    assert_eq!((routes(&host), host.stack.routes().len()), (routes_before, all_before));
    assert_eq!(host.stack.routes().generation(), generation);
    assert_eq!(addresses(&host), ["10.1.0.1/24", "(10.1.0.2/24)"]);
    let state = |host: &Host| {
        let record = *host.stack.interfaces().get(ETH0).unwrap().record(cidr("10.1.0.1/24")).unwrap();
        (record.state, record.lifetimes == Lifetimes::FOREVER)
    };
    host.wait(1_000_000);
    assert_eq!(state(&host), (AddressState::Deprecated, false));
    host.stack.replace_address_record(ETH0, Address::new(cidr("10.1.0.1/24"), host.now)).unwrap();
    assert_eq!(state(&host), (AddressState::Preferred, true));
    host.wait(2_000_000);
    assert_eq!(addresses(&host).len(), 2);
    let elsewhere = DeviceIndex(77);
    let new = Address::new(cidr("10.1.0.1/24"), host.now);
    assert_eq!(host.stack.replace_address_record(elsewhere, new), Err(ConfigError::NoSuchDevice));
}

#[test]
fn a_device_that_is_down_has_routes_to_itself_alone() {
    let mut host = with(&["10.5.0.1/24"]);
    host.stack.set_device_up(ETH0, false).unwrap();
    host.stack.add_address(ETH0, cidr("10.6.0.1/24")).unwrap();
    host.stack.remove_address(ETH0, cidr("10.5.0.1/24").address()).unwrap();
    assert_eq!(routes(&host), ["local 10.6.0.1 src 10.6.0.1"]);
    host.stack.set_device_up(ETH0, true).unwrap();
    let all =
        ["10.6.0.0/24 src 10.6.0.1", "broadcast 10.6.0.255 src 10.6.0.1", "local 10.6.0.1 src 10.6.0.1"];
    assert_eq!(routes(&host), all);
}

#[test]
fn two_devices_may_have_the_same_address() {
    let (mut host, _eth1) = Host::router();
    let eth1 = DeviceIndex(3);
    host.stack.add_address(eth1, IpCidr::new(US.into(), 24).unwrap()).unwrap();
    let local = |host: &Host| {
        host.stack.routes().iter().filter(|route| route.destination == IpCidr::host(US.into())).count()
    };
    assert_eq!(local(&host), 2);
    host.stack.remove_address(ETH0, US.into()).unwrap();
    assert_eq!(local(&host), 1);
}

#[test]
fn the_other_end_of_a_link_is_routed_to() {
    let mut host = with(&[]);
    let before = routes(&host);
    let peered = |host: &Host, peer: &str, len, metric| Address {
        peer: Some(peer.parse().unwrap()),
        broadcast: None,
        metric,
        ..Address::new(IpCidr::new("10.1.0.1".parse().unwrap(), len).unwrap(), host.now)
    };
    for (peer, len, metric) in [("10.7.0.2", 32, 0), ("10.7.0.3", 32, 0), ("10.8.0.9", 24, 7)] {
        let new = peered(&host, peer, len, metric);
        host.stack.add_address_record(ETH0, new).unwrap();
        assert_eq!(
            host.stack.add_address_record(ETH0, new),
            Err(ConfigError::AddressExists(new.ip())),
            "{peer}"
        );
    }
    let with_all = [
        "10.7.0.2/32 src 10.1.0.1",
        "10.7.0.3/32 src 10.1.0.1",
        "10.8.0.0/24 src 10.1.0.1",
        "broadcast 10.8.0.255 src 10.1.0.1",
        "local 10.1.0.1 src 10.1.0.1",
    ];
    assert_eq!(routes(&host), with_all);
    let metric = |host: &Host| {
        let network: IpCidr = "10.8.0.0/24".parse().unwrap();
        host.stack.routes().iter().find(|route| route.destination == network).unwrap().metric
    };
    assert_eq!(metric(&host), 7);
    let other = peered(&host, "10.8.0.9", 24, 9);
    host.stack.replace_address_record(ETH0, other).unwrap();
    assert_eq!((metric(&host), routes(&host).len()), (9, 5));
    // Another scope than the network has cannot be.
    let nearer = Address { scope: AddressScope::LINK, ..Address::new(cidr("10.8.0.1/24"), host.now) };
    let refused = Err(ConfigError::OtherScope(nearer.ip()));
    assert_eq!(host.stack.add_address_record(ETH0, nearer), refused);
    for peer in ["10.7.0.2", "10.7.0.3"] {
        let key = peered(&host, peer, 32, 0).key();
        host.stack.remove_address_of(ETH0, key).unwrap();
    }
    assert_eq!(routes(&host), with_all[2..]);
    host.stack.remove_address_of(ETH0, other.key()).unwrap();
    assert_eq!(routes(&host), before);
}

#[test]
fn an_address_of_the_link_is_no_source_for_far_away() {
    let mut host = with(&[]);
    let near = Address { scope: AddressScope::LINK, ..Address::new(cidr("10.5.0.1/24"), host.now) };
    host.stack.add_address_record(ETH0, near).unwrap();
    host.stack.add_address(ETH0, cidr("10.6.0.1/24")).unwrap();
    let far = Route::via(cidr("198.51.100.0/24"), Ipv4Addr::new(10, 5, 0, 9).into());
    host.stack.add_route(far).unwrap();
    for (to, expected) in [("198.51.100.1", "10.6.0.1"), ("10.5.0.7", "10.5.0.1")] {
        let found = host.stack.find_route(&FlowKey::to(to.parse().unwrap())).unwrap();
        assert_eq!(found.source, Some(expected.parse().unwrap()), "{to}");
    }
}

#[test]
fn labels_follow_their_device() {
    let mut host = with(&["10.5.0.1/24", "10.5.0.2/24"]);
    let label = |text| crate::device::Label::new(text);
    let third = Address { label: label("eth0:x"), ..Address::new(cidr("10.5.0.3/24"), host.now) };
    host.stack.add_address_record(ETH0, third).unwrap();
    host.stack.rename_device(ETH0, "lan").unwrap();
    let labels: Vec<_> =
        host.stack.interfaces().get(ETH0).unwrap().addresses().iter().map(|a| a.label).collect();
    assert_eq!(labels, [None, label("lan:2"), label("lan:x")]);
}
