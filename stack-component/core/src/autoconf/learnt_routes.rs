//! Which routes of a device came from advertisements, so that a flood of advertisements makes no more than a few. Linux has
//! no such limit; BSD has `maxifdefrouters` and `maxifprefixes`.

use super::MAX_ROUTERS;
use crate::wire::cidr::IpCidr;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

/// Most routes of one device to networks, those of its links included.
const MAX_NETWORKS: usize = 64;

/// A route that an advertisement asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LearntRoute {
    /// Where it leads.
    pub destination: IpCidr,
    /// The router that it leads by; none: the destinations are neighbours.
    pub router: Option<Ipv6Addr>,
}

impl LearntRoute {
    fn is_default(&self) -> bool {
        self.destination.prefix_len() == 0
    }

    fn limit(&self) -> usize {
        if self.is_default() { MAX_ROUTERS } else { MAX_NETWORKS }
    }
}

/// The routes of one device that came from advertisements, and perhaps are gone by now.
#[derive(Clone, Debug, Default)]
pub struct LearntRoutes(Vec<LearntRoute>);

impl LearntRoutes {
    /// Whether a route may be made: one that is known may be made anew, others as long as there are few. What
    /// `still_there` denies does not count.
    pub fn admit(&mut self, route: LearntRoute, still_there: impl Fn(&LearntRoute) -> bool) -> bool {
        if self.0.contains(&route) {
            return true;
        }
        let alike = |known: &&LearntRoute| known.is_default() == route.is_default();
        if self.0.iter().filter(alike).count() >= route.limit() {
            self.0.retain(still_there);
        }
        let room = self.0.iter().filter(alike).count() < route.limit();
        if room {
            self.0.push(route);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(number: u16, len: u8) -> LearntRoute {
        let address = Ipv6Addr::new(0x2001, 0xdb8, number, 0, 0, 0, 0, 0);
        let destination = IpCidr::new(address.into(), len).unwrap().network();
        LearntRoute { destination, router: Some(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, number)) }
    }

    #[test]
    fn networks_and_routers_have_their_own_limits_and_what_went_makes_room() {
        let mut routes = LearntRoutes::default();
        for number in 0..200 {
            assert_eq!(routes.admit(network(number, 48), |_| true), number < MAX_NETWORKS as u16, "{number}");
            assert_eq!(routes.admit(network(number, 0), |_| true), number < MAX_ROUTERS as u16, "{number}");
        }
        assert!(routes.admit(network(3, 48), |_| true), "it is known");
        let gone = network(5, 48);
        assert!(routes.admit(network(999, 48), |known| *known != gone));
        assert!(!routes.admit(network(5, 48), |_| true));
    }
}
