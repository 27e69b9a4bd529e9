//! Addresses: those of the owner's family, the component's, and how one becomes the other.

use packetdrill::Errno;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use wnet::lab::exports::wasi::sockets::network::{IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress};

/// The address behind one that a socket of AF_INET6 (`is_v6`) or AF_INET was given; `none`: there is no IPv6.
pub(super) fn inner_address(is_v6: bool, address: SocketAddr, none: Errno) -> Result<SocketAddr, Errno> {
    match (is_v6, address) {
        (false, SocketAddr::V4(_)) => Ok(address),
        (true, SocketAddr::V6(v6)) if v6.ip().is_unspecified() => {
            Ok((Ipv4Addr::UNSPECIFIED, v6.port()).into())
        }
        (true, SocketAddr::V6(v6)) => v6.ip().to_ipv4_mapped().map(|v4| (v4, v6.port()).into()).ok_or(none),
        _ => Err(Errno::EAFNOSUPPORT),
    }
}

/// An address as a socket of AF_INET6 (`is_v6`) or AF_INET shows it.
pub(super) fn outer_address(is_v6: bool, address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if is_v6 => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
        _ => address,
    }
}

/// An address as the component takes it.
pub(crate) fn wasi_address(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(v4) => {
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port: v4.port(), address: v4.ip().octets().into() })
        }
        SocketAddr::V6(v6) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: v6.port(),
            flow_info: v6.flowinfo(),
            address: v6.ip().segments().into(),
            scope_id: v6.scope_id(),
        }),
    }
}

/// An address as the component tells it.
pub(crate) fn socket_address(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(v4) => {
            let (a, b, c, d) = v4.address;
            (Ipv4Addr::new(a, b, c, d), v4.port).into()
        }
        IpSocketAddress::Ipv6(v6) => {
            let (a, b, c, d, e, f, g, h) = v6.address;
            (Ipv6Addr::new(a, b, c, d, e, f, g, h), v6.port).into()
        }
    }
}
