//! IPv6 headers (RFC 8200 section 3).

use super::protocol::Protocol;
use super::{Malformed, get_u16, get_u32, put_u16, put_u32};
use core::fmt;
use core::net::Ipv6Addr;

/// Bytes of a header. What IPv4 has in options is in headers behind it: [`super::ipv6_extension`].
pub const HEADER_LEN: usize = 40;

/// The largest payload, extension headers included.
pub const MAX_PAYLOAD: usize = 65_535;

/// What every link carries, in bytes (RFC 8200 section 5). Linux: `IPV6_MIN_MTU`.
pub const MIN_MTU: u32 = 1280;

/// The hop limit of packets for which nobody says another (RFC 1700). Linux: `IPV6_DEFAULT_HOPLIMIT`.
pub const DEFAULT_HOP_LIMIT: u8 = 64;

/// The largest flow label.
pub const MAX_FLOW_LABEL: u32 = 0xf_ffff;

/// Where in the header the length of the payload is.
pub const PAYLOAD_LEN_OFFSET: usize = 4;

/// Where in the header the byte is that names the payload.
pub const NEXT_HEADER_OFFSET: usize = 6;

/// Where in the header the hop limit is.
pub const HOP_LIMIT_OFFSET: usize = 7;

/// A checked view of an IPv6 packet.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    fixed: &'a [u8; HEADER_LEN],
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    /// Checks version and length of the packet that `bytes` begins with; bytes behind its payload (padding of short
    /// frames) are ignored.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let header = Self::parse_quoted(bytes)?;
        let payload = header.payload.get(..header.payload_len().into()).ok_or(Malformed::Truncated)?;
        Ok(Header { payload, ..header })
    }

    /// As [`Header::parse`], but the packet may be cut off behind its header, as in an ICMP error's quote.
    pub fn parse_quoted(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (fixed, payload) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        let header = Header { fixed, payload };
        if fixed[0] >> 4 == 6 { Ok(header) } else { Err(Malformed::Version) }
    }

    /// Traffic class: DSCP and ECN.
    pub const fn traffic_class(&self) -> u8 {
        (get_u16(self.fixed, 0) >> 4) as u8
    }

    /// What packets of one flow have in common, 20 bits; 0 if the sender does not say (RFC 6437).
    pub const fn flow_label(&self) -> u32 {
        get_u32(self.fixed, 0) & 0xf_ffff
    }

    /// Bytes behind the header, as it says.
    pub const fn payload_len(&self) -> u16 {
        get_u16(self.fixed, 4)
    }

    /// What the payload begins with: an extension header or a protocol.
    pub const fn next_header(&self) -> Protocol {
        Protocol(self.fixed[NEXT_HEADER_OFFSET])
    }

    /// How many hops are left.
    pub const fn hop_limit(&self) -> u8 {
        self.fixed[HOP_LIMIT_OFFSET]
    }

    /// The sender's address.
    pub fn source(&self) -> Ipv6Addr {
        address(self.fixed, 8)
    }

    /// The receiver's address.
    pub fn destination(&self) -> Ipv6Addr {
        address(self.fixed, 24)
    }

    /// What follows the header, cut to the length it says.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// The address at `at` of a header of fixed length.
#[inline]
pub(super) fn address<const N: usize>(bytes: &[u8; N], at: usize) -> Ipv6Addr {
    Ipv6Addr::from_octets(core::array::from_fn(|i| bytes[at + i]))
}

impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IP6 {} > {}: {}", self.source(), self.destination(), self.next_header())
    }
}

/// The values of a header, to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// Traffic class.
    pub traffic_class: u8,
    /// What packets of one flow have in common: the lower 20 bits count.
    pub flow_label: u32,
    /// Bytes behind the header.
    pub payload_len: u16,
    /// What the payload begins with.
    pub next_header: Protocol,
    /// How many hops it may take.
    pub hop_limit: u8,
    /// The sender's address.
    pub source: Ipv6Addr,
    /// The receiver's address.
    pub destination: Ipv6Addr,
}

impl Fields {
    /// Writes the header.
    ///
    /// # Panics
    ///
    /// If `header` is shorter than [`HEADER_LEN`].
    pub fn emit(&self, header: &mut [u8]) {
        let header = &mut header[..HEADER_LEN];
        put_u32(header, 0, 6 << 28 | u32::from(self.traffic_class) << 20 | self.flow_label & MAX_FLOW_LABEL);
        put_u16(header, 4, self.payload_len);
        header[NEXT_HEADER_OFFSET] = self.next_header.0;
        header[HOP_LIMIT_OFFSET] = self.hop_limit;
        header[8..24].copy_from_slice(&self.source.octets());
        header[24..40].copy_from_slice(&self.destination.octets());
    }
}

