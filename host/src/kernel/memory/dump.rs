//! What a stack has, as that which one would have to tell another to have the same.

use super::Told;
use super::setting::{self, Setting};
use crate::kernel::bindings::exports::wasi::sockets::network::IpAddress;
use crate::kernel::bindings::exports::wnet::stack::addresses::{Address, AddressFlags};
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

/// All that the stack was told, from what it has; of `settings` those stay whose devices are there and that it knows.
pub(super) fn dump(
    stack: &Stack,
    store: &mut Store<StackState>,
    settings: impl DoubleEndedIterator<Item = Setting>,
) -> Result<Vec<Told>> {
    let mut all = vec![Told::Clear];
    let links = stack.links().map(|interface| interface.call_links(&mut *store)).transpose()?;
    let links = links.unwrap_or_default();
    let settings = known(stack, store, setting::condensed(settings, &links))?;
    let (by_hand, given): (Vec<_>, Vec<_>) = links.iter().partition(|link| is_made(link));
    // A device that was there from the start may have given its name to one that was made.
    all.extend(given.iter().map(|link| Told::SetLink(link.index, changes(link))));
    all.extend(makings(&links));
    all.extend(settings.into_iter().map(Told::Sysctl));
    all.extend(by_hand.iter().map(|link| Told::SetLink(link.index, changes(link))));
    let devices: Vec<u32> = links.iter().map(|link| link.index).collect();
    all.extend(own_addresses(stack, store, &devices)?);
    let now = Instant::now();
    if let Some(addresses) = stack.addresses() {
        let by_hand = addresses.call_addresses(&mut *store)?.into_iter().filter(is_by_hand);
        let (v4, v6): (Vec<_>, Vec<_>) =
            by_hand.partition(|address| matches!(address.local, IpAddress::Ipv4(_)));
        // The newest of IPv6 comes first in the list. Linux: `ipv6_link_dev_addr`.
        let in_order = v4.into_iter().chain(v6.into_iter().rev());
        all.extend(in_order.map(|address| Told::AddAddress(address, true, now)));
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
        all.extend(neighbours.call_proxies(&mut *store)?.into_iter().map(Told::SetProxy));
    }
    Ok(all)
}

/// What the stack made by itself of the station addresses of these devices. A stack in its place would make other addresses if a
/// device has another station address meanwhile, or would make again what was taken away.
pub(super) fn own_addresses(
    stack: &Stack,
    store: &mut Store<StackState>,
    devices: &[u32],
) -> Result<Vec<Told>> {
    let Some(addresses) = stack.addresses() else { return Ok(Vec::new()) };
    let (all, now) = (addresses.call_addresses(store)?, Instant::now());
    let of = |device: u32| all.iter().filter(move |address| address.device == device && is_own(address));
    let told = |&device: &u32| Told::OwnAddresses(device, of(device).rev().cloned().collect(), now);
    Ok(devices.iter().map(told).collect())
}

/// Whether the stack made an address by itself of a station address. Linux: `IFAPROT_KERNEL_RA`, `IFAPROT_KERNEL_LL`.
pub(super) fn is_own(address: &Address) -> bool {
    matches!(address.protocol, 2 | 3) && matches!(address.local, IpAddress::Ipv6(_))
}

/// Those of the settings that the stack has.
fn known(stack: &Stack, store: &mut Store<StackState>, settings: Vec<Setting>) -> Result<Vec<Setting>> {
    let Some(control) = stack.control() else { return Ok(Vec::new()) };
    let mut known = Vec::new();
    for setting in settings {
        if control.call_get_sysctl(&mut *store, &setting.name)?.is_ok() {
            known.push(setting);
        }
    }
    Ok(known)
}

/// Whether somebody gave a device this address, and the stack does not find it again by itself.
pub(super) fn is_by_hand(address: &Address) -> bool {
    address.protocol == 0 && address.flags & AddressFlags::TEMPORARY != AddressFlags::TEMPORARY
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
    let has_own_address = matches!(link.kind, LinkKind::Ethernet | LinkKind::Dummy);
    LinkChanges {
        up: Some(link.flags & LinkFlags::UP == LinkFlags::UP),
        mtu: Some(link.mtu),
        address: has_own_address.then(|| link.address.clone()),
        name: Some(link.name.clone()),
    }
}
