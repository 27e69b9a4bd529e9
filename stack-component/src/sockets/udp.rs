//! Interface `udp`.

use super::addresses::{self, wit, wit_family};
use super::errors::run;
use crate::Component;
use crate::bindings::exports::wasi::io::poll::Pollable;
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use crate::bindings::exports::wasi::sockets::udp::{
    self, Guest, GuestIncomingDatagramStream, GuestOutgoingDatagramStream, GuestUdpSocket, IncomingDatagram,
    NetworkBorrow, OutgoingDatagram,
};
use crate::entry::enter;
use crate::io::poll::subscribe;
use crate::state::{MAX_BATCH, Source};
use alloc::vec::Vec;
use stack_core::socket::SocketError;
use stack_core::udp::{UdpHandle, UdpOption};

impl Guest for Component {
    type UdpSocket = UdpSocket;
    type IncomingDatagramStream = IncomingDatagramStream;
    type OutgoingDatagramStream = OutgoingDatagramStream;
}

/// A share in a socket of the core; the last one that is dropped closes it.
struct Share(UdpHandle);

impl Drop for Share {
    fn drop(&mut self) {
        enter(|state, _| state.udp_release(self.0));
    }
}

/// A `udp-socket`.
pub(crate) struct UdpSocket(Share);

/// An `incoming-datagram-stream`.
pub(crate) struct IncomingDatagramStream(Share);

/// An `outgoing-datagram-stream`.
pub(crate) struct OutgoingDatagramStream(Share);

impl UdpSocket {
    /// The resource of a new socket.
    pub(super) fn of(handle: UdpHandle) -> Self {
        UdpSocket(Share(handle))
    }

    pub(super) fn handle(&self) -> UdpHandle {
        self.0.0
    }

    fn set(&self, option: UdpOption) -> Result<(), ErrorCode> {
        run(|state, _| state.udp_set_option(self.handle(), option))
    }
}

impl GuestUdpSocket for UdpSocket {
    fn start_bind(&self, _: NetworkBorrow<'_>, local_address: IpSocketAddress) -> Result<(), ErrorCode> {
        run(|state, _| state.udp_start_bind(self.handle(), addresses::core(local_address)))
    }

    fn finish_bind(&self) -> Result<(), ErrorCode> {
        run(|state, _| state.udp_finish_bind(self.handle()))
    }

    fn stream(
        &self,
        remote_address: Option<IpSocketAddress>,
    ) -> Result<(udp::IncomingDatagramStream, udp::OutgoingDatagramStream), ErrorCode> {
        let handle = self.handle();
        run(|state, _| state.udp_stream(handle, remote_address.map(addresses::core)))?;
        let incoming = udp::IncomingDatagramStream::new(IncomingDatagramStream(Share(handle)));
        Ok((incoming, udp::OutgoingDatagramStream::new(OutgoingDatagramStream(Share(handle)))))
    }

    fn local_address(&self) -> Result<IpSocketAddress, ErrorCode> {
        run(|state, _| state.udp_local_address(self.handle())).map(wit)
    }

    fn remote_address(&self) -> Result<IpSocketAddress, ErrorCode> {
        run(|state, _| state.udp_remote_address(self.handle())).map(wit)
    }

    fn address_family(&self) -> IpAddressFamily {
        wit_family(enter(|state, _| state.udp_family(self.handle())))
    }

    fn unicast_hop_limit(&self) -> Result<u8, ErrorCode> {
        run(|state, _| state.stack.udp_hop_limit(self.handle()).ok_or(SocketError::InvalidState))
    }

    fn set_unicast_hop_limit(&self, value: u8) -> Result<(), ErrorCode> {
        self.set(UdpOption::HopLimit(value))
    }

    fn receive_buffer_size(&self) -> Result<u64, ErrorCode> {
        run(|state, _| state.udp_buffers(self.handle())).map(|(receive, _)| receive.into())
    }

    fn set_receive_buffer_size(&self, value: u64) -> Result<(), ErrorCode> {
        self.set(UdpOption::ReceiveBuffer(value))
    }

    fn send_buffer_size(&self) -> Result<u64, ErrorCode> {
        run(|state, _| state.udp_buffers(self.handle())).map(|(_, send)| send.into())
    }

    fn set_send_buffer_size(&self, value: u64) -> Result<(), ErrorCode> {
        self.set(UdpOption::SendBuffer(value))
    }

    fn subscribe(&self) -> Pollable {
        // Binding never waits.
        subscribe(Source::Permit(self.handle()))
    }
}

impl GuestIncomingDatagramStream for IncomingDatagramStream {
    fn receive(&self, max_results: u64) -> Result<Vec<IncomingDatagram>, ErrorCode> {
        let datagrams = run(|state, _| state.udp_receive(self.0.0, max_results))?;
        let datagram = |(data, source)| IncomingDatagram { data, remote_address: wit(source) };
        Ok(datagrams.into_iter().map(datagram).collect())
    }

    fn subscribe(&self) -> Pollable {
        subscribe(Source::Datagrams(self.0.0))
    }
}

impl GuestOutgoingDatagramStream for OutgoingDatagramStream {
    fn check_send(&self) -> Result<u64, ErrorCode> {
        Ok(MAX_BATCH as u64)
    }

    fn send(&self, datagrams: Vec<OutgoingDatagram>) -> Result<u64, ErrorCode> {
        let outgoing =
            |datagram: OutgoingDatagram| (datagram.data, datagram.remote_address.map(addresses::core));
        let datagrams: Vec<_> = datagrams.into_iter().map(outgoing).collect();
        run(|state, now| state.udp_send(self.0.0, &datagrams, now)).map(|sent| sent as u64)
    }

    fn subscribe(&self) -> Pollable {
        subscribe(Source::Permit(self.0.0))
    }
}
