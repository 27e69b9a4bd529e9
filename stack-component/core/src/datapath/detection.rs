//! Whether somebody has an address already (RFC 4862 section 5.4). Linux: `addrconf_dad_work`.

use super::{Context, address_routes, addresses, discovery_output, ipv6_link, multicast, temporary};
use crate::autoconf::identifier;
use crate::device::{Address, AddressState, Detection};
use crate::neighbour::nd;
use crate::packet::DeviceIndex;
use crate::time::Duration;
use alloc::format;
use alloc::string::String;
use core::net::Ipv6Addr;

/// Asks whether somebody has a tentative address. Linux: `addrconf_dad_work`.
pub(super) fn ask(cx: &mut Context<'_>, device: DeviceIndex, record: &Address, probes: u32) {
    let Some(ip) = record.v6() else { return };
    let conf = cx.sysctl.ipv6.of(device.0);
    let nonce = conf.enhanced_dad.then(|| {
        let mut nonce = [0; 6];
        cx.random.fill(&mut nonce);
        nonce
    });
    let wait = Duration::from_millis(cx.sysctl.nd.of(device.0).retrans_time_ms.into());
    let due = Some(cx.now + wait);
    addresses::with_record(cx, device, record.cidr, |address| {
        address.detection = Some(Detection { probes, due, nonce });
        Some(())
    });
    let (to, fields) = nd::probe(ip, nonce);
    discovery_output::send(cx, device, Ipv6Addr::UNSPECIFIED, to, &fields);
}

/// Nobody answered: the address is ours. Linux: `addrconf_dad_completed`.
pub(super) fn found_free(cx: &mut Context<'_>, device: DeviceIndex, ip: Ipv6Addr, record: &Address) {
    let deprecated = record.lifetimes.preferred.is_some_and(|end| end <= cx.now);
    let now = cx.now;
    addresses::with_record(cx, device, record.cidr, |address| {
        address.state = if deprecated { AddressState::Deprecated } else { AddressState::Preferred };
        (address.detection, address.flags.optimistic, address.updated) = (None, false, now);
        Some(())
    });
    // An optimistic one is ours already.
    let _ = address_routes::own(cx, device, record);
    if ip.is_unicast_link_local() {
        multicast::link_local_found(cx, device, ip);
        ipv6_link::solicit_routers(cx, device);
    }
    let conf = cx.sysctl.ipv6.of(device.0);
    if conf.ndisc_notify
        && let Some(mac) = cx.interfaces.get(device).map(|interface| interface.mac())
    {
        let (to, fields) = nd::announcement(mac, ip, conf.forwarding);
        discovery_output::send(cx, device, ip, to, &fields);
    }
}

/// Somebody else has an address that we were about to take: it is not used, and another is made instead if it was made
/// of something that can be made anew. Linux: `addrconf_dad_failure`, `addrconf_dad_stop`.
pub(super) fn taken(cx: &mut Context<'_>, device: DeviceIndex, ip: Ipv6Addr) {
    let record = cx.interfaces.get(device).and_then(|interface| interface.address(ip.into())).copied();
    let Some(record) = record.filter(|record| record.state == AddressState::Tentative) else { return };
    cx.say(device, || format!("IPv6 duplicate address {ip} detected"));
    if record.flags.dynamic || record.flags.stable_privacy {
        addresses::remove(cx, device, record.cidr);
        return temporary::replace(cx, device, &record);
    }
    address_routes::disown(cx, device, &record);
    addresses::with_record(cx, device, record.cidr, |address| {
        (address.state, address.detection) = (AddressState::DadFailed, None);
        address.flags.optimistic = false;
        Some(())
    });
    if is_of_station(cx, device, ip) && asks_strictly(cx, device) {
        // Two stations have one address, so none of ours can be trusted to be ours.
        cx.say(device, || String::from("IPv6 is being disabled"));
        cx.sysctl.ipv6.of_mut(device.0).disable_ipv6 = true;
        ipv6_link::turn_off(cx, device);
    }
}

/// Whether a duplicate of the station's own address turns IPv6 off. Linux: `accept_dad` above 1.
fn asks_strictly(cx: &Context<'_>, device: DeviceIndex) -> bool {
    cx.sysctl.ipv6.all.accept_dad.max(cx.sysctl.ipv6.of(device.0).accept_dad) > 1
}

/// Whether an address is the one of the link that the station's address makes.
fn is_of_station(cx: &Context<'_>, device: DeviceIndex, ip: Ipv6Addr) -> bool {
    let made = |mac| identifier::address(identifier::LINK_LOCAL, identifier::eui64(mac));
    cx.interfaces.get(device).is_some_and(|interface| made(interface.mac()) == ip)
}
