//! Addresses that somebody gives, changes and takes, with the temporary ones beside them. Linux: `inet_rtm_newaddr`,
//! `inet6_rtm_newaddr`.

use super::addresses::{add, remove, with_record};
use super::{Context, address_routes, temporary};
use crate::device::{Address, AddressKey, AddressState};
use crate::packet::DeviceIndex;
use crate::route::RouteError;
use core::net::{IpAddr, Ipv6Addr};

/// Gives a device an address, as somebody asks for it, and the temporary ones beside it. Linux: `inet_rtm_newaddr`,
/// `inet6_addr_add`.
pub(crate) fn give(cx: &mut Context<'_>, device: DeviceIndex, address: Address) -> Result<(), RouteError> {
    add(cx, device, address)?;
    if let (Some(public), true) = (address.v6(), address.flags.manage_temporary) {
        temporary::manage(cx, device, public, address.lifetimes, true);
    }
    Ok(())
}

/// Takes an address away, as somebody asks for it, and the temporary ones beside it. Linux: `inet_rtm_deladdr`,
/// `inet6_addr_del`.
pub(crate) fn take(cx: &mut Context<'_>, device: DeviceIndex, key: AddressKey) -> Option<Address> {
    // First the others: the route to their network is to go with this one.
    if let IpAddr::V6(public) = key.cidr.address() {
        temporary::forget(cx, device, public);
    }
    remove(cx, device, key)
}

/// Gives an address of a device that is there already what is said of it anew, without taking anything away that stays.
/// Of IPv4 that is how long it lasts. Linux: `inet_rtm_newaddr`, `inet6_addr_modify`.
pub(crate) fn change(cx: &mut Context<'_>, device: DeviceIndex, new: &Address) {
    let Some(before) = cx.interfaces.get(device).and_then(|interface| interface.record(new.key())).copied()
    else {
        return;
    };
    let (lifetimes, protocol) = (new.lifetimes, new.protocol);
    let mut after = Address { lifetimes, protocol, updated: cx.now, ..before };
    if before.cidr.is_ipv6() {
        let flags = &mut after.flags;
        (flags.no_dad, flags.no_prefix_route) = (new.flags.no_dad, new.flags.no_prefix_route);
        flags.manage_temporary = new.flags.manage_temporary;
        flags.optimistic |= new.flags.optimistic && before.state == AddressState::Tentative;
        // From now on it is somebody's, and not a router's.
        flags.dynamic = false;
        after.peer = new.peer.or(before.peer);
        after.metric = if new.metric == 0 { before.metric } else { new.metric };
    } else {
        after.metric = new.metric;
    }
    after.follow_time(cx.now);
    with_record(cx, device, before.key(), |address| {
        *address = after;
        Some(())
    });
    cx.autoconf.hasten(after.deadline());
    match after.v6() {
        Some(public) => follow_change(cx, device, public, (&before, &after)),
        None => address_routes::change_metric(cx, device, &before, after.metric),
    }
}

/// The network and the temporary addresses of an IPv6 address follow its change.
fn follow_change(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    public: Ipv6Addr,
    (before, after): (&Address, &Address),
) {
    if (before.peer, before.metric) != (after.peer, after.metric) {
        address_routes::redirect(cx, device, before, after);
    }
    // Linux: `had_prefixroute`. What was to last for a while leaves the network to others that want it for longer.
    let had_network = before.has_network_route() && before.lifetimes.valid.is_none();
    match (had_network, after.has_network_route()) {
        (true, true) => address_routes::prolong_network(cx, device, after),
        (false, true) => address_routes::announce_network(cx, device, after),
        (true, false) => address_routes::release_network(cx, device, after),
        (false, false) => {}
    }
    match (before.flags.manage_temporary, after.flags.manage_temporary) {
        (false, false) => {}
        (true, false) => temporary::forget(cx, device, public),
        (was, true) => temporary::manage(cx, device, public, after.lifetimes, !was),
    }
}
