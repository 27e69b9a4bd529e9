//! A stack is told what another was told before it.

use super::{Setting, Told, dump};
use crate::kernel::bindings::exports::wasi::sockets::network::IpAddress;
use crate::kernel::bindings::exports::wnet::stack::addresses::Address;
use crate::kernel::bindings::exports::wnet::stack::control_types::Failure;
use crate::kernel::bindings::exports::wnet::stack::links::NewLink;
use crate::kernel::bindings::exports::wnet::stack::neighbours::{Neighbour, Proxy};
use crate::kernel::bindings::exports::wnet::stack::routing::{Hop, Route, RouteVerb};
use crate::kernel::image::Running;
use std::collections::HashMap;
use std::time::Instant;
use wasmtime::Result;

/// How many routes are asked for at once.
const PAGE: u32 = 4096;

/// Frames that a step handles meanwhile; the cards were just reset and hold hardly any.
const FRAMES: u32 = 1;

/// Tells the stack all of it. What it refuses is said in the log, and is no reason to stop.
pub(super) fn replay(told: &[Told], running: &mut Running) -> Result<()> {
    let mut numbers = Numbers::default();
    for one in told {
        running.arm_epochs();
        if let Err(why) = tell(one.clone(), running, &mut numbers)? {
            tracing::warn!("the new stack does not take over what the old one had: {why}");
        }
    }
    Ok(())
}

/// The numbers that devices have now, by those that they had.
#[derive(Default)]
struct Numbers(HashMap<u32, u32>);

impl Numbers {
    /// Those that were there from the start have the same.
    fn now(&self, before: u32) -> u32 {
        self.0.get(&before).copied().unwrap_or(before)
    }

    fn hop(&self, hop: Hop) -> Hop {
        Hop { device: hop.device.map(|device| self.now(device)), ..hop }
    }

    fn route(&self, route: Route) -> Route {
        Route { hops: route.hops.into_iter().map(|hop| self.hop(hop)).collect(), ..route }
    }

    fn new_link(&self, link: NewLink) -> NewLink {
        NewLink { parent: link.parent.map(|parent| self.now(parent)), ..link }
    }
}

/// What a refusal says.
type Answer = std::result::Result<(), String>;

fn answer(answer: std::result::Result<(), Failure>) -> Answer {
    answer.map_err(|failure| match failure.text.as_str() {
        "" => format!("{:?}", failure.errno),
        text => text.to_owned(),
    })
}

/// Tells the stack one thing. A stack without the interface has nothing to take over.
fn tell(told: Told, running: &mut Running, numbers: &mut Numbers) -> Result<Answer> {
    match told {
        Told::Clear => clear(running).map(Ok),
        Told::Sysctl(setting) => sysctl(running, &setting),
        Told::AddLink(..) | Told::SetLink(..) | Told::RemoveLink(_) => link(told, running, numbers),
        Told::OwnAddresses(device, own, since) => {
            own_addresses(running, numbers.now(device), &own, since).map(Ok)
        }
        Told::AddAddress(..) | Told::RemoveAddress(..) => address(told, running, numbers),
        Told::SetNeighbour(..) | Told::RemoveNeighbour(..) => neighbour(told, running, numbers),
        Told::SetProxy(_) | Told::RemoveProxy(..) => proxy(told, running, numbers),
        Told::ChangeRoute(..) | Told::AddRule(..) | Told::RemoveRule(..) => route(told, running, numbers),
    }
}

fn sysctl(running: &mut Running, Setting { name, value, .. }: &Setting) -> Result<Answer> {
    let Some(control) = running.stack.control() else { return Ok(Ok(())) };
    let set = control.call_set_sysctl(&mut running.store, name, value)?;
    Ok(set.map_err(|why| format!("{name}: {why:?}")))
}

fn link(told: Told, running: &mut Running, numbers: &mut Numbers) -> Result<Answer> {
    let Some(links) = running.stack.links() else { return Ok(Ok(())) };
    let store = &mut running.store;
    Ok(match told {
        Told::AddLink(what, before) => {
            let made = links.call_add_link(store, &numbers.new_link(what))?;
            if let Ok(number) = made {
                numbers.0.insert(before, number);
            }
            answer(made.map(|_| ()))
        }
        Told::SetLink(number, changes) => {
            answer(links.call_set_link(store, numbers.now(number), &changes)?)
        }
        Told::RemoveLink(number) => answer(links.call_remove_link(store, numbers.now(number))?),
        _ => Ok(()),
    })
}

fn address(told: Told, running: &mut Running, numbers: &Numbers) -> Result<Answer> {
    let Some(addresses) = running.stack.addresses() else { return Ok(Ok(())) };
    let store = &mut running.store;
    Ok(match told {
        Told::AddAddress(what, replace, since) => match aged(what, since) {
            Some(what) => {
                let what = Address { device: numbers.now(what.device), ..what };
                answer(addresses.call_add_address(store, &what, replace)?)
            }
            None => Ok(()),
        },
        Told::RemoveAddress(device, local, network, label) => {
            // It may be one that the stack makes by itself; what a router says, it has not heard yet.
            running.stack.wnet_stack_reactor().call_step(&mut *store, FRAMES)?;
            let _ = addresses.call_remove_address(store, numbers.now(device), local, network, &label)?;
            Ok(())
        }
        _ => Ok(()),
    })
}

