//! `tcp-socket` of `wasi:sockets/types`.

use super::bindings::wasi::sockets::types::{
    Duration, ErrorCode, HostTcpSocket, HostTcpSocketWithStore, IpAddressFamily, IpSocketAddress,
};
use super::connections::Connections;
use super::convert::unspecified;
use super::handle::TcpHandle;
use super::received::Received;
use super::sending::Sending;
use super::shared::Shared;
use crate::gate::bindings::wasi::sockets::network::ErrorCode as Code;
use crate::gate::error::{SocketError, SocketResult};
use crate::gate::options::getters_and_setters;
use crate::gate::tcp::{TcpOption, TcpSocket, TcpState, ask};
use crate::gate::{Gate, GateView, GuestNetwork};
use std::iter;
use std::sync::MutexGuard;
use tokio::sync::oneshot;
use wasmtime::Result;
use wasmtime::component::{Access, Accessor, FutureReader, Resource, ResourceTableError, StreamReader};

type Socket = Resource<TcpHandle>;
type Answer<T> = std::result::Result<T, ErrorCode>;

/// An attempt to connect, which is given up with the call that made it.
struct Attempt(Shared);

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.lock().give_up_connecting();
    }
}

impl<T: Send> HostTcpSocketWithStore<T> for Gate {
    async fn connect(store: &Accessor<T, Self>, this: Socket, remote: IpSocketAddress) -> SocketResult<()> {
        let socket = store.with(|mut store| {
            let GateView { table, network } = store.get();
            let socket = table.get(&this)?.socket.clone();
            network.start_connect(&mut socket.lock(), remote.into())?;
            SocketResult::Ok(socket)
        })?;
        let attempt = Attempt(socket);
        let (input, output) = loop {
            attempt.0.ready().await;
            let finished = attempt.0.lock().finish_connect();
            match finished {
                Err(SocketError::Code(Code::WouldBlock)) => tokio::task::yield_now().await,
                finished => break finished?,
            }
        };
        store.with(|mut store| {
            let GateView { table, network } = store.get();
            table.get_mut(&this)?.connect(network, input, output);
            Ok(())
        })
    }

    fn listen(mut store: Access<'_, T, Self>, this: Socket) -> SocketResult<StreamReader<Socket>> {
        let getter = store.getter();
        let GateView { table, network } = store.get();
        let socket = table.get(&this)?.socket.clone();
        network.listen(&mut socket.lock())?;
        StreamReader::new(&mut store, Connections::new(socket, getter)).map_err(SocketError::Trap)
    }

    fn send(
        mut store: Access<'_, T, Self>,
        this: Socket,
        mut data: StreamReader<u8>,
    ) -> Result<FutureReader<Answer<()>>> {
        let handle = store.get().table.get_mut(&this)?;
        let Some(output) = handle.output.take() else {
            data.close(&mut store)?;
            return invalid_state(store);
        };
        let (ended, end) = oneshot::channel();
        let sending = Sending::new(handle.socket.clone(), output, ended);
        data.pipe(&mut store, sending)?;
        FutureReader::new(&mut store, end)
    }

    fn receive(
        mut store: Access<'_, T, Self>,
        this: Socket,
    ) -> Result<(StreamReader<u8>, FutureReader<Answer<()>>)> {
        let handle = store.get().table.get_mut(&this)?;
        let Some(input) = handle.input.take() else {
            return Ok((StreamReader::new(&mut store, iter::empty())?, invalid_state(store)?));
        };
        let (ended, end) = oneshot::channel();
        let received = Received::new(handle.socket.clone(), input, ended);
        Ok((StreamReader::new(&mut store, received)?, FutureReader::new(&mut store, end)?))
    }
}

/// The end of a stream that there is not.
fn invalid_state<T>(mut store: Access<'_, T, Gate>) -> Result<FutureReader<Answer<()>>> {
    FutureReader::new(&mut store, async { wasmtime::error::Ok(Err(ErrorCode::InvalidState)) })
}

impl GuestNetwork {
    /// Begins to listen, at a port that the stack chooses if there is none yet.
    fn listen(&self, socket: &mut TcpSocket) -> SocketResult<()> {
        if socket.state() == TcpState::Unbound {
            socket.start_bind(unspecified(socket.family()))?;
            socket.finish_bind()?;
        }
        self.start_listen(socket)?;
        socket.finish_listen()
    }
}

impl GateView<'_> {
    fn tcp_socket(&self, this: &Socket) -> Result<MutexGuard<'_, TcpSocket>, ResourceTableError> {
        Ok(self.table.get(this)?.socket.lock())
    }
}

impl HostTcpSocket for GateView<'_> {
    fn create(&mut self, family: IpAddressFamily) -> SocketResult<Socket> {
        let socket = self.network.create_tcp(family.into())?;
        Ok(self.table.push(TcpHandle::unconnected(socket))?)
    }

    fn bind(&mut self, this: Socket, local: IpSocketAddress) -> SocketResult<()> {
        let mut socket = self.tcp_socket(&this)?;
        self.network.start_tcp_bind(&mut socket, local.into())?;
        socket.finish_bind()
    }

    fn get_local_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        Ok(self.tcp_socket(&this)?.local_address()?.into())
    }

    fn get_remote_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        Ok(self.tcp_socket(&this)?.remote_address()?.into())
    }

    fn get_is_listening(&mut self, this: Socket) -> Result<bool> {
        Ok(self.tcp_socket(&this)?.state() == TcpState::Listening)
    }

    fn get_address_family(&mut self, this: Socket) -> Result<IpAddressFamily> {
        Ok(self.tcp_socket(&this)?.family().into())
    }

    fn set_listen_backlog_size(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        self.tcp_socket(&this)?.set(TcpOption::Backlog(value))
    }

    getters_and_setters! {
        tcp_socket, ask, TcpOption;
        get_keep_alive_enabled, set_keep_alive_enabled: bool = call_keep_alive_enabled, KeepAlive;
        get_keep_alive_idle_time, set_keep_alive_idle_time: Duration = call_keep_alive_idle_time, KeepAliveIdle;
        get_keep_alive_interval, set_keep_alive_interval: Duration = call_keep_alive_interval, KeepAliveInterval;
        get_keep_alive_count, set_keep_alive_count: u32 = call_keep_alive_count, KeepAliveCount;
        get_hop_limit, set_hop_limit: u8 = call_hop_limit, HopLimit;
        get_receive_buffer_size, set_receive_buffer_size: u64 = call_receive_buffer_size, ReceiveBuffer;
        get_send_buffer_size, set_send_buffer_size: u64 = call_send_buffer_size, SendBuffer;
    }

    fn drop(&mut self, this: Socket) -> Result<()> {
        self.table.delete(this)?;
        self.network.kernel.reap();
        Ok(())
    }
}
