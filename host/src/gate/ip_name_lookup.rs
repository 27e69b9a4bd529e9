//! `wasi:sockets/ip-name-lookup`.

#![allow(unreachable_pub, reason = "the bindings re-export the types of resources")]

use super::GateView;
use super::allowed::ip_address;
use super::bindings::wasi::sockets::ip_name_lookup::{Host, HostResolveAddressStream};
use super::bindings::wasi::sockets::network::{ErrorCode, IpAddress};
use super::error::{SocketError, SocketResult};
use super::network::Network;
use super::ready::{Readiness, Watched, ready};
use crate::kernel::bindings::exports::wasi::sockets::network::ErrorCode as StackErrorCode;
use crate::kernel::{Entered, Kernel, Owned};
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};

/// The resource `resolve-address-stream`.
pub struct ResolveAddressStream {
    kernel: Arc<Kernel>,
    name: String,
    stream: Arc<Owned>,
    readiness: Readiness,
}

/// What a guest is told of a look-up that was lost with the stack.
fn lost(how: crate::kernel::StackDied) -> SocketError {
    SocketError::died(how, ErrorCode::TemporaryResolverFailure)
}

impl ResolveAddressStream {
    fn next(&self) -> SocketResult<Option<IpAddress>> {
        let answer = self.kernel.enter(|stack| {
            let Some(stream) = stack.get(&self.stream) else {
                return Ok(Err(StackErrorCode::TemporaryResolverFailure));
            };
            let lookup = stack.stack.wasi_sockets_ip_name_lookup().resolve_address_stream();
            lookup.call_resolve_next_address(&mut *stack.store, stream)
        });
        Ok(answer.map_err(lost)??.map(Into::into))
    }
}

impl Host for GateView<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> SocketResult<Resource<ResolveAddressStream>> {
        self.table.get(&network)?;
        self.may_resolve(&name)?;
        let stream = self.network.kernel.enter(|stack| {
            let network = stack.network()?;
            let lookup = stack.stack.wasi_sockets_ip_name_lookup();
            let stream = lookup.call_resolve_addresses(&mut *stack.store, network, &name)?;
            Ok(stream.map(|stream| stack.own(stream, None)))
        });
        let kernel = Arc::clone(&self.network.kernel);
        let stream = stream.map_err(lost)??;
        Ok(self.table.push(ResolveAddressStream { kernel, name, stream, readiness: Readiness::default() })?)
    }
}

impl HostResolveAddressStream for GateView<'_> {
    fn resolve_next_address(
        &mut self,
        this: Resource<ResolveAddressStream>,
    ) -> SocketResult<Option<IpAddress>> {
        let stream = self.table.get(&this)?;
        let policy = &self.network.policy;
        loop {
            let Some(address) = stream.next()? else { return Ok(None) };
            if policy.tells(&stream.name, ip_address(address)) {
                policy.learn(&stream.name, ip_address(address));
                return Ok(Some(address));
            }
        }
    }

    fn subscribe(&mut self, this: Resource<ResolveAddressStream>) -> Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Resource<ResolveAddressStream>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl Watched for ResolveAddressStream {
    fn readiness(&mut self) -> &mut Readiness {
        &mut self.readiness
    }

    fn kernel(&self) -> Arc<Kernel> {
        Arc::clone(&self.kernel)
    }

    fn look(&mut self, stack: &mut Entered<'_>) -> Result<bool> {
        let Some(stream) = stack.get(&self.stream) else { return Ok(true) };
        self.readiness.check(stack, &self.stream, |stack| {
            let lookup = stack.stack.wasi_sockets_ip_name_lookup().resolve_address_stream();
            lookup.call_subscribe(&mut *stack.store, stream)
        })
    }
}

#[async_trait]
impl Pollable for ResolveAddressStream {
    async fn ready(&mut self) {
        ready(self).await;
    }
}
