//! `wnet:stack/raw-sockets` and `raw-headers`, for guests that were granted raw or ping sockets.
//!
//! The stack's own types are passed through: the interfaces are the same on both sides.

use super::error::{SocketError, SocketResult};
use super::plain::{Plain, Sockets, define, define_resource};
use super::resource::{Interface, Stack};
use super::{GateHost, Grant};
use crate::kernel::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddress, IpAddressFamily};
use crate::kernel::bindings::exports::wnet::stack::raw_sockets::{
    Guest, IncomingPacket, LocalEnd, OutgoingPacket, PacketError, RawOption,
};
use crate::kernel::exports;
use wasmtime::component::{Linker, LinkerInstance, ResourceAny};
use wasmtime::{Result, StoreContextMut};

/// The interface's name.
pub(crate) const INTERFACE: &str = "wnet:stack/raw-sockets@0.1.0";
/// That of the interface for headers, which is for raw sockets alone.
pub(crate) const HEADERS: &str = "wnet:stack/raw-headers@0.1.0";

/// `raw-sockets` of the stack.
pub(super) struct RawSockets;

type Socket = Plain<RawSockets>;

impl Interface for RawSockets {
    type Guest = Guest;

    fn of(stack: &exports::Stack) -> Option<&Guest> {
        stack.raw_sockets()
    }

    fn subscribe(guest: &Guest, stack: &mut Stack, socket: ResourceAny) -> Result<ResourceAny> {
        guest.raw_socket().call_subscribe(stack, socket)
    }
}

impl Sockets for RawSockets {
    const RESOURCE: &'static str = "raw-socket";
}

/// Defines the interfaces.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut raw = linker.instance(INTERFACE)?;
    let raw = &mut raw;
    define_resource::<RawSockets, T>(raw)?;
    define(raw, "create-ping-socket", |gate, (family,): (IpAddressFamily,)| -> SocketResult<Socket> {
        gate.create_plain::<RawSockets>(Grant::Ping, |raw, stack| raw.call_create_ping_socket(stack, family))
    })?;
    type Create = (IpAddressFamily, u8);
    define(raw, "create-raw-socket", |gate, (family, protocol): Create| -> SocketResult<Socket> {
        gate.create_plain::<RawSockets>(Grant::Raw, |raw, stack| {
            raw.call_create_raw_socket(stack, family, protocol)
        })
    })?;
    raw.func_wrap(
        "[method]raw-socket.dropped",
        |mut store: StoreContextMut<'_, T>, (socket,): (Socket,)| {
            let mut gate = store.data_mut().gate();
            let dropped = gate.ask_plain(&socket, |raw, stack, handle| {
                Ok(Ok(raw.raw_socket().call_dropped(stack, handle)?))
            });
            match dropped {
                Ok(count) => Ok((count,)),
                Err(SocketError::Code(_)) => Ok((0,)),
                Err(SocketError::Trap(error)) => Err(error),
            }
        },
    )?;
    define_methods(raw)?;
    let mut headers = linker.instance(HEADERS)?;
    define(&mut headers, "set-header-included", |gate, (socket, included): (Socket, bool)| {
        gate.ask_about(&socket, exports::Stack::raw_headers, |headers, stack, handle| {
            headers.call_set_header_included(stack, handle, included)
        })
    })
}

/// The methods that may fail.
fn define_methods<T: GateHost>(raw: &mut LinkerInstance<'_, T>) -> Result<()> {
    type Bind = (Socket, Option<IpAddress>, u16);
    define(raw, "[method]raw-socket.bind", |gate, (socket, address, identifier): Bind| {
        gate.ask_plain(&socket, |raw, stack, handle| {
            raw.raw_socket().call_bind(stack, handle, address, identifier)
        })
    })?;
    define(raw, "[method]raw-socket.connect", |gate, (socket, remote): (Socket, Option<IpAddress>)| {
        gate.ask_plain(&socket, |raw, stack, handle| raw.raw_socket().call_connect(stack, handle, remote))
    })?;
    define(raw, "[method]raw-socket.local", |gate, (socket,): (Socket,)| -> SocketResult<LocalEnd> {
        gate.ask_plain(&socket, |raw, stack, handle| raw.raw_socket().call_local(stack, handle))
    })?;
    define(raw, "[method]raw-socket.set", |gate, (socket, value): (Socket, RawOption)| {
        if matches!(value, RawOption::Mark(_)) && !gate.network.grants.control {
            return Err(ErrorCode::AccessDenied.into());
        }
        gate.ask_plain(&socket, |raw, stack, handle| raw.raw_socket().call_set(stack, handle, &value))
    })?;
    define(raw, "[method]raw-socket.send", |gate, (socket, packets): (Socket, Vec<OutgoingPacket>)| {
        gate.ask_plain(&socket, |raw, stack, handle| raw.raw_socket().call_send(stack, handle, &packets))
    })?;
    type Packets = SocketResult<Vec<IncomingPacket>>;
    define(raw, "[method]raw-socket.receive", |gate, (socket, max): (Socket, u64)| -> Packets {
        gate.ask_plain(&socket, |raw, stack, handle| raw.raw_socket().call_receive(stack, handle, max))
    })?;
    type Errors = SocketResult<Vec<PacketError>>;
    define(raw, "[method]raw-socket.receive-errors", |gate, (socket, max): (Socket, u64)| -> Errors {
        gate.ask_plain(&socket, |raw, stack, handle| raw.raw_socket().call_receive_errors(stack, handle, max))
    })
}
