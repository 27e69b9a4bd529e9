//! Neighbour discovery (RFC 4861, RFC 4191, RFC 8106, RFC 3971's nonce): five messages of ICMPv6 and their options.

mod redirect;

pub use redirect::Redirect;

use super::ethernet::MacAddress;
use super::icmpv6::{self, Type};
use super::ipv6::address;
use super::{Malformed, get_u32};
use core::fmt;
use core::net::Ipv6Addr;

/// The hop limit of every message: it shows that no router passed it on (RFC 4861 section 11.2).
pub const HOP_LIMIT: u8 = 255;

/// Option types.
pub mod option {
    /// The sender's station.
    pub const SOURCE_LINK_ADDRESS: u8 = 1;
    /// The target's station.
    pub const TARGET_LINK_ADDRESS: u8 = 2;
    /// A network of the link.
    pub const PREFIX: u8 = 3;
    /// The packet that led to a redirect.
    pub const REDIRECTED: u8 = 4;
    /// What the link carries.
    pub const MTU: u8 = 5;
    /// A number that shows an answer to be one (RFC 3971, RFC 7527).
    pub const NONCE: u8 = 14;
    /// A route (RFC 4191).
    pub const ROUTE: u8 = 24;
    /// Resolvers (RFC 8106).
    pub const RDNSS: u8 = 25;
    /// Domains to search (RFC 8106).
    pub const DNSSL: u8 = 31;
}

/// How much a router is to be preferred to others (RFC 4191 section 2.1), the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preference {
    /// Less.
    Low,
    /// As any.
    #[default]
    Medium,
    /// More.
    High,
}

impl Preference {
    /// The preference of two bits; the reserved value is none.
    const fn of_bits(bits: u8) -> Option<Preference> {
        match bits & 3 {
            0 => Some(Preference::Medium),
            1 => Some(Preference::High),
            3 => Some(Preference::Low),
            _ => None,
        }
    }
}

/// What a router says of itself and its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouterAdvertisement {
    /// The hop limit that hosts are to use; 0 says nothing.
    pub hop_limit: u8,
    /// M: DHCPv6 has addresses.
    pub managed: bool,
    /// O: DHCPv6 has other things.
    pub other: bool,
    /// How much it is to be preferred as a default router; the reserved value counts as medium (RFC 4191 section 2.2).
    pub preference: Preference,
    /// Seconds for which it is a default router; 0: it is none.
    pub lifetime: u16,
    /// Milliseconds for which a neighbour counts as reachable; 0 says nothing.
    pub reachable_ms: u32,
    /// Milliseconds between two solicitations; 0 says nothing.
    pub retransmit_ms: u32,
}

/// A message without its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Which routers are there?
    RouterSolicitation,
    /// A router is there.
    RouterAdvertisement(RouterAdvertisement),
    /// Who has `target`?
    NeighbourSolicitation {
        /// The address asked for.
        target: Ipv6Addr,
    },
    /// The sender has `target`.
    NeighbourAdvertisement {
        /// The address.
        target: Ipv6Addr,
        /// R: it is a router.
        router: bool,
        /// S: it was asked.
        solicited: bool,
        /// O: what was known of its station is no longer right.
        override_known: bool,
    },
    /// Packets for `destination` are better sent to `target`.
    Redirect {
        /// The better next hop; the destination itself if that is a neighbour.
        target: Ipv6Addr,
        /// Whom the packets are for.
        destination: Ipv6Addr,
    },
}

impl Message {
    /// Reads a message, and where its options are. All of them must have a length (RFC 4861 section 4.6).
    pub fn parse<'a>(header: &icmpv6::Header<'a>) -> Result<(Message, Options<'a>), Malformed> {
        let body = header.payload();
        let addresses = || body.split_first_chunk::<16>().ok_or(Malformed::Truncated);
        let (message, options) = match header.kind() {
            Type::ROUTER_SOLICITATION => (Message::RouterSolicitation, body),
            Type::ROUTER_ADVERTISEMENT => {
                let (times, options) = body.split_first_chunk::<8>().ok_or(Malformed::Truncated)?;
                (Message::RouterAdvertisement(router(header.rest(), times)), options)
            }
            Type::NEIGHBOUR_SOLICITATION => {
                let (target, options) = addresses()?;
                (Message::NeighbourSolicitation { target: Ipv6Addr::from_octets(*target) }, options)
            }
            Type::NEIGHBOUR_ADVERTISEMENT => {
                let (target, options) = addresses()?;
                let target = Ipv6Addr::from_octets(*target);
                let flag = |bit: u8| header.rest()[0] & bit != 0;
                let (router, solicited, override_known) = (flag(0x80), flag(0x40), flag(0x20));
                (Message::NeighbourAdvertisement { target, router, solicited, override_known }, options)
            }
            Type::REDIRECT => {
                let (both, options) = body.split_first_chunk::<32>().ok_or(Malformed::Truncated)?;
                let (target, destination) = (address(both, 0), address(both, 16));
                (Message::Redirect { target, destination }, options)
            }
            _ => return Err(Malformed::AddressFormat),
        };
        Ok((message, Options::parse(options)?))
    }
}

