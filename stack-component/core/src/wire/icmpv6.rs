//! ICMPv6 messages (RFC 4443). Those of neighbour discovery are read on by `wire::ndp`.

use super::checksum::Sum;
use super::protocol::Protocol;
use super::{Malformed, get_u16, get_u32, put_u16};
use core::fmt;
use core::net::Ipv6Addr;

/// Bytes of a header.
pub const HEADER_LEN: usize = 8;

/// Where in the header the checksum is.
pub const CHECKSUM_OFFSET: u16 = 2;

/// What kind of message it is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type(pub u8);

impl Type {
    /// A packet could not be delivered; the code says why.
    pub const DESTINATION_UNREACHABLE: Type = Type(1);
    /// A packet is larger than a link on its way carries.
    pub const PACKET_TOO_BIG: Type = Type(2);
    /// A packet's hop limit ended, or its fragments' time.
    pub const TIME_EXCEEDED: Type = Type(3);
    /// A packet's headers made no sense.
    pub const PARAMETER_PROBLEM: Type = Type(4);
    /// Answer with the same data.
    pub const ECHO_REQUEST: Type = Type(128);
    /// The answer to an echo request.
    pub const ECHO_REPLY: Type = Type(129);
    /// Who listens to which group (RFC 2710).
    pub const MLD_QUERY: Type = Type(130);
    /// I listen to this group (RFC 2710).
    pub const MLD_REPORT: Type = Type(131);
    /// I listen to this group no more (RFC 2710).
    pub const MLD_DONE: Type = Type(132);
    /// Which routers are there? (RFC 4861 section 4.1)
    pub const ROUTER_SOLICITATION: Type = Type(133);
    /// A router, and what hosts of its link are to know (RFC 4861 section 4.2).
    pub const ROUTER_ADVERTISEMENT: Type = Type(134);
    /// Who has an address? (RFC 4861 section 4.3)
    pub const NEIGHBOUR_SOLICITATION: Type = Type(135);
    /// I have an address (RFC 4861 section 4.4).
    pub const NEIGHBOUR_ADVERTISEMENT: Type = Type(136);
    /// Use another neighbour for a destination (RFC 4861 section 4.5).
    pub const REDIRECT: Type = Type(137);
    /// I listen to these groups (RFC 3810).
    pub const MLD2_REPORT: Type = Type(143);

    /// Whether it tells of a problem with a packet, which it quotes (RFC 4443 section 2.1).
    pub const fn is_error(self) -> bool {
        self.0 < 128
    }

    /// Whether it belongs to neighbour discovery.
    pub const fn is_neighbour_discovery(self) -> bool {
        matches!(self.0, 133..=137)
    }
}

/// Why a destination is unreachable: the codes of [`Type::DESTINATION_UNREACHABLE`].
pub mod unreachable {
    /// No route.
    pub const NO_ROUTE: u8 = 0;
    /// A filter forbids it.
    pub const ADMINISTRATIVELY_PROHIBITED: u8 = 1;
    /// The destination is beyond what the source's scope reaches.
    pub const BEYOND_SCOPE: u8 = 2;
    /// The host does not answer.
    pub const ADDRESS: u8 = 3;
    /// Nobody has the port.
    pub const PORT: u8 = 4;
    /// The source's address is not let out here.
    pub const SOURCE_POLICY: u8 = 5;
    /// The route says to refuse.
    pub const REJECT_ROUTE: u8 = 6;
}

/// What makes no sense: the codes of [`Type::PARAMETER_PROBLEM`].
pub mod parameter {
    /// A field of a header.
    pub const HEADER_FIELD: u8 = 0;
    /// A header nobody here knows.
    pub const NEXT_HEADER: u8 = 1;
    /// An option nobody here knows.
    pub const OPTION: u8 = 2;
    /// A first fragment without all of the headers (RFC 7112).
    pub const INCOMPLETE_CHAIN: u8 = 3;
}

