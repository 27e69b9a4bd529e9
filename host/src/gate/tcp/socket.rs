//! A guest's TCP socket: the stack's socket, and what is needed to make it again.

use super::super::answer::{StackAnswer, answered};
use super::ask;
use super::extras::Extras;
use super::options::TcpOption;
use super::state::{Operation, TcpState};
use super::stream::StreamHandle;
use super::{input_stream::TcpInput, output_stream::TcpOutput};
use crate::gate::bindings::wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use crate::gate::bindings::wasi::sockets::tcp::ShutdownType;
use crate::gate::buffers::Reserved;
use crate::gate::error::{SocketError, SocketResult};
use crate::gate::options::Remembered;
use crate::gate::quota::Slot;
use crate::gate::ready::{Readiness, Watched, ready};
use crate::kernel::bindings::exports::wasi::sockets::network::ErrorCode as StackErrorCode;
use crate::kernel::bindings::exports::wnet::stack::sockets::SocketProtocol;
use crate::kernel::{Entered, Kernel, Owned, Owner, Ownership};
use std::sync::Arc;
use wasmtime::component::ResourceAny;
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::poll::Pollable;

/// The resource `tcp-socket`.
pub struct TcpSocket {
    kernel: Arc<Kernel>,
    family: IpAddressFamily,
    state: TcpState,
    handle: Arc<Owned>,
    /// While binding, the address asked for; from then on, the one that the socket has.
    local: Option<IpSocketAddress>,
    remote: Option<IpSocketAddress>,
    /// What the guest wanted to be bound to.
    asked: Option<IpSocketAddress>,
    pub(super) options: Remembered<TcpOption>,
    /// What was set beyond wasi:sockets.
    pub(super) extras: Extras,
    readiness: Readiness,
    ownership: Ownership,
    /// What its buffers take of the guest's; none where that is not limited.
    pub(super) reserved: Option<Reserved>,
    _slot: Slot,
}

/// A connection of the stack's, with owners for all its handles.
pub(super) struct Connection {
    socket: Arc<Owned>,
    input: Arc<Owned>,
    output: Arc<Owned>,
    local: Option<IpSocketAddress>,
    remote: Option<IpSocketAddress>,
}

impl Connection {
    /// Asks for the addresses now, in the same entry: a guest that has a connection may rely on its having
    /// them, whatever becomes of the stack.
    fn new(
        stack: &mut Entered<'_>,
        (socket, handle): (Arc<Owned>, ResourceAny),
        (input, output): (ResourceAny, ResourceAny),
    ) -> wasmtime::Result<Self> {
        let input = stack.own(input, Some(&socket));
        let output = stack.own(output, Some(&socket));
        let tcp = stack.stack.wasi_sockets_tcp().tcp_socket();
        let local = tcp.call_local_address(&mut *stack.store, handle)?.ok().map(Into::into);
        let remote = tcp.call_remote_address(&mut *stack.store, handle)?.ok().map(Into::into);
        Ok(Connection { socket, input, output, local, remote })
    }
}

impl TcpSocket {
    /// Creates a socket in the stack.
    pub(in crate::gate) fn create(
        kernel: &Arc<Kernel>,
        owner: &Arc<Owner>,
        slot: Slot,
        family: IpAddressFamily,
    ) -> SocketResult<Self> {
        let created = kernel.enter(|stack| create(stack, family));
        let (handle, _) = created.map_err(|how| SocketError::died(how, ErrorCode::Unknown))??;
        let accounts = (owner.takes(SocketProtocol::Tcp), slot);
        Ok(Self::new(kernel, accounts, (family, TcpState::Unbound), handle))
    }

    fn new(
        kernel: &Arc<Kernel>,
        (ownership, slot): (Ownership, Slot),
        (family, state): (IpAddressFamily, TcpState),
        handle: Arc<Owned>,
    ) -> Self {
        TcpSocket {
            kernel: Arc::clone(kernel),
            family,
            state,
            handle,
            local: None,
            remote: None,
            asked: None,
            options: Remembered::default(),
            extras: Extras::default(),
            readiness: Readiness::default(),
            ownership,
            reserved: None,
            _slot: slot,
        }
    }

    /// Has the socket's addresses, which have changed, known to who asks whose it is.
    fn tell_owner(&self) {
        self.ownership.tell(self.local.map(Into::into), self.remote.map(Into::into));
    }

    /// The stack's handle, for as long as somebody wants to keep it.
    pub(in crate::gate) fn handle(&self) -> Arc<Owned> {
        Arc::clone(&self.handle)
    }

    pub(in crate::gate) fn family(&self) -> IpAddressFamily {
        self.family
    }

    pub(in crate::gate) fn state(&self) -> TcpState {
        self.state
    }

    /// What the guest wanted to be bound to, in which port 0 is any.
    pub(super) fn asked(&self) -> Option<IpSocketAddress> {
        self.asked
    }

