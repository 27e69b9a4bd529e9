//! Tagged frames on their way between a VLAN device and its parent. Linux: `net/8021q/vlan_core.c`.

use super::{Context, receive};
use crate::device::Vlan;
use crate::drop_reason::DropReason;
use crate::packet::{DeviceIndex, Packet};
use crate::wire::vlan::{TAG_LEN, Tag};

/// Takes in what was in a tagged frame of `device`: it is its VLAN's, or its own if the tag names none. Linux:
/// `vlan_do_receive`.
pub(super) fn receive(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    mut packet: Packet,
) -> Result<(), DropReason> {
    let (tag, ether_type) = Tag::parse(packet.data()).ok_or(DropReason::EthernetTruncated)?;
    packet.pull(TAG_LEN);
    if tag.id == 0 {
        return receive::protocol(cx, device, ether_type, packet);
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
    let device = interface.index();
    receive::protocol(cx, device, ether_type, packet)
}

/// Tags a frame that leaves by a VLAN and hands it to the parent's queue. Linux: `vlan_dev_hard_start_xmit`.
pub(super) fn send(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    vlan: Vlan,
    mut frame: Packet,
) -> Result<(), DropReason> {
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
    match cx.interfaces.get_mut(device) {
        Some(interface) => interface.count_sent(bytes, result),
        None => result,
    }
}
