//! `wnet:stack/reverse-names`, for every guest that may look names up.

use super::error::{SocketError, SocketResult};
use super::plain::{Plain, Sockets, define, define_resource};
use super::resource::{Interface, Stack, StackResource};
use super::{GateHost, GateView};
use crate::kernel::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddress};
use crate::kernel::bindings::exports::wnet::stack::reverse_names::Guest;
use crate::kernel::exports;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::component::{Linker, ResourceAny};

/// The interface's name.
pub(crate) const INTERFACE: &str = "wnet:stack/reverse-names@0.1.0";

/// `reverse-names` of the stack.
pub(super) struct ReverseNames;

impl Interface for ReverseNames {
    type Guest = Guest;

    fn of(stack: &exports::Stack) -> Option<&Guest> {
        stack.reverse_names()
    }

    fn subscribe(guest: &Guest, stack: &mut Stack, lookup: ResourceAny) -> Result<ResourceAny> {
        guest.host_lookup().call_subscribe(stack, lookup)
    }
}

impl Sockets for ReverseNames {
    const RESOURCE: &'static str = "host-lookup";
}

/// Defines the interface.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut names = linker.instance(INTERFACE)?;
    let names = &mut names;
    define_resource::<ReverseNames, T>(names)?;
    define(names, "look-up", |gate, (address,): (IpAddress,)| gate.look_host_up(address))?;
    define(names, "[method]host-lookup.name", |gate, (lookup,): (Plain<ReverseNames>,)| {
        gate.ask_plain(&lookup, |names, stack, handle| names.host_lookup().call_name(stack, handle))
    })
}

impl GateView<'_> {
    /// Begins to look for a host, if the guest may look up the name that its address is asked for by.
    fn look_host_up(&mut self, address: IpAddress) -> SocketResult<Plain<ReverseNames>> {
        self.network.may_resolve(&written(address))?;
        let slot = self.network.quota.take_lookup()?;
        let kernel = Arc::clone(&self.network.kernel);
        let lookup = kernel.enter(|entered| {
            let Some(names) = entered.stack.reverse_names() else {
                return Ok(Err(ErrorCode::NotSupported));
            };
            let lookup = names.call_look_up(&mut *entered.store, address)?;
            Ok(lookup.map(|lookup| entered.own(lookup, None)))
        });
        let lost = |how| SocketError::died(how, ErrorCode::TemporaryResolverFailure.into());
        let lookup = lookup.map_err(lost)??;
        Ok(self.table.push(StackResource::new(kernel, lookup).taking(slot))?)
    }
}

/// The name that writes an address (RFC 1035 section 3.5, RFC 3596 section 2.5), as rules know it.
fn written(address: IpAddress) -> String {
    let (digits, domain): (Vec<String>, _) = match address {
        IpAddress::Ipv4((a, b, c, d)) => {
            (Ipv4Addr::new(a, b, c, d).octets().map(|octet| octet.to_string()).into(), "in-addr.arpa")
        }
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => {
            let bits = Ipv6Addr::new(a, b, c, d, e, f, g, h).to_bits();
            (format!("{bits:032x}").chars().map(String::from).collect(), "ip6.arpa")
        }
    };
    digits.into_iter().rev().chain([domain.to_owned()]).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_names() {
        assert_eq!(written(IpAddress::Ipv4((192, 0, 2, 7))), "7.2.0.192.in-addr.arpa");
        let v6 = written(IpAddress::Ipv6((0xfd77, 0, 0, 0, 0, 0, 0, 9)));
        assert_eq!(v6, format!("9.{}7.7.d.f.ip6.arpa", "0.".repeat(27)));
    }
}
