//! The walk upward, to the point where it is clear whom a packet is for.

use super::{Context, arp, input_route, ipv6, taps, vlan};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::ethernet;
use crate::ip::v4;
use crate::netfilter::{HookPoint, HookState};
use crate::packet::{DeviceIndex, LinkDestination, Packet};
use crate::wire::ecn::Codepoint;
use crate::wire::ethernet::EtherType;
use crate::wire::ipv6::is_v6;

/// Takes in a frame from a device: delivers or forwards what it carries, or counts why not. Linux:
/// `__netif_receive_skb_core`.
pub(super) fn receive(cx: &mut Context<'_>, device: DeviceIndex, mut packet: Packet) {
    let looped = packet.meta.destination == LinkDestination::Looped;
    let device = if looped { packet.meta.device } else { device };
    let Some(interface) = cx.interfaces.get_mut(device) else { return };
    if !looped {
        interface.count_received(packet.len());
        packet.meta.device = device;
    }
    let is_loopback = interface.is_loopback();
    // Copies of what went to a group were seen when it left. Linux: `PACKET_LOOPBACK`.
    if !looped && !cx.packet_sockets.is_empty() {
        taps::received(cx, device, &packet);
    }
    // The loopback device passes bare IP packets: no station ever sees them.
    let ether_type = match looped || is_loopback {
        true if is_v6(packet.data()) => Ok((device, EtherType::IPV6)),
        true => Ok((device, EtherType::IPV4)),
        false => frame(cx, device, &mut packet),
    };
    let v6 = matches!(ether_type, Ok((_, EtherType::IPV6)));
    let result = ether_type.and_then(|(device, ether_type)| protocol(cx, device, ether_type, packet));
    if let Err(reason) = result {
        cx.count_received_drop(device, reason, v6);
    }
}

/// What a frame carries, and the device that it is for: the one it came by, or a VLAN of it. Linux: `eth_type_trans`.
fn frame(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    packet: &mut Packet,
) -> Result<(DeviceIndex, EtherType), DropReason> {
    let Some(interface) = cx.interfaces.get(device) else { return Err(DropReason::LinkDown) };
    match ethernet::input(interface.mac(), interface.max_frame(), packet)? {
        EtherType::VLAN => vlan::untag(cx, device, packet),
        ether_type => Ok((device, ether_type)),
    }
}

/// Linux: the protocol's `packet_type`.
fn protocol(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    ether_type: EtherType,
    packet: Packet,
) -> Result<(), DropReason> {
    match ether_type {
        EtherType::IPV4 => ipv4(cx, packet),
        EtherType::IPV6 => ipv6::ipv6(cx, packet),
        EtherType::ARP => arp::receive(cx, device, &packet),
        _ => Err(DropReason::UnhandledProtocol),
    }
}

/// Linux: `ip_rcv`, `ip_rcv_finish`.
fn ipv4(cx: &mut Context<'_>, mut packet: Packet) -> Result<(), DropReason> {
    cx.counters.increment(Counter::IpInReceives);
    let mut received = v4::input(&mut packet)?;
    cx.counters.add(Counter::IpExtInOctets, packet.len() as u64);
    cx.counters.increment(match Codepoint::of_tos(received.tos) {
        Codepoint::NotEct => Counter::IpExtInNoECTPkts,
        Codepoint::Ect1 => Counter::IpExtInECT1Pkts,
        Codepoint::Ect0 => Counter::IpExtInECT0Pkts,
        Codepoint::Ce => Counter::IpExtInCEPkts,
    });
    match packet.meta.destination {
        LinkDestination::Looped if received.destination.is_multicast() => {
            cx.counters.increment(Counter::IpExtInMcastPkts);
        }
        LinkDestination::Broadcast | LinkDestination::Looped => {
            cx.counters.increment(Counter::IpExtInBcastPkts);
        }
        LinkDestination::Multicast => cx.counters.increment(Counter::IpExtInMcastPkts),
        LinkDestination::Host | LinkDestination::OtherHost => {}
    }
    let device = packet.meta.device;
    if !cx.hooks.is_empty(HookPoint::PreRouting) {
        let state = HookState { point: HookPoint::PreRouting, input: Some(device), output: None };
        cx.hooks.run(&state, &mut packet)?;
        received = v4::input(&mut packet)?;
    }
    input_route::route(cx, packet, received)
}
