//! Addresses: those of the owner's family, the component's, and how one becomes the other.

use packetdrill::Errno;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use wnet::lab::exports::wasi::sockets::network::{
    IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};

/// What a socket was created as, and what the component's socket behind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// AF_INET.
    V4,
    /// AF_INET6 over IPv4, by mapped addresses: the component's sockets know none.
    Mapped,
    /// AF_INET6.
    V6,
}

impl Family {
    /// Whether the owner sees a socket of AF_INET6.
    pub(crate) fn is_v6(self) -> bool {
        self != Family::V4
    }

    /// The family of the component's socket.
    pub(super) fn inner(self) -> IpAddressFamily {
        if self == Family::V6 { IpAddressFamily::Ipv6 } else { IpAddressFamily::Ipv4 }
    }

    /// The address of none in particular.
    pub(super) fn unspecified(self) -> SocketAddr {
        match self {
            Family::V6 => (Ipv6Addr::UNSPECIFIED, 0).into(),
            Family::V4 | Family::Mapped => (Ipv4Addr::UNSPECIFIED, 0).into(),
        }
    }
}

/// The address behind one that a socket was given; `none`: it cannot be had.
pub(super) fn inner_address(family: Family, address: SocketAddr, none: Errno) -> Result<SocketAddr, Errno> {
    match (family, address) {
        (Family::V4, SocketAddr::V4(_)) => Ok(address),
        (Family::V6, SocketAddr::V6(v6)) if v6.ip().to_ipv4_mapped().is_none() => Ok(address),
        (Family::V6, SocketAddr::V6(_)) => Err(none),
        (Family::Mapped, SocketAddr::V6(v6)) if v6.ip().is_unspecified() => {
            Ok((Ipv4Addr::UNSPECIFIED, v6.port()).into())
        }
        (Family::Mapped, SocketAddr::V6(v6)) => {
            v6.ip().to_ipv4_mapped().map(|v4| (v4, v6.port()).into()).ok_or(none)
        }
        _ => Err(Errno::EAFNOSUPPORT),
    }
}

/// An address as its socket shows it.
pub(super) fn outer_address(family: Family, address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if family == Family::Mapped => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
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
