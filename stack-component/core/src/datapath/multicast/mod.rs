//! Groups on their links: which there are, what routers ask and what they are told.

pub(super) mod copy;
pub(super) mod igmp;
pub(super) mod mld;

use super::Context;
use crate::drop_reason::DropReason;
use crate::ip::v4::Received;
use crate::multicast::{Filter, Groups, Language, Member, Report};
use crate::packet::{DeviceIndex, Packet};
use crate::raw::{self, RawHandle};
use crate::udp::{Arrival, UdpHandle};
use crate::wire::ipv6::solicited_node;
use crate::wire::protocol::Protocol;
use core::net::{IpAddr, Ipv6Addr};

/// Tells routers what is due.
pub(crate) fn run(cx: &mut Context<'_>) {
    for (device, report) in cx.groups.run(cx.now, cx.random) {
        let about = match &report {
            Report::Records(records) => records.first().map(|record| record.group),
            Report::Joined { group, .. } | Report::Left(group) => Some(*group),
        };
        match about.map(Language::of) {
            Some(Language::Igmp) => igmp::tell(cx, device, report),
            Some(Language::Mld) => mld::tell(cx, device, report),
            None => {}
        }
    }
}

/// Whether a packet to an IPv4 group is for us. What is said about a group is for all who have joined it. Linux:
/// `ip_check_mc_rcu`.
pub(super) fn is_for_us(cx: &Context<'_>, device: DeviceIndex, received: &Received) -> bool {
    let (group, source) = (received.destination.into(), received.source.into());
    match received.protocol {
        Protocol::IGMP => cx.groups.has_joined(device, group),
        _ => cx.groups.hears(device, group, source),
    }
}

/// Whether a socket wants a packet; `all` says whether it takes what others have joined. Linux: `ip_mc_sf_allow`,
/// `inet6_mc_check`.
fn wants(groups: &Groups, member: Member, ends: (DeviceIndex, IpAddr, IpAddr), all: bool) -> bool {
    let (_, destination, _) = ends;
    !destination.is_multicast() || groups.allows(member, ends, all)
}

/// Gives raw sockets their copies of a packet, as [`Raw::deliver`](crate::raw::Raw::deliver); one to a group to those that
/// want it.
pub(super) fn raw(cx: &mut Context<'_>, arrival: &raw::Arrival, packet: &[u8], payload: &[u8]) -> bool {
    let (groups, ends) = (&*cx.groups, (arrival.device, arrival.destination, arrival.source));
    let wanted = |handle: RawHandle, all| wants(groups, Member::Raw(handle.to_bits()), ends, all);
    cx.raw.deliver(arrival, packet, payload, wanted)
}

/// Gives a datagram to a group, or to everybody, to all whom it is for. Nobody is told if there is none. Linux:
/// `__udp4_lib_mcast_deliver`.
pub(super) fn udp(cx: &mut Context<'_>, arrival: &Arrival, packet: Packet) -> Result<(), DropReason> {
    let (groups, ends) = (&*cx.groups, (arrival.device, arrival.destination, arrival.source));
    let wanted = |handle: UdpHandle, all| wants(groups, Member::Udp(handle.to_bits()), ends, all);
    let taken = cx.udp.input_to_many(cx.sysctl, cx.counters, arrival, packet, wanted);
    taken.map_err(|rejected| rejected.reason)
}

/// Whether anybody on such a device may ask for an address of ours. Linux: no `IFF_LOOPBACK`, no `IFF_NOARP`.
fn is_asked_on(cx: &Context<'_>, device: DeviceIndex) -> bool {
    cx.interfaces.get(device).is_some_and(|interface| interface.has_neighbours())
}

/// We have an address, which others ask its group for. Linux: `addrconf_join_solict`.
pub(super) fn address_added(cx: &mut Context<'_>, device: DeviceIndex, ip: IpAddr) {
    if let IpAddr::V6(ip) = ip
        && is_asked_on(cx, device)
    {
        let group = solicited_node(ip).into();
        // Only an address that is there already has joined.
        let _ = cx.groups.join(Member::Address(ip), device, group, Filter::EVERYBODY, cx.now);
    }
}

/// We have an address no more. Linux: `addrconf_leave_solict`.
pub(super) fn address_removed(cx: &mut Context<'_>, device: DeviceIndex, ip: IpAddr) {
    if let IpAddr::V6(ip) = ip {
        let _ = cx.groups.leave(Member::Address(ip), device, solicited_node(ip).into(), cx.now);
    }
}

/// We answer for an address of another, whom others ask the address's group for. Linux: `pndisc_constructor`.
pub(super) fn proxy_added(cx: &mut Context<'_>, device: DeviceIndex, ip: Ipv6Addr) {
    // Only one that is there already has joined.
    let _ = cx.groups.join(Member::Proxy(ip), device, solicited_node(ip).into(), Filter::EVERYBODY, cx.now);
}

/// We answer for it no more. Linux: `pndisc_destructor`.
pub(super) fn proxy_removed(cx: &mut Context<'_>, device: DeviceIndex, ip: Ipv6Addr) {
    let _ = cx.groups.leave(Member::Proxy(ip), device, solicited_node(ip).into(), cx.now);
}

/// IPv6 begins to work on a device. Linux: `ipv6_mc_up`.
pub(super) fn ipv6_up(cx: &mut Context<'_>, device: DeviceIndex) {
    cx.groups.link_up(device, Language::Mld, cx.now);
}

/// IPv6 ends on a device. Linux: `ipv6_mc_down`.
pub(super) fn ipv6_down(cx: &mut Context<'_>, device: DeviceIndex) {
    cx.groups.link_down(device, Language::Mld);
}

/// A device has the address now that reports come from. Switches that listen in may have ignored those that came from
/// nobody (RFC 3590 section 4): the first such address tells all once more. Linux: `ipv6_mc_dad_complete`.
pub(super) fn link_local_found(cx: &mut Context<'_>, device: DeviceIndex, ip: Ipv6Addr) {
    let is_other = |address: &crate::device::Address| {
        address.is_usable() && address.v6().is_some_and(|other| other != ip && other.is_unicast_link_local())
    };
    let is_first =
        cx.interfaces.get(device).is_some_and(|interface| !interface.addresses().iter().any(is_other));
    if is_first {
        cx.groups.link_up(device, Language::Mld, cx.now);
    }
}

/// A link came up. Linux: `ip_mc_up`.
pub(super) fn link_up(cx: &mut Context<'_>, device: DeviceIndex) {
    cx.groups.link_up(device, Language::Igmp, cx.now);
}

/// A link went down. Linux: `ip_mc_down`.
pub(super) fn link_down(cx: &mut Context<'_>, device: DeviceIndex) {
    cx.groups.link_down(device, Language::Igmp);
}
