//! Addresses given, taken and watched over: the routes that follow from them, and whether somebody else has them.
//! Linux: `net/ipv6/addrconf.c`, `fib_add_ifaddr`.

use super::{Context, discovery, temporary};
use crate::autoconf::{Solicitation, identifier};
use crate::device::{Address, AddressState, Detection};
use crate::neighbour::nd;
use crate::packet::DeviceIndex;
use crate::route::{Meeting, Route, RouteError, RouteKind};
use crate::time::{Duration, Instant};
use crate::wire::cidr::IpCidr;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

/// All groups.
const GROUPS: Ipv6Addr = Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0);

/// Gives a device an address, with the route to its network and, once it may be used, the one to itself. An IPv6
/// address is asked for on the link first. Linux: `inet_insert_ifa`, `ipv6_add_addr`.
pub(crate) fn add(cx: &mut Context<'_>, device: DeviceIndex, mut address: Address) -> Result<(), RouteError> {
    if needs_detection(cx, device, &address) {
        address.state = AddressState::Tentative;
        let link_up = cx.interfaces.get(device).is_some_and(|interface| interface.link_up());
        let due = link_up.then(|| first_question(cx, device));
        let probes = cx.sysctl.ipv6.of(device.0).dad_transmits;
        address.detection = Some(Detection { probes, due, nonce: None });
    } else {
        own(cx, device, address.ip())?;
    }
    route_network(cx, device, &address);
    cx.autoconf.hasten(address.deadline());
    if let Some(interface) = cx.interfaces.get_mut(device) {
        interface.add_address(address);
    }
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
        && device != DeviceIndex::LOOPBACK
}

/// When the first question is asked: soon, but not by all hosts at once (RFC 4862 section 5.4.2). Linux:
/// `addrconf_dad_kick`.
fn first_question(cx: &mut Context<'_>, device: DeviceIndex) -> Instant {
    let delay = cx.sysctl.ipv6.of(device.0).router_solicitation_delay.clamp(1, 3600);
    cx.now + Duration::from_millis(cx.random.below(delay * 1000).into())
}

/// Packets to an address are for us from now on. Linux: `fib_add_ifaddr`, `ip6_ins_rt`.
fn own(cx: &mut Context<'_>, device: DeviceIndex, ip: IpAddr) -> Result<(), RouteError> {
    let source = ip.is_ipv4().then_some(ip);
    let route = Route::over(IpCidr::host(ip), RouteKind::Local, device).by_kernel();
    cx.routes.insert(Route { source, ..route }, Meeting::Add)
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
    if let Some(everybody) = address.broadcast.filter(|_| !loopback) {
        let _ =
            cx.routes.insert(route(IpCidr::host(everybody.into()), RouteKind::Broadcast), Meeting::Append);
    }
    if !address.cidr.is_host() && !address.flags.no_prefix_route {
        let kind = if loopback { RouteKind::Local } else { RouteKind::Unicast };
        let meeting = if ip.is_ipv4() { Meeting::Append } else { Meeting::Add };
        let to_network = Route { expires: address.lifetimes.valid, ..route(address.cidr.network(), kind) };
        let _ = cx.routes.insert(to_network, meeting);
    }
}

/// Takes an address away, with the routes that came with it. Linux: `inet_del_ifa`, `ipv6_del_addr`.
pub(crate) fn remove(cx: &mut Context<'_>, device: DeviceIndex, ip: IpAddr) -> Option<Address> {
    let interface = cx.interfaces.get_mut(device)?;
    let address = interface.remove_address(ip)?;
    let network = address.cidr.network();
    let shared = interface.addresses().iter().any(|other| other.cidr.network() == network);
    let _ = cx.routes.remove(&Route::over(IpCidr::host(ip), RouteKind::Local, device).by_kernel());
    if ip.is_ipv4() {
        cx.routes.address_gone(ip);
    } else if !shared && !address.cidr.is_host() {
        let _ = cx.routes.remove(&Route::over(network, RouteKind::Unicast, device).by_kernel());
    }
    Some(address)
}

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
        let due = Some(first_question(cx, device));
        with_record(cx, device, ip, |address| {
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
        let _ = add(cx, device, address);
    }
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
            discovery::solicit_routers(cx, device);
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
        remove(cx, device, ip);
        return;
    }
    if record.state == AddressState::Preferred && record.lifetimes.preferred.is_some_and(|end| end <= cx.now)
    {
        with_record(cx, device, ip, |address| {
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
    with_record(cx, device, ip.into(), |address| {
        address.detection = Some(Detection { probes, due, nonce });
        Some(())
    });
    let (to, fields) = nd::probe(ip, nonce);
    discovery::send(cx, device, Ipv6Addr::UNSPECIFIED, to, &fields);
}

/// Nobody answered: the address is ours. Linux: `addrconf_dad_completed`.
fn found_free(cx: &mut Context<'_>, device: DeviceIndex, ip: Ipv6Addr, record: &Address) {
    let deprecated = record.lifetimes.preferred.is_some_and(|end| end <= cx.now);
    let now = cx.now;
    with_record(cx, device, ip.into(), |address| {
        address.state = if deprecated { AddressState::Deprecated } else { AddressState::Preferred };
        (address.detection, address.updated) = (None, now);
        Some(())
    });
    let _ = own(cx, device, ip.into());
    if ip.is_unicast_link_local() {
        solicit_routers(cx, device);
    }
    let conf = cx.sysctl.ipv6.of(device.0);
    if conf.ndisc_notify
        && let Some(mac) = cx.interfaces.get(device).map(|interface| interface.mac())
    {
        let (to, fields) = nd::announcement(mac, ip, conf.forwarding);
        discovery::send(cx, device, ip, to, &fields);
    }
}

/// Begins to look for routers, if advertisements are believed. Linux: `ipv6_accept_ra`.
fn solicit_routers(cx: &mut Context<'_>, device: DeviceIndex) {
    let conf = cx.sysctl.ipv6.of(device.0);
    if accepts_advertisements(cx, device) && device != DeviceIndex::LOOPBACK {
        let solicitation = Solicitation::start(cx.now, conf, cx.random);
        cx.autoconf.hasten(solicitation.due());
        cx.autoconf.device_mut(device).solicitation = solicitation;
    }
}

/// Whether routers are believed on a device: by hosts, unless the settings say otherwise. Linux: `ipv6_accept_ra`.
pub(super) fn accepts_advertisements(cx: &Context<'_>, device: DeviceIndex) -> bool {
    let conf = cx.sysctl.ipv6.of(device.0);
    if conf.forwarding { conf.accept_ra == 2 } else { conf.accept_ra > 0 }
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
        remove(cx, device, ip.into());
        return temporary::replace(cx, device, &record);
    }
    with_record(cx, device, ip.into(), |address| {
        (address.state, address.detection) = (AddressState::DadFailed, None);
        Some(())
    });
}
