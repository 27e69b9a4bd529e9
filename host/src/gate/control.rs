//! `wnet:stack/control`, for guests that were granted it.
//!
//! The stack's own types are passed through: the interface is the same on both sides. A stack without it has no
//! counters, settings or events.

use super::GateHost;
use crate::kernel::bindings::exports::wnet::stack::control::{
    Counter, Guest, Sysctl, SysctlError, TraceEvent,
};
use crate::kernel::{Kernel, StackDied};
use std::sync::Arc;
use wasmtime::component::{ComponentNamedList, Lift, Linker, LinkerInstance, Lower};
use wasmtime::{Result, StoreContextMut};

/// The interface's name.
pub(crate) const INTERFACE: &str = "wnet:stack/control@0.1.0";

/// Defines the interface.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut control = linker.instance(INTERFACE)?;
    define(&mut control, "counters", |kernel, (): ()| {
        let counters = ask(kernel, |control, store| control.call_counters(store))?;
        Ok::<Vec<Counter>, _>(counters.unwrap_or_default())
    })?;
    define(&mut control, "sysctls", |kernel, (): ()| {
        let all = ask(kernel, |control, store| control.call_sysctls(store))?;
        Ok::<Vec<Sysctl>, _>(all.unwrap_or_default())
    })?;
    define(&mut control, "get-sysctl", |kernel, (name,): (String,)| {
        let value = ask(kernel, |control, store| control.call_get_sysctl(store, &name))?;
        Ok(value.unwrap_or(Err(SysctlError::Unknown(None))))
    })?;
    define(&mut control, "set-sysctl", |kernel, (name, value): (String, String)| {
        let set = ask(kernel, |control, store| control.call_set_sysctl(store, &name, &value))?;
        if let Some(Ok(())) = set {
            kernel.remember_sysctl(&name, &value);
        }
        Ok(set.unwrap_or(Err(SysctlError::Unknown(None))))
    })?;
    define(&mut control, "trace-events", |kernel, (): ()| {
        let events = ask(kernel, |control, store| control.call_trace_events(store))?;
        Ok::<Vec<TraceEvent>, _>(events.unwrap_or_default())
    })?;
    define(&mut control, "set-trace", |kernel, (name, enabled): (String, bool)| {
        let known = ask(kernel, |control, store| control.call_set_trace(store, &name, enabled))?;
        Ok(known.unwrap_or(false))
    })
}

/// Defines a function of the interface.
fn define<T: GateHost, P, R>(
    control: &mut LinkerInstance<'_, T>,
    name: &str,
    f: impl Fn(&Kernel, P) -> Result<R> + Send + Sync + 'static,
) -> Result<()>
where
    P: ComponentNamedList + Lift + 'static,
    R: Lower + Send + Sync + 'static,
    (R,): ComponentNamedList + Lower + 'static,
{
    control.func_wrap(name, move |mut store: StoreContextMut<'_, T>, params: P| {
        let kernel = Arc::clone(&store.data_mut().gate().network.kernel);
        Ok((f(&kernel, params)?,))
    })
}

/// Asks the stack; `None`: it has no such interface. A stack that was started again meanwhile is asked again.
fn ask<R>(
    kernel: &Kernel,
    f: impl Fn(&Guest, &mut wasmtime::Store<crate::kernel::StackState>) -> Result<R>,
) -> Result<Option<R>> {
    let once = || {
        kernel.enter(|entered| {
            let stack = entered.stack;
            stack.control().map(|control| f(control, &mut *entered.store)).transpose()
        })
    };
    match once() {
        Err(StackDied::Restarted) => Ok(once()?),
        answer => Ok(answer?),
    }
}
