//! Interface `wnet:stack/resolvers`.

use crate::Component;
use crate::bindings::exports::wnet::stack::resolvers::{self, Guest, Resolver, SearchDomain};
use crate::entry::enter;
use crate::sockets::addresses::wit_host;
use alloc::vec::Vec;
use stack_core::stack::Origin;
use stack_core::time::Instant;

impl Guest for Component {
    fn resolvers() -> Vec<Resolver> {
        enter(|state, now| {
            let all = state.stack.resolvers(now).map(|learnt| Resolver {
                address: wit_host(learnt.what),
                device: learnt.device.0,
                origin: origin(learnt.origin),
                lifetime: lifetime(learnt.expires, now),
            });
            all.collect()
        })
    }

    fn search_domains() -> Vec<SearchDomain> {
        enter(|state, now| {
            let all = state.stack.search_domains(now).map(|learnt| SearchDomain {
                name: learnt.what,
                device: learnt.device.0,
                origin: origin(learnt.origin),
                lifetime: lifetime(learnt.expires, now),
            });
            all.collect()
        })
    }
}

fn origin(origin: Origin) -> resolvers::Origin {
    match origin {
        Origin::Router => resolvers::Origin::Router,
        Origin::Dhcp => resolvers::Origin::Dhcp4,
        Origin::Dhcp6 => resolvers::Origin::Dhcp6,
    }
}

/// Whole seconds until then.
fn lifetime(expires: Option<Instant>, now: Instant) -> Option<u32> {
    expires.map(|end| u32::try_from(end.since(now).as_secs()).unwrap_or(u32::MAX))
}