/// A checked view of an ICMPv6 message.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    fixed: &'a [u8; HEADER_LEN],
    message: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    /// Checks that `bytes` are long enough for a header; the message is all of them.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (fixed, payload) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        Ok(Header { fixed, message: bytes, payload })
    }

    /// What kind of message it is.
    pub const fn kind(&self) -> Type {
        Type(self.fixed[0])
    }

    /// Which variant of the kind.
    pub const fn code(&self) -> u8 {
        self.fixed[1]
    }

    /// The four bytes behind the checksum, whose meaning depends on the kind.
    pub const fn rest(&self) -> [u8; 4] {
        [self.fixed[4], self.fixed[5], self.fixed[6], self.fixed[7]]
    }

    /// Echo: whose request it is.
    pub const fn identifier(&self) -> u16 {
        get_u16(self.fixed, 4)
    }

    /// Echo: which request it is.
    pub const fn sequence(&self) -> u16 {
        get_u16(self.fixed, 6)
    }

    /// Packet too big: bytes that the next link carries.
    pub const fn mtu(&self) -> u32 {
        get_u32(self.fixed, 4)
    }

    /// Parameter problem: which byte of the packet it is about.
    pub const fn pointer(&self) -> u32 {
        get_u32(self.fixed, 4)
    }

    /// What follows the header: an echo's data or an error's quoted packet.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Whether the message is undamaged and was meant for these addresses.
    pub fn checksum_is_valid(&self, source: Ipv6Addr, destination: Ipv6Addr) -> bool {
        pseudo_header(source, destination, self.message.len()).plus(Sum::of(self.message)).is_valid()
    }
}

/// The sum of the pseudo-header that the checksum includes (RFC 8200 section 8.1).
fn pseudo_header(source: Ipv6Addr, destination: Ipv6Addr, length: usize) -> Sum {
    super::checksum::pseudo_header(source.into(), destination.into(), Protocol::ICMPV6, length as u32)
}

/// As tcpdump writes it behind the addresses.
impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ICMP6, ")?;
        let echo = |f: &mut fmt::Formatter<'_>, name: &str| {
            write!(f, "echo {name}, id {}, seq {}", self.identifier(), self.sequence())
        };
        match (self.kind(), self.code()) {
            (Type::ECHO_REQUEST, _) => echo(f, "request")?,
            (Type::ECHO_REPLY, _) => echo(f, "reply")?,
            (Type::DESTINATION_UNREACHABLE, code) => {
                f.write_str("destination unreachable, ")?;
                match code {
                    unreachable::NO_ROUTE => f.write_str("unreachable route")?,
                    unreachable::ADMINISTRATIVELY_PROHIBITED => f.write_str("unreachable prohibited")?,
                    unreachable::BEYOND_SCOPE => f.write_str("beyond scope")?,
                    unreachable::ADDRESS => f.write_str("unreachable address")?,
                    unreachable::PORT => f.write_str("unreachable port")?,
                    code => write!(f, "unknown code {code}")?,
                }
            }
            (Type::PACKET_TOO_BIG, _) => write!(f, "packet too big, mtu {}", self.mtu())?,
            (Type::TIME_EXCEEDED, 0) => f.write_str("time exceeded in-transit")?,
            (Type::TIME_EXCEEDED, _) => f.write_str("time exceeded in reassembly")?,
            (Type::PARAMETER_PROBLEM, code) => {
                let what = match code {
                    parameter::HEADER_FIELD => "errorneous",
                    parameter::NEXT_HEADER => "next header",
                    parameter::OPTION => "option",
                    parameter::INCOMPLETE_CHAIN => "header chain",
                    _ => "code unknown",
                };
                write!(f, "parameter problem, {what} - octet {}", self.pointer())?;
            }
            (Type::MLD_QUERY, _) => f.write_str("multicast listener query")?,
            (Type::MLD_REPORT, _) => f.write_str("multicast listener report")?,
            (Type::MLD_DONE, _) => f.write_str("multicast listener done")?,
            (Type::MLD2_REPORT, _) => f.write_str("multicast listener report v2")?,
            (Type(kind), code) => write!(f, "type {kind}, code {code}")?,
        }
        write!(f, ", length {}", self.message.len())
    }
}

/// The values of a header, to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// What kind of message it is.
    pub kind: Type,
    /// Which variant of the kind.
    pub code: u8,
    /// The four bytes behind the checksum, whose meaning depends on the kind.
    pub rest: [u8; 4],
}

impl Fields {
    /// Writes the header, its checksum left to [`fill_checksum`]: that is known once the addresses are.
    ///
    /// # Panics
    ///
    /// If `message` is shorter than [`HEADER_LEN`].
    pub fn emit(&self, message: &mut [u8]) {
        message[0] = self.kind.0;
        message[1] = self.code;
        put_u16(message, 2, 0);
        message[4..HEADER_LEN].copy_from_slice(&self.rest);
    }
}

