//! UDP headers (RFC 768).

use super::checksum::{Sum, pseudo_header};
use super::protocol::Protocol;
use super::{Malformed, get_u16, put_u16};
use core::fmt;
use core::net::IpAddr;

/// Bytes of a header.
pub const HEADER_LEN: usize = 8;

/// Where in the header the checksum is.
pub const CHECKSUM_OFFSET: u16 = 6;

/// A checked view of a UDP datagram.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    fixed: &'a [u8; HEADER_LEN],
    datagram: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    /// Checks the length of the datagram that `bytes` begins with; bytes behind it are ignored.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let fixed = bytes.first_chunk::<HEADER_LEN>().ok_or(Malformed::Truncated)?;
        let len = usize::from(get_u16(fixed, 4));
        if len < HEADER_LEN {
            return Err(Malformed::TotalLength);
        }
        let datagram = bytes.get(..len).ok_or(Malformed::Truncated)?;
        Ok(Header { fixed, datagram, payload: datagram.get(HEADER_LEN..).unwrap_or_default() })
    }

    /// The sender's port, 0 if it wants no answer.
    pub const fn source_port(&self) -> u16 {
        get_u16(self.fixed, 0)
    }

    /// The receiver's port.
    pub const fn destination_port(&self) -> u16 {
        get_u16(self.fixed, 2)
    }

    /// Bytes of header and payload.
    pub const fn total_len(&self) -> usize {
        self.datagram.len()
    }

    /// The checksum as sent; 0 if the sender computed none.
    pub const fn checksum(&self) -> u16 {
        get_u16(self.fixed, 6)
    }

    /// The data.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Whether the datagram is undamaged, or its sender computed no checksum. Linux: `udp4_csum_init` and
    /// `udp_lib_checksum_complete`.
    pub fn checksum_is_valid(&self, source: IpAddr, destination: IpAddr) -> bool {
        if self.checksum() == 0 {
            return true;
        }
        let pseudo = pseudo_header(source, destination, Protocol::UDP, self.datagram.len() as u32);
        pseudo.plus(Sum::of(self.datagram)).is_valid()
    }
}

/// As tcpdump writes it behind the addresses.
impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UDP, length {}", self.payload.len())
    }
}

/// The values of a header, to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// Bytes of header and payload.
    pub total_len: u16,
}

impl Fields {
    /// Writes the header with `checksum` as it is.
    ///
    /// # Panics
    ///
    /// If `header` is shorter than [`HEADER_LEN`].
    pub fn emit(&self, header: &mut [u8], checksum: u16) {
        put_u16(header, 0, self.source_port);
        put_u16(header, 2, self.destination_port);
        put_u16(header, 4, self.total_len);
        put_u16(header, 6, checksum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use core::net::Ipv4Addr;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    const FIELDS: Fields = Fields { source_port: 5353, destination_port: 53, total_len: 12 };

    fn datagram() -> [u8; 14] {
        let mut bytes = *b"........data++";
        FIELDS.emit(&mut bytes, 0);
        let sum = pseudo_header(A, B, Protocol::UDP, 12).plus(Sum::of(&bytes[..12]));
        FIELDS.emit(&mut bytes, sum.checksum());
        bytes
    }

    #[test]
    fn what_is_emitted_is_parsed() {
        let bytes = datagram();
        let header = Header::parse(&bytes).unwrap();
        assert!(header.checksum_is_valid(A, B));
        assert!(!header.checksum_is_valid(A, A));
        assert_eq!((header.source_port(), header.destination_port()), (5353, 53));
        assert_eq!((header.payload(), header.total_len()), (&b"data"[..], 12));
        assert_eq!(header.to_string(), "UDP, length 4");
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = datagram();
        for len in 0..12 {
            assert_eq!(Header::parse(&bytes[..len]).unwrap_err(), Malformed::Truncated);
        }
    }

    #[test]
    fn lengths_that_cannot_be_are_refused() {
        for (len, expected) in [
            (0, Some(Malformed::TotalLength)),
            (7, Some(Malformed::TotalLength)),
            (8, None),
            (15, Some(Malformed::Truncated)),
        ] {
            let mut bytes = datagram();
            Fields { total_len: len, ..FIELDS }.emit(&mut bytes, 0);
            assert_eq!(Header::parse(&bytes).err(), expected, "{len}");
        }
    }

    #[test]
    fn no_checksum_is_valid() {
        let mut bytes = datagram();
        FIELDS.emit(&mut bytes, 0);
        assert!(Header::parse(&bytes).unwrap().checksum_is_valid(A, B));
    }
}
