//! Interface `udp`: none of its resources can exist yet, as `create-udp-socket` makes none.

use crate::Component;
use crate::bindings::exports::wasi::io::poll::Pollable;
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use crate::bindings::exports::wasi::sockets::udp::{
    self, Guest, GuestIncomingDatagramStream, GuestOutgoingDatagramStream, GuestUdpSocket, IncomingDatagram,
    NetworkBorrow, OutgoingDatagram,
};
use alloc::vec::Vec;

impl Guest for Component {
    type UdpSocket = UdpSocket;
    type IncomingDatagramStream = IncomingDatagramStream;
    type OutgoingDatagramStream = OutgoingDatagramStream;
}

/// A `udp-socket`.
pub(crate) enum UdpSocket {}

/// An `incoming-datagram-stream`.
pub(crate) enum IncomingDatagramStream {}

/// An `outgoing-datagram-stream`.
pub(crate) enum OutgoingDatagramStream {}

impl GuestUdpSocket for UdpSocket {
    fn start_bind(&self, _: NetworkBorrow<'_>, _: IpSocketAddress) -> Result<(), ErrorCode> {
        match *self {}
    }

    fn finish_bind(&self) -> Result<(), ErrorCode> {
        match *self {}
    }

    fn stream(
        &self,
        _: Option<IpSocketAddress>,
    ) -> Result<(udp::IncomingDatagramStream, udp::OutgoingDatagramStream), ErrorCode> {
        match *self {}
    }

    fn local_address(&self) -> Result<IpSocketAddress, ErrorCode> {
        match *self {}
    }

    fn remote_address(&self) -> Result<IpSocketAddress, ErrorCode> {
        match *self {}
    }

    fn address_family(&self) -> IpAddressFamily {
        match *self {}
    }

    fn unicast_hop_limit(&self) -> Result<u8, ErrorCode> {
        match *self {}
    }

    fn set_unicast_hop_limit(&self, _: u8) -> Result<(), ErrorCode> {
        match *self {}
    }

    fn receive_buffer_size(&self) -> Result<u64, ErrorCode> {
        match *self {}
    }

    fn set_receive_buffer_size(&self, _: u64) -> Result<(), ErrorCode> {
        match *self {}
    }

    fn send_buffer_size(&self) -> Result<u64, ErrorCode> {
        match *self {}
    }

    fn set_send_buffer_size(&self, _: u64) -> Result<(), ErrorCode> {
        match *self {}
    }

    fn subscribe(&self) -> Pollable {
        match *self {}
    }
}

impl GuestIncomingDatagramStream for IncomingDatagramStream {
    fn receive(&self, _: u64) -> Result<Vec<IncomingDatagram>, ErrorCode> {
        match *self {}
    }

    fn subscribe(&self) -> Pollable {
        match *self {}
    }
}

impl GuestOutgoingDatagramStream for OutgoingDatagramStream {
    fn check_send(&self) -> Result<u64, ErrorCode> {
        match *self {}
    }

    fn send(&self, _: Vec<OutgoingDatagram>) -> Result<u64, ErrorCode> {
        match *self {}
    }

    fn subscribe(&self) -> Pollable {
        match *self {}
    }
}
