//! Packets for somebody else.

use super::{Context, deliver, transmit};
use crate::counters::Counter;
use crate::device::{Interface, Interfaces};
use crate::drop_reason::DropReason;
use crate::icmp::v4::Problem;
use crate::ip::v4::{self, Received, Recorder, TooFar};
use crate::netfilter::{HookPoint, HookState};
use crate::packet::{DeviceIndex, LinkDestination, Packet};
use crate::qdisc;
use crate::route::{NextHop, Refusal};
use crate::sysctl::Sysctl;
use crate::wire::ipv4::{HEADER_LEN, set_options_len};
use core::net::{IpAddr, Ipv4Addr};

/// Whether we pass such packets on. Linux: `IN_DEV_FORWARD`.
pub(super) fn is_router(cx: &Context<'_>, packet: &Packet, received: &Received) -> bool {
    let conf = cx.sysctl.ipv4_device(packet.meta.device.0);
    conf.forwarding() && received.addressed == LinkDestination::Host
}

/// Passes a packet on to the `target` at the next hop; `near` says that its sender is a neighbour on the device that it came by. Linux:
/// `ip_forward`.
pub(super) fn forward(
    cx: &mut Context<'_>,
    mut packet: Packet,
    received: Received,
    hop: NextHop,
    (near, target): (bool, transmit::Target),
) -> Result<(), DropReason> {
    let mtu = cx.mtu(hop.device, hop.metrics.mtu);
    match v4::forward(&mut packet, &received, mtu) {
        Ok(()) => {}
        Err(TooFar::TtlExceeded) => {
            deliver::refuse(cx, &packet, &received, Problem::TimeExceeded);
            return Err(DropReason::TtlExceeded);
        }
        Err(TooFar::TooBig { mtu }) => {
            let mtu = u16::try_from(mtu).unwrap_or(u16::MAX);
            deliver::refuse(cx, &packet, &received, Problem::FragmentationNeeded(mtu));
            return Err(DropReason::PacketTooBig);
        }
    }
    if received.header_len > HEADER_LEN {
        leave_our_mark(cx, &mut packet, &received, &hop);
    }
    if near {
        advise(cx, &packet, &received, &hop);
    }
    let input = Some(packet.meta.device);
    let state = HookState { point: HookPoint::Forward, input, output: Some(hop.device) };
    cx.hooks.run(&state, &mut packet)?;
    cx.counters.increment(Counter::IpForwDatagrams);
    packet.meta.priority = qdisc::priority_of_tos(received.tos);
    transmit::egress(cx, packet, transmit::Way { input, device: hop.device, target, mtu })
}

/// Fills in the options that ask every router for its address or time. Linux: `ip_forward_options`.
fn leave_our_mark(cx: &Context<'_>, packet: &mut Packet, received: &Received, hop: &NextHop) {
    let source = hop.source.or_else(|| {
        let way = (hop.neighbour, hop.scope);
        cx.interfaces.source_for(cx.sysctl, hop.device, way, received.destination.into())
    });
    let Some(IpAddr::V4(address)) = source else { return };
    let us = Recorder { address, millis: cx.now.as_millis(), is_ours: &|ip| cx.routes.is_local(ip.into()) };
    let options = packet.data_mut().get_mut(HEADER_LEN..received.header_len);
    if options.is_some_and(|options| us.record(options)) {
        set_options_len(packet.data_mut(), received.header_len - HEADER_LEN);
    }
}

/// Tells the sender of a packet that goes back to the link it came from of the gateway there. Linux:
/// `ip_rt_send_redirect`, and `__mkroute_input` for when.
fn advise(cx: &mut Context<'_>, packet: &Packet, received: &Received, hop: &NextHop) {
    let device = packet.meta.device;
    let IpAddr::V4(gateway) = hop.neighbour else { return };
    if hop.device == device
        && is_advised(cx.interfaces, cx.sysctl, device, [received.source, gateway])
        && cx.redirect_limit.allow(cx.now, received.source)
    {
        deliver::refuse(cx, packet, received, Problem::Redirect(gateway));
    }
}

/// Whether who sends packets by a device that leave by it again is told of their gateway: both are hosts of one link, as far
/// as is known. Linux: `__mkroute_input`.
pub(crate) fn is_advised(
    interfaces: &Interfaces,
    sysctl: &Sysctl,
    device: DeviceIndex,
    hosts: [Ipv4Addr; 2],
) -> bool {
    let conf = sysctl.ipv4_device(device.0);
    let neighbours = |interface: &Interface| hosts.iter().all(|host| interface.is_on_link(*host));
    let may_know = conf.shared_media() || interfaces.get(device).is_some_and(neighbours);
    conf.send_redirects() && may_know
}

/// Refuses a packet that no route leads on, and says so if we are a router. Linux: `ip_error`.
pub(super) fn refuse(
    cx: &mut Context<'_>,
    packet: &Packet,
    received: &Received,
    refusal: Refusal,
) -> Result<(), DropReason> {
    if !is_router(cx, packet, received) {
        return Err(DropReason::Ipv4NotForUs);
    }
    let (problem, reason) = match refusal {
        Refusal::NoRoute => (Problem::NetworkUnreachable, DropReason::NoRoute),
        Refusal::Unreachable => (Problem::HostUnreachable, DropReason::RouteRefused),
        Refusal::Prohibit => (Problem::AdministrativelyProhibited, DropReason::RouteRefused),
        Refusal::Blackhole => return Err(DropReason::RouteRefused),
    };
    deliver::refuse(cx, packet, received, problem);
    Err(reason)
}
