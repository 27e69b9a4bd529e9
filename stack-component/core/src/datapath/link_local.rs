//! The IPv4 addresses that devices take for themselves, asked for, taken and defended. Linux: nobody; RFC 3927.

use super::{Context, addresses, transmit};
use crate::device::{Address, AddressProtocol};
use crate::link_local::{Action, PREFIX_LEN};
use crate::neighbour::arp;
use crate::packet::DeviceIndex;
use crate::time::{Duration, Instant};
use crate::wire;
use crate::wire::cidr::IpCidr;
use crate::wire::ethernet::MacAddress;
use core::net::Ipv4Addr;

/// How long a DHCP server may take until a device that would rather have its address takes one for itself: two
/// questions went unanswered.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hears who says, or asks, on the link that an address is his.
pub(super) fn hear(cx: &mut Context<'_>, device: DeviceIndex, message: &wire::arp::Packet) {
    if cx.claimants.has(device) {
        cx.claimants.hear(device, message, cx.now, cx.random);
        run(cx);
    }
}

/// The link of a device is back.
pub(super) fn link_is_back(cx: &mut Context<'_>, device: DeviceIndex) {
    cx.claimants.link_is_back(device, cx.now, cx.random);
    run(cx);
}

/// Begins and ends for a device what the settings and the servers ask for.
pub(super) fn follow(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let wanted = wanted_from(cx, device).filter(|_| interface.has_neighbours());
    match (wanted, cx.claimants.has(device)) {
        (Some(then), false) => cx.claimants.start(device, interface.mac(), then, cx.random),
        (None, true) => cx.claimants.stop(device),
        _ => return,
    }
    run(cx);
}

/// The settings changed.
pub(crate) fn follow_settings(cx: &mut Context<'_>) {
    (1..=cx.interfaces.count() as u32).for_each(|device| follow(cx, DeviceIndex(device)));
}

/// From when on a device wants an address of its own: with the setting 1 always, with 2 while no server answers. None:
/// it wants none.
fn wanted_from(cx: &Context<'_>, device: DeviceIndex) -> Option<Instant> {
    match cx.sysctl.ipv4.of(device.0).link_local {
        0 => None,
        1 => Some(cx.now),
        _ => cx.dhcp.waits_since(device).map(|since| (since + PATIENCE).max(cx.now)),
    }
}

/// Does what is due.
pub(super) fn run(cx: &mut Context<'_>) {
    for (device, action) in cx.claimants.run(cx.now, cx.random) {
        let Some(mac) = cx.interfaces.get(device).map(|interface| interface.mac()) else { continue };
        match action {
            Action::Probe(address) => probe(cx, device, address),
            Action::Announce(address) => {
                transmit::arp(cx, device, MacAddress::BROADCAST, &arp::announcement(mac, address));
            }
            Action::Take(address) => take(cx, device, address),
            Action::Leave(address) => leave(cx, device, address),
        }
    }
}

/// Asks everybody on a link who has an address, as one who has none (RFC 5227 section 2.1.1).
pub(super) fn probe(cx: &mut Context<'_>, device: DeviceIndex, address: Ipv4Addr) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let question = arp::request(interface.mac(), Ipv4Addr::UNSPECIFIED, address, None);
    transmit::arp(cx, device, MacAddress::BROADCAST, &question);
}

fn take(cx: &mut Context<'_>, device: DeviceIndex, address: Ipv4Addr) {
    let Some(cidr) = IpCidr::new(address.into(), PREFIX_LEN) else { return };
    let mut address = Address { protocol: AddressProtocol::LinkLocal, ..Address::new(cidr, cx.now) };
    address.flags.dynamic = true;
    // Somebody may have given it to the device by hand meanwhile.
    let _ = addresses::add(cx, device, address);
}

/// What was given by hand stays.
fn leave(cx: &mut Context<'_>, device: DeviceIndex, address: Ipv4Addr) {
    let cidr = IpCidr::new(address.into(), PREFIX_LEN);
    let known = cidr.zip(cx.interfaces.get(device)).and_then(|(cidr, interface)| interface.record(cidr));
    if let Some(cidr) = known.filter(|known| known.flags.dynamic).map(|known| known.cidr) {
        addresses::remove(cx, device, cidr);
    }
}
