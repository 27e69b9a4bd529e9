//! Routes and the tables they are in.

use super::Metrics;
use super::trie::Trie;
use crate::packet::DeviceIndex;
use crate::wire::ipv4::Ipv4Cidr;
use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv4Addr;

/// What a route does with a packet. Linux: `RTN_UNICAST` and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteKind {
    /// Sends it to the gateway, or to the destination itself if there is none.
    Unicast,
    /// Delivers it here.
    Local,
    /// Sends it to everybody on the link; one that arrives is delivered here.
    Broadcast,
    /// Refuses it with "host unreachable".
    Unreachable,
    /// Refuses it with "administratively prohibited".
    Prohibit,
    /// Drops it silently.
    Blackhole,
}

/// A route. Linux: `struct fib_info` with its alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// For which destinations; host bits are ignored.
    pub destination: Ipv4Cidr,
    /// What happens to a packet.
    pub kind: RouteKind,
    /// The next hop, if it is not the destination itself.
    pub gateway: Option<Ipv4Addr>,
    /// The device to leave by; for routes with a gateway none means the device of the gateway's network.
    pub device: Option<DeviceIndex>,
    /// The source address of packets that have none yet. Linux: `prefsrc`.
    pub source: Option<Ipv4Addr>,
    /// Of several routes to one destination the one with the lowest metric is taken.
    pub metric: u32,
    /// What it says of the path.
    pub metrics: Metrics,
}

impl Route {
    /// A route of this kind, with nothing else said.
    pub const fn new(destination: Ipv4Cidr, kind: RouteKind) -> Self {
        let metrics = Metrics::NONE;
        Route { destination, kind, gateway: None, device: None, source: None, metric: 0, metrics }
    }

    /// A route by a gateway.
    pub const fn via(destination: Ipv4Cidr, gateway: Ipv4Addr) -> Self {
        Route { gateway: Some(gateway), ..Route::new(destination, RouteKind::Unicast) }
    }
}

/// There is a route to this destination with this metric. Linux: `EEXIST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteExists;

impl fmt::Display for RouteExists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a route to this destination with this metric exists")
    }
}

impl core::error::Error for RouteExists {}

/// The routes to one destination, lowest metric first.
type Alternatives = Vec<Route>;

/// The routing tables.
#[derive(Debug, Default)]
pub struct Routes {
    /// Our own addresses and broadcast addresses. Linux: table 255.
    local: Trie<Alternatives>,
    /// The rest. Linux: table 254.
    main: Trie<Alternatives>,
    /// How often the tables changed.
    generation: u32,
}

impl Routes {
    /// A number that changes with the tables. Linux: `rt_genid`.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Adds a route in the place of one to the same destination with the same metric, if there is one. Linux:
    /// `ip route replace`.
    pub fn replace(&mut self, route: Route) {
        let alternatives = self.table_of(route.kind).entry(route.destination);
        match alternatives.binary_search_by_key(&route.metric, |other| other.metric) {
            Ok(at) => {
                if let Some(place) = alternatives.get_mut(at) {
                    *place = route;
                }
            }
            Err(at) => alternatives.insert(at, route),
        }
        self.generation = self.generation.wrapping_add(1);
    }

    /// Something changed that answers depend on: a device.
    pub(crate) fn note_change(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// Whether there is a route to this destination with this metric.
    pub fn has(&self, route: &Route) -> bool {
        let network = route.destination.network();
        let same = |other: &Route| other.destination.network() == network && other.metric == route.metric;
        let is_local = |kind| matches!(kind, RouteKind::Local | RouteKind::Broadcast);
        self.iter().any(|other| same(other) && is_local(other.kind) == is_local(route.kind))
    }

    /// Takes the route to this destination with this metric away; whether there was one. Linux: `fib_table_delete`.
    pub fn remove(&mut self, route: &Route) -> bool {
        if !self.has(route) {
            return false;
        }
        let table = self.table_of(route.kind);
        let alternatives = table.entry(route.destination);
        alternatives.retain(|other| other.metric != route.metric);
        if alternatives.is_empty() {
            table.clear(route.destination);
        }
        self.generation = self.generation.wrapping_add(1);
        true
    }

    fn table_of(&mut self, kind: RouteKind) -> &mut Trie<Alternatives> {
        match kind {
            RouteKind::Local | RouteKind::Broadcast => &mut self.local,
            _ => &mut self.main,
        }
    }

    /// Adds a route to the table that its kind belongs to.
    pub fn add(&mut self, route: Route) -> Result<(), RouteExists> {
        let alternatives = self.table_of(route.kind).entry(route.destination);
        match alternatives.binary_search_by_key(&route.metric, |other| other.metric) {
            Ok(_) => Err(RouteExists),
            Err(at) => {
                alternatives.insert(at, route);
                self.generation = self.generation.wrapping_add(1);
                Ok(())
            }
        }
    }

    /// The best route of the local table.
    pub(super) fn lookup_local(&self, destination: Ipv4Addr) -> Option<&Route> {
        self.local.lookup(destination)?.first()
    }

    /// The best route of the main table.
    pub(super) fn lookup_main(&self, destination: Ipv4Addr) -> Option<&Route> {
        self.main.lookup(destination)?.first()
    }

    /// All routes, those of the local table first.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.local.iter().chain(self.main.iter()).flat_map(|(_, alternatives)| alternatives)
    }
}
