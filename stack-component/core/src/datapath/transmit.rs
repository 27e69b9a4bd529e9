//! The walk downward: from a protocol's payload to a frame before a device.

use super::{Context, checksum, flow, learnt, make_header, multicast, raw, taps, tell, vlan};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::ethernet;
use crate::icmp::{IcmpError, IcmpErrorKind};
use crate::ip::Cutting;
use crate::ip::{v4, v6};
use crate::neighbour::{Key, Output};
use crate::netfilter::{EgressChecked, HookPoint, HookState};
use crate::packet::{DeviceIndex, Packet};
use crate::qdisc;
use crate::raw::Quote;
use crate::route::{Destination, FlowKey, Metrics, NextHop, ROUTING_TOS, Scope};
use crate::tcp;
use crate::wire;
use crate::wire::address::unspecified_like;
use crate::wire::ethernet::{EtherType, MacAddress};
use crate::wire::ipv6::is_v6;
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
    /// How many hops it may take; none: as many as its route or the device says.
    pub(crate) ttl: Option<u8>,
    pub(crate) tos: u8,
    pub(crate) cutting: Cutting,
    /// The only device to leave by; none: the one of the route. Linux: `flowi_oif`.
    pub(crate) device: Option<DeviceIndex>,
}

/// What the owner of a socket wants of its packets beyond that.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wishes {
    /// Flow label of IPv6; none: as the stack chooses.
    pub(crate) flow_label: Option<u32>,
    /// They go to neighbours alone. Linux: `SO_DONTROUTE`, `RTO_ONLINK`.
    pub(crate) neighbours: bool,
    /// Bytes of memory that they may take; none: as much as they need.
    pub(crate) memory: Option<usize>,
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
    pub(super) fn neighbour_of(self, destination: IpAddr) -> IpAddr {
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

/// Sends a payload of ours; a drop is counted here. Linux: `ip_local_out`, `ip6_local_out`.
pub(crate) fn send(cx: &mut Context<'_>, outgoing: Outgoing) -> Result<(), DropReason> {
    send_as_wished(cx, outgoing, Wishes::default())
}

/// The same as the owner of its socket wants it.
pub(crate) fn send_as_wished(
    cx: &mut Context<'_>,
    outgoing: Outgoing,
    wishes: Wishes,
) -> Result<(), DropReason> {
    let v6 = outgoing.destination.is_ipv6();
    cx.counters.increment(if v6 { Counter::Ip6OutRequests } else { Counter::IpOutRequests });
    let result = route_and_send(cx, outgoing, wishes);
    if let Err(reason) = result {
        cx.count_sent_drop(reason, v6);
    }
    result
}

fn route_and_send(cx: &mut Context<'_>, mut outgoing: Outgoing, wishes: Wishes) -> Result<(), DropReason> {
    let Outgoing { source, destination, protocol, tos, .. } = outgoing;
    let wanted = if wishes.neighbours { Scope::Link } else { Scope::Universe };
    let flow = FlowKey { scope: wanted, ..flow_of(cx, &outgoing) };
    let Resolved { device, target, source: route_source, metrics, scope } = resolve(cx, &flow)?;
    outgoing.ttl = outgoing.ttl.or(metrics.hop_limit);
    let mtu = match destination.is_ipv6() {
        true => cx.mtu6(device, metrics.mtu),
        false => cx.mtu(device, metrics.mtu),
    };
    let (target, cutting, mtu) = match target {
        Target::Neighbour(neighbour) => {
            let known = (neighbour, outgoing.cutting, mtu);
            let (neighbour, cutting, mtu) = learnt::way(cx, destination, protocol, known);
            (Target::Neighbour(neighbour), cutting, mtu)
        }
        _ => (target, outgoing.cutting, mtu),
    };
    outgoing.cutting = cutting;
    let pieces = memory_in_pieces(outgoing.packet.len(), mtu);
    if cutting != Cutting::Never && wishes.memory.is_some_and(|memory| pieces > memory) {
        return Err(DropReason::SendBufferFull);
    }
    let neighbour = target.neighbour_of(destination);
    let of_device = || cx.interfaces.source_for(cx.sysctl, device, (neighbour, scope), destination);
    let source = source.or(route_source).or_else(of_device).ok_or(DropReason::NoRoute)?;
    if outgoing.packet.meta.priority == 0 {
        outgoing.packet.meta.priority = qdisc::priority_of_tos(tos);
    }
    let stays_here = outgoing.ttl == Some(0);
    let packet = match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(to)) => make_header::v4(cx, outgoing, source, to, mtu),
        (IpAddr::V6(source), IpAddr::V6(to)) => {
            outgoing.ttl = outgoing.ttl.or(Some(cx.hop_limit(device)));
            make_header::v6(cx, outgoing, (source, to), wishes.flow_label, mtu)
        }
        _ => return Err(DropReason::NoRoute),
    };
    let mut packet = match packet {
        Ok(packet) => packet,
        Err((reason, mut packet)) => {
            packet.pull(packet.meta.options.into());
            too_big(cx, &Quote { source, destination, protocol, payload: packet.data() }, mtu);
            return Err(reason);
        }
    };
    local_out(cx, device, &mut packet)?;
    if destination.is_multicast() || matches!(target, Target::Broadcast) {
        multicast::copy::loop_back(cx, device, &packet, (source, destination));
    }
    // RFC 1112 section 6.1: such a packet is for this host alone.
    if destination.is_multicast() && stays_here {
        return Ok(());
    }
    egress(cx, packet, Way { input: None, device, target, mtu })
}

