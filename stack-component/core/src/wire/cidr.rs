//! Address blocks of both versions (RFC 4632, RFC 4291 section 2.3).

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// An address with the length of its network prefix, such as `10.0.2.15/24` or `fd77::1/64`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpCidr {
    address: IpAddr,
    prefix_len: u8,
}

/// Bits of an address of this one's version: 32 or 128.
const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl IpCidr {
    /// All IPv4 addresses: `0.0.0.0/0`.
    pub const ALL_V4: IpCidr = IpCidr { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), prefix_len: 0 };

    /// All IPv6 addresses: `::/0`.
    pub const ALL_V6: IpCidr = IpCidr { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), prefix_len: 0 };

    /// The block; none if `prefix_len` is above the 32 or 128 bits of the address.
    pub const fn new(address: IpAddr, prefix_len: u8) -> Option<Self> {
        if prefix_len <= width(address) { Some(IpCidr { address, prefix_len }) } else { None }
    }

    /// The block of one address.
    pub const fn host(address: IpAddr) -> Self {
        IpCidr { address, prefix_len: width(address) }
    }

    /// All addresses of the version that `address` has.
    pub const fn all_like(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => IpCidr::ALL_V4,
            IpAddr::V6(_) => IpCidr::ALL_V6,
        }
    }

    /// The address as it was given, host bits included.
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// How many leading bits name the network, 0 to 32 or 128.
    pub const fn prefix_len(self) -> u8 {
        self.prefix_len
    }

    /// Whether these are IPv4 addresses.
    pub const fn is_ipv4(self) -> bool {
        self.address.is_ipv4()
    }

    /// Whether these are IPv6 addresses.
    pub const fn is_ipv6(self) -> bool {
        self.address.is_ipv6()
    }

    /// Whether it is one address alone.
    pub const fn is_host(self) -> bool {
        self.prefix_len == width(self.address)
    }

    /// The bits of the network prefix as a mask over the address, aligned to the right.
    const fn mask(self) -> u128 {
        let host_bits = (width(self.address) - self.prefix_len) as u32;
        match u128::MAX.checked_shl(host_bits) {
            Some(mask) => mask,
            None => 0,
        }
    }

    /// Whether `address` is of the same version and in the block.
    pub const fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(other)) => {
                (ours.to_bits() ^ other.to_bits()) & self.mask() as u32 == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(other)) => (ours.to_bits() ^ other.to_bits()) & self.mask() == 0,
            _ => false,
        }
    }

    /// The block without host bits.
    #[must_use]
    pub const fn network(self) -> IpCidr {
        let address = match self.address {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & self.mask() as u32)),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & self.mask())),
        };
        IpCidr { address, ..self }
    }

    /// The address of everybody in the network; none in IPv4 networks of one or two addresses (RFC 3021), and
    /// none with IPv6.
    pub const fn broadcast(self) -> Option<Ipv4Addr> {
        match self.address {
            IpAddr::V4(address) if self.prefix_len < 31 => {
                Some(Ipv4Addr::from_bits(address.to_bits() | !(self.mask() as u32)))
            }
            _ => None,
        }
    }
}

impl fmt::Display for IpCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

impl fmt::Debug for IpCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no address with a prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseCidrError;

impl fmt::Display for ParseCidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an address and a prefix length, such as 10.0.2.15/24 or fd77::1/64")
    }
}

impl core::error::Error for ParseCidrError {}

impl FromStr for IpCidr {
    type Err = ParseCidrError;

    fn from_str(text: &str) -> Result<Self, ParseCidrError> {
        let (address, len) = text.split_once('/').ok_or(ParseCidrError)?;
        let address = address.parse().map_err(|_| ParseCidrError)?;
        // u8's parser takes a sign, people's prefix lengths have none.
        if !len.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ParseCidrError);
        }
        let len = len.parse().map_err(|_| ParseCidrError)?;
        IpCidr::new(address, len).ok_or(ParseCidrError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn cidr(text: &str) -> IpCidr {
        text.parse().unwrap()
    }

    #[test]
    fn blocks_and_what_is_in_them() {
        let rows = [
            ("10.0.2.15/24", "10.0.2.0/24", "10.0.2.200", "10.0.3.1"),
            ("10.0.2.15/0", "0.0.0.0/0", "255.255.255.255", "::1"),
            ("10.0.2.15/32", "10.0.2.15/32", "10.0.2.15", "10.0.2.14"),
            ("fd77::15/64", "fd77::/64", "fd77::ffff", "fd77:0:0:1::1"),
            ("fd77::15/127", "fd77::14/127", "fd77::14", "fd77::16"),
            ("fd77::15/128", "fd77::15/128", "fd77::15", "fd77::14"),
            ("::/0", "::/0", "ff02::1", "0.0.0.0"),
        ];
        for (block, network, inside, outside) in rows {
            let block = cidr(block);
            assert_eq!(block.network().to_string(), network);
            assert!(block.contains(inside.parse().unwrap()), "{block} {inside}");
            assert!(!block.contains(outside.parse().unwrap()), "{block} {outside}");
        }
    }

    #[test]
    fn everybody_in_a_network() {
        let rows = [
            ("10.0.2.15/24", Some("10.0.2.255")),
            ("10.0.2.15/30", Some("10.0.2.15")),
            ("10.0.2.15/31", None),
            ("10.0.2.15/32", None),
            ("fd77::1/64", None),
        ];
        for (block, everybody) in rows {
            assert_eq!(cidr(block).broadcast(), everybody.map(|text| text.parse().unwrap()), "{block}");
        }
    }

    #[test]
    fn hosts_and_everything() {
        for address in ["10.0.2.15", "fd77::1"] {
            let address: IpAddr = address.parse().unwrap();
            assert!(IpCidr::host(address).is_host() && IpCidr::all_like(address).contains(address));
            assert_eq!(IpCidr::new(address, width(address) + 1), None);
        }
    }

    #[test]
    fn what_is_no_block() {
        for bad in [
            "",
            "10.0.2.15",
            "10.0.2/24",
            "10.0.2.15/33",
            "10.0.2.15/",
            "10.0.2.15/+4",
            "10.0.2.15/a",
            "::1/129",
            "::1%2/64",
        ] {
            assert_eq!(bad.parse::<IpCidr>(), Err(ParseCidrError), "{bad}");
        }
    }
}
