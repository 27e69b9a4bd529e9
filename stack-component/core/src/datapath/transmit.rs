//! The walk downward: from a protocol's payload to a frame before a device.

use super::{Context, checksum, flow, learnt, raw, tell, vlan};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::ethernet;
use crate::icmp::{IcmpError, IcmpErrorKind};
use crate::ip::Cutting;
use crate::ip::v4::{self, Request};
use crate::neighbour::{Key, Output};
use crate::netfilter::{EgressChecked, HookPoint, HookState};
use crate::packet::{DeviceIndex, Packet};
use crate::qdisc;
use crate::raw::Quote;
use crate::route::{Destination, FlowKey, ROUTING_TOS};
use crate::tcp;
use crate::wire;
use crate::wire::address::unspecified_like;
use crate::wire::ethernet::{EtherType, MacAddress};
use crate::wire::protocol::Protocol;
use core::net::{IpAddr, Ipv4Addr};

/// A payload of ours, with what its header is to say.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// The transport header and its payload.
    pub(crate) packet: Packet,
    /// Our address; none if the route is to choose it.
    pub(crate) source: Option<IpAddr>,
    pub(crate) destination: IpAddr,
    pub(crate) protocol: Protocol,
    pub(crate) ttl: u8,
    pub(crate) tos: u8,
    pub(crate) cutting: Cutting,
    /// The only device to leave by; none: the one of the route. Linux: `flowi_oif`.
    pub(crate) device: Option<DeviceIndex>,
}

/// Whom on a link a packet is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// Ourselves.
    Loopback,
    /// Everybody.
    Broadcast,
    /// The station that has this address.
    Neighbour(IpAddr),
}

impl Target {
    /// The address on the link by which a packet gets to its destination.
    fn neighbour_of(self, destination: IpAddr) -> IpAddr {
        match self {
            Target::Neighbour(neighbour) => neighbour,
            Target::Loopback | Target::Broadcast => destination,
        }
    }
}

/// Sends a segment of TCP. What goes wrong is counted, and told to TCP where that helps it.
/// Linux: `ip_queue_xmit`.
pub(super) fn segment(cx: &mut Context<'_>, output: tcp::Output) {
    let tcp::Output { mut packet, source, destination, ttl, tos, mark, dont_fragment, device } = output;
    packet.meta.mark = mark;
    let (source, protocol) = (Some(source), Protocol::TCP);
    let cutting = if dont_fragment { Cutting::Never } else { Cutting::Anywhere };
    let _ = send(cx, Outgoing { packet, source, destination, protocol, ttl, tos, cutting, device });
}

/// Sends a payload of ours; a drop is counted here. Linux: `ip_local_out`.
pub(crate) fn send(cx: &mut Context<'_>, outgoing: Outgoing) -> Result<(), DropReason> {
    cx.counters.increment(Counter::IpOutRequests);
    let result = route_and_send(cx, outgoing);
    if let Err(reason) = result {
        cx.count_sent_drop(reason);
    }
    result
}

