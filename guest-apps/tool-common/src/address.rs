//! Addresses: the interfaces', the standard library's, and how they are written.

use crate::bindings::wasi::sockets::network::{IpAddress, IpSocketAddress};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// The standard library's form of an address.
pub fn ip(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => Ipv4Addr::new(a, b, c, d).into(),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => Ipv6Addr::new(a, b, c, d, e, f, g, h).into(),
    }
}

/// The interfaces' form of an address.
pub fn wit(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(address) => IpAddress::Ipv4(address.octets().into()),
        IpAddr::V6(address) => IpAddress::Ipv6(address.segments().into()),
    }
}

/// The standard library's form of a socket address, whose scope id is a device's number.
pub fn socket(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(v4) => SocketAddr::new(ip(IpAddress::Ipv4(v4.address)), v4.port),
        IpSocketAddress::Ipv6(v6) => match ip(IpAddress::Ipv6(v6.address)) {
            IpAddr::V6(address) => SocketAddrV6::new(address, v6.port, 0, v6.scope_id).into(),
            IpAddr::V4(address) => SocketAddr::new(address.into(), v6.port),
        },
    }
}

/// An address with the length of its prefix in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The address, host bits included.
    pub address: IpAddr,
    /// 0 to 32, or to 128.
    pub len: u8,
}

impl Prefix {
    /// `10.0.0.1/24`; without a slash all bits count. iproute2: `get_prefix`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, len) = match text.split_once('/') {
            Some((address, len)) => (address, Some(len)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = bits(address);
        let len = len.map_or(Some(most), |len| len.parse().ok()).filter(|len| *len <= most)?;
        Some(Prefix { address, len })
    }

    /// Whether an address is within.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.len)).unwrap_or(0);
                (network.to_bits() ^ address.to_bits()) & mask == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.len)).unwrap_or(0);
                (network.to_bits() ^ address.to_bits()) & mask == 0
            }
            _ => false,
        }
    }
}

/// How many bits an address has.
pub fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// A station address as it is written; nothing for none.
pub fn link_address(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}

/// The station address that a text says: six hexadecimal numbers with colons between them.
pub fn parse_link_address(text: &str) -> Option<Vec<u8>> {
    let bytes: Option<Vec<u8>> = text.split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    bytes.filter(|bytes| bytes.len() == 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_read_and_contain() {
        for (text, inside, expected) in [
            ("10.0.0.1/24", "10.0.0.255", Some(true)),
            ("10.0.0.1/24", "10.0.1.0", Some(false)),
            ("10.0.0.1", "10.0.0.1", Some(true)),
            ("0.0.0.0/0", "9.9.9.9", Some(true)),
            ("::/0", "fd00::1", Some(true)),
            ("fd00::/8", "10.0.0.1", Some(false)),
            ("10.0.0.1/33", "10.0.0.1", None),
            ("10.0.0/24", "10.0.0.1", None),
            ("", "10.0.0.1", None),
        ] {
            let contains = Prefix::parse(text).map(|prefix| prefix.contains(inside.parse().unwrap()));
            assert_eq!(contains, expected, "{text} {inside}");
        }
    }

    #[test]
    fn station_addresses_are_read_and_written() {
        let bytes = parse_link_address("02:0:0:ff:00:1").unwrap();
        assert_eq!(link_address(&bytes), "02:00:00:ff:00:01");
        for bad in ["", "02:00", "zz:00:00:00:00:00", "02:00:00:00:00:00:00", "102:00:00:00:00:00"] {
            assert_eq!(parse_link_address(bad), None, "{bad}");
        }
    }
}
