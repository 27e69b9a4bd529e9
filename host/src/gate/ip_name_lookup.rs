//! `wasi:sockets/ip-name-lookup`.

#![allow(unreachable_pub, reason = "the bindings re-export the types of resources")]

use super::allowed::ip_address;
use super::bindings::wasi::sockets::ip_name_lookup::{Host, HostResolveAddressStream};
use super::bindings::wasi::sockets::network::{ErrorCode, IpAddress};
use super::error::{SocketError, SocketResult};
use super::network::Network;
use super::quota::Slot;
use super::resource::{Interface, Stack, StackResource};
use super::{GateView, GuestNetwork, sizes};
use crate::kernel::bindings::exports::wasi::sockets::ip_name_lookup::Guest;
use crate::kernel::bindings::exports::wasi::sockets::network::ErrorCode as StackErrorCode;
use crate::kernel::exports;
use std::net::IpAddr;
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::component::{Resource, ResourceAny};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};

/// The interface of the stack.
pub struct Lookup;

/// The resource `resolve-address-stream`.
pub struct ResolveAddressStream {
    pub(super) stream: StackResource<Lookup>,
    /// What is looked up.
    name: String,
    _slot: Slot,
}

impl Interface for Lookup {
    type Guest = Guest;

    fn of(stack: &exports::Stack) -> Option<&Guest> {
        Some(stack.wasi_sockets_ip_name_lookup())
    }

    fn subscribe(guest: &Guest, stack: &mut Stack, stream: ResourceAny) -> Result<ResourceAny> {
        guest.resolve_address_stream().call_subscribe(stack, stream)
    }
}

/// What a guest is told of a look-up that was lost with the stack.
fn lost(how: crate::kernel::StackDied) -> SocketError {
    SocketError::died(how, ErrorCode::TemporaryResolverFailure)
}

impl ResolveAddressStream {
    fn next(&self) -> SocketResult<Option<IpAddress>> {
        let answer = self.stream.kernel.enter(|stack| {
            let Some(stream) = self.stream.handle(stack) else {
                return Ok(Err(StackErrorCode::TemporaryResolverFailure));
            };
            let lookup = stack.stack.wasi_sockets_ip_name_lookup().resolve_address_stream();
            lookup.call_resolve_next_address(&mut *stack.store, stream)
        });
        Ok(answer.map_err(lost)??.map(Into::into))
    }
}

impl GuestNetwork {
    /// Begins to look `name` up, if that is allowed.
    pub(super) fn look_up(&self, name: String) -> SocketResult<ResolveAddressStream> {
        sizes::name(&name)?;
        self.may_resolve(&name)?;
        let slot = self.quota.take_lookup()?;
        let stream = self.kernel.enter(|stack| {
            let network = stack.network()?;
            let lookup = stack.stack.wasi_sockets_ip_name_lookup();
            let stream = lookup.call_resolve_addresses(&mut *stack.store, network, &name)?;
            Ok(stream.map(|stream| stack.own(stream, None)))
        });
        let stream = StackResource::new(Arc::clone(&self.kernel), stream.map_err(lost)??);
        Ok(ResolveAddressStream { stream, name, _slot: slot })
    }

    /// The next address that the guest may be told.
    pub(super) fn next_address(&self, stream: &ResolveAddressStream) -> SocketResult<Option<IpAddress>> {
        while let Some(address) = stream.next()? {
            if is_mapped(ip_address(address)) {
                continue;
            }
            if self.policy.tells(&stream.name, ip_address(address)) {
                self.policy.learn(&stream.name, ip_address(address));
                return Ok(Some(address));
            }
        }
        Ok(None)
    }
}

/// Whether it is an IPv4 address in the form of IPv6, which wasi:sockets has no use for.
fn is_mapped(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some())
}

#[async_trait]
impl Pollable for ResolveAddressStream {
    async fn ready(&mut self) {
        self.stream.ready().await;
    }
}

impl Host for GateView<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> SocketResult<Resource<ResolveAddressStream>> {
        self.table.get(&network)?;
        Ok(self.table.push(self.network.look_up(name)?)?)
    }
}

impl HostResolveAddressStream for GateView<'_> {
    fn resolve_next_address(
        &mut self,
        this: Resource<ResolveAddressStream>,
    ) -> SocketResult<Option<IpAddress>> {
        let stream = self.table.get(&this)?;
        self.network.next_address(stream)
    }

    fn subscribe(&mut self, this: Resource<ResolveAddressStream>) -> Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Resource<ResolveAddressStream>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
