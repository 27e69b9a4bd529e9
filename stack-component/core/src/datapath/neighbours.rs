//! What the neighbour table wants done: questions asked, packets that waited sent or given up.

use super::{Context, complain, raw, tell, transmit};
use crate::drop_reason::DropReason;
use crate::icmp::v4::Problem;
use crate::icmp::{IcmpError, IcmpErrorKind};
use crate::neighbour::{Action, Key, arp};
use crate::packet::Packet;
use crate::wire::ethernet::MacAddress;
use crate::wire::ipv4::Header;
use core::net::{IpAddr, Ipv4Addr};

/// Does what the neighbour table asks for: questions, packets that waited, packets given up. It ends: what is
/// done here may make a neighbour be asked for, but sets nothing free.
pub(super) fn do_neighbour_actions(cx: &mut Context<'_>) {
    while let Some(action) = cx.neighbours.poll_action() {
        match action {
            Action::Solicit(key, known) => solicit(cx, key, known),
            Action::Send(key, mac, checked) => {
                if let Err(reason) = transmit::station(cx, key.device, mac, checked) {
                    cx.count_sent_drop(reason);
                }
            }
            Action::GiveUp(_, checked, reason) => {
                cx.count_sent_drop(reason);
                if reason == DropReason::NeighbourFailed {
                    report_unreachable(cx, checked.packet());
                }
            }
        }
    }
}

/// Linux: `arp_solicit`.
fn solicit(cx: &mut Context<'_>, Key { device, address }: Key, known: Option<MacAddress>) {
    let (Some(interface), IpAddr::V4(address)) = (cx.interfaces.get(device), address) else { return };
    let source = match interface.source_for(address.into()) {
        Some(IpAddr::V4(source)) => source,
        _ => Ipv4Addr::UNSPECIFIED,
    };
    let question = arp::request(interface.mac(), source, address, known);
    transmit::arp(cx, device, known.unwrap_or(MacAddress::BROADCAST), &question);
}

/// Tells whoever sent a packet that its next hop does not answer: a protocol of ours, or the sender of a
/// forwarded packet. Linux: `arp_error_report`.
fn report_unreachable(cx: &mut Context<'_>, packet: &Packet) {
    let Ok(header) = Header::parse_quoted(packet.data()) else { return };
    if !cx.routes.is_local(header.source().into()) {
        return complain::complain(cx, packet.data(), packet.meta.destination, Problem::HostUnreachable);
    }
    raw::unreachable_neighbour(cx, packet.data());
    if let Some(error) = IcmpError::about(packet.data(), IcmpErrorKind::HostUnreachable) {
        tell::tell(cx, &error);
    }
}
