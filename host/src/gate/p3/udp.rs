//! `udp-socket` of `wasi:sockets/types`.

#![allow(unreachable_pub, reason = "the bindings re-export the types of resources")]

use super::bindings::wasi::sockets::types::{
    HostUdpSocket, HostUdpSocketWithStore, IpAddressFamily, IpSocketAddress,
};
use super::convert::unspecified;
use crate::gate::allowed::{is_peer, socket_address};
use crate::gate::bindings::wasi::sockets::network::{ErrorCode as Code, IpSocketAddress as Address};
use crate::gate::bindings::wasi::sockets::udp::OutgoingDatagram;
use crate::gate::error::SocketResult;
use crate::gate::options::getters_and_setters;
use crate::gate::ready::unready;
use crate::gate::udp::{IncomingDatagramStream, OutgoingDatagramStream, UdpOption, UdpSocket, UdpState, ask};
use crate::gate::{Gate, GateView, GuestNetwork};
use crate::kernel::Armed;
use crate::policy::Transport;
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::component::{Accessor, Resource};

/// The resource `udp-socket`: 0.2's socket with its streams, which it has from when it is bound.
pub struct UdpHandle {
    streams: Option<(IncomingDatagramStream, OutgoingDatagramStream)>,
    /// Whom it is connected to.
    remote: Option<Address>,
    socket: UdpSocket,
}

type Socket = Resource<UdpHandle>;

/// What a call came to that may have to wait.
enum Progress<T> {
    Done(T),
    /// Until this fires; none: not at all.
    Unready(Option<Arc<Armed>>),
}

impl<T> Progress<T> {
    /// What was done; or waits, so that the call can be made again.
    async fn done(self) -> Option<T> {
        match self {
            Progress::Done(value) => return Some(value),
            Progress::Unready(Some(armed)) => armed.fired().await,
            Progress::Unready(None) => tokio::task::yield_now().await,
        }
        None
    }
}

impl UdpHandle {
    /// Binds it.
    fn bind(&mut self, network: &GuestNetwork, local: Address) -> SocketResult<()> {
        network.start_udp_bind(&mut self.socket, local)?;
        self.socket.finish_bind()?;
        self.associate(network, None)
    }

    /// Binds it at a port that the stack chooses, if it is not bound.
    fn bind_anywhere(&mut self, network: &GuestNetwork) -> SocketResult<()> {
        if self.socket.state() == UdpState::Unbound {
            self.bind(network, unspecified(self.socket.family()))?;
        }
        Ok(())
    }

    /// Limits it to `remote`, or to nobody.
    fn associate(&mut self, network: &GuestNetwork, remote: Option<Address>) -> SocketResult<()> {
        // The old ones go before the new ones come.
        self.streams = None;
        match network.udp_streams(&mut self.socket, remote) {
            Ok(streams) => {
                (self.streams, self.remote) = (Some(streams), remote);
                Ok(())
            }
            Err(error) => {
                // It goes on as it was.
                self.streams = self.socket.stream(self.remote).ok();
                Err(error)
            }
        }
    }

    fn connect(&mut self, network: &GuestNetwork, remote: Address) -> SocketResult<()> {
        if !is_peer(Transport::Udp, self.socket.family(), remote) {
            return Err(Code::InvalidArgument.into());
        }
        self.bind_anywhere(network)?;
        self.associate(network, Some(remote))
    }

    fn disconnect(&mut self, network: &GuestNetwork) -> SocketResult<()> {
        if self.remote.is_none() {
            return Err(Code::InvalidState.into());
        }
        self.associate(network, None)
    }

    /// Whether a datagram may go to `remote`.
    fn may_go(&self, remote: Option<Address>) -> bool {
        match (remote, self.remote) {
            (None, connected) => connected.is_some(),
            (Some(remote), None) => is_peer(Transport::Udp, self.socket.family(), remote),
            (Some(remote), Some(connected)) => socket_address(remote) == socket_address(connected),
        }
    }

