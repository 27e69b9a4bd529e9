//! What a stack was told while it ran, so that the one that is started in its place hears it, too.
//!
//! Devices, addresses, rules, routes, neighbours and settings that tools changed are kept as they were asked for, in
//! their order, and asked for again ([`replay`]). When there are many, what the stack has of them is asked of it and
//! stands for all that led there ([`dump`]); so what is kept is at most twice what there is, and 4096 changes. What a stack
//! finds by itself it finds again: DHCP's and routers' addresses and routes, neighbours.

mod dump;
mod replay;
mod setting;

pub(crate) use setting::Setting;
pub(super) use setting::{LONGEST_NAME, LONGEST_VALUE};

use super::bindings::exports::wasi::sockets::network::IpAddress;
use super::bindings::exports::wnet::stack::addresses::Address;
use super::bindings::exports::wnet::stack::links::{Link, LinkChanges, LinkKind, NewLink};
use super::bindings::exports::wnet::stack::neighbours::{Neighbour, NeighbourVerb, Proxy};
use super::bindings::exports::wnet::stack::routing::{Route, RouteVerb, Rule};
use super::exports::Stack;
use super::state::StackState;
use std::time::Instant;
use wasmtime::{Result, Store};

/// How many changes are kept at least before they are looked through.
const LEAST: usize = 4096;

/// Something that a stack was told, and did.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// A setting with its value.
    Sysctl(Setting),
    /// A new device, and the number that it got.
    AddLink(NewLink, u32),
    /// See `links.set-link`.
    SetLink(u32, LinkChanges),
    /// See `links.remove-link`.
    RemoveLink(u32),
    /// An address, and whether it might be there. Its lifetimes count from when it was told.
    AddAddress(Address, bool, Instant),
    /// The addresses that a device has because the stack made them of station addresses, and no others. Their lifetimes count
    /// from when this was told.
    OwnAddresses(u32, Vec<Address>, Instant),
    /// See `addresses.remove-address`.
    RemoveAddress(u32, IpAddress, Option<(IpAddress, u8)>, String),
    /// A change of the routes; its expiry counts from when it was told.
    ChangeRoute(RouteVerb, Route, Instant),
    /// A rule, and whether it is one of IPv6.
    AddRule(bool, Rule),
    /// See `routing.remove-rule`.
    RemoveRule(bool, Rule),
    /// See `neighbours.set-neighbour`.
    SetNeighbour(NeighbourVerb, Neighbour),
    /// See `neighbours.remove-neighbour`.
    RemoveNeighbour(u32, IpAddress),
    /// See `neighbours.set-proxy`.
    SetProxy(Proxy),
    /// See `neighbours.remove-proxy`.
    RemoveProxy(Option<u32>, IpAddress),
    /// Everything that the stack was configured with goes: what follows is all there is.
    Clear,
}

impl Told {
    /// With what the stack chose or knows by itself: a dummy's name and station address, the device of a setting, the addresses
    /// that a device keeps from before it got another station address.
    ///
    /// # Errors
    /// When the stack trapped.
    pub(super) fn completed(self, stack: &Stack, store: &mut Store<StackState>) -> Result<Vec<Self>> {
        let Some(links) = stack.links() else { return Ok(vec![self]) };
        Ok(match self {
            Told::AddLink(made, number) => {
                let known = links.call_links(store)?.into_iter().find(|link| link.index == number);
                vec![Told::AddLink(known.map_or(made.clone(), |known| as_made(made, known)), number)]
            }
            Told::Sysctl(setting) if setting.is_of_a_device() => {
                vec![Told::Sysctl(setting.of(&links.call_links(store)?))]
            }
            Told::SetLink(number, changes) if changes.address.is_some() => {
                let own = dump::own_addresses(stack, store, &[number])?;
                own.into_iter().chain([Told::SetLink(number, changes)]).collect()
            }
            other => vec![other],
        })
    }
}

/// A new device with what the stack chose for it.
fn as_made(made: NewLink, known: Link) -> NewLink {
    let address = (known.kind == LinkKind::Dummy).then_some(known.address);
    NewLink { name: known.name, address, ..made }
}

/// All that the stack was told.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    told: Vec<Told>,
    /// How many there may be before they are looked through.
    most: usize,
}

impl Memory {
    /// Takes note of something, after the stack did it.
    pub(super) fn keep(&mut self, told: Told) {
        self.told.push(told);
    }

    /// Whether there is so much that [`Memory::condense`] is worth its time.
    pub(super) fn is_full(&self) -> bool {
        self.told.len() >= self.most.max(LEAST)
    }

    /// Keeps what the stack has, in the place of what led there.
    ///
    /// # Errors
    /// When the stack trapped.
    pub(super) fn condense(&mut self, stack: &Stack, store: &mut Store<StackState>) -> Result<()> {
        let settings = self.told.iter().filter_map(|told| match told {
            Told::Sysctl(setting) => Some(setting.clone()),
            _ => None,
        });
        let told = dump::dump(stack, store, settings)?;
        self.told = told;
        self.most = self.told.len().saturating_mul(2);
        Ok(())
    }

    /// Tells a stack that was just configured all of it.
    ///
    /// # Errors
    /// When the stack trapped.
    pub(super) fn replay(&self, running: &mut super::image::Running) -> Result<()> {
        replay::replay(&self.told, running)
    }

    /// Forgets all of it.
    pub(super) fn forget(&mut self) {
        *self = Memory::default();
    }
}
