//! `wnet:stack/neighbours`.

use super::{GateHost, ask, define, tell};
use crate::kernel::Told;
use crate::kernel::bindings::exports::wasi::sockets::network::IpAddress;
use crate::kernel::bindings::exports::wnet::stack::neighbours::{Guest, Neighbour, NeighbourVerb, Proxy};
use crate::kernel::exports::Stack;
use wasmtime::Result;
use wasmtime::component::Linker;

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/neighbours@0.1.0";

/// Defines the interface.
pub(super) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut neighbours = linker.instance(INTERFACE)?;
    define(&mut neighbours, "neighbours", |kernel, (start, max): (u32, u32)| {
        let all = ask(kernel, Stack::neighbours, |neighbours, store| {
            neighbours.call_neighbours(store, start, max)
        })?;
        Ok::<Vec<Neighbour>, _>(all.unwrap_or_default())
    })?;
    define(&mut neighbours, "set-neighbour", |kernel, (how, what): (NeighbourVerb, Neighbour)| {
        let set = |neighbours: &Guest, store: &mut _| neighbours.call_set_neighbour(store, how, &what);
        tell(kernel, Stack::neighbours, set, |()| Told::SetNeighbour(how, what.clone()))
    })?;
    define(&mut neighbours, "remove-neighbour", |kernel, (device, address): (u32, IpAddress)| {
        let remove =
            |neighbours: &Guest, store: &mut _| neighbours.call_remove_neighbour(store, device, address);
        tell(kernel, Stack::neighbours, remove, |()| Told::RemoveNeighbour(device, address))
    })?;
    define(&mut neighbours, "proxies", |kernel, (): ()| {
        let all = ask(kernel, Stack::neighbours, |neighbours, store| neighbours.call_proxies(store))?;
        Ok::<Vec<Proxy>, _>(all.unwrap_or_default())
    })?;
    define(&mut neighbours, "set-proxy", |kernel, (what,): (Proxy,)| {
        let set = |neighbours: &Guest, store: &mut _| neighbours.call_set_proxy(store, what);
        tell(kernel, Stack::neighbours, set, |()| Told::SetProxy(what))
    })?;
    define(&mut neighbours, "remove-proxy", |kernel, (device, address): (Option<u32>, IpAddress)| {
        let remove = |neighbours: &Guest, store: &mut _| neighbours.call_remove_proxy(store, device, address);
        tell(kernel, Stack::neighbours, remove, |()| Told::RemoveProxy(device, address))
    })
}
