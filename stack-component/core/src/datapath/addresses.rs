//! Addresses given and taken, with the routes that follow from them. Linux: `inet_insert_ifa`, `ipv6_add_addr`.

use super::{Context, multicast};
use crate::device::{Address, AddressState, Detection, Interface};
use crate::packet::DeviceIndex;
use crate::route::{Meeting, Route, RouteError, RouteKind};
use crate::time::{Duration, Instant};
use crate::wire::cidr::IpCidr;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Gives a device an address, with the route to its network and, once it may be used, the one to itself. An IPv6
/// address is asked for on the link first. Linux: `inet_insert_ifa`, `ipv6_add_addr`.
pub(crate) fn add(cx: &mut Context<'_>, device: DeviceIndex, mut address: Address) -> Result<(), RouteError> {
    if cx.interfaces.get(device).is_some_and(|interface| interface.address(address.ip()).is_some()) {
        return Err(RouteError::Exists);
    }
    address.flags.optimistic &= may_be_optimistic(cx, device);
    if needs_detection(cx, device, &address) {
        address.state = AddressState::Tentative;
        let link_up = cx.interfaces.get(device).is_some_and(|interface| interface.link_up());
        let due = link_up.then(|| first_question(cx, device));
        let probes = cx.sysctl.ipv6.of(device.0).dad_transmits;
        address.detection = Some(Detection { probes, due, nonce: None });
    } else {
        address.flags.optimistic = false;
    }
    if address.is_usable() {
        own(cx, device, address.ip())?;
    }
    route_network(cx, device, &address);
    cx.autoconf.hasten(address.deadline());
    if let Some(interface) = cx.interfaces.get_mut(device) {
        interface.add_address(address);
    }
    multicast::address_added(cx, device, address.ip());
    Ok(())
}

/// Linux: `addrconf_dad_begin`.
fn needs_detection(cx: &Context<'_>, device: DeviceIndex, address: &Address) -> bool {
    let conf = cx.sysctl.ipv6.of(device.0);
    let wanted = cx.sysctl.ipv6.all.accept_dad >= 1 || conf.accept_dad >= 1;
    address.cidr.is_ipv6()
        && wanted
        && conf.dad_transmits > 0
        && !address.flags.no_dad
        && cx.interfaces.get(device).is_some_and(|interface| interface.has_neighbours())
}

/// Whether addresses that the stack makes itself are used while they are looked for: not by routers, on whom others
/// rely. Linux: `optimistic_dad`, `addrconf_add_linklocal`.
pub(super) fn may_be_optimistic(cx: &Context<'_>, device: DeviceIndex) -> bool {
    let wanted = cx.sysctl.ipv6.all.optimistic_dad || cx.sysctl.ipv6.of(device.0).optimistic_dad;
    wanted && !cx.sysctl.ipv6.all.forwarding
}

/// When the first question is asked: soon, but not by all hosts at once (RFC 4862 section 5.4.2). Linux:
/// `addrconf_dad_kick`.
pub(super) fn first_question(cx: &mut Context<'_>, device: DeviceIndex) -> Instant {
    let delay = cx.sysctl.ipv6.of(device.0).router_solicitation_delay.clamp(1, 3600);
    cx.now + Duration::from_millis(cx.random.below(delay * 1000).into())
}

/// Packets to an address are for us from now on. Linux: `fib_add_ifaddr`, `ip6_ins_rt`.
pub(super) fn own(cx: &mut Context<'_>, device: DeviceIndex, ip: IpAddr) -> Result<(), RouteError> {
    let source = ip.is_ipv4().then_some(ip);
    let route = Route::over(IpCidr::host(ip), RouteKind::Local, device).by_kernel();
    cx.routes.insert(Route { source, ..route }, Meeting::Add)
}

