//! DHCPv6 messages, as far as hosts without addresses of it need them (RFC 8415 section 8, RFC 3646).

use super::ethernet::MacAddress;
use super::{Malformed, domain};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

/// The port that clients hear at.
pub const CLIENT_PORT: u16 = 546;

/// The port that servers and relays hear at.
pub const SERVER_PORT: u16 = 547;

/// All servers and relays of a link (RFC 8415 section 7.1).
pub const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);

/// Message types.
mod kind {
    pub(super) const REPLY: u8 = 7;
    pub(super) const INFORMATION_REQUEST: u8 = 11;
}

/// Codes of options.
pub mod option {
    /// Who the client is.
    pub const CLIENT_ID: u16 = 1;
    /// Who the server is.
    pub const SERVER_ID: u16 = 2;
    /// What the client would like to know.
    pub const OPTION_REQUEST: u16 = 6;
    /// Hundredths of a second since the client began.
    pub const ELAPSED_TIME: u16 = 8;
    /// How it went; none: well.
    pub const STATUS_CODE: u16 = 13;
    /// Resolvers (RFC 3646).
    pub const DNS_SERVERS: u16 = 23;
    /// Domains that names are searched in (RFC 3646).
    pub const DOMAIN_LIST: u16 = 24;
    /// Seconds until the client asks again.
    pub const REFRESH_TIME: u16 = 32;
    /// The longest time between two questions, in seconds.
    pub const INF_MAX_RT: u16 = 83;
}

/// What is asked for.
const WANTED: [u16; 4] = [option::DNS_SERVERS, option::DOMAIN_LIST, option::REFRESH_TIME, option::INF_MAX_RT];

/// A client's identifier: the kind "link-layer address", Ethernet, the station (RFC 8415 section 11.4).
pub fn client_id(MacAddress(mac): MacAddress) -> [u8; 10] {
    let [a, b, c, d, e, f] = mac;
    [0, 3, 0, 1, a, b, c, d, e, f]
}

/// The question of a client that has addresses already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InformationRequest {
    /// Which exchange it belongs to, 24 bits.
    pub transaction: u32,
    /// The client's station.
    pub station: MacAddress,
    /// Hundredths of a second since it began to ask.
    pub elapsed: u16,
}

impl InformationRequest {
    /// The message.
    pub fn emit(&self) -> Vec<u8> {
        let [_, transaction @ ..] = self.transaction.to_be_bytes();
        let mut message = alloc::vec![kind::INFORMATION_REQUEST];
        message.extend_from_slice(&transaction);
        let wanted: Vec<u8> = WANTED.iter().flat_map(|code| code.to_be_bytes()).collect();
        let elapsed = self.elapsed.to_be_bytes();
        let identifier = client_id(self.station);
        let options: [(u16, &[u8]); 3] = [
            (option::CLIENT_ID, &identifier),
            (option::ELAPSED_TIME, &elapsed),
            (option::OPTION_REQUEST, &wanted),
        ];
        for (code, value) in options {
            message.extend_from_slice(&code.to_be_bytes());
            message.extend_from_slice(&(value.len() as u16).to_be_bytes());
            message.extend_from_slice(value);
        }
        message
    }
}

/// A checked view of a server's answer.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// Which exchange it belongs to, 24 bits.
    pub transaction: u32,
    options: &'a [u8],
}

impl<'a> Reply<'a> {
    /// Checks that `bytes` are an answer of which every option is whole.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let ([kind, a, b, c], options) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        if *kind != kind::REPLY {
            return Err(Malformed::AddressFormat);
        }
        let mut rest = options;
        while !rest.is_empty() {
            (_, _, rest) = split_option(rest).ok_or(Malformed::Truncated)?;
        }
        Ok(Reply { transaction: u32::from_be_bytes([0, *a, *b, *c]), options })
    }

    /// The value of the first option of this code.
    pub fn option(&self, wanted: u16) -> Option<&'a [u8]> {
        let mut rest = self.options;
        while let Some((code, value, behind)) = split_option(rest) {
            if code == wanted {
                return Some(value);
            }
            rest = behind;
        }
        None
    }

    /// The value of an option that is a number of seconds.
    pub fn seconds(&self, wanted: u16) -> Option<u32> {
        Some(u32::from_be_bytes(*self.option(wanted)?.as_array()?))
    }

    /// The resolvers, at most `most`; none if the option is no list of addresses.
    pub fn resolvers(&self, most: usize) -> Vec<Ipv6Addr> {
        match self.option(option::DNS_SERVERS).unwrap_or_default().as_chunks::<16>() {
            (addresses, []) => {
                addresses.iter().take(most).map(|octets| Ipv6Addr::from_octets(*octets)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The domains that names are searched in; none if the option is malformed.
    pub fn domains(&self) -> Vec<String> {
        domain::names(self.option(option::DOMAIN_LIST).unwrap_or_default(), false).unwrap_or_default()
    }
}

/// The first option's code and value, and what is behind it.
fn split_option(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let ([a, b, c, d], rest) = bytes.split_first_chunk()?;
    let (value, behind) = rest.split_at_checked(u16::from_be_bytes([*c, *d]).into())?;
    Some((u16::from_be_bytes([*a, *b]), value, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked() {
        let station = MacAddress([2, 0, 0, 0, 0, 7]);
        let bytes = InformationRequest { transaction: 0x00ab_cdef, station, elapsed: 300 }.emit();
        let expected = [
            &[11, 0xab, 0xcd, 0xef, 0, 1, 0, 10, 0, 3, 0, 1, 2, 0, 0, 0, 0, 7][..],
            &[0, 8, 0, 2, 1, 44],
            &[0, 6, 0, 8, 0, 23, 0, 24, 0, 32, 0, 83],
        ];
        assert_eq!(bytes, expected.concat());
    }

    #[test]
    fn what_is_answered() {
        let resolvers = [Ipv6Addr::LOCALHOST.octets(), Ipv6Addr::UNSPECIFIED.octets()].concat();
        let bytes = [&[7, 0, 0, 5, 0, 32, 0, 4, 0, 0, 2, 88, 0, 23, 0, 32][..], &resolvers].concat();
        let reply = Reply::parse(&bytes).unwrap();
        assert_eq!((reply.transaction, reply.seconds(option::REFRESH_TIME)), (5, Some(600)));
        assert_eq!(reply.resolvers(8), [Ipv6Addr::LOCALHOST, Ipv6Addr::UNSPECIFIED]);
        assert_eq!(reply.resolvers(1), [Ipv6Addr::LOCALHOST]);
        assert_eq!((reply.option(option::SERVER_ID), reply.seconds(option::DNS_SERVERS)), (None, None));
        for len in (1..bytes.len()).filter(|len| ![4, 12].contains(len)) {
            assert!(Reply::parse(&bytes[..len]).is_err(), "{len}");
        }
        assert!(Reply::parse(&[11, 0, 0, 5]).is_err());
        let odd = [7, 0, 0, 5, 0, 23, 0, 3, 1, 2, 3];
        assert_eq!(Reply::parse(&odd).unwrap().resolvers(8), [] as [Ipv6Addr; 0]);
    }
}
