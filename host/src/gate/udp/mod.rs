//! `wasi:sockets/udp`.

#![allow(unreachable_pub, reason = "the bindings re-export the types of resources")]

mod association;
pub(crate) mod groups;
mod memberships;
mod options;
mod socket;

pub use socket::{IncomingDatagramStream, OutgoingDatagramStream, UdpSocket};

use super::GateView;
use super::allowed::socket_address;
use super::bindings::wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use super::bindings::wasi::sockets::udp::{
    Host, HostIncomingDatagramStream, HostOutgoingDatagramStream, HostUdpSocket, IncomingDatagram,
    OutgoingDatagram,
};
use super::error::{SocketError, SocketResult};
use super::network::Network;
use super::permit::Exceeded;
use crate::policy::Transport;
use options::UdpOption;
use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi_io::poll::{DynPollable, subscribe};

type Socket = Resource<UdpSocket>;
type Incoming = Resource<IncomingDatagramStream>;
type Outgoing = Resource<OutgoingDatagramStream>;

/// Asks the stack for something of a socket's.
macro_rules! ask {
    ($gate:ident, $this:ident, $call:ident) => {
        $gate.udp(&$this)?.call(|stack, handle| {
            stack.stack.wasi_sockets_udp().udp_socket().$call(&mut *stack.store, handle)
        })
    };
}

impl GateView<'_> {
    fn udp(&mut self, this: &Socket) -> SocketResult<&mut UdpSocket> {
        Ok(self.table.get_mut(this)?)
    }

    fn set_udp(&mut self, this: &Socket, option: UdpOption) -> SocketResult<()> {
        self.udp(this)?.set(option)
    }
}

/// Datagram streams never answer would-block: nothing is an answer of its own.
fn nothing_for_would_block<T: Default>(answer: SocketResult<T>) -> SocketResult<T> {
    match answer {
        Err(SocketError::Code(ErrorCode::WouldBlock)) => Ok(T::default()),
        answer => answer,
    }
}

impl Host for GateView<'_> {}

impl GateView<'_> {
    /// Whether a socket at `local` hears everybody: at a port that peers know, it has to be allowed; at any port, a
    /// socket that may not hears those whom it may send to.
    fn hears_strangers(&self, local: IpSocketAddress) -> SocketResult<bool> {
        let address = socket_address(local);
        if address.port() == 0 {
            return Ok(self.network.policy.allows_inbound(Transport::Udp, address));
        }
        self.may_hear(Transport::Udp, local).map(|()| true)
    }

    fn is_answer(&self, datagram: &IncomingDatagram) -> bool {
        self.network.policy.allows_answers(Transport::Udp, socket_address(datagram.remote_address))
    }

    /// The datagrams before the first that may not be sent; if that is the first of all, the guest is told.
    fn permitted(&self, mut datagrams: Vec<OutgoingDatagram>) -> SocketResult<Vec<OutgoingDatagram>> {
        for (index, datagram) in datagrams.iter().enumerate() {
            let Some(remote) = datagram.remote_address else { continue };
            if let Err(denied) = self.may_send(Transport::Udp, remote) {
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

impl HostUdpSocket for GateView<'_> {
    fn start_bind(
        &mut self,
        this: Socket,
        network: Resource<Network>,
        local_address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        self.udp(&this)?.shared.lock().state.may_start_bind()?;
        let hears = self.hears_strangers(local_address)?;
        self.udp(&this)?.start_bind(local_address, hears)
    }

    fn finish_bind(&mut self, this: Socket) -> SocketResult<()> {
        self.udp(&this)?.finish_bind()
    }

    fn stream(
        &mut self,
        this: Socket,
        remote_address: Option<IpSocketAddress>,
    ) -> SocketResult<(Incoming, Outgoing)> {
        let mut children = self.table.iter_children(&this)?;
        if children.any(|child| child.is::<IncomingDatagramStream>() || child.is::<OutgoingDatagramStream>())
        {
            return Err(SocketError::trap("udp-socket.stream while streams of an earlier call are alive"));
        }
        drop(children);
        self.udp(&this)?.shared.lock().state.may_stream()?;
        if let Some(remote) = remote_address {
            self.may_send(Transport::Udp, remote)?;
        }
        let (incoming, outgoing) = self.udp(&this)?.stream(remote_address)?;
        Ok((self.table.push_child(incoming, &this)?, self.table.push_child(outgoing, &this)?))
    }

    fn local_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        ask!(self, this, call_local_address).map(Into::into)
    }

    fn remote_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        ask!(self, this, call_remote_address).map(Into::into)
    }

    fn address_family(&mut self, this: Socket) -> Result<IpAddressFamily> {
        Ok(self.table.get(&this)?.shared.lock().family())
    }

    fn unicast_hop_limit(&mut self, this: Socket) -> SocketResult<u8> {
        ask!(self, this, call_unicast_hop_limit)
    }

    fn set_unicast_hop_limit(&mut self, this: Socket, value: u8) -> SocketResult<()> {
        self.set_udp(&this, UdpOption::HopLimit(value))
    }

    fn receive_buffer_size(&mut self, this: Socket) -> SocketResult<u64> {
        ask!(self, this, call_receive_buffer_size)
    }

    fn set_receive_buffer_size(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        self.set_udp(&this, UdpOption::ReceiveBuffer(value))
    }

    fn send_buffer_size(&mut self, this: Socket) -> SocketResult<u64> {
        ask!(self, this, call_send_buffer_size)
    }

    fn set_send_buffer_size(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        self.set_udp(&this, UdpOption::SendBuffer(value))
    }

    fn subscribe(&mut self, this: Socket) -> Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Socket) -> Result<()> {
        let socket = self.table.delete(this)?;
        self.network.quota.give_back();
        drop(socket);
        self.network.kernel.reap();
        Ok(())
    }
}

