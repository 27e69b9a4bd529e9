//! IP headers of what this stack sends.

use super::{Context, Outgoing};
use crate::drop_reason::DropReason;
use crate::ip;
use crate::packet::Packet;
use crate::wire::protocol::Protocol;
use crate::wire::{icmpv6, ipv4, ipv6};
use core::net::{Ipv4Addr, Ipv6Addr};

/// A packet with its IP header, or a payload that is too large, and why it is not sent.
pub(super) type Headed = Result<Packet, (DropReason, Packet)>;

/// Linux: `__ip_queue_xmit`, `__ip_make_skb`, which counts what of it is ICMP.
pub(super) fn v4(
    cx: &mut Context<'_>,
    outgoing: Outgoing,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    mtu: u32,
) -> Headed {
    let Outgoing { packet, protocol, ttl, tos, cutting, .. } = outgoing;
    let ttl = ttl.unwrap_or(cx.sysctl.ip_default_ttl as u8);
    let request = ip::v4::Request { packet, source, destination, protocol, ttl, tos, cutting };
    let packet = ip::v4::output(cx.now, cx.random, cx.identification, request, mtu)?;
    count_icmp(cx, &packet);
    Ok(packet)
}

/// Counts a packet with its header if it is one of ICMP for IPv4. Linux: `icmp_out_count`.
pub(super) fn count_icmp(cx: &mut Context<'_>, packet: &Packet) {
    let Ok(header) = ipv4::Header::parse_quoted(packet.data()) else { return };
    if let (Protocol::ICMP, Some(&kind)) = (header.protocol(), header.payload().first()) {
        cx.counters.icmp_sent(kind);
    }
}

/// Linux: `ip6_xmit`, `__ip6_make_skb`, which counts what of it is ICMPv6.
pub(super) fn v6(
    cx: &mut Context<'_>,
    outgoing: Outgoing,
    (source, destination): (Ipv6Addr, Ipv6Addr),
    flow_label: Option<u32>,
    mtu: u32,
) -> Headed {
    let Outgoing { mut packet, protocol, ttl, tos, cutting, .. } = outgoing;
    let hop_limit = ttl.unwrap_or(ipv6::DEFAULT_HOP_LIMIT);
    let kind = packet.data().first().copied().filter(|_| protocol == Protocol::ICMPV6);
    if kind.is_some() {
        // Its checksum covers the addresses, which are known only now. Linux: `icmpv6_push_pending_frames`.
        icmpv6::fill_checksum(source, destination, packet.data_mut());
    }
    let labelled = matches!(cx.sysctl.auto_flowlabels, 1 | 3);
    let flow_label = flow_label.unwrap_or_else(|| match labelled {
        true => cx.flow_labels.label(source, destination, protocol, packet.data()),
        false => 0,
    });
    let (next_header, traffic_class) = (protocol, tos);
    let request = ip::v6::Request {
        packet,
        source,
        destination,
        next_header,
        hop_limit,
        traffic_class,
        flow_label,
        cutting,
    };
    let packet = ip::v6::output(request, mtu)?;
    kind.into_iter().for_each(|kind| cx.counters.icmp6_sent(kind));
    Ok(packet)
}
