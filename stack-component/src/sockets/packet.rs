//! Interface `wnet:stack/packet-sockets`.

use super::errors::run;
use super::raw::waited;
use crate::Component;
use crate::bindings::exports::wasi::io::poll::Pollable;
use crate::bindings::exports::wasi::sockets::network::ErrorCode;
use crate::bindings::exports::wnet::stack::packet_sockets::{
    self as wit, Checksum, Device, Guest, GuestPacketSocket, IncomingFrame, Instruction, OutgoingFrame,
    PacketOption, PacketType, Statistics,
};
use crate::entry::enter;
use crate::io::poll::subscribe;
use crate::state::Source;
use alloc::vec::Vec;
use stack_core::bpf::{self, Program};
use stack_core::device::Interface;
use stack_core::packet::DeviceIndex;
use stack_core::packet_socket::{self, Form, FrameChecksum, PacketHandle, Protocols, Received};
use stack_core::stack;
use stack_core::time::Instant;
use stack_core::wire::ethernet::{EtherType, MacAddress};

impl Guest for Component {
    type PacketSocket = PacketSocket;

    fn devices() -> Result<Vec<Device>, ErrorCode> {
        Ok(enter(|state, _| state.stack.interfaces().iter().map(device).collect()))
    }

    fn create_packet_socket(form: wit::Form, protocol: u16) -> Result<wit::PacketSocket, ErrorCode> {
        let form = match form {
            wit::Form::Frames => Form::Frames,
            wit::Form::Payloads => Form::Payloads,
        };
        let handle = run(|state, _| state.create_packet_socket(form, Protocols::numbered(protocol)))?;
        Ok(wit::PacketSocket::new(PacketSocket(handle)))
    }
}

fn device(interface: &Interface) -> Device {
    Device {
        index: interface.index().0,
        name: interface.name().into(),
        address: interface.mac().0.to_vec(),
        mtu: interface.mtu(),
        loopback: interface.is_loopback(),
        up: interface.is_up(),
        lower_up: interface.link_up(),
    }
}

/// A `packet-socket`.
pub(crate) struct PacketSocket(PacketHandle);

impl GuestPacketSocket for PacketSocket {
    fn bind(&self, device: u32, protocol: u16) -> Result<(), ErrorCode> {
        let device = (device != 0).then_some(DeviceIndex(device));
        run(|state, _| state.stack.packet_bind(self.0, device, Protocols::numbered(protocol)))
    }

    fn set(&self, value: PacketOption) -> Result<(), ErrorCode> {
        type Core = packet_socket::PacketOption;
        let option = match value {
            PacketOption::ReceiveBuffer(bytes) => {
                Core::ReceiveBuffer(usize::try_from(bytes).unwrap_or(usize::MAX))
            }
            PacketOption::SnapLength(bytes) => Core::SnapLength(bytes as usize),
            PacketOption::IgnoreOutgoing(ignore) => Core::IgnoreOutgoing(ignore),
            PacketOption::Filter(program) if program.is_empty() => Core::Filter(None),
            PacketOption::Filter(program) => {
                let instruction = |Instruction { code, jt, jf, k }| bpf::Instruction {
                    code,
                    jump_true: jt,
                    jump_false: jf,
                    k,
                };
                let program: Vec<_> = program.into_iter().map(instruction).collect();
                Core::Filter(Some(Program::new(&program).ok_or(ErrorCode::InvalidArgument)?))
            }
        };
        run(|state, _| state.stack.packet_set(self.0, option))
    }

    fn set_promiscuous(&self, device: u32, promiscuous: bool) -> Result<(), ErrorCode> {
        run(|state, _| state.stack.packet_set_promiscuous(self.0, DeviceIndex(device), promiscuous))
    }

    fn send(&self, frames: Vec<OutgoingFrame>) -> Result<u64, ErrorCode> {
        let mut outgoing = Vec::with_capacity(frames.len());
        for frame in &frames {
            let destination = frame.destination.as_deref().map(<[u8; 6]>::try_from).transpose();
            let destination = destination.map_err(|_| ErrorCode::InvalidArgument)?;
            outgoing.push(stack::OutgoingFrame {
                data: &frame.data,
                device: frame.device.map(DeviceIndex),
                protocol: frame.protocol.map(EtherType),
                destination: destination.map(MacAddress),
            });
        }
        run(|state, now| state.send_frames(self.0, &outgoing, now)).map(|sent| sent as u64)
    }

    fn receive(&self, max: u64) -> Result<Vec<IncomingFrame>, ErrorCode> {
        let (frames, now) = run(|state, now| Ok((state.receive_frames(self.0, max)?, now)))?;
        Ok(frames.into_iter().map(|frame| incoming(frame, now)).collect())
    }

    fn statistics(&self) -> Result<Statistics, ErrorCode> {
        let packet_socket::Statistics { packets, drops } =
            run(|state, _| state.stack.packet_statistics(self.0))?;
        Ok(Statistics { packets, drops })
    }

    fn subscribe(&self) -> Pollable {
        subscribe(Source::Packet(self.0))
    }
}

impl Drop for PacketSocket {
    fn drop(&mut self) {
        enter(|state, _| state.drop_packet_socket(self.0));
    }
}

fn incoming(frame: Received, now: Instant) -> IncomingFrame {
    IncomingFrame {
        length: u32::try_from(frame.length).unwrap_or(u32::MAX),
        data: frame.data,
        device: frame.device.0,
        packet_type: match frame.packet_type {
            packet_socket::PacketType::Host => PacketType::Host,
            packet_socket::PacketType::Broadcast => PacketType::Broadcast,
            packet_socket::PacketType::Multicast => PacketType::Multicast,
            packet_socket::PacketType::OtherHost => PacketType::OtherHost,
            packet_socket::PacketType::Outgoing => PacketType::Outgoing,
        },
        protocol: frame.protocol.0,
        source: frame.source.0.to_vec(),
        vlan: frame.vlan,
        checksum: match frame.checksum {
            FrameChecksum::Unknown => Checksum::Unknown,
            FrameChecksum::Valid => Checksum::Valid,
            FrameChecksum::NotReady => Checksum::NotReady,
        },
        waited: waited(frame.at, now),
    }
}
