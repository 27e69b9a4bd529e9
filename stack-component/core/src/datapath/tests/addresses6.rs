//! What becomes of networks and temporary addresses when IPv6 addresses come, change and go. The ends of routes are those
//! of `ip -6 route` where Linux was told the same.

use super::ipv6::{ROUTER, addresses, fresh, icmp6, router_says};
use super::*;
use crate::device::{Address, AddressState, Lifetimes};
use crate::route::Route;
use crate::stack::ConfigError;
use crate::wire::cidr::IpCidr;
use crate::wire::{ipv6, ndp};
use alloc::string::ToString;

const NETWORK: &str = "fd01::/64";

/// The routes to a network, each with the seconds for which it will be there; 0 is for ever.
fn ends(host: &Host, network: &str) -> Vec<u64> {
    let network: IpCidr = network.parse().unwrap();
    let all = host.stack.routes().iter().filter(|route: &Route| route.destination == network);
    all.map(|route| route.expires.map_or(0, |end| end.since(host.now).as_secs())).collect()
}

/// An address that lasts so many seconds; 0 is for ever.
fn record(host: &Host, cidr: &str, valid: u32) -> Address {
    let seconds = if valid == 0 { u32::MAX } else { valid };
    let lifetimes = Lifetimes::from_seconds(host.now, seconds, seconds);
    Address { lifetimes, ..Address::new(cidr.parse().unwrap(), host.now) }
}

fn temporary(host: &Host) -> Vec<Address> {
    let all = host.stack.interfaces().get(ETH0).unwrap().addresses().iter();
    all.filter(|address| address.flags.temporary).copied().collect()
}

#[test]
fn a_network_lasts_as_long_as_its_addresses_say() {
    let mut host = fresh(&[("accept_dad", "0")]);
    // The address, its seconds, whether it minds its network, and how long that is there then.
    let rows: [(&str, u32, bool, &[u64]); 8] = [
        ("fd01::1/64", 0, true, &[0]),
        ("fd01::1/64", 1000, true, &[1000]),
        ("fd01::2/64", 2000, true, &[2000]),
        ("fd01::2/64", 4000, true, &[4000]),
        ("fd01::2/64", 0, true, &[0]),
        ("fd01::2/64", 0, false, &[1000]),
        ("fd01::1/64", 0, false, &[1000]),
        ("fd01::1/80", 0, true, &[0]),
    ];
    for (cidr, valid, minds, expected) in rows {
        let mut new = record(&host, cidr, valid);
        new.flags.no_prefix_route = !minds;
        host.stack.replace_address_record(ETH0, new).unwrap();
        assert_eq!(ends(&host, NETWORK), expected, "{cidr} {valid} {minds}");
    }
    assert_eq!(addresses(&host)[..2], ["fd01::2/64", "fd01::1/64"]);
    // The other minds no network, but counts.
    host.stack.remove_address(ETH0, "fd01::1".parse().unwrap()).unwrap();
    assert_eq!(ends(&host, NETWORK), [0]);
    host.stack.replace_address_record(ETH0, record(&host, "fd01::2/64", 0)).unwrap();
    host.stack.remove_address(ETH0, "fd01::2".parse().unwrap()).unwrap();
    assert_eq!(ends(&host, NETWORK), [0; 0]);
    // One that is alone in its network has a route like others.
    host.stack.add_address_record(ETH0, record(&host, "fd01::4/128", 0)).unwrap();
    assert_eq!(ends(&host, "fd01::4/128"), [0, 0]);
    host.stack.remove_address(ETH0, "fd01::4".parse().unwrap()).unwrap();
    assert_eq!(ends(&host, "fd01::4/128"), [0; 0]);
    host.stack.add_address_record(ETH0, record(&host, "fd01::3/64", 100)).unwrap();
    host.stack.remove_address(ETH0, "fd01::3".parse().unwrap()).unwrap();
    assert_eq!(ends(&host, NETWORK), [100], "what was to last for a while does");
}

#[test]
fn an_address_that_lasts_a_while_shortens_nobodys_network() {
    let mut host = fresh(&[("accept_dad", "0")]);
    for (cidr, valid) in [("fd01::1/64", 0), ("fd01::2/64", 1000), ("fd01::2/64", 20)] {
        let new = record(&host, cidr, valid);
        host.stack.replace_address_record(ETH0, new).unwrap();
        assert_eq!(ends(&host, NETWORK), [0], "{cidr} {valid}");
    }
}

#[test]
fn an_address_that_is_changed_is_not_asked_for_again() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    host.stack.add_address(ETH0, "fd01::1/64".parse().unwrap()).unwrap();
    host.wait(3_000);
    host.sent();
    let mut new = record(&host, "fd01::1/64", 100);
    new.lifetimes.preferred = Some(host.now);
    new.flags.optimistic = true;
    host.stack.replace_address_record(ETH0, new).unwrap();
    let known = *host.stack.interfaces().get(ETH0).unwrap().record(new.cidr).unwrap();
    assert_eq!((known.state, known.flags.optimistic), (AddressState::Deprecated, false));
    host.wait(2_000);
    assert_eq!(host.sent(), [""; 0]);
    assert!(matches!(
        host.stack.routes().lookup(&crate::route::FlowKey::to(known.ip())),
        Ok(crate::route::Destination::Local { .. })
    ));
}