    fn send(&mut self, network: &GuestNetwork, datagram: &OutgoingDatagram) -> SocketResult<Progress<()>> {
        if !self.may_go(datagram.remote_address) {
            return Err(Code::InvalidArgument.into());
        }
        self.bind_anywhere(network)?;
        let (_, outgoing) = self.streams.as_mut().ok_or(Code::InvalidState)?;
        if outgoing.check_send()? == 0 {
            return Ok(Progress::Unready(unready(outgoing)));
        }
        match network.send(outgoing, vec![datagram.clone()])? {
            0 => Ok(Progress::Unready(unready(outgoing))),
            _ => Ok(Progress::Done(())),
        }
    }

    fn receive(&mut self, network: &GuestNetwork) -> SocketResult<Progress<(Vec<u8>, IpSocketAddress)>> {
        let (incoming, _) = self.streams.as_mut().ok_or(Code::InvalidState)?;
        Ok(match network.receive(incoming, 1)?.pop() {
            Some(datagram) => Progress::Done((datagram.data, datagram.remote_address.into())),
            None => Progress::Unready(unready(incoming)),
        })
    }
}

impl<T: Send> HostUdpSocketWithStore<T> for Gate {
    async fn send(
        store: &Accessor<T, Self>,
        this: Socket,
        data: Vec<u8>,
        remote: Option<IpSocketAddress>,
    ) -> SocketResult<()> {
        let datagram = OutgoingDatagram { data, remote_address: remote.map(Into::into) };
        loop {
            let progress = store.with(|mut store| {
                let GateView { table, network } = store.get();
                table.get_mut(&this)?.send(network, &datagram)
            })?;
            if progress.done().await.is_some() {
                return Ok(());
            }
        }
    }

    async fn receive(store: &Accessor<T, Self>, this: Socket) -> SocketResult<(Vec<u8>, IpSocketAddress)> {
        loop {
            let progress = store.with(|mut store| {
                let GateView { table, network } = store.get();
                table.get_mut(&this)?.receive(network)
            })?;
            if let Some(datagram) = progress.done().await {
                return Ok(datagram);
            }
        }
    }
}

impl GateView<'_> {
    fn udp_handle(&mut self, this: &Socket) -> SocketResult<(&mut UdpHandle, &GuestNetwork)> {
        Ok((self.table.get_mut(this)?, self.network))
    }

    fn udp_socket(&mut self, this: &Socket) -> SocketResult<&mut UdpSocket> {
        Ok(&mut self.table.get_mut(this)?.socket)
    }
}

impl HostUdpSocket for GateView<'_> {
    fn create(&mut self, family: IpAddressFamily) -> SocketResult<Socket> {
        let socket = self.network.create_udp(family.into())?;
        Ok(self.table.push(UdpHandle { streams: None, remote: None, socket })?)
    }

    fn bind(&mut self, this: Socket, local: IpSocketAddress) -> SocketResult<()> {
        let (handle, network) = self.udp_handle(&this)?;
        handle.bind(network, local.into())
    }

    fn connect(&mut self, this: Socket, remote: IpSocketAddress) -> SocketResult<()> {
        let (handle, network) = self.udp_handle(&this)?;
        handle.connect(network, remote.into())
    }

    fn disconnect(&mut self, this: Socket) -> SocketResult<()> {
        let (handle, network) = self.udp_handle(&this)?;
        handle.disconnect(network)
    }

    fn get_local_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        let address: Address = ask!(self.udp_socket(&this)?, call_local_address)?.into();
        Ok(address.into())
    }

    fn get_remote_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        let address: Address = ask!(self.udp_socket(&this)?, call_remote_address)?.into();
        Ok(address.into())
    }

    fn get_address_family(&mut self, this: Socket) -> Result<IpAddressFamily> {
        Ok(self.table.get(&this)?.socket.family().into())
    }

    getters_and_setters! {
        udp_socket, ask, UdpOption;
        get_unicast_hop_limit, set_unicast_hop_limit: u8 = call_unicast_hop_limit, HopLimit;
        get_receive_buffer_size, set_receive_buffer_size: u64 = call_receive_buffer_size, ReceiveBuffer;
        get_send_buffer_size, set_send_buffer_size: u64 = call_send_buffer_size, SendBuffer;
    }

    fn drop(&mut self, this: Socket) -> Result<()> {
        self.table.delete(this)?;
        self.network.kernel.reap();
        Ok(())
    }
}