fn route_and_send(cx: &mut Context<'_>, outgoing: Outgoing) -> Result<(), DropReason> {
    let Outgoing { packet, source, destination, protocol, ttl, tos, cutting, device } = outgoing;
    let ends = [source.unwrap_or(unspecified_like(destination)), destination];
    let flow = FlowKey {
        source,
        mark: packet.meta.mark,
        tos: tos & ROUTING_TOS,
        output: device,
        hash: flow::hash(cx, ends, protocol, 0, packet.data()),
        ..FlowKey::to(destination)
    };
    let (device, target, route_source, route_mtu) = resolve(cx, &flow)?;
    let mtu = cx.mtu(device, route_mtu);
    let (target, cutting, mtu) = match target {
        Target::Neighbour(neighbour) => {
            let (neighbour, cutting, mtu) = learnt::way(cx, destination, protocol, (neighbour, cutting, mtu));
            (Target::Neighbour(neighbour), cutting, mtu)
        }
        _ => (target, cutting, mtu),
    };
    let of_device = || cx.interfaces.get(device)?.source_for(target.neighbour_of(destination));
    let source = source.or(route_source).or_else(of_device).ok_or(DropReason::NoRoute)?;
    let (IpAddr::V4(source), IpAddr::V4(destination)) = (source, destination) else {
        return Err(DropReason::NoRoute);
    };
    let request = Request { packet, source, destination, protocol, ttl, tos, cutting };
    let mut packet = match v4::output(cx.now, cx.random, cx.identification, request, mtu) {
        Ok(packet) => packet,
        Err((reason, packet)) => {
            let kind = IcmpErrorKind::FragmentationNeeded { mtu };
            let error =
                IcmpError::about_payload(source.into(), destination.into(), protocol, packet.data(), kind);
            error.inspect(|error| tell::tell(cx, error));
            let (source, destination, payload) = (source.into(), destination.into(), packet.data());
            raw::too_big(cx, &Quote { source, destination, protocol, payload }, mtu);
            return Err(reason);
        }
    };
    if packet.meta.priority == 0 {
        packet.meta.priority = qdisc::priority_of_tos(tos);
    }
    let state = HookState { point: HookPoint::LocalOut, input: None, output: Some(device) };
    cx.hooks.run(&state, &mut packet)?;
    egress(cx, packet, Way { input: None, device, target, mtu })
}

/// Where a packet with its IP header goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// The device it came by, if it is forwarded.
    pub(super) input: Option<DeviceIndex>,
    /// The device it leaves by.
    pub(super) device: DeviceIndex,
    /// Whom there it is for.
    pub(super) target: Target,
    /// Bytes of the largest packet that gets there.
    pub(super) mtu: u32,
}

/// Where a packet of ours goes: device, target, the route's source address and MTU.
type Resolved = (DeviceIndex, Target, Option<IpAddr>, Option<u32>);

/// Linux: `ip_route_output_key`.
fn resolve(cx: &mut Context<'_>, flow: &FlowKey) -> Result<Resolved, DropReason> {
    // No route says where everybody is; a device is enough. Linux: `ip_route_output_key_hash_rcu`.
    if let Some(device) = flow.output.filter(|_| flow.destination == IpAddr::V4(Ipv4Addr::BROADCAST)) {
        return Ok((device, Target::Broadcast, None, None));
    }
    let routes = cx.routes;
    match cx.output_cache.get(flow, routes.generation(), || routes.lookup(flow)) {
        Ok(Destination::Local { source }) => {
            // A packet to one of our own addresses comes from that address.
            Ok((DeviceIndex::LOOPBACK, Target::Loopback, source.or(Some(flow.destination)), None))
        }
        Ok(Destination::Broadcast(hop)) => Ok((hop.device, Target::Broadcast, hop.source, hop.metrics.mtu)),
        Ok(Destination::Unicast(hop)) => {
            // A group is on the link, whichever gateway other packets go by. Linux: `__mkroute_output`.
            let to_group = flow.destination.is_multicast();
            let neighbour = if to_group { flow.destination } else { hop.neighbour };
            Ok((hop.device, Target::Neighbour(neighbour), hop.source, hop.metrics.mtu))
        }
        Err(crate::route::Refusal::NoRoute) => Err(DropReason::NoRoute),
        Err(_) => Err(DropReason::RouteRefused),
    }
}

/// Sends a packet with its IP header, ours or a forwarded one, out of a device. Linux: `ip_output`.
pub(super) fn egress(cx: &mut Context<'_>, packet: Packet, way: Way) -> Result<(), DropReason> {
    let checked = cx.hooks.post_routing(way.input, way.device, packet)?;
    cx.counters.add(Counter::IpExtOutOctets, checked.packet().len() as u64);
    if checked.packet().len() > way.mtu as usize {
        return send_in_pieces(cx, checked, &way);
    }
    link(cx, checked, &way)
}

