//! What TCP asks the routes and the devices.

use crate::device::Interfaces;
use crate::packet::DeviceIndex;
use crate::route::{Destination, FlowKey, PathInfo, Paths, Routes, Transport};
use crate::sysctl::Sysctl;
use crate::wire::protocol::Protocol;
use core::net::SocketAddr;

/// The routes with the devices they lead to.
pub(crate) struct RoutePaths<'a> {
    pub(crate) routes: &'a Routes,
    pub(crate) interfaces: &'a Interfaces,
    pub(crate) sysctl: &'a Sysctl,
}

impl Paths for RoutePaths<'_> {
    fn path(&self, port: u16, remote: SocketAddr) -> Option<PathInfo> {
        let mtu_of = |device: DeviceIndex| {
            let of_v6 = if remote.is_ipv6() { self.sysctl.ipv6.of(device.0).mtu } else { u32::MAX };
            self.interfaces.get(device).map(|interface| interface.mtu().min(of_v6))
        };
        let transport = Transport { protocol: Protocol::TCP.0, ports: [port, remote.port()] };
        match self.routes.lookup(&FlowKey { transport, ..FlowKey::towards(remote) }).ok()? {
            Destination::Local { .. } => Some(PathInfo {
                mtu: mtu_of(DeviceIndex::LOOPBACK)?,
                loopback: true,
                metrics: Default::default(),
            }),
            Destination::Unicast(hop) | Destination::Broadcast(hop) => Some(PathInfo {
                mtu: hop.metrics.mtu.unwrap_or(u32::MAX).min(mtu_of(hop.device)?),
                loopback: false,
                metrics: hop.metrics,
            }),
        }
    }

    fn generation(&self) -> u32 {
        self.routes.generation()
    }
}
