//! All routes and rules of a stack.

use super::multipath::{FlowHash, FlowTuple};
use super::rule::{Rule, Rules};
use super::table::{Meeting, Table};
use super::{Hop, Preference, Route, RouteError, RouteKind, RouteProtocol, TableId};
use crate::journal::{Event, Journal};
use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::time::Instant;
use crate::wire::cidr::IpCidr;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Most routes of a stack. One takes some 100 bytes, and 400 more if no other leads the same way.
pub const MAX_ROUTES: usize = 1 << 18;

/// An address of each version.
const ANY_V4: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const ANY_V6: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// What there is for one version.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) tables: BTreeMap<TableId, Table>,
    pub(super) rules: Rules,
}

/// The routing tables and rules of both versions.
#[derive(Debug)]
pub struct Routes {
    v4: Family,
    v6: Family,
    /// How many routes there are.
    count: usize,
    /// How many routes with several hops there were ever; 0 spares the flow hash.
    spread: usize,
    /// The earliest [`Route::expires`], or earlier.
    expiry: Option<Instant>,
    /// Routes that come back when their device is up again.
    resting: BTreeMap<DeviceIndex, Vec<Route>>,
    /// How often the tables changed.
    generation: u32,
    hash: FlowHash,
    /// Routes that came and went.
    pub(crate) journal: Journal<Route>,
    /// Rules that came and went, each with an address of its version.
    pub(crate) rule_journal: Journal<(IpAddr, Rule)>,
}

impl Routes {
    /// No routes and Linux's rules; the key of the flow hash is drawn from `random`.
    pub fn new(random: &mut dyn Random) -> Self {
        let family = |ipv4| Family { tables: BTreeMap::new(), rules: Rules::new(ipv4) };
        let hash = FlowHash::new(random);
        let resting = BTreeMap::new();
        let (v4, v6) = (family(true), family(false));
        let (journal, rule_journal) = Default::default();
        Routes {
            v4,
            v6,
            count: 0,
            spread: 0,
            expiry: None,
            resting,
            generation: 0,
            hash,
            journal,
            rule_journal,
        }
    }

    pub(super) fn family(&self, address: IpAddr) -> &Family {
        match address {
            IpAddr::V4(_) => &self.v4,
            IpAddr::V6(_) => &self.v6,
        }
    }

    fn family_mut(&mut self, address: IpAddr) -> &mut Family {
        match address {
            IpAddr::V4(_) => &mut self.v4,
            IpAddr::V6(_) => &mut self.v6,
        }
    }