/// Fills in the checksum of a message that goes from `source` to `destination`; no effect on bytes shorter than a
/// header.
pub fn fill_checksum(source: Ipv6Addr, destination: Ipv6Addr, message: &mut [u8]) {
    if message.len() >= HEADER_LEN {
        put_u16(message, CHECKSUM_OFFSET.into(), 0);
        let sum = pseudo_header(source, destination, message.len()).plus(Sum::of(message));
        put_u16(message, CHECKSUM_OFFSET.into(), sum.checksum());
    }
}

/// Makes the echo request that `message` is its reply, but for the checksum. No effect on bytes shorter than a header.
pub fn request_into_reply(message: &mut [u8]) {
    if let Some(header) = message.first_chunk_mut::<HEADER_LEN>() {
        header[0] = Type::ECHO_REPLY.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const A: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    const B: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

    fn message() -> [u8; 13] {
        let mut bytes = *b"........hello";
        Fields { kind: Type::ECHO_REQUEST, code: 0, rest: [0, 7, 0, 1] }.emit(&mut bytes);
        fill_checksum(A, B, &mut bytes);
        bytes
    }

    #[test]
    fn what_is_emitted_is_parsed() {
        let bytes = message();
        let header = Header::parse(&bytes).unwrap();
        assert!(header.checksum_is_valid(A, B) && header.checksum_is_valid(B, A));
        assert!(!header.checksum_is_valid(A, A), "the addresses are summed, too");
        assert_eq!((header.kind(), header.code(), header.payload()), (Type::ECHO_REQUEST, 0, &b"hello"[..]));
        assert_eq!(header.to_string(), "ICMP6, echo request, id 7, seq 1, length 13");
    }

    #[test]
    fn a_message_of_anothers_capture() {
        // The sums by hand: 2001:db8::1 and ::2 are 5b75 twice less 1, length 8, protocol 3a, type 8000.
        let mut bytes = [128, 0, 0xff, 0xff, 0, 0, 0, 0];
        fill_checksum(A, B, &mut bytes);
        let sum = 2 * (0x2001u32 + 0x0db8) + 1 + 2 + 8 + 0x3a + 0x8000;
        assert_eq!(u16::from_be_bytes([bytes[2], bytes[3]]), !((sum & 0xffff) + (sum >> 16)) as u16);
    }

    #[test]
    fn every_truncation_is_refused_or_fails_its_checksum() {
        let bytes = message();
        for len in 0..bytes.len() {
            match Header::parse(&bytes[..len]) {
                Ok(header) => assert!(len >= HEADER_LEN && !header.checksum_is_valid(A, B), "{len}"),
                Err(error) => assert!(len < HEADER_LEN && error == Malformed::Truncated, "{len}"),
            }
        }
        fill_checksum(A, B, &mut message()[..7]);
    }

    #[test]
    fn a_request_becomes_its_reply() {
        let mut bytes = message();
        request_into_reply(&mut bytes);
        fill_checksum(B, A, &mut bytes);
        let header = Header::parse(&bytes).unwrap();
        assert!(header.checksum_is_valid(B, A));
        assert_eq!(header.to_string(), "ICMP6, echo reply, id 7, seq 1, length 13");
        request_into_reply(&mut bytes[..7]);
    }

    #[test]
    fn lines() {
        let rows = [
            (1, 0, 0, "destination unreachable, unreachable route"),
            (1, 4, 0, "destination unreachable, unreachable port"),
            (2, 0, 1280, "packet too big, mtu 1280"),
            (3, 0, 0, "time exceeded in-transit"),
            (4, 1, 40, "parameter problem, next header - octet 40"),
            (143, 0, 0, "multicast listener report v2"),
            (99, 3, 0, "type 99, code 3"),
        ];
        for (kind, code, rest, line) in rows {
            let mut bytes = [0; 8];
            Fields { kind: Type(kind), code, rest: u32::to_be_bytes(rest) }.emit(&mut bytes);
            let expected = alloc::format!("ICMP6, {line}, length 8");
            assert_eq!(Header::parse(&bytes).unwrap().to_string(), expected);
        }
    }
}
