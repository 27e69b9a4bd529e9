//! ICMP messages (RFC 792, RFC 1191, RFC 1812 section 4.3).

use super::checksum::Sum;
use super::{Malformed, get_u16, put_u16, put_u32};
use core::fmt;
use core::net::Ipv4Addr;

/// Bytes of a header.
pub const HEADER_LEN: usize = 8;

/// Where in the header the checksum is.
pub const CHECKSUM_OFFSET: u16 = 2;

/// What kind of message it is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type(pub u8);

impl Type {
    /// The answer to an echo request.
    pub const ECHO_REPLY: Type = Type(0);
    /// A packet could not be delivered; the code says why.
    pub const DESTINATION_UNREACHABLE: Type = Type(3);
    /// Slow down; obsolete (RFC 6633).
    pub const SOURCE_QUENCH: Type = Type(4);
    /// Use another gateway.
    pub const REDIRECT: Type = Type(5);
    /// Answer with the same data.
    pub const ECHO_REQUEST: Type = Type(8);
    /// A packet's time to live ended, or its fragments'.
    pub const TIME_EXCEEDED: Type = Type(11);
    /// A packet's header made no sense.
    pub const PARAMETER_PROBLEM: Type = Type(12);
    /// Answer with your time.
    pub const TIMESTAMP_REQUEST: Type = Type(13);
    /// The answer to that.
    pub const TIMESTAMP_REPLY: Type = Type(14);
    /// What is the network's mask? Obsolete (RFC 6918).
    pub const ADDRESS_MASK_REQUEST: Type = Type(17);
    /// The answer to that.
    pub const ADDRESS_MASK_REPLY: Type = Type(18);

    /// Whether it tells of a problem with a packet, which it quotes; never an answer to such a one.
    pub const fn is_error(self) -> bool {
        matches!(
            self,
            Type::DESTINATION_UNREACHABLE
                | Type::SOURCE_QUENCH
                | Type::REDIRECT
                | Type::TIME_EXCEEDED
                | Type::PARAMETER_PROBLEM
        )
    }
}

/// Why a destination is unreachable: the codes of [`Type::DESTINATION_UNREACHABLE`].
pub mod unreachable {
    /// No route to the network.
    pub const NETWORK: u8 = 0;
    /// The host does not answer.
    pub const HOST: u8 = 1;
    /// The host does not know the protocol.
    pub const PROTOCOL: u8 = 2;
    /// Nobody has the port.
    pub const PORT: u8 = 3;
    /// The packet is too large for the next link and must not be cut; the rest of the header holds the MTU.
    pub const FRAGMENTATION_NEEDED: u8 = 4;
    /// The source route could not be followed.
    pub const SOURCE_ROUTE_FAILED: u8 = 5;
    /// The network is not known.
    pub const NETWORK_UNKNOWN: u8 = 6;
    /// The host is not known.
    pub const HOST_UNKNOWN: u8 = 7;
    /// The source host is isolated.
    pub const SOURCE_ISOLATED: u8 = 8;
    /// The network is prohibited.
    pub const NETWORK_PROHIBITED: u8 = 9;
    /// The host is prohibited.
    pub const HOST_PROHIBITED: u8 = 10;
    /// The network is unreachable for this type of service.
    pub const NETWORK_FOR_TOS: u8 = 11;
    /// The host is unreachable for this type of service.
    pub const HOST_FOR_TOS: u8 = 12;
    /// A filter forbids it.
    pub const ADMINISTRATIVELY_PROHIBITED: u8 = 13;
}

/// For which packets another gateway is better: the codes of [`Type::REDIRECT`].
pub mod redirect {
    /// To this host.
    pub const HOST: u8 = 1;
    /// To this host with this type of service; the largest code.
    pub const HOST_FOR_TOS: u8 = 3;
}

/// A checked view of an ICMP message.
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

    /// Echo: whose request it is.
    pub const fn identifier(&self) -> u16 {
        get_u16(self.fixed, 4)
    }

    /// Echo: which request it is.
    pub const fn sequence(&self) -> u16 {
        get_u16(self.fixed, 6)
    }

    /// Redirect: the better gateway.
    pub const fn gateway(&self) -> Ipv4Addr {
        let [_, _, _, _, a, b, c, d] = *self.fixed;
        Ipv4Addr::new(a, b, c, d)
    }

    /// Fragmentation needed: the next link's MTU, 0 from routers older than RFC 1191.
    pub const fn next_hop_mtu(&self) -> u16 {
        get_u16(self.fixed, 6)
    }

    /// What follows the header: an echo's data or an error's quoted packet.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Whether the message is undamaged.
    pub fn checksum_is_valid(&self) -> bool {
        Sum::of(self.message).is_valid()
    }
}

