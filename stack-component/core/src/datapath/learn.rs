//! What ICMP messages tell of the paths of our packets.

use super::{Context, neighbours};
use crate::counters::Counter;
use crate::icmp::{IcmpError, IcmpErrorKind};
use crate::neighbour::Key;
use crate::packet::DeviceIndex;
use crate::route::{Belief, Destination, FlowKey, NextHop};
use crate::time::Duration;
use crate::wire::protocol::Protocol;
use core::net::{IpAddr, Ipv4Addr};

/// Takes note of what an error says of the path of a packet of ours. TCP, which sees whether it can be true, does so
/// itself. Linux: `ipv4_update_pmtu`, `ip6_update_pmtu`.
pub(super) fn path_mtu(cx: &mut Context<'_>, error: &IcmpError) {
    let IcmpErrorKind::FragmentationNeeded { mtu } = error.kind else { return };
    let believed = match error.protocol {
        // An echo's answer was ours, though no socket has sent it.
        Protocol::UDP | Protocol::ICMP | Protocol::ICMPV6 => is_ours(cx, error),
        _ => false,
    };
    // 2: errors from routers are not believed; 3: only of protocols that can tell, of which UDP is none.
    let refused = error.destination.is_ipv4() && cx.sysctl.ip_no_pmtu_disc >= 2;
    let Some(hop) = next_hop(cx, error).filter(|hop| believed && !refused && !hop.metrics.mtu_locked) else {
        return;
    };
    let of_route = cx.mtu(hop.device, hop.metrics.mtu);
    let learnt = cx.exceptions.path_mtu(error.destination, cx.now);
    let known = learnt.map_or(of_route, |path| path.mtu.min(of_route));
    let belief =
        Belief { least: cx.sysctl.min_pmtu, time: Duration::from_secs(cx.sysctl.mtu_expires.into()) };
    cx.exceptions.narrow(error.destination, mtu, known, cx.now, belief);
}

/// Whether a socket of ours, or the stack itself, has sent what a message is about.
fn is_ours(cx: &Context<'_>, about: &IcmpError) -> bool {
    match about.protocol {
        Protocol::TCP => cx.tcp.sends(about),
        Protocol::UDP => cx.udp.sends(about),
        _ => cx.routes.is_local(about.source),
    }
}

fn next_hop(cx: &Context<'_>, about: &IcmpError) -> Option<NextHop> {
    let flow = FlowKey { source: Some(about.source), ..FlowKey::to(about.destination) };
    match cx.routes.lookup(&flow) {
        Ok(Destination::Unicast(hop)) => Some(hop),
        _ => None,
    }
}

/// Follows the advice of the gateway `sender` to send packets such as the one that `about` tells of by `gateway`, if
/// the advice may be given (RFC 1122 section 3.2.2.2). Linux: `__ip_do_redirect`.
pub(super) fn redirect(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    sender: Ipv4Addr,
    gateway: Ipv4Addr,
    about: &IcmpError,
) {
    if !is_ours(cx, about) {
        return cx.counters.increment(Counter::IcmpInErrors);
    }
    let to = about.destination;
    let Some(hop) = next_hop(cx, about) else { return };
    // Only the gateway that we use may name another.
    let used = cx.exceptions.gateway(to, cx.now).unwrap_or(hop.neighbour);
    if used != IpAddr::V4(sender)
        || to == used
        || hop.device != device
        || !may_be_gateway(cx, device, gateway)
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

/// Whether a host on this link may be named as a gateway: one neighbour, and not ourselves.
fn may_be_gateway(cx: &Context<'_>, device: DeviceIndex, gateway: Ipv4Addr) -> bool {
    let conf = cx.sysctl.ipv4_device(device.0);
    let one_host =
        !gateway.is_multicast() && !cx.routes.is_broadcast(gateway.into()) && gateway.octets()[0] != 0;
    let on_link = cx.interfaces.get(device).is_some_and(|interface| interface.is_on_link(gateway));
    let one_of_ours = cx.routes.is_local(gateway.into());
    conf.accept_redirects() && one_host && !one_of_ours && (conf.shared_media() || on_link)
}
