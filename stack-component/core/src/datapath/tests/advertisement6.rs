//! What advertisements leave alone: what was given by hand, and what they say again.

use super::ipv6::{ROUTER, addresses, discovery, fresh, router_says, state_of};
use super::*;
use crate::device::AddressState;
use crate::ignore_reason::IgnoreReason;
use crate::journal::Event;
use crate::neighbour::nd;
use crate::route::{Hop, Preference, Route, RouteProtocol};
use crate::stack::{ChangeGroups, Changed};
use crate::time::Duration;
use crate::wire::cidr::IpCidr;

/// The address that an advertisement of this network would make.
const MADE: &str = "2001:db8:1::ff:fe00:1";
const NETWORK: &str = "2001:db8:1::/64";

fn routes_to(host: &Host, destination: &str) -> Vec<Route> {
    let destination: IpCidr = destination.parse().unwrap();
    host.stack.routes().iter().filter(|route| route.destination == destination).collect()
}

#[test]
fn a_default_route_by_hand_stays_whatever_its_router_says() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    let hop = Hop { gateway: Some(ROUTER.into()), ..Hop::over(ETH0) };
    let route = Route::via(IpCidr::ALL_V6, ROUTER.into());
    host.stack.add_route(Route { hops: vec![hop], ..route }).unwrap();
    let protocols = |host: &Host| -> Vec<_> {
        routes_to(host, "::/0").into_iter().map(|route| (route.protocol, route.hops.len())).collect()
    };
    host.arrive(router_says(1800, None, &[]));
    let (by_hand, learnt) = ((RouteProtocol::Boot, 1), (RouteProtocol::RouterAdvertisement, 1));
    assert_eq!(protocols(&host), [by_hand, learnt]);
    host.arrive(router_says(0, None, &[]));
    assert_eq!(protocols(&host), [by_hand]);
}

#[test]
fn a_network_by_hand_stays_on_the_link() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    host.stack.add_address(ETH0, "2001:db8:1::7/64".parse().unwrap()).unwrap();
    for valid in [3600, 0] {
        host.arrive(router_says(100, Some(("2001:db8:1::", valid, 0)), &[]));
        let routes = routes_to(&host, NETWORK);
        assert!(matches!(&routes[..], [one] if one.expires.is_none()), "{routes:?}");
    }
}

#[test]
fn an_address_that_is_there_is_not_made_again() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    host.stack.add_address(ETH0, alloc::format!("{MADE}/64").parse().unwrap()).unwrap();
    host.wait(3_000);
    host.arrive(router_says(100, Some(("2001:db8:1::", 3600, 1800)), &[]));
    assert_eq!(addresses(&host).iter().filter(|address| address.starts_with(MADE)).count(), 1);
    assert_eq!(state_of(&host, MADE), Some(AddressState::Preferred));
}

#[test]
fn a_network_of_a_router_outlives_the_address_in_it() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    host.arrive(router_says(100, Some(("2001:db8:1::", 3600, 1800)), &[]));
    host.wait(3_000);
    host.stack.remove_address(ETH0, MADE.parse().unwrap()).unwrap();
    assert_eq!(routes_to(&host, NETWORK).len(), 1);
    host.arrive(router_says(100, Some(("2001:db8:1::", 0, 0)), &[]));
    assert_eq!(routes_to(&host, NETWORK).len(), 0);
}

#[test]
fn what_is_passed_over_is_counted() {
    let mut host = fresh(&[("max_addresses", "1")]);
    host.wait(3_000);
    let odd = [
        // Another length than the type has, a type of tomorrow, an MTU of 9000.
        &[5, 2, 0, 0, 0, 0, 5, 220, 0, 0, 0, 0, 0, 0, 0, 0][..],
        &[200, 1, 0, 0, 0, 0, 0, 0],
        &[5, 1, 0, 0, 0, 0, 0x23, 0x28],
    ];
    host.arrive(router_says(100, Some(("2001:db8:1::", 3600, 1800)), &odd.concat()));
    host.arrive(router_says(100, Some(("2001:db8:2::", 3600, 1800)), &[]));
    host.arrive(router_says(100, Some(("fe80::", 3600, 1800)), &[]));
    let once = [
        IgnoreReason::NdOptionMalformed,
        IgnoreReason::NdOptionUnknown,
        IgnoreReason::RaMtuUnbelievable,
        IgnoreReason::RaTooManyAddresses,
        IgnoreReason::RaPrefixUnbelievable,
    ];
    for &reason in IgnoreReason::ALL {
        let expected = u64::from(once.contains(&reason));
        assert_eq!(host.stack.counters().ignored(reason), expected, "{}", reason.name());
    }
    assert!(addresses(&host).contains(&alloc::format!("{MADE}/64")), "the rest was heard");
}

