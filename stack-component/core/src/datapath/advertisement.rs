//! What a router advertisement changes, done. Linux: `ndisc_router_discovery`.

use super::{Context, addresses, dhcp6, given, identifiers, neighbours, temporary};
use crate::autoconf::advertisement::{Change, Judged, judge, valid_for};
use crate::autoconf::{LearntRoute, MAX_ROUTERS, identifier};
use crate::device::{Address, AddressProtocol, Lifetimes, after};
use crate::drop_reason::DropReason;
use crate::ignore_reason::IgnoreReason;
use crate::neighbour::Key;
use crate::neighbour::nd::{self, Arrival, Heard, Learn};
use crate::packet::DeviceIndex;
use crate::route::{Hop, Meeting, Metrics, Preference, Route, RouteKind, RouteProtocol};
use crate::wire::cidr::IpCidr;
use crate::wire::ndp::{self, Options, RouterAdvertisement};
use core::net::Ipv6Addr;

/// Most milliseconds for which a neighbour may count as reachable without being asked (RFC 4861 section 6.2.1).
const MAX_REACHABLE_TIME: u32 = 3_600_000;

/// Least milliseconds between two solicitations: nobody makes us flood the link. Linux: `HZ / 100`.
const MIN_RETRANSMIT_TIME: u32 = 10;

/// Takes in what a router says. Linux: `ndisc_router_discovery`.
pub(super) fn receive(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    arrival: &Arrival,
    said: &RouterAdvertisement,
    options: Options<'_>,
) -> Result<(), DropReason> {
    let router = arrival.source;
    if !router.is_unicast_link_local() {
        return Err(DropReason::NdiscMalformed);
    }
    if !addresses::accepts_advertisements(cx, device) {
        return Err(DropReason::NdiscIgnored);
    }
    cx.autoconf.device_mut(device).solicitation.stop();
    // Who may give addresses tells the rest, too (RFC 4861 section 4.2).
    if said.managed || said.other {
        dhcp6::start(cx, device);
    }
    let link_mtu = cx.interfaces.get(device).map_or(0, |interface| interface.mtu());
    let Judged { changes, ignored } = judge(said, options, cx.sysctl.ipv6.of(device.0), link_mtu);
    ignored.into_iter().for_each(|reason| cx.counters.ignore(reason));
    let station = nd::station(options, false);
    let learnt = neighbours::learn(cx, device, Learn { address: router, mac: station, how: Heard::Asking });
    cx.neighbours.set_router(Key { device, address: router.into() }, true);
    let mut all = Ok(());
    for change in changes {
        all = all.and(apply(cx, device, router, change));
    }
    learnt.and(all)
}

fn apply(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    router: Ipv6Addr,
    change: Change,
) -> Result<(), DropReason> {
    match change {
        Change::DefaultRouter { lifetime, preference } => {
            let metric = cx.sysctl.ipv6.of(device.0).ra_defrtr_metric;
            let lifetime = u32::from(lifetime);
            return set_route(cx, device, router, IpCidr::ALL_V6, (lifetime, preference, metric));
        }
        Change::Route(route) => {
            let Some(network) = IpCidr::new(route.address.into(), route.len) else { return Ok(()) };
            let said = (route.lifetime, route.preference, Route::METRIC_V6);
            return set_route(cx, device, router, network.network(), said);
        }
        Change::HopLimit(hop_limit) => cx.sysctl.ipv6.of_mut(device.0).hop_limit = hop_limit.into(),
        Change::ReachableTime(millis) => set_reachable_time(cx, device, millis),
        Change::RetransmitTime(millis) => set_retransmit_time(cx, device, millis),
        Change::Mtu(mtu) => {
            // Each change makes what is remembered of destinations worthless.
            if core::mem::replace(&mut cx.sysctl.ipv6.of_mut(device.0).mtu, mtu) != mtu {
                cx.routes.note_change();
            }
        }
        Change::OnLink { network, lifetime } => return on_link(cx, device, network, lifetime),
        Change::Address { prefix, valid, preferred } => {
            let router = Key { device, address: router.into() };
            // Who asks nobody yet gets to far away by the router alone, and only if its station is known.
            let has_station = cx.neighbours.station(router).is_some();
            autoconfigure(cx, device, prefix, (valid, preferred), has_station);
        }
        Change::Resolvers { addresses, lifetime } => {
            let expires = after(cx.now, lifetime);
            cx.autoconf.device_mut(device).resolvers.note(cx.now, addresses, expires, MAX_ROUTERS);
        }
        Change::Domains { names, lifetime } => {
            let expires = after(cx.now, lifetime);
            cx.autoconf.device_mut(device).domains.note(cx.now, names, expires, MAX_ROUTERS);
        }
    }
    Ok(())
}

