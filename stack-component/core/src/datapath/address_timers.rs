//! What links and time do to addresses: they are asked for, found free or taken, deprecated, forgotten; and routers are
//! asked for more. Linux: `addrconf_notify`, `addrconf_dad_work`, `addrconf_verify_rtnl`, `addrconf_rs_timer`.

use super::{Context, addresses, discovery_output, multicast, temporary};
use crate::autoconf::{Solicitation, identifier};
use crate::device::{Address, AddressState, Detection};
use crate::neighbour::nd;
use crate::packet::DeviceIndex;
use crate::route::{Meeting, Route, RouteKind};
use crate::time::Duration;
use crate::wire::cidr::IpCidr;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

/// All groups.
const GROUPS: Ipv6Addr = Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0);

/// A link came up: IPv6 begins to work on it, and addresses that wait are asked for. Linux: `addrconf_notify`.
pub(super) fn link_up(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    if interface.ipv6_ready || interface.is_loopback() || cx.sysctl.ipv6.of(device.0).disable_ipv6 {
        return;
    }
    let (mac, has_one) = (
        interface.mac(),
        interface.addresses().iter().filter_map(Address::v6).any(|a| a.is_unicast_link_local()),
    );
    let waiting: Vec<IpAddr> = interface
        .addresses()
        .iter()
        .filter(|a| a.state == AddressState::Tentative)
        .map(Address::ip)
        .collect();
    if let Some(interface) = cx.interfaces.get_mut(device) {
        interface.ipv6_ready = true;
    }
    if let Some(all) = IpCidr::new(GROUPS.into(), 8) {
        let _ = cx.routes.insert(Route::over(all, RouteKind::Multicast, device).by_kernel(), Meeting::Append);
    }
    for ip in waiting {
        let due = Some(addresses::first_question(cx, device));
        addresses::with_record(cx, device, ip, |address| {
            let detection = address.detection.as_mut()?;
            detection.due = due;
            Some(())
        });
        cx.autoconf.hasten(due);
    }
    let identifier = match cx.sysctl.ipv6.of(device.0).addr_gen_mode {
        0 => Some(identifier::eui64(mac)),
        1 => None,
        _ => Some(identifier::stable(&cx.autoconf.secret, identifier::LINK_LOCAL, mac, 0)),
    };
    if let Some(cidr) = identifier.filter(|_| !has_one).and_then(|identifier| {
        IpCidr::new(identifier::address(identifier::LINK_LOCAL, identifier).into(), 64)
    }) {
        let stable = cx.sysctl.ipv6.of(device.0).addr_gen_mode != 0;
        let mut address = Address::new(cidr, cx.now);
        address.flags.stable_privacy = stable;
        let _ = addresses::add(cx, device, address);
    }
    multicast::ipv6_up(cx, device);
    // Addresses that nobody had to be asked for are ready already.
    if cx.interfaces.get(device).is_some_and(|interface| interface.link_local().is_some()) {
        solicit_routers(cx, device);
    }
}

/// A link went down: what routers said on it means nothing any more. Linux: `addrconf_ifdown` for a lost carrier.
pub(super) fn link_down(cx: &mut Context<'_>, device: DeviceIndex) {
    cx.autoconf.forget(device);
    if let Some(interface) = cx.interfaces.get_mut(device) {
        interface.ipv6_ready = false;
    }
}

/// Does what is due for all addresses and questions. Linux: `addrconf_verify_rtnl`, `addrconf_dad_work`,
/// `addrconf_rs_timer`.
pub(super) fn run_timers(cx: &mut Context<'_>) {
    if cx.autoconf.next_deadline().is_none_or(|due| due > cx.now) {
        return;
    }
    let due = |address: &&Address| address.deadline().is_some_and(|deadline| deadline <= cx.now);
    let concerned: Vec<(DeviceIndex, IpAddr)> = cx
        .interfaces
        .iter()
        .flat_map(|interface| {
            interface.addresses().iter().filter(due).map(|address| (interface.index(), address.ip()))
        })
        .collect();
    for (device, ip) in concerned {
        run_timer(cx, device, ip);
    }
    for device in (1..=cx.interfaces.count() as u32).map(DeviceIndex) {
        let conf = cx.sysctl.ipv6.of(device.0);
        let state = cx.autoconf.device_mut(device);
        if state.solicitation.on_timer(cx.now, conf, cx.random) {
            discovery_output::solicit_routers(cx, device);
        }
    }
    temporary::renew(cx);
    restart_clock(cx);
}

