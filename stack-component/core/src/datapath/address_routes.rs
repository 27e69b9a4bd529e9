//! The routes that follow from addresses: to the address itself, to its network, to everybody in it. Linux:
//! `fib_add_ifaddr`, `fib_del_ifaddr`, `addrconf_prefix_route`, `cleanup_prefix_route`.

use super::Context;
use crate::device::{Address, Interface};
use crate::packet::DeviceIndex;
use crate::route::{Meeting, Preference, Route, RouteError, RouteKind};
use crate::time::Instant;
use crate::wire::cidr::IpCidr;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

/// What the hosts of an IPv4 network of ours are. Linux: `fib_add_ifaddr`.
fn kind_of_network(device: DeviceIndex) -> RouteKind {
    if device == DeviceIndex::LOOPBACK { RouteKind::Local } else { RouteKind::Unicast }
}

/// Where an IPv4 address wants routes to. One that goes with another leaves all but itself to that. Linux:
/// `fib_add_ifaddr`.
fn wanted(device: DeviceIndex, address: &Address) -> impl Iterator<Item = (IpCidr, RouteKind, u32)> + use<> {
    let host = |ip: Ipv4Addr| (IpCidr::host(ip.into()), RouteKind::Broadcast, 0);
    let named = address.broadcast.filter(|everybody| !everybody.is_broadcast());
    let network = address.network();
    let primary = !address.flags.secondary && has_network(address);
    let to_network = primary && !address.flags.no_prefix_route;
    let all = [
        Some((IpCidr::host(address.ip()), RouteKind::Local, 0)),
        named.map(host),
        to_network.then(|| (network, kind_of_network(device), address.metric)),
        network.broadcast().filter(|_| primary).map(host),
    ];
    all.into_iter().flatten()
}

/// Whether there is more in an IPv4 address's network than the address: others, or the other end of the link. Linux: the
/// conditions in `fib_add_ifaddr`, `ipv4_is_zeronet`.
fn has_network(address: &Address) -> bool {
    let network = address.network();
    let of_nobody = matches!(network.address(), IpAddr::V4(first) if first.octets()[0] == 0);
    !of_nobody && (network.address() != address.ip() || !network.is_host())
}