    /// A number that changes with the tables. Linux: `rt_genid`.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Something changed that answers depend on: a route, a rule, a device.
    pub(crate) fn note_change(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// Takes a route in that is complete: its hops name their devices.
    pub fn insert(&mut self, route: Route, meeting: Meeting) -> Result<(), RouteError> {
        if self.count >= MAX_ROUTES {
            return Err(RouteError::TooMany);
        }
        let (several, expires, table) = (route.hops.len() > 1, route.expires, route.table);
        let appends = meeting == Meeting::Append && route.destination.is_ipv6();
        let (address, hash) = (route.destination.address(), self.hash.key());
        let heard = self.journal.is_heard();
        let tables = &mut self.family_mut(address).tables;
        let new = || Table::new(address, hash);
        let told = heard.then(|| Route { destination: route.destination.network(), ..route.clone() });
        let inserted = tables.entry(table).or_insert_with(new).insert(route, meeting);
        if tables.get(&table).is_some_and(Table::is_empty) {
            tables.remove(&table);
        }
        let more = inserted?;
        self.count += more;
        // One that takes another's place, or its hops joined another's.
        let event = if more == 0 && meeting != Meeting::Append { Event::Replaced } else { Event::New };
        told.into_iter().for_each(|route| self.journal.note(event, || route));
        self.spread += usize::from(several || appends);
        self.expiry = self.expiry.into_iter().chain(expires).min();
        self.note_change();
        Ok(())
    }

    /// Takes the first route out that is as `pattern` says: its table, destination and type of service; and its metric,
    /// kind, source and hops as far as they are named. Of an IPv6 route by gateways the hops that are named go, and the
    /// others stay. Linux: `fib_table_delete`, `ip6_route_del`, `ip6_route_multipath_del`.
    pub fn remove(&mut self, pattern: &Route) -> Result<Route, RouteError> {
        let tables = &mut self.family_mut(pattern.destination.address()).tables;
        let table = tables.get_mut(&pattern.table).ok_or(RouteError::NoSuchRoute)?;
        let by_gateways = !pattern.hops.is_empty() && pattern.hops.iter().all(|hop| hop.gateway.is_some());
        if pattern.destination.is_ipv6() && by_gateways {
            let removed: Vec<_> = pattern.hops.iter().map(|hop| table.remove_hop(pattern, hop)).collect();
            return self.removed(pattern, removed);
        }
        let removed = table.remove(pattern).map(|route| (route, true));
        self.removed(pattern, vec![removed])
    }

    /// Takes note of what went from a table: routes, and whether they were the last of their hops; none for one that was
    /// not there.
    fn removed(&mut self, pattern: &Route, removed: Vec<Option<(Route, bool)>>) -> Result<Route, RouteError> {
        let tables = &mut self.family_mut(pattern.destination.address()).tables;
        if tables.get(&pattern.table).is_some_and(Table::is_empty) {
            tables.remove(&pattern.table);
        }
        let mut last = Err(RouteError::NoSuchRoute);
        let all_there = removed.iter().all(Option::is_some);
        for (route, gone) in removed.into_iter().flatten() {
            self.count = self.count.saturating_sub(usize::from(gone));
            self.journal.note(Event::Gone, || route.clone());
            self.note_change();
            last = Ok(route);
        }
        if all_there { last } else { Err(RouteError::NoSuchRoute) }
    }

    /// Takes all routes to a destination out, in whatever table, that `gone` tells; answers whether there were any.
    /// Others are not looked at.
    pub(crate) fn remove_all(&mut self, destination: IpCidr, gone: impl Fn(&Route) -> bool) -> bool {
        let tables = &mut self.family_mut(destination.address()).tables;
        let removed: Vec<Route> =
            tables.values_mut().flat_map(|table| table.remove_all(destination, &gone)).collect();
        if removed.is_empty() {
            return false;
        }
        tables.retain(|_, table| !table.is_empty());
        self.count = self.count.saturating_sub(removed.len());
        removed.into_iter().for_each(|route| self.journal.note(Event::Gone, || route));
        self.note_change();
        true
    }

    /// Says anew until when the first route that is as `pattern` says stays, and how much it is preferred; answers
    /// whether there is one. Nobody is told: it is the same route. Linux: `fib6_set_expires`, `fib6_clean_expires`.
    pub(crate) fn renew(
        &mut self,
        pattern: &Route,
        expires: Option<Instant>,
        preference: Preference,
    ) -> bool {
        let tables = &mut self.family_mut(pattern.destination.address()).tables;
        let amended = tables.get_mut(&pattern.table).and_then(|table| {
            table.amend(pattern, |route| (route.expires, route.preference) = (expires, preference))
        });
        let Some(before) = amended else { return false };
        self.expiry = self.expiry.into_iter().chain(expires).min();
        if before.preference != preference {
            self.note_change();
        }
        true
    }

    /// Keeps a route over a device that is down until it is up, as those that went with it.
    pub(crate) fn rest(&mut self, device: DeviceIndex, route: Route) {
        let resting = self.resting.entry(device).or_default();
        resting.retain(|other| other.destination != route.destination || !other.is_meant_by(&route));
        resting.push(route);
    }

    /// As [`Routes::remove`], of those over a device, which may be down.
    pub(crate) fn withdraw(&mut self, device: DeviceIndex, pattern: &Route) {
        let _ = self.remove(pattern);
        let destination = pattern.destination.network();
        let meant = |route: &Route| route.destination == destination && route.is_meant_by(pattern);
        self.resting.get_mut(&device).into_iter().for_each(|routes| routes.retain(|route| !meant(route)));
    }

    /// The first route as `pattern` says: see [`Routes::remove`].
    pub(crate) fn get(&self, pattern: &Route) -> Option<Route> {
        let tables = &self.family(pattern.destination.address()).tables;
        tables.get(&pattern.table)?.get(pattern)
    }

    /// Whether there is a route as `pattern` says: see [`Routes::remove`].
    pub fn has(&self, pattern: &Route) -> bool {
        self.get(pattern).is_some()
    }

    /// Lets every route that `concerned` tells be changed by `keep`; those it answers `false` for go.
    pub(crate) fn retain(
        &mut self,
        concerned: impl Fn(&Route) -> bool,
        mut keep: impl FnMut(&mut Route) -> bool,
    ) {
        let journal = &mut self.journal;
        for family in [&mut self.v4, &mut self.v6] {
            for table in family.tables.values_mut() {
                let gone = table.retain(&concerned, |route| {
                    let before = journal.is_heard().then(|| route.clone());
                    let stays = keep(route);
                    before.filter(|_| !stays).into_iter().for_each(|it| journal.note(Event::Gone, || it));
                    stays
                });
                self.count = self.count.saturating_sub(gone);
            }
            family.tables.retain(|_, table| !table.is_empty());
        }
        self.note_change();
    }

    /// Routes over a device that is down go, but for our own addresses and those that have other ways. Linux:
    /// `fib_sync_down_dev`, `rt6_disable_ip`.
    pub fn device_down(&mut self, device: DeviceIndex) {
        let mut resting = Vec::new();
        self.retain(
            |route| route.is_over(device) && route.kind != RouteKind::Local,
            |route| {
                route.hops_over(device).for_each(|hop| hop.dead = true);
                let alive = route.hops.iter().any(|hop| !hop.dead);
                if !alive && route.protocol == RouteProtocol::Kernel {
                    resting.push(route.clone());
                }
                alive
            },
        );
        self.resting.entry(device).or_default().extend(resting);
    }

    /// The routes that the stack itself made are there again when their device is up again, and other ways over it count
    /// again. Linux: `fib_sync_up`, `fib_add_ifaddr`.
    pub fn device_up(&mut self, device: DeviceIndex) {
        self.retain(
            |route| route.is_over(device),
            |route| {
                route.hops_over(device).for_each(|hop| hop.dead = false);
                true
            },
        );
        for mut route in self.resting.remove(&device).unwrap_or_default() {
            route.hops_over(device).for_each(|hop| hop.dead = false);
            // There was room for it before; and somebody may have added the same meanwhile.
            let _ = self.insert(route, Meeting::Append);
        }
    }

    /// The carrier of a device is lost, or back: ways over it are marked, and not taken where the settings ignore such ones.
    /// Those to our own addresses stay. Linux: `fib_sync_down_dev`, `fib_sync_up` with `RTNH_F_LINKDOWN`.
    pub fn carrier(&mut self, device: DeviceIndex, carrier: bool, ignored: bool) {
        self.retain(
            |route| route.is_over(device) && route.kind != RouteKind::Local,
            |route| {
                for hop in route.hops_over(device) {
                    (hop.link_down, hop.dead) = (!carrier, !carrier && ignored);
                }
                true
            },
        );
    }

    /// Forgets a device altogether.
    pub fn device_gone(&mut self, device: DeviceIndex) {
        self.retain(
            |route| route.is_over(device),
            |route| {
                route.hops.retain(|hop| hop.device != Some(device));
                !route.hops.is_empty()
            },
        );
        self.resting.remove(&device);
        for (like, family) in [(ANY_V4, &mut self.v4), (ANY_V6, &mut self.v6)] {
            for rule in family.rules.forget_device(device) {
                self.rule_journal.note(Event::Gone, || (like, rule));
            }
        }
    }

    /// Routes of IPv4 whose source is an address that is not ours any more go, whoever made them; those of IPv6 name no
    /// source any more. Linux: `fib_sync_down_addr`, `rt6_remove_prefsrc`.
    pub fn address_gone(&mut self, address: IpAddr) {
        self.retain(
            |route| route.source == Some(address),
            |route| {
                route.source = None;
                address.is_ipv6()
            },
        );
        self.resting.values_mut().for_each(|routes| routes.retain(|route| route.source != Some(address)));
    }

    /// A gateway did not answer when it was asked, or does again: ways by others are better meanwhile. Linux:
    /// `rt6_score_route`.
    pub fn gateway_answers(&mut self, device: DeviceIndex, gateway: IpAddr, answers: bool) {
        let by_it = |hop: &Hop| hop.device == Some(device) && hop.gateway == Some(gateway);
        self.retain(
            |route| route.hops.iter().any(by_it),
            |route| {
                route.hops.iter_mut().filter(|hop| by_it(hop)).for_each(|hop| hop.silent = !answers);
                true
            },
        );
    }

    /// Whether some route leads by this gateway over this device. Linux: `ip_fib_check_default`.
    pub fn has_gateway(&self, device: DeviceIndex, gateway: IpAddr) -> bool {
        self.family(gateway).tables.values().any(|table| table.has_gateway(device, gateway))
    }

    /// When the next route goes by itself.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.expiry
    }