fn router([hop_limit, flags, high, low]: [u8; 4], times: &[u8; 8]) -> RouterAdvertisement {
    RouterAdvertisement {
        hop_limit,
        managed: flags & 0x80 != 0,
        other: flags & 0x40 != 0,
        preference: Preference::of_bits(flags >> 3).unwrap_or_default(),
        lifetime: u16::from_be_bytes([high, low]),
        reachable_ms: get_u32(times, 0),
        retransmit_ms: get_u32(times, 4),
    }
}

/// A network of the link, and what to do with it (RFC 4861 section 4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The network's address; bits behind the prefix are not to be looked at.
    pub address: Ipv6Addr,
    /// How many leading bits name it; above 128 it is nonsense.
    pub len: u8,
    /// L: its hosts are neighbours.
    pub on_link: bool,
    /// A: hosts may make addresses of it.
    pub autonomous: bool,
    /// Seconds for which it is valid; all ones: forever.
    pub valid: u32,
    /// Seconds for which addresses of it are preferred; all ones: forever.
    pub preferred: u32,
}

/// A route by the sender (RFC 4191 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteInformation {
    /// Where it leads.
    pub address: Ipv6Addr,
    /// How many leading bits name it, 0 to 128.
    pub len: u8,
    /// How much it is to be preferred.
    pub preference: Preference,
    /// Seconds for which it is valid; all ones: forever; 0: no longer.
    pub lifetime: u32,
}

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NdpOption<'a> {
    /// The sender's station.
    SourceLinkAddress(MacAddress),
    /// The target's station.
    TargetLinkAddress(MacAddress),
    /// A network of the link.
    Prefix(Prefix),
    /// The beginning of the packet that led to a redirect, from its IP header on.
    Redirected(&'a [u8]),
    /// What the link carries, in bytes.
    Mtu(u32),
    /// A number to be sent back, or to be known again.
    Nonce(&'a [u8]),
    /// A route.
    Route(RouteInformation),
    /// Resolvers.
    Resolvers {
        /// Seconds for which they may be used; all ones: forever.
        lifetime: u32,
        /// Their addresses, one after the other.
        addresses: &'a [[u8; 16]],
    },
    /// Domains to search.
    Domains {
        /// Seconds for which they may be used; all ones: forever.
        lifetime: u32,
        /// Their names in DNS's form, zeros behind them.
        names: &'a [u8],
    },
    /// One of a type that is not known here; to be ignored (RFC 4861 section 4.6).
    Unknown(u8),
    /// One of this type that has not the length its type has, or says what means nothing; to be ignored, too.
    Malformed(u8),
}

/// The options of a message one after the other. Each has a length, and all of them are there.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a>(&'a [u8]);

impl<'a> Options<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = bytes;
        while let Some((_, length)) = rest.first().zip(rest.get(1)) {
            if *length == 0 {
                return Err(Malformed::HeaderLength);
            }
            rest = rest.get(usize::from(*length) * 8..).ok_or(Malformed::Truncated)?;
        }
        if rest.is_empty() { Ok(Options(bytes)) } else { Err(Malformed::Truncated) }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = NdpOption<'a>;

    fn next(&mut self) -> Option<NdpOption<'a>> {
        let (kind, length) = (*self.0.first()?, usize::from(*self.0.get(1)?) * 8);
        let (option, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(read(kind, option).unwrap_or(NdpOption::Malformed(kind)))
    }
}

/// Reads an option, its type and length included; none if it is malformed.
fn read(kind: u8, option: &[u8]) -> Option<NdpOption<'_>> {
    let (fixed, rest) = option.split_first_chunk::<8>()?;
    let station = || rest.is_empty().then(|| MacAddress(core::array::from_fn(|i| fixed[2 + i])));
    match kind {
        option::SOURCE_LINK_ADDRESS => station().map(NdpOption::SourceLinkAddress),
        option::TARGET_LINK_ADDRESS => station().map(NdpOption::TargetLinkAddress),
        option::PREFIX => prefix(option.as_array()?).map(NdpOption::Prefix),
        option::REDIRECTED => Some(NdpOption::Redirected(rest)),
        option::MTU => rest.is_empty().then(|| NdpOption::Mtu(get_u32(fixed, 4))),
        option::NONCE => Some(NdpOption::Nonce(option.get(2..)?)),
        option::ROUTE => route(fixed, rest).map(NdpOption::Route),
        option::RDNSS => match rest.as_chunks() {
            ([], _) | (_, [_, ..]) => None,
            (addresses, []) => Some(NdpOption::Resolvers { lifetime: get_u32(fixed, 4), addresses }),
        },
        option::DNSSL => {
            let domains = NdpOption::Domains { lifetime: get_u32(fixed, 4), names: rest };
            (!rest.is_empty()).then_some(domains)
        }
        _ => Some(NdpOption::Unknown(kind)),
    }
}

