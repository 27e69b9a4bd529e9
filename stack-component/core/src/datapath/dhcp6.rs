//! The questions for what else belongs to a link of IPv6, and what servers say to them.

use super::{Context, Outgoing, transmit};
use crate::counters::Counter;
use crate::ip::Cutting;
use crate::ip::v6::Received;
use crate::packet::{DeviceIndex, Packet};
use crate::udp::Udp;
use crate::wire::address::socket_address;
use crate::wire::dhcpv6::{ALL_SERVERS, CLIENT_PORT, SERVER_PORT};
use crate::wire::protocol::Protocol;
use crate::wire::udp::Header;

/// A router of a device says that servers have more to tell.
pub(super) fn start(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some(mac) = cx.interfaces.get(device).map(|interface| interface.mac()) else { return };
    cx.inquiries.start(device, mac, cx.now, cx.random);
}

/// Takes in a datagram (its UDP header first) that answers a question of ours; answers whether it does. Others may be for
/// a socket.
pub(super) fn input(cx: &mut Context<'_>, packet: &Packet, received: &Received) -> bool {
    let device = received.device;
    if !cx.inquiries.has(device) || !received.source.is_unicast_link_local() {
        return false;
    }
    let Ok(header) = Header::parse(packet.data()) else { return false };
    let (source, destination) = (received.source.into(), received.destination.into());
    if header.destination_port() != CLIENT_PORT || !header.checksum_is_valid(source, destination) {
        return false;
    }
    let is_answer = cx.inquiries.input(device, header.payload(), cx.now, cx.random);
    if is_answer {
        cx.counters.increment(Counter::Udp6InDatagrams);
    }
    is_answer
}

/// Asks what is due.
pub(super) fn run(cx: &mut Context<'_>) {
    for (device, question) in cx.inquiries.run(cx.now, cx.random) {
        // Without an address of the link nobody is asked; the next question may find one.
        let Some(ours) = cx.interfaces.get(device).and_then(|interface| interface.link_local()) else {
            continue;
        };
        let from = socket_address(ours.into(), CLIENT_PORT, device.0);
        let to = socket_address(ALL_SERVERS.into(), SERVER_PORT, device.0);
        let Ok(packet) = Udp::datagram(from, to, &question) else { continue };
        let outgoing = Outgoing {
            packet,
            source: Some(ours.into()),
            destination: ALL_SERVERS.into(),
            protocol: Protocol::UDP,
            // The group is of the link.
            ttl: Some(1),
            tos: 0,
            cutting: Cutting::Anywhere,
            device: Some(device),
        };
        // What cannot be sent is counted there, and sent again in time.
        if transmit::send(cx, outgoing).is_ok() {
            cx.counters.increment(Counter::Udp6OutDatagrams);
        }
    }
}
