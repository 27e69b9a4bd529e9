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
        let (by_hand, given): (Vec<_>, Vec<_>) = links.iter().partition(|link| is_made(link));
        // A device that was there from the start may have given its name to one that was made.
        all.extend(given.iter().map(|link| Told::SetLink(link.index, changes(link))));
        all.extend(makings(&links));
        all.extend(settings);
        all.extend(by_hand.iter().map(|link| Told::SetLink(link.index, changes(link))));
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

/// Whether a device was made by hand.
fn is_made(link: &Link) -> bool {
    matches!(link.kind, LinkKind::Vlan | LinkKind::Dummy)
}

/// How devices that were made by hand get the numbers that they have: those that went are made, too, and go.
fn makings(links: &[Link]) -> Vec<Told> {
    let last = links.iter().filter(|link| is_made(link)).map(|link| link.index).max();
    let making = |number| match links.iter().find(|link| link.index == number) {
        Some(link) if is_made(link) => vec![Told::AddLink(new_link(link), number)],
        Some(_) => Vec::new(),
        None => vec![Told::AddLink(nameless_dummy(), number), Told::RemoveLink(number)],
    };
    (1..=last.unwrap_or(0)).flat_map(making).collect()
}

fn new_link(link: &Link) -> NewLink {
    let Link { kind, parent, vlan_id, .. } = *link;
    NewLink { name: link.name.clone(), kind, parent, vlan_id, ..nameless_dummy() }
}

fn nameless_dummy() -> NewLink {
    NewLink {
        name: String::new(),
        kind: LinkKind::Dummy,
        parent: None,
        vlan_id: None,
        mtu: None,
        address: None,
    }
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