/// Sets the deadline anew for everything that has one.
fn restart_clock(cx: &mut Context<'_>) {
    cx.autoconf.restart_clock();
    let addresses = cx.interfaces.iter().flat_map(|interface| interface.addresses());
    let next = addresses.filter_map(Address::deadline).min();
    cx.autoconf.hasten(next);
    let renewal = temporary::next_renewal(cx);
    cx.autoconf.hasten(renewal);
}

fn run_timer(cx: &mut Context<'_>, device: DeviceIndex, ip: IpAddr) {
    let Some(record) = cx.interfaces.get(device).and_then(|interface| interface.address(ip)).copied() else {
        return;
    };
    if record.lifetimes.valid.is_some_and(|end| end <= cx.now) {
        addresses::remove(cx, device, ip);
        return;
    }
    if record.state == AddressState::Preferred && record.lifetimes.preferred.is_some_and(|end| end <= cx.now)
    {
        addresses::with_record(cx, device, ip, |address| {
            address.state = AddressState::Deprecated;
            Some(())
        });
    }
    match (record.detection, ip) {
        (Some(detection), IpAddr::V6(ip)) if detection.due.is_some_and(|due| due <= cx.now) => {
            match detection.probes {
                0 => found_free(cx, device, ip, &record),
                probes => ask(cx, device, ip, probes - 1),
            }
        }
        _ => {}
    }
}

/// Asks whether somebody has a tentative address. Linux: `addrconf_dad_work`.
fn ask(cx: &mut Context<'_>, device: DeviceIndex, ip: Ipv6Addr, probes: u32) {
    let conf = cx.sysctl.ipv6.of(device.0);
    let nonce = conf.enhanced_dad.then(|| {
        let mut nonce = [0; 6];
        cx.random.fill(&mut nonce);
        nonce
    });
    let wait = Duration::from_millis(cx.sysctl.nd.of(device.0).retrans_time_ms.into());
    let due = Some(cx.now + wait);
    addresses::with_record(cx, device, ip.into(), |address| {
        address.detection = Some(Detection { probes, due, nonce });
        Some(())
    });
    let (to, fields) = nd::probe(ip, nonce);
    discovery_output::send(cx, device, Ipv6Addr::UNSPECIFIED, to, &fields);
}

/// Nobody answered: the address is ours. Linux: `addrconf_dad_completed`.
fn found_free(cx: &mut Context<'_>, device: DeviceIndex, ip: Ipv6Addr, record: &Address) {
    let deprecated = record.lifetimes.preferred.is_some_and(|end| end <= cx.now);
    let now = cx.now;
    addresses::with_record(cx, device, ip.into(), |address| {
        address.state = if deprecated { AddressState::Deprecated } else { AddressState::Preferred };
        (address.detection, address.updated) = (None, now);
        Some(())
    });
    let _ = addresses::own(cx, device, ip.into());
    if ip.is_unicast_link_local() {
        multicast::link_local_found(cx, device, ip);
        solicit_routers(cx, device);
    }
    let conf = cx.sysctl.ipv6.of(device.0);
    if conf.ndisc_notify
        && let Some(mac) = cx.interfaces.get(device).map(|interface| interface.mac())
    {
        let (to, fields) = nd::announcement(mac, ip, conf.forwarding);
        discovery_output::send(cx, device, ip, to, &fields);
    }
}

/// Begins to look for routers, if advertisements are believed. Linux: `ipv6_accept_ra`.
fn solicit_routers(cx: &mut Context<'_>, device: DeviceIndex) {
    let conf = cx.sysctl.ipv6.of(device.0);
    if addresses::accepts_advertisements(cx, device) && device != DeviceIndex::LOOPBACK {
        let solicitation = Solicitation::start(cx.now, conf, cx.random);
        cx.autoconf.hasten(solicitation.due());
        cx.autoconf.device_mut(device).solicitation = solicitation;
    }
}

/// Somebody else has an address that we were about to take: it is not used, and another is made instead if it was made
/// of something that can be made anew. Linux: `addrconf_dad_failure`, `addrconf_dad_stop`.
pub(super) fn taken(cx: &mut Context<'_>, device: DeviceIndex, ip: Ipv6Addr) {
    let Some(record) = cx.interfaces.get(device).and_then(|interface| interface.address(ip.into())).copied()
    else {
        return;
    };
    if record.state != AddressState::Tentative {
        return;
    }
    if record.flags.dynamic {
        addresses::remove(cx, device, ip.into());
        return temporary::replace(cx, device, &record);
    }
    addresses::with_record(cx, device, ip.into(), |address| {
        (address.state, address.detection) = (AddressState::DadFailed, None);
        Some(())
    });
}
