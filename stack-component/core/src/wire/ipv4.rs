//! IPv4 headers (RFC 791).

use super::checksum::Sum;
use super::ecn::Codepoint;
use super::protocol::Protocol;
use super::{Malformed, get_u16, get_u32, put_u16, put_u32};
use core::fmt;
use core::net::Ipv4Addr;

/// Bytes of a header without options.
pub const HEADER_LEN: usize = 20;

/// The largest packet, header included.
pub const MAX_PACKET: usize = 65_535;

/// A checked view of an IPv4 packet.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    fixed: &'a [u8; HEADER_LEN],
    whole: &'a [u8],
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    /// Checks version and lengths of the packet that `bytes` begins with; bytes behind its total length
    /// (padding of short frames) are ignored. The checksum is left to [`Header::checksum_is_valid`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let header = Self::parse_quoted(bytes)?;
        let total = usize::from(header.total_len());
        if total < header.header_len() {
            return Err(Malformed::TotalLength);
        }
        let payload = bytes.get(header.header_len()..total).ok_or(Malformed::Truncated)?;
        Ok(Header { payload, ..header })
    }

    /// As [`Header::parse`], but the packet may be cut off behind its header, as in an ICMP error's quote.
    pub fn parse_quoted(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let fixed = bytes.first_chunk::<HEADER_LEN>().ok_or(Malformed::Truncated)?;
        if fixed[0] >> 4 != 4 {
            return Err(Malformed::Version);
        }
        let header_len = usize::from(fixed[0] & 0xf) * 4;
        if header_len < HEADER_LEN {
            return Err(Malformed::HeaderLength);
        }
        let (whole, payload) = bytes.split_at_checked(header_len).ok_or(Malformed::Truncated)?;
        Ok(Header { fixed, whole, options: whole.get(HEADER_LEN..).unwrap_or_default(), payload })
    }

    /// Bytes of the header, 20 to 60.
    pub const fn header_len(&self) -> usize {
        self.whole.len()
    }

    /// Type of service: DSCP and ECN.
    pub const fn tos(&self) -> u8 {
        self.fixed[1]
    }

    /// Bytes of header and payload.
    pub const fn total_len(&self) -> u16 {
        get_u16(self.fixed, 2)
    }

    /// What fragments of one packet have in common.
    pub const fn identification(&self) -> u16 {
        get_u16(self.fixed, 4)
    }

    /// DF: the packet must not be cut.
    pub const fn dont_fragment(&self) -> bool {
        self.fixed[6] & 0x40 != 0
    }

    /// MF: not the last fragment.
    pub const fn more_fragments(&self) -> bool {
        self.fixed[6] & 0x20 != 0
    }

    /// Where in the whole packet's payload this fragment begins, in bytes.
    pub const fn fragment_offset(&self) -> u32 {
        (get_u16(self.fixed, 6) & 0x1fff) as u32 * 8
    }

    /// Whether this is a part of a packet. Linux: `ip_is_fragment`.
    pub const fn is_fragment(&self) -> bool {
        self.more_fragments() || self.fragment_offset() != 0
    }

    /// Time to live: how many hops are left.
    pub const fn ttl(&self) -> u8 {
        self.fixed[8]
    }

    /// What the payload is.
    pub const fn protocol(&self) -> Protocol {
        Protocol(self.fixed[9])
    }

    /// The sender's address.
    pub const fn source(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(get_u32(self.fixed, 12))
    }

    /// The receiver's address.
    pub const fn destination(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(get_u32(self.fixed, 16))
    }

    /// The options with their padding, not parsed.
    pub const fn options(&self) -> &'a [u8] {
        self.options
    }

    /// What follows the header, cut to the total length.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Whether the header is undamaged. Linux: `ip_fast_csum`.
    pub fn checksum_is_valid(&self) -> bool {
        Sum::of(self.whole).is_valid()
    }
}

impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IP {} > {}: {}", self.source(), self.destination(), self.protocol())
    }
}

/// The values of a header without options, to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// Type of service.
    pub tos: u8,
    /// Bytes of header and payload.
    pub total_len: u16,
    /// What fragments of one packet have in common.
    pub identification: u16,
    /// DF: the packet must not be cut.
    pub dont_fragment: bool,
    /// How many hops it may take.
    pub ttl: u8,
    /// What the payload is.
    pub protocol: Protocol,
    /// The sender's address.
    pub source: Ipv4Addr,
    /// The receiver's address.
    pub destination: Ipv4Addr,
}

impl Fields {
    /// Writes the header with its checksum.
    ///
    /// # Panics
    ///
    /// If `header` is shorter than [`HEADER_LEN`].
    pub fn emit(&self, header: &mut [u8]) {
        let header = &mut header[..HEADER_LEN];
        header[0] = 0x45;
        header[1] = self.tos;
        put_u16(header, 2, self.total_len);
        put_u16(header, 4, self.identification);
        put_u16(header, 6, u16::from(self.dont_fragment) << 14);
        header[8] = self.ttl;
        header[9] = self.protocol.0;
        put_u16(header, 10, 0);
        put_u32(header, 12, self.source.to_bits());
        put_u32(header, 16, self.destination.to_bits());
        let checksum = Sum::of(header).checksum();
        put_u16(header, 10, checksum);
    }
}

