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
use crate::gate::tcp::{TcpOption, TcpSocket, TcpState, ask};
use crate::gate::{Gate, GateView, GuestNetwork};
use std::iter;
use tokio::sync::oneshot;
use wasmtime::Result;
use wasmtime::component::{Access, Accessor, FutureReader, Resource, StreamReader};

type Socket = Resource<TcpHandle>;
type Answer<T> = std::result::Result<T, ErrorCode>;

/// An attempt to connect, which is given up with the call that made it.
struct Attempt(Shared);

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.lock().give_up_connecting();
    }
}

/// Does something with a socket.
macro_rules! with {
    ($gate:ident, $this:ident, |$socket:ident| $does:expr) => {{
        let mut guard = $gate.table.get(&$this).map_err(SocketError::from)?.socket.lock();
        let $socket = &mut *guard;
        $does
    }};
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

impl HostTcpSocket for GateView<'_> {
    fn create(&mut self, family: IpAddressFamily) -> SocketResult<Socket> {
        let socket = self.network.create_tcp(family.into())?;
        Ok(self.table.push(TcpHandle::unconnected(socket))?)
    }

    fn bind(&mut self, this: Socket, local: IpSocketAddress) -> SocketResult<()> {
        with!(self, this, |socket| {
            socket.start_bind(local.into())?;
            socket.finish_bind()
        })
    }

    fn get_local_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        with!(self, this, |socket| socket.local_address().map(Into::into))
    }

    fn get_remote_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        with!(self, this, |socket| socket.remote_address().map(Into::into))
    }

    fn get_is_listening(&mut self, this: Socket) -> Result<bool> {
        Ok(self.table.get(&this)?.socket.lock().state() == TcpState::Listening)
    }

    fn get_address_family(&mut self, this: Socket) -> Result<IpAddressFamily> {
        Ok(self.table.get(&this)?.socket.lock().family().into())
    }

    fn set_listen_backlog_size(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        with!(self, this, |socket| socket.set(TcpOption::Backlog(value)))
    }

    fn get_keep_alive_enabled(&mut self, this: Socket) -> SocketResult<bool> {
        with!(self, this, |socket| ask!(socket, call_keep_alive_enabled))
    }

    fn set_keep_alive_enabled(&mut self, this: Socket, value: bool) -> SocketResult<()> {
        with!(self, this, |socket| socket.set(TcpOption::KeepAlive(value)))
    }

    fn get_keep_alive_idle_time(&mut self, this: Socket) -> SocketResult<Duration> {
        with!(self, this, |socket| ask!(socket, call_keep_alive_idle_time))
    }

    fn set_keep_alive_idle_time(&mut self, this: Socket, value: Duration) -> SocketResult<()> {
        with!(self, this, |socket| socket.set(TcpOption::KeepAliveIdle(value)))
    }

    fn get_keep_alive_interval(&mut self, this: Socket) -> SocketResult<Duration> {
        with!(self, this, |socket| ask!(socket, call_keep_alive_interval))
    }

    fn set_keep_alive_interval(&mut self, this: Socket, value: Duration) -> SocketResult<()> {
        with!(self, this, |socket| socket.set(TcpOption::KeepAliveInterval(value)))
    }

    fn get_keep_alive_count(&mut self, this: Socket) -> SocketResult<u32> {
        with!(self, this, |socket| ask!(socket, call_keep_alive_count))
    }

    fn set_keep_alive_count(&mut self, this: Socket, value: u32) -> SocketResult<()> {
        with!(self, this, |socket| socket.set(TcpOption::KeepAliveCount(value)))
    }

    fn get_hop_limit(&mut self, this: Socket) -> SocketResult<u8> {
        with!(self, this, |socket| ask!(socket, call_hop_limit))
    }

    fn set_hop_limit(&mut self, this: Socket, value: u8) -> SocketResult<()> {
        with!(self, this, |socket| socket.set(TcpOption::HopLimit(value)))
    }

    fn get_receive_buffer_size(&mut self, this: Socket) -> SocketResult<u64> {
        with!(self, this, |socket| ask!(socket, call_receive_buffer_size))
    }

    fn set_receive_buffer_size(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        with!(self, this, |socket| socket.set(TcpOption::ReceiveBuffer(value)))
    }

    fn get_send_buffer_size(&mut self, this: Socket) -> SocketResult<u64> {
        with!(self, this, |socket| ask!(socket, call_send_buffer_size))
    }

    fn set_send_buffer_size(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        with!(self, this, |socket| socket.set(TcpOption::SendBuffer(value)))
    }

    fn drop(&mut self, this: Socket) -> Result<()> {
        self.table.delete(this)?;
        self.network.kernel.reap();
        Ok(())
    }
}
