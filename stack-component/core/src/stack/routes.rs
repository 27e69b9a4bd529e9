//! Changes of the routes and devices of a stack that runs.

use super::{ConfigError, Stack};
use crate::packet::DeviceIndex;
use crate::route::{FlowKey, Hop, Meeting, ROUTING_TOS, Route, RouteError, RouteKind, Scope, TableId};
use core::net::IpAddr;

/// A change of the routes. Linux: `RTM_NEWROUTE`, `RTM_DELROUTE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteChange {
    /// There must be no route to the same destination with the same metric.
    Add,
    /// There must be one, and it gives way.
    Change,
    /// There may be one, which gives way.
    Replace,
    /// There may be one, which stays before the new one.
    Append,
    /// There may be one, which stays behind the new one.
    Prepend,
    /// There must be one, and it goes.
    Delete,
}

impl Stack {
    /// Adds a route. What it leaves open follows from the devices' networks: the device from the gateway. Linux:
    /// `ip route add`.
    pub fn add_route(&mut self, route: Route) -> Result<(), ConfigError> {
        self.change_route(RouteChange::Add, route)
    }

    /// Changes the routes; connections follow with their next packet. What a route leaves open follows from the
    /// devices' networks, as with [`Stack::add_route`]. Linux: `inet_rtm_newroute`, `inet_rtm_delroute`.
    pub fn change_route(&mut self, change: RouteChange, route: Route) -> Result<(), ConfigError> {
        // What was learnt was learnt of other ways. Linux: `rt_cache_flush`.
        self.exceptions.clear();
        let meeting = match change {
            RouteChange::Add => Meeting::Add,
            RouteChange::Change => Meeting::Change,
            RouteChange::Replace => Meeting::Replace,
            RouteChange::Append => Meeting::Append,
            RouteChange::Prepend => Meeting::Prepend,
            RouteChange::Delete => {
                self.routes.remove(&route)?;
                return Ok(());
            }
        };
        let route = self.completed(route)?;
        Ok(self.routes.insert(route, meeting)?)
    }

    /// A route with what follows from the devices' networks, if it can be. Linux: `fib_create_info`,
    /// `ip6_route_info_create`.
    fn completed(&self, mut route: Route) -> Result<Route, RouteError> {
        let to = route.destination.address();
        let strangers = |address: &IpAddr| address.is_ipv4() != to.is_ipv4();
        let numbers_fit = route.table != TableId(0)
            && route.tos & !ROUTING_TOS == 0
            && route.hops.iter().all(|hop| (1..=256).contains(&hop.weight));
        if !numbers_fit
            || route.source.iter().chain(route.hops.iter().flat_map(|hop| &hop.gateway)).any(strangers)
        {
            return Err(RouteError::Invalid);
        }
        match (route.kind.leads_on(), route.hops.is_empty()) {
            (true, true) => return Err(RouteError::NoDevice),
            (false, false) => return Err(RouteError::NeedsNoHop),
            _ => {}
        }
        let by_gateway = route.hops.iter().any(|hop| hop.gateway.is_some());
        if to.is_ipv4()
            && (route.kind == RouteKind::Local && route.scope < Scope::Host
                || by_gateway && route.scope >= Scope::Host)
        {
            return Err(RouteError::BadScope);
        }
        for hop in &mut route.hops {
            *hop = self.completed_hop(*hop, route.scope)?;
        }
        match route.source.filter(|&source| source != to && !self.routes.is_local(source)) {
            Some(stranger) => Err(RouteError::BadSource(stranger)),
            None => Ok(route),
        }
    }

    /// A hop with its device. Linux: `fib_check_nh`, `ip6_validate_gw`.
    fn completed_hop(&self, hop: Hop, scope: Scope) -> Result<Hop, RouteError> {
        let device = match hop.gateway {
            None => hop.device.ok_or(RouteError::NoDevice)?,
            Some(gateway) => self.device_of_gateway(gateway, &hop, scope)?,
        };
        let interface = self.interfaces.get(device).ok_or(RouteError::NoSuchDevice)?;
        let link_down = !interface.routed_carrier;
        let dead = link_down && self.sysctl.ipv4_device(device.0).ignore_routes_with_linkdown();
        Ok(Hop { device: Some(device), link_down, dead, ..hop })
    }

