//! The two ways into the datapath: the softirq's round over all devices, and the output that a call of a
//! socket's owner leaves behind.

use super::receive::receive;
use super::{Context, dhcp, ipv6_link, link_local, multicast, neighbours, proxies, taps, timers, transmit};
use crate::device::{Interface, Interfaces};
use crate::drop_reason::DropReason;
use crate::packet::{DeviceIndex, Packet};
use crate::tcp::Tcp;
use crate::time::Instant;
use alloc::vec::Vec;

/// Frames that a device may deliver before the next has its turn. Linux: `NAPI_POLL_WEIGHT`.
const WEIGHT: usize = 64;

/// One softirq: timers, then all devices in turn until `budget` frames are handled or none has any left.
/// `frames` is an empty list to work with, `first` the device whose turn it is. Answers whether work was
/// left. Linux: `net_rx_action`.
pub(crate) fn poll(cx: &mut Context<'_>, budget: usize, frames: &mut Vec<Packet>, first: &mut u32) -> bool {
    timers::run(cx);
    let count = cx.interfaces.count() as u32;
    let mut left = budget;
    // How many devices in a row had nothing more.
    let mut quiet = 0;
    while quiet < count && left > 0 {
        let device = DeviceIndex(*first % count + 1);
        *first = device.0 % count;
        let (handled, more) = poll_device(cx, device, left.min(WEIGHT), frames);
        left = left.saturating_sub(handled);
        quiet = if more { 0 } else { quiet + 1 };
        transmit_pending(cx);
    }
    flush(cx);
    quiet < count || has_work(cx.interfaces, cx.tcp)
}

/// Lets a device work and takes in what it received. Answers how many frames that were, and whether there
/// are more.
fn poll_device(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    budget: usize,
    frames: &mut Vec<Packet>,
) -> (usize, bool) {
    follow_parent(cx, device);
    let Some(interface) = cx.interfaces.get_mut(device) else { return (0, false) };
    let more = interface.poll(cx.now, budget, frames);
    interface.run_queue(cx.now);
    taps::sent(cx, device);
    follow_link(cx, device);
    let handled = frames.len();
    for frame in frames.drain(..) {
        receive(cx, device, frame);
    }
    (handled, more)
}

/// Has a VLAN the carrier of the device that it is on.
fn follow_parent(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some(vlan) = cx.interfaces.get(device).and_then(Interface::vlan) else { return };
    let carrier = cx.interfaces.get(vlan.parent).is_some_and(|parent| parent.link_up());
    cx.interfaces.get_mut(device).into_iter().for_each(|interface| interface.follow_parent(carrier));
}

/// Does what a link that came up or went down since the last time wants done. Linux: `linkwatch_do_dev`.
fn follow_link(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some(interface) = cx.interfaces.get_mut(device) else { return };
    let is_up = interface.link_up();
    // It may have been turned on since the last time.
    let was_up = core::mem::replace(&mut interface.known_up, is_up);
    follow_carrier(cx, device);
    if was_up && !is_up {
        link_lost(cx, device);
    }
    if !was_up && is_up {
        link_is_back(cx, device);
    }
    if is_up {
        timers::announce(cx, device);
        ipv6_link::link_up(cx, device);
    }
}

/// A device was turned on: who asks next finds what its link brought. Linux: `NETDEV_UP` in `addrconf_notify` and
/// `inetdev_event`.
pub(crate) fn device_started(cx: &mut Context<'_>, device: DeviceIndex) {
    follow_parent(cx, device);
    follow_link(cx, device);
}

/// Lets the routes know of a carrier that was lost or is back.
fn follow_carrier(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some(interface) = cx.interfaces.get_mut(device) else { return };
    let carrier = interface.has_carrier();
    if core::mem::replace(&mut interface.routed_carrier, carrier) != carrier {
        let ignored = ignores_lost_links(cx, device);
        cx.routes.carrier(device, carrier, ignored);
    }
}

/// Whether ways over a device without a carrier are not taken; of both versions. Linux: `ignore_routes_with_linkdown`.
fn ignores_lost_links(cx: &Context<'_>, device: DeviceIndex) -> bool {
    cx.sysctl.ipv4_device(device.0).ignore_routes_with_linkdown()
}

/// The settings changed: ways over links that are lost are taken, or are not.
pub(crate) fn follow_link_settings(cx: &mut Context<'_>) {
    let lost = |interface: &&Interface| !interface.routed_carrier;
    let lost: Vec<_> = cx.interfaces.iter().filter(lost).map(Interface::index).collect();
    for device in lost {
        let ignored = ignores_lost_links(cx, device);
        cx.routes.carrier(device, false, ignored);
    }
}