#[test]
fn temporary_addresses_beside_one_that_was_given_by_hand() {
    let mut host = fresh(&[("accept_dad", "0"), ("use_tempaddr", "1")]);
    let managed = |host: &Host, valid| {
        let mut address = record(host, "fd03::1/64", valid);
        address.flags.manage_temporary = true;
        address
    };
    host.stack.add_address_record(ETH0, managed(&host, 5000)).unwrap();
    let seconds = |host: &Host| {
        temporary(host)
            .iter()
            .map(|address| address.lifetimes.valid.unwrap().since(host.now).as_secs())
            .collect::<Vec<_>>()
    };
    assert_eq!(seconds(&host), [5000]);
    host.stack.replace_address_record(ETH0, managed(&host, 15_000)).unwrap();
    assert_eq!(seconds(&host), [15_000]);
    host.stack.replace_address_record(ETH0, record(&host, "fd03::1/64", 0)).unwrap();
    assert_eq!(seconds(&host), [0; 0]);
    host.stack.replace_address_record(ETH0, managed(&host, 0)).unwrap();
    assert_eq!(seconds(&host), [604_800]);
    host.stack.remove_address(ETH0, "fd03::1".parse().unwrap()).unwrap();
    assert_eq!((seconds(&host).len(), ends(&host, "fd03::/64")), (0, vec![]));
    let mut wide = managed(&host, 0);
    wide.cidr = "fd03::1/80".parse().unwrap();
    assert_eq!(host.stack.add_address_record(ETH0, wide), Err(ConfigError::NothingBeside(wide.ip())));
}

#[test]
fn temporary_addresses_are_made_when_they_are_wanted_later() {
    let mut host = fresh(&[("accept_dad", "0")]);
    host.wait(3_000);
    let says = || router_says(9000, Some(("2001:db8:1::", 9000, 8000)), &[]);
    host.arrive(says());
    assert_eq!(temporary(&host).len(), 0);
    host.stack.set_sysctl("net.ipv6.conf.eth0.use_tempaddr", "2").unwrap();
    host.arrive(says());
    host.arrive(says());
    assert_eq!(temporary(&host).len(), 1);
    let made = temporary(&host)[0];
    host.stack.remove_address(ETH0, made.ip()).unwrap();
    host.arrive(says());
    assert_eq!(temporary(&host).len(), 1);
    assert_ne!(temporary(&host)[0].cidr, made.cidr);
}

/// Nothing else is due by which its time would be noticed.
#[test]
fn a_temporary_address_has_a_successor_in_time() {
    let short = [("temp_prefered_lft", "1000"), ("max_desync_factor", "0"), ("router_solicitations", "0")];
    let mut host = fresh(&[&[("accept_dad", "0"), ("use_tempaddr", "2")][..], &short].concat());
    host.wait(3_000);
    host.arrive(router_says(9000, Some(("2001:db8:1::", u32::MAX, u32::MAX)), &[]));
    assert_eq!(temporary(&host).len(), 1);
    for made in 2..=4 {
        host.wait(996_000);
        let preferred = temporary(&host).iter().filter(|address| !address.is_deprecated()).count();
        assert_eq!((temporary(&host).len(), preferred >= 1), (made, true));
    }
}

#[test]
fn a_network_that_is_not_on_the_link_does_not_get_there_by_its_addresses() {
    let mut host = fresh(&[("accept_dad", "0"), ("use_tempaddr", "2")]);
    host.wait(3_000);
    // Autonomous, not on the link: for an hour.
    let mut message = vec![134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(&[3, 4, 64, 0x40, 0, 0, 14, 16, 0, 0, 14, 16, 0, 0, 0, 0]);
    message.extend_from_slice(&[0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    host.arrive(icmp6(ROUTER, ipv6::ALL_NODES, ndp::HOP_LIMIT, &message));
    let made =
        host.stack.interfaces().get(ETH0).unwrap().addresses().iter().filter(|address| address.flags.dynamic);
    assert_eq!(made.clone().count(), 2);
    assert!(made.clone().all(|address| !address.flags.no_prefix_route), "nobody asked for that");
    assert_eq!(ends(&host, "2001:db8:1::/64"), [0; 0]);
}

#[test]
fn the_other_end_of_a_link_is_a_neighbour() {
    let mut host = fresh(&[("accept_dad", "0")]);
    let metrics = |host: &Host| -> Vec<(String, u32)> {
        let far = |route: &Route| route.destination.address().to_string().starts_with("fd0");
        let unicast = host.stack.routes().iter().filter(|route: &Route| far(route) && route.metric > 0);
        unicast.map(|route| (route.destination.to_string(), route.metric)).collect()
    };
    let row = |destination: &str, metric| (String::from(destination), metric);
    let peer = |text: &str| Some(text.parse().unwrap());
    let first = Address { peer: peer("fd02::2"), metric: 99, ..record(&host, "fd01::1/64", 0) };
    host.stack.add_address_record(ETH0, first).unwrap();
    assert_eq!(metrics(&host), [row("fd01::/64", 99), row("fd02::2/128", 99)]);
    // What is not said stays.
    let second = Address { peer: peer("fd03::2"), ..record(&host, "fd01::1/64", 0) };
    host.stack.replace_address_record(ETH0, second).unwrap();
    assert_eq!(metrics(&host), [row("fd01::/64", 99), row("fd03::2/128", 99)]);
    let third = Address { metric: 5, ..record(&host, "fd01::1/64", 0) };
    host.stack.replace_address_record(ETH0, third).unwrap();
    assert_eq!(metrics(&host), [row("fd01::/64", 5), row("fd03::2/128", 5)]);
    host.stack.remove_address(ETH0, "fd01::1".parse().unwrap()).unwrap();
    assert_eq!(metrics(&host), []);
}