/// Packets to an address are for us no longer. Linux: `fib_del_ifaddr`, `ip6_del_rt`.
pub(super) fn disown(cx: &mut Context<'_>, device: DeviceIndex, ip: IpAddr) {
    let _ = cx.routes.remove(&Route::over(IpCidr::host(ip), RouteKind::Local, device).by_kernel());
}

/// The routes to everybody in an address's network. Linux: `fib_add_ifaddr`, `addrconf_prefix_route`.
fn route_network(cx: &mut Context<'_>, device: DeviceIndex, address: &Address) {
    let ip = address.ip();
    let loopback = device == DeviceIndex::LOOPBACK;
    let route = |destination, kind| Route {
        source: ip.is_ipv4().then_some(ip),
        ..Route::over(destination, kind, device).by_kernel()
    };
    // Two addresses of one network have the same of these.
    if let Some(everybody) = address.broadcast {
        let _ =
            cx.routes.insert(route(IpCidr::host(everybody.into()), RouteKind::Broadcast), Meeting::Append);
    }
    if !address.cidr.is_host() && !address.flags.no_prefix_route {
        let kind = if loopback { RouteKind::Local } else { RouteKind::Unicast };
        let to_network = Route { expires: address.lifetimes.valid, ..route(address.cidr.network(), kind) };
        // Two devices in one network have a route each (every link has fe80::/64), two addresses of one device share it.
        if ip.is_ipv4() || !cx.routes.has(&to_network) {
            let _ = cx.routes.insert(to_network, Meeting::Append);
        }
    }
}

/// Takes an address away, with the routes that came with it. Linux: `inet_del_ifa`, `ipv6_del_addr`.
pub(crate) fn remove(cx: &mut Context<'_>, device: DeviceIndex, ip: IpAddr) -> Option<Address> {
    let interface = cx.interfaces.get_mut(device)?;
    let others = secondaries(interface, ip);
    let address = interface.remove_address(ip)?;
    if !cx.sysctl.ipv4_device(device.0).promote_secondaries() {
        for other in others {
            remove(cx, device, other);
        }
    }
    let interface = cx.interfaces.get(device)?;
    let network = address.cidr.network();
    // What an advertisement said of the network lasts as long as it said.
    let has_route = |other: &Address| other.cidr.network() == network && !other.flags.no_prefix_route;
    let shared = interface.addresses().iter().any(has_route);
    disown(cx, device, ip);
    // Another device may have it still.
    if !cx.routes.is_local(ip) {
        cx.routes.address_gone(ip);
    }
    if ip.is_ipv6() && !shared && has_route(&address) && !address.cidr.is_host() {
        let _ = cx.routes.remove(&Route::over(network, RouteKind::Unicast, device).by_kernel());
    }
    multicast::address_removed(cx, device, ip);
    Some(address)
}

/// The addresses that go with a primary one of IPv4: the others of its network. Linux: `IFA_F_SECONDARY`.
fn secondaries(interface: &Interface, primary: IpAddr) -> Vec<IpAddr> {
    let network = interface.address(primary).map(|address| address.cidr.network());
    let same = interface.addresses().iter().filter(|address| Some(address.cidr.network()) == network);
    let mut same = same.map(Address::ip);
    match same.next() == Some(primary) && primary.is_ipv4() {
        true => same.collect(),
        false => Vec::new(),
    }
}

/// Changes the record of an address, if there is one.
pub(super) fn with_record<R>(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    ip: IpAddr,
    change: impl FnOnce(&mut Address) -> Option<R>,
) -> Option<R> {
    let addresses = cx.interfaces.get_mut(device)?.addresses_mut();
    change(addresses.iter_mut().find(|address| address.ip() == ip)?)
}

/// Whether routers are believed on a device: by hosts, unless the settings say otherwise. Linux: `ipv6_accept_ra`.
pub(super) fn accepts_advertisements(cx: &Context<'_>, device: DeviceIndex) -> bool {
    let conf = cx.sysctl.ipv6.of(device.0);
    if conf.forwarding { conf.accept_ra == 2 } else { conf.accept_ra > 0 }
}
