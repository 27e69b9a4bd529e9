//! `wnet:stack/raw-sockets`, `raw-headers` and `raw-fields`, for guests that were granted raw or ping sockets.
//!
//! The stack's own types are passed through: the interfaces are the same on both sides.

use super::error::{SocketError, SocketResult};
use super::plain::{Plain, Sockets, define, define_resource};
use super::resource::{Interface, Stack};
use super::{GateHost, GateView, Grant, sizes};
use crate::kernel::bindings::exports::wasi::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use crate::kernel::bindings::exports::wnet::stack::raw_fields::{PacketWithOptions, RawField};
use crate::kernel::bindings::exports::wnet::stack::raw_sockets::{
    Guest, IncomingPacket, LocalEnd, OutgoingPacket, PacketError, RawOption,
};
use crate::kernel::bindings::exports::wnet::stack::sockets::SocketProtocol;
use crate::kernel::exports;
use wasmtime::component::{Linker, LinkerInstance, ResourceAny};
use wasmtime::{Result, StoreContextMut};

/// The interface's name.
pub(crate) const INTERFACE: &str = "wnet:stack/raw-sockets@0.1.0";
/// That of the interface for headers, which is for raw sockets alone.
pub(crate) const HEADERS: &str = "wnet:stack/raw-headers@0.1.0";
/// That of the interface for what else packets say.
pub(crate) const FIELDS: &str = "wnet:stack/raw-fields@0.1.0";

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
        let kind = (Grant::Ping, SocketProtocol::Ping);
        gate.create_plain::<RawSockets>(kind, end(nobody(family), 0), |raw, stack| {
            raw.call_create_ping_socket(stack, family)
        })
    })?;
    type Create = (IpAddressFamily, u8);
    define(raw, "create-raw-socket", |gate, (family, protocol): Create| -> SocketResult<Socket> {
        let kind = (Grant::Raw, SocketProtocol::Raw);
        gate.create_plain::<RawSockets>(kind, end(nobody(family), protocol.into()), |raw, stack| {
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
    })?;
    define_fields(&mut linker.instance(FIELDS)?)
}

/// The functions of `raw-fields`.
fn define_fields<T: GateHost>(fields: &mut LinkerInstance<'_, T>) -> Result<()> {
    define(fields, "set", |gate, (socket, value): (Socket, RawField)| {
        gate.ask_about(&socket, exports::Stack::raw_fields, |fields, stack, handle| {
            fields.call_set(stack, handle, &value)
        })
    })?;
    type Packets = SocketResult<Vec<PacketWithOptions>>;
    define(fields, "receive", |gate, (socket, max): (Socket, u64)| -> Packets {
        gate.ask_about(&socket, exports::Stack::raw_fields, |fields, stack, handle| {
            fields.call_receive(stack, handle, max)
        })
    })
}

/// An address without a port in it but that which stands for something else.
fn end(address: IpAddress, port: u16) -> IpSocketAddress {
    match address {
        IpAddress::Ipv4(address) => IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }),
        IpAddress::Ipv6(address) => {
            IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info: 0, address, scope_id: 0 })
        }
    }
}

/// The address of nobody.
fn nobody(family: IpAddressFamily) -> IpAddress {
    match family {
        IpAddressFamily::Ipv4 => IpAddress::Ipv4((0, 0, 0, 0)),
        IpAddressFamily::Ipv6 => IpAddress::Ipv6((0, 0, 0, 0, 0, 0, 0, 0)),
    }
}

/// What stands in an end's port.
fn number(end: IpSocketAddress) -> u16 {
    match end {
        IpSocketAddress::Ipv4(v4) => v4.port,
        IpSocketAddress::Ipv6(v6) => v6.port,
    }
}

impl GateView<'_> {
    /// Whether it is a ping socket that had no identifier when it was last looked at.
    fn is_unbound(&mut self, socket: &Socket) -> SocketResult<bool> {
        let told = self.table.get(socket)?.ownership().and_then(|ownership| ownership.told().0);
        Ok(told.is_some_and(|told| number(told) == 0))
    }

    /// Has the socket's addresses known to who asks whose it is; `remote` is its new peer, if it has changed. The number
    /// is a raw socket's protocol, or a ping socket's identifier.
    fn tell_owner(&mut self, socket: &Socket, remote: Option<Option<IpAddress>>) -> SocketResult<()> {
        let now = self.ask_plain(socket, |raw, stack, handle| raw.raw_socket().call_local(stack, handle))?;
        let Some(ownership) = self.table.get(socket)?.ownership() else { return Ok(()) };
        let (Some(told), told_remote) = ownership.told() else { return Ok(()) };
        let family = match told {
            IpSocketAddress::Ipv4(_) => IpAddressFamily::Ipv4,
            IpSocketAddress::Ipv6(_) => IpAddressFamily::Ipv6,
        };
        let number = if now.identifier == 0 { number(told) } else { now.identifier };
        let local = end(now.address.unwrap_or(nobody(family)), number);
        let remote = remote.map_or(told_remote, |remote| remote.map(|remote| end(remote, 0)));
        ownership.tell(Some(local), remote);
        Ok(())
    }
}

/// The methods that may fail.
fn define_methods<T: GateHost>(raw: &mut LinkerInstance<'_, T>) -> Result<()> {
    type Bind = (Socket, Option<IpAddress>, u16);
    define(raw, "[method]raw-socket.bind", |gate, (socket, address, identifier): Bind| {
        gate.ask_plain(&socket, |raw, stack, handle| {
            raw.raw_socket().call_bind(stack, handle, address, identifier)
        })?;
        gate.tell_owner(&socket, None)
    })?;
    define(raw, "[method]raw-socket.connect", |gate, (socket, remote): (Socket, Option<IpAddress>)| {
        gate.ask_plain(&socket, |raw, stack, handle| raw.raw_socket().call_connect(stack, handle, remote))?;
        gate.tell_owner(&socket, Some(remote))
    })?;
    define(raw, "[method]raw-socket.local", |gate, (socket,): (Socket,)| -> SocketResult<LocalEnd> {
        gate.ask_plain(&socket, |raw, stack, handle| raw.raw_socket().call_local(stack, handle))
    })?;
    define(raw, "[method]raw-socket.set", |gate, (socket, value): (Socket, RawOption)| {
        if matches!(value, RawOption::Mark(_)) && !gate.network.grants.control {
            return Err(ErrorCode::AccessDenied.into());
        }
        match &value {
            RawOption::BindToDevice(name) => sizes::argument(name.as_bytes())?,
            RawOption::IcmpFilter(kinds) => sizes::argument(kinds)?,
            _ => {}
        }
        gate.ask_plain(&socket, |raw, stack, handle| raw.raw_socket().call_set(stack, handle, &value))
    })?;
    define(raw, "[method]raw-socket.send", |gate, (socket, packets): (Socket, Vec<OutgoingPacket>)| {
        let packets = sizes::batch(packets, |packet| packet.data.len())?;
        let sent = gate
            .ask_plain(&socket, |raw, stack, handle| raw.raw_socket().call_send(stack, handle, &packets))?;
        if gate.is_unbound(&socket)? {
            gate.tell_owner(&socket, None)?;
        }
        Ok(sent)
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
