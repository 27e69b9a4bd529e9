//! What advertisements leave alone: what was given by hand.

use super::ipv6::{ROUTER, addresses, fresh, router_says, state_of};
use super::*;
use crate::device::AddressState;
use crate::route::{Hop, Route, RouteProtocol};
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
