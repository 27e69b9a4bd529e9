//! IPv6 on a device begins and ends: with its link, with an administrator's word, with the settings. Linux:
//! `addrconf_notify`, `addrconf_ifdown`.

use super::{Context, addresses, identifiers, multicast};
use crate::autoconf::{Solicitation, identifier};
use crate::device::{Address, AddressProtocol, AddressState};
use crate::packet::DeviceIndex;
use crate::route::{Meeting, Route, RouteKind, RouteProtocol};
use crate::wire::cidr::IpCidr;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

/// All groups.
const GROUPS: Ipv6Addr = Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0);

/// A link came up: IPv6 begins to work on it, and addresses that wait are asked for. Linux: `addrconf_notify`.
pub(super) fn link_up(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    if interface.ipv6_ready || interface.is_loopback() || cx.sysctl.ipv6.of(device.0).disable_ipv6 {
        return;
    }
    // One that somebody gave it is none of its own.
    let has_one = interface
        .addresses()
        .iter()
        .any(|address| address.protocol == AddressProtocol::LinkLocal && address.cidr.is_ipv6());
    let tentative = |address: &&Address| address.state == AddressState::Tentative;
    let waiting = interface.addresses().iter().filter(tentative).map(|address| address.cidr);
    let waiting: Vec<IpCidr> = waiting.collect();
    if let Some(interface) = cx.interfaces.get_mut(device) {
        interface.ipv6_ready = true;
    }
    if let Some(all) = IpCidr::new(GROUPS.into(), 8) {
        let _ = cx.routes.insert(Route::over(all, RouteKind::Multicast, device).by_kernel(), Meeting::Append);
    }
    for cidr in waiting {
        let due = Some(addresses::first_question(cx, device));
        addresses::with_record(cx, device, cidr, |address| {
            let detection = address.detection.as_mut()?;
            detection.due = due;
            Some(())
        });
        cx.autoconf.hasten(due);
    }
    if !has_one {
        make_link_local(cx, device);
    }
    multicast::ipv6_up(cx, device);
    // Addresses that nobody had to be asked for are ready already.
    if cx.interfaces.get(device).is_some_and(|interface| interface.link_local().is_some()) {
        solicit_routers(cx, device);
    }
}

/// Gives a device its address of the link. Linux: `addrconf_addr_gen`.
fn make_link_local(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some((identifier, stable)) = identifiers::of_network(cx, device, identifier::LINK_LOCAL, 0) else {
        return;
    };
    let ip = identifier::address(identifier::LINK_LOCAL, identifier);
    let Some(cidr) = IpCidr::new(ip.into(), 64) else { return };
    let mut address = Address::new(cidr, cx.now);
    address.protocol = AddressProtocol::LinkLocal;
    address.flags.stable_privacy = stable;
    address.flags.optimistic = true;
    let _ = addresses::add(cx, device, address);
}

/// A link went down: what routers said on it means nothing any more. Linux: `addrconf_ifdown` for a lost carrier.
pub(crate) fn link_down(cx: &mut Context<'_>, device: DeviceIndex) {
    cx.autoconf.forget(device);
    multicast::ipv6_down(cx, device);
    cx.inquiries.forget(device);
    if let Some(interface) = cx.interfaces.get_mut(device) {
        interface.ipv6_ready = false;
    }
}

/// An administrator turns a device off: its addresses go, but for those that the settings let stay, and never those of
/// the link or of routers. Linux: `addrconf_ifdown`, `keep_addr_on_down`.
pub(crate) fn device_down(cx: &mut Context<'_>, device: DeviceIndex) {
    let of_all = cx.sysctl.ipv6.all.keep_addr_on_down;
    let keep = if of_all != 0 { of_all } else { cx.sysctl.ipv6.of(device.0).keep_addr_on_down } > 0;
    let stays = |address: &Address| {
        let forever = address.lifetimes.valid.is_none() && !address.flags.dynamic;
        keep && forever && address.v6().is_some_and(|ip| !ip.is_unicast_link_local())
    };
    remove_addresses(cx, device, stays);
}

/// IPv6 ends on a device: no addresses, no routes that others told of. Linux: `addrconf_ifdown`.
pub(super) fn turn_off(cx: &mut Context<'_>, device: DeviceIndex) {
    remove_addresses(cx, device, |_| false);
    let made = |route: &Route| {
        let by_itself = matches!(route.protocol, RouteProtocol::Kernel | RouteProtocol::RouterAdvertisement);
        route.destination.is_ipv6() && by_itself && route.is_over(device)
    };
    cx.routes.retain(made, |_| false);
    link_down(cx, device);
}

fn remove_addresses(cx: &mut Context<'_>, device: DeviceIndex, stays: impl Fn(&Address) -> bool) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let gone = |address: &&Address| address.cidr.is_ipv6() && !stays(address);
    let gone: Vec<IpCidr> = interface.addresses().iter().filter(gone).map(|address| address.cidr).collect();
    for cidr in gone {
        addresses::remove(cx, device, cidr);
    }
}

/// The settings changed: IPv6 begins or ends where they now say so. Linux: `dev_disable_change`.
pub(crate) fn follow_settings(cx: &mut Context<'_>) {
    for device in (1..=cx.interfaces.count() as u32).map(DeviceIndex) {
        let Some(interface) = cx.interfaces.get(device) else { continue };
        let off = cx.sysctl.ipv6.of(device.0).disable_ipv6;
        let works =
            interface.ipv6_ready || interface.addresses().iter().any(|address| address.cidr.is_ipv6());
        match (off, interface.is_loopback()) {
            (true, _) if works => turn_off(cx, device),
            (false, true) if !works => {
                let own = IpCidr::host(Ipv6Addr::LOCALHOST.into());
                let own = Address { protocol: AddressProtocol::Loopback, ..Address::new(own, cx.now) };
                let _ = addresses::add(cx, device, own);
            }
            (false, false) if interface.link_up() => link_up(cx, device),
            _ => {}
        }
    }
}

/// Begins to look for routers, if advertisements are believed. Linux: `ipv6_accept_ra`.
pub(super) fn solicit_routers(cx: &mut Context<'_>, device: DeviceIndex) {
    let conf = cx.sysctl.ipv6.of(device.0);
    if addresses::accepts_advertisements(cx, device) && device != DeviceIndex::LOOPBACK {
        let solicitation = Solicitation::start(cx.now, conf, cx.random);
        cx.autoconf.hasten(solicitation.due());
        cx.autoconf.device_mut(device).solicitation = solicitation;
    }
}
