//! The gate: `wasi:sockets` for guests, by way of the stack's exports. What a system call is elsewhere.
//!
//! One file or folder for each interface, functions in the order of the WIT. All state is per guest: its
//! handles are in its own resource table, what it owns in the stack goes when they do. A guest's call enters
//! the stack, which is a plain call under the big lock, and returns; only [`ready`] waits, on the host's
//! side.
//!
//! The stack serves many guests and must not be made to trap by one of them. So the gate checks what the
//! standard answers with a trap, and traps the guest: permits, the order in which parents and children are
//! dropped, old datagram streams. It bounds the [sizes] of what goes in, asks the [policy](crate::policy), runs one
//! operation at a time on a socket, and counts sockets.
//!
//! When the stack died and was started again, connections are told connection-reset, look-ups
//! temporary-resolver-failure; listeners and bound sockets are made again, with their options and addresses,
//! by the first call or wait that touches them.

mod allowed;
mod answer;
mod bindings;
mod buffers;
mod closed;
pub(crate) mod control;
mod convert;
mod error;
mod grants;
mod instance_network;
pub(crate) mod interrupt;
mod ip_name_lookup;
mod network;
mod options;
pub(crate) mod p3;
pub(crate) mod packet;
mod permit;
mod plain;
mod quota;
pub(crate) mod raw;
pub(crate) mod raw_groups;
mod ready;
mod resource;
pub(crate) mod reverse_names;
mod sizes;
pub(crate) mod tcp;
mod tcp_create_socket;
pub(crate) mod udp;
mod udp_create_socket;

pub use grants::{Grant, Grants};
pub use interrupt::Interrupt;
pub(crate) use permit::Permit;
pub use quota::Limits;

use crate::kernel::{Kernel, Owner};
use crate::policy::Policy;
use closed::Closed;
use quota::Quota;
use std::any::Any;
use std::sync::Arc;
use tcp::TcpSocket;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime::{Result, StoreContextMut};

/// A guest's network: what it has of it beside the handles in its table.
pub(crate) struct GuestNetwork {
    kernel: Arc<Kernel>,
    quota: Quota,
    closed: Closed,
    grants: Grants,
    interrupt: Interrupt,
    owner: Arc<Owner>,
    policy: Arc<Policy>,
    /// Connections of WASI 0.3, which may outlive their handles in the table.
    shared: p3::SharedSockets,
}

impl GuestNetwork {
    /// A guest called `name` without sockets on this kernel's stack.
    pub(crate) fn new(
        kernel: Arc<Kernel>,
        name: &str,
        grants: Grants,
        interrupt: Interrupt,
        policy: Arc<Policy>,
        limits: Limits,
    ) -> Self {
        let owner = kernel.owners().guest(name);
        GuestNetwork {
            owner,
            kernel,
            quota: Quota::new(limits),
            closed: Closed::default(),
            grants,
            interrupt,
            policy,
            shared: p3::SharedSockets::default(),
        }
    }
}

impl Drop for GuestNetwork {
    /// The guest is gone, its table before it: its sockets are closed now, as Linux closes a process's.
    fn drop(&mut self) {
        self.kernel.reap();
    }
}

/// What the gate's functions work on.
pub(crate) struct GateView<'a> {
    /// The guest's resources.
    pub(crate) table: &'a mut ResourceTable,
    /// The guest's network.
    pub(crate) network: &'a mut GuestNetwork,
}

impl GateView<'_> {
    /// The guest has ended: what it has still is closed, and nothing of it shut down before (Linux: `exit_files`).
    pub(crate) fn leave(&self) {
        self.network.shared.leave();
    }

    /// The guest trapped: its peers are to know that this was no orderly end. A stack that has no
    /// `wnet:stack/abort` closes the sockets like any others, when the table goes.
    pub(crate) fn reset_connections(&mut self) {
        let sockets =
            self.table.iter_mut().filter_map(|entry| (entry as &dyn Any).downcast_ref::<TcpSocket>());
        let shared = self.network.shared.iter().map(|shared| shared.lock().handle());
        let handles: Vec<_> = sockets.map(TcpSocket::handle).chain(shared).collect();
        if let Err(error) = self.network.kernel.abort_tcp(&handles) {
            tracing::debug!("while connections were reset: {error}");
        }
    }
}

/// A guest's data that has a network in it.
pub(crate) trait GateHost: Send + 'static {
    /// Borrows what the gate needs.
    fn gate(&mut self) -> GateView<'_>;
}

struct Gate;

impl HasData for Gate {
    type Data<'a> = GateView<'a>;
}

/// Defines the seven interfaces of wasi:sockets, and `wnet:stack/socket-options` and `wnet:stack/groups`.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    use bindings::wasi::sockets as interface;
    interface::network::add_to_linker::<T, Gate>(linker, T::gate)?;
    interface::instance_network::add_to_linker::<T, Gate>(linker, T::gate)?;
    interface::ip_name_lookup::add_to_linker::<T, Gate>(linker, T::gate)?;
    interface::tcp::add_to_linker::<T, Gate>(linker, T::gate)?;
    interface::tcp_create_socket::add_to_linker::<T, Gate>(linker, T::gate)?;
    interface::udp::add_to_linker::<T, Gate>(linker, T::gate)?;
    interface::udp_create_socket::add_to_linker::<T, Gate>(linker, T::gate)?;
    tcp::socket_options::add_to_linker(linker)?;
    udp::groups::add_to_linker(linker)?;
    // Unstable, so it is not in the WIT that stacks are built with; guests may have it.
    linker.instance("wasi:sockets/network@0.2.12")?.func_wrap(
        "network-error-code",
        |mut store: StoreContextMut<'_, T>, (error,): (Resource<wasmtime::Error>,)| {
            let view = store.data_mut().gate();
            Ok((network::error_code(view.table.get(&error)?),))
        },
    )
}
