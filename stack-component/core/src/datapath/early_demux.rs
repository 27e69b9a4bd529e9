//! Segments of connections that need no route: the last one had it.

use super::Context;
use crate::packet::Packet;
use core::net::{IpAddr, SocketAddr};

/// Whether the segment at `header_len` of a packet between `ends`, source and destination, belongs to a connection that
/// had one by this device since the routes last changed: then it is for us, and from whom it says. Linux:
/// `tcp_v4_early_demux`, `tcp_v6_early_demux`, which one setting rules.
pub(super) fn tcp(
    cx: &mut Context<'_>,
    packet: &mut Packet,
    header_len: usize,
    ends: (IpAddr, IpAddr),
) -> bool {
    if !cx.sysctl.ip_early_demux || !cx.sysctl.tcp_early_demux {
        return false;
    }
    let Some(&[a, b, c, d, ..]) = packet.data().get(header_len..) else { return false };
    let remote = SocketAddr::new(ends.0, u16::from_be_bytes([a, b]));
    let local = SocketAddr::new(ends.1, u16::from_be_bytes([c, d]));
    let socket = cx.tcp.early_demux(local, remote, packet.meta.device, cx.routes.generation());
    packet.meta.socket = socket.map(|handle| handle.to_bits());
    socket.is_some()
}
