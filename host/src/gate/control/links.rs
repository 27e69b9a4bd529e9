//! `wnet:stack/links`.

use super::{GateHost, ask, define, tell};
use crate::kernel::Told;
use crate::kernel::bindings::exports::wnet::stack::links::{Guest, Link, LinkChanges, NewLink};
use crate::kernel::exports::Stack;
use wasmtime::Result;
use wasmtime::component::Linker;

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/links@0.1.0";

/// Defines the interface.
pub(super) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut links = linker.instance(INTERFACE)?;
    define(&mut links, "links", |kernel, (): ()| {
        let all = ask(kernel, Stack::links, |links, store| links.call_links(store))?;
        Ok::<Vec<Link>, _>(all.unwrap_or_default())
    })?;
    define(&mut links, "set-link", |kernel, (index, changes): (u32, LinkChanges)| {
        let set = |links: &Guest, store: &mut _| links.call_set_link(store, index, &changes);
        tell(kernel, Stack::links, set, |()| Told::SetLink(index, changes.clone()))
    })?;
    define(&mut links, "add-link", |kernel, (what,): (NewLink,)| {
        let add = |links: &Guest, store: &mut _| links.call_add_link(store, &what);
        tell(kernel, Stack::links, add, |number| Told::AddLink(what.clone(), *number))
    })?;
    define(&mut links, "remove-link", |kernel, (index,): (u32,)| {
        let remove = |links: &Guest, store: &mut _| links.call_remove_link(store, index);
        tell(kernel, Stack::links, remove, |()| Told::RemoveLink(index))
    })
}
