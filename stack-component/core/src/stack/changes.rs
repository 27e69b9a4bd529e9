//! What changes in the stack, for those who want to know. Linux: rtnetlink's groups (`RTNLGRP_*`), `rtnl_notify`.
//!
//! The layers note what they change in journals of their own. At the end of each call the stack hands that to the queues of
//! all subscribers who want it: devices first, then addresses, rules, routes and neighbours. Memory: at most 64
//! subscribers, each with a queue of at most 4096 changes that all share; who does not keep up loses what comes, and is told.

use super::control::LinkListing;
use super::{SocketHandle, Stack};
use crate::arena::{Arena, Handle};
use crate::device::Address;
use crate::journal::{Event, MOST};
use crate::neighbour::Listed;
use crate::packet::DeviceIndex;
use crate::route::{Route, Rule};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Most who subscribe at the same time.
const MAX_SUBSCRIBERS: usize = 64;

/// What somebody wants to hear of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangeGroups {
    /// Devices that come, go or change. Linux: `RTNLGRP_LINK`.
    pub links: bool,
    /// Linux: `RTNLGRP_IPV4_IFADDR`, `RTNLGRP_IPV6_IFADDR`.
    pub addresses: bool,
    /// Linux: `RTNLGRP_IPV4_ROUTE`, `RTNLGRP_IPV6_ROUTE`.
    pub routes: bool,
    /// Linux: `RTNLGRP_IPV4_RULE`, `RTNLGRP_IPV6_RULE`.
    pub rules: bool,
    /// Linux: `RTNLGRP_NEIGH`.
    pub neighbours: bool,
}

/// What changed, as it was just after that, or as it was before it went.
#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
    /// A device.
    Link(LinkListing),
    /// An address of a device, and the device's name.
    Address(DeviceIndex, String, Address),
    /// A rule, with an address of its version.
    Rule(IpAddr, Rule),
    /// A route.
    Route(Route),
    /// A neighbour.
    Neighbour(Listed),
}

/// A change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What happened.
    pub event: Event,
    /// To what.
    pub what: Changed,
}

/// Somebody who is told of changes.
#[derive(Debug)]
pub struct Subscriber {
    groups: ChangeGroups,
    queue: VecDeque<Arc<Change>>,
    overrun: bool,
}

/// The number of a subscriber.
pub type SubscriberHandle = Handle<Subscriber>;

/// All subscribers.
#[derive(Debug, Default)]
pub(crate) struct Subscribers {
    all: Arena<Subscriber>,
    /// Devices that went, and their addresses.
    gone: Vec<Change>,
}

impl ChangeGroups {
    fn want(self, changed: &Changed) -> bool {
        match changed {
            Changed::Link(_) => self.links,
            Changed::Address(..) => self.addresses,
            Changed::Rule(..) => self.rules,
            Changed::Route(_) => self.routes,
            Changed::Neighbour(_) => self.neighbours,
        }
    }
}

impl Subscribers {
    /// A device goes: it is told as it is now, after its addresses.
    pub(super) fn note_gone(&mut self, link: LinkListing, addresses: &[Address]) {
        if self.all.is_empty() {
            return;
        }
        let device = link.index;
        let name = link.name.clone();
        let addresses = addresses.iter().map(|address| Changed::Address(device, name.clone(), *address));
        let gone: Vec<_> = addresses.chain([Changed::Link(link)]).collect();
        self.gone.extend(gone.into_iter().map(|what| Change { event: Event::Gone, what }));
    }

    /// Queues changes for those who want them; `lost`: there were more. Answers who has something to take now and had
    /// nothing before.
    fn queue(&mut self, changes: Vec<Change>, lost: bool) -> Vec<SubscriberHandle> {
        let changes: Vec<_> = changes.into_iter().map(Arc::new).collect();
        let mut woken = Vec::new();
        for (handle, subscriber) in self.all.iter_mut() {
            let was_ready = subscriber.is_ready();
            subscriber.overrun |= lost;
            for change in changes.iter().filter(|change| subscriber.groups.want(&change.what)) {
                match subscriber.queue.len() < MOST {
                    true => subscriber.queue.push_back(Arc::clone(change)),
                    false => subscriber.overrun = true,
                }
            }
            if subscriber.is_ready() && !was_ready {
                woken.push(handle);
            }
        }
        woken
    }
}

impl Subscriber {
    fn is_ready(&self) -> bool {
        self.overrun || !self.queue.is_empty()
    }
}

impl Stack {
    /// Tells somebody of changes from now on; none if there are too many who want to know already. Linux: `bind` of an
    /// rtnetlink socket.
    pub fn subscribe(&mut self, groups: ChangeGroups) -> Option<SubscriberHandle> {
        if self.subscribers.all.len() >= MAX_SUBSCRIBERS {
            return None;
        }
        if self.subscribers.all.is_empty() {
            self.set_heard(true);
        }
        Some(self.subscribers.all.insert(Subscriber { groups, queue: VecDeque::new(), overrun: false }))
    }

