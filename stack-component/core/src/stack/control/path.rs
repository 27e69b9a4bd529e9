//! The way of a packet with what was learnt of it. Linux: `inet_rtm_getroute`, `rt_fill_info`.

use super::super::Stack;
use super::FoundRoute;
use crate::datapath;
use crate::packet::DeviceIndex;
use crate::route::{BadSource, FlowKey, FlowTuple, PathMtu, Refusal, RouteKind, Transport};
use crate::time::Instant;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The way of a packet, and what was learnt of it. Linux: `struct rtable` with its `struct fib_nh_exception`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPath {
    /// The way; its gateway is that of a redirect, if there was one.
    pub found: FoundRoute,
    /// What routers said of its MTU.
    pub mtu: Option<PathMtu>,
    /// When what was learnt is forgotten.
    pub expires: Option<Instant>,
    /// Its sender is told of a better gateway. Linux: `RTCF_DOREDIRECT`.
    pub redirect: bool,
}

/// Why a packet has no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPath {
    /// The routes say so.
    Refused(Refusal),
    /// It came in, and we pass nothing on. Linux: `EHOSTUNREACH`.
    NotForwarding,
    /// It cannot come from its source.
    BadSource(BadSource),
}

impl From<Refusal> for NoPath {
    fn from(refusal: Refusal) -> Self {
        NoPath::Refused(refusal)
    }
}

impl Stack {
    /// The way of a packet, as one that came in if `flow` has an input device. Linux: `inet_rtm_getroute`.
    pub fn find_path(&self, flow: &FlowKey) -> Result<FoundPath, NoPath> {
        let flow = &FlowKey { hash: self.hash_of(flow), ..*flow };
        // Nobody sends from an address of others. Linux: `ip_route_output_key_hash_rcu`.
        if let (None, Some(source @ IpAddr::V4(_))) = (flow.input, flow.source)
            && !self.routes.is_local(source)
        {
            return Err(Refusal::NoRoute.into());
        }
        let mut found = self.find_route(flow)?;
        let input = flow.input.filter(|_| flow.destination.is_ipv4());
        let redirect = match input {
            Some(device) => self.judge_input(flow, device, &mut found)?,
            None => false,
        };
        let mut path = FoundPath { found, mtu: None, expires: None, redirect };
        if path.found.route.kind == RouteKind::Unicast {
            self.add_learnt(flow.destination, &mut path);
        }
        Ok(path)
    }

    /// The hash that chooses one of several ways. Linux: `fib_multipath_hash`.
    fn hash_of(&self, flow: &FlowKey) -> u32 {
        let Transport { protocol, ports } = flow.transport;
        let any = if flow.destination.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        let tuple = FlowTuple {
            source: flow.source.unwrap_or(any),
            destination: flow.destination,
            protocol,
            ports,
            flow_label: 0,
        };
        self.routes.flow_hash(&tuple, self.sysctl.multipath_hash_policy(flow.destination))
    }

    /// Judges an IPv4 packet that came by `device`; answers whether its sender is told of a better gateway. Linux:
    /// `ip_route_input_slow`, `__mkroute_input`.
    fn judge_input(
        &self,
        flow: &FlowKey,
        device: DeviceIndex,
        found: &mut FoundRoute,
    ) -> Result<bool, NoPath> {
        let martian = NoPath::BadSource(BadSource::Martian);
        let Some(IpAddr::V4(source)) = flow.source else { return Err(martian) };
        if source.is_multicast() || source.is_broadcast() || source.octets()[0] == 0 {
            return Err(martian);
        }
        let forwarded = found.route.kind == RouteKind::Unicast;
        if !forwarded {
            found.hop.device = Some(DeviceIndex::LOOPBACK);
        } else if !self.sysctl.ipv4_device(device.0).forwarding() {
            return Err(NoPath::NotForwarding);
        }
        let policy = datapath::source_policy(&self.interfaces, &self.sysctl, device);
        let output = found.hop.device.filter(|_| forwarded);
        let near = self.routes.validate_source(flow, device, output, &policy).map_err(NoPath::BadSource)?;
        let gateway = match found.hop.gateway.unwrap_or(flow.destination) {
            IpAddr::V4(gateway) => gateway,
            IpAddr::V6(_) => return Ok(false),
        };
        let returns = near && output == Some(device);
        Ok(returns && datapath::is_advised(&self.interfaces, &self.sysctl, device, [source, gateway]))
    }

    /// Adds what ICMP told of the destination. Linux: `rt_bind_exception`.
    fn add_learnt(&self, destination: IpAddr, path: &mut FoundPath) {
        let gateway = self.exceptions.gateway(destination, self.now);
        path.mtu = self.exceptions.path_mtu(destination, self.now);
        path.expires = self.exceptions.expires(destination, self.now);
        if gateway.is_some() {
            path.found.hop.gateway = gateway;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use alloc::boxed::Box;

    fn to(address: &str) -> FlowKey {
        FlowKey::to(address.parse().unwrap())
    }

    #[test]
    fn what_comes_in_is_judged() {
        let stack = Stack::new(Box::new(SeededRandom::new(1)));
        let input = Some(DeviceIndex::LOOPBACK);
        let from = |source: &str| FlowKey { source: Some(source.parse().unwrap()), input, ..to("127.0.0.1") };
        let martian = Err(NoPath::BadSource(BadSource::Martian));
        assert_eq!(stack.find_path(&FlowKey { input, ..to("127.0.0.1") }), martian);
        assert_eq!(stack.find_path(&from("224.0.0.1")), martian);
        assert_eq!(stack.find_path(&from("127.0.0.1")), martian, "our own address");
        let local = stack.find_path(&from("192.0.2.1")).unwrap();
        assert_eq!((local.found.hop.device, local.redirect), (input, false));
        let refused = Err(NoPath::Refused(Refusal::NoRoute));
        let foreign = FlowKey { source: "192.0.2.9".parse().ok(), ..to("127.0.0.1") };
        assert_eq!(stack.find_path(&foreign), refused);
        assert_eq!(stack.find_path(&to("192.0.2.1")), refused);
    }
}
