//! A routing table. Linux: `struct fib_table`, `struct fib6_table`.

use super::lookup::Found;
use super::trie::{Prefix, Trie};
use super::{FlowKey, Hop, Route, RouteError, RouteKind, RouteProtocol};
use crate::keyed_hash::KeyedHash;
use crate::packet::DeviceIndex;
use crate::wire::cidr::IpCidr;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use hashbrown::HashSet;

/// How a new route meets one that is there: one to the same destination with the same type of service and metric.
/// Linux: `NLM_F_CREATE`, `NLM_F_EXCL`, `NLM_F_REPLACE`, `NLM_F_APPEND`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// There must be none. Linux: `ip route add`.
    Add,
    /// There must be one, and it gives way. Linux: `ip route change`.
    Change,
    /// If there is one, it gives way. Linux: `ip route replace`.
    Replace,
    /// If there is one, the new one stands behind it. IPv6 routes by gateways become one route with several hops.
    /// Linux: `ip route append`.
    Append,
    /// If there is one, the new one stands before it. Linux: `ip route prepend`.
    Prepend,
}

/// The address as a trie's key: left-aligned.
pub(super) const fn key(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => (address.to_bits() as u128) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

const fn prefix(block: IpCidr) -> Prefix {
    Prefix::new(key(block.address()), block.prefix_len())
}

/// The routes to one destination, in the order they are asked: those for a type of service first, then by metric.
type Alternatives = Arc<Vec<Route>>;

/// The routes of one version and table.
///
/// Very many differ in their destination alone, so the rest stands once for all of them: in the trie routes are for
/// everywhere. Then what look-ups read is little even of very many routes. Linux: `fib_alias` and `fib_info`.
#[derive(Debug)]
pub(super) struct Table {
    trie: Trie<Alternatives>,
    shared: HashSet<Alternatives, KeyedHash>,
    everywhere: IpCidr,
}

impl Table {
    /// An empty table for addresses of the version that `like` has.
    pub(super) fn new(like: IpAddr, hash: KeyedHash) -> Self {
        let everywhere = IpCidr::all_like(like);
        Table { trie: Trie::default(), shared: HashSet::with_hasher(hash), everywhere }
    }

    /// The route that a packet takes. Linux: `fib_table_lookup`, `fib6_table_lookup`.
    pub(super) fn find(&self, flow: &FlowKey) -> Option<Found<'_>> {
        self.trie.find(key(flow.destination), |len, alternatives| select(alternatives, len, flow))
    }

    /// The routes to exactly this destination.
    fn routes_to(&self, destination: IpCidr) -> Vec<Route> {
        let there = self.trie.get(prefix(destination)).map(|routes| routes.as_slice()).unwrap_or_default();
        there.iter().map(|route| Route { destination, ..route.clone() }).collect()
    }

    /// Puts routes to a destination in the place of those there are.
    fn put(&mut self, destination: IpCidr, routes: Vec<Route>) {
        let place = prefix(destination);
        let before = match routes.is_empty() {
            true => self.trie.remove(place),
            false => {
                let routes = self.share(routes);
                self.trie.insert(place, routes)
            }
        };
        // These and those of the set: no other destination has them.
        if let Some(before) = before.filter(|before| Arc::strong_count(before) == 2) {
            self.shared.remove(&before);
        }
    }

    fn share(&mut self, routes: Vec<Route>) -> Alternatives {
        let everywhere = |route| Route { destination: self.everywhere, ..route };
        let routes: Alternatives = Arc::new(routes.into_iter().map(everywhere).collect());
        Arc::clone(self.shared.get_or_insert(routes))
    }

    /// Takes a route in; answers how many more there are than before. Linux: `fib_table_insert`,
    /// `fib6_add_rt2node`.
    pub(super) fn insert(&mut self, route: Route, meeting: Meeting) -> Result<usize, RouteError> {
        let route = Route { destination: route.destination.network(), ..route };
        let destination = route.destination;
        let mut routes = self.routes_to(destination);
        let before = routes.len();
        meet(&mut routes, route, meeting)?;
        let more = routes.len() - before;
        self.put(destination, routes);
        Ok(more)
    }

    /// Takes the first route that the pattern describes out. Linux: `fib_table_delete`, `ip6_route_del`.
    pub(super) fn remove(&mut self, pattern: &Route) -> Option<Route> {
        let destination = pattern.destination.network();
        let mut routes = self.routes_to(destination);
        let at = routes.iter().position(|route| route.is_meant_by(pattern))?;
        let removed = routes.remove(at);
        self.put(destination, routes);
        Some(removed)
    }

    /// Takes the first hop that the pattern's `hop` describes out of its route, which goes with its last one. Answers the
    /// route with this hop alone, and whether it is gone. Linux: `ip6_route_del` of a route by a gateway.
    pub(super) fn remove_hop(&mut self, pattern: &Route, hop: &Hop) -> Option<(Route, bool)> {
        let destination = pattern.destination.network();
        let mut routes = self.routes_to(destination);
        let meant = |(index, route): (usize, &Route)| Some((index, route.hop_meant_by(pattern, hop)?));
        let (index, at) = routes.iter().enumerate().find_map(meant)?;
        let route = routes.get_mut(index)?;
        let hop = route.hops.remove(at);
        let (removed, gone) = (Route { hops: vec![hop], ..route.clone() }, route.hops.is_empty());
        if gone {
            routes.remove(index);
        }
        self.put(destination, routes);
        Some((removed, gone))
    }

    /// Takes those routes to a destination out that `gone` tells. They are looked at alone, however many others there
    /// are.
    pub(super) fn remove_all(&mut self, destination: IpCidr, gone: impl Fn(&Route) -> bool) -> Vec<Route> {
        let (removed, rest): (Vec<_>, Vec<_>) = self.routes_to(destination).into_iter().partition(gone);
        if !removed.is_empty() {
            self.put(destination, rest);
        }
        removed
    }

    /// Changes the first route that the pattern describes, but not its place; answers what it was.
    pub(super) fn amend(&mut self, pattern: &Route, change: impl FnOnce(&mut Route)) -> Option<Route> {
        let destination = pattern.destination.network();
        let mut routes = self.routes_to(destination);
        let route = routes.iter_mut().find(|route| route.is_meant_by(pattern))?;
        let before = route.clone();
        change(route);
        if *route != before {
            self.put(destination, routes);
        }
        Some(before)
    }

    /// The first route that the pattern describes.
    pub(super) fn get(&self, pattern: &Route) -> Option<Route> {
        let all = self.routes_to(pattern.destination.network());
        all.into_iter().find(|route| route.is_meant_by(pattern))
    }

    /// Changes or takes out those routes that `change` says: what it answers `false` for goes. Answers how many went.
    pub(super) fn retain(
        &mut self,
        concerned: impl Fn(&Route) -> bool,
        mut keep: impl FnMut(&mut Route) -> bool,
    ) -> usize {
        // Very many routes differ in their destinations alone.
        let concerns = |alternatives: &Alternatives| alternatives.iter().any(&concerned);
        if !self.shared.iter().any(concerns) {
            return 0;
        }
        let all = self.places().filter(|(_, alternatives)| concerns(alternatives));
        let destinations: Vec<_> = all.filter_map(|(place, _)| self.block(place)).collect();
        let mut gone = 0;
        for destination in destinations {
            let mut routes = self.routes_to(destination);
            let before = routes.len();
            routes.retain_mut(|route| !concerned(route) || keep(route));
            gone += before - routes.len();
            self.put(destination, routes);
        }
        gone
    }

    /// The places in the order in which Linux lists routes: of IPv4 by address, the longer prefix first; of IPv6 each
    /// behind all that are in it. Linux: `fn_trie_dump_leaf`, `fib6_walk`.
    fn places(&self) -> impl Iterator<Item = (Prefix, &Alternatives)> {
        let ipv4 = self.everywhere.is_ipv4();
        self.trie.iter_by(move |place| (if ipv4 { place.bits } else { place.last() }, Reverse(place.len)))
    }

    /// All routes with their destinations, in that order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (IpCidr, &Route)> {
        let places = self.places().filter_map(|(place, routes)| Some((self.block(place)?, routes)));
        places.flat_map(|(destination, routes)| routes.iter().map(move |route| (destination, route)))
    }

    /// The destination that has this place in the trie.
    fn block(&self, Prefix { bits, len }: Prefix) -> Option<IpCidr> {
        let address = match self.everywhere.is_ipv4() {
            true => IpAddr::V4(Ipv4Addr::from_bits((bits >> 96) as u32)),
            false => IpAddr::V6(Ipv6Addr::from_bits(bits)),
        };
        IpCidr::new(address, len)
    }

    /// Whether some route leads by this gateway over this device.
    pub(super) fn has_gateway(&self, device: DeviceIndex, gateway: IpAddr) -> bool {
        let leads = |hop: &Hop| !hop.dead && hop.device == Some(device) && hop.gateway == Some(gateway);
        self.shared.iter().any(|routes| routes.iter().any(|route| route.hops.iter().any(leads)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.trie.len() == 0
    }
}

/// Lets a route join those to the same destination.
fn meet(routes: &mut Vec<Route>, route: Route, meeting: Meeting) -> Result<(), RouteError> {
    let order = |route: &Route| (Reverse(route.tos), route.metric);
    let first = routes.partition_point(|other| order(other) < order(&route));
    let behind = routes.partition_point(|other| order(other) <= order(&route));
    let there = routes.get_mut(first..behind).unwrap_or_default();
    let known = there.contains(&route);
    match (meeting, there) {
        (Meeting::Change, []) => return Err(RouteError::NothingToChange),
        (Meeting::Add, [_, ..]) => return Err(RouteError::Exists),
        (Meeting::Change | Meeting::Replace, [old, ..]) if !known || *old == route => *old = route,
        (_, [_, ..]) if known => return Err(RouteError::Exists),
        (Meeting::Append, there) => {
            if !append_hops(there, &route) {
                routes.insert(behind, route);
            }
        }
        _ => routes.insert(first, route),
    }
    Ok(())
}

/// Gives an IPv6 route by gateways, if there is one, the hops of another; whether it took them. Linux:
/// `rt6_qualify_for_ecmp`.
fn append_hops(there: &mut [Route], route: &Route) -> bool {
    let qualifies = |route: &Route| {
        let by_gateways = !route.hops.is_empty() && route.hops.iter().all(|hop| hop.gateway.is_some());
        route.destination.is_ipv6()
            && route.kind == RouteKind::Unicast
            && by_gateways
            && route.protocol != RouteProtocol::RouterAdvertisement
    };
    if !qualifies(route) {
        return false;
    }
    let Some(other) = there.iter_mut().find(|other| qualifies(other)) else { return false };
    let new = |hop: &&Hop| !other.hops.iter().any(|there| there.is_like(hop));
    let hops: Vec<Hop> = route.hops.iter().filter(new).copied().collect();
    other.hops.extend(hops);
    true
}

/// The best of the routes to one destination that the flow may take. IPv6 takes the most preferred of the routers with
/// the same metric, and those that answer before others. Linux: `find_rr_leaf`.
fn select<'a>(alternatives: &'a [Route], prefix_len: u8, flow: &FlowKey) -> Option<Found<'a>> {
    let mut best: Option<(&Route, Found<'a>)> = None;
    for route in alternatives {
        let Some(found) = Found::of(route, prefix_len, flow) else { continue };
        let better = |(other, known): &(&Route, Found<'_>)| match (known.leads_well(), found.leads_well()) {
            (true, false) => false,
            (false, true) => true,
            _ => other.is_like(route) && other.preference < route.preference,
        };
        if best.as_ref().is_none_or(better) {
            best = Some((route, found));
        }
    }
    best.map(|(_, found)| found)
}
