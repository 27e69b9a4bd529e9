//! What packet sockets see of frames. Nothing here is reached while there is no packet socket.

use super::Context;
use crate::drop_reason::DropReason;
use crate::packet::{Checksum, DeviceIndex, Packet};
use crate::packet_socket::{Frame, FrameChecksum, PacketHandle, PacketType, protocol_of};
use crate::time::Instant;
use crate::wire::ethernet::{EtherType, Fields, HEADER_LEN, Header, MacAddress};
use crate::wire::ipv6::is_v6;
use crate::wire::vlan::TAG_LEN;
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Bytes before a frame's type, or before its tag.
const ADDRESSES: usize = HEADER_LEN - 2;
/// The bits of a tag that are its VLAN's number.
const VLAN_ID: u16 = 0xfff;

/// Shows a frame that a device received to who is interested, before any protocol gets it: at the device itself, then at
/// the VLAN that it is for. Linux: `__netif_receive_skb_core`.
pub(super) fn received(cx: &mut Context<'_>, device: DeviceIndex, packet: &Packet) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let found = match interface.is_loopback() {
        true => Some(looped(packet, PacketType::Host, cx.now)),
        false => tagged_or_not(packet, cx.now),
    };
    let Some(mut frame) = found else { return };
    frame.device = device;
    frame.packet_type = PacketType::received(destination(&frame), interface.mac());
    cx.packet_sockets.see(&frame, None, cx.random);
    if let Some(tag) = frame.vlan {
        let of_it = |interface: &&crate::device::Interface| {
            interface.vlan().is_some_and(|vlan| vlan.parent == device && vlan.id == tag & VLAN_ID)
        };
        match cx.interfaces.iter().find(of_it).filter(|interface| interface.is_up()) {
            Some(interface) => {
                (frame.device, frame.vlan) = (interface.index(), None);
                frame.packet_type = PacketType::received(destination(&frame), interface.mac());
                cx.packet_sockets.see(&frame, None, cx.random);
            }
            None if tag & VLAN_ID != 0 => frame.packet_type = PacketType::OtherHost,
            None => {}
        }
    }
    cx.packet_sockets.see_protocol(&frame, device, cx.random);
}

/// Shows the frames that a device took to be sent since the last time. Linux: `dev_queue_xmit_nit`.
pub(super) fn sent(cx: &mut Context<'_>, device: DeviceIndex) {
    if cx.packet_sockets.is_empty() {
        return;
    }
    let packets = cx.interfaces.get_mut(device).map(|interface| interface.take_watched()).unwrap_or_default();
    packets.iter().for_each(|packet| leaving(cx, device, packet));
}

/// Shows a frame that leaves by a device.
pub(super) fn leaving(cx: &mut Context<'_>, device: DeviceIndex, packet: &Packet) {
    if let Some(frame) = tagged_or_not(packet, cx.now) {
        let sender = packet.meta.sent_by.map(PacketHandle::from_bits);
        cx.packet_sockets.see(&Frame { device, ..frame }, sender, cx.random);
    }
}

/// Shows an IP packet that goes to ourselves as what leaves. Linux: `dev_queue_xmit_nit` before `loopback_xmit`.
pub(super) fn looping(cx: &mut Context<'_>, packet: &Packet) {
    cx.packet_sockets.see(&looped(packet, PacketType::Outgoing, cx.now), None, cx.random);
}

/// Shows a frame that came back to the loopback device and that no protocol takes.
pub(super) fn looped_frame(cx: &mut Context<'_>, packet: &Packet) -> Result<(), DropReason> {
    let mut frame = tagged_or_not(packet, cx.now).ok_or(DropReason::EthernetTruncated)?;
    frame.device = DeviceIndex::LOOPBACK;
    frame.packet_type = PacketType::received(destination(&frame), MacAddress::default());
    cx.packet_sockets.see(&frame, None, cx.random);
    cx.packet_sockets.see_protocol(&frame, DeviceIndex::LOOPBACK, cx.random);
    Ok(())
}

/// A frame that leaves, its tag told beside its bytes; none if it is too short for a header.
fn tagged_or_not(packet: &Packet, at: Instant) -> Option<Frame<'_>> {
    let data = packet.data();
    let header = Header::parse(data).ok()?;
    let (bytes, vlan) = match header.payload().first_chunk::<TAG_LEN>() {
        Some([high, low, ..]) if header.ether_type() == EtherType::VLAN => {
            let untagged = [data.get(..ADDRESSES)?, data.get(ADDRESSES + TAG_LEN..)?].concat();
            (Cow::Owned(untagged), Some(u16::from_be_bytes([*high, *low])))
        }
        _ => (Cow::Borrowed(data), None),
    };
    let protocol = protocol_of(Header::parse(&bytes).ok()?.ether_type());
    let packet_type = PacketType::Outgoing;
    let (device, mark) = (packet.meta.device, packet.meta.mark);
    let checksum = match packet.meta.checksum {
        Checksum::None => FrameChecksum::Unknown,
        Checksum::Verified => FrameChecksum::Valid,
        Checksum::Partial { .. } => FrameChecksum::NotReady,
    };
    Some(Frame { bytes, vlan, device, packet_type, protocol, checksum, mark, at })
}

/// An IP packet on the loopback device, behind a header of zeros. Nobody computes its checksum.
fn looped(packet: &Packet, packet_type: PacketType, at: Instant) -> Frame<'static> {
    let ether_type = if is_v6(packet.data()) { EtherType::IPV6 } else { EtherType::IPV4 };
    let mut bytes = Vec::with_capacity(HEADER_LEN + packet.len());
    bytes.resize(HEADER_LEN, 0);
    Fields { destination: MacAddress::default(), source: MacAddress::default(), ether_type }.emit(&mut bytes);
    bytes.extend_from_slice(packet.data());
    let checksum = match packet.meta.checksum {
        Checksum::None => FrameChecksum::Unknown,
        Checksum::Verified | Checksum::Partial { .. } => FrameChecksum::NotReady,
    };
    Frame {
        bytes: Cow::Owned(bytes),
        vlan: None,
        device: DeviceIndex::LOOPBACK,
        packet_type,
        protocol: ether_type,
        checksum,
        mark: packet.meta.mark,
        at,
    }
}

fn destination(frame: &Frame<'_>) -> MacAddress {
    Header::parse(&frame.bytes).map(|header| header.destination()).unwrap_or_default()
}