/// Lets a device have these of the addresses that the stack makes by itself, and no others. What it does not take it
/// makes by itself.
fn own_addresses(running: &mut Running, device: u32, own: &[Address], since: Instant) -> Result<()> {
    let Some(addresses) = running.stack.addresses() else { return Ok(()) };
    let store = &mut running.store;
    running.stack.wnet_stack_reactor().call_step(&mut *store, FRAMES)?;
    let made = addresses.call_addresses(&mut *store)?;
    let is_among = |all: &[Address], one: &Address| all.iter().any(|other| same(other.local, one.local));
    for other in made.iter().filter(|made| made.device == device && dump::is_own(made)) {
        if !is_among(own, other) {
            let network = Some((other.local, other.prefix_length));
            let _ = addresses.call_remove_address(&mut *store, device, other.local, network, "")?;
        }
    }
    for missing in own.iter().filter(|own| !is_among(&made, own)) {
        if let Some(what) = aged(Address { device, ..missing.clone() }, since) {
            let _ = addresses.call_add_address(&mut *store, &what, false)?;
        }
    }
    Ok(())
}

/// Whether two addresses are one, of IPv6 alone.
fn same(one: IpAddress, other: IpAddress) -> bool {
    matches!((one, other), (IpAddress::Ipv6(one), IpAddress::Ipv6(other)) if one == other)
}

/// The address with what is left of its lifetimes; none: it is over.
fn aged(what: Address, since: Instant) -> Option<Address> {
    let age = u32::try_from(since.elapsed().as_secs()).unwrap_or(u32::MAX);
    let valid_lifetime = what.valid_lifetime.map(|time| time.saturating_sub(age));
    let preferred_lifetime = what.preferred_lifetime.map(|time| time.saturating_sub(age));
    (valid_lifetime != Some(0)).then_some(Address { valid_lifetime, preferred_lifetime, ..what })
}

fn neighbour(told: Told, running: &mut Running, numbers: &Numbers) -> Result<Answer> {
    let Some(neighbours) = running.stack.neighbours() else { return Ok(Ok(())) };
    let store = &mut running.store;
    Ok(match told {
        Told::SetNeighbour(verb, what) => {
            let what = Neighbour { device: numbers.now(what.device), ..what };
            answer(neighbours.call_set_neighbour(store, verb, &what)?)
        }
        Told::RemoveNeighbour(device, address) => {
            // One that was found by itself is not there, and does not have to go.
            let _ = neighbours.call_remove_neighbour(store, numbers.now(device), address)?;
            Ok(())
        }
        _ => Ok(()),
    })
}

fn proxy(told: Told, running: &mut Running, numbers: &Numbers) -> Result<Answer> {
    let Some(neighbours) = running.stack.neighbours() else { return Ok(Ok(())) };
    let store = &mut running.store;
    let now = |device: Option<u32>| device.map(|device| numbers.now(device));
    Ok(match told {
        Told::SetProxy(what) => {
            answer(neighbours.call_set_proxy(store, Proxy { device: now(what.device), ..what })?)
        }
        Told::RemoveProxy(device, address) => {
            answer(neighbours.call_remove_proxy(store, now(device), address)?)
        }
        _ => Ok(()),
    })
}

fn route(told: Told, running: &mut Running, numbers: &Numbers) -> Result<Answer> {
    let Some(routing) = running.stack.routing() else { return Ok(Ok(())) };
    let store = &mut running.store;
    Ok(match told {
        Told::ChangeRoute(verb, what, since) => {
            let age = u32::try_from(since.elapsed().as_secs()).unwrap_or(u32::MAX);
            let expires = what.expires.map(|time| time.saturating_sub(age));
            match expires {
                Some(0) => Ok(()),
                _ => {
                    let what = Route { expires, ..numbers.route(what) };
                    answer(routing.call_change_route(store, verb, &what)?)
                }
            }
        }
        Told::AddRule(ipv6, rule) => answer(routing.call_add_rule(store, ipv6, &rule)?),
        Told::RemoveRule(ipv6, rule) => answer(routing.call_remove_rule(store, ipv6, &rule)?),
        _ => Ok(()),
    })
}

/// Takes away what a stack was configured with and somebody may have taken away from the one before it.
fn clear(running: &mut Running) -> Result<()> {
    let store = &mut running.store;
    if let Some(routing) = running.stack.routing() {
        for route in dump::routes(|start| routing.call_routes(&mut *store, start, PAGE))? {
            let _ = routing.call_change_route(&mut *store, RouteVerb::Delete, &route)?;
        }
        for ipv6 in [false, true] {
            let rules = routing.call_rules(&mut *store, ipv6)?;
            for rule in rules.iter().filter(|rule| rule.priority != Some(0)) {
                let _ = routing.call_remove_rule(&mut *store, ipv6, rule)?;
            }
        }
    }
    if let Some(addresses) = running.stack.addresses() {
        for known in addresses.call_addresses(&mut *store)? {
            if dump::is_by_hand(&known) {
                let network = Some((known.peer.unwrap_or(known.local), known.prefix_length));
                let _ = addresses.call_remove_address(&mut *store, known.device, known.local, network, "")?;
            }
        }
    }
    Ok(())
}
