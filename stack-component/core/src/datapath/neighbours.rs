//! What the neighbour table wants done: questions asked, packets that waited sent or given up.

use super::{Context, asker, complain, complain6, discovery_output, lost_routers, raw, tell, transmit};
use crate::drop_reason::DropReason;
use crate::icmp::v4::Problem;
use crate::icmp::{IcmpError, IcmpErrorKind, v6};
use crate::neighbour::nd::{self, Heard, Learn};
use crate::neighbour::{Action, Key, Statement, arp};
use crate::packet::{DeviceIndex, Packet};
use crate::wire::ethernet::MacAddress;
use crate::wire::{ipv4, ipv6};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Does what the neighbour table asks for: questions, packets that waited, packets given up. It ends: what is
/// done here may make a neighbour be asked for, but sets nothing free.
pub(super) fn do_neighbour_actions(cx: &mut Context<'_>) {
    while let Some(action) = cx.neighbours.poll_action() {
        match action {
            Action::Solicit(key, known) => solicit(cx, key, known),
            Action::Router(key, answers) => lost_routers::note(cx, key, answers),
            Action::Send(key, mac, checked) => {
                if let Err(reason) = transmit::station(cx, key.device, mac, checked) {
                    cx.count_sent_drop(reason, key.address.is_ipv6());
                }
            }
            Action::GiveUp(key, checked, reason) => {
                cx.count_sent_drop(reason, key.address.is_ipv6());
                if reason == DropReason::NeighbourFailed {
                    report_unreachable(cx, checked.packet());
                }
            }
        }
    }
}

fn solicit(cx: &mut Context<'_>, key: Key, known: Option<MacAddress>) {
    match key.address {
        IpAddr::V4(address) => solicit_v4(cx, key.device, address, known),
        IpAddr::V6(address) => solicit_v6(cx, key.device, address, known),
    }
}

/// Linux: `arp_solicit`.
fn solicit_v4(cx: &mut Context<'_>, device: DeviceIndex, address: Ipv4Addr, known: Option<MacAddress>) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let source = asker::v4(cx, device, address).unwrap_or(Ipv4Addr::UNSPECIFIED);
    let question = arp::request(interface.mac(), source, address, known);
    transmit::arp(cx, device, known.unwrap_or(MacAddress::BROADCAST), &question);
}

/// Linux: `ndisc_solicit`.
fn solicit_v6(cx: &mut Context<'_>, device: DeviceIndex, address: Ipv6Addr, known: Option<MacAddress>) {
    // Without an address there is nobody to be answered.
    let Some(source) = asker::v6(cx, device, address) else { return };
    let Some(interface) = cx.interfaces.get(device) else { return };
    let (to, question) = nd::question(interface.mac(), address, known.is_some());
    discovery_output::send(cx, device, source, to, &question);
}

/// Takes note of what a message says of a neighbour. Linux: `ndisc_update`.
pub(super) fn learn(cx: &mut Context<'_>, device: DeviceIndex, learn: Learn) -> Result<(), DropReason> {
    let Learn { address, mac, how } = learn;
    let key = Key { device, address: address.into() };
    let statement = match (how, mac) {
        (Heard::Asking, Some(mac)) => Statement::Hearsay { mac, create: true },
        (Heard::Asking, None) => return Ok(()),
        (Heard::Advertised { solicited, override_known, router }, mac) => {
            Statement::Advertised { mac, solicited, override_known, router }
        }
    };
    cx.neighbours.hear(cx.now, key, statement)
}

/// Tells whoever sent a packet that its next hop does not answer: a protocol of ours, or the sender of a
/// forwarded packet. Linux: `arp_error_report`, `ndisc_error_report`.
fn report_unreachable(cx: &mut Context<'_>, packet: &Packet) {
    let (data, addressed) = (packet.data(), packet.meta.destination);
    let ends: (IpAddr, IpAddr) = match (ipv4::Header::parse_quoted(data), ipv6::Header::parse_quoted(data)) {
        (Ok(header), _) => (header.source().into(), header.destination().into()),
        (_, Ok(header)) => (header.source().into(), header.destination().into()),
        _ => return,
    };
    let (source, destination) = ends;
    cx.exceptions.forget_gateway(destination);
    if cx.routes.is_local(source) {
        raw::unreachable_neighbour(cx, data);
        let error = IcmpError::about(data, IcmpErrorKind::HostUnreachable);
        error.iter().for_each(|error| tell::tell(cx, error));
    } else if source.is_ipv4() {
        complain::complain(cx, data, addressed, Problem::HostUnreachable);
    } else {
        complain6::complain(cx, data, packet.meta.device, addressed, v6::Problem::AddressUnreachable);
    }
}
