//! `wasi:sockets/udp`.

#![allow(unreachable_pub, reason = "the bindings re-export the types of resources")]

mod acts;
mod association;
pub(crate) mod groups;
mod memberships;
mod options;
mod socket;

pub(in crate::gate) use association::UdpState;
pub use socket::{IncomingDatagramStream, OutgoingDatagramStream, UdpSocket};

use super::GateView;
use super::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use super::bindings::wasi::sockets::udp::{
    Host, HostIncomingDatagramStream, HostOutgoingDatagramStream, HostUdpSocket, IncomingDatagram,
    OutgoingDatagram,
};
use super::error::{SocketError, SocketResult};
use super::network::Network;
use super::options::getters_and_setters;
pub(in crate::gate) use options::UdpOption;
use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi_io::poll::{DynPollable, subscribe};

type Socket = Resource<UdpSocket>;
type Incoming = Resource<IncomingDatagramStream>;
type Outgoing = Resource<OutgoingDatagramStream>;

/// Asks the stack for something of a socket's.
macro_rules! ask {
    ($socket:expr, $call:ident) => {
        $socket.call(|stack, handle| {
            stack.stack.wasi_sockets_udp().udp_socket().$call(&mut *stack.store, handle)
        })
    };
}
pub(in crate::gate) use ask;

impl GateView<'_> {
    fn udp(&mut self, this: &Socket) -> SocketResult<&mut UdpSocket> {
        Ok(self.table.get_mut(this)?)
    }
}

impl Host for GateView<'_> {}

impl HostUdpSocket for GateView<'_> {
    fn start_bind(
        &mut self,
        this: Socket,
        network: Resource<Network>,
        local_address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        self.network.start_udp_bind(self.table.get_mut(&this)?, local_address)
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
        let (incoming, outgoing) = self.network.udp_streams(self.table.get_mut(&this)?, remote_address)?;
        Ok((self.table.push_child(incoming, &this)?, self.table.push_child(outgoing, &this)?))
    }

    fn local_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        ask!(self.udp(&this)?, call_local_address).map(Into::into)
    }

    fn remote_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        ask!(self.udp(&this)?, call_remote_address).map(Into::into)
    }

    fn address_family(&mut self, this: Socket) -> Result<IpAddressFamily> {
        Ok(self.table.get(&this)?.family())
    }

    getters_and_setters! {
        udp, ask, UdpOption;
        unicast_hop_limit, set_unicast_hop_limit: u8 = call_unicast_hop_limit, HopLimit;
        receive_buffer_size, set_receive_buffer_size: u64 = call_receive_buffer_size, ReceiveBuffer;
        send_buffer_size, set_send_buffer_size: u64 = call_send_buffer_size, SendBuffer;
    }

    fn subscribe(&mut self, this: Socket) -> Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Socket) -> Result<()> {
        self.table.delete(this)?;
        self.network.kernel.reap();
        Ok(())
    }
}

impl HostIncomingDatagramStream for GateView<'_> {
    fn receive(&mut self, this: Incoming, max_results: u64) -> SocketResult<Vec<IncomingDatagram>> {
        self.network.receive(self.table.get_mut(&this)?, max_results)
    }

    fn subscribe(&mut self, this: Incoming) -> Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Incoming) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl HostOutgoingDatagramStream for GateView<'_> {
    fn check_send(&mut self, this: Outgoing) -> SocketResult<u64> {
        self.table.get_mut(&this)?.check_send()
    }

    fn send(&mut self, this: Outgoing, datagrams: Vec<OutgoingDatagram>) -> SocketResult<u64> {
        self.network.send(self.table.get_mut(&this)?, datagrams)
    }

    fn subscribe(&mut self, this: Outgoing) -> Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Outgoing) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
