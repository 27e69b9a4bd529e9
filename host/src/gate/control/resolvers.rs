//! `wnet:stack/resolvers`.

use super::{GateHost, ask, define};
use crate::kernel::bindings::exports::wnet::stack::resolvers::{Resolver, SearchDomain};
use crate::kernel::exports::Stack;
use wasmtime::Result;
use wasmtime::component::Linker;

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/resolvers@0.1.0";

/// Defines the interface.
pub(super) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut resolvers = linker.instance(INTERFACE)?;
    define(&mut resolvers, "resolvers", |kernel, (): ()| {
        let all = ask(kernel, Stack::resolvers, |resolvers, store| resolvers.call_resolvers(store))?;
        Ok::<Vec<Resolver>, _>(all.unwrap_or_default())
    })?;
    define(&mut resolvers, "search-domains", |kernel, (): ()| {
        let all = ask(kernel, Stack::resolvers, |resolvers, store| resolvers.call_search_domains(store))?;
        Ok::<Vec<SearchDomain>, _>(all.unwrap_or_default())
    })
}
