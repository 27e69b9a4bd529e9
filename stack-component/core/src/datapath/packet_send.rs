//! How what packet sockets send leaves: as a frame, past all protocols. Linux: `packet_snd`.

use super::{Context, taps, vlan};
use crate::drop_reason::DropReason;
use crate::packet::{DeviceIndex, Packet};
use crate::wire::ethernet::{EtherType, HEADER_LEN, Header};

/// Sends a frame of a packet socket: past all layers, to the device's queue. Linux: `packet_snd`.
pub(crate) fn send(cx: &mut Context<'_>, device: DeviceIndex, packet: Packet) -> Result<(), DropReason> {
    let interface = cx.interfaces.get_mut(device).ok_or(DropReason::LinkDown)?;
    if interface.is_loopback() {
        return loop_frame(cx, packet);
    }
    let result = match interface.vlan() {
        Some(of) => vlan::send(cx, device, of, packet),
        None => interface.enqueue(cx.now, packet),
    };
    taps::sent(cx, device);
    result
}

/// A frame for ourselves: IP goes the way of all packets, the rest is for packet sockets alone, as there is no protocol
/// that would take it.
fn loop_frame(cx: &mut Context<'_>, mut packet: Packet) -> Result<(), DropReason> {
    taps::leaving(cx, DeviceIndex::LOOPBACK, &packet);
    let ether_type = Header::parse(packet.data()).map_err(|_| DropReason::EthernetTruncated)?.ether_type();
    let is_ip = |packet: &Packet| match ether_type {
        EtherType::IPV4 => packet.data().get(HEADER_LEN).is_some_and(|first| first >> 4 == 4),
        EtherType::IPV6 => packet.data().get(HEADER_LEN).is_some_and(|first| first >> 4 == 6),
        _ => false,
    };
    if is_ip(&packet) {
        packet.pull(HEADER_LEN);
        let limit = cx.sysctl.netdev_max_backlog as usize;
        let interface = cx.interfaces.get_mut(DeviceIndex::LOOPBACK).ok_or(DropReason::LinkDown)?;
        return interface.loop_back(packet, limit);
    }
    taps::looped_frame(cx, &packet)?;
    Err(DropReason::UnhandledProtocol)
}
