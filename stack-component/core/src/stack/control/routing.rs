//! The routes and rules of a stack. Linux: `RTM_GETROUTE`, `RTM_NEWRULE`, `RTM_DELRULE`.

use super::super::Stack;
use crate::packet::DeviceIndex;
use crate::route::{FlowKey, Hop, Refusal, Route, RouteError, RouteKind, Rule, Scope, Way};
use crate::wire::cidr::IpCidr;
use core::net::IpAddr;

/// The way that a packet takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRoute {
    /// The route.
    pub route: Route,
    /// The one of its hops; of a local route, the loopback device.
    pub hop: Hop,
    /// The source address of a packet that has none.
    pub source: Option<IpAddr>,
}

impl Stack {
    /// The way of a packet. Linux: `inet_rtm_getroute`.
    pub fn find_route(&self, flow: &FlowKey) -> Result<FoundRoute, Refusal> {
        let Way { route, hop, prefix_len } = match self.routes.find(flow) {
            Ok(way) => way,
            Err(refusal) => return self.on_link(flow).ok_or(refusal),
        };
        // What a table keeps is for everywhere; a prefix is never longer than an address.
        let network = IpCidr::new(flow.destination, prefix_len).map(IpCidr::network);
        let destination = network.unwrap_or(route.destination);
        let local = matches!(route.kind, RouteKind::Local | RouteKind::Anycast);
        let hop = if local { Hop::over(DeviceIndex::LOOPBACK) } else { *hop };
        let neighbour = hop.gateway.unwrap_or(flow.destination);
        let of_device = |device| {
            self.interfaces.source_for(&self.sysctl, device, (neighbour, route.scope), flow.destination)
        };
        let chosen = if local { Some(flow.destination) } else { hop.device.and_then(of_device) };
        let route = Route { destination, ..route.clone() };
        let source = flow.source.or(route.source).or(chosen);
        Ok(FoundRoute { route, hop, source })
    }

    /// The way over the device that an IPv4 packet must leave by, whatever the tables say. Linux:
    /// `ip_route_output_key_hash_rcu`.
    fn on_link(&self, flow: &FlowKey) -> Option<FoundRoute> {
        let ours = flow.destination.is_ipv4() && flow.input.is_none();
        let interface = self.interfaces.get(flow.output.filter(|_| ours)?)?;
        let (device, to) = (interface.index(), flow.destination);
        let of_device = || self.interfaces.source_for(&self.sysctl, device, (to, Scope::Link), to);
        interface.is_up().then(|| FoundRoute {
            route: Route::over(IpCidr::host(to), RouteKind::Unicast, device),
            hop: Hop::over(device),
            source: flow.source.or_else(of_device),
        })
    }

    /// Adds a rule for the version that `like` has. Linux: `fib_nl_newrule`.
    pub fn add_rule(&mut self, like: IpAddr, rule: Rule) -> Result<(), RouteError> {
        self.routes.add_rule(like, rule)
    }

    /// Takes exactly this rule away. Linux: `fib_nl_delrule`.
    pub fn remove_rule(&mut self, like: IpAddr, rule: &Rule) -> Result<(), RouteError> {
        self.routes.remove_rule(like, rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use alloc::boxed::Box;

    #[test]
    fn the_way_of_a_packet_is_told() {
        let stack = Stack::new(Box::new(SeededRandom::new(1)));
        let to = |address: &str| FlowKey::to(address.parse().unwrap());
        let found = stack.find_route(&to("127.0.0.5")).unwrap();
        assert_eq!((found.route.kind, found.hop.device), (RouteKind::Local, Some(DeviceIndex::LOOPBACK)));
        assert_eq!(found.source, Some("127.0.0.1".parse().unwrap()));
        assert_eq!(found.route.destination, "127.0.0.0/8".parse().unwrap());
        let output = Some(DeviceIndex::LOOPBACK);
        let far = FlowKey { output, ..to("192.0.2.1") };
        let found = stack.find_route(&far).unwrap();
        assert_eq!((found.hop.device, found.route.destination), (output, IpCidr::host(far.destination)));
        assert!(stack.find_route(&FlowKey { output, ..to("2001:db8::1") }).is_err());
        assert_eq!(stack.find_route(&to("192.0.2.1")), Err(Refusal::NoRoute));
    }
}
