//! `wnet:stack/raw-sockets`, for guests that were granted raw or ping sockets.
//!
//! The stack's own types are passed through: the interface is the same on both sides. A socket dies with its stack:
//! whoever made it makes another.

use super::answer::StackAnswer;
use super::error::{SocketError, SocketResult};
use super::ready::{Readiness, Watched, ready};
use super::{GateHost, GateView, Grant};
use crate::kernel::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddress, IpAddressFamily};
use crate::kernel::bindings::exports::wnet::stack::raw_sockets::{
    Guest, IncomingPacket, LocalEnd, OutgoingPacket, PacketError, RawOption,
};
use crate::kernel::{Entered, Kernel, Owned, StackState};
use std::sync::Arc;
use wasmtime::component::{
    ComponentNamedList, Lift, Linker, LinkerInstance, Lower, Resource, ResourceAny, ResourceType,
};
use wasmtime::{Result, Store, StoreContextMut};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::poll::{Pollable, subscribe};

/// The interface's name.
pub(crate) const INTERFACE: &str = "wnet:stack/raw-sockets@0.1.0";

type Socket = Resource<RawSocket>;
type Stack = Store<StackState>;

/// The resource `raw-socket`.
pub(crate) struct RawSocket {
    kernel: Arc<Kernel>,
    owner: Arc<Owned>,
    readiness: Readiness,
}

/// Defines the interface.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut raw = linker.instance(INTERFACE)?;
    let raw = &mut raw;
    raw.resource("raw-socket", ResourceType::host::<RawSocket>(), |mut store, handle| {
        store.data_mut().gate().drop_raw_socket(Resource::new_own(handle))
    })?;
    define(raw, "create-ping-socket", |gate, (family,): (IpAddressFamily,)| {
        gate.create_raw(Grant::Ping, |raw, stack| raw.call_create_ping_socket(stack, family))
    })?;
    define(raw, "create-raw-socket", |gate, (family, protocol): (IpAddressFamily, u8)| {
        gate.create_raw(Grant::Raw, |raw, stack| raw.call_create_raw_socket(stack, family, protocol))
    })?;
    raw.func_wrap(
        "[method]raw-socket.subscribe",
        |mut store: StoreContextMut<'_, T>, (socket,): (Socket,)| {
            let gate = store.data_mut().gate();
            Ok((subscribe(gate.table, Resource::<RawSocket>::new_borrow(socket.rep()))?,))
        },
    )?;
    raw.func_wrap(
        "[method]raw-socket.dropped",
        |mut store: StoreContextMut<'_, T>, (socket,): (Socket,)| {
            let mut gate = store.data_mut().gate();
            let dropped = gate.ask_raw(&socket, |raw, stack, handle| {
                Ok(Ok(raw.raw_socket().call_dropped(stack, handle)?))
            });
            match dropped {
                Ok(count) => Ok((count,)),
                Err(SocketError::Code(_)) => Ok((0,)),
                Err(SocketError::Trap(error)) => Err(error),
            }
        },
    )?;
    define_methods(raw)
}

/// The methods that may fail.
fn define_methods<T: GateHost>(raw: &mut LinkerInstance<'_, T>) -> Result<()> {
    type Bind = (Socket, Option<IpAddress>, u16);
    define(raw, "[method]raw-socket.bind", |gate, (socket, address, identifier): Bind| {
        gate.ask_raw(&socket, |raw, stack, handle| {
            raw.raw_socket().call_bind(stack, handle, address, identifier)
        })
    })?;
    define(raw, "[method]raw-socket.connect", |gate, (socket, remote): (Socket, Option<IpAddress>)| {
        gate.ask_raw(&socket, |raw, stack, handle| raw.raw_socket().call_connect(stack, handle, remote))
    })?;
    define(raw, "[method]raw-socket.local", |gate, (socket,): (Socket,)| -> SocketResult<LocalEnd> {
        gate.ask_raw(&socket, |raw, stack, handle| raw.raw_socket().call_local(stack, handle))
    })?;
    define(raw, "[method]raw-socket.set", |gate, (socket, value): (Socket, RawOption)| {
        if matches!(value, RawOption::Mark(_)) && !gate.network.grants.control {
            return Err(ErrorCode::AccessDenied.into());
        }
        gate.ask_raw(&socket, |raw, stack, handle| raw.raw_socket().call_set(stack, handle, &value))
    })?;
    define(raw, "[method]raw-socket.send", |gate, (socket, packets): (Socket, Vec<OutgoingPacket>)| {
        gate.ask_raw(&socket, |raw, stack, handle| raw.raw_socket().call_send(stack, handle, &packets))
    })?;
    type Packets = SocketResult<Vec<IncomingPacket>>;
    define(raw, "[method]raw-socket.receive", |gate, (socket, max): (Socket, u64)| -> Packets {
        gate.ask_raw(&socket, |raw, stack, handle| raw.raw_socket().call_receive(stack, handle, max))
    })?;
    type Errors = SocketResult<Vec<PacketError>>;
    define(raw, "[method]raw-socket.receive-errors", |gate, (socket, max): (Socket, u64)| -> Errors {
        gate.ask_raw(&socket, |raw, stack, handle| raw.raw_socket().call_receive_errors(stack, handle, max))
    })
}

