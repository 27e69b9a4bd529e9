//! Interface `wnet:stack/reverse-names`.

use super::addresses::host;
use super::ip_name_lookup::error_code;
use crate::Component;
use crate::bindings::exports::wasi::io::poll::Pollable;
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddress};
use crate::bindings::exports::wnet::stack::reverse_names::{self, Guest, GuestHostLookup};
use crate::entry::enter;
use crate::io::poll::subscribe;
use crate::state::Source;
use alloc::string::{String, ToString};
use stack_core::names::LookupHandle;

impl Guest for Component {
    type HostLookup = HostLookup;

    fn look_up(address: IpAddress) -> Result<reverse_names::HostLookup, ErrorCode> {
        let lookup = enter(|state, now| state.resolve_host(host(address), now));
        // Too many at a time: there will be room again.
        let lookup = lookup.ok_or(ErrorCode::TemporaryResolverFailure)?;
        Ok(reverse_names::HostLookup::new(HostLookup(lookup)))
    }
}

/// A `host-lookup`.
pub(crate) struct HostLookup(LookupHandle);

impl GuestHostLookup for HostLookup {
    fn name(&self) -> Result<String, ErrorCode> {
        enter(|state, _| state.stack.resolved_host(self.0).map(ToString::to_string)).map_err(error_code)
    }

    fn subscribe(&self) -> Pollable {
        subscribe(Source::Lookup(self.0))
    }
}

impl Drop for HostLookup {
    fn drop(&mut self) {
        enter(|state, _| state.drop_lookup(self.0));
    }
}
