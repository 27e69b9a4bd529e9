//! `wnet:stack/sockets`.

use super::{GateHost, ask, define};
use crate::kernel::bindings::exports::wnet::stack::sockets::{Socket, SocketProtocols};
use crate::kernel::exports::Stack;
use wasmtime::Result;
use wasmtime::component::Linker;

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/sockets@0.1.0";

/// Defines the interface.
pub(super) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut sockets = linker.instance(INTERFACE)?;
    define(&mut sockets, "sockets", |kernel, (protocols, start, max): (SocketProtocols, u32, u32)| {
        let all =
            ask(kernel, Stack::sockets, |sockets, store| sockets.call_sockets(store, protocols, start, max))?;
        Ok::<Vec<Socket>, _>(all.unwrap_or_default())
    })
}
