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
    /// The address if a socket of this family may have it: of the same version, no IPv4-mapped one.
    pub(super) fn own_version(self, address: SocketAddr) -> Result<SocketAddr, SocketError> {
        let fits = match address.ip() {
            IpAddr::V4(_) => self == Family::V4,
            IpAddr::V6(ip) => self == Family::V6 && ip.to_ipv4_mapped().is_none(),
        };
        if fits { Ok(address) } else { Err(SocketError::InvalidArgument) }
    }

    /// The address if datagrams may go to it: a host's, a group's or everybody's, with a port.
    pub(super) fn peer(self, address: SocketAddr) -> Result<SocketAddr, SocketError> {
        if address.ip().is_unspecified() || address.port() == 0 {
            return Err(SocketError::InvalidArgument);
        }
        self.own_version(address)
    }

    /// The address if a TCP socket of this family may have it, or talk to it: of the same version, no IPv4-mapped
    /// one, no group's and not everybody's.
    pub(super) fn unicast(self, address: SocketAddr) -> Result<SocketAddr, SocketError> {
        let ip = self.own_version(address)?.ip();
        let to_one = !ip.is_multicast() && !is_limited_broadcast(ip);
        if to_one { Ok(address) } else { Err(SocketError::InvalidArgument) }
    }
}
