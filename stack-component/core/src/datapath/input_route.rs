//! Where an IPv4 packet goes that arrived. Linux: `ip_rcv_finish_core`, `ip_route_input_slow`.

use super::transmit::Target;
use super::{Context, deliver, early_demux, flow, forward, multicast};
use crate::device::Interfaces;
use crate::drop_reason::DropReason;
use crate::icmp::v4::Problem;
use crate::ip::v4::{self, BadOption, Received};
use crate::packet::{DeviceIndex, LinkDestination, Packet};
use crate::route::{BadSource, Destination, FlowKey, NextHop, ROUTING_TOS, Refusal, Routes, SourcePolicy};
use crate::sysctl::Sysctl;
use crate::wire::protocol::Protocol;
use alloc::format;
use core::net::Ipv4Addr;

/// What the routes say of a packet that arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputRoute {
    destination: Result<Destination, Refusal>,
    /// Whether the sender is a neighbour on the device that the packet came by.
    source: Result<bool, BadSource>,
}

/// What becomes of a packet.
enum Verdict {
    /// It is for us; and for others, too, if so said.
    Deliver { to_many: bool },
    /// It goes on, to everybody on a link if so said; its sender is a neighbour on the device that it came by, if so
    /// said.
    Forward { hop: NextHop, near: bool, to_all: bool },
    /// It goes nowhere, which its sender may hear.
    Refuse(Refusal),
}

/// Delivers a packet, passes it on or refuses it.
pub(super) fn route(cx: &mut Context<'_>, mut packet: Packet, received: Received) -> Result<(), DropReason> {
    let may_be = received.protocol == Protocol::TCP
        && received.addressed == LinkDestination::Host
        && !received.fragment;
    let ends = (received.source.into(), received.destination.into());
    let verdict = match may_be && early_demux::tcp(cx, &mut packet, received.header_len, ends) {
        true => Verdict::Deliver { to_many: false },
        false => judge(cx, &packet, &received)?,
    };
    check_options(cx, &packet, &received)?;
    match verdict {
        Verdict::Deliver { to_many } => deliver::deliver(cx, packet, received, to_many),
        Verdict::Forward { hop, to_all: true, .. } => {
            forward::forward(cx, packet, received, hop, (false, Target::Broadcast))
        }
        Verdict::Forward { hop, near, .. } => {
            forward::forward(cx, packet, received, hop, (near, Target::Neighbour(hop.neighbour)))
        }
        Verdict::Refuse(refusal) => forward::refuse(cx, &packet, &received, refusal),
    }
}

/// Linux: `ip_rcv_options`.
fn check_options(cx: &mut Context<'_>, packet: &Packet, received: &Received) -> Result<(), DropReason> {
    match v4::check_options(received.options(packet)) {
        Ok(()) => return Ok(()),
        Err(BadOption::SourceRoute) => {}
        Err(BadOption::Malformed { pointer }) => {
            deliver::refuse(cx, packet, received, Problem::ParameterProblem(pointer));
        }
    }
    Err(DropReason::Ipv4BadOption)
}

/// What becomes of a packet by its addresses. Linux: `ip_route_input_slow`.
fn judge(cx: &mut Context<'_>, packet: &Packet, received: &Received) -> Result<Verdict, DropReason> {
    let device = packet.meta.device;
    let looped = packet.meta.destination == LinkDestination::Looped;
    if device != DeviceIndex::LOOPBACK && !looped {
        let localnet = cx.sysctl.ipv4_device(device.0).route_localnet();
        let checked = v4::check_addresses(received.source, received.destination, localnet);
        checked.map_err(|reason| martian(cx, device, received, reason))?;
    }
    let to_all = received.destination.is_broadcast();
    let to_group = received.destination.is_multicast();
    if to_group && !multicast::is_for_us(cx, device, received) {
        return Err(DropReason::GroupNotJoined);
    }
    if looped {
        // It comes from where we sent it.
        return Ok(Verdict::Deliver { to_many: true });
    }
    let InputRoute { destination, source } = ask(cx, packet, received);
    // A host that does not know its address yet is nobody's neighbour.
    let from_nobody = (to_all || to_group) && received.source == Ipv4Addr::UNSPECIFIED;
    let source = if from_nobody {
        Ok(false)
    } else {
        source.map_err(|bad| martian(cx, device, received, distrust(bad)))
    };
    match destination {
        _ if to_all || to_group => source.map(|_| Verdict::Deliver { to_many: true }),
        Ok(Destination::Local { .. } | Destination::Unicast(_)) if unwanted_in_many(cx, packet, received) => {
            Err(DropReason::UnicastInMulticastFrame)
        }
        Ok(Destination::Local { .. }) => source.map(|_| Verdict::Deliver { to_many: false }),
        Ok(Destination::Broadcast(hop)) if hop.device == device => {
            source.map(|_| Verdict::Deliver { to_many: true })
        }
        // A broadcast to another of our links is not passed on unless somebody says so (RFC 2644).
        Ok(Destination::Broadcast(hop))
            if forward::is_router(cx, packet, received)
                && cx.sysctl.ipv4_device(device.0).bc_forwarding() =>
        {
            source.map(|_| Verdict::Forward { hop, near: false, to_all: true })
        }
        Ok(Destination::Broadcast(_)) => Err(DropReason::Ipv4NotForUs),
        Ok(Destination::Unicast(_)) if !forward::is_router(cx, packet, received) => {
            Err(DropReason::Ipv4NotForUs)
        }
        Ok(Destination::Unicast(hop)) => source.map(|near| Verdict::Forward { hop, near, to_all: false }),
        Err(refusal) => Ok(Verdict::Refuse(refusal)),
    }
}

