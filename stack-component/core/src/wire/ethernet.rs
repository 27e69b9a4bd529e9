//! Ethernet II frames (IEEE 802.3 section 3).

use super::{Malformed, get_u16, put_u16};
use core::fmt;

/// Bytes of a header: two addresses and a type.
pub const HEADER_LEN: usize = 14;

/// Bytes of the shortest frame, frame check sequence not counted. Linux: `ETH_ZLEN`.
pub const MIN_FRAME: usize = 60;

/// A 48-bit IEEE 802 address.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    /// The address of everybody.
    pub const BROADCAST: MacAddress = MacAddress([0xff; 6]);

    /// Whether it names a group (the I/G bit is set); true of the broadcast address too.
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 != 0
    }

    /// Whether it is the address of everybody.
    pub fn is_broadcast(self) -> bool {
        self == Self::BROADCAST
    }

    /// Whether it can be one station's address: no group, not all zeros. Linux: `is_valid_ether_addr`.
    pub fn is_unicast(self) -> bool {
        !self.is_multicast() && self.0 != [0; 6]
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a frame carries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EtherType(pub u16);

impl EtherType {
    /// RFC 894.
    pub const IPV4: EtherType = EtherType(0x0800);
    /// RFC 826.
    pub const ARP: EtherType = EtherType(0x0806);
    /// IEEE 802.1Q: a tag follows.
    pub const VLAN: EtherType = EtherType(0x8100);
    /// RFC 2464.
    pub const IPV6: EtherType = EtherType(0x86dd);

    /// Whether the field is an IEEE 802.3 length, not a type.
    pub const fn is_length(self) -> bool {
        self.0 < 0x600
    }
}

impl fmt::Debug for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}

/// A checked view of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    fixed: &'a [u8; HEADER_LEN],
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    /// Checks that `bytes` are long enough for a header.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (fixed, payload) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        Ok(Header { fixed, payload })
    }

    /// The station, group or everybody it is for.
    pub const fn destination(&self) -> MacAddress {
        let [a, b, c, d, e, f, ..] = *self.fixed;
        MacAddress([a, b, c, d, e, f])
    }

    /// The station it comes from.
    pub const fn source(&self) -> MacAddress {
        let [_, _, _, _, _, _, a, b, c, d, e, f, ..] = *self.fixed;
        MacAddress([a, b, c, d, e, f])
    }

    /// What it carries.
    pub const fn ether_type(&self) -> EtherType {
        EtherType(get_u16(self.fixed, 12))
    }

    /// What follows the header, padding included.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// As `tcpdump -e` writes it.
impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} > {}, ethertype {:?}", self.source(), self.destination(), self.ether_type())
    }
}

/// The values of a header, to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The station, group or everybody it is for.
    pub destination: MacAddress,
    /// The station it comes from.
    pub source: MacAddress,
    /// What it carries.
    pub ether_type: EtherType,
}

impl Fields {
    /// Writes the header.
    ///
    /// # Panics
    ///
    /// If `header` is shorter than [`HEADER_LEN`].
    pub fn emit(&self, header: &mut [u8]) {
        header[..6].copy_from_slice(&self.destination.0);
        header[6..12].copy_from_slice(&self.source.0);
        put_u16(header, 12, self.ether_type.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn what_is_emitted_is_parsed_and_every_truncation_refused() {
        let fields = Fields {
            destination: MacAddress::BROADCAST,
            source: MacAddress([2, 0, 0, 0, 0, 1]),
            ether_type: EtherType::ARP,
        };
        let mut frame = *b"..............payload";
        fields.emit(&mut frame);
        let header = Header::parse(&frame).unwrap();
        assert_eq!(header.payload(), b"payload");
        assert_eq!(header.to_string(), "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype 0x0806");
        for len in 0..frame.len() {
            assert_eq!(Header::parse(&frame[..len]).is_ok(), len >= HEADER_LEN);
        }
    }

    #[test]
    fn kinds_of_addresses() {
        assert!(MacAddress::BROADCAST.is_multicast() && MacAddress::BROADCAST.is_broadcast());
        assert!(MacAddress([1, 0, 0x5e, 0, 0, 1]).is_multicast());
        assert!(!MacAddress([0; 6]).is_unicast());
        assert!(MacAddress([2, 0, 0, 0, 0, 1]).is_unicast());
    }
}
