//! `wnet:stack/socket-options`: what a guest can do with its own TCP sockets beyond wasi:sockets.
//!
//! The stack's own types are passed through: the interface is the same on both sides. A guest names its sockets by
//! its own handles, so that it reaches no others.

use super::super::answer::StackAnswer;
use super::state::Operation;
use super::{Socket, TcpState};
use crate::gate::buffers::Reserved;
use crate::gate::error::{SocketError, SocketResult};
use crate::gate::network::Network;
use crate::gate::plain::define;
use crate::gate::resource::Stack;
use crate::gate::{GateHost, GateView, sizes};
use crate::kernel::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddress, IpSocketAddress};
use crate::kernel::bindings::exports::wnet::stack::socket_options::{
    self, BpfInstruction, SendFlags, TcpOption, TcpState as ConnectionState,
};
use crate::policy::Transport;
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceAny};
use wasmtime::{Result, StoreContextMut};

/// The interface's name.
pub(crate) const INTERFACE: &str = "wnet:stack/socket-options@0.1.0";

/// Most bytes of one look at what waits to be read: they are copied twice.
const MAX_PEEK: u64 = 1024 * 1024;

/// Defines the interface.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut options = linker.instance(INTERFACE)?;
    let options = &mut options;
    define(options, "set", |gate, (socket, value): (Socket, TcpOption)| gate.set_option(&socket, value))?;
    define(options, "get", |gate, (socket,): (Socket,)| {
        gate.ask_options(&socket, |options, stack, handle| options.call_get(stack, handle))
    })?;
    options.func_wrap("state", |mut store: StoreContextMut<'_, T>, (socket,): (Socket,)| {
        Ok((store.data_mut().gate().connection_state(&socket)?,))
    })?;
    define(options, "info", |gate, (socket,): (Socket,)| {
        gate.ask_options(&socket, |options, stack, handle| options.call_info(stack, handle))
    })?;
    define(options, "congestion-info", |gate, (socket,): (Socket,)| {
        gate.ask_options(&socket, |options, stack, handle| options.call_congestion_info(stack, handle))
    })?;
    define(options, "saved-syn", |gate, (socket,): (Socket,)| {
        gate.ask_options(&socket, |options, stack, handle| options.call_saved_syn(stack, handle))
    })?;
    define_data(options)?;
    define_protection(options)
}

/// The functions about data.
fn define_data<T: GateHost>(options: &mut LinkerInstance<'_, T>) -> Result<()> {
    define(options, "peek", |gate, (socket, max): (Socket, u64)| {
        let max = max.min(MAX_PEEK);
        gate.ask_options(&socket, |options, stack, handle| options.call_peek(stack, handle, max))
    })?;
    define(options, "send", |gate, (socket, data, flags): (Socket, Vec<u8>, SendFlags)| {
        let piece = sizes::piece(&data);
        let whole = piece.len() == data.len();
        // As the stack has it: they wait for the call that hands in the rest.
        let flags = if whole { flags } else { SendFlags { more: false, end_of_record: false } };
        gate.ask_options(&socket, |options, stack, handle| options.call_send(stack, handle, piece, flags))
    })?;
    define(options, "take-error", |gate, (socket,): (Socket,)| {
        gate.ask_options(&socket, |options, stack, handle| options.call_take_error(stack, handle))
    })?;
    define(options, "queued-input", |gate, (socket,): (Socket,)| {
        gate.ask_options(&socket, |options, stack, handle| options.call_queued_input(stack, handle))
    })?;
    define(options, "unacknowledged", |gate, (socket,): (Socket,)| {
        gate.ask_options(&socket, |options, stack, handle| options.call_unacknowledged(stack, handle))
    })?;
    define(options, "unsent", |gate, (socket,): (Socket,)| {
        gate.ask_options(&socket, |options, stack, handle| options.call_unsent(stack, handle))
    })?;
    type Connect = (Socket, Resource<Network>, IpSocketAddress, Vec<u8>);
    define(options, "connect-with-data", |gate, (socket, network, remote, data): Connect| {
        gate.connect_with_data(&socket, &network, remote, sizes::piece(&data))
    })
}

