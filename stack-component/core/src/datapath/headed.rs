//! Packets whose IP header somebody else made: what raw sockets send with it. Linux: `raw_send_hdrinc`,
//! `rawv6_send_hdrinc`.

use super::{Context, flow, make_header, multicast, transmit};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::packet::{DeviceIndex, Packet};
use crate::route::FlowKey;
use crate::wire::protocol::Protocol;
use crate::wire::{ipv4, ipv6};
use core::net::IpAddr;

/// A packet from its IP header on, which is there, and where it goes.
#[derive(Debug)]
pub(crate) struct Headed {
    pub(crate) packet: Packet,
    /// Our address, for the route.
    pub(crate) source: Option<IpAddr>,
    /// Whom it is sent to, whatever its header says.
    pub(crate) destination: IpAddr,
    /// The only device to leave by.
    pub(crate) device: Option<DeviceIndex>,
}

/// Sends the packet; a drop is counted here.
pub(crate) fn send(cx: &mut Context<'_>, headed: Headed) -> Result<(), DropReason> {
    let v6 = headed.destination.is_ipv6();
    cx.counters.increment(if v6 { Counter::Ip6OutRequests } else { Counter::IpOutRequests });
    let result = route_and_send(cx, headed);
    if let Err(reason) = result {
        cx.count_sent_drop(reason, v6);
    }
    result
}

fn route_and_send(cx: &mut Context<'_>, headed: Headed) -> Result<(), DropReason> {
    let Headed { mut packet, source, destination, device } = headed;
    let transport = flow::transport(cx, destination, Protocol::RAW, &[]);
    let flow =
        FlowKey { source, mark: packet.meta.mark, output: device, transport, ..FlowKey::to(destination) };
    let transmit::Resolved { device, target, source: of_route, scope, .. } = transmit::resolve(cx, &flow)?;
    let mtu = cx.mtu(device, None);
    if packet.len() > mtu as usize {
        return Err(DropReason::PacketTooBig);
    }
    if let Ok(header) = ipv4::Header::parse_quoted(packet.data()) {
        let (to, protocol) = (header.destination(), header.protocol());
        let neighbour = target.neighbour_of(destination);
        let of_device = || cx.interfaces.source_for(cx.sysctl, device, (neighbour, scope), destination);
        let Some(IpAddr::V4(ours)) = source.or(of_route).or_else(of_device) else {
            return Err(DropReason::NoRoute);
        };
        let identification = cx.identification.next(cx.now, cx.random, ours, to, protocol);
        ipv4::complete(packet.data_mut(), ours, identification);
        make_header::count_icmp(cx, &packet);
    }
    transmit::local_out(cx, device, &mut packet)?;
    if destination.is_multicast()
        && let Some(source) = source_of(&packet)
    {
        multicast::copy::loop_back(cx, device, &packet, (source, destination));
    }
    transmit::egress(cx, packet, transmit::Way { input: None, device, target, mtu })
}

/// Who sent a packet that begins with an IP header.
fn source_of(packet: &Packet) -> Option<IpAddr> {
    let v4 = || Some(ipv4::Header::parse_quoted(packet.data()).ok()?.source().into());
    let v6 = || Some(ipv6::Header::parse_quoted(packet.data()).ok()?.source().into());
    v4().or_else(v6)
}