/// What changed about routes since the last time: the event and the destination.
fn route_changes(host: &mut Host, subscriber: crate::stack::SubscriberHandle) -> Vec<(Event, String)> {
    host.stack.take_wakeups();
    let (changes, _) = host.stack.take_changes(subscriber, usize::MAX);
    let route = |change: Arc<crate::stack::Change>| match &change.what {
        Changed::Route(route) => Some((change.event, alloc::format!("{}", route.destination))),
        _ => None,
    };
    changes.into_iter().filter_map(route).collect()
}

#[test]
fn what_a_router_says_again_lasts_longer_and_is_no_news() {
    let mut host = fresh(&[("accept_ra_rt_info_max_plen", "64")]);
    host.wait(3_000);
    let groups = ChangeGroups { routes: true, ..ChangeGroups::default() };
    let subscriber = host.stack.subscribe(groups).unwrap();
    // A route to 2001:db8:2::/48 for 10 minutes, and then for 20 with a higher preference.
    let route = |preference, seconds: u16| {
        let [high, low] = seconds.to_be_bytes();
        [24, 2, 48, preference, 0, 0, high, low, 0x20, 1, 0xd, 0xb8, 0, 2, 0, 0]
    };
    let prefix = |valid| Some(("2001:db8:1::", valid, 0));
    let mtu = [5, 1, 0, 0, 0, 0, 5, 100];
    host.arrive(router_says(100, prefix(3600), &[&route(0, 600)[..], &mtu].concat()));
    let new: Vec<String> = route_changes(&mut host, subscriber).into_iter().map(|(_, to)| to).collect();
    assert!(
        ["::/0", NETWORK, "2001:db8:2::/48"].iter().all(|to| new.iter().any(|known| known == to)),
        "{new:?}"
    );
    host.wait(50_000);
    route_changes(&mut host, subscriber);
    let generation = host.stack.routes().generation();
    host.arrive(router_says(200, prefix(7200), &[&route(0, 1200)[..], &mtu].concat()));
    assert_eq!(host.stack.routes().generation(), generation, "what is remembered of destinations is right");
    host.arrive(router_says(200, prefix(7200), &route(8, 1200)));
    assert_eq!(route_changes(&mut host, subscriber), []);
    let after = |seconds| Some(host.now + Duration::from_secs(seconds));
    let of = |to| routes_to(&host, to).pop().map(|route| (route.expires, route.preference)).unwrap();
    assert_eq!(of("::/0"), (after(200), Preference::Medium));
    assert_eq!(of(NETWORK), (after(7200), Preference::Medium));
    assert_eq!(of("2001:db8:2::/48"), (after(1200), Preference::High));
    host.wait(201_000);
    assert_eq!(route_changes(&mut host, subscriber), [(Event::Gone, "::/0".into())]);
}

#[test]
fn who_is_no_router_takes_its_default_route_along_and_touches_no_other() {
    let mut host = fresh(&[("accept_ra_rt_info_max_plen", "64")]);
    host.wait(3_000);
    let (to, fields) = nd::announcement(PEER_MAC, ROUTER, false);
    let no_router = discovery(ROUTER, to, fields);
    let route = [24, 2, 48, 0, 0, 0, 9, 9, 0x20, 1, 0xd, 0xb8, 0, 2, 0, 0];
    host.arrive(router_says(1800, None, &route));
    host.arrive(no_router.clone());
    assert_eq!((routes_to(&host, "::/0").len(), routes_to(&host, "2001:db8:2::/48").len()), (0, 1));
    // It says that it is one, and gives no route; and that it is none.
    host.arrive(router_says(0, None, &[]));
    let before = host.stack.routes().generation();
    host.arrive(no_router);
    assert_eq!(host.stack.routes().generation(), before, "there was nothing to be looked for");
}

#[test]
fn a_link_that_comes_and_goes_does_not_let_more_routes_in() {
    let mut host = fresh(&[]);
    for flap in 0..4u8 {
        host.wait(3_000);
        for network in 0..40 {
            let prefix = alloc::format!("2001:db8:{flap:x}:{network:x}::");
            host.arrive(router_says(100, Some((&prefix, 3600, 0)), &[]));
        }
        host.eth0.wire().up = false;
        host.poll();
        host.eth0.wire().up = true;
        host.poll();
    }
    let learnt = host.stack.routes().iter().filter(|route| route.expires.is_some()).count();
    assert_eq!(learnt, 64 + 1);
}
