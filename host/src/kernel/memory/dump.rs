//! What a stack has, as that which one would have to tell another to have the same.

use super::Told;
use crate::kernel::bindings::exports::wnet::stack::addresses::AddressFlags;
use crate::kernel::bindings::exports::wnet::stack::links::{Link, LinkChanges, LinkFlags, LinkKind, NewLink};
use crate::kernel::bindings::exports::wnet::stack::neighbours::{NeighbourState, NeighbourVerb};
use crate::kernel::bindings::exports::wnet::stack::routing::{Route, RouteVerb};
use crate::kernel::exports::Stack;
use crate::kernel::state::StackState;
use std::time::Instant;
use wasmtime::{Result, Store};

/// How many routes and neighbours are asked for at once.
const PAGE: u32 = 4096;

/// Who made routes that a stack finds by itself. Linux: RTPROT_REDIRECT, RTPROT_KERNEL, RTPROT_RA, RTPROT_DHCP.
const BY_ITSELF: [u8; 4] = [1, 2, 9, 16];

/// The settings among what was told, each once with its last value.
pub(super) fn settings(told: &[Told]) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    let dots = |name: &str| name.replace('/', ".");
    for one in told {
        if let Told::Sysctl(name, _) = one {
            all.retain(|other| !matches!(other, Told::Sysctl(known, _) if dots(known) == dots(name)));
            all.push(one.clone());
        }
    }
    all
}

/// All that the stack was told, from what it has; `settings` stand where their devices are there.
pub(super) fn dump(stack: &Stack, store: &mut Store<StackState>, settings: Vec<Told>) -> Result<Vec<Told>> {
    let mut all = vec![Told::Clear];
    if let Some(interface) = stack.links() {
        let links = interface.call_links(&mut *store)?;
        all.extend(links.iter().filter_map(made));
        all.extend(settings);
        all.extend(links.iter().map(|link| Told::SetLink(link.index, changes(link))));
    } else {
        all.extend(settings);
    }
    let now = Instant::now();
    if let Some(addresses) = stack.addresses() {
        let known = addresses.call_addresses(&mut *store)?;
        let by_hand = known.into_iter().filter(|address| {
            let for_ever = address.flags & AddressFlags::PERMANENT == AddressFlags::PERMANENT;
            address.protocol == 0 && for_ever
        });
        all.extend(by_hand.map(|address| Told::AddAddress(address, true, now)));
    }
    if let Some(routing) = stack.routing() {
        for ipv6 in [false, true] {
            let rules = routing.call_rules(&mut *store, ipv6)?;
            let others = rules.into_iter().filter(|rule| rule.priority != Some(0));
            all.extend(others.map(|rule| Told::AddRule(ipv6, rule)));
        }
        let routes = routes(|start| routing.call_routes(&mut *store, start, PAGE))?;
        all.extend(routes.into_iter().map(|route| Told::ChangeRoute(RouteVerb::Append, route, now)));
    }
    if let Some(neighbours) = stack.neighbours() {
        let known = pages(|start| neighbours.call_neighbours(&mut *store, start, PAGE))?;
        let fixed = known
            .into_iter()
            .filter(|neighbour| matches!(neighbour.state, NeighbourState::Permanent | NeighbourState::Noarp));
        all.extend(fixed.map(|neighbour| Told::SetNeighbour(NeighbourVerb::Replace, neighbour)));
    }
    Ok(all)
}

/// Routes that were set by hand, those first that other routes' gateways are found by.
pub(super) fn routes(page: impl FnMut(u32) -> Result<Vec<Route>>) -> Result<Vec<Route>> {
    let mut routes = pages(page)?;
    routes.retain(|route| !BY_ITSELF.contains(&route.protocol));
    routes.sort_by_key(|route| route.hops.iter().any(|hop| hop.gateway.is_some()));
    Ok(routes)
}

/// Everything of a list that is told in pages.
fn pages<T>(mut page: impl FnMut(u32) -> Result<Vec<T>>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    loop {
        let some = page(u32::try_from(all.len()).unwrap_or(u32::MAX))?;
        let last = some.len() < PAGE as usize;
        all.extend(some);
        if last {
            return Ok(all);
        }
    }
}

/// How a device was made, if by hand.
fn made(link: &Link) -> Option<Told> {
    let made = NewLink {
        name: link.name.clone(),
        kind: link.kind,
        parent: link.parent,
        vlan_id: link.vlan_id,
        mtu: None,
        address: None,
    };
    matches!(link.kind, LinkKind::Vlan | LinkKind::Dummy).then_some(Told::AddLink(made, link.index))
}

/// How a device differs from a new one.
fn changes(link: &Link) -> LinkChanges {
    let own_address = link.kind == LinkKind::Dummy;
    LinkChanges {
        up: Some(link.flags & LinkFlags::UP == LinkFlags::UP),
        mtu: Some(link.mtu),
        address: own_address.then(|| link.address.clone()),
        name: Some(link.name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_kept_once_whatever_stands_between_its_parts() {
        let sysctl = |name: &str, value: &str| Told::Sysctl(name.into(), value.into());
        let told = [sysctl("a.b", "1"), Told::Clear, sysctl("c.d", "2"), sysctl("a/b", "3")];
        let kept: Vec<_> = settings(&told)
            .into_iter()
            .map(|told| match told {
                Told::Sysctl(name, value) => format!("{name}={value}"),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(kept, ["c.d=2", "a/b=3"]);
    }
}
