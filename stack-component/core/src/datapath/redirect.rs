//! Routers that name better ones: followed by hosts, and told by ourselves when we are one. Those of IPv4 that we send
//! are made with its other errors.

use super::{Context, discovery_output, learn, neighbours};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::icmp::IcmpError;
use crate::ip::v6::Received;
use crate::neighbour::Key;
use crate::neighbour::nd::{self, Arrival, Heard, Learn};
use crate::packet::{DeviceIndex, Packet};
use crate::route::{Destination, FlowKey, NextHop, RouteKind};
use crate::time::Duration;
use crate::wire::ndp::{Message, Options, Redirect};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host is told once in so long, a little more often at first. Linux: `ndisc_send_redirect`.
const INTERVAL: Duration = Duration::from_secs(1);

/// Follows the advice of the gateway `sender` to send packets such as the one that `about` tells of by `gateway`, if
/// the advice may be given (RFC 1122 section 3.2.2.2). Linux: `__ip_do_redirect`.
pub(super) fn heard_v4(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    sender: Ipv4Addr,
    gateway: Ipv4Addr,
    about: &IcmpError,
) {
    if !learn::is_ours(cx, about) {
        return cx.counters.increment(Counter::IcmpInErrors);
    }
    let to = about.destination;
    let Some(hop) = learn::next_hop(cx, about) else { return };
    // Only the gateway that we use may name another.
    let used = cx.exceptions.gateway(to, cx.now).unwrap_or(hop.neighbour);
    if used != IpAddr::V4(sender)
        || to == used
        || hop.device != device
        || !may_be_gateway(cx, device, sender, gateway)
    {
        return;
    }
    let key = Key { device, address: gateway.into() };
    // What nobody answers for is no gateway; the next redirect finds it known.
    if cx.neighbours.ask(cx.now, key) {
        cx.exceptions.redirect(to, gateway.into(), cx.now);
    }
    neighbours::do_neighbour_actions(cx);
}

/// Whether a host on this link may be named as a gateway instead of another: one neighbour, and not ourselves.
fn may_be_gateway(cx: &Context<'_>, device: DeviceIndex, old: Ipv4Addr, gateway: Ipv4Addr) -> bool {
    let conf = cx.sysctl.ipv4_device(device.0);
    let one_host =
        !gateway.is_multicast() && !cx.routes.is_broadcast(gateway.into()) && gateway.octets()[0] != 0;
    let one_of_ours = cx.routes.is_local(gateway.into());
    if !conf.accept_redirects() || !one_host || one_of_ours {
        return false;
    }
    let together =
        cx.interfaces.get(device).is_some_and(|interface| interface.has_both_on_link(old, gateway));
    let known = || cx.routes.has_gateway(device, gateway.into());
    conf.shared_media() || (together && (!conf.secure_redirects() || known()))
}

/// Follows the advice of a router of the link to send packets for `destination` to `target` (RFC 4861 section 8.3).
/// Linux: `ndisc_redirect_rcv`, `rt6_do_redirect`.
pub(super) fn heard_v6(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    arrival: &Arrival,
    (target, destination): (Ipv6Addr, Ipv6Addr),
    options: Options<'_>,
) -> Result<(), DropReason> {
    if !arrival.source.is_unicast_link_local() || !Message::redirects_well(target, destination) {
        return Err(DropReason::NdiscMalformed);
    }
    let conf = cx.sysctl.ipv6.of(device.0);
    let to = IpAddr::V6(destination);
    let used = first_hop(cx, device, to);
    // Only the router that we use may name another.
    if conf.forwarding
        || !conf.accept_redirects
        || used != Some(arrival.source.into())
        || cx.routes.is_local(target.into())
    {
        return Err(DropReason::NdiscIgnored);
    }
    let mac = nd::station(options, true);
    let learnt = neighbours::learn(cx, device, Learn { address: target, mac, how: Heard::Asking });
    if target != destination {
        cx.neighbours.set_router(Key { device, address: target.into() }, true);
    }
    cx.exceptions.redirect(to, target.into(), cx.now);
    neighbours::do_neighbour_actions(cx);
    learnt
}

/// The neighbour that packets for a destination go to over a device. Linux: `__ip6_route_redirect`.
fn first_hop(cx: &Context<'_>, device: DeviceIndex, to: IpAddr) -> Option<IpAddr> {
    let flow = FlowKey { output: Some(device), ..FlowKey::to(to) };
    match cx.routes.lookup(&flow) {
        Ok(Destination::Unicast(hop)) => Some(cx.exceptions.gateway(to, cx.now).unwrap_or(hop.neighbour)),
        _ => None,
    }
}

/// Tells the sender of a packet that goes back to the link it came from of the next hop there, if it is a neighbour.
/// Linux: `ip6_forward`, `ndisc_send_redirect`.
pub(super) fn advise_v6(cx: &mut Context<'_>, packet: &Packet, received: &Received, hop: &NextHop) {
    let Received { source, destination, device, .. } = *received;
    let IpAddr::V6(target) = hop.neighbour else { return };
    let Some(from) = cx.interfaces.get(device).and_then(|interface| interface.link_local()) else { return };
    let useful = hop.device == device && Message::redirects_well(target, destination);
    if !useful || !is_neighbour(cx, device, source) {
        return;
    }
    let mut may = |peer: Ipv6Addr| cx.icmp_limit.allow_peer(cx.now, INTERVAL, peer.into());
    if !may(destination) || !may(source) {
        return;
    }
    let station = cx.neighbours.station(Key { device, address: target.into() });
    let message = Redirect { target, destination, station, packet: received.quote(packet) }.emit();
    discovery_output::send_message(cx, device, from, source, Packet::from_payload(&message));
}

/// Whether packets to an address go straight to it over a device.
fn is_neighbour(cx: &Context<'_>, device: DeviceIndex, address: Ipv6Addr) -> bool {
    let flow = FlowKey { output: Some(device), ..FlowKey::to(address.into()) };
    let way = cx.routes.find(&flow);
    way.is_ok_and(|way| way.route.kind == RouteKind::Unicast && way.hop.gateway.is_none())
}
