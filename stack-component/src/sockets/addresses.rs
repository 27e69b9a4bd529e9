//! Addresses: the WIT's and the core's.

use crate::bindings::exports::wasi::sockets::network::{IpAddress, IpSocketAddress, Ipv4SocketAddress};
use core::net::{Ipv4Addr, SocketAddrV4};

/// The core's form of an IPv4 address; none for one of the other family.
pub(super) fn v4(address: IpSocketAddress) -> Option<SocketAddrV4> {
    match address {
        IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (a, b, c, d) }) => {
            Some(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port))
        }
        IpSocketAddress::Ipv6(_) => None,
    }
}

/// The core's form of an IPv4 address without a port; none for one of the other family.
pub(super) fn v4_host(address: IpAddress) -> Option<Ipv4Addr> {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => Some(Ipv4Addr::new(a, b, c, d)),
        IpAddress::Ipv6(_) => None,
    }
}

/// The WIT's form of an address.
pub(super) fn wit(address: SocketAddrV4) -> IpSocketAddress {
    let [a, b, c, d] = address.ip().octets();
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port: address.port(), address: (a, b, c, d) })
}
