//! IPv6 packets for somebody else.

use super::{Context, deliver6, redirect, transmit};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::icmp::v6::Problem;
use crate::ip::v6::{self, Received, TooFar};
use crate::netfilter::{HookPoint, HookState};
use crate::packet::{LinkDestination, Packet};
use crate::qdisc;
use crate::route::{NextHop, Refusal};

/// Passes a packet on to the next hop. Linux: `ip6_forward`.
pub(super) fn forward(
    cx: &mut Context<'_>,
    mut packet: Packet,
    received: Received,
    hop: NextHop,
) -> Result<(), DropReason> {
    if !is_router(cx, &received) {
        return Err(DropReason::Ipv6NotForUs);
    }
    let mtu = cx.mtu6(hop.device, hop.metrics.mtu);
    if let Err(too_far) = v6::forward(&mut packet, &received, mtu) {
        let (problem, reason) = match too_far {
            TooFar::HopLimitExceeded => (Problem::HopLimitExceeded, DropReason::TtlExceeded),
            TooFar::TooBig { mtu } => (Problem::PacketTooBig(mtu), DropReason::PacketTooBig),
            TooFar::BeyondScope => (Problem::BeyondScope, DropReason::Ipv6BadSource),
            TooFar::Unroutable => return Err(DropReason::Ipv6NotForUs),
        };
        deliver6::refuse(cx, &packet, &received, problem);
        return Err(reason);
    }
    redirect::advise_v6(cx, &packet, &received, &hop);
    let input = Some(packet.meta.device);
    let state = HookState { point: HookPoint::Forward, input, output: Some(hop.device) };
    cx.hooks.run(&state, &mut packet)?;
    cx.counters.increment(Counter::Ip6OutForwDatagrams);
    packet.meta.priority = qdisc::priority_of_tos(received.traffic_class);
    let target = transmit::Target::Neighbour(hop.neighbour);
    transmit::egress(cx, packet, transmit::Way { input, device: hop.device, target, mtu })
}

/// Refuses a packet that no route leads on, and says so if we are a router. Linux: `ip6_pkt_drop`.
pub(super) fn refuse(
    cx: &mut Context<'_>,
    packet: &Packet,
    received: &Received,
    refusal: Refusal,
) -> Result<(), DropReason> {
    if !is_router(cx, received) {
        return Err(DropReason::Ipv6NotForUs);
    }
    let (problem, reason) = match refusal {
        Refusal::NoRoute => (Problem::NoRoute, DropReason::NoRoute),
        Refusal::Unreachable => (Problem::NoRoute, DropReason::RouteRefused),
        Refusal::Prohibit => (Problem::AdministrativelyProhibited, DropReason::RouteRefused),
        Refusal::Blackhole => return Err(DropReason::RouteRefused),
    };
    deliver6::refuse(cx, packet, received, problem);
    Err(reason)
}

/// Whether packets like this are passed on at all.
fn is_router(cx: &Context<'_>, received: &Received) -> bool {
    cx.sysctl.ipv6.of(received.device.0).forwarding && received.addressed == LinkDestination::Host
}
