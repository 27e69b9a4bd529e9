//! Interface `ip-name-lookup`.

use super::addresses::wit_host;
use crate::Component;
use crate::bindings::exports::wasi::io::poll::Pollable;
use crate::bindings::exports::wasi::sockets::ip_name_lookup::{
    self, Guest, GuestResolveAddressStream, NetworkBorrow,
};
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddress};
use crate::entry::enter;
use crate::io::poll::subscribe;
use crate::state::Source;
use alloc::string::String;
use stack_core::names::{InvalidName, LookupHandle, NameError};

impl Guest for Component {
    type ResolveAddressStream = ResolveAddressStream;

    fn resolve_addresses(
        _: NetworkBorrow<'_>,
        name: String,
    ) -> Result<ip_name_lookup::ResolveAddressStream, ErrorCode> {
        let lookup = enter(|state, now| state.resolve(&name, now));
        let lookup = lookup.map_err(|InvalidName| ErrorCode::InvalidArgument)?;
        // Too many at a time: there will be room again.
        let lookup = lookup.ok_or(ErrorCode::TemporaryResolverFailure)?;
        Ok(ip_name_lookup::ResolveAddressStream::new(ResolveAddressStream(lookup)))
    }
}

/// Why a look-up found nothing.
pub(super) fn error_code(error: NameError) -> ErrorCode {
    match error {
        NameError::Unresolvable => ErrorCode::NameUnresolvable,
        NameError::Temporary => ErrorCode::TemporaryResolverFailure,
        NameError::Permanent => ErrorCode::PermanentResolverFailure,
        NameError::WouldBlock => ErrorCode::WouldBlock,
        NameError::Stale => ErrorCode::Unknown,
    }
}

/// A `resolve-address-stream`.
pub(crate) struct ResolveAddressStream(LookupHandle);

impl GuestResolveAddressStream for ResolveAddressStream {
    fn resolve_next_address(&self) -> Result<Option<IpAddress>, ErrorCode> {
        let next = enter(|state, _| state.resolve_next(self.0));
        next.map(|address| address.map(wit_host)).map_err(error_code)
    }

    fn subscribe(&self) -> Pollable {
        subscribe(Source::Lookup(self.0))
    }
}

impl Drop for ResolveAddressStream {
    fn drop(&mut self) {
        enter(|state, _| state.drop_lookup(self.0));
    }
}