fn prefix(option: &[u8; 32]) -> Option<Prefix> {
    let (len, flags) = (option[2], option[3]);
    Some(Prefix {
        address: address(option, 16),
        len,
        on_link: flags & 0x80 != 0,
        autonomous: flags & 0x40 != 0,
        valid: get_u32(option, 4),
        preferred: get_u32(option, 8),
    })
}

/// A route's prefix is sent as far as it is not zero (RFC 4191 section 2.3): with 0, 8 or 16 bytes.
fn route(fixed: &[u8; 8], prefix: &[u8]) -> Option<RouteInformation> {
    let len = fixed[2];
    let enough = usize::from(len) <= prefix.len() * 8 && prefix.len() <= 16;
    let mut octets = [0; 16];
    octets.get_mut(..prefix.len())?.copy_from_slice(prefix);
    let preference = Preference::of_bits(fixed[3] >> 3)?;
    let (address, lifetime) = (Ipv6Addr::from_octets(octets), get_u32(fixed, 4));
    enough.then_some(RouteInformation { address, len, preference, lifetime })
}

/// A message as tcpdump writes it behind the addresses.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub icmpv6::Header<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ICMP6, ")?;
        match Message::parse(&self.0) {
            Err(error) => write!(f, "type {}, {error}", self.0.kind().0)?,
            Ok((Message::RouterSolicitation, _)) => f.write_str("router solicitation")?,
            Ok((Message::RouterAdvertisement(_), _)) => f.write_str("router advertisement")?,
            Ok((Message::NeighbourSolicitation { target }, _)) => {
                write!(f, "neighbor solicitation, who has {target}")?;
            }
            Ok((Message::NeighbourAdvertisement { target, .. }, _)) => {
                write!(f, "neighbor advertisement, tgt is {target}")?;
            }
            Ok((Message::Redirect { target, destination }, _)) => {
                write!(f, "redirect, {destination} to {target}")?;
            }
        }
        write!(f, ", length {}", icmpv6::HEADER_LEN + self.0.payload().len())
    }
}

/// A message of ours: what we send has at most a station and a nonce for options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// A solicitation or a neighbour advertisement; no router speaks by this.
    pub message: Message,
    /// Our station: the source's in a question, the target's in an answer.
    pub station: Option<MacAddress>,
    /// A number to know the message by when it comes back (RFC 7527).
    pub nonce: Option<[u8; 6]>,
}

impl Fields {
    /// Bytes of the longest message of ours.
    pub const MAX_LEN: usize = icmpv6::HEADER_LEN + 16 + 8 + 8;

    /// Bytes of the message.
    pub fn message_len(&self) -> usize {
        let address = if self.target().is_some() { 16 } else { 0 };
        let options = usize::from(self.station.is_some()) + usize::from(self.nonce.is_some());
        icmpv6::HEADER_LEN + address + 8 * options
    }

    fn target(&self) -> Option<Ipv6Addr> {
        match self.message {
            Message::NeighbourSolicitation { target } | Message::NeighbourAdvertisement { target, .. } => {
                Some(target)
            }
            _ => None,
        }
    }

    /// Writes the message but for its checksum.
    ///
    /// # Panics
    ///
    /// If `bytes` is shorter than [`Fields::message_len`].
    pub fn emit(&self, bytes: &mut [u8]) {
        let (kind, flags, of_station) = match self.message {
            Message::NeighbourSolicitation { .. } => {
                (Type::NEIGHBOUR_SOLICITATION, 0, option::SOURCE_LINK_ADDRESS)
            }
            Message::NeighbourAdvertisement { router, solicited, override_known, .. } => {
                let flags = u8::from(router) << 7 | u8::from(solicited) << 6 | u8::from(override_known) << 5;
                (Type::NEIGHBOUR_ADVERTISEMENT, flags, option::TARGET_LINK_ADDRESS)
            }
            _ => (Type::ROUTER_SOLICITATION, 0, option::SOURCE_LINK_ADDRESS),
        };
        icmpv6::Fields { kind, code: 0, rest: [flags, 0, 0, 0] }.emit(bytes);
        let mut at = icmpv6::HEADER_LEN;
        let mut put = |part: &[u8]| {
            bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        };
        if let Some(target) = self.target() {
            put(&target.octets());
        }
        if let Some(MacAddress(station)) = self.station {
            put(&[of_station, 1]);
            put(&station);
        }
        if let Some(nonce) = self.nonce {
            put(&[option::NONCE, 1]);
            put(&nonce);
        }
    }
}

#[cfg(test)]
mod tests;
