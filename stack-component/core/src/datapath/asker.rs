//! Which of our addresses a question for a neighbour comes from: that of the packet that waits, if the neighbour may take
//! note of it.

use super::Context;
use crate::device::Address;
use crate::neighbour::Key;
use crate::packet::DeviceIndex;
use crate::route::Scope;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address that a question for a neighbour comes from; none: it has none. Linux: `arp_solicit`.
pub(super) fn v4(cx: &Context<'_>, device: DeviceIndex, neighbour: Ipv4Addr) -> Option<Ipv4Addr> {
    let key = Key { device, address: neighbour.into() };
    let waiting = match cx.neighbours.waiting_source(key) {
        Some(IpAddr::V4(source)) if cx.routes.is_local(source.into()) => Some(source),
        _ => None,
    };
    let known_there = |source: &Ipv4Addr| {
        cx.interfaces.get(device).is_some_and(|interface| interface.has_both_on_link(neighbour, *source))
    };
    let of_packet = match cx.sysctl.ipv4_device(device.0).arp_announce() {
        0 => waiting,
        1 => waiting.filter(known_there),
        _ => None,
    };
    of_packet.or_else(|| {
        match cx.interfaces.source_for(
            cx.sysctl,
            device,
            (neighbour.into(), Scope::Link),
            neighbour.into(),
        )? {
            IpAddr::V4(source) => Some(source),
            IpAddr::V6(_) => None,
        }
    })
}

/// The address that a question for a neighbour comes from; none: it has none that is certain, and neighbours would take
/// note of its station (RFC 4429 section 3.2). Linux: `ndisc_solicit`.
pub(super) fn v6(cx: &Context<'_>, device: DeviceIndex, neighbour: Ipv6Addr) -> Option<Ipv6Addr> {
    let interface = cx.interfaces.get(device)?;
    let waiting = cx.neighbours.waiting_source(Key { device, address: neighbour.into() });
    let of_packet = waiting.filter(|source| interface.address(*source).is_some_and(Address::is_usable));
    let of_device =
        || cx.interfaces.source_for(cx.sysctl, device, (neighbour.into(), Scope::Link), neighbour.into());
    let certain = |ip: &IpAddr| interface.address(*ip).is_none_or(|known| !known.is_optimistic());
    let of_link = || interface.link_local().map(IpAddr::V6);
    match of_packet.or_else(of_device).filter(certain).or_else(|| of_link().filter(certain))? {
        IpAddr::V6(source) => Some(source),
        IpAddr::V4(_) => None,
    }
}
