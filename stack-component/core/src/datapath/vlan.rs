//! Tagged frames on their way between a VLAN device and its parent. Linux: `net/8021q/vlan_core.c`.

use super::{Context, taps};
use crate::device::Vlan;
use crate::drop_reason::DropReason;
use crate::packet::{DeviceIndex, Packet};
use crate::wire::ethernet::EtherType;
use crate::wire::vlan::{TAG_LEN, Tag};

/// Takes the tag off a frame of `device`. Answers whose the frame is, the VLAN's or the device's own if the tag names
/// none, and what it carries. Linux: `vlan_do_receive`.
pub(super) fn untag(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    packet: &mut Packet,
) -> Result<(DeviceIndex, EtherType), DropReason> {
    let (tag, ether_type) = Tag::parse(packet.data()).ok_or(DropReason::EthernetTruncated)?;
    packet.pull(TAG_LEN);
    if tag.id == 0 {
        return Ok((device, ether_type));
    }
    let found = cx.interfaces.iter_mut().find_map(|interface| {
        let vlan = interface.vlan().filter(|vlan| vlan.parent == device && vlan.id == tag.id)?;
        Some((interface, vlan))
    });
    let (interface, vlan) = found.ok_or(DropReason::UnknownVlan)?;
    if !interface.is_up() {
        return Err(DropReason::LinkDown);
    }
    interface.count_received(packet.len());
    packet.meta.device = interface.index();
    packet.meta.priority = vlan.priority(tag);
    Ok((interface.index(), ether_type))
}

/// Tags a frame that leaves by a VLAN and hands it to the parent's queue. Linux: `vlan_dev_hard_start_xmit`.
pub(super) fn send(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    vlan: Vlan,
    mut frame: Packet,
) -> Result<(), DropReason> {
    if !cx.packet_sockets.is_empty() {
        taps::leaving(cx, device, &frame);
    }
    let tag = vlan.tag(frame.meta.priority);
    let bytes = frame.len();
    frame.push(TAG_LEN);
    tag.emit(frame.data_mut());
    frame.meta.device = vlan.parent;
    let up = cx.interfaces.get(device).is_some_and(|interface| interface.link_up());
    let result = match cx.interfaces.get_mut(vlan.parent) {
        Some(parent) if up => parent.enqueue(cx.now, frame),
        _ => Err(DropReason::LinkDown),
    };
    taps::sent(cx, vlan.parent);
    match cx.interfaces.get_mut(device) {
        Some(interface) => interface.count_sent(bytes, result),
        None => result,
    }
}