/// As tcpdump writes it behind the addresses.
impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ICMP ")?;
        let echo = |f: &mut fmt::Formatter<'_>, name: &str| {
            write!(f, "echo {name}, id {}, seq {}", self.identifier(), self.sequence())
        };
        match (self.kind(), self.code()) {
            (Type::ECHO_REQUEST, _) => echo(f, "request")?,
            (Type::ECHO_REPLY, _) => echo(f, "reply")?,
            (Type::DESTINATION_UNREACHABLE, unreachable::NETWORK) => f.write_str("net unreachable")?,
            (Type::DESTINATION_UNREACHABLE, unreachable::HOST) => f.write_str("host unreachable")?,
            (Type::DESTINATION_UNREACHABLE, unreachable::PROTOCOL) => f.write_str("protocol unreachable")?,
            (Type::DESTINATION_UNREACHABLE, unreachable::PORT) => f.write_str("port unreachable")?,
            (Type::DESTINATION_UNREACHABLE, unreachable::FRAGMENTATION_NEEDED) => {
                write!(f, "unreachable - need to frag (mtu {})", self.next_hop_mtu())?;
            }
            (Type::DESTINATION_UNREACHABLE, unreachable::ADMINISTRATIVELY_PROHIBITED) => {
                f.write_str("unreachable - admin prohibited")?;
            }
            (Type::DESTINATION_UNREACHABLE, code) => write!(f, "unreachable, code {code}")?,
            (Type::TIME_EXCEEDED, _) => f.write_str("time exceeded")?,
            (Type::REDIRECT, _) => write!(f, "redirect {}", self.gateway())?,
            (Type::PARAMETER_PROBLEM, _) => f.write_str("parameter problem")?,
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
    /// Writes the header before the payload that is in `message` already, and the checksum over both.
    ///
    /// # Panics
    ///
    /// If `message` is shorter than [`HEADER_LEN`].
    pub fn emit(&self, message: &mut [u8]) {
        message[0] = self.kind.0;
        message[1] = self.code;
        put_u16(message, 2, 0);
        message[4..HEADER_LEN].copy_from_slice(&self.rest);
        let checksum = Sum::of(message).checksum();
        put_u16(message, 2, checksum);
    }
}

/// Makes the echo request that `message` is its reply, in place: the type changes and the checksum with it.
/// No effect on bytes shorter than a header.
pub fn request_into_reply(message: &mut [u8]) {
    let Some(header) = message.first_chunk_mut::<HEADER_LEN>() else { return };
    let old = get_u16(header, 0);
    header[0] = Type::ECHO_REPLY.0;
    let checksum = super::checksum::update(get_u16(header, 2), old, get_u16(header, 0));
    put_u16(header, 2, checksum);
}

/// Bytes of a timestamp message: the header and three times of four bytes.
const TIMESTAMP_LEN: usize = HEADER_LEN + 12;

/// Says that a time is not one of the day (RFC 792).
const NOT_OF_THE_DAY: u32 = 1 << 31;

/// Makes the timestamp request that `message` is its reply, in place: `millis` is when it came and when it goes, by a
/// clock that knows no day. None if the message is shorter than a request. Linux: `icmp_timestamp`.
pub fn timestamps_into_reply(message: &mut [u8], millis: u64) -> Option<()> {
    let times = message.get_mut(TIMESTAMP_LEN - 8..TIMESTAMP_LEN)?;
    let time = millis as u32 | NOT_OF_THE_DAY;
    put_u32(times, 0, time);
    put_u32(times, 4, time);
    let header = message.first_chunk::<HEADER_LEN>()?;
    let rest = [header[4], header[5], header[6], header[7]];
    Fields { kind: Type::TIMESTAMP_REPLY, code: 0, rest }.emit(message);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const REQUEST: Fields = Fields { kind: Type::ECHO_REQUEST, code: 0, rest: [0, 7, 0, 1] };

    fn message() -> [u8; 13] {
        let mut bytes = *b"........hello";
        REQUEST.emit(&mut bytes);
        bytes
    }

    #[test]
    fn what_is_emitted_is_parsed() {
        let bytes = message();
        let header = Header::parse(&bytes).unwrap();
        assert!(header.checksum_is_valid());
        assert_eq!((header.kind(), header.code(), header.payload()), (Type::ECHO_REQUEST, 0, &b"hello"[..]));
        assert_eq!(header.to_string(), "ICMP echo request, id 7, seq 1, length 13");
    }

    #[test]
    fn every_truncation_is_refused_or_fails_its_checksum() {
        let bytes = message();
        for len in 0..bytes.len() {
            match Header::parse(&bytes[..len]) {
                Ok(header) => assert!(len >= HEADER_LEN && !header.checksum_is_valid(), "{len}"),
                Err(error) => assert!(len < HEADER_LEN && error == Malformed::Truncated, "{len}"),
            }
        }
    }

    #[test]
    fn a_request_becomes_its_reply() {
        let mut bytes = message();
        request_into_reply(&mut bytes);
        let header = Header::parse(&bytes).unwrap();
        assert!(header.checksum_is_valid());
        assert_eq!(header.to_string(), "ICMP echo reply, id 7, seq 1, length 13");
        request_into_reply(&mut bytes[..7]);
    }

    #[test]
    fn errors_are_told_from_questions() {
        let errors: alloc::vec::Vec<u8> = (0..=255).filter(|&kind| Type(kind).is_error()).collect();
        assert_eq!(errors, [3, 4, 5, 11, 12]);
    }
}