/// For so many milliseconds, on average, a neighbour on the device counts as reachable.
fn set_reachable_time(cx: &mut Context<'_>, device: DeviceIndex, millis: u32) {
    let conf = cx.sysctl.nd.of_mut(device.0);
    let millis = millis.min(MAX_REACHABLE_TIME);
    if conf.base_reachable_time_ms != millis {
        conf.base_reachable_time_ms = millis;
        conf.gc_stale_time = 3 * millis / 1000;
        cx.neighbours.configure(cx.sysctl, cx.random);
    }
}

/// So many milliseconds are between two solicitations on the device.
fn set_retransmit_time(cx: &mut Context<'_>, device: DeviceIndex, millis: u32) {
    let conf = cx.sysctl.nd.of_mut(device.0);
    let millis = millis.clamp(MIN_RETRANSMIT_TIME, MAX_REACHABLE_TIME);
    if conf.retrans_time_ms != millis {
        conf.retrans_time_ms = millis;
        cx.neighbours.configure(cx.sysctl, cx.random);
    }
}

/// Whether advertisements may make one more route.
fn admit(cx: &mut Context<'_>, device: DeviceIndex, route: LearntRoute) -> Result<(), DropReason> {
    let routes = &*cx.routes;
    let there = |known: &LearntRoute| {
        let hop = match known.router {
            Some(router) => Hop { gateway: Some(router.into()), ..Hop::over(device) },
            None => Hop::over(device),
        };
        let protocol = match known.router {
            Some(_) => RouteProtocol::RouterAdvertisement,
            None => RouteProtocol::Kernel,
        };
        let route = Route::new(known.destination, RouteKind::Unicast);
        routes.has(&Route { hops: alloc::vec![hop], metric: 0, protocol, ..route })
    };
    let admitted = cx.autoconf.device_mut(device).learnt_routes.admit(route, there);
    if admitted { Ok(()) } else { Err(DropReason::NdiscTooManyRoutes) }
}

/// The route by a router to a network or, the default route, to all. Linux: `rt6_add_dflt_router`, `rt6_route_rcv`.
fn set_route(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    router: Ipv6Addr,
    network: IpCidr,
    (lifetime, preference, metric): (u32, ndp::Preference, u32),
) -> Result<(), DropReason> {
    let hop = Hop { gateway: Some(router.into()), ..Hop::over(device) };
    let route = Route {
        hops: alloc::vec![hop],
        protocol: RouteProtocol::RouterAdvertisement,
        metric,
        expires: after(cx.now, lifetime),
        preference: match preference {
            ndp::Preference::Low => Preference::Low,
            ndp::Preference::Medium => Preference::Medium,
            ndp::Preference::High => Preference::High,
        },
        metrics: Metrics::NONE,
        ..Route::new(network, RouteKind::Unicast)
    };
    // One that is known stays where it is, and lasts longer.
    if lifetime > 0 && cx.routes.renew(&route, route.expires, route.preference) {
        return Ok(());
    }
    // It leads there with another metric, or no longer.
    let known = cx.routes.remove(&Route { metric: 0, ..route.clone() }).is_ok();
    if lifetime == 0 {
        if known {
            cx.exceptions.clear();
        }
        return Ok(());
    }
    admit(cx, device, LearntRoute { destination: network, router: Some(router) })?;
    let _ = cx.routes.insert(route, Meeting::Append);
    Ok(())
}