    /// Somebody does not want to be told any more.
    pub fn unsubscribe(&mut self, subscriber: SubscriberHandle) {
        self.subscribers.all.remove(subscriber);
        if self.subscribers.all.is_empty() {
            self.set_heard(false);
        }
    }

    /// At most `max` changes, the oldest first, and whether others were lost. Who lost some has to look at everything
    /// anew. Linux: `ENOBUFS` of `recvmsg`.
    pub fn take_changes(&mut self, subscriber: SubscriberHandle, max: usize) -> (Vec<Arc<Change>>, bool) {
        let Some(subscriber) = self.subscribers.all.get_mut(subscriber) else { return (Vec::new(), false) };
        let max = max.min(subscriber.queue.len());
        (subscriber.queue.drain(..max).collect(), core::mem::take(&mut subscriber.overrun))
    }

    /// Whether somebody has something to take.
    pub fn has_changes(&self, subscriber: SubscriberHandle) -> bool {
        self.subscribers.all.get(subscriber).is_some_and(Subscriber::is_ready)
    }

    fn set_heard(&mut self, heard: bool) {
        self.interfaces.set_heard(heard);
        self.routes.journal.set_heard(heard);
        self.routes.rule_journal.set_heard(heard);
        self.neighbours.journal.set_heard(heard);
    }

    /// Collects what the layers noted; answers who has something to take now.
    pub(super) fn collect_changes(&mut self) -> impl Iterator<Item = SocketHandle> + use<> {
        let mut woken = Vec::new();
        if !self.subscribers.all.is_empty() {
            let (changes, lost) = self.noted_changes();
            if lost || !changes.is_empty() {
                woken = self.subscribers.queue(changes, lost);
            }
        }
        woken.into_iter().map(SocketHandle::Subscriber)
    }

    fn noted_changes(&mut self) -> (Vec<Change>, bool) {
        let mut links = core::mem::take(&mut self.subscribers.gone);
        let (mut addresses, mut lost) = (Vec::new(), false);
        for interface in self.interfaces.iter_mut() {
            let (is_news, of_it, some_lost) = interface.take_changes();
            lost |= some_lost;
            if is_news {
                links.push(Change { event: Event::New, what: Changed::Link(LinkListing::new(interface)) });
            }
            let of_device = |address| Changed::Address(interface.index(), interface.name().into(), address);
            addresses.extend(noted(of_it, of_device));
        }
        let (rules, rules_lost) = self.routes.rule_journal.take();
        let (routes, routes_lost) = self.routes.journal.take();
        let (neighbours, neighbours_lost) = self.neighbours.journal.take();
        let rest = noted(rules, |(like, rule)| Changed::Rule(like, rule))
            .chain(noted(routes, Changed::Route))
            .chain(noted(neighbours, Changed::Neighbour));
        let all = links.into_iter().chain(addresses).chain(rest).collect();
        (all, lost || rules_lost || routes_lost || neighbours_lost)
    }
}

