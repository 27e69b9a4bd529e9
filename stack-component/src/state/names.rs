//! Look-ups of names.

use super::State;
use core::net::IpAddr;
use stack_core::names::{InvalidName, LookupHandle, NameError};
use stack_core::stack::SocketHandle;
use stack_core::time::Instant;

impl State {
    /// Starts to look a host up; none if too many are looked up already.
    pub(crate) fn resolve(&mut self, host: &str, now: Instant) -> Result<Option<LookupHandle>, InvalidName> {
        let lookup = self.stack.resolve(host, now)?;
        lookup.into_iter().for_each(|lookup| self.add_plain(SocketHandle::Lookup(lookup)));
        Ok(lookup)
    }

    /// Starts to look for the host of an address; none if too many are looked up already.
    pub(crate) fn resolve_host(&mut self, address: IpAddr, now: Instant) -> Option<LookupHandle> {
        let lookup = self.stack.resolve_host(address, now);
        lookup.into_iter().for_each(|lookup| self.add_plain(SocketHandle::Lookup(lookup)));
        lookup
    }

    /// The next address, none behind the last.
    pub(crate) fn resolve_next(&mut self, lookup: LookupHandle) -> Result<Option<IpAddr>, NameError> {
        self.stack.resolve_next(lookup)
    }

    /// Gives a look-up up.
    pub(crate) fn drop_lookup(&mut self, lookup: LookupHandle) {
        self.forget_plain(SocketHandle::Lookup(lookup));
        self.stack.resolve_forget(lookup);
    }
}
