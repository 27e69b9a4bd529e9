//! A routing table. Linux: `struct fib_table`, `struct fib6_table`.

use super::lookup::Found;
use super::trie::{Prefix, Trie};
use super::{FlowKey, Hop, Route, RouteError, RouteKind};
use crate::wire::cidr::IpCidr;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::net::IpAddr;

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
type Alternatives = Vec<Route>;

/// The routes of one version and table.
#[derive(Debug, Default)]
pub(super) struct Table(Trie<Alternatives>);

impl Table {
    /// The route that a packet takes. Linux: `fib_table_lookup`, `fib6_table_lookup`.
    pub(super) fn find(&self, flow: &FlowKey) -> Option<Found<'_>> {
        self.0.find(key(flow.destination), |_, alternatives| select(alternatives, flow))
    }

    /// Takes a route in; answers how many more there are than before. Linux: `fib_table_insert`,
    /// `fib6_add_rt2node`.
    pub(super) fn insert(&mut self, route: Route, meeting: Meeting) -> Result<usize, RouteError> {
        let place = prefix(route.destination);
        let Some(alternatives) = self.0.get_mut(place) else {
            if meeting == Meeting::Change {
                return Err(RouteError::NothingToChange);
            }
            self.0.insert(place, vec![route]);
            return Ok(1);
        };
        let before = alternatives.len();
        let order = |route: &Route| (Reverse(route.tos), route.metric);
        let first = alternatives.partition_point(|other| order(other) < order(&route));
        let behind = alternatives.partition_point(|other| order(other) <= order(&route));
        let there = alternatives.get_mut(first..behind).unwrap_or_default();
        let known = there.contains(&route);
        match (meeting, there) {
            (Meeting::Change, []) => return Err(RouteError::NothingToChange),
            (Meeting::Add, [_, ..]) => return Err(RouteError::Exists),
            (Meeting::Change | Meeting::Replace, [old, ..]) if !known || *old == route => *old = route,
            (_, [_, ..]) if known => return Err(RouteError::Exists),
            (Meeting::Append, there) => {
                if !append_hops(there, &route) {
                    alternatives.insert(behind, route);
                }
            }
            _ => alternatives.insert(first, route),
        }
        Ok(alternatives.len() - before)
    }

    /// Takes the first route that the pattern describes out. Linux: `fib_table_delete`, `ip6_route_del`.
    pub(super) fn remove(&mut self, pattern: &Route) -> Option<Route> {
        let place = prefix(pattern.destination);
        let alternatives = self.0.get_mut(place)?;
        let at = alternatives.iter().position(|route| route.is_meant_by(pattern))?;
        let removed = alternatives.remove(at);
        if alternatives.is_empty() {
            self.0.remove(place);
        }
        Some(removed)
    }

    /// Whether there is a route that the pattern describes.
    pub(super) fn has(&self, pattern: &Route) -> bool {
        let there = self.0.get(prefix(pattern.destination));
        there.is_some_and(|alternatives| alternatives.iter().any(|route| route.is_meant_by(pattern)))
    }

    /// Changes or takes out those routes that `change` says: what it answers `false` for goes. Answers how many went.
    pub(super) fn retain(
        &mut self,
        concerned: impl Fn(&Route) -> bool,
        mut keep: impl FnMut(&mut Route) -> bool,
    ) -> usize {
        let concerns = |alternatives: &Alternatives| alternatives.iter().any(&concerned);
        let all = self.0.iter().filter(|(_, alternatives)| concerns(alternatives));
        let places: Vec<Prefix> = all.map(|(place, _)| place).collect();
        let mut gone = 0;
        for place in places {
            let Some(alternatives) = self.0.get_mut(place) else { continue };
            let before = alternatives.len();
            alternatives.retain_mut(|route| !concerned(route) || keep(route));
            gone += before - alternatives.len();
            if alternatives.is_empty() {
                self.0.remove(place);
            }
        }
        gone
    }

    /// All routes, by destination.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter().flat_map(|(_, alternatives)| alternatives)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.len() == 0
    }
}

/// Gives an IPv6 route by gateways, if there is one, the hops of another; whether it took them. Linux:
/// `rt6_qualify_for_ecmp`.
fn append_hops(there: &mut [Route], route: &Route) -> bool {
    let qualifies = |route: &Route| {
        let by_gateways = !route.hops.is_empty() && route.hops.iter().all(|hop| hop.gateway.is_some());
        route.destination.is_ipv6()
            && route.kind == RouteKind::Unicast
            && by_gateways
            && route.expires.is_none()
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
/// the same metric. Linux: `find_rr_leaf`.
fn select<'a>(alternatives: &'a [Route], flow: &FlowKey) -> Option<Found<'a>> {
    let mut best: Option<(&Route, Found<'a>)> = None;
    for route in alternatives {
        if best
            .as_ref()
            .is_some_and(|(other, _)| !other.is_like(route) || other.preference >= route.preference)
        {
            continue;
        }
        if let Some(found) = Found::of(route, flow) {
            best = Some((route, found));
        }
    }
    best.map(|(_, found)| found)
}
