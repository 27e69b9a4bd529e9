//! What the layers ask of an address, whichever version it has.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use core::ops::Deref;

/// The bytes of an address in network order: 4 or 16.
#[derive(Clone, Copy, Debug)]
pub struct Octets {
    bytes: [u8; 16],
    len: usize,
}

impl Octets {
    /// The bytes of `address`.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => {
                let mut bytes = [0; 16];
                bytes[..4].copy_from_slice(&address.octets());
                Octets { bytes, len: 4 }
            }
            IpAddr::V6(address) => Octets { bytes: address.octets(), len: 16 },
        }
    }
}

impl Deref for Octets {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Bytes of an IP header without options or extensions for packets to `address`: 20 or 40.
pub const fn header_len(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 20,
        IpAddr::V6(_) => 40,
    }
}

/// The address that means none in particular, of the version that `address` has.
pub const fn unspecified_like(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// Whether it is the limited broadcast address; networks' own ones are known to the routes.
pub const fn is_limited_broadcast(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(Ipv4Addr::BROADCAST))
}

/// Whether it means something on one link only, so that an IPv6 socket address of it has a scope id (RFC 4007
/// section 6). Linux: `__ipv6_addr_needs_scope_id`.
pub const fn needs_scope(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => {
            let [first, second, ..] = address.octets();
            let link_local_group = first == 0xff && matches!(second & 0xf, 1 | 2);
            address.is_unicast_link_local() || link_local_group
        }
    }
}

/// The socket address of `address` and `port` as it is known here: with `scope`, the number of the device, where
/// the address needs one and with 0 elsewhere, so that equal ends are equal values.
pub const fn socket_address(address: IpAddr, port: u16, scope: u32) -> SocketAddr {
    match address {
        IpAddr::V6(ip) if needs_scope(address) => SocketAddr::V6(SocketAddrV6::new(ip, port, 0, scope)),
        _ => SocketAddr::new(address, port),
    }
}

/// The number of the device that a socket address is bound to by its scope id.
pub const fn scope_of(address: SocketAddr) -> Option<u32> {
    match address {
        SocketAddr::V6(v6) if v6.scope_id() != 0 => Some(v6.scope_id()),
        _ => None,
    }
}

/// As [`socket_address`] makes it: without flow label, and without a scope id where none belongs.
pub const fn canonical(address: SocketAddr) -> SocketAddr {
    let scope = match scope_of(address) {
        Some(scope) => scope,
        None => 0,
    };
    socket_address(address.ip(), address.port(), scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_lengths() {
        assert_eq!(&*Octets::of("192.0.2.1".parse().unwrap()), [192, 0, 2, 1]);
        assert_eq!(Octets::of("fd77::1".parse().unwrap()).len(), 16);
        assert_eq!(header_len("192.0.2.1".parse().unwrap()), 20);
        assert_eq!(header_len("fd77::1".parse().unwrap()), 40);
    }

    #[test]
    fn only_link_local_ones_keep_a_scope() {
        let rows = [
            ("[fe80::1%2]:80", Some(2)),
            ("[ff02::fb%2]:80", Some(2)),
            ("[ff01::1%2]:80", Some(2)),
            ("[fd77::1%2]:80", None),
            ("[ff05::1%2]:80", None),
            ("[::1%2]:80", None),
            ("192.0.2.1:80", None),
        ];
        for (text, scope) in rows {
            let address = canonical(text.parse().unwrap());
            assert_eq!((scope_of(address), address.port()), (scope, 80), "{text}");
        }
    }
}
