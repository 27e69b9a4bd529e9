//! What tells flows apart when a route has several ways, and when rules ask for what is above IP.

use super::Context;
use crate::route::{FlowTuple, Transport};
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
    let ports = ports(protocol, transport);
    let flow = FlowTuple { source, destination, protocol: protocol.0, ports, flow_label };
    cx.routes.flow_hash(&flow, cx.sysctl.multipath_hash_policy(destination))
}

/// What rules may ask of a packet to `destination`, if any asks; `header` is what is behind its IP header, nothing if it
/// is a fragment. Linux: `fib4_rules_early_flow_dissect`, `fib6_rules_early_flow_dissect`.
pub(super) fn transport(
    cx: &Context<'_>,
    destination: IpAddr,
    protocol: Protocol,
    header: &[u8],
) -> Transport {
    match cx.routes.rules_ask_transport(destination) {
        true => Transport { protocol: protocol.0, ports: ports(protocol, header) },
        false => Transport::default(),
    }
}

/// The source and the destination port; zeros of what has none.
fn ports(protocol: Protocol, header: &[u8]) -> [u16; 2] {
    let has_ports = matches!(protocol, Protocol::TCP | Protocol::UDP);
    match header {
        &[a, b, c, d, ..] if has_ports => [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])],
        _ => [0; 2],
    }
}
