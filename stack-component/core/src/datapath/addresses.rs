//! Addresses given, changed and taken, with what follows from them. Linux: `inet_insert_ifa`, `ipv6_add_addr`.

use super::{Context, address_routes, multicast};
use crate::device::{Address, AddressKey, AddressState, Detection};
use crate::packet::DeviceIndex;
use crate::route::RouteError;
use crate::time::{Duration, Instant};
use alloc::vec::Vec;
use core::net::IpAddr;

/// Gives a device an address, with the route to its network and, once it may be used, the one to itself. An IPv6
/// address is asked for on the link first. Linux: `inet_insert_ifa`, `ipv6_add_addr`.
pub(super) fn add(cx: &mut Context<'_>, device: DeviceIndex, mut address: Address) -> Result<(), RouteError> {
    let Some(interface) = cx.interfaces.get(device) else { return Ok(()) };
    if interface.record(address.key()).is_some() {
        return Err(RouteError::Exists);
    }
    address.flags.secondary = address.cidr.is_ipv4() && interface.primary_of(address.network()).is_some();
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
    address.follow_time(cx.now);
    match address.v6() {
        None => address_routes::announce_v4(cx, device, &address)?,
        Some(_) if address.is_usable() => address_routes::own(cx, device, &address)?,
        Some(_) => {}
    }
    if address.cidr.is_ipv6() && address.has_network_route() {
        address_routes::announce_network(cx, device, &address);
    }
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

/// Takes an address away, with the routes that came with it. Linux: `inet_del_ifa`, `ipv6_del_addr`.
pub(super) fn remove(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    key: impl Into<AddressKey>,
) -> Option<Address> {
    let interface = cx.interfaces.get(device)?;
    let address = *interface.record(key)?;
    if address.cidr.is_ipv4() {
        let is_primary = !address.flags.secondary;
        let network = address.network();
        let others: Vec<Address> =
            interface.secondaries_of(network).filter(|_| is_primary).copied().collect();
        if cx.sysctl.ipv4_device(device.0).promote_secondaries() {
            return replace_primary(cx, device, &address, &others);
        }
        for other in others {
            remove_alone(cx, device, &other);
        }
    }
    remove_alone(cx, device, &address);
    Some(address)
}

/// Takes a primary address of IPv4 away, or a secondary one, which has no others. The first of the others is the primary
/// one from now on, and all have their routes by it. Linux: `__inet_del_ifa` with `promote_secondaries`.
fn replace_primary(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    primary: &Address,
    others: &[Address],
) -> Option<Address> {
    let source = address_routes::source_of(cx, device, primary);
    remove_alone(cx, device, primary);
    for other in others {
        address_routes::withdraw_v4(cx, device, other, source);
    }
    let promoted = others.first().map(Address::key);
    if let (Some(key), Some(interface)) = (promoted, cx.interfaces.get_mut(device)) {
        interface.promote(key);
    }
    for other in others {
        let record = cx.interfaces.get(device).and_then(|interface| interface.record(other.key())).copied();
        if let Some(record) = record {
            // There was room for as many routes before.
            let _ = address_routes::announce_v4(cx, device, &record);
        }
    }
    Some(*primary)
}

fn remove_alone(cx: &mut Context<'_>, device: DeviceIndex, address: &Address) {
    let source = address_routes::source_of(cx, device, address);
    let ip = address.ip();
    if let Some(interface) = cx.interfaces.get_mut(device) {
        interface.remove_address(address.key());
    }
    match ip {
        IpAddr::V4(_) => address_routes::withdraw_v4(cx, device, address, source),
        IpAddr::V6(_) => address_routes::disown(cx, device, address),
    }
    // Another device may have it still.
    if !cx.routes.is_local(ip) {
        cx.routes.address_gone(ip);
    }
    // What was to last for a while lasts so long.
    if ip.is_ipv6() && address.has_network_route() && address.lifetimes.valid.is_none() {
        address_routes::release_network(cx, device, address);
    }
    multicast::address_removed(cx, device, ip);
}

/// Changes the record of an address, if there is one.
pub(super) fn with_record<R>(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    key: impl Into<AddressKey>,
    change: impl FnOnce(&mut Address) -> Option<R>,
) -> Option<R> {
    let addresses = cx.interfaces.get_mut(device)?.addresses_mut();
    let key = key.into();
    change(addresses.iter_mut().find(|address| address.is_at(key))?)
}

/// Whether routers are believed on a device: by hosts, unless the settings say otherwise. Linux: `ipv6_accept_ra`.
pub(super) fn accepts_advertisements(cx: &Context<'_>, device: DeviceIndex) -> bool {
    let conf = cx.sysctl.ipv6.of(device.0);
    if conf.forwarding { conf.accept_ra == 2 } else { conf.accept_ra > 0 }
}
