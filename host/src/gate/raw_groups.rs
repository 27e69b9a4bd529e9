//! `wnet:stack/raw-groups`: groups that a guest's own raw sockets listen to.

use super::plain::{Plain, define};
use super::raw::RawSockets;
use super::{GateHost, sizes};
use crate::kernel::bindings::exports::wnet::stack::groups::{GroupOption, GroupPlace, MembershipChange};
use crate::kernel::exports;
use wasmtime::Result;
use wasmtime::component::Linker;

/// The interface's name.
pub(crate) const INTERFACE: &str = "wnet:stack/raw-groups@0.1.0";

type Socket = Plain<RawSockets>;

/// Defines the interface.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut groups = linker.instance(INTERFACE)?;
    type Change = (Socket, GroupPlace, MembershipChange);
    define(&mut groups, "change", |gate, (socket, place, what): Change| {
        sizes::membership(&place, &what)?;
        gate.ask_about(&socket, exports::Stack::raw_groups, |groups, stack, handle| {
            groups.call_change(stack, handle, &place, &what)
        })
    })?;
    define(&mut groups, "set", |gate, (socket, value): (Socket, GroupOption)| {
        sizes::group_option(&value)?;
        gate.ask_about(&socket, exports::Stack::raw_groups, |groups, stack, handle| {
            groups.call_set(stack, handle, &value)
        })
    })
}
