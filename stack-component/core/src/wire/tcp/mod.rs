//! TCP headers (RFC 9293 section 3.1). The options are in a file of their own, [`Options`].

mod accurate_ecn;
mod listing;
mod option_values;
mod options;

pub use accurate_ecn::AccurateEcn;
pub use option_values::{FastOpenCookie, SackBlocks, Timestamps};
pub use options::{MAX_OPTIONS_LEN, Options, SIGNATURE_LEN, SIGNATURE_OFFSET, SIGNED_LEN};

use super::checksum::{Sum, pseudo_header};
use super::protocol::Protocol;
use super::{Malformed, get_u16, get_u32, put_u16, put_u32};
use core::fmt;
use core::net::IpAddr;
use core::ops::{BitOr, BitOrAssign};

/// Bytes of a header without options.
pub const HEADER_LEN: usize = 20;

/// Where in the header the checksum is.
pub const CHECKSUM_OFFSET: u16 = 16;

/// The control bits of a segment.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u16);

impl Flags {
    /// No flag at all.
    pub const NONE: Flags = Flags(0);
    /// The sender has no more data.
    pub const FIN: Flags = Flags(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: Flags = Flags(0x02);
    /// Reset the connection.
    pub const RST: Flags = Flags(0x04);
    /// Hand the data to the application now.
    pub const PSH: Flags = Flags(0x08);
    /// The acknowledgement number counts.
    pub const ACK: Flags = Flags(0x10);
    /// The urgent pointer counts.
    pub const URG: Flags = Flags(0x20);
    /// Congestion was experienced (RFC 3168).
    pub const ECE: Flags = Flags(0x40);
    /// The congestion window was reduced (RFC 3168).
    pub const CWR: Flags = Flags(0x80);
    /// The third bit of accurate ECN's counter (RFC 9768 section 3.1).
    pub const AE: Flags = Flags(0x100);

    /// The flags with these bits, as in bytes 12 and 13 of the header; what is not a flag is left out.
    pub const fn from_bits(bits: u16) -> Flags {
        Flags(bits & 0x1ff)
    }

    /// The bits, as in bytes 12 and 13 of the header.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether all of `flags` are set.
    pub const fn contains(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether at least one of `flags` is set.
    pub const fn intersects(self, flags: Flags) -> bool {
        self.0 & flags.0 != 0
    }

    /// These flags and `flags`.
    #[must_use]
    pub const fn with(self, flags: Flags) -> Flags {
        Flags(self.0 | flags.0)
    }

    /// These flags but not `flags`.
    #[must_use]
    pub const fn without(self, flags: Flags) -> Flags {
        Flags(self.0 & !flags.0)
    }

    /// Whether SYN is set.
    pub const fn syn(self) -> bool {
        self.contains(Flags::SYN)
    }

    /// Whether ACK is set.
    pub const fn ack(self) -> bool {
        self.contains(Flags::ACK)
    }

    /// Whether FIN is set.
    pub const fn fin(self) -> bool {
        self.contains(Flags::FIN)
    }

    /// Whether RST is set.
    pub const fn rst(self) -> bool {
        self.contains(Flags::RST)
    }

    /// Whether PSH is set.
    pub const fn psh(self) -> bool {
        self.contains(Flags::PSH)
    }
}

impl BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        self.with(other)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Flags) {
        *self = self.with(other);
    }
}

/// As tcpdump writes them: `S.`, `P.`, `F`, `SEWe`, `none`.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Flags::NONE {
            return f.write_str("none");
        }
        // tcpdump's order: letters in the order of the bits but ACK, the dot, behind PSH.
        const LETTERS: [(Flags, &str); 9] = [
            (Flags::FIN, "F"),
            (Flags::SYN, "S"),
            (Flags::RST, "R"),
            (Flags::PSH, "P"),
            (Flags::ACK, "."),
            (Flags::URG, "U"),
            (Flags::ECE, "E"),
            (Flags::CWR, "W"),
            (Flags::AE, "e"),
        ];
        LETTERS
            .iter()
            .filter(|(flag, _)| self.contains(*flag))
            .try_for_each(|(_, letter)| f.write_str(letter))
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

