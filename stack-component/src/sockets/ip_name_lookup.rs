//! Interface `ip-name-lookup`: no resolver yet, so no stream of addresses can exist.

use crate::Component;
use crate::bindings::exports::wasi::io::poll::Pollable;
use crate::bindings::exports::wasi::sockets::ip_name_lookup::{
    self, Guest, GuestResolveAddressStream, NetworkBorrow,
};
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddress};
use alloc::string::String;

impl Guest for Component {
    type ResolveAddressStream = ResolveAddressStream;

    fn resolve_addresses(
        _: NetworkBorrow<'_>,
        _: String,
    ) -> Result<ip_name_lookup::ResolveAddressStream, ErrorCode> {
        Err(ErrorCode::NotSupported)
    }
}

/// A `resolve-address-stream`.
pub(crate) enum ResolveAddressStream {}

impl GuestResolveAddressStream for ResolveAddressStream {
    fn resolve_next_address(&self) -> Result<Option<IpAddress>, ErrorCode> {
        match *self {}
    }

    fn subscribe(&self) -> Pollable {
        match *self {}
    }
}