impl HostIncomingDatagramStream for GateView<'_> {
    fn receive(&mut self, this: Incoming, max_results: u64) -> SocketResult<Vec<IncomingDatagram>> {
        let stream = self.table.get_mut(&this)?;
        let hears = stream.shared.lock().hears_strangers;
        let received = stream.call(|stack, handle| {
            let udp = stack.stack.wasi_sockets_udp().incoming_datagram_stream();
            udp.call_receive(&mut *stack.store, handle, max_results)
        });
        let mut datagrams = nothing_for_would_block(received)?;
        datagrams.truncate(usize::try_from(max_results).unwrap_or(usize::MAX));
        let datagrams: Vec<IncomingDatagram> = datagrams.into_iter().map(Into::into).collect();
        match hears {
            true => Ok(datagrams),
            false => Ok(datagrams.into_iter().filter(|datagram| self.is_answer(datagram)).collect()),
        }
    }

    fn subscribe(&mut self, this: Incoming) -> Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Incoming) -> Result<()> {
        let IncomingDatagramStream { shared, .. } = self.table.delete(this)?;
        shared.lock().streams.0 = None;
        Ok(())
    }
}

impl HostOutgoingDatagramStream for GateView<'_> {
    fn check_send(&mut self, this: Outgoing) -> SocketResult<u64> {
        let stream = self.table.get_mut(&this)?;
        let permitted = nothing_for_would_block(stream.call(|stack, handle| {
            let udp = stack.stack.wasi_sockets_udp().outgoing_datagram_stream();
            udp.call_check_send(&mut *stack.store, handle)
        }))?;
        stream.permit.grant(permitted);
        Ok(permitted)
    }

    fn send(&mut self, this: Outgoing, datagrams: Vec<OutgoingDatagram>) -> SocketResult<u64> {
        let stream = self.table.get_mut(&this)?;
        let count = datagrams.len();
        if count == 0 {
            return Ok(0);
        }
        stream.permit.redeem(count).map_err(|Exceeded { asked, permitted }| {
            SocketError::Trap(wasmtime::format_err!(
                "send of {asked} datagrams where check-send permitted {permitted}"
            ))
        })?;
        let datagrams: Vec<_> = self.permitted(datagrams)?.into_iter().map(Into::into).collect();
        let stream = self.table.get_mut(&this)?;
        let sent = nothing_for_would_block(stream.call(|stack, handle| {
            let udp = stack.stack.wasi_sockets_udp().outgoing_datagram_stream();
            udp.call_send(&mut *stack.store, handle, &datagrams)
        }))?;
        Ok(sent.min(count as u64))
    }

    fn subscribe(&mut self, this: Outgoing) -> Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Outgoing) -> Result<()> {
        let OutgoingDatagramStream { shared, .. } = self.table.delete(this)?;
        shared.lock().streams.1 = None;
        Ok(())
    }
}
