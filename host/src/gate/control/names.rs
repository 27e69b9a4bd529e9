//! `wnet:stack/names`, to be read: what names are looked up by is the host's to say.

use super::{GateHost, ask, define};
use crate::kernel::NameSettings;
use crate::kernel::bindings::exports::wnet::stack::names::Settings;
use crate::kernel::exports::Stack;
use wasmtime::Result;
use wasmtime::component::Linker;

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/names@0.1.0";

/// Defines what of the interface is for guests.
pub(super) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut names = linker.instance(INTERFACE)?;
    define(&mut names, "current", |kernel, (): ()| {
        let settings = ask(kernel, Stack::names, |names, store| names.call_current(store))?;
        Ok::<Settings, _>(settings.unwrap_or_else(|| NameSettings::default().for_stack()))
    })
}