    /// Calls the stack with the socket's handle. A socket whose stack died is made again first, if it is not
    /// a connection.
    pub(in crate::gate) fn call<T>(
        &mut self,
        f: impl FnOnce(&mut Entered<'_>, ResourceAny) -> StackAnswer<T>,
    ) -> SocketResult<T> {
        let kernel = Arc::clone(&self.kernel);
        let answer = kernel.enter(|stack| match self.current(stack)? {
            Ok(handle) => f(stack, handle),
            Err(code) => Ok(Err(code)),
        });
        Ok(answer.map_err(|how| SocketError::died(how, self.code_of_death()))??)
    }

    /// What a guest is told when the stack died under an operation on this socket.
    fn code_of_death(&self) -> ErrorCode {
        match self.state {
            TcpState::Listening => ErrorCode::WouldBlock,
            state if state.is_connection() => ErrorCode::ConnectionReset,
            _ => ErrorCode::Unknown,
        }
    }

    /// Starts an operation that `f` starts in the stack.
    pub(super) fn start(
        &mut self,
        operation: Operation,
        f: impl FnOnce(&mut Entered<'_>, ResourceAny) -> StackAnswer<()>,
    ) -> SocketResult<()> {
        self.state.may_start(operation)?;
        self.call(f)?;
        self.state = TcpState::started(operation);
        Ok(())
    }

    /// Finishes an operation that `f` finishes in the stack.
    pub(super) fn finish<T>(
        &mut self,
        operation: Operation,
        f: impl FnOnce(&mut Entered<'_>, ResourceAny) -> StackAnswer<T>,
    ) -> SocketResult<T> {
        self.state.may_finish(operation)?;
        let result = self.call(f);
        match &result {
            Ok(_) => self.state = TcpState::finished(operation),
            Err(SocketError::Code(ErrorCode::WouldBlock)) => {}
            Err(_) => self.state = TcpState::failed(operation),
        }
        result
    }

    pub(in crate::gate) fn start_bind(&mut self, address: IpSocketAddress) -> SocketResult<()> {
        self.start(Operation::Bind, |stack, handle| {
            let network = stack.network()?;
            let tcp = stack.stack.wasi_sockets_tcp().tcp_socket();
            tcp.call_start_bind(&mut *stack.store, handle, network, address.into())
        })?;
        (self.local, self.asked) = (Some(address), Some(address));
        Ok(())
    }

    pub(in crate::gate) fn finish_bind(&mut self) -> SocketResult<()> {
        let bound = self.finish(Operation::Bind, |stack, handle| {
            let tcp = stack.stack.wasi_sockets_tcp().tcp_socket();
            answered!(tcp.call_finish_bind(&mut *stack.store, handle));
            Ok(Ok(tcp.call_local_address(&mut *stack.store, handle)?.ok()))
        })?;
        if let Some(address) = bound {
            self.local = Some(address.into());
        }
        self.tell_owner();
        Ok(())
    }

    pub(in crate::gate) fn finish_listen(&mut self) -> SocketResult<()> {
        self.finish(Operation::Listen, |stack, handle| {
            stack.stack.wasi_sockets_tcp().tcp_socket().call_finish_listen(&mut *stack.store, handle)
        })
    }

    pub(in crate::gate) fn finish_connect(&mut self) -> SocketResult<(TcpInput, TcpOutput)> {
        let socket = Arc::clone(&self.handle);
        let connection = self.finish(Operation::Connect, |stack, handle| {
            let tcp = stack.stack.wasi_sockets_tcp().tcp_socket();
            let streams = answered!(tcp.call_finish_connect(&mut *stack.store, handle));
            Connection::new(stack, (socket, handle), streams).map(Ok)
        })?;
        self.local = connection.local;
        self.remote = connection.remote;
        self.tell_owner();
        Ok(self.streams(&connection))
    }

    /// Ends an attempt to connect, if one runs. A stack without `wnet:stack/abort` goes on until the socket goes.
    pub(in crate::gate) fn give_up_connecting(&mut self) {
        if self.state != TcpState::Connecting {
            return;
        }
        self.state = TcpState::Closed;
        let given_up = self.kernel.enter(|stack| match stack.get(&self.handle) {
            Some(handle) => stack.abort_tcp(handle),
            None => Ok(()),
        });
        if let Err(error) = given_up {
            tracing::debug!("while an attempt to connect was given up: {error}");
        }
    }

    /// Takes a connection from the accept queue, for this place. The caller made sure that this socket listens.
    pub(super) fn accept(&mut self, slot: Slot) -> SocketResult<(TcpSocket, TcpInput, TcpOutput)> {
        let connection = self.call(|stack, handle| {
            let tcp = stack.stack.wasi_sockets_tcp().tcp_socket();
            let (accepted, input, output) = answered!(tcp.call_accept(&mut *stack.store, handle));
            let socket = stack.own(accepted, None);
            Connection::new(stack, (socket, accepted), (input, output)).map(Ok)
        })?;
        let (input, output) = self.streams(&connection);
        let Connection { socket, local, remote, .. } = connection;
        let accounts = (self.ownership.another(), slot);
        let mut accepted = Self::new(&self.kernel, accounts, (self.family, TcpState::Connected), socket);
        (accepted.local, accepted.remote) = (local, remote);
        accepted.tell_owner();
        Ok((accepted, input, output))
    }

    fn streams(&self, connection: &Connection) -> (TcpInput, TcpOutput) {
        let handle = |owned: &Arc<Owned>| StreamHandle::new(Arc::clone(&self.kernel), Arc::clone(owned));
        (TcpInput::new(handle(&connection.input)), TcpOutput::new(handle(&connection.output)))
    }

    /// Where it is bound: in every state from bound on.
    pub(in crate::gate) fn local_address(&mut self) -> SocketResult<IpSocketAddress> {
        match (self.state, self.local) {
            (TcpState::Unbound, _) => Err(ErrorCode::InvalidState.into()),
            (TcpState::Bound | TcpState::Listening | TcpState::Connected, Some(address)) => Ok(address),
            _ => ask!(self, call_local_address).map(Into::into),
        }
    }

    /// Whom it is connected to.
    pub(in crate::gate) fn remote_address(&mut self) -> SocketResult<IpSocketAddress> {
        match (self.state, self.remote) {
            (TcpState::Connected, Some(address)) => Ok(address),
            _ => ask!(self, call_remote_address).map(Into::into),
        }
    }

    /// Ends one direction of a connection, or both.
    pub(in crate::gate) fn shutdown(&mut self, how: ShutdownType) -> SocketResult<()> {
        if self.state != TcpState::Connected {
            return Err(ErrorCode::InvalidState.into());
        }
        self.call(|stack, handle| {
            let tcp = stack.stack.wasi_sockets_tcp().tcp_socket();
            tcp.call_shutdown(&mut *stack.store, handle, how.into())
        })
    }

    /// The stack's handle for this socket, in this life of the stack.
    fn current(&mut self, stack: &mut Entered<'_>) -> StackAnswer<ResourceAny> {
        if let Some(handle) = stack.get(&self.handle) {
            return Ok(Ok(handle));
        }
        let lost = if self.state.is_connection() {
            StackErrorCode::ConnectionReset
        } else {
            StackErrorCode::InvalidState
        };
        if self.state.is_connection() || self.state == TcpState::Closed {
            self.state = TcpState::Closed;
            return Ok(Err(lost));
        }
        let remade = self.make_again(stack)?;
        if let Err(code) = remade {
            tracing::warn!("a socket could not be made again after the stack died: {}", code.name());
            self.state = TcpState::Closed;
        }
        Ok(remade)
    }

    /// Makes the socket again as it was: its options, its address, and that it listens.
    fn make_again(&mut self, stack: &mut Entered<'_>) -> StackAnswer<ResourceAny> {
        let (owned, handle) = answered!(create(stack, self.family));
        self.handle = owned;
        for option in self.options.iter() {
            answered!(option.set(stack, handle));
        }
        answered!(self.extras.apply(stack, handle));
        let Some(local) = self.local.filter(|_| self.state != TcpState::Unbound) else {
            return Ok(Ok(handle));
        };
        let network = stack.network()?;
        let tcp = stack.stack.wasi_sockets_tcp().tcp_socket();
        answered!(tcp.call_start_bind(&mut *stack.store, handle, network, local.into()));
        if matches!(self.state, TcpState::Bound | TcpState::StartingToListen | TcpState::Listening) {
            answered!(tcp.call_finish_bind(&mut *stack.store, handle));
        }
        if matches!(self.state, TcpState::StartingToListen | TcpState::Listening) {
            answered!(tcp.call_start_listen(&mut *stack.store, handle));
        }
        if self.state == TcpState::Listening {
            answered!(tcp.call_finish_listen(&mut *stack.store, handle));
        }
        Ok(Ok(handle))
    }
}

/// Creates a socket in the stack.
fn create(stack: &mut Entered<'_>, family: IpAddressFamily) -> StackAnswer<(Arc<Owned>, ResourceAny)> {
    let interface = stack.stack.wasi_sockets_tcp_create_socket();
    let handle = answered!(interface.call_create_tcp_socket(&mut *stack.store, family.into()));
    Ok(Ok((stack.own(handle, None), handle)))
}

impl Watched for TcpSocket {
    fn readiness(&mut self) -> &mut Readiness {
        &mut self.readiness
    }

    fn kernel(&self) -> Arc<Kernel> {
        Arc::clone(&self.kernel)
    }

    fn is_ready_anyway(&self) -> bool {
        !self.state.can_wait()
    }

    fn look(&mut self, stack: &mut Entered<'_>) -> wasmtime::Result<bool> {
        let Ok(handle) = self.current(stack)? else { return Ok(true) };
        self.readiness.check(stack, &self.handle, |stack| {
            stack.stack.wasi_sockets_tcp().tcp_socket().call_subscribe(&mut *stack.store, handle)
        })
    }
}

#[async_trait]
impl Pollable for TcpSocket {
    async fn ready(&mut self) {
        ready(self).await;
    }
}
