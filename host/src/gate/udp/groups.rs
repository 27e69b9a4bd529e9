//! `wnet:stack/groups`: groups that a guest's own UDP sockets listen to.
//!
//! The stack's own types are passed through: the interface is the same on both sides. A guest names its sockets by its own
//! handles, so that it reaches no others.

use super::Socket;
use crate::gate::plain::define;
use crate::gate::{GateHost, sizes};
use crate::kernel::bindings::exports::wasi::sockets::network::ErrorCode;
use crate::kernel::bindings::exports::wnet::stack::groups::{GroupOption, GroupPlace, MembershipChange};
use wasmtime::Result;
use wasmtime::component::Linker;

/// The interface's name.
pub(crate) const INTERFACE: &str = "wnet:stack/groups@0.1.0";

/// Defines the interface.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut groups = linker.instance(INTERFACE)?;
    type Change = (Socket, GroupPlace, MembershipChange);
    define(&mut groups, "change", |gate, (socket, place, what): Change| {
        sizes::membership(&place, &what)?;
        let socket = gate.udp(&socket)?;
        socket.call(|entered, handle| match entered.stack.groups() {
            Some(groups) => groups.call_change(&mut *entered.store, handle, &place, &what),
            None => Ok(Err(ErrorCode::NotSupported)),
        })?;
        socket.shared.lock().groups.follow(place, what);
        Ok(())
    })?;
    define(&mut groups, "set", |gate, (socket, value): (Socket, GroupOption)| {
        sizes::group_option(&value)?;
        let socket = gate.udp(&socket)?;
        socket.call(|entered, handle| match entered.stack.groups() {
            Some(groups) => groups.call_set(&mut *entered.store, handle, &value),
            None => Ok(Err(ErrorCode::NotSupported)),
        })?;
        socket.shared.lock().groups.remember(value);
        Ok(())
    })
}
