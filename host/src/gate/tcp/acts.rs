//! What guests do with TCP sockets that needs more than the socket: the policy and the quota, in both generations of
//! wasi:sockets.

use super::socket::TcpSocket;
use super::state::{Operation, TcpState};
use super::{TcpInput, TcpOutput};
use crate::gate::GuestNetwork;
use crate::gate::bindings::wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use crate::gate::error::SocketResult;
use crate::policy::Transport;

impl GuestNetwork {
    /// One more socket.
    pub(in crate::gate) fn create_tcp(&self, family: IpAddressFamily) -> SocketResult<TcpSocket> {
        let mut socket = TcpSocket::create(&self.kernel, &self.owner, self.quota.take()?, family)?;
        self.with_room(|| socket.reserve_buffers(&self.quota.buffers, &self.closed))?;
        Ok(socket)
    }

    /// Starts to bind, if anything from there is allowed.
    pub(in crate::gate) fn start_tcp_bind(
        &self,
        socket: &mut TcpSocket,
        local: IpSocketAddress,
    ) -> SocketResult<()> {
        socket.state().may_start(Operation::Bind)?;
        self.may_bind(socket.family(), local)?;
        socket.start_bind(local)
    }

    /// Starts to connect, if that is allowed.
    pub(in crate::gate) fn start_connect(
        &self,
        socket: &mut TcpSocket,
        remote: IpSocketAddress,
    ) -> SocketResult<()> {
        socket.state().may_start(Operation::Connect)?;
        self.may_send(Transport::Tcp, socket.family(), remote)?;
        socket.start_connect(remote, |stack, handle| {
            let network = stack.network()?;
            let tcp = stack.stack.wasi_sockets_tcp().tcp_socket();
            tcp.call_start_connect(&mut *stack.store, handle, network, remote.into())
        })
    }

    /// Starts to listen, if that is allowed where the socket is bound.
    pub(in crate::gate) fn start_listen(&self, socket: &mut TcpSocket) -> SocketResult<()> {
        socket.state().may_start(Operation::Listen)?;
        if let Some(local) = socket.asked() {
            self.may_hear(Transport::Tcp, local)?;
        }
        socket.start(Operation::Listen, |stack, handle| {
            stack.stack.wasi_sockets_tcp().tcp_socket().call_start_listen(&mut *stack.store, handle)
        })
    }

    /// Takes a connection from the accept queue.
    pub(in crate::gate) fn accept(
        &self,
        socket: &mut TcpSocket,
    ) -> SocketResult<(TcpSocket, TcpInput, TcpOutput)> {
        if socket.state() != TcpState::Listening {
            return Err(ErrorCode::InvalidState.into());
        }
        let slot = self.quota.take()?;
        self.with_room(|| socket.has_room_for_another())?;
        let (mut accepted, input, output) = socket.accept(slot)?;
        accepted.reserve_buffers(&self.quota.buffers, &self.closed)?;
        Ok((accepted, input, output))
    }
}
