//! What the raw and packet sockets of guests have in common: resources of an optional interface of the stack, passed
//! through. A socket dies with its stack: whoever made it makes another.

use super::answer::StackAnswer;
use super::error::{SocketError, SocketResult};
use super::resource::{Interface, Stack, StackResource};
use super::{GateHost, GateView, Grant};
use crate::kernel::bindings::exports::wasi::sockets::network::{ErrorCode, IpSocketAddress};
use crate::kernel::bindings::exports::wnet::stack::sockets::SocketProtocol;
use crate::kernel::exports;
use std::sync::Arc;
use wasmtime::component::{
    ComponentNamedList, Lift, LinkerInstance, Lower, Resource, ResourceAny, ResourceType,
};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi_io::poll::subscribe;

/// An interface of the stack that has such sockets.
pub(super) trait Sockets: Interface {
    /// The resource's name.
    const RESOURCE: &'static str;
}

/// A guest's handle to one.
pub(super) type Plain<I> = Resource<StackResource<I>>;

/// Defines the resource and how it is waited for.
pub(super) fn define_resource<I: Sockets, T: GateHost>(linker: &mut LinkerInstance<'_, T>) -> Result<()> {
    linker.resource(I::RESOURCE, ResourceType::host::<StackResource<I>>(), |mut store, handle| {
        store.data_mut().gate().drop_plain(Plain::<I>::new_own(handle))
    })?;
    linker.func_wrap(
        &format!("[method]{}.subscribe", I::RESOURCE),
        |mut store: StoreContextMut<'_, T>, (socket,): (Plain<I>,)| {
            let gate = store.data_mut().gate();
            Ok((subscribe(gate.table, Plain::<I>::new_borrow(socket.rep()))?,))
        },
    )
}

/// Defines a function that answers an error code if it fails.
pub(super) fn define<T: GateHost, P, R>(
    linker: &mut LinkerInstance<'_, T>,
    name: &str,
    f: impl Fn(&mut GateView<'_>, P) -> SocketResult<R> + Send + Sync + 'static,
) -> Result<()>
where
    P: ComponentNamedList + Lift + 'static,
    R: Lower + Send + Sync + 'static,
    (std::result::Result<R, ErrorCode>,): ComponentNamedList + Lower + 'static,
{
    linker.func_wrap(name, move |mut store: StoreContextMut<'_, T>, params: P| {
        match f(&mut store.data_mut().gate(), params) {
            Ok(value) => Ok((Ok(value),)),
            Err(SocketError::Code(code)) => Ok((Err(code.into()),)),
            Err(SocketError::Trap(error)) => Err(error),
        }
    })
}

impl GateView<'_> {
    /// Makes a socket, if the guest was granted such ones. It is told of as bound to `local`.
    pub(super) fn create_plain<I: Interface>(
        &mut self,
        (grant, protocol): (Grant, SocketProtocol),
        local: IpSocketAddress,
        f: impl FnOnce(&I::Guest, &mut Stack) -> StackAnswer<ResourceAny>,
    ) -> SocketResult<Plain<I>> {
        if !self.network.grants.has(grant) {
            let name = grant.name();
            tracing::warn!("a guest asked for a {name} socket, which it was not granted (--grant {name})");
            return Err(ErrorCode::AccessDenied.into());
        }
        let slot = self.network.quota.take()?;
        let kernel = Arc::clone(&self.network.kernel);
        let created = kernel.enter(|entered| {
            let Some(guest) = I::of(entered.stack) else { return Ok(Err(ErrorCode::NotSupported)) };
            let handle = f(guest, &mut *entered.store)?;
            Ok(handle.map(|handle| entered.own(handle, None)))
        });
        let owner = created.map_err(|how| SocketError::died(how, ErrorCode::Unknown.into()))??;
        let ownership = self.network.owner.takes(protocol);
        ownership.tell(Some(local), None);
        Ok(self.table.push(StackResource::<I>::new(kernel, owner).counted(slot, ownership))?)
    }

    /// Asks the stack about a socket.
    pub(super) fn ask_plain<I: Interface, R>(
        &mut self,
        socket: &Plain<I>,
        f: impl FnOnce(&I::Guest, &mut Stack, ResourceAny) -> StackAnswer<R>,
    ) -> SocketResult<R> {
        self.ask_about(socket, I::of, f)
    }

    /// Asks another interface of the stack about a socket.
    pub(super) fn ask_about<I: Interface, G, R>(
        &mut self,
        socket: &Plain<I>,
        interface: impl FnOnce(&exports::Stack) -> Option<&G>,
        f: impl FnOnce(&G, &mut Stack, ResourceAny) -> StackAnswer<R>,
    ) -> SocketResult<R> {
        let socket = self.table.get(socket)?;
        let answer = socket.kernel.enter(|entered| {
            let Some(handle) = socket.handle(entered) else { return Ok(Err(ErrorCode::InvalidState)) };
            let Some(guest) = interface(entered.stack) else { return Ok(Err(ErrorCode::NotSupported)) };
            f(guest, &mut *entered.store, handle)
        });
        Ok(answer.map_err(|how| SocketError::died(how, ErrorCode::InvalidState.into()))??)
    }

    fn drop_plain<I: Interface>(&mut self, socket: Plain<I>) -> Result<()> {
        self.table.delete(socket)?;
        self.network.kernel.reap();
        Ok(())
    }
}
