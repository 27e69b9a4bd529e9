//! Interface `wnet:stack/changes`.

use super::failure::failure;
use super::{addresses, links, neighbours, routing, rules};
use crate::Component;
use crate::bindings::exports::wasi::io::poll::Pollable;
use crate::bindings::exports::wnet::stack::changes::{
    self, Change, ChangeEvent, ChangeGroups, Changed, Guest, GuestSubscription, News,
};
use crate::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use crate::entry::enter;
use crate::io::poll::subscribe;
use crate::state::Source;
use stack_core::journal::Event;
use stack_core::stack::{self, Stack, SubscriberHandle};
use stack_core::time::Instant;

/// Most changes that are told at once.
const MOST: u32 = 256;

impl Guest for Component {
    type Subscription = Subscription;

    fn watch(groups: ChangeGroups) -> Result<changes::Subscription, Failure> {
        let wanted = |group| groups & group == group;
        let groups = stack::ChangeGroups {
            links: wanted(ChangeGroups::LINKS),
            addresses: wanted(ChangeGroups::ADDRESSES),
            routes: wanted(ChangeGroups::ROUTES),
            rules: wanted(ChangeGroups::RULES),
            neighbours: wanted(ChangeGroups::NEIGHBOURS),
        };
        let subscriber = enter(|state, _| state.watch_changes(groups));
        let subscriber = subscriber.ok_or_else(|| failure(Errno::NoBufferSpace, ""))?;
        Ok(changes::Subscription::new(Subscription(subscriber)))
    }
}

/// A `subscription`.
pub(crate) struct Subscription(SubscriberHandle);

impl GuestSubscription for Subscription {
    fn take(&self, max: u32) -> News {
        enter(|state, now| {
            let (changes, overrun) = state.stack.take_changes(self.0, max.min(MOST) as usize);
            let stack = &state.stack;
            News { changes: changes.iter().map(|change| wit(stack, change, now)).collect(), overrun }
        })
    }

    fn subscribe(&self) -> Pollable {
        subscribe(Source::Changes(self.0))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        enter(|state, _| state.drop_subscriber(self.0));
    }
}

fn wit(stack: &Stack, change: &stack::Change, now: Instant) -> Change {
    let what = match &change.what {
        stack::Changed::Link(listing) => Changed::Link(links::link(listing.clone())),
        stack::Changed::Address(device, name, record) => {
            Changed::Address(addresses::address(*device, name, record, now))
        }
        stack::Changed::Rule(like, rule) => Changed::Rule((like.is_ipv6(), rules::wit(stack, *rule))),
        stack::Changed::Route(route) => Changed::Route(routing::wit(route, now)),
        stack::Changed::Neighbour(listed) => Changed::Neighbour(neighbours::neighbour(*listed)),
    };
    let event = match change.event {
        Event::New => ChangeEvent::New,
        Event::Replaced => ChangeEvent::Replaced,
        Event::Gone => ChangeEvent::Gone,
    };
    Change { event, what }
}