/// A neighbour says that it is no router any more: no default route leads by it (RFC 4861 section 7.3.3). Linux:
/// `rt6_clean_tohost`.
pub(super) fn is_no_router(cx: &mut Context<'_>, device: DeviceIndex, neighbour: Ipv6Addr) {
    let by_it = |hop: &Hop| hop.device == Some(device) && hop.gateway == Some(neighbour.into());
    let concerned =
        |route: &Route| route.protocol == RouteProtocol::RouterAdvertisement && route.hops.iter().any(by_it);
    if cx.routes.remove_all(IpCidr::ALL_V6, concerned) {
        cx.exceptions.clear();
    }
}

/// The hosts of a network are neighbours, or no longer. Linux: `addrconf_prefix_rcv`.
fn on_link(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    network: IpCidr,
    lifetime: u32,
) -> Result<(), DropReason> {
    // An address that was given by hand has the route already, and for as long as it is there.
    let is_ours = |address: &Address| address.cidr.network() == network && address.has_network_route();
    if cx.interfaces.get(device).is_some_and(|interface| interface.addresses().iter().any(is_ours)) {
        return Ok(());
    }
    let route = Route {
        protocol: RouteProtocol::Kernel,
        metric: Route::METRIC_V6_KERNEL,
        expires: after(cx.now, lifetime),
        ..Route::over(network, RouteKind::Unicast, device)
    };
    if lifetime == 0 {
        // Perhaps it was not there.
        let _ = cx.routes.remove(&route);
    } else if !cx.routes.renew(&route, route.expires, route.preference) {
        admit(cx, device, LearntRoute { destination: network, router: None })?;
        let _ = cx.routes.insert(route, Meeting::Append);
    }
    Ok(())
}

/// Makes an address of a network, or changes how long it lives. Linux: `addrconf_prefix_rcv_add_addr`.
fn autoconfigure(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    prefix: Ipv6Addr,
    (valid, preferred): (u32, u32),
    has_station: bool,
) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let conf = cx.sysctl.ipv6.of(device.0);
    let made = |address: &&Address| {
        let same = address.v6().is_some_and(|ours| ours.to_bits() >> 64 == prefix.to_bits() >> 64);
        same && address.flags.dynamic && !address.flags.temporary
    };
    if let Some(known) = interface.addresses().iter().find(made) {
        let public = known.cidr;
        return prolong(cx, device, public, valid, preferred);
    }
    let by_routers = |address: &&Address| address.cidr.is_ipv6() && address.flags.dynamic;
    let made_by_routers = interface.addresses().iter().filter(by_routers).count();
    let full = conf.max_addresses > 0 && made_by_routers >= conf.max_addresses as usize;
    if valid == 0 {
        return;
    }
    if full {
        return cx.counters.ignore(IgnoreReason::RaTooManyAddresses);
    }
    let Some((identifier, stable)) = identifiers::of_network(cx, device, prefix, 0) else { return };
    let ip = identifier::address(prefix, identifier);
    let Some(cidr) = IpCidr::new(ip.into(), 64) else { return };
    let lifetimes = Lifetimes::from_seconds(cx.now, valid, preferred);
    let mut address = Address { lifetimes, ..Address::new(cidr, cx.now) };
    address.flags.dynamic = true;
    address.protocol = AddressProtocol::RouterAdvertisement;
    address.flags.stable_privacy = stable;
    address.flags.manage_temporary = true;
    address.flags.optimistic = has_station;
    // There may be no room for its routes.
    let _ = given::give(cx, device, address);
}

/// Gives an address of an advertisement, and the temporary ones beside it, another time to live.
fn prolong(cx: &mut Context<'_>, device: DeviceIndex, public: IpCidr, valid: u32, preferred: u32) {
    let now = cx.now;
    let prolonged = addresses::with_record(cx, device, public, |address| {
        let valid = valid_for(now, address.lifetimes.valid, valid);
        address.lifetimes = Lifetimes::from_seconds(now, valid, preferred.min(valid));
        address.updated = now;
        address.follow_time(now);
        Some(*address)
    });
    let Some(address) = prolonged else { return };
    cx.autoconf.hasten(address.deadline());
    if let Some(public) = address.v6() {
        temporary::manage(cx, device, public, address.lifetimes, false);
    }
}