    /// Linux: `fib_check_nh_v4_gw`, `ip6_route_check_nh`.
    fn device_of_gateway(&self, gateway: IpAddr, hop: &Hop, scope: Scope) -> Result<DeviceIndex, RouteError> {
        let bad = RouteError::BadGateway(gateway);
        let of_a_link = matches!(gateway, IpAddr::V6(gateway) if gateway.is_unicast_link_local());
        if hop.on_link || of_a_link {
            let neighbour = self.routes.kind_of(gateway) == RouteKind::Unicast;
            return hop.device.filter(|_| neighbour).ok_or(bad);
        }
        let flow = FlowKey { output: hop.device, scope: scope.max(Scope::Link), ..FlowKey::to(gateway) };
        let way = self.routes.find(&flow).map_err(|_| bad)?;
        let direct = way.route.kind == RouteKind::Unicast && way.hop.gateway.is_none();
        way.hop.device.filter(|_| direct).ok_or(bad)
    }

    /// Forgets what was learnt of peers: path MTUs and Fast Open cookies. Linux: `ip tcp_metrics flush all`.
    pub fn forget_peers(&mut self) {
        self.tcp.forget_peers();
        self.exceptions.clear();
        self.routes.note_change();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use crate::route::Metrics;
    use crate::wire::cidr::IpCidr;
    use alloc::boxed::Box;
    use core::net::Ipv4Addr;

    const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    fn route(mtu: u32) -> Route {
        Route {
            metrics: Metrics { mtu: Some(mtu), ..Metrics::NONE },
            ..Route::over(IpCidr::host(PEER.into()), RouteKind::Unicast, DeviceIndex::LOOPBACK)
        }
    }

    fn mtu(stack: &Stack) -> Option<u32> {
        stack.routes().iter().find(|route| route.destination == IpCidr::host(PEER.into()))?.metrics.mtu
    }

    #[test]
    fn each_verb_meets_what_is_there() {
        let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
        for (change, size, answer, after) in [
            (RouteChange::Change, 600, Err(RouteError::NothingToChange), None),
            (RouteChange::Delete, 600, Err(RouteError::NoSuchRoute), None),
            (RouteChange::Add, 600, Ok(()), Some(600)),
            (RouteChange::Add, 700, Err(RouteError::Exists), Some(600)),
            (RouteChange::Change, 700, Ok(()), Some(700)),
            (RouteChange::Replace, 800, Ok(()), Some(800)),
            (RouteChange::Delete, 0, Ok(()), None),
            (RouteChange::Replace, 900, Ok(()), Some(900)),
        ] {
            let generation = stack.routes().generation();
            assert_eq!(
                stack.change_route(change, route(size)),
                answer.map_err(ConfigError::Route),
                "{change:?} {size}"
            );
            assert_eq!(mtu(&stack), after, "{change:?} {size}");
            assert_eq!(stack.routes().generation() != generation, answer.is_ok());
        }
    }

    #[test]
    fn a_route_is_changed_whatever_it_said_before() {
        for (network, before, after) in
            [("10.5.0.0/16", "10.0.2.2", "10.0.2.3"), ("fd00:8::/64", "fd00:2::2", "fd00:2::3")]
        {
            let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
            for near in ["10.0.2.0/24", "fd00:2::/64"] {
                let near = Route::over(near.parse().unwrap(), RouteKind::Unicast, DeviceIndex::LOOPBACK);
                stack.add_route(near).unwrap();
            }
            let via = |gateway: &str| Route::via(network.parse().unwrap(), gateway.parse().unwrap());
            stack.add_route(via(before)).unwrap();
            stack.change_route(RouteChange::Change, via(after)).unwrap();
            let listed = stack.routes().iter().find(|route| route.destination == network.parse().unwrap());
            assert_eq!(listed.unwrap().hops[0].gateway, Some(after.parse().unwrap()), "{network}");
        }
    }

    #[test]
    fn without_a_route_of_its_own_a_shorter_one_counts_again() {
        let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
        let network = IpCidr::new(PEER.into(), 24).unwrap().network();
        stack.add_route(Route { destination: network, ..route(1000) }).unwrap();
        stack.add_route(route(600)).unwrap();
        stack.change_route(RouteChange::Delete, route(600)).unwrap();
        assert!(stack.routes().lookup(&FlowKey::to(PEER.into())).is_ok());
    }
}