    /// Lets the routes go whose time is over. Linux: `fib6_run_gc`.
    pub fn run_timers(&mut self, now: Instant) {
        if self.expiry.is_none_or(|expiry| expiry > now) {
            return;
        }
        self.retain(|route| route.expires.is_some_and(|expires| expires <= now), |_| false);
        self.expiry = self.iter().filter_map(|route| route.expires).min();
    }

    /// Whether some route may have several hops, so that [`FlowKey::hash`](super::FlowKey::hash) matters.
    pub fn spreads(&self) -> bool {
        self.spread != 0
    }

    /// The hash that a flow chooses one of several ways by, with `fib_multipath_hash_policy` 0 or 1; 0 if no route has
    /// several.
    pub fn flow_hash(&self, flow: &FlowTuple, policy: u32) -> u32 {
        if self.spread == 0 { 0 } else { self.hash.of(flow, policy == 1) }
    }

    /// All routes: IPv4 before IPv6, table by table, by destination.
    pub fn iter(&self) -> impl Iterator<Item = Route> {
        self.iter_from(0)
    }

    /// As [`Routes::iter`], without the first ones, which cost little.
    pub fn iter_from(&self, start: usize) -> impl Iterator<Item = Route> {
        let tables = self.v4.tables.values().chain(self.v6.tables.values());
        let all = tables.flat_map(Table::iter).skip(start);
        all.map(|(destination, route)| Route { destination, ..route.clone() })
    }

    /// How many routes there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no routes.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The rules of the version that `like` has, in the order they are asked.
    pub fn rules(&self, like: IpAddr) -> Vec<Rule> {
        self.family(like).rules.as_slice().to_vec()
    }

    /// The priority of a rule that names none.
    pub fn default_rule_priority(&self, like: IpAddr) -> u32 {
        self.family(like).rules.default_priority()
    }

    /// Adds a rule for the version that `like` has. Linux: `fib_nl_newrule`.
    pub fn add_rule(&mut self, like: IpAddr, rule: Rule) -> Result<(), RouteError> {
        self.family_mut(like).rules.add(rule)?;
        self.rule_journal.note(Event::New, || (like, rule));
        self.note_change();
        Ok(())
    }

    /// Takes exactly this rule away. Linux: `fib_nl_delrule`.
    pub fn remove_rule(&mut self, like: IpAddr, rule: &Rule) -> Result<(), RouteError> {
        self.family_mut(like).rules.remove(rule)?;
        self.rule_journal.note(Event::Gone, || (like, *rule));
        self.note_change();
        Ok(())
    }
}