/// Asks the filters about a packet of ours that has its IP header. Linux: `__ip_local_out`, `__ip6_local_out`.
pub(super) fn local_out(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    packet: &mut Packet,
) -> Result<(), DropReason> {
    let state = HookState { point: HookPoint::LocalOut, input: None, output: Some(device) };
    cx.hooks.run(&state, packet)
}

/// Sends a packet of ours, at most `mtu` bytes with its IP header, to somebody on a link; the routes are not asked.
pub(super) fn over_link(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    to: IpAddr,
    mut packet: Packet,
    mtu: u32,
) -> Result<(), DropReason> {
    local_out(cx, device, &mut packet)?;
    egress(cx, packet, Way { input: None, device, target: Target::Neighbour(to), mtu })
}

/// What of a payload decides where it goes.
/// Bytes of memory that a payload takes on its way out in pieces, but for its last one. Linux: `wmem_alloc` in
/// `__ip_append_data`.
fn memory_in_pieces(payload: usize, mtu: u32) -> usize {
    /// What a piece takes beside its bytes. Linux: `SKB_TRUESIZE`.
    const OVERHEAD: usize = 768;
    let before_last = payload.saturating_sub(1) / (mtu as usize).max(1);
    before_last * (mtu as usize + OVERHEAD)
}

fn flow_of(cx: &Context<'_>, outgoing: &Outgoing) -> FlowKey {
    let Outgoing { packet, source, destination, protocol, tos, device, .. } = outgoing;
    let ends = [source.unwrap_or(unspecified_like(*destination)), *destination];
    let payload = packet.data().get(packet.meta.options.into()..).unwrap_or_default();
    FlowKey {
        source: *source,
        mark: packet.meta.mark,
        tos: tos & ROUTING_TOS,
        output: *device,
        hash: flow::hash(cx, ends, *protocol, 0, payload),
        transport: flow::transport(cx, *destination, *protocol, payload),
        ..FlowKey::to(*destination)
    }
}

/// Tells who sent a payload that the way carries packets of `mtu` bytes. Linux: `ip_local_error`, `ipv6_local_error`.
fn too_big(cx: &mut Context<'_>, quote: &Quote<'_>, mtu: u32) {
    let Quote { source, destination, protocol, payload } = *quote;
    let kind = IcmpErrorKind::FragmentationNeeded { mtu };
    let error = IcmpError::about_payload(source, destination, protocol, payload, kind);
    error.inspect(|error| tell::tell(cx, error));
    raw::too_big(cx, quote, mtu);
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

/// Where a packet of ours goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolved {
    pub(super) device: DeviceIndex,
    pub(super) target: Target,
    /// The source that the route names.
    pub(super) source: Option<IpAddr>,
    /// What the route says of the path.
    metrics: Metrics,
    /// How far the route's destinations are.
    pub(super) scope: Scope,
}

/// Linux: `ip_route_output_key`.
pub(super) fn resolve(cx: &mut Context<'_>, flow: &FlowKey) -> Result<Resolved, DropReason> {
    // No route says where everybody is; a device is enough. Linux: `ip_route_output_key_hash_rcu`.
    if let Some(device) = flow.output.filter(|_| flow.destination == IpAddr::V4(Ipv4Addr::BROADCAST)) {
        return Ok(on_link(device, Target::Broadcast));
    }
    let routes = &*cx.routes;
    match cx.output_cache.get(flow, routes.generation(), || routes.lookup(flow)) {
        Ok(Destination::Local { source }) => {
            // A packet to one of our own addresses comes from that address.
            let (device, source) = (DeviceIndex::LOOPBACK, source.or(Some(flow.destination)));
            Ok(Resolved { source, ..on_link(device, Target::Loopback) })
        }
        Ok(Destination::Broadcast(hop)) => Ok(by_hop(&hop, Target::Broadcast)),
        Ok(Destination::Unicast(hop)) => {
            // A group is on the link, whichever gateway other packets go by. Linux: `__mkroute_output`.
            let to_group = flow.destination.is_multicast();
            let neighbour = if to_group { flow.destination } else { hop.neighbour };
            Ok(by_hop(&hop, Target::Neighbour(neighbour)))
        }
        // Who says where a group is need not have a route to it. Linux: `ip_route_output_key_hash_rcu`.
        Err(_) if flow.destination.is_multicast() && flow.output.is_some() => {
            let device = flow.output.ok_or(DropReason::NoRoute)?;
            Ok(on_link(device, Target::Neighbour(flow.destination)))
        }
        Err(crate::route::Refusal::NoRoute) => Err(DropReason::NoRoute),
        Err(_) => Err(DropReason::RouteRefused),
    }
}

