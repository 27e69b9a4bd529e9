//! What was learnt of a destination, applied to a packet for it.

use super::Context;
use crate::ip::Cutting;
use crate::wire::protocol::Protocol;
use core::net::IpAddr;

/// The way of a packet of ours to its next hop `neighbour` after what was learnt of its destination: the gateway,
/// whether it may be cut on the way, and the MTU in bytes. TCP knows of the MTU itself. Linux: `find_exception`,
/// `rt_bind_exception`.
pub(super) fn way(
    cx: &Context<'_>,
    destination: IpAddr,
    protocol: Protocol,
    (neighbour, cutting, mtu): (IpAddr, Cutting, u32),
) -> (IpAddr, Cutting, u32) {
    let neighbour = cx.exceptions.gateway(destination, cx.now).unwrap_or(neighbour);
    let path = cx.exceptions.path_mtu(destination, cx.now).filter(|_| protocol != Protocol::TCP);
    match path {
        Some(path) if path.locked && cutting == Cutting::Here => {
            (neighbour, Cutting::Anywhere, path.mtu.min(mtu))
        }
        Some(path) => (neighbour, cutting, path.mtu.min(mtu)),
        None => (neighbour, cutting, mtu),
    }
}