/// The functions about keys and filters.
fn define_protection<T: GateHost>(options: &mut LinkerInstance<'_, T>) -> Result<()> {
    define(options, "add-md5-key", |gate, (socket, peer, prefix, key): (Socket, IpAddress, u8, Vec<u8>)| {
        sizes::argument(&key)?;
        gate.ask_options(&socket, |options, stack, handle| {
            options.call_add_md5_key(stack, handle, peer, prefix, &key)
        })?;
        gate.tcp(&socket)?.extras.remember_key(peer, prefix, key);
        Ok(())
    })?;
    define(options, "remove-md5-key", |gate, (socket, peer, prefix): (Socket, IpAddress, u8)| {
        gate.ask_options(&socket, |options, stack, handle| {
            options.call_remove_md5_key(stack, handle, peer, prefix)
        })?;
        gate.tcp(&socket)?.extras.forget_key(peer, prefix);
        Ok(())
    })?;
    define(options, "attach-filter", |gate, (socket, program): (Socket, Vec<BpfInstruction>)| {
        sizes::argument(&program)?;
        gate.ask_options(&socket, |options, stack, handle| {
            options.call_attach_filter(stack, handle, &program)
        })?;
        gate.tcp(&socket)?.extras.remember_filter(Some(program));
        Ok(())
    })?;
    define(options, "detach-filter", |gate, (socket,): (Socket,)| {
        gate.ask_options(&socket, |options, stack, handle| options.call_detach_filter(stack, handle))?;
        gate.tcp(&socket)?.extras.remember_filter(None);
        Ok(())
    })?;
    define(options, "lock-filter", |gate, (socket,): (Socket,)| {
        gate.ask_options(&socket, |options, stack, handle| options.call_lock_filter(stack, handle))?;
        gate.tcp(&socket)?.extras.lock_filter();
        Ok(())
    })
}

impl GateView<'_> {
    /// Asks the stack about a socket; `not-supported` if it has no such interface.
    fn ask_options<R>(
        &mut self,
        socket: &Socket,
        f: impl FnOnce(&socket_options::Guest, &mut Stack, ResourceAny) -> StackAnswer<R>,
    ) -> SocketResult<R> {
        self.tcp(socket)?.call(|entered, handle| {
            let stack = entered.stack;
            match stack.socket_options() {
                Some(options) => f(options, &mut *entered.store, handle),
                None => Ok(Err(ErrorCode::NotSupported)),
            }
        })
    }

    fn set_option(&mut self, socket: &Socket, value: TcpOption) -> SocketResult<()> {
        if is_privileged(&value) && !self.network.grants.control {
            return Err(ErrorCode::AccessDenied.into());
        }
        match &value {
            TcpOption::Congestion(name) | TcpOption::BindToDevice(name) => sizes::argument(name.as_bytes())?,
            TcpOption::FastopenKey(key) => sizes::argument(key)?,
            _ => {}
        }
        let value = match self.tcp(socket)?.reserved() {
            Some(reserved) => within(value, reserved),
            None => value,
        };
        self.ask_options(socket, |options, stack, handle| options.call_set(stack, handle, &value))?;
        self.tcp(socket)?.extras.remember(value);
        self.tcp(socket)?.count_buffers()
    }

    /// A socket that died with its stack is closed.
    fn connection_state(&mut self, socket: &Socket) -> Result<ConnectionState> {
        let state =
            self.ask_options(socket, |options, stack, handle| Ok(Ok(options.call_state(stack, handle)?)));
        match state {
            Ok(state) => Ok(state),
            Err(SocketError::Code(_)) => Ok(ConnectionState::Close),
            Err(SocketError::Trap(error)) => Err(error),
        }
    }

    fn connect_with_data(
        &mut self,
        socket: &Socket,
        network: &Resource<Network>,
        remote: IpSocketAddress,
        data: &[u8],
    ) -> SocketResult<u64> {
        self.table.get(network)?;
        self.tcp(socket)?.state().may_start(Operation::Connect)?;
        let family = self.tcp(socket)?.family();
        self.network.may_send(Transport::Tcp, family, remote.into())?;
        let mut taken = 0;
        self.tcp(socket)?.start_connect(remote.into(), |entered, handle| {
            let network = entered.network()?;
            let stack = entered.stack;
            let Some(options) = stack.socket_options() else { return Ok(Err(ErrorCode::NotSupported)) };
            let answer =
                options.call_connect_with_data(&mut *entered.store, handle, network, remote, data)?;
            Ok(answer.map(|count| taken = count))
        })?;
        debug_assert_eq!(self.tcp(socket)?.state(), TcpState::Connecting);
        Ok(taken)
    }
}

/// The option as far as the guest's buffers allow it. The stack doubles what is asked for.
fn within(option: TcpOption, reserved: &Reserved) -> TcpOption {
    let at_most = |size: u32, largest: u64| size.min(u32::try_from(largest / 2).unwrap_or(u32::MAX));
    match option {
        TcpOption::Rcvbuf(size) => TcpOption::Rcvbuf(at_most(size, reserved.largest_receive())),
        TcpOption::Sndbuf(size) => TcpOption::Sndbuf(at_most(size, reserved.largest_send())),
        option => option,
    }
}

/// What only guests with a grant may set. Linux: CAP_NET_ADMIN.
fn is_privileged(option: &TcpOption) -> bool {
    matches!(option, TcpOption::Mark(_) | TcpOption::RcvbufForce(_) | TcpOption::SndbufForce(_))
}
