//! What tells flows apart when a route has several ways.

use super::Context;
use crate::route::FlowTuple;
use crate::wire::protocol::Protocol;
use core::net::IpAddr;

/// The hash by which a packet chooses one of several ways; `transport` is what is behind its IP header, nothing if it is
/// a fragment. Linux: `fib_multipath_hash`.
pub(super) fn hash(
    cx: &Context<'_>,
    [source, destination]: [IpAddr; 2],
    protocol: Protocol,
    flow_label: u32,
    transport: &[u8],
) -> u32 {
    if !cx.routes.spreads() {
        return 0;
    }
    let has_ports = matches!(protocol, Protocol::TCP | Protocol::UDP);
    let ports = match transport {
        &[a, b, c, d, ..] if has_ports => [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])],
        _ => [0; 2],
    };
    let flow = FlowTuple { source, destination, protocol: protocol.0, ports, flow_label };
    cx.routes.flow_hash(&flow, cx.sysctl.multipath_hash_policy(destination))
}