/// Takes one from the time to live of the header that `packet` begins with and corrects the checksum; no
/// effect on bytes that are no header. Linux: `ip_decrease_ttl`.
pub fn decrease_ttl(packet: &mut [u8]) {
    let Some(header) = packet.first_chunk_mut::<HEADER_LEN>() else { return };
    let old = get_u16(header, 8);
    header[8] = header[8].saturating_sub(1);
    let checksum = super::checksum::update(get_u16(header, 10), old, get_u16(header, 8));
    put_u16(header, 10, checksum);
}

/// The option that asks routers to look at a packet (RFC 2113). Linux: `IPOPT_RA`.
pub const ROUTER_ALERT: [u8; 4] = [148, 4, 0, 0];

/// Says that the header that `packet` begins with has so many bytes of options, which stand behind it already, and puts
/// its checksum right; no effect on bytes that are no header, or on options that no header can have.
pub fn set_options_len(packet: &mut [u8], len: usize) {
    let Some(header) = packet.get_mut(..HEADER_LEN + len).filter(|_| len <= 40 && len.is_multiple_of(4))
    else {
        return;
    };
    header[0] = 0x45 + (len / 4) as u8;
    put_u16(header, 10, 0);
    let checksum = Sum::of(header).checksum();
    put_u16(header, 10, checksum);
}

/// Puts the packet's length and a checksum into the header that it begins with, and a source and an identification where
/// there is none; no effect on bytes that are no header. Linux: `raw_send_hdrinc`.
pub fn complete(packet: &mut [u8], source: Ipv4Addr, identification: u16) {
    let total_len = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    let len = packet.first().map_or(0, |first| usize::from(first & 0xf) * 4);
    let Some(header) = packet.get_mut(..len).filter(|header| header.len() >= HEADER_LEN) else { return };
    put_u16(header, 2, total_len);
    if header[4..6] == [0; 2] {
        put_u16(header, 4, identification);
    }
    if header[12..16] == [0; 4] {
        header[12..16].copy_from_slice(&source.octets());
    }
    put_u16(header, 10, 0);
    let checksum = Sum::of(header).checksum();
    put_u16(header, 10, checksum);
}

/// Marks the header that `packet` begins with as one that met congestion and corrects the checksum; no effect on bytes
/// that are no header. Linux: `IP_ECN_set_ce`.
pub fn mark_congestion(packet: &mut [u8]) {
    let Some(header) = packet.first_chunk_mut::<HEADER_LEN>() else { return };
    let old = get_u16(header, 0);
    header[1] = Codepoint::Ce.in_tos(header[1]);
    let checksum = super::checksum::update(get_u16(header, 10), old, get_u16(header, 0));
    put_u16(header, 10, checksum);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const FIELDS: Fields = Fields {
        tos: 0x10,
        total_len: 24,
        identification: 0x1234,
        dont_fragment: true,
        ttl: 64,
        protocol: Protocol::UDP,
        source: Ipv4Addr::new(192, 0, 2, 1),
        destination: Ipv4Addr::new(192, 0, 2, 2),
    };

    fn packet() -> [u8; 26] {
        let mut packet = *b"....................data__";
        FIELDS.emit(&mut packet);
        packet
    }

    #[test]
    fn what_is_emitted_is_parsed() {
        let packet = packet();
        let header = Header::parse(&packet).unwrap();
        assert!(header.checksum_is_valid());
        assert_eq!(header.payload(), b"data", "padding behind the total length is not payload");
        let again = Fields {
            tos: header.tos(),
            total_len: header.total_len(),
            identification: header.identification(),
            dont_fragment: header.dont_fragment(),
            ttl: header.ttl(),
            protocol: header.protocol(),
            source: header.source(),
            destination: header.destination(),
        };
        assert_eq!(again, FIELDS);
        assert!(!header.is_fragment());
        assert_eq!(header.to_string(), "IP 192.0.2.1 > 192.0.2.2: UDP");
    }

    #[test]
    fn every_truncation_is_refused() {
        let packet = packet();
        for len in 0..24 {
            assert_eq!(Header::parse(&packet[..len]).unwrap_err(), Malformed::Truncated, "{len}");
            assert_eq!(Header::parse_quoted(&packet[..len]).is_ok(), len >= 20);
        }
    }

    #[test]
    fn wrong_lengths_and_versions_are_refused() {
        let with = |at: usize, value: u8| {
            let mut packet = packet();
            packet[at] = value;
            Header::parse(&packet).err()
        };
        assert_eq!(with(0, 0x65), Some(Malformed::Version));
        assert_eq!(with(0, 0x44), Some(Malformed::HeaderLength));
        assert_eq!(with(0, 0x4f), Some(Malformed::Truncated));
        assert_eq!(with(3, 19), Some(Malformed::TotalLength));
        assert_eq!(with(3, 27), Some(Malformed::Truncated));
        assert_eq!(with(3, 20), None);
    }

    #[test]
    fn the_ttl_falls_and_the_checksum_follows() {
        let mut packet = packet();
        decrease_ttl(&mut packet);
        let header = Header::parse(&packet).unwrap();
        assert_eq!(header.ttl(), 63);
        assert!(header.checksum_is_valid());
        decrease_ttl(&mut packet[..19]);
    }
}