/// Defines a function that answers an error code if it fails.
fn define<T: GateHost, P, R>(
    raw: &mut LinkerInstance<'_, T>,
    name: &str,
    f: impl Fn(&mut GateView<'_>, P) -> SocketResult<R> + Send + Sync + 'static,
) -> Result<()>
where
    P: ComponentNamedList + Lift + 'static,
    R: Lower + Send + Sync + 'static,
    (std::result::Result<R, ErrorCode>,): ComponentNamedList + Lower + 'static,
{
    raw.func_wrap(name, move |mut store: StoreContextMut<'_, T>, params: P| {
        match f(&mut store.data_mut().gate(), params) {
            Ok(value) => Ok((Ok(value),)),
            Err(SocketError::Code(code)) => Ok((Err(code.into()),)),
            Err(SocketError::Trap(error)) => Err(error),
        }
    })
}

impl GateView<'_> {
    fn create_raw(
        &mut self,
        grant: Grant,
        f: impl FnOnce(&Guest, &mut Stack) -> StackAnswer<ResourceAny>,
    ) -> SocketResult<Socket> {
        if !self.network.grants.has(grant) {
            let name = grant.name();
            tracing::warn!("a guest asked for a {name} socket, which it was not granted (--grant {name})");
            return Err(ErrorCode::AccessDenied.into());
        }
        self.network.quota.check()?;
        let kernel = Arc::clone(&self.network.kernel);
        let created = kernel.enter(|entered| {
            let stack = entered.stack;
            let Some(raw) = stack.raw_sockets() else { return Ok(Err(ErrorCode::NotSupported)) };
            let handle = f(raw, &mut *entered.store)?;
            Ok(handle.map(|handle| entered.own(handle, None)))
        });
        let owner = created.map_err(|how| SocketError::died(how, ErrorCode::Unknown.into()))??;
        let socket = self.table.push(RawSocket { kernel, owner, readiness: Readiness::default() })?;
        self.network.quota.take();
        Ok(socket)
    }

    /// Asks the stack about a socket.
    fn ask_raw<R>(
        &mut self,
        socket: &Socket,
        f: impl FnOnce(&Guest, &mut Stack, ResourceAny) -> StackAnswer<R>,
    ) -> SocketResult<R> {
        let socket = self.table.get(socket)?;
        let answer = socket.kernel.enter(|entered| {
            let stack = entered.stack;
            let (Some(raw), Some(handle)) = (stack.raw_sockets(), entered.get(&socket.owner)) else {
                return Ok(Err(ErrorCode::InvalidState));
            };
            f(raw, &mut *entered.store, handle)
        });
        Ok(answer.map_err(|how| SocketError::died(how, ErrorCode::InvalidState.into()))??)
    }

    fn drop_raw_socket(&mut self, socket: Socket) -> Result<()> {
        let socket = self.table.delete(socket)?;
        self.network.quota.give_back();
        drop(socket);
        self.network.kernel.reap();
        Ok(())
    }
}

impl Watched for RawSocket {
    fn readiness(&mut self) -> &mut Readiness {
        &mut self.readiness
    }

    fn kernel(&self) -> Arc<Kernel> {
        Arc::clone(&self.kernel)
    }

    fn is_ready_anyway(&self) -> bool {
        false
    }

    fn look(&mut self, stack: &mut Entered<'_>) -> Result<bool> {
        let (Some(raw), Some(handle)) = (stack.stack.raw_sockets(), stack.get(&self.owner)) else {
            return Ok(true);
        };
        self.readiness
            .check(stack, &self.owner, |stack| raw.raw_socket().call_subscribe(&mut *stack.store, handle))
    }
}

#[async_trait]
impl Pollable for RawSocket {
    async fn ready(&mut self) {
        ready(self).await;
    }
}