/// Whether a packet to one host came in a frame to many, where that is not wanted. Linux: `ip_rcv_finish_core`.
fn unwanted_in_many(cx: &Context<'_>, packet: &Packet, received: &Received) -> bool {
    let to_many = matches!(received.addressed, LinkDestination::Broadcast | LinkDestination::Multicast);
    to_many && cx.sysctl.ipv4_device(packet.meta.device.0).drop_unicast_in_l2_multicast()
}

/// People may hear of packets that cannot come from where they say. Linux: `ip_handle_martian_source`.
fn martian(cx: &mut Context<'_>, device: DeviceIndex, received: &Received, reason: DropReason) -> DropReason {
    if cx.sysctl.ipv4_device(device.0).log_martians() {
        let Received { source, destination, .. } = *received;
        cx.say(device, || format!("martian packet to {destination} from {source}"));
    }
    reason
}

fn distrust(bad: BadSource) -> DropReason {
    match bad {
        BadSource::Martian => DropReason::Ipv4BadSource,
        BadSource::ReversePath => DropReason::Ipv4ReversePath,
    }
}

/// Asks the routes, or remembers what they said.
fn ask(cx: &mut Context<'_>, packet: &Packet, received: &Received) -> InputRoute {
    let (source, destination) = (received.source.into(), received.destination.into());
    let transport = match received.fragment {
        false => packet.data().get(received.header_len..).unwrap_or_default(),
        true => &[],
    };
    let flow = FlowKey {
        source: Some(source),
        mark: packet.meta.mark,
        tos: received.tos & ROUTING_TOS,
        input: Some(packet.meta.device),
        hash: flow::hash(cx, [source, destination], received.protocol, 0, transport),
        transport: flow::transport(cx, destination, received.protocol, transport),
        ..FlowKey::to(destination)
    };
    let (routes, sysctl, interfaces) = (&*cx.routes, &*cx.sysctl, &*cx.interfaces);
    let device = packet.meta.device;
    cx.input_cache.get(&flow, routes.generation(), || {
        look_up(routes, &flow, device, || source_policy(interfaces, sysctl, device))
    })
}

fn look_up(
    routes: &Routes,
    flow: &FlowKey,
    device: DeviceIndex,
    policy: impl FnOnce() -> SourcePolicy,
) -> InputRoute {
    let destination = routes.lookup(flow);
    // Linux gives what it sends to itself its route along.
    if device == DeviceIndex::LOOPBACK {
        return InputRoute { destination, source: Ok(true) };
    }
    let output = match destination {
        Ok(Destination::Unicast(hop)) => Some(hop.device),
        _ => None,
    };
    InputRoute { destination, source: routes.validate_source(flow, device, output, &policy()) }
}

/// What the settings say of packets that come by a device, and where they may come from. Linux: `fib_validate_source`.
pub(crate) fn source_policy(interfaces: &Interfaces, sysctl: &Sysctl, device: DeviceIndex) -> SourcePolicy {
    let conf = sysctl.ipv4_device(device.0);
    SourcePolicy {
        reverse_path: conf.rp_filter(),
        accept_local: conf.accept_local(),
        mark_counts: conf.src_valid_mark(),
        has_address: interfaces.get(device).is_some_and(|device| !device.addresses().is_empty()),
    }
}
