//! A route.

use super::{Metrics, Preference, RouteKind, RouteProtocol, Scope, TableId};
use crate::packet::DeviceIndex;
use crate::time::Instant;
use crate::wire::cidr::IpCidr;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

/// One of the ways that a route leads. Linux: `struct fib_nh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hop {
    /// The neighbour to send to, if it is not the destination itself.
    pub gateway: Option<IpAddr>,
    /// The device to leave by; for a route that is added and has a gateway, none means the device of the gateway's
    /// network.
    pub device: Option<DeviceIndex>,
    /// Its share of the flows beside the other hops, from 1 to 256.
    pub weight: u16,
    /// The gateway is on the link although no route of ours says so. Linux: `RTNH_F_ONLINK`.
    pub on_link: bool,
    /// The device is down. Linux: `RTNH_F_DEAD`.
    pub dead: bool,
    /// The device has no carrier. Linux: `RTNH_F_LINKDOWN`.
    pub link_down: bool,
    /// The gateway, a router of IPv6, did not answer when it was last asked: any other way is better (RFC 4861 section
    /// 6.3.6). Linux: `rt6_check_neigh`.
    pub silent: bool,
}

impl Default for Hop {
    /// Nowhere yet, with weight 1.
    fn default() -> Self {
        let (gateway, device) = (None, None);
        Hop { gateway, device, weight: 1, on_link: false, dead: false, link_down: false, silent: false }
    }
}

impl Hop {
    /// Over a device, to the destination itself.
    pub fn over(device: DeviceIndex) -> Self {
        Hop { device: Some(device), ..Hop::default() }
    }

    /// To a gateway; none says over which device.
    pub fn via(gateway: IpAddr) -> Self {
        Hop { gateway: Some(gateway), ..Hop::default() }
    }

    /// Whether both lead the same way.
    pub(super) fn is_like(&self, other: &Hop) -> bool {
        let same_device = self.device.is_none() || other.device.is_none() || self.device == other.device;
        self.gateway == other.gateway && same_device
    }

    /// Whether a hop to be deleted, of which perhaps not everything is said, is this one.
    fn is_meant_by(&self, pattern: &Hop) -> bool {
        (pattern.gateway.is_none() || pattern.gateway == self.gateway)
            && (pattern.device.is_none() || pattern.device == self.device)
    }
}

/// A route. Linux: `struct fib_info` with its `fib_alias`, `struct fib6_info`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// For which destinations; host bits are ignored.
    pub destination: IpCidr,
    /// For which type of service (precedence and ECN apart), 0 for any; IPv4 only. Linux: `tos`.
    pub tos: u8,
    /// What happens to a packet.
    pub kind: RouteKind,
    /// The table it is in.
    pub table: TableId,
    /// Who made it.
    pub protocol: RouteProtocol,
    /// How far its destinations are; IPv4 only.
    pub scope: Scope,
    /// Where it leads: nowhere, or to one neighbour, or to several among which flows are spread.
    pub hops: Vec<Hop>,
    /// The source address of packets that have none yet. Linux: `prefsrc`.
    pub source: Option<IpAddr>,
    /// Of several routes to one destination the one with the lowest metric is taken.
    pub metric: u32,
    /// What it says of the path.
    pub metrics: Metrics,
    /// When it goes by itself.
    pub expires: Option<Instant>,
    /// Which of several with the same metric is taken; IPv6 only.
    pub preference: Preference,
}

impl Route {
    /// The metric of an IPv6 route that names none. Linux: `IP6_RT_PRIO_USER`.
    pub const METRIC_V6: u32 = 1024;
    /// The metric of an IPv6 route that the stack made itself. Linux: `IP6_RT_PRIO_ADDRCONF`.
    pub const METRIC_V6_KERNEL: u32 = 256;

    /// A route of this kind that leads nowhere, in the table and with the metric that it has if nobody says anything
    /// else.
    pub const fn new(destination: IpCidr, kind: RouteKind) -> Self {
        Route {
            destination,
            tos: 0,
            kind,
            table: TableId::of(kind),
            protocol: RouteProtocol::Boot,
            scope: Scope::of(kind, false),
            hops: Vec::new(),
            source: None,
            metric: if destination.is_ipv6() { Route::METRIC_V6 } else { 0 },
            metrics: Metrics::NONE,
            expires: None,
            preference: Preference::Medium,
        }
    }

    /// A route of this kind over a device, to the destinations themselves.
    pub fn over(destination: IpCidr, kind: RouteKind, device: DeviceIndex) -> Self {
        Route { hops: vec![Hop::over(device)], ..Route::new(destination, kind) }
    }

    /// A route by a gateway.
    pub fn via(destination: IpCidr, gateway: IpAddr) -> Self {
        Route {
            hops: vec![Hop::via(gateway)],
            scope: Scope::Universe,
            ..Route::new(destination, RouteKind::Unicast)
        }
    }

    /// The route as the stack makes one itself, with an address. Linux: `fib_magic`, `addrconf_prefix_route`.
    #[must_use]
    pub fn by_kernel(self) -> Self {
        let far = self.table != TableId::LOCAL || self.kind == RouteKind::Multicast;
        let metric = match self.destination.is_ipv6() && far {
            true => Route::METRIC_V6_KERNEL,
            false => 0,
        };
        Route { protocol: RouteProtocol::Kernel, metric, ..self }
    }

    /// Whether one of its hops is over this device.
    pub fn is_over(&self, device: DeviceIndex) -> bool {
        self.hops.iter().any(|hop| hop.device == Some(device))
    }

    /// Its hops over this device.
    pub(super) fn hops_over(&mut self, device: DeviceIndex) -> impl Iterator<Item = &mut Hop> {
        self.hops.iter_mut().filter(move |hop| hop.device == Some(device))
    }

    /// Whether there cannot be both: the same destination, type of service and metric in the same table. IPv6 routers
    /// of equal metric stand beside each other. Linux: `fib_table_insert`, `fib6_add_rt2node`.
    pub(super) fn is_like(&self, other: &Route) -> bool {
        self.metric == other.metric && self.tos == other.tos
    }

    /// Whether a route to be deleted, of which perhaps not everything is said, is this one. Linux:
    /// `fib_table_delete`, `ip6_route_del`.
    pub(super) fn is_meant_by(&self, pattern: &Route) -> bool {
        let hops = pattern.hops.is_empty()
            || pattern.hops.len() == self.hops.len()
                && pattern.hops.iter().zip(&self.hops).all(|(meant, hop)| hop.is_meant_by(meant));
        hops && self.is_meant_but_for_hops(pattern)
    }

    /// The first of its hops that a pattern's `hop` describes, if it is the route that the pattern describes otherwise.
    /// Linux: `ip6_route_del`, where each hop is a route of its own.
    pub(super) fn hop_meant_by(&self, pattern: &Route, hop: &Hop) -> Option<usize> {
        let at = self.hops.iter().position(|there| there.is_meant_by(hop))?;
        self.is_meant_but_for_hops(pattern).then_some(at)
    }

    fn is_meant_but_for_hops(&self, pattern: &Route) -> bool {
        // Who deletes names none, if any will do.
        let of_anybody = matches!(pattern.protocol, RouteProtocol::Boot | RouteProtocol::Other(0));
        self.tos == pattern.tos
            && (of_anybody || self.protocol == pattern.protocol)
            && (self.metric == pattern.metric || pattern.metric == 0)
            && self.kind == pattern.kind
            && (pattern.source.is_none() || pattern.source == self.source)
    }
}
