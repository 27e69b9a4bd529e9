//! Neighbour discovery's messages on their way out. Linux: `ndisc_send_skb`.

use super::{Context, transmit};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::ip::Cutting;
use crate::ip::v6::{self, Request};
use crate::packet::{DeviceIndex, Packet};
use crate::wire::icmpv6::fill_checksum;
use crate::wire::ipv6::ALL_ROUTERS;
use crate::wire::ndp::{Fields, HOP_LIMIT, Message};
use crate::wire::protocol::Protocol;
use core::net::Ipv6Addr;

/// Asks for routers. Linux: `ndisc_send_rs`.
pub(super) fn solicit_routers(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let from = interface.link_local();
    let certain = |ip: Ipv6Addr| interface.address(ip.into()).is_some_and(|known| !known.is_optimistic());
    // Who has no address yet, or none for certain, says nothing of its station, either (RFC 4429 section 3.2).
    let station = from.filter(|ip| certain(*ip)).map(|_| interface.mac());
    let fields = Fields { message: Message::RouterSolicitation, station, nonce: None };
    send(cx, device, from.unwrap_or(Ipv6Addr::UNSPECIFIED), ALL_ROUTERS, &fields);
}

/// Sends a message over a link; the routes are not asked. Linux: `ndisc_send_skb`.
pub(super) fn send(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    fields: &Fields,
) {
    let mut packet = Packet::with_capacity(0);
    fields.emit(packet.push(fields.message_len()));
    send_message(cx, device, source, destination, packet);
}

/// Sends a message of whatever kind, but for its checksum complete, over a link.
pub(super) fn send_message(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    packet: Packet,
) {
    cx.counters.increment(Counter::Ip6OutRequests);
    packet.data().first().inspect(|&&kind| cx.counters.icmp6_sent(kind));
    if let Err(reason) = send_counted(cx, device, source, destination, packet) {
        cx.count_sent_drop(reason, true);
    }
}

fn send_counted(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    mut packet: Packet,
) -> Result<(), DropReason> {
    fill_checksum(source, destination, packet.data_mut());
    let request = Request {
        packet,
        source,
        destination,
        next_header: Protocol::ICMPV6,
        hop_limit: HOP_LIMIT,
        traffic_class: cx.sysctl.ipv6.of(device.0).ndisc_tclass as u8,
        flow_label: 0,
        cutting: Cutting::Never,
    };
    let mtu = cx.mtu6(device, None);
    let packet = v6::output(request, mtu).map_err(|(reason, _)| reason)?;
    transmit::over_link(cx, device, destination.into(), packet, mtu)
}
