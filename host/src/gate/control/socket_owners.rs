//! `wnet:stack/socket-owners`, which the host answers alone.

use super::{GateHost, define};
use crate::kernel::OwnedSocket;
use crate::kernel::bindings::exports::wasi::sockets::network::IpSocketAddress;
use crate::kernel::bindings::exports::wnet::stack::sockets::SocketProtocol;
use wasmtime::Result;
use wasmtime::component::{ComponentType, Linker, Lower};

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/socket-owners@0.1.0";

/// The record `socket-owner`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct SocketOwner {
    protocol: SocketProtocol,
    local: IpSocketAddress,
    remote: Option<IpSocketAddress>,
    name: String,
    guest: u32,
    number: u32,
}

/// Defines the interface.
pub(super) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut owners = linker.instance(INTERFACE)?;
    define(&mut owners, "owners", |kernel, (): ()| {
        let owner = |((guest, number), socket): ((u32, u32), OwnedSocket)| {
            let OwnedSocket { name, protocol, local, remote } = socket;
            Some(SocketOwner { protocol, local: local?, remote, name: name.to_string(), guest, number })
        };
        Ok(kernel.owners().all().into_iter().filter_map(owner).collect::<Vec<_>>())
    })
}
