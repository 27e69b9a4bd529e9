//! `wasi:sockets` 0.3 for guests, over the same sockets, look-ups, policy and quota as 0.2.
//!
//! What 0.2 has in two steps is one step here, and what it waits for with pollables are futures and streams. A
//! connection is shared by its `tcp-socket` and its two streams, and is closed when the last of them is dropped.
//! Waiting is given up without loss: data, datagrams and connections are taken from the stack when the guest is
//! there to get them, and not before.

mod bindings;
mod connections;
mod convert;
pub(crate) mod handle;
mod ip_name_lookup;
mod received;
mod sending;
mod shared;
mod tcp;
pub(crate) mod udp;

pub(crate) use shared::SharedSockets;

use super::{Gate, GateHost};
use wasmtime::Result;
use wasmtime::component::Linker;

/// Defines the two interfaces of wasi:sockets 0.3.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    use bindings::wasi::sockets as interface;
    interface::types::add_to_linker::<T, Gate>(linker, T::gate)?;
    interface::ip_name_lookup::add_to_linker::<T, Gate>(linker, T::gate)
}