/// Takes one from the hop limit of the header that `packet` begins with; no effect on bytes that are no header.
pub fn decrease_hop_limit(packet: &mut [u8]) {
    if let Some(header) = packet.first_chunk_mut::<HEADER_LEN>() {
        header[HOP_LIMIT_OFFSET] = header[HOP_LIMIT_OFFSET].saturating_sub(1);
    }
}

/// How far packets to a group go (RFC 4291 section 2.7): the lower half of its second byte.
pub mod multicast_scope {
    /// Not beyond this device.
    pub const INTERFACE: u8 = 1;
    /// Not beyond this link.
    pub const LINK: u8 = 2;
}

/// The scope of a group; none if `address` is no group. Linux: `IPV6_ADDR_MC_SCOPE`.
pub fn scope_of_group(address: Ipv6Addr) -> Option<u8> {
    let [first, second, ..] = address.octets();
    (first == 0xff).then_some(second & 0xf)
}

/// All nodes of a link (RFC 4291 section 2.7.1).
pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// All routers of a link.
pub const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// The group in which the owner of `address` is asked for (RFC 4291 section 2.7.1). Linux:
/// `addrconf_addr_solict_mult`.
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., high, low] = address.segments();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | high & 0xff, low)
}

/// Whether bytes that begin with an IP header are a packet of IPv6.
pub fn is_v6(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first >> 4 == 6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const FIELDS: Fields = Fields {
        traffic_class: 0xb9,
        flow_label: 0xa_bcde,
        payload_len: 4,
        next_header: Protocol::UDP,
        hop_limit: 64,
        source: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
        destination: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2),
    };

    fn packet() -> [u8; 46] {
        let mut packet = *b"........................................data__";
        FIELDS.emit(&mut packet);
        packet
    }

    #[test]
    fn what_is_emitted_is_parsed() {
        let packet = packet();
        let header = Header::parse(&packet).unwrap();
        assert_eq!(header.payload(), b"data", "padding behind the payload's length is not payload");
        let again = Fields {
            traffic_class: header.traffic_class(),
            flow_label: header.flow_label(),
            payload_len: header.payload_len(),
            next_header: header.next_header(),
            hop_limit: header.hop_limit(),
            source: header.source(),
            destination: header.destination(),
        };
        assert_eq!(again, FIELDS);
        assert_eq!(packet[..4], [0x6b, 0x9a, 0xbc, 0xde]);
        assert_eq!(header.to_string(), "IP6 2001:db8::1 > 2001:db8::2: UDP");
    }

    #[test]
    fn every_truncation_is_refused() {
        let packet = packet();
        for len in 0..44 {
            assert_eq!(Header::parse(&packet[..len]).unwrap_err(), Malformed::Truncated, "{len}");
            assert_eq!(Header::parse_quoted(&packet[..len]).is_ok(), len >= HEADER_LEN);
        }
    }

    #[test]
    fn wrong_lengths_and_versions_are_refused() {
        let with = |at: usize, value: u8| {
            let mut packet = packet();
            packet[at] = value;
            Header::parse(&packet).err()
        };
        assert_eq!(with(0, 0x4b), Some(Malformed::Version));
        assert_eq!(with(5, 7), Some(Malformed::Truncated));
        assert_eq!(with(4, 1), Some(Malformed::Truncated));
        assert_eq!(with(5, 0), None);
    }

    #[test]
    fn a_label_of_more_than_20_bits_harms_nothing() {
        let mut bytes = [0; HEADER_LEN];
        Fields { flow_label: u32::MAX, ..FIELDS }.emit(&mut bytes);
        let header = Header::parse_quoted(&bytes).unwrap();
        assert_eq!((header.traffic_class(), header.flow_label()), (0xb9, 0xf_ffff));
    }

    #[test]
    fn the_hop_limit_falls() {
        let mut packet = packet();
        decrease_hop_limit(&mut packet);
        assert_eq!(Header::parse(&packet).unwrap().hop_limit(), 63);
        decrease_hop_limit(&mut packet[..39]);
    }

    #[test]
    fn groups() {
        let address: Ipv6Addr = "2001:db8::1:abcd:ef12".parse().unwrap();
        assert_eq!(solicited_node(address).to_string(), "ff02::1:ffcd:ef12");
        assert_eq!(scope_of_group(ALL_NODES), Some(multicast_scope::LINK));
        assert_eq!(scope_of_group(address), None);
    }
}