/// Cuts a packet that is larger than its way carries, and sends the pieces. Linux: `ip_fragment`.
fn send_in_pieces(cx: &mut Context<'_>, checked: EgressChecked, way: &Way) -> Result<(), DropReason> {
    // No device sums up what it sees in pieces.
    let whole = checked.with_checksum(checksum::complete);
    let pieces = whole.cut(|packet| v4::fragment(packet, way.mtu)).ok_or(DropReason::PacketTooBig)?;
    for piece in pieces {
        // The others are worth nothing without it. Linux: `ip_do_fragment` frees the rest.
        link(cx, piece, way)?;
        cx.counters.increment(Counter::IpFragCreates);
    }
    cx.counters.increment(Counter::IpFragOKs);
    Ok(())
}

/// Hands a packet that a link carries to its station, or asks for it. Linux: `ip_finish_output2`.
fn link(cx: &mut Context<'_>, checked: EgressChecked, way: &Way) -> Result<(), DropReason> {
    let device = way.device;
    match way.target {
        Target::Loopback => loop_back(cx, checked),
        Target::Broadcast => {
            cx.counters.increment(Counter::IpExtOutBcastPkts);
            station(cx, device, MacAddress::BROADCAST, checked)
        }
        Target::Neighbour(IpAddr::V4(group)) if group.is_multicast() => {
            station(cx, device, ethernet::multicast_mac(group), checked)
        }
        Target::Neighbour(address) => neighbour(cx, Key { device, address }, checked),
    }
}

/// Linux: `loopback_xmit`.
fn loop_back(cx: &mut Context<'_>, checked: EgressChecked) -> Result<(), DropReason> {
    let limit = cx.sysctl.netdev_max_backlog as usize;
    let interface = cx.interfaces.get_mut(DeviceIndex::LOOPBACK).ok_or(DropReason::NoRoute)?;
    interface.loop_back(checked.into_packet(), limit)
}

/// Linux: `neigh_output`.
fn neighbour(cx: &mut Context<'_>, key: Key, checked: EgressChecked) -> Result<(), DropReason> {
    // Linux: `NUD_NOARP`.
    let alone = cx.interfaces.get(key.device).filter(|interface| !interface.has_neighbours());
    if let Some(mac) = alone.map(|interface| interface.mac()) {
        return station(cx, key.device, mac, checked);
    }
    if checked.packet().meta.confirms_neighbour {
        cx.neighbours.confirm(cx.now, key);
    }
    match cx.neighbours.output(cx.now, key, checked) {
        Output::Send(mac, checked) => station(cx, key.device, mac, checked),
        Output::Wait => Ok(()),
        Output::TableFull(_) => Err(DropReason::NeighbourTableFull),
    }
}

/// Sends an IP packet, which only a checked one is, to a station.
pub(super) fn station(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    mac: MacAddress,
    checked: EgressChecked,
) -> Result<(), DropReason> {
    frame(cx, device, mac, EtherType::IPV4, checked.into_packet())
}

/// Puts the Ethernet header before a packet and queues the frame. Linux: `dev_queue_xmit`.
fn frame(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    mac: MacAddress,
    ether_type: EtherType,
    mut packet: Packet,
) -> Result<(), DropReason> {
    let interface = cx.interfaces.get_mut(device).ok_or(DropReason::NoRoute)?;
    packet.meta.device = device;
    if !interface.features().transmit_checksum {
        checksum::complete(&mut packet);
    }
    ethernet::output(&mut packet, interface.mac(), mac, ether_type);
    match interface.vlan() {
        Some(of) => vlan::send(cx, device, of, packet),
        None => interface.enqueue(cx.now, packet),
    }
}

/// Sends an ARP packet to a station. Linux: `arp_xmit`.
pub(super) fn arp(cx: &mut Context<'_>, device: DeviceIndex, mac: MacAddress, message: &wire::arp::Packet) {
    let mut packet = Packet::with_capacity(0);
    message.emit(packet.push(wire::arp::PACKET_LEN));
    if let Err(reason) = frame(cx, device, mac, EtherType::ARP, packet) {
        cx.counters.drop(reason);
    }
}
