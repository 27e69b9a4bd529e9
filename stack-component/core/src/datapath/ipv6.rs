//! The walk upward of IPv6, to the point where it is clear whom a packet is for.

use super::{Context, deliver6, early_demux, flow, forward6, proxies};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::ip::v6::{self, Received};
use crate::netfilter::{HookPoint, HookState};
use crate::packet::{DeviceIndex, LinkDestination, Packet};
use crate::route::{Destination, FlowKey, ROUTING_TOS, Transport};
use crate::wire::ecn::Codepoint;
use crate::wire::icmpv6::Type;
use crate::wire::protocol::Protocol;

/// Linux: `ipv6_rcv`, `ip6_rcv_finish`.
pub(super) fn ipv6(cx: &mut Context<'_>, mut packet: Packet) -> Result<(), DropReason> {
    let device = packet.meta.device;
    cx.counters.increment(Counter::Ip6InReceives);
    if cx.sysctl.ipv6.of(device.0).disable_ipv6 {
        return Err(DropReason::Ipv6Disabled);
    }
    let mut received = v6::input(&mut packet)?;
    count(cx, &packet, &received);
    if !cx.hooks.is_empty(HookPoint::PreRouting) {
        let state = HookState { point: HookPoint::PreRouting, input: Some(device), output: None };
        cx.hooks.run(&state, &mut packet)?;
        received = v6::input(&mut packet)?;
    }
    let from_wire = device != DeviceIndex::LOOPBACK && packet.meta.destination != LinkDestination::Looped;
    let to_many = matches!(received.addressed, LinkDestination::Broadcast | LinkDestination::Multicast);
    if to_many
        && !received.destination.is_multicast()
        && cx.sysctl.ipv6.of(device.0).drop_unicast_in_l2_multicast
    {
        return Err(DropReason::UnicastInMulticastFrame);
    }
    v6::check_addresses(received.source, received.destination, from_wire)?;
    // Nobody else has our addresses; but who does says so with just this source.
    if from_wire && cx.routes.is_local(received.source.into()) && !is_advertisement(&packet, &received) {
        return Err(DropReason::Ipv6BadSource);
    }
    if let Err(bad) = v6::hop_by_hop(&packet, &mut received, deliver6::limits()) {
        return Err(deliver6::refuse_extension(cx, &packet, &received, bad));
    }
    route(cx, packet, received)
}

/// Whether a packet is a neighbour's advertisement, as far as can be seen before its extension headers are read: it is
/// the answer to the question whether somebody has an address (RFC 4862 section 5.4.4).
fn is_advertisement(packet: &Packet, received: &Received) -> bool {
    received.next_header == Protocol::ICMPV6
        && packet.data().get(received.header_len) == Some(&Type::NEIGHBOUR_ADVERTISEMENT.0)
}

fn count(cx: &mut Context<'_>, packet: &Packet, received: &Received) {
    cx.counters.add(Counter::Ip6InOctets, packet.len() as u64);
    cx.counters.increment(match Codepoint::of_tos(received.traffic_class) {
        Codepoint::NotEct => Counter::Ip6InNoECTPkts,
        Codepoint::Ect1 => Counter::Ip6InECT1Pkts,
        Codepoint::Ect0 => Counter::Ip6InECT0Pkts,
        Codepoint::Ce => Counter::Ip6InCEPkts,
    });
    if received.destination.is_multicast() {
        cx.counters.increment(Counter::Ip6InMcastPkts);
    }
}

/// What rules may ask of a packet. Linux: `fib6_rules_early_flow_dissect`.
fn transport_of(cx: &Context<'_>, packet: &Packet, received: &Received) -> Transport {
    let fragment = received.next_header == Protocol::FRAGMENT;
    let header = packet.data().get(received.header_len..).filter(|_| !fragment).unwrap_or_default();
    flow::transport(cx, received.destination.into(), received.next_header, header)
}

/// Linux: `ip6_route_input`, `ip6_mc_input`.
fn route(cx: &mut Context<'_>, mut packet: Packet, received: Received) -> Result<(), DropReason> {
    let Received { source, destination, traffic_class, .. } = received;
    let device = packet.meta.device;
    if destination.is_multicast() {
        // Whose packets are wanted is for those who asked for them. Linux: `ipv6_chk_mcast_addr` without a source.
        let ours = cx.groups.has_joined(device, destination.into());
        return if ours { deliver6::deliver(cx, packet, received) } else { Err(DropReason::Ipv6NotForUs) };
    }
    let may_be = received.next_header == Protocol::TCP && received.addressed == LinkDestination::Host;
    let ends = (source.into(), destination.into());
    if may_be && early_demux::tcp(cx, &mut packet, received.header_len, ends) {
        return deliver6::deliver(cx, packet, received);
    }
    let flow = FlowKey {
        source: Some(source.into()),
        mark: packet.meta.mark,
        tos: traffic_class & ROUTING_TOS,
        // What comes from ourselves comes from the address's own device.
        input: Some(device).filter(|&device| device != DeviceIndex::LOOPBACK),
        transport: transport_of(cx, &packet, &received),
        ..FlowKey::to(destination.into())
    };
    match cx.routes.lookup(&flow) {
        Ok(Destination::Local { .. }) => deliver6::deliver(cx, packet, received),
        Ok(Destination::Unicast(_)) if proxies::hears(cx, &packet, &received) => {
            deliver6::deliver(cx, packet, received)
        }
        Ok(Destination::Unicast(hop)) => forward6::forward(cx, packet, received, hop),
        Ok(Destination::Broadcast(_)) => Err(DropReason::Ipv6NotForUs),
        Err(refusal) => forward6::refuse(cx, &packet, &received, refusal),
    }
}
