//! Addresses of sockets.

use super::bindings::wasi::sockets::types::{
    IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};

/// The loopback addresses.
pub(crate) const LOOPBACK: [IpAddressFamily; 2] = [IpAddressFamily::Ipv4, IpAddressFamily::Ipv6];

/// The loopback address of a family, or the unspecified one.
pub(crate) fn at(family: IpAddressFamily, host: u8, port: u16) -> IpSocketAddress {
    let first = if host == 0 { 0 } else { 127 };
    match family {
        IpAddressFamily::Ipv4 => {
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (first, 0, 0, host) })
        }
        IpAddressFamily::Ipv6 => ipv6((0, 0, 0, 0, 0, 0, 0, u16::from(host)), port),
    }
}

/// An address that is nobody's here.
pub(crate) fn elsewhere(family: IpAddressFamily) -> IpSocketAddress {
    match family {
        IpAddressFamily::Ipv4 => {
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 0, address: (192, 0, 2, 1) })
        }
        IpAddressFamily::Ipv6 => ipv6((0xfd00, 0, 0, 0, 0, 0, 0, 1), 0),
    }
}

/// A port of a group's.
pub(crate) fn group(family: IpAddressFamily, port: u16) -> IpSocketAddress {
    match family {
        IpAddressFamily::Ipv4 => IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (224, 254, 0, 1) }),
        IpAddressFamily::Ipv6 => ipv6((0xff14, 0, 0, 0, 0, 0, 0, 0xfe01), port),
    }
}

/// A port of the IPv4 loopback address, written as one of IPv6.
pub(crate) fn mapped(port: u16) -> IpSocketAddress {
    ipv6((0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), port)
}

fn ipv6(address: (u16, u16, u16, u16, u16, u16, u16, u16), port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info: 0, address, scope_id: 0 })
}

/// The other family.
pub(crate) fn other(family: IpAddressFamily) -> IpAddressFamily {
    if family == IpAddressFamily::Ipv4 { IpAddressFamily::Ipv6 } else { IpAddressFamily::Ipv4 }
}

pub(crate) fn port(address: IpSocketAddress) -> u16 {
    match address {
        IpSocketAddress::Ipv4(v4) => v4.port,
        IpSocketAddress::Ipv6(v6) => v6.port,
    }
}
