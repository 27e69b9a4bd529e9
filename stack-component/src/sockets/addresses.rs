//! Addresses: the WIT's and the core's.

use crate::bindings::exports::wasi::sockets::network::{
    IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use crate::state::Family;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use stack_core::wire::address::{scope_of, socket_address};

/// The core's form of a socket address; its flow label is left out, its scope id stays where one means something.
pub(crate) fn core(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }) => {
            SocketAddr::new(host(IpAddress::Ipv4(address)), port)
        }
        IpSocketAddress::Ipv6(Ipv6SocketAddress { port, address, scope_id, .. }) => {
            socket_address(host(IpAddress::Ipv6(address)), port, scope_id)
        }
    }
}

/// The core's form of an address without a port.
pub(crate) fn host(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => Ipv4Addr::new(a, b, c, d).into(),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => Ipv6Addr::new(a, b, c, d, e, f, g, h).into(),
    }
}

/// The WIT's form of an address.
pub(crate) fn wit(address: SocketAddr) -> IpSocketAddress {
    let port = address.port();
    match address.ip() {
        IpAddr::V4(ip) => IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: ip.octets().into() }),
        IpAddr::V6(ip) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port,
            flow_info: 0,
            address: ip.segments().into(),
            scope_id: scope_of(address).unwrap_or(0),
        }),
    }
}

/// The WIT's form of an address without a port.
pub(crate) fn wit_host(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(ip) => IpAddress::Ipv4(ip.octets().into()),
        IpAddr::V6(ip) => IpAddress::Ipv6(ip.segments().into()),
    }
}

/// The state's form of a family.
pub(super) fn family(family: IpAddressFamily) -> Family {
    match family {
        IpAddressFamily::Ipv4 => Family::V4,
        IpAddressFamily::Ipv6 => Family::V6,
    }
}

/// The WIT's form of a family.
pub(super) fn wit_family(family: Family) -> IpAddressFamily {
    match family {
        Family::V4 => IpAddressFamily::Ipv4,
        Family::V6 => IpAddressFamily::Ipv6,
    }
}
