//! `wnet:stack/control`: a stack without it has no counters, settings or events.

use super::{GateHost, ask, define};
use crate::kernel::bindings::exports::wnet::stack::control::{Counter, Sysctl, SysctlError, TraceEvent};
use crate::kernel::exports::Stack;
use wasmtime::Result;
use wasmtime::component::Linker;

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/control@0.1.0";

/// Defines the interface.
pub(super) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut control = linker.instance(INTERFACE)?;
    define(&mut control, "counters", |kernel, (): ()| {
        let counters = ask(kernel, Stack::control, |control, store| control.call_counters(store))?;
        Ok::<Vec<Counter>, _>(counters.unwrap_or_default())
    })?;
    define(&mut control, "sysctls", |kernel, (): ()| {
        let all = ask(kernel, Stack::control, |control, store| control.call_sysctls(store))?;
        Ok::<Vec<Sysctl>, _>(all.unwrap_or_default())
    })?;
    define(&mut control, "get-sysctl", |kernel, (name,): (String,)| {
        let value = ask(kernel, Stack::control, |control, store| control.call_get_sysctl(store, &name))?;
        Ok(value.unwrap_or(Err(SysctlError::Unknown(None))))
    })?;
    define(&mut control, "set-sysctl", |kernel, (name, value): (String, String)| {
        let set = kernel.change_setting(&name, &value)?;
        Ok(set.unwrap_or(Err(SysctlError::Unknown(None))))
    })?;
    define(&mut control, "trace-events", |kernel, (): ()| {
        let events = ask(kernel, Stack::control, |control, store| control.call_trace_events(store))?;
        Ok::<Vec<TraceEvent>, _>(events.unwrap_or_default())
    })?;
    define(&mut control, "set-trace", |kernel, (name, enabled): (String, bool)| {
        let known =
            ask(kernel, Stack::control, |control, store| control.call_set_trace(store, &name, enabled))?;
        Ok(known.unwrap_or(false))
    })
}
