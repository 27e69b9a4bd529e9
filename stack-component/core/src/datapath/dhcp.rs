//! The DHCP clients' messages on their way in and out.

use super::{Context, Outgoing, link_local, transmit};
use crate::counters::Counter;
use crate::dhcp::Output;
use crate::ip::Cutting;
use crate::ip::v4::Received;
use crate::packet::{DeviceIndex, Packet};
use crate::udp::Udp;
use crate::wire;
use crate::wire::dhcp::{CLIENT_PORT, SERVER_PORT};
use crate::wire::protocol::Protocol;
use crate::wire::udp::Header;
use core::net::{Ipv4Addr, SocketAddr};

/// Takes in a datagram that answers the client of the device that it came by; answers whether it does. Others may be for
/// a socket.
pub(super) fn input(cx: &mut Context<'_>, packet: &Packet, received: &Received) -> bool {
    let device = packet.meta.device;
    if !cx.dhcp.has(device) {
        return false;
    }
    let Ok(header) = Header::parse(packet.data()) else { return false };
    let for_client = header.destination_port() == CLIENT_PORT && header.source_port() == SERVER_PORT;
    let (source, destination) = (received.source.into(), received.destination.into());
    if !for_client || !header.checksum_is_valid(source, destination) {
        return false;
    }
    let is_answer = cx.dhcp.input(device, header.payload(), cx.now, cx.random);
    if is_answer {
        cx.counters.increment(Counter::UdpInDatagrams);
        run(cx);
    }
    is_answer
}

/// Hears who says, or asks, on the link that an address is his. Linux: nobody; RFC 5227 section 2.1.1.
pub(super) fn hear(cx: &mut Context<'_>, device: DeviceIndex, message: &wire::arp::Packet) {
    let ourselves = cx.interfaces.get(device).is_none_or(|interface| interface.mac() == message.sender_mac);
    if ourselves || !cx.dhcp.has(device) {
        return;
    }
    // A probe has no sender yet: what it asks for is what it will be.
    let address = if message.sender.is_unspecified() { message.target } else { message.sender };
    cx.dhcp.conflict(device, address, cx.now);
    run(cx);
}

/// The link of a device is back.
pub(super) fn link_is_back(cx: &mut Context<'_>, device: DeviceIndex) {
    if cx.dhcp.has(device) {
        cx.dhcp.link_is_back(device, cx.now, cx.random);
        run(cx);
    }
}

/// A device has another station address: whoever it is now asks whether the address is still granted.
pub(super) fn station_changed(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    cx.dhcp.set_station(device, interface.mac());
    if interface.link_up() {
        link_is_back(cx, device);
    }
}

/// Does what is due.
pub(crate) fn run(cx: &mut Context<'_>) {
    for (device, output) in cx.dhcp.run(cx.now, cx.random) {
        match output {
            Output::Send { message, source, destination } => send(cx, device, &message, source, destination),
            Output::Probe(address) => link_local::probe(cx, device, address),
        }
    }
    cx.dhcp.devices().into_iter().for_each(|device| link_local::follow(cx, device));
}

fn send(cx: &mut Context<'_>, device: DeviceIndex, message: &[u8], source: Ipv4Addr, destination: Ipv4Addr) {
    let ends =
        (SocketAddr::new(source.into(), CLIENT_PORT), SocketAddr::new(destination.into(), SERVER_PORT));
    let Ok(mut packet) = Udp::datagram(ends.0, ends.1, message) else { return };
    // Nobody here is asked.
    packet.meta.unlooped = true;
    let outgoing = Outgoing {
        packet,
        source: Some(source.into()),
        destination: destination.into(),
        protocol: Protocol::UDP,
        ttl: None,
        tos: 0,
        cutting: Cutting::Anywhere,
        device: Some(device),
    };
    // What cannot be sent is counted there, and sent again in time.
    if transmit::send(cx, outgoing).is_ok() {
        cx.counters.increment(Counter::UdpOutDatagrams);
    }
}