fn noted<T>(of_layer: Vec<(Event, T)>, what: impl Fn(T) -> Changed) -> impl Iterator<Item = Change> {
    of_layer.into_iter().map(move |(event, it)| Change { event, what: what(it) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbour::{Key, Said, State, Verb};
    use crate::random::SeededRandom;
    use crate::route::{RuleAction, TableId};
    use crate::stack::RouteChange;
    use crate::time::Instant;
    use crate::wire::ethernet::MacAddress;
    use alloc::boxed::Box;
    use alloc::format;
    use std::string::ToString;

    const ALL: ChangeGroups =
        ChangeGroups { links: true, addresses: true, routes: true, rules: true, neighbours: true };

    fn stack() -> Stack {
        Stack::new(Box::new(SeededRandom::new(1)))
    }

    /// What somebody was told, a word for each.
    fn told(stack: &mut Stack, subscriber: SubscriberHandle) -> Vec<String> {
        stack.take_wakeups();
        let (changes, overrun) = stack.take_changes(subscriber, MOST);
        assert!(!overrun);
        let word = |change: &Arc<Change>| {
            let what = match &change.what {
                Changed::Link(link) => format!("{} {}", link.name, if link.up { "up" } else { "down" }),
                Changed::Address(_, _, address) => address.cidr.to_string(),
                Changed::Rule(_, rule) => format!("rule {}", rule.priority),
                Changed::Route(route) => format!("{:?} {}", route.kind, route.destination),
                Changed::Neighbour(listed) => format!("{} {:?}", listed.key.address, listed.state),
            };
            format!("{:?} {what}", change.event)
        };
        changes.iter().map(word).collect()
    }

    #[test]
    fn devices_addresses_and_routes_are_told_in_this_order() {
        let mut stack = stack();
        let subscriber = stack.subscribe(ALL).unwrap();
        assert_eq!(told(&mut stack, subscriber), [""; 0], "what was before is not told");
        let dummy = stack.add_dummy("red").unwrap();
        stack.add_address(dummy, "192.0.2.1/24".parse().unwrap()).unwrap();
        assert_eq!(
            told(&mut stack, subscriber),
            [
                "New red up",
                "New 192.0.2.1/24",
                "New Local 192.0.2.1/32",
                "New Broadcast 192.0.2.255/32",
                "New Unicast 192.0.2.0/24"
            ]
        );
        stack.set_device_up(dummy, false).unwrap();
        assert_eq!(
            told(&mut stack, subscriber),
            ["New red down", "Gone Unicast 192.0.2.0/24", "Gone Broadcast 192.0.2.255/32"]
        );
        stack.delete_device(dummy).unwrap();
        assert_eq!(
            told(&mut stack, subscriber),
            ["Gone 192.0.2.1/24", "Gone red down", "Gone Local 192.0.2.1/32"]
        );
    }

    #[test]
    fn one_in_anothers_place_is_told_apart() {
        let mut stack = stack();
        let subscriber = stack.subscribe(ChangeGroups { routes: true, ..ChangeGroups::default() }).unwrap();
        let route = |metric| Route {
            metric,
            ..Route::new("198.51.100.0/24".parse().unwrap(), crate::route::RouteKind::Blackhole)
        };
        for (verb, metric) in [
            (RouteChange::Add, 1),
            (RouteChange::Replace, 1),
            (RouteChange::Replace, 2),
            (RouteChange::Delete, 1),
            (RouteChange::Delete, 1),
        ] {
            let changed = Route { protocol: crate::route::RouteProtocol::Static, ..route(metric) };
            let _ = stack.change_route(verb, if verb == RouteChange::Add { route(metric) } else { changed });
        }
        let blackhole = |event: &str| format!("{event} Blackhole 198.51.100.0/24");
        let expected = ["New", "Replaced", "New", "Gone"].map(blackhole);
        assert_eq!(told(&mut stack, subscriber), expected);
    }

    #[test]
    fn only_what_is_wanted_is_told_and_nobody_costs_nothing() {
        let mut stack = stack();
        let rules = ChangeGroups { rules: true, ..ChangeGroups::default() };
        let (first, second) = (stack.subscribe(rules).unwrap(), stack.subscribe(ALL).unwrap());
        let rule = Rule::new(100, RuleAction::Table(TableId(7)));
        stack.add_rule(IpAddr::from([0; 4]), rule).unwrap();
        stack.remove_rule(IpAddr::from([0; 4]), &rule).unwrap();
        stack.add_dummy("red").unwrap();
        assert_eq!(stack.take_wakeups(), [first, second].map(SocketHandle::Subscriber));
        assert_eq!(stack.take_wakeups(), [], "both know already");
        assert_eq!(told(&mut stack, first), ["New rule 100", "Gone rule 100"]);
        assert_eq!(told(&mut stack, second).len(), 3);
        assert!(!stack.has_changes(first));
        stack.unsubscribe(first);
        stack.unsubscribe(second);
        assert!(!stack.routes.journal.is_heard());
        assert_eq!(stack.take_changes(first, 1), (Vec::new(), false));
    }

    #[test]
    fn neighbours_are_told_when_something_is_known_of_them() {
        let mut stack = stack();
        let device = stack.add_dummy("red").unwrap();
        let subscriber = stack.subscribe(ALL).unwrap();
        let key = Key { device, address: "192.0.2.9".parse().unwrap() };
        let station = |last| Some(MacAddress([2, 0, 0, 0, 0, last]));
        let now = Instant::from_millis(1);
        for (verb, mac, state) in [
            (Verb::Add, station(9), State::Permanent),
            (Verb::Change, station(9), State::Permanent),
            (Verb::Change, station(10), State::Permanent),
            (Verb::Change, None, State::Stale),
            (Verb::Change, None, State::Delay),
        ] {
            stack.set_neighbour(verb, key, Said::new(mac, state), now).unwrap();
        }
        stack.remove_neighbour(key, now).unwrap();
        let told = told(&mut stack, subscriber);
        let expected = ["New Permanent", "New Permanent", "New Stale", "New Failed", "Gone Failed"];
        assert_eq!(told, expected.map(|word| word.replace(' ', " 192.0.2.9 ")));
    }

    #[test]
    fn who_does_not_keep_up_is_told_so() {
        let mut stack = stack();
        let subscriber = stack.subscribe(ALL).unwrap();
        for _ in 0..=MOST {
            let dummy = stack.add_dummy("red").unwrap();
            stack.delete_device(dummy).unwrap();
            stack.take_wakeups();
        }
        let (changes, overrun) = stack.take_changes(subscriber, usize::MAX);
        assert_eq!((changes.len(), overrun), (MOST, true));
        assert!(!stack.has_changes(subscriber), "it is told once");
        for _ in 1..MAX_SUBSCRIBERS {
            stack.subscribe(ALL).unwrap();
        }
        assert_eq!(stack.subscribe(ALL), None);
    }
}
