//! The address family of a socket, and which addresses it takes.

use core::net::{IpAddr, SocketAddr};
use stack_core::socket::SocketError;
use stack_core::wire::address::is_limited_broadcast;

/// Which version of IP a socket speaks, for all its life: IPv6 sockets are V6ONLY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// `AF_INET`.
    V4,
    /// `AF_INET6`.
    V6,
}

impl Family {
    /// The address if a TCP socket of this family may have it, or talk to it: of the same version, no IPv4-mapped
    /// one, no group's and not everybody's.
    pub(super) fn unicast(self, address: SocketAddr) -> Result<SocketAddr, SocketError> {
        let fits = match address.ip() {
            IpAddr::V4(_) => self == Family::V4,
            IpAddr::V6(ip) => self == Family::V6 && ip.to_ipv4_mapped().is_none(),
        };
        let ip = address.ip();
        if fits && !ip.is_multicast() && !is_limited_broadcast(ip) {
            Ok(address)
        } else {
            Err(SocketError::InvalidArgument)
        }
    }
}
