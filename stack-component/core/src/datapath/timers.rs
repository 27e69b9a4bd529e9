//! What time demands.

use super::{
    Context, address_timers, dhcp, dhcp6, fragments, fragments6, link_local, multicast, neighbours, transmit,
};
use crate::neighbour::arp;
use crate::packet::DeviceIndex;
use crate::wire::ethernet::MacAddress;
use alloc::vec::Vec;

/// Does what is due. Linux: the timer softirq.
pub(super) fn run(cx: &mut Context<'_>) {
    cx.with_tcp(|tcp, env| tcp.run_timers(env));
    cx.neighbours.run_timers(cx.now, cx.sysctl, cx.random);
    neighbours::do_neighbour_actions(cx);
    fragments::run_timers(cx);
    fragments6::run_timers(cx);
    cx.routes.run_timers(cx.now);
    address_timers::run_timers(cx);
    dhcp::run(cx);
    dhcp6::run(cx);
    link_local::run(cx);
    multicast::run(cx);
}

/// Announces the addresses that were added since the link was last up. Linux:
/// `inetdev_send_gratuitous_arp`.
pub(super) fn announce(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some(interface) = cx.interfaces.get_mut(device) else { return };
    let (mac, addresses): (_, Vec<_>) = (interface.mac(), interface.take_announcements());
    for address in addresses {
        transmit::arp(cx, device, MacAddress::BROADCAST, &arp::announcement(mac, address));
    }
}
