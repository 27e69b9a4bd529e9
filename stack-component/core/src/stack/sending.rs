//! What sockets share that send by the routes: where it comes from, and what their owners hear of what became of it.

use super::Stack;
use crate::drop_reason::DropReason;
use crate::packet::DeviceIndex;
use crate::route::{Destination, FlowKey, Refusal, Scope, Transport};
use crate::socket::SocketError;
use core::net::IpAddr;

impl Stack {
    /// Our address for what goes to `destination` this way. Linux: `inet_select_addr`, `ip6_route_get_saddr`.
    pub(super) fn source_by(&self, destination: IpAddr, way: &Destination) -> Option<IpAddr> {
        match way {
            // A packet to one of our own addresses comes from that address.
            Destination::Local { source } => Some(source.unwrap_or(destination)),
            Destination::Unicast(hop) | Destination::Broadcast(hop) => {
                hop.source.or_else(|| self.source_on(hop.device, (hop.neighbour, hop.scope), destination))
            }
        }
    }

    fn source_on(&self, device: DeviceIndex, way: (IpAddr, Scope), destination: IpAddr) -> Option<IpAddr> {
        self.interfaces.source_for(&self.sysctl, device, way, destination)
    }

    /// Our address for a datagram or packet of `transport` to `destination`, by `device` if one is named; `broadcast`: it may
    /// go to everybody. Linux: `ip_route_output_flow` in `udp_sendmsg` and `raw_sendmsg`.
    pub(super) fn datagram_source(
        &self,
        destination: IpAddr,
        transport: Transport,
        device: Option<DeviceIndex>,
        broadcast: bool,
    ) -> Result<IpAddr, SocketError> {
        self.flow_source(&FlowKey { output: device, transport, ..FlowKey::to(destination) }, broadcast)
    }

    /// The same for a flow of ours.
    pub(super) fn flow_source(&self, flow: &FlowKey, broadcast: bool) -> Result<IpAddr, SocketError> {
        let FlowKey { destination, output: device, .. } = *flow;
        let source = match self.routes.lookup(flow) {
            Ok(Destination::Broadcast(_)) if !broadcast => return Err(SocketError::AccessDenied),
            Ok(way) => self.source_by(destination, &way),
            Err(Refusal::Prohibit) => return Err(SocketError::AccessDenied),
            Err(Refusal::Blackhole) => return Err(SocketError::InvalidArgument),
            // A group is wherever the socket's owner says.
            Err(Refusal::NoRoute | Refusal::Unreachable) => device
                .filter(|_| destination.is_multicast())
                .and_then(|device| self.source_on(device, (destination, Scope::Link), destination)),
        };
        source.ok_or(SocketError::NetworkUnreachable)
    }
}

/// What a socket's owner is told of what became of a datagram or packet.
pub(super) fn told(sent: Result<(), DropReason>) -> Result<(), SocketError> {
    match sent {
        Err(DropReason::PacketTooBig) => Err(SocketError::DatagramTooLarge),
        Err(DropReason::NoRoute | DropReason::RouteRefused) => Err(SocketError::NetworkUnreachable),
        Err(DropReason::Netfilter) => Err(SocketError::AccessDenied),
        Err(DropReason::SendBufferFull) => Err(SocketError::OutOfMemory),
        // Lost here is as good as lost further on.
        Ok(()) | Err(_) => Ok(()),
    }
}
