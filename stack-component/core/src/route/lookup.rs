//! What the tables say about one destination.

use super::{Metrics, Route, RouteKind, Routes};
use crate::packet::DeviceIndex;
use core::net::{IpAddr, Ipv4Addr};

/// The next hop of a packet. Linux: `struct fib_nh_common`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// The device to leave by.
    pub device: DeviceIndex,
    /// The neighbour to send to: the gateway, or the destination itself.
    pub neighbour: IpAddr,
    /// The source address of packets that have none yet.
    pub source: Option<IpAddr>,
    /// What the route says of the path.
    pub metrics: Metrics,
}

/// Where a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To ourselves; packets to there leave with this source address.
    Local {
        /// The source address of packets that have none yet.
        source: Option<IpAddr>,
    },
    /// To everybody on a link.
    Broadcast(NextHop),
    /// To one neighbour.
    Unicast(NextHop),
}

/// Why a packet goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No route. Linux: `ENETUNREACH`.
    NoRoute,
    /// A route of kind unreachable. Linux: `EHOSTUNREACH`.
    Unreachable,
    /// A route of kind prohibit. Linux: `EACCES`.
    Prohibit,
    /// A route of kind blackhole. Linux: `EINVAL`.
    Blackhole,
}

impl Routes {
    /// Where a packet to `destination` goes. Linux: `fib_lookup`.
    pub fn lookup(&self, destination: IpAddr) -> Result<Destination, Refusal> {
        let IpAddr::V4(destination) = destination else { return Err(Refusal::NoRoute) };
        let route = match self.lookup_local(destination) {
            Some(route) => route,
            None => self.lookup_main(destination).ok_or(Refusal::NoRoute)?,
        };
        match route.kind {
            RouteKind::Local => Ok(Destination::Local { source: route.source.map(IpAddr::V4) }),
            RouteKind::Broadcast => Ok(Destination::Broadcast(next_hop(route, destination)?)),
            // The limited broadcast goes to the link that other packets to far away take.
            RouteKind::Unicast if destination.is_broadcast() => Ok(Destination::Broadcast(NextHop {
                neighbour: IpAddr::V4(destination),
                ..next_hop(route, destination)?
            })),
            RouteKind::Unicast => Ok(Destination::Unicast(next_hop(route, destination)?)),
            RouteKind::Unreachable => Err(Refusal::Unreachable),
            RouteKind::Prohibit => Err(Refusal::Prohibit),
            RouteKind::Blackhole => Err(Refusal::Blackhole),
        }
    }

    /// Whether `address` is one of our own. Linux: `inet_addr_type() == RTN_LOCAL`.
    pub fn is_local(&self, address: IpAddr) -> bool {
        let IpAddr::V4(address) = address else { return false };
        self.lookup_local(address).is_some_and(|route| route.kind == RouteKind::Local)
    }

    /// Whether `address` means everybody, on whatever link. Linux: `inet_addr_type() == RTN_BROADCAST`.
    pub fn is_broadcast(&self, address: IpAddr) -> bool {
        let IpAddr::V4(address) = address else { return false };
        let of_a_network = |route: &Route| route.kind == RouteKind::Broadcast;
        address.is_broadcast() || self.lookup_local(address).is_some_and(of_a_network)
    }
}

fn next_hop(route: &Route, destination: Ipv4Addr) -> Result<NextHop, Refusal> {
    let device = route.device.ok_or(Refusal::NoRoute)?;
    let neighbour = IpAddr::V4(route.gateway.unwrap_or(destination));
    Ok(NextHop { device, neighbour, source: route.source.map(IpAddr::V4), metrics: route.metrics })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::RouteExists;

    const ETH0: DeviceIndex = DeviceIndex(2);
    const ETH1: DeviceIndex = DeviceIndex(3);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn route(destination: &str, kind: RouteKind, device: DeviceIndex) -> Route {
        Route { device: Some(device), ..Route::new(destination.parse().unwrap(), kind) }
    }

    fn routes() -> Routes {
        let v4 = |text: &str| text.parse().ok();
        let source = v4("10.0.0.1");
        let mut routes = Routes::default();
        for route in [
            Route { source, ..route("10.0.0.1/32", RouteKind::Local, DeviceIndex::LOOPBACK) },
            Route { source, ..route("10.0.0.255/32", RouteKind::Broadcast, ETH0) },
            Route { source, ..route("10.0.0.0/24", RouteKind::Unicast, ETH0) },
            Route { gateway: v4("10.0.0.2"), source, ..route("0.0.0.0/0", RouteKind::Unicast, ETH0) },
            Route { metric: 5, ..route("0.0.0.0/0", RouteKind::Unicast, ETH1) },
            Route { metric: 9, ..route("10.1.0.0/16", RouteKind::Unicast, ETH0) },
            Route {
                metric: 1,
                metrics: Metrics { mtu: Some(1400), ..Metrics::NONE },
                ..route("10.1.0.0/16", RouteKind::Unicast, ETH1)
            },
            route("10.2.0.0/16", RouteKind::Prohibit, ETH0),
            route("10.3.0.0/16", RouteKind::Unreachable, ETH0),
            route("10.4.0.0/16", RouteKind::Blackhole, ETH0),
        ] {
            routes.add(route).unwrap();
        }
        routes
    }

    #[test]
    fn where_packets_go() {
        let source = Some(address("10.0.0.1"));
        let hop = |device, neighbour: &str, source, mtu| NextHop {
            device,
            neighbour: address(neighbour),
            source,
            metrics: Metrics { mtu, ..Metrics::NONE },
        };
        let rows = [
            ("10.0.0.1", Ok(Destination::Local { source })),
            ("10.0.0.255", Ok(Destination::Broadcast(hop(ETH0, "10.0.0.255", source, None)))),
            ("255.255.255.255", Ok(Destination::Broadcast(hop(ETH0, "255.255.255.255", source, None)))),
            ("10.0.0.7", Ok(Destination::Unicast(hop(ETH0, "10.0.0.7", source, None)))),
            ("192.0.2.1", Ok(Destination::Unicast(hop(ETH0, "10.0.0.2", source, None)))),
            ("10.1.2.3", Ok(Destination::Unicast(hop(ETH1, "10.1.2.3", None, Some(1400))))),
            ("10.2.2.3", Err(Refusal::Prohibit)),
            ("10.3.2.3", Err(Refusal::Unreachable)),
            ("10.4.2.3", Err(Refusal::Blackhole)),
        ];
        let routes = routes();
        for (destination, expected) in rows {
            assert_eq!(routes.lookup(address(destination)), expected, "{destination}");
        }
        assert_eq!(Routes::default().lookup(address("10.0.0.1")), Err(Refusal::NoRoute));
    }

    #[test]
    fn our_own_addresses() {
        let routes = routes();
        assert!(routes.is_local(address("10.0.0.1")) && !routes.is_local(address("10.0.0.255")));
        assert!(
            routes.is_broadcast(address("10.0.0.255")) && routes.is_broadcast(Ipv4Addr::BROADCAST.into())
        );
        assert!(!routes.is_broadcast(address("10.0.0.7")));
    }

    #[test]
    fn one_route_for_each_destination_and_metric() {
        let mut routes = routes();
        assert_eq!(routes.add(route("10.0.0.9/24", RouteKind::Prohibit, ETH1)), Err(RouteExists));
        assert_eq!(routes.iter().count(), 10);
    }
}
