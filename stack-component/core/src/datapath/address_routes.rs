//! The routes that follow from addresses: to the address itself, to its network, to everybody in it. Linux:
//! `fib_add_ifaddr`, `fib_del_ifaddr`, `addrconf_prefix_route`, `cleanup_prefix_route`.

use super::Context;
use crate::device::{Address, Interface};
use crate::packet::DeviceIndex;
use crate::route::{Meeting, Preference, Route, RouteError, RouteKind};
use crate::time::Instant;
use crate::wire::cidr::IpCidr;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the hosts of an IPv4 network of ours are. Linux: `fib_add_ifaddr`.
fn kind_of_network(device: DeviceIndex) -> RouteKind {
    if device == DeviceIndex::LOOPBACK { RouteKind::Local } else { RouteKind::Unicast }
}

/// Where an IPv4 address wants routes to. One that goes with another leaves all but itself to that. Linux:
/// `fib_add_ifaddr`.
fn wanted(device: DeviceIndex, address: &Address) -> impl Iterator<Item = (IpCidr, RouteKind)> + use<> {
    let cidr = address.cidr;
    let host = |ip: Ipv4Addr| (IpCidr::host(ip.into()), RouteKind::Broadcast);
    let named = address.broadcast.filter(|everybody| !everybody.is_broadcast());
    let primary = !address.flags.secondary && !cidr.is_host();
    let network = primary && !address.flags.no_prefix_route;
    let all = [
        Some((IpCidr::host(cidr.address()), RouteKind::Local)),
        named.map(host),
        network.then(|| (cidr.network(), kind_of_network(device))),
        cidr.broadcast().filter(|_| primary).map(host),
    ];
    all.into_iter().flatten()
}

/// The address that packets by an IPv4 address's routes come from: the primary one of its network. Linux:
/// `inet_ifa_byprefix`.
fn source(interface: &Interface, address: &Address) -> IpAddr {
    let primary = interface.primary_of(address.cidr.network()).filter(|_| address.flags.secondary);
    primary.unwrap_or(address).ip()
}

/// An IPv4 address has its routes from now on; it is among those of its device. Linux: `fib_add_ifaddr`.
pub(super) fn announce_v4(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    address: &Address,
) -> Result<(), RouteError> {
    let Some(interface) = cx.interfaces.get(device) else { return Ok(()) };
    let source = source(interface, address);
    let mut result = Ok(());
    for (destination, kind) in wanted(device, address) {
        let route = Route { source: Some(source), ..Route::over(destination, kind, device).by_kernel() };
        result = result.and_then(|()| put(cx, device, route));
    }
    if result.is_err() {
        withdraw_v4(cx, device, address, source);
    }
    result
}

/// An IPv4 address, no longer one of its device, has no routes any more, but for those that others want, too. They named
/// `source`. Linux: `fib_del_ifaddr`.
pub(super) fn withdraw_v4(cx: &mut Context<'_>, device: DeviceIndex, address: &Address, source: IpAddr) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let shared = |route: &(IpCidr, RouteKind)| {
        let wants = |other: &&Address| {
            other.cidr.is_ipv4() && wanted(device, other).any(|of_other| of_other == *route)
        };
        interface.addresses().iter().filter(wants).any(|other| self::source(interface, other) == source)
    };
    let gone: Vec<_> = wanted(device, address).filter(|route| !shared(route)).collect();
    for (destination, kind) in gone {
        let route = Route::over(destination, kind, device).by_kernel();
        cx.routes.withdraw(device, &Route { source: Some(source), ..route });
    }
}

/// The address that an address's routes name.
pub(super) fn source_of(cx: &Context<'_>, device: DeviceIndex, address: &Address) -> IpAddr {
    cx.interfaces.get(device).map_or(address.ip(), |interface| source(interface, address))
}

/// A route that is not there yet, or that is kept until its device works.
fn put(cx: &mut Context<'_>, device: DeviceIndex, route: Route) -> Result<(), RouteError> {
    let works = cx.interfaces.get(device).is_some_and(Interface::is_up);
    if !works && route.kind != RouteKind::Local {
        cx.routes.rest(device, route);
        return Ok(());
    }
    match cx.routes.insert(route, Meeting::Append) {
        Err(RouteError::Exists) => Ok(()),
        result => result,
    }
}

/// Packets to an IPv6 address are for us from now on. Linux: `ip6_ins_rt`.
pub(super) fn own(cx: &mut Context<'_>, device: DeviceIndex, ip: Ipv6Addr) -> Result<(), RouteError> {
    put(cx, device, Route::over(IpCidr::host(ip.into()), RouteKind::Local, device).by_kernel())
}

/// Packets to an IPv6 address are for us no longer. Linux: `ip6_del_rt`.
pub(super) fn disown(cx: &mut Context<'_>, device: DeviceIndex, ip: Ipv6Addr) {
    let route = Route::over(IpCidr::host(ip.into()), RouteKind::Local, device).by_kernel();
    cx.routes.withdraw(device, &route);
}

fn to_network(device: DeviceIndex, network: IpCidr) -> Route {
    Route::over(network, RouteKind::Unicast, device).by_kernel()
}

/// The hosts of an IPv6 address's network are neighbours, for as long as the longest of the addresses that say so.
/// Linux: `addrconf_prefix_route`, where `fib6_add_rt2node` meets the same route.
pub(super) fn announce_network(cx: &mut Context<'_>, device: DeviceIndex, address: &Address) {
    let route = to_network(device, address.cidr.network());
    let expires = address.lifetimes.valid;
    match cx.routes.get(&route).map(|known| known.expires) {
        Some(None) => {}
        Some(Some(_)) => {
            cx.routes.renew(&route, expires, Preference::Medium);
        }
        // What cannot be added is missed by those who send there.
        None => drop(put(cx, device, Route { expires, ..route })),
    }
}

/// An IPv6 address has another time to live, and its network with it. Linux: `modify_prefix_route`.
pub(super) fn prolong_network(cx: &mut Context<'_>, device: DeviceIndex, address: &Address) {
    let route = to_network(device, address.cidr.network());
    if !cx.routes.renew(&route, address.lifetimes.valid, Preference::Medium) {
        announce_network(cx, device, address);
    }
}

/// An address of a network that was there for ever is gone, or minds its network no more: the route lasts as long as
/// others do. Linux: `check_cleanup_prefix_route`, `cleanup_prefix_route`.
pub(super) fn release_network(cx: &mut Context<'_>, device: DeviceIndex, address: &Address) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let network = address.cidr.network();
    let is_other = |other: &&Address| other.ip() != address.ip() && other.cidr.network() == network;
    let others: Vec<&Address> = interface.addresses().iter().filter(is_other).collect();
    let keeps = |other: &&Address| other.lifetimes.valid.is_none() || other.flags.no_prefix_route;
    if others.iter().any(keeps) {
        return;
    }
    let longest: Option<Instant> = others.iter().filter_map(|other| other.lifetimes.valid).max();
    let route = to_network(device, network);
    match longest {
        None => cx.routes.withdraw(device, &route),
        expires => {
            cx.routes.renew(&route, expires, Preference::Medium);
        }
    }
}