/// All that asks and tells by itself on a link begins anew. Linux: `inetdev_event`, `ip_mc_up`.
fn link_is_back(cx: &mut Context<'_>, device: DeviceIndex) {
    dhcp::link_is_back(cx, device);
    link_local::link_is_back(cx, device);
    if cx.sysctl.ipv4_device(device.0).arp_notify() {
        cx.interfaces.get_mut(device).into_iter().for_each(|interface| interface.announce_all());
    }
    multicast::link_up(cx, device);
}

/// Nothing queued for a lost link waits for it. Linux: `netif_carrier_off`, `dev_deactivate`.
fn link_lost(cx: &mut Context<'_>, device: DeviceIndex) {
    if let Some(interface) = cx.interfaces.get_mut(device) {
        interface.known_up = false;
        for _ in interface.purge(cx.now) {
            cx.counters.drop(DropReason::LinkDown);
        }
    }
    ipv6_link::link_down(cx, device);
    multicast::link_down(cx, device);
    cx.neighbours.forget_device(device);
    neighbours::do_neighbour_actions(cx);
}

/// A device was turned off: nothing is known of its link any more, whoever said it. Linux: `arp_ifdown`, `neigh_ifdown`.
pub(crate) fn device_stopped(cx: &mut Context<'_>, device: DeviceIndex) {
    link_lost(cx, device);
    cx.neighbours.remove_device(device);
    proxies::remove_device(cx, device);
    neighbours::do_neighbour_actions(cx);
}

/// A device is gone, and all that was done for it by itself ends.
pub(crate) fn device_gone(cx: &mut Context<'_>, device: DeviceIndex) {
    cx.autoconf.remove(device);
    cx.claimants.forget(device);
    cx.dhcp.forget(device);
}

/// A device has another station address: neighbours are asked for anew, and who speaks for the device by itself does so
/// for that one. Linux: `neigh_changeaddr`, `inetdev_event`.
pub(crate) fn station_changed(cx: &mut Context<'_>, device: DeviceIndex) {
    cx.neighbours.remove_device(device);
    neighbours::do_neighbour_actions(cx);
    let Some(interface) = cx.interfaces.get_mut(device) else { return };
    if cx.sysctl.ipv4_device(device.0).arp_notify() {
        interface.announce_all();
    }
    let station = interface.mac();
    cx.claimants.set_station(device, station);
    cx.inquiries.set_station(device, station);
    dhcp::station_changed(cx, device);
}

/// Sends what a call left to be sent, and takes in what of it was for ourselves; what that leaves beyond the
/// budget is done by the next [`poll`]. `frames` is an empty list to work with. Linux: the softirq at the end
/// of a system call.
pub(crate) fn run_output(cx: &mut Context<'_>, frames: &mut Vec<Packet>) {
    let mut left = cx.sysctl.netdev_budget as usize;
    loop {
        transmit_pending(cx);
        let (handled, _) = match left {
            0 => (0, false),
            _ => poll_device(cx, DeviceIndex::LOOPBACK, left.min(WEIGHT), frames),
        };
        left = left.saturating_sub(handled);
        if handled == 0 {
            break;
        }
    }
    flush(cx);
}

/// Sends what TCP and the neighbour table have.
fn transmit_pending(cx: &mut Context<'_>) {
    while let Some(output) = cx.with_tcp(|tcp, env| tcp.poll_output(env)) {
        transmit::segment(cx, output);
    }
    neighbours::do_neighbour_actions(cx);
}

/// Rings the doorbells.
fn flush(cx: &mut Context<'_>) {
    cx.interfaces.iter_mut().for_each(|interface| interface.flush());
}

fn has_work(interfaces: &Interfaces, tcp: &Tcp) -> bool {
    tcp.has_output() || interfaces.iter().any(|interface| interface.has_work())
}

/// When [`poll`] has something to do: now, if it has already; else the earliest of the layers' `timers`. None if only a frame or a call gives it work.
pub(crate) fn next_deadline(
    now: Instant,
    interfaces: &Interfaces,
    tcp: &Tcp,
    timers: impl Iterator<Item = Instant>,
) -> Option<Instant> {
    if has_work(interfaces, tcp) {
        return Some(now);
    }
    interfaces.iter().filter_map(|interface| interface.next_deadline()).chain(timers).min()
}
