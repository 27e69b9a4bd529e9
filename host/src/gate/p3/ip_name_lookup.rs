//! `wasi:sockets/ip-name-lookup`.

use super::bindings::wasi::sockets::ip_name_lookup::{HostWithStore, IpAddress};
use crate::gate::Gate;
use crate::gate::bindings::wasi::sockets::network::ErrorCode as Code;
use crate::gate::error::{SocketError, SocketResult};
use wasmtime::component::Accessor;
use wasmtime_wasi_io::poll::Pollable;

impl<T: Send> HostWithStore<T> for Gate {
    async fn resolve_addresses(store: &Accessor<T, Self>, name: String) -> SocketResult<Vec<IpAddress>> {
        let mut stream = store.with(|mut store| store.get().network.look_up(name))?;
        let mut addresses = Vec::new();
        loop {
            match store.with(|mut store| store.get().network.next_address(&stream)) {
                Ok(Some(address)) => addresses.push(address.into()),
                Err(SocketError::Code(Code::WouldBlock)) => stream.ready().await,
                Err(error) if addresses.is_empty() => return Err(error),
                Ok(None) | Err(SocketError::Code(_)) => break,
                Err(error @ SocketError::Trap(_)) => return Err(error),
            }
        }
        if addresses.is_empty() { Err(Code::NameUnresolvable.into()) } else { Ok(addresses) }
    }
}
