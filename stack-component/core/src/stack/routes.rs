//! Changes of the routes and devices of a stack that runs.

use super::{ConfigError, Stack};
use crate::route::Route;

/// How a change meets what is there: a route to the same destination with the same metric. Linux: `NLM_F_CREATE`,
/// `NLM_F_EXCL`, `NLM_F_REPLACE`, `RTM_DELROUTE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteChange {
    /// There must be none.
    Add,
    /// There must be one.
    Change,
    /// There may be one.
    Replace,
    /// There must be one, and it goes.
    Delete,
}

impl Stack {
    /// Changes the routes; connections follow with their next packet. What a route leaves open follows from the
    /// devices' networks, as with [`Stack::add_route`]. Linux: `inet_rtm_newroute`, `inet_rtm_delroute`.
    pub fn change_route(&mut self, change: RouteChange, route: Route) -> Result<(), ConfigError> {
        if change == RouteChange::Add {
            return self.add_route(route);
        }
        if change != RouteChange::Replace && !self.routes.has(&route) {
            return Err(ConfigError::NoSuchRoute);
        }
        if change == RouteChange::Delete {
            self.routes.remove(&route);
        } else {
            let route = self.completed(route)?;
            self.routes.replace(route);
        }
        Ok(())
    }

    /// Changes the largest IP packet of a device, in bytes. Linux: `dev_set_mtu`.
    pub fn set_mtu(&mut self, device: &str, mtu: u32) -> Result<(), ConfigError> {
        if !super::config::is_mtu(mtu) {
            return Err(ConfigError::BadMtu(mtu));
        }
        let index = self.interfaces.by_name(device).ok_or(ConfigError::NoSuchDevice)?.index();
        self.interfaces.get_mut(index).ok_or(ConfigError::NoSuchDevice)?.set_mtu(mtu);
        self.routes.note_change();
        Ok(())
    }

    /// Forgets what was learnt of peers: path MTUs and Fast Open cookies. Linux: `ip tcp_metrics flush all`.
    pub fn forget_peers(&mut self) {
        self.tcp.forget_peers();
        self.routes.note_change();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::DeviceIndex;
    use crate::random::SeededRandom;
    use crate::route::{Metrics, RouteKind};
    use crate::wire::ipv4::Ipv4Cidr;
    use alloc::boxed::Box;
    use core::net::Ipv4Addr;

    const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    fn route(mtu: u32) -> Route {
        Route {
            device: Some(DeviceIndex::LOOPBACK),
            metrics: Metrics { mtu: Some(mtu), ..Metrics::NONE },
            ..Route::new(Ipv4Cidr::host(PEER), RouteKind::Unicast)
        }
    }

    fn mtu(stack: &Stack) -> Option<u32> {
        stack.routes().iter().find(|route| route.destination == Ipv4Cidr::host(PEER))?.metrics.mtu
    }

    #[test]
    fn each_verb_meets_what_is_there() {
        let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
        for (change, size, answer, after) in [
            (RouteChange::Change, 600, Err(ConfigError::NoSuchRoute), None),
            (RouteChange::Delete, 600, Err(ConfigError::NoSuchRoute), None),
            (RouteChange::Add, 600, Ok(()), Some(600)),
            (RouteChange::Add, 700, Err(ConfigError::RouteExists), Some(600)),
            (RouteChange::Change, 700, Ok(()), Some(700)),
            (RouteChange::Replace, 800, Ok(()), Some(800)),
            (RouteChange::Delete, 0, Ok(()), None),
            (RouteChange::Replace, 900, Ok(()), Some(900)),
        ] {
            let generation = stack.routes().generation();
            assert_eq!(stack.change_route(change, route(size)), answer, "{change:?} {size}");
            assert_eq!(mtu(&stack), after, "{change:?} {size}");
            assert_eq!(stack.routes().generation() != generation, answer.is_ok());
        }
    }

    #[test]
    fn without_a_route_of_its_own_a_shorter_one_counts_again() {
        let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
        let network = Ipv4Cidr::new(PEER, 24).unwrap().network();
        stack.add_route(Route { destination: network, ..route(1000) }).unwrap();
        stack.add_route(route(600)).unwrap();
        stack.change_route(RouteChange::Delete, route(600)).unwrap();
        assert!(stack.routes().lookup(PEER.into()).is_ok());
    }

    #[test]
    fn an_mtu_is_that_of_a_device_that_there_is() {
        let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
        assert_eq!(stack.set_mtu("lo", 1280), Ok(()));
        assert_eq!(stack.set_mtu("lo", 67), Err(ConfigError::BadMtu(67)));
        assert_eq!(stack.set_mtu("eth7", 1280), Err(ConfigError::NoSuchDevice));
    }
}
