//! ARP's packets on their way in. Linux: `arp_process`.

use super::{Context, dhcp, link_local, neighbours, proxies, transmit};
use crate::counters::Counter;
use crate::device::{Address, AddressScope};
use crate::drop_reason::DropReason;
use crate::neighbour::{Key, arp};
use crate::packet::{DeviceIndex, Packet};
use crate::route::{Destination, FlowKey};
use crate::time::Duration;
use crate::wire;
use crate::wire::ethernet::MacAddress;
use alloc::format;
use core::net::IpAddr;

/// An address is defended once in so long: two hosts that both stay would keep each other busy (RFC 5227 section 2.4
/// (c)). `DEFEND_INTERVAL`.
const DEFEND_INTERVAL: Duration = Duration::from_secs(10);

/// Linux: `arp_rcv`, `arp_process`.
pub(super) fn receive(cx: &mut Context<'_>, device: DeviceIndex, packet: &Packet) -> Result<(), DropReason> {
    let message = wire::arp::Packet::parse(packet.data()).map_err(|_| DropReason::ArpMalformed)?;
    dhcp::hear(cx, device, &message);
    link_local::hear(cx, device, &message);
    let us = ourselves(cx, device, &message)?;
    let judged = arp::input(&message, packet.meta.destination, us);
    if judged == Err(DropReason::ArpConflict) {
        defend(cx, device, &message);
    }
    let arp::Verdict { reply, learn } = judged?;
    let learnt = match learn {
        Some(arp::Learn { address, mac, answered, create, overrides }) => {
            let key = Key { device, address: address.into() };
            if overrides {
                cx.neighbours.hear_arp(cx.now, key, mac, create)
            } else {
                cx.neighbours.learn(cx.now, key, mac, answered, create)
            }
        }
        None => Ok(()),
    };
    // What waited goes before anything that is sent from now on.
    neighbours::do_neighbour_actions(cx);
    match reply {
        // The asker gets its answer whether or not we could take note of it.
        Some(reply) => {
            transmit::arp(cx, device, reply.target_mac, &reply);
            Ok(())
        }
        None => learnt,
    }
}

fn ourselves(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    message: &wire::arp::Packet,
) -> Result<arp::Ourselves, DropReason> {
    let answers_for_target = answers(cx, device, message);
    let stands_in = !answers_for_target
        && !cx.routes.is_local(message.target.into())
        && proxies::answers_v4(cx, device, message.sender, message.target);
    let interface = cx.interfaces.get(device).ok_or(DropReason::LinkDown)?;
    let conf = cx.sysctl.ipv4_device(device.0);
    let sender_on_link = interface.is_on_link(message.sender);
    Ok(arp::Ourselves {
        mac: interface.mac(),
        owns_sender: cx.routes.is_local(message.sender.into()),
        answers_for_target: answers_for_target || stands_in,
        sender_on_link,
        takes_unasked: match conf.arp_accept() {
            0 => false,
            1 => true,
            _ => sender_on_link,
        },
        drops_announcements: conf.drop_gratuitous_arp(),
    })
}

/// Whether a question for its target is answered: it is ours, and the settings let this device answer for it. Linux:
/// `arp_ignore`, `arp_filter`.
fn answers(cx: &mut Context<'_>, device: DeviceIndex, message: &wire::arp::Packet) -> bool {
    let (sender, target) = (message.sender, message.target);
    if !cx.routes.is_local(target.into()) {
        return false;
    }
    let conf = cx.sysctl.ipv4_device(device.0);
    let of_device = cx.interfaces.get(device).and_then(|interface| interface.address(target.into()));
    // Who has no address yet is in every network.
    let near = |known: &Address| sender.is_unspecified() || known.network().contains(sender.into());
    let ignored = match conf.arp_ignore() {
        1 => of_device.is_none(),
        2 => !of_device.is_some_and(near),
        3 => {
            let mut known = cx.interfaces.iter().filter_map(|interface| interface.address(target.into()));
            known.all(|address| address.scope > AddressScope::LINK)
        }
        8 => true,
        _ => false,
    };
    if ignored || !conf.arp_filter() || sender.is_unspecified() {
        return !ignored;
    }
    let back = FlowKey { source: Some(target.into()), ..FlowKey::to(sender.into()) };
    let by_device = matches!(cx.routes.lookup(&back), Ok(Destination::Unicast(hop)) if hop.device == device);
    if !by_device {
        cx.counters.increment(Counter::TcpExtArpFilter);
    }
    by_device
}

/// Another station says that an address of ours is his: people hear of it, and he hears that it is ours. We keep it, as
/// a host with connections does (RFC 5227 section 2.4 (c)); addresses that were taken without asking an administrator
/// are given up where they were taken.
fn defend(cx: &mut Context<'_>, device: DeviceIndex, message: &wire::arp::Packet) {
    let (ip, now) = (message.sender, cx.now);
    let Some(mac) = cx.interfaces.get(device).map(|interface| interface.mac()) else { return };
    if message.sender_mac == mac || cx.claimants.holds(device, ip) {
        return;
    }
    let interface = cx.interfaces.get_mut(device);
    let known = interface.into_iter().flat_map(|interface| interface.addresses_mut());
    let Some(known) = known.into_iter().find(|known| known.ip() == IpAddr::V4(ip)) else { return };
    if known.defended.is_some_and(|last| now.since(last) < DEFEND_INTERVAL) {
        return;
    }
    known.defended = Some(now);
    cx.say(device, || format!("address {ip} is used by {} as well", message.sender_mac));
    transmit::arp(cx, device, MacAddress::BROADCAST, &arp::announcement(mac, ip));
}