fn by_hop(hop: &NextHop, target: Target) -> Resolved {
    let NextHop { device, source, metrics, scope, .. } = *hop;
    Resolved { device, target, source, metrics, scope }
}

/// A way that no route says anything of.
fn on_link(device: DeviceIndex, target: Target) -> Resolved {
    Resolved { device, target, source: None, metrics: Metrics::NONE, scope: Scope::Link }
}

/// Sends a packet with its IP header, ours or a forwarded one, out of a device. Linux: `ip_output`, `ip6_output`.
pub(super) fn egress(cx: &mut Context<'_>, packet: Packet, way: Way) -> Result<(), DropReason> {
    let checked = cx.hooks.post_routing(way.input, way.device, packet)?;
    finish(cx, checked, &way)
}

/// Sends a packet whole or in pieces, as its way carries it. Linux: `ip_finish_output`, `ip6_finish_output`.
fn finish(cx: &mut Context<'_>, checked: EgressChecked, way: &Way) -> Result<(), DropReason> {
    let octets = if is_v6(checked.packet().data()) { Counter::Ip6OutOctets } else { Counter::IpExtOutOctets };
    cx.counters.add(octets, checked.packet().len() as u64);
    if checked.packet().len() > way.mtu as usize {
        return send_in_pieces(cx, checked, way);
    }
    link(cx, checked, way)
}

/// Cuts a packet that is larger than its way carries, and sends the pieces. A router cuts none of IPv6, so that such a
/// packet is one of ours. Linux: `ip_fragment`, `ip6_fragment`.
fn send_in_pieces(cx: &mut Context<'_>, checked: EgressChecked, way: &Way) -> Result<(), DropReason> {
    // No device sums up what it sees in pieces.
    let whole = checked.with_checksum(checksum::complete);
    let (pieces, created, done) = match is_v6(whole.packet().data()) {
        false => {
            (whole.cut(|packet| v4::fragment(packet, way.mtu)), Counter::IpFragCreates, Counter::IpFragOKs)
        }
        true => {
            let number = v6::identification(&mut *cx.random);
            let pieces = whole.cut(|packet| v6::fragment(packet, way.mtu, number));
            (pieces, Counter::Ip6FragCreates, Counter::Ip6FragOKs)
        }
    };
    for piece in pieces.ok_or(DropReason::PacketTooBig)? {
        // The others are worth nothing without it. Linux: `ip_do_fragment` frees the rest.
        link(cx, piece, way)?;
        cx.counters.increment(created);
    }
    cx.counters.increment(done);
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
            cx.counters.increment(Counter::IpExtOutMcastPkts);
            station(cx, device, ethernet::multicast_mac(group), checked)
        }
        Target::Neighbour(IpAddr::V6(group)) if group.is_multicast() => {
            cx.counters.increment(Counter::Ip6OutMcastPkts);
            station(cx, device, ethernet::multicast_mac_v6(group), checked)
        }
        Target::Neighbour(address) => neighbour(cx, Key { device, address }, checked),
    }
}

/// Linux: `loopback_xmit`.
fn loop_back(cx: &mut Context<'_>, checked: EgressChecked) -> Result<(), DropReason> {
    let packet = checked.into_packet();
    if !cx.packet_sockets.is_empty() {
        taps::looping(cx, &packet);
    }
    let limit = cx.sysctl.netdev_max_backlog as usize;
    let interface = cx.interfaces.get_mut(DeviceIndex::LOOPBACK).ok_or(DropReason::NoRoute)?;
    interface.loop_back(packet, limit)
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
    let ether_type = if is_v6(checked.packet().data()) { EtherType::IPV6 } else { EtherType::IPV4 };
    frame(cx, device, mac, ether_type, checked.into_packet())
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
    let result = match interface.vlan() {
        Some(of) => vlan::send(cx, device, of, packet),
        None => interface.enqueue(cx.now, packet),
    };
    taps::sent(cx, device);
    result
}

/// Sends an ARP packet to a station. Linux: `arp_xmit`.
pub(super) fn arp(cx: &mut Context<'_>, device: DeviceIndex, mac: MacAddress, message: &wire::arp::Packet) {
    let mut packet = Packet::with_capacity(0);
    message.emit(packet.push(wire::arp::PACKET_LEN));
    if let Err(reason) = frame(cx, device, mac, EtherType::ARP, packet) {
        cx.counters.drop(reason);
    }
}
