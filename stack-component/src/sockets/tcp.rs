//! Interface `tcp`.

use super::addresses::{self, wit, wit_family};
use super::errors::run;
use crate::Component;
use crate::bindings::exports::wasi::io::poll::Pollable;
use crate::bindings::exports::wasi::io::streams;
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use crate::bindings::exports::wasi::sockets::tcp::{
    self, Duration, Guest, GuestTcpSocket, NetworkBorrow, ShutdownType,
};
use crate::entry::enter;
use crate::io::poll::subscribe;
use crate::io::streams::{InputStream, OutputStream};
use crate::state::Source;
use stack_core::tcp::{Shutdown, TcpHandle, TcpOption, TcpOptions};
use stack_core::time;

impl Guest for Component {
    type TcpSocket = TcpSocket;
}

/// A `tcp-socket`.
pub(crate) struct TcpSocket(TcpHandle);

impl GuestTcpSocket for TcpSocket {
    fn start_bind(&self, _: NetworkBorrow<'_>, local_address: IpSocketAddress) -> Result<(), ErrorCode> {
        run(|state, _| state.start_bind(self.0, addresses::core(local_address)))
    }

    fn finish_bind(&self) -> Result<(), ErrorCode> {
        run(|state, _| state.finish_bind(self.0))
    }

    fn start_connect(&self, _: NetworkBorrow<'_>, remote_address: IpSocketAddress) -> Result<(), ErrorCode> {
        run(|state, now| state.start_connect(self.0, addresses::core(remote_address), now))
    }

    fn finish_connect(&self) -> Result<(streams::InputStream, streams::OutputStream), ErrorCode> {
        run(|state, _| state.finish_connect(self.0))?;
        Ok(streams_of(self.0))
    }

    fn start_listen(&self) -> Result<(), ErrorCode> {
        run(|state, _| state.start_listen(self.0))
    }

    fn finish_listen(&self) -> Result<(), ErrorCode> {
        run(|state, _| state.finish_listen(self.0))
    }

    fn accept(&self) -> Result<(tcp::TcpSocket, streams::InputStream, streams::OutputStream), ErrorCode> {
        let accepted = run(|state, _| state.accept(self.0))?;
        let (input, output) = streams_of(accepted);
        Ok((tcp::TcpSocket::new(TcpSocket(accepted)), input, output))
    }

    fn local_address(&self) -> Result<IpSocketAddress, ErrorCode> {
        run(|state, _| state.local_address(self.0)).map(wit)
    }

    fn remote_address(&self) -> Result<IpSocketAddress, ErrorCode> {
        run(|state, _| state.remote_address(self.0)).map(wit)
    }

    fn is_listening(&self) -> bool {
        enter(|state, _| state.is_listening(self.0))
    }

    fn address_family(&self) -> IpAddressFamily {
        enter(|state, _| wit_family(state.family(self.0)))
    }

    fn set_listen_backlog_size(&self, value: u64) -> Result<(), ErrorCode> {
        run(|state, _| state.set_listen_backlog_size(self.0, value))
    }

    fn keep_alive_enabled(&self) -> Result<bool, ErrorCode> {
        self.get(|options| options.keep_alive)
    }

    fn set_keep_alive_enabled(&self, value: bool) -> Result<(), ErrorCode> {
        self.set(TcpOption::KeepAlive(value))
    }

    fn keep_alive_idle_time(&self) -> Result<Duration, ErrorCode> {
        self.get(|options| nanos(options.keep_alive_idle))
    }

    fn set_keep_alive_idle_time(&self, value: Duration) -> Result<(), ErrorCode> {
        self.set(TcpOption::KeepAliveIdle(time::Duration::from_nanos(value)))
    }

    fn keep_alive_interval(&self) -> Result<Duration, ErrorCode> {
        self.get(|options| nanos(options.keep_alive_interval))
    }

    fn set_keep_alive_interval(&self, value: Duration) -> Result<(), ErrorCode> {
        self.set(TcpOption::KeepAliveInterval(time::Duration::from_nanos(value)))
    }

    fn keep_alive_count(&self) -> Result<u32, ErrorCode> {
        self.get(|options| options.keep_alive_count)
    }

    fn set_keep_alive_count(&self, value: u32) -> Result<(), ErrorCode> {
        self.set(TcpOption::KeepAliveCount(value))
    }

    fn hop_limit(&self) -> Result<u8, ErrorCode> {
        run(|state, _| state.hop_limit(self.0))
    }

    fn set_hop_limit(&self, value: u8) -> Result<(), ErrorCode> {
        self.set(TcpOption::HopLimit(value))
    }

    fn receive_buffer_size(&self) -> Result<u64, ErrorCode> {
        self.get(|options| options.receive_buffer.into())
    }

    fn set_receive_buffer_size(&self, value: u64) -> Result<(), ErrorCode> {
        self.set(TcpOption::ReceiveBuffer(value))
    }

    fn send_buffer_size(&self) -> Result<u64, ErrorCode> {
        self.get(|options| options.send_buffer.into())
    }

    fn set_send_buffer_size(&self, value: u64) -> Result<(), ErrorCode> {
        self.set(TcpOption::SendBuffer(value))
    }

    fn subscribe(&self) -> Pollable {
        subscribe(Source::Socket(self.0))
    }

    fn shutdown(&self, shutdown_type: ShutdownType) -> Result<(), ErrorCode> {
        let how = match shutdown_type {
            ShutdownType::Receive => Shutdown::Receive,
            ShutdownType::Send => Shutdown::Send,
            ShutdownType::Both => Shutdown::Both,
        };
        run(|state, now| state.shutdown(self.0, how, now))
    }
}

impl TcpSocket {
    /// The resource that stands for a new socket.
    pub(super) fn of(handle: TcpHandle) -> Self {
        TcpSocket(handle)
    }

    pub(crate) fn handle(&self) -> TcpHandle {
        self.0
    }

    fn get<R>(&self, read: impl FnOnce(&TcpOptions) -> R) -> Result<R, ErrorCode> {
        run(|state, _| state.option(self.0, read))
    }

    fn set(&self, option: TcpOption) -> Result<(), ErrorCode> {
        run(|state, _| state.set_option(self.0, option))
    }
}

impl Drop for TcpSocket {
    fn drop(&mut self) {
        enter(|state, now| state.release(self.0, now));
    }
}

/// The resources of a connected socket's streams, which the state has counted as owners already.
fn streams_of(handle: TcpHandle) -> (streams::InputStream, streams::OutputStream) {
    (streams::InputStream::new(InputStream(handle)), streams::OutputStream::new(OutputStream(handle)))
}

pub(super) fn nanos(duration: time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