/// The address that packets by an IPv4 address's routes come from: the primary one of its network. Linux:
/// `inet_ifa_byprefix`.
fn source(interface: &Interface, address: &Address) -> IpAddr {
    let primary = interface.primary_of(address.network()).filter(|_| address.flags.secondary);
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
    for (destination, kind, metric) in wanted(device, address) {
        let route =
            Route { source: Some(source), metric, ..Route::over(destination, kind, device).by_kernel() };
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
    let shared = |route: &(IpCidr, RouteKind, u32)| {
        let wants = |other: &&Address| {
            other.cidr.is_ipv4() && wanted(device, other).any(|of_other| of_other == *route)
        };
        interface.addresses().iter().filter(wants).any(|other| self::source(interface, other) == source)
    };
    let gone: Vec<_> = wanted(device, address).filter(|route| !shared(route)).collect();
    for (destination, kind, metric) in gone {
        let route = Route::over(destination, kind, device).by_kernel();
        cx.routes.withdraw(device, &Route { source: Some(source), metric, ..route });
    }
}

/// The route to an IPv4 address's network has another metric. Linux: `fib_modify_prefix_metric`.
pub(super) fn change_metric(cx: &mut Context<'_>, device: DeviceIndex, before: &Address, metric: u32) {
    let is_alone = before.flags.secondary || before.flags.no_prefix_route || !has_network(before);
    if is_alone || before.metric == metric {
        return;
    }
    let route = Route::over(before.network(), kind_of_network(device), device).by_kernel();
    let route = Route { source: Some(before.ip()), ..route };
    cx.routes.withdraw(device, &Route { metric: before.metric, ..route.clone() });
    // There was room for it before.
    let _ = put(cx, device, Route { metric, ..route });
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

/// Packets to an IPv6 address are for us from now on, and the other end of its link is a neighbour. Linux:
/// `__ipv6_ifa_notify`.
pub(super) fn own(cx: &mut Context<'_>, device: DeviceIndex, address: &Address) -> Result<(), RouteError> {
    put(cx, device, to_itself(device, address))?;
    to_peer(device, address).map_or(Ok(()), |route| put(cx, device, route))
}

/// Packets to an IPv6 address are for us no longer. Linux: `__ipv6_ifa_notify`.
pub(super) fn disown(cx: &mut Context<'_>, device: DeviceIndex, address: &Address) {
    cx.routes.withdraw(device, &to_itself(device, address));
    if let Some(route) = to_peer(device, address) {
        cx.routes.withdraw(device, &route);
    }
}

/// The routes of an IPv6 address whose other end or metric is another one now. That to its network follows by
/// [`prolong_network`]. Linux: `inet6_addr_modify`, which may leave the route to the end that was before.
pub(super) fn redirect(cx: &mut Context<'_>, device: DeviceIndex, before: &Address, after: &Address) {
    if before.metric != after.metric && before.has_network_route() {
        release_network(cx, device, before);
    }
    if let Some(route) = to_peer(device, before) {
        cx.routes.withdraw(device, &route);
    }
    if let Some(route) = to_peer(device, after).filter(|_| after.is_usable()) {
        // What cannot be added is missed by those who send there.
        let _ = put(cx, device, route);
    }
}

fn to_itself(device: DeviceIndex, address: &Address) -> Route {
    Route::over(IpCidr::host(address.ip()), RouteKind::Local, device).by_kernel()
}

fn to_peer(device: DeviceIndex, address: &Address) -> Option<Route> {
    let peer = IpCidr::host(address.peer?);
    Some(Route { metric: metric(address), ..Route::over(peer, RouteKind::Unicast, device).by_kernel() })
}

fn to_network(device: DeviceIndex, address: &Address) -> Route {
    let route = Route::over(address.network(), RouteKind::Unicast, device).by_kernel();
    Route { metric: metric(address), ..route }
}

/// The metric of the route to an IPv6 address's network.
fn metric(address: &Address) -> u32 {
    if address.metric == 0 { Route::METRIC_V6_KERNEL } else { address.metric }
}

/// The hosts of an IPv6 address's network are neighbours, for as long as the longest of the addresses that say so.
/// Linux: `addrconf_prefix_route`, where `fib6_add_rt2node` meets the same route.
pub(super) fn announce_network(cx: &mut Context<'_>, device: DeviceIndex, address: &Address) {
    let route = to_network(device, address);
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
    let route = to_network(device, address);
    if !cx.routes.renew(&route, address.lifetimes.valid, Preference::Medium) {
        announce_network(cx, device, address);
    }
}

/// An address of a network that was there for ever is gone, or minds its network no more: the route lasts as long as
/// others do. Linux: `check_cleanup_prefix_route`, `cleanup_prefix_route`.
pub(super) fn release_network(cx: &mut Context<'_>, device: DeviceIndex, address: &Address) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let is_other = |other: &&Address| {
        let network = address.network();
        other.ip() != address.ip() && other.network() == network && metric(other) == metric(address)
    };
    let others: Vec<&Address> = interface.addresses().iter().filter(is_other).collect();
    let keeps = |other: &&Address| other.lifetimes.valid.is_none() || other.flags.no_prefix_route;
    if others.iter().any(keeps) {
        return;
    }
    let longest: Option<Instant> = others.iter().filter_map(|other| other.lifetimes.valid).max();
    let route = to_network(device, address);
    match longest {
        None => cx.routes.withdraw(device, &route),
        expires => {
            cx.routes.renew(&route, expires, Preference::Medium);
        }
    }
}
