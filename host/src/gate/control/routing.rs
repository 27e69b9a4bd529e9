//! `wnet:stack/routing`.

use super::{GateHost, ask, define, find, tell};
use crate::kernel::Told;
use crate::kernel::bindings::exports::wnet::stack::routing::{Flow, Guest, Route, RouteVerb, Rule};
use crate::kernel::exports::Stack;
use std::time::Instant;
use wasmtime::Result;
use wasmtime::component::Linker;

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/routing@0.1.0";

/// Defines the interface.
pub(super) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut routing = linker.instance(INTERFACE)?;
    define(&mut routing, "routes", |kernel, (start, max): (u32, u32)| {
        let all = ask(kernel, Stack::routing, |routing, store| routing.call_routes(store, start, max))?;
        Ok::<Vec<Route>, _>(all.unwrap_or_default())
    })?;
    define(&mut routing, "change-route", |kernel, (how, what): (RouteVerb, Route)| {
        let change = |routing: &Guest, store: &mut _| routing.call_change_route(store, how, &what);
        tell(kernel, Stack::routing, change, |()| Told::ChangeRoute(how, what.clone(), Instant::now()))
    })?;
    define(&mut routing, "find-route", |kernel, (what,): (Flow,)| {
        let find_route = |routing: &Guest, store: &mut _| routing.call_find_route(store, what);
        find(kernel, Stack::routing, find_route)
    })?;
    define(&mut routing, "rules", |kernel, (ipv6,): (bool,)| {
        let all = ask(kernel, Stack::routing, |routing, store| routing.call_rules(store, ipv6))?;
        Ok::<Vec<Rule>, _>(all.unwrap_or_default())
    })?;
    define(&mut routing, "add-rule", |kernel, (ipv6, what): (bool, Rule)| {
        let add = |routing: &Guest, store: &mut _| routing.call_add_rule(store, ipv6, &what);
        tell(kernel, Stack::routing, add, |()| Told::AddRule(ipv6, what.clone()))
    })?;
    define(&mut routing, "remove-rule", |kernel, (ipv6, what): (bool, Rule)| {
        let remove = |routing: &Guest, store: &mut _| routing.call_remove_rule(store, ipv6, &what);
        tell(kernel, Stack::routing, remove, |()| Told::RemoveRule(ipv6, what.clone()))
    })
}