/// A checked view of a TCP segment.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    fixed: &'a [u8; HEADER_LEN],
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    /// Checks the lengths of the segment that `bytes` is, to their end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let fixed = bytes.first_chunk::<HEADER_LEN>().ok_or(Malformed::Truncated)?;
        let header_len = usize::from(fixed[12] >> 4) * 4;
        if header_len < HEADER_LEN {
            return Err(Malformed::HeaderLength);
        }
        let (header, payload) = bytes.split_at_checked(header_len).ok_or(Malformed::Truncated)?;
        Ok(Header { fixed, options: header.get(HEADER_LEN..).unwrap_or_default(), payload })
    }

    /// The sender's port.
    pub const fn source_port(&self) -> u16 {
        get_u16(self.fixed, 0)
    }

    /// The receiver's port.
    pub const fn destination_port(&self) -> u16 {
        get_u16(self.fixed, 2)
    }

    /// The sequence number of the first byte, or of the SYN.
    pub const fn sequence(&self) -> u32 {
        get_u32(self.fixed, 4)
    }

    /// The next sequence number that the sender expects, if ACK is set.
    pub const fn acknowledgement(&self) -> u32 {
        get_u32(self.fixed, 8)
    }

    /// Bytes of the header, 20 to 60.
    pub const fn header_len(&self) -> usize {
        HEADER_LEN + self.options.len()
    }

    /// The control bits.
    pub const fn flags(&self) -> Flags {
        Flags::from_bits(get_u16(self.fixed, 12))
    }

    /// How many bytes the sender would take, not scaled.
    pub const fn window(&self) -> u16 {
        get_u16(self.fixed, 14)
    }

    /// The checksum as sent.
    pub const fn checksum(&self) -> u16 {
        get_u16(self.fixed, 16)
    }

    /// The urgent pointer.
    pub const fn urgent(&self) -> u16 {
        get_u16(self.fixed, 18)
    }

    /// The options, parsed with the rules for a SYN if it is one.
    pub fn options(&self) -> Options {
        Options::parse(self.options, self.flags().syn())
    }

    /// The options with their padding, not parsed.
    pub const fn option_bytes(&self) -> &'a [u8] {
        self.options
    }

    /// The data.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// Whether the segment `bytes` between these addresses is undamaged. Linux: `tcp_v4_check`.
pub fn checksum_is_valid(source: IpAddr, destination: IpAddr, bytes: &[u8]) -> bool {
    let Ok(length) = u32::try_from(bytes.len()) else { return false };
    pseudo_header(source, destination, Protocol::TCP, length).plus(Sum::of(bytes)).is_valid()
}

/// As tcpdump writes it behind the addresses.
impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags [{}], seq {}", self.flags(), self.sequence())?;
        if !self.payload.is_empty() {
            write!(f, ":{}", self.sequence().wrapping_add(self.payload.len() as u32))?;
        }
        if self.flags().ack() {
            write!(f, ", ack {}", self.acknowledgement())?;
        }
        write!(f, ", win {}", self.window())?;
        if !self.options.is_empty() {
            write!(f, ", options [{}]", listing::Listing(self.options))?;
        }
        write!(f, ", length {}", self.payload.len())
    }
}

/// The values of a header, to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The sequence number of the first byte, or of the SYN.
    pub sequence: u32,
    /// The next sequence number that the sender expects; 0 if ACK is not set.
    pub acknowledgement: u32,
    /// The control bits.
    pub flags: Flags,
    /// How many bytes the sender would take, not scaled.
    pub window: u16,
    /// The urgent pointer.
    pub urgent: u16,
    /// The options.
    pub options: Options,
}

impl Fields {
    /// Bytes of the header, a multiple of four, 20 to 60.
    pub fn header_len(&self) -> usize {
        HEADER_LEN + self.options.emitted_len()
    }

    /// Writes the header with `checksum` as it is: the folded pseudo-header sum where somebody else sums the
    /// rest, 0 where [`fill_checksum`] follows.
    ///
    /// # Panics
    ///
    /// If `header` is shorter than [`Fields::header_len`].
    pub fn emit(&self, header: &mut [u8], checksum: u16) {
        let len = self.header_len();
        let header = &mut header[..len];
        put_u16(header, 0, self.source_port);
        put_u16(header, 2, self.destination_port);
        put_u32(header, 4, self.sequence);
        put_u32(header, 8, self.acknowledgement);
        put_u16(header, 12, ((len / 4) as u16) << 12 | self.flags.bits());
        put_u16(header, 14, self.window);
        put_u16(header, 16, checksum);
        put_u16(header, 18, self.urgent);
        self.options.emit(&mut header[HEADER_LEN..]);
    }
}

/// Computes and fills in the checksum of the whole segment `bytes`, whose field must hold 0; no effect on
/// bytes that are shorter than a header.
pub fn fill_checksum(source: IpAddr, destination: IpAddr, bytes: &mut [u8]) {
    let Ok(length) = u32::try_from(bytes.len()) else { return };
    if bytes.len() >= HEADER_LEN {
        let sum = pseudo_header(source, destination, Protocol::TCP, length).plus(Sum::of(bytes));
        put_u16(bytes, usize::from(CHECKSUM_OFFSET), sum.checksum());
    }
}

#[cfg(test)]
mod tests;
