//! `wnet:stack/links`.

use super::{GateHost, ask, define, not_supported};
use crate::kernel::bindings::exports::wnet::stack::links::{Link, LinkChanges, NewLink};
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
        let done = ask(kernel, Stack::links, |links, store| links.call_set_link(store, index, &changes))?;
        Ok(done.unwrap_or_else(|| Err(not_supported())))
    })?;
    define(&mut links, "add-link", |kernel, (what,): (NewLink,)| {
        let done = ask(kernel, Stack::links, |links, store| links.call_add_link(store, &what))?;
        Ok(done.unwrap_or_else(|| Err(not_supported())))
    })?;
    define(&mut links, "remove-link", |kernel, (index,): (u32,)| {
        let done = ask(kernel, Stack::links, |links, store| links.call_remove_link(store, index))?;
        Ok(done.unwrap_or_else(|| Err(not_supported())))
    })
}
