//! `wnet:stack/packet-sockets`, for guests that were granted packet sockets.
//!
//! The stack's own types are passed through: the interface is the same on both sides.

use super::error::{SocketError, SocketResult};
use super::plain::{Plain, Sockets, define, define_resource};
use super::resource::{Interface, Stack};
use super::{GateHost, GateView, Grant, sizes};
use crate::kernel::bindings::exports::wasi::sockets::network::{
    ErrorCode, IpSocketAddress, Ipv6SocketAddress,
};
use crate::kernel::bindings::exports::wnet::stack::packet_sockets::{
    Device, Form, Guest, IncomingFrame, OutgoingFrame, PacketOption, Statistics,
};
use crate::kernel::bindings::exports::wnet::stack::sockets::SocketProtocol;
use crate::kernel::exports;
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::component::{Linker, ResourceAny};

/// The interface's name.
pub(crate) const INTERFACE: &str = "wnet:stack/packet-sockets@0.1.0";

/// `packet-sockets` of the stack.
pub(super) struct PacketSockets;

type Socket = Plain<PacketSockets>;

impl Interface for PacketSockets {
    type Guest = Guest;

    fn of(stack: &exports::Stack) -> Option<&Guest> {
        stack.packet_sockets()
    }

    fn subscribe(guest: &Guest, stack: &mut Stack, socket: ResourceAny) -> Result<ResourceAny> {
        guest.packet_socket().call_subscribe(stack, socket)
    }
}

impl Sockets for PacketSockets {
    const RESOURCE: &'static str = "packet-socket";
}

/// Defines the interface.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut packet = linker.instance(INTERFACE)?;
    let packet = &mut packet;
    define_resource::<PacketSockets, T>(packet)?;
    define(packet, "create-packet-socket", |gate, (form, protocol): (Form, u16)| -> SocketResult<Socket> {
        let kind = (Grant::Packet, SocketProtocol::Packet);
        gate.create_plain::<PacketSockets>(kind, end(0, protocol), |packet, stack| {
            packet.call_create_packet_socket(stack, form, protocol)
        })
    })?;
    define(packet, "devices", |gate, (): ()| gate.packet_devices())?;
    define(packet, "[method]packet-socket.bind", |gate, (socket, device, protocol): (Socket, u32, u16)| {
        gate.ask_plain(&socket, |packet, stack, handle| {
            packet.packet_socket().call_bind(stack, handle, device, protocol)
        })?;
        if let Some(ownership) = gate.table.get(&socket)?.ownership() {
            ownership.tell(Some(end(device, protocol)), None);
        }
        Ok(())
    })?;
    define(packet, "[method]packet-socket.set", |gate, (socket, value): (Socket, PacketOption)| {
        if let PacketOption::Filter(program) = &value {
            sizes::argument(program)?;
        }
        gate.ask_plain(&socket, |packet, stack, handle| {
            packet.packet_socket().call_set(stack, handle, &value)
        })
    })?;
    type Promiscuous = (Socket, u32, bool);
    define(packet, "[method]packet-socket.set-promiscuous", |gate, (socket, device, on): Promiscuous| {
        gate.ask_plain(&socket, |packet, stack, handle| {
            packet.packet_socket().call_set_promiscuous(stack, handle, device, on)
        })
    })?;
    define(packet, "[method]packet-socket.send", |gate, (socket, frames): (Socket, Vec<OutgoingFrame>)| {
        let to = |frame: &OutgoingFrame| frame.destination.as_ref().map_or(0, Vec::len);
        let frames = sizes::batch(frames, |frame| frame.data.len().saturating_add(to(frame)))?;
        gate.ask_plain(&socket, |packet, stack, handle| {
            packet.packet_socket().call_send(stack, handle, &frames)
        })
    })?;
    type Frames = SocketResult<Vec<IncomingFrame>>;
    define(packet, "[method]packet-socket.receive", |gate, (socket, max): (Socket, u64)| -> Frames {
        gate.ask_plain(&socket, |packet, stack, handle| {
            packet.packet_socket().call_receive(stack, handle, max)
        })
    })?;
    type Counts = SocketResult<Statistics>;
    define(packet, "[method]packet-socket.statistics", |gate, (socket,): (Socket,)| -> Counts {
        gate.ask_plain(&socket, |packet, stack, handle| packet.packet_socket().call_statistics(stack, handle))
    })
}

/// What a packet socket has in an address's place: its protocol is the port, its device the scope.
fn end(device: u32, protocol: u16) -> IpSocketAddress {
    let address = (0, 0, 0, 0, 0, 0, 0, 0);
    IpSocketAddress::Ipv6(Ipv6SocketAddress { port: protocol, flow_info: 0, address, scope_id: device })
}

impl GateView<'_> {
    fn packet_devices(&mut self) -> SocketResult<Vec<Device>> {
        let kernel = Arc::clone(&self.network.kernel);
        let devices = kernel.enter(|entered| match entered.stack.packet_sockets() {
            Some(packet) => packet.call_devices(&mut *entered.store),
            None => Ok(Err(ErrorCode::NotSupported)),
        });
        Ok(devices.map_err(|how| SocketError::died(how, ErrorCode::InvalidState.into()))??)
    }
}
