//! Copies for ourselves of what we send to everybody, and to groups that we are in.

use super::super::Context;
use crate::packet::{DeviceIndex, Packet};
use core::net::IpAddr;

/// Lets members on this host have a copy of a packet (its IP header first) that leaves by `device`, as if it came by it;
/// whoever sent it may not want that. Linux: `ip_mc_output`, `ip6_finish_output2`, `dev_loopback_xmit`.
pub(in crate::datapath) fn loop_back(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    packet: &Packet,
    (source, destination): (IpAddr, IpAddr),
) {
    let ours = !destination.is_multicast() || cx.groups.hears(device, destination, source);
    if !ours || packet.meta.unlooped || device == DeviceIndex::LOOPBACK {
        return;
    }
    let copy = cx.hooks.post_routing(None, device, packet.clone());
    let limit = cx.sysctl.netdev_max_backlog as usize;
    let result = copy.and_then(|copy| match cx.interfaces.get_mut(DeviceIndex::LOOPBACK) {
        Some(loopback) => loopback.loop_copy(copy.into_packet(), device, limit),
        None => Ok(()),
    });
    if let Err(reason) = result {
        cx.counters.drop(reason);
    }
}
