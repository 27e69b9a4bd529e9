//! `wasi:sockets/tcp`.

#![allow(unreachable_pub, reason = "the bindings re-export the types of resources")]

mod acts;
mod extras;
mod input_stream;
mod options;
mod output_stream;
mod setting;
mod socket;
pub(crate) mod socket_options;
mod state;
mod stream;

pub use socket::TcpSocket;

use super::GateView;
use super::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use super::bindings::wasi::sockets::tcp::{Duration, Host, HostTcpSocket, ShutdownType};
use super::error::SocketResult;
use super::network::Network;
use super::options::getters_and_setters;
pub(crate) use input_stream::TcpInput;
pub(crate) use options::TcpOption;
pub(crate) use output_stream::TcpOutput;
pub(crate) use state::TcpState;
use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi_io::poll::{DynPollable, subscribe};
use wasmtime_wasi_io::streams::{DynInputStream, DynOutputStream};

type Socket = Resource<TcpSocket>;
type Streams = (Resource<DynInputStream>, Resource<DynOutputStream>);

/// Asks the stack for something of a socket's.
macro_rules! ask {
    ($socket:expr, $call:ident) => {
        $socket.call(|stack, handle| {
            stack.stack.wasi_sockets_tcp().tcp_socket().$call(&mut *stack.store, handle)
        })
    };
}
pub(in crate::gate) use ask;

impl GateView<'_> {
    fn tcp(&mut self, this: &Socket) -> SocketResult<&mut TcpSocket> {
        Ok(self.table.get_mut(this)?)
    }

    /// Hands a connection's streams to the guest, as children of the socket.
    fn push_streams(&mut self, this: &Socket, input: TcpInput, output: TcpOutput) -> SocketResult<Streams> {
        let input: DynInputStream = Box::new(input);
        let output: DynOutputStream = Box::new(output);
        Ok((self.table.push_child(input, this)?, self.table.push_child(output, this)?))
    }
}

impl Host for GateView<'_> {}

impl HostTcpSocket for GateView<'_> {
    fn start_bind(
        &mut self,
        this: Socket,
        network: Resource<Network>,
        local_address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        self.network.start_tcp_bind(self.table.get_mut(&this)?, local_address)
    }

    fn finish_bind(&mut self, this: Socket) -> SocketResult<()> {
        self.tcp(&this)?.finish_bind()
    }

    fn start_connect(
        &mut self,
        this: Socket,
        network: Resource<Network>,
        remote_address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        self.network.start_connect(self.table.get_mut(&this)?, remote_address)
    }

    fn finish_connect(&mut self, this: Socket) -> SocketResult<Streams> {
        let (input, output) = self.tcp(&this)?.finish_connect()?;
        self.push_streams(&this, input, output)
    }

    fn start_listen(&mut self, this: Socket) -> SocketResult<()> {
        self.network.start_listen(self.table.get_mut(&this)?)
    }

    fn finish_listen(&mut self, this: Socket) -> SocketResult<()> {
        self.tcp(&this)?.finish_listen()
    }

    fn accept(
        &mut self,
        this: Socket,
    ) -> SocketResult<(Socket, Resource<DynInputStream>, Resource<DynOutputStream>)> {
        let (accepted, input, output) = self.network.accept(self.table.get_mut(&this)?)?;
        let accepted = self.table.push(accepted)?;
        let (input, output) = self.push_streams(&accepted, input, output)?;
        Ok((accepted, input, output))
    }

    fn local_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        self.tcp(&this)?.local_address()
    }

    fn remote_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        self.tcp(&this)?.remote_address()
    }

    fn is_listening(&mut self, this: Socket) -> Result<bool> {
        Ok(self.table.get(&this)?.state() == TcpState::Listening)
    }

    fn address_family(&mut self, this: Socket) -> Result<IpAddressFamily> {
        Ok(self.table.get(&this)?.family())
    }

    fn set_listen_backlog_size(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        self.tcp(&this)?.set(TcpOption::Backlog(value))
    }

    getters_and_setters! {
        tcp, ask, TcpOption;
        keep_alive_enabled, set_keep_alive_enabled: bool = call_keep_alive_enabled, KeepAlive;
        keep_alive_idle_time, set_keep_alive_idle_time: Duration = call_keep_alive_idle_time, KeepAliveIdle;
        keep_alive_interval, set_keep_alive_interval: Duration = call_keep_alive_interval, KeepAliveInterval;
        keep_alive_count, set_keep_alive_count: u32 = call_keep_alive_count, KeepAliveCount;
        hop_limit, set_hop_limit: u8 = call_hop_limit, HopLimit;
        receive_buffer_size, set_receive_buffer_size: u64 = call_receive_buffer_size, ReceiveBuffer;
        send_buffer_size, set_send_buffer_size: u64 = call_send_buffer_size, SendBuffer;
    }

    fn subscribe(&mut self, this: Socket) -> Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn shutdown(&mut self, this: Socket, shutdown_type: ShutdownType) -> SocketResult<()> {
        self.tcp(&this)?.shutdown(shutdown_type)
    }

    fn drop(&mut self, this: Socket) -> Result<()> {
        self.table.delete(this)?;
        self.network.kernel.reap();
        Ok(())
    }
}
