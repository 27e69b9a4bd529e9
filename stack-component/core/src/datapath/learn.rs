//! What ICMP messages tell of the paths of our packets.

use super::Context;
use crate::icmp::{IcmpError, IcmpErrorKind};
use crate::route::{Belief, Destination, FlowKey, NextHop};
use crate::time::Duration;
use crate::wire::protocol::Protocol;

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
pub(super) fn is_ours(cx: &Context<'_>, about: &IcmpError) -> bool {
    match about.protocol {
        Protocol::TCP => cx.tcp.sends(about),
        Protocol::UDP => cx.udp.sends(about),
        _ => cx.routes.is_local(about.source),
    }
}

pub(super) fn next_hop(cx: &Context<'_>, about: &IcmpError) -> Option<NextHop> {
    let flow = FlowKey { source: Some(about.source), ..FlowKey::to(about.destination) };
    match cx.routes.lookup(&flow) {
        Ok(Destination::Unicast(hop)) => Some(hop),
        _ => None,
    }
}
