//! Addresses that are behind the stack, and that it answers for on a link before it. Linux: `arp_fwd_proxy`,
//! `pndisc_is_router`, `ip6_forward_proxy_check`.

use super::{Context, input_route, multicast};
use crate::ip::v6::Received;
use crate::neighbour::{Proxy, ProxyKey, TellError};
use crate::packet::{DeviceIndex, Packet};
use crate::route::{Destination, FlowKey};
use crate::wire::icmpv6::Type;
use crate::wire::protocol::Protocol;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Answers for an address from now on. Linux: `pneigh_lookup` with `creat`, `pndisc_constructor`.
pub(crate) fn add(cx: &mut Context<'_>, key: ProxyKey, proxy: Proxy) -> Result<(), TellError> {
    cx.neighbours.proxies.set(key, proxy)?;
    if let (IpAddr::V6(ip), Some(device)) = (key.address, key.device) {
        multicast::proxy_added(cx, device, ip);
    }
    Ok(())
}

/// Answers for it no more; whether it did. Linux: `pneigh_delete`, `pndisc_destructor`.
pub(crate) fn remove(cx: &mut Context<'_>, key: ProxyKey) -> bool {
    if let (IpAddr::V6(ip), Some(device)) = (key.address, key.device) {
        multicast::proxy_removed(cx, device, ip);
    }
    cx.neighbours.proxies.remove(key)
}

/// A device was turned off. Linux: `pneigh_ifdown_and_unlock`.
pub(super) fn remove_device(cx: &mut Context<'_>, device: DeviceIndex) {
    for address in cx.neighbours.proxies.remove_device(device) {
        if let IpAddr::V6(ip) = address {
            multicast::proxy_removed(cx, device, ip);
        }
    }
}

/// Whether a question for a station that is not ours is answered: packets for it are passed on to another link, and it
/// was told of, or all such are answered for (RFC 1027). At once, where Linux waits for up to 0.8 seconds
/// (`proxy_delay`). Linux: `arp_process`.
pub(super) fn answers_v4(cx: &Context<'_>, device: DeviceIndex, sender: Ipv4Addr, target: Ipv4Addr) -> bool {
    let conf = cx.sysctl.ipv4_device(device.0);
    let told = || cx.neighbours.proxies.find(device, target.into()).is_some();
    if !conf.forwarding() || sender.is_unspecified() || !(conf.proxy_arp() || told()) {
        return false;
    }
    let flow = FlowKey { source: Some(sender.into()), input: Some(device), ..FlowKey::to(target.into()) };
    let Ok(Destination::Unicast(hop)) = cx.routes.lookup(&flow) else { return false };
    let policy = input_route::source_policy(cx.interfaces, cx.sysctl, device);
    hop.device != device && cx.routes.validate_source(&flow, device, Some(hop.device), &policy).is_ok()
}

/// What is told of an address that is not ours and that is answered for. Linux: `ndisc_recv_ns`.
pub(super) fn of_v6(cx: &Context<'_>, device: DeviceIndex, target: Ipv6Addr) -> Option<Proxy> {
    let conf = cx.sysctl.ipv6.of(device.0);
    let wanted = conf.forwarding && (conf.proxy_ndp || cx.sysctl.ipv6.all.proxy_ndp);
    if wanted { cx.neighbours.proxies.find(device, target.into()) } else { None }
}

/// Whether a packet is about an address that is answered for, and to be heard instead of passed on. Linux:
/// `ip6_forward_proxy_check`.
pub(super) fn hears(cx: &Context<'_>, packet: &Packet, received: &Received) -> bool {
    if !cx.sysctl.ipv6.all.proxy_ndp || received.next_header != Protocol::ICMPV6 {
        return false;
    }
    let kind = packet.data().get(received.header_len).copied().map(Type);
    let of_link = matches!(
        kind,
        Some(
            Type::ROUTER_SOLICITATION
                | Type::ROUTER_ADVERTISEMENT
                | Type::NEIGHBOUR_SOLICITATION
                | Type::NEIGHBOUR_ADVERTISEMENT
                | Type::REDIRECT
        )
    );
    of_link && of_v6(cx, received.device, received.destination).is_some()
}
