//! `wnet:stack/groups`: groups that a guest's own UDP sockets listen to.
//!
//! The stack's own types are passed through: the interface is the same on both sides. A guest names its sockets by its own
//! handles, so that it reaches no others.

use super::UdpSocket;
use crate::gate::answer::StackAnswer;
use crate::gate::error::SocketError;
use crate::gate::{GateHost, GateView};
use crate::kernel::StackState;
use crate::kernel::bindings::exports::wasi::sockets::network::ErrorCode;
use crate::kernel::bindings::exports::wnet::stack::groups::{
    GroupOption, GroupPlace, Guest, MembershipChange,
};
use wasmtime::component::{Linker, Resource, ResourceAny};
use wasmtime::{Result, Store, StoreContextMut};

/// The interface's name.
pub(crate) const INTERFACE: &str = "wnet:stack/groups@0.1.0";

type Socket = Resource<UdpSocket>;
type Stack = Store<StackState>;

/// Defines the interface.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut groups = linker.instance(INTERFACE)?;
    type Change = (Socket, GroupPlace, MembershipChange);
    groups.func_wrap("change", |mut store: StoreContextMut<'_, T>, (socket, place, what): Change| {
        store
            .data_mut()
            .gate()
            .ask_groups(&socket, |groups, stack, handle| groups.call_change(stack, handle, &place, &what))
    })?;
    type Set = (Socket, GroupOption);
    groups.func_wrap("set", |mut store: StoreContextMut<'_, T>, (socket, value): Set| {
        let mut gate = store.data_mut().gate();
        gate.ask_groups(&socket, |groups, stack, handle| groups.call_set(stack, handle, &value))
    })
}

impl GateView<'_> {
    /// Asks the stack about the groups of a socket.
    fn ask_groups(
        &mut self,
        socket: &Socket,
        f: impl FnOnce(&Guest, &mut Stack, ResourceAny) -> StackAnswer<()>,
    ) -> Result<(std::result::Result<(), ErrorCode>,)> {
        let answer = self.table.get_mut(socket)?.call(|stack, handle| {
            let Some(groups) = stack.stack.groups() else { return Ok(Err(ErrorCode::NotSupported)) };
            f(groups, &mut *stack.store, handle)
        });
        match answer {
            Ok(()) => Ok((Ok(()),)),
            Err(SocketError::Code(code)) => Ok((Err(code.into()),)),
            Err(SocketError::Trap(error)) => Err(error),
        }
    }
}
