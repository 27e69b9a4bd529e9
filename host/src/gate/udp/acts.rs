//! What guests do with UDP sockets that needs more than the socket: the policy and the quota, in both generations of
//! wasi:sockets.

use super::super::answer::answered;
use super::socket::{IncomingDatagramStream, OutgoingDatagramStream, UdpSocket, nothing_for_would_block};
use crate::gate::allowed::socket_address;
use crate::gate::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use crate::gate::bindings::wasi::sockets::udp::{IncomingDatagram, OutgoingDatagram};
use crate::gate::error::{SocketError, SocketResult};
use crate::gate::permit::Exceeded;
use crate::gate::{GuestNetwork, sizes};
use crate::kernel::bindings::exports::wasi::sockets::udp::OutgoingDatagram as StackDatagram;
use crate::policy::Transport;
use std::slice;

impl GuestNetwork {
    /// One more socket.
    pub(in crate::gate) fn create_udp(&self, family: IpAddressFamily) -> SocketResult<UdpSocket> {
        let mut socket = UdpSocket::create(&self.kernel, &self.owner, self.quota.take()?, family)?;
        self.with_room(|| socket.reserve_buffers(&self.quota.buffers))?;
        Ok(socket)
    }

    /// Starts to bind, if that is allowed.
    pub(in crate::gate) fn start_udp_bind(
        &self,
        socket: &mut UdpSocket,
        local: IpSocketAddress,
    ) -> SocketResult<()> {
        socket.state().may_start_bind()?;
        let hears = self.hears_strangers(local)?;
        socket.start_bind(local, hears)
    }

    /// New streams, if it is allowed to send to `remote`. The guest has dropped those it had.
    pub(in crate::gate) fn udp_streams(
        &self,
        socket: &mut UdpSocket,
        remote: Option<IpSocketAddress>,
    ) -> SocketResult<(IncomingDatagramStream, OutgoingDatagramStream)> {
        socket.state().may_stream()?;
        if let Some(remote) = remote {
            self.may_send(Transport::Udp, socket.family(), remote)?;
        }
        socket.stream(remote)
    }

    /// What came, at most `max` datagrams of it.
    pub(in crate::gate) fn receive(
        &self,
        stream: &mut IncomingDatagramStream,
        max: u64,
    ) -> SocketResult<Vec<IncomingDatagram>> {
        let hears = stream.shared.lock().hears_strangers;
        let received = stream.call(|stack, handle| {
            let udp = stack.stack.wasi_sockets_udp().incoming_datagram_stream();
            udp.call_receive(&mut *stack.store, handle, max)
        });
        let mut datagrams = nothing_for_would_block(received)?;
        datagrams.truncate(usize::try_from(max).unwrap_or(usize::MAX));
        let datagrams = datagrams.into_iter().map(Into::into);
        Ok(datagrams.filter(|datagram| hears || self.is_answer(datagram)).collect())
    }

    /// Sends the datagrams before the first that cannot be sent, and answers how many. `check_send` permitted as many.
    pub(in crate::gate) fn send(
        &self,
        stream: &mut OutgoingDatagramStream,
        datagrams: Vec<OutgoingDatagram>,
    ) -> SocketResult<u64> {
        let count = datagrams.len();
        if count == 0 {
            return Ok(0);
        }
        stream.permit.redeem(count).map_err(|Exceeded { asked, permitted }| {
            SocketError::Trap(wasmtime::format_err!(
                "send of {asked} datagrams where check-send permitted {permitted}"
            ))
        })?;
        let family = stream.shared.lock().family();
        let datagrams = sizes::batch(datagrams, |datagram| datagram.data.len())?;
        let datagrams: Vec<_> = self.permitted(family, datagrams)?.into_iter().map(Into::into).collect();
        let sent = nothing_for_would_block(stream.call(|stack, handle| {
            let udp = stack.stack.wasi_sockets_udp().outgoing_datagram_stream();
            udp.call_send(&mut *stack.store, handle, &datagrams)
        }))?;
        Ok(sent.min(count as u64))
    }

    /// Sends one datagram, which goes to `remote`, if there is room for it; answers whether there was.
    pub(in crate::gate) fn send_one(
        &self,
        stream: &mut OutgoingDatagramStream,
        datagram: &StackDatagram,
        remote: Option<IpSocketAddress>,
    ) -> SocketResult<bool> {
        sizes::datagram(&datagram.data)?;
        if let Some(remote) = remote {
            let family = stream.shared.lock().family();
            self.may_send(Transport::Udp, family, remote)?;
        }
        let sent = nothing_for_would_block(stream.call(|stack, handle| {
            let udp = stack.stack.wasi_sockets_udp().outgoing_datagram_stream();
            match answered!(udp.call_check_send(&mut *stack.store, handle)) {
                0 => Ok(Ok(0)),
                _ => udp.call_send(&mut *stack.store, handle, slice::from_ref(datagram)),
            }
        }))?;
        Ok(sent > 0)
    }

    /// Whether a socket at `local` hears everybody: at a port that peers know, it has to be allowed; at any port, a
    /// socket that may not hears those whom it may send to.
    fn hears_strangers(&self, local: IpSocketAddress) -> SocketResult<bool> {
        let address = socket_address(local);
        if address.port() == 0 {
            return Ok(self.policy.allows_inbound(Transport::Udp, address));
        }
        self.may_hear(Transport::Udp, local).map(|()| true)
    }

    fn is_answer(&self, datagram: &IncomingDatagram) -> bool {
        self.policy.allows_answers(Transport::Udp, socket_address(datagram.remote_address))
    }

    /// The datagrams before the first that may not be sent; if that is the first of all, the guest is told.
    fn permitted(
        &self,
        family: IpAddressFamily,
        mut datagrams: Vec<OutgoingDatagram>,
    ) -> SocketResult<Vec<OutgoingDatagram>> {
        for (index, datagram) in datagrams.iter().enumerate() {
            let Some(remote) = datagram.remote_address else { continue };
            if let Err(denied) = self.may_send(Transport::Udp, family, remote) {
                if index == 0 {
                    return Err(denied);
                }
                datagrams.truncate(index);
                break;
            }
        }
        Ok(datagrams)
    }
}
