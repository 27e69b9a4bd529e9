//! `wnet:stack/route-lookup`.

use super::{GateHost, define, find};
use crate::kernel::bindings::exports::wnet::stack::route_lookup::{Flow, Guest, Transport};
use crate::kernel::exports::Stack;
use wasmtime::Result;
use wasmtime::component::Linker;

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/route-lookup@0.1.0";

/// Defines the interface.
pub(super) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut lookup = linker.instance(INTERFACE)?;
    define(&mut lookup, "find-path", |kernel, (what, above): (Flow, Option<Transport>)| {
        let find_path = |lookup: &Guest, store: &mut _| lookup.call_find_path(store, what, above);
        find(kernel, Stack::route_lookup, find_path)
    })
}
