//! `wnet:stack/addresses`.

use super::{GateHost, ask, define, tell};
use crate::kernel::Told;
use crate::kernel::bindings::exports::wasi::sockets::network::IpAddress;
use crate::kernel::bindings::exports::wnet::stack::addresses::{Address, Guest, Membership};
use crate::kernel::exports::Stack;
use std::time::Instant;
use wasmtime::Result;
use wasmtime::component::Linker;

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/addresses@0.1.0";

/// Defines the interface.
pub(super) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut addresses = linker.instance(INTERFACE)?;
    define(&mut addresses, "addresses", |kernel, (): ()| {
        let all = ask(kernel, Stack::addresses, |addresses, store| addresses.call_addresses(store))?;
        Ok::<Vec<Address>, _>(all.unwrap_or_default())
    })?;
    define(&mut addresses, "memberships", |kernel, (): ()| {
        let all = ask(kernel, Stack::addresses, |addresses, store| addresses.call_memberships(store))?;
        Ok::<Vec<Membership>, _>(all.unwrap_or_default())
    })?;
    define(&mut addresses, "add-address", |kernel, (what, replace): (Address, bool)| {
        let add = |addresses: &Guest, store: &mut _| addresses.call_add_address(store, &what, replace);
        let told = |(): &()| Told::AddAddress(what.clone(), replace, Instant::now());
        tell(kernel, Stack::addresses, add, told)
    })?;
    define(
        &mut addresses,
        "remove-address",
        |kernel, (device, local, network, label): (u32, IpAddress, Option<(IpAddress, u8)>, String)| {
            let remove = |addresses: &Guest, store: &mut _| {
                addresses.call_remove_address(store, device, local, network, &label)
            };
            let told = |(): &()| Told::RemoveAddress(device, local, network, label.clone());
            tell(kernel, Stack::addresses, remove, told)
        },
    )
}
