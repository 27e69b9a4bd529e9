//! The headers between an IPv6 header and what the packet carries (RFC 8200 section 4), and the options in two of them.
//!
//! A chain has at most [`MAX_HEADERS`] headers (RFC 8504 section 5.3): what is longer was made to be laborious. The
//! length of each is checked as it is reached; nothing is read behind the packet.

use super::protocol::Protocol;
use super::{Malformed, get_u16, get_u32};

/// Most extension headers of one packet that are looked at (RFC 8504 section 5.3).
pub const MAX_HEADERS: usize = 8;

/// What an extension header is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Options for every node on the way; only ever the first header.
    HopByHop,
    /// A list of nodes to visit.
    Routing,
    /// The packet is a part of one.
    Fragment,
    /// Options for the receiver.
    DestinationOptions,
}

impl Kind {
    /// The kind of header that has this number; none if it is no extension header that is walked over.
    pub const fn of(protocol: Protocol) -> Option<Kind> {
        match protocol {
            Protocol::HOP_BY_HOP => Some(Kind::HopByHop),
            Protocol::ROUTING => Some(Kind::Routing),
            Protocol::FRAGMENT => Some(Kind::Fragment),
            Protocol::DESTINATION_OPTIONS => Some(Kind::DestinationOptions),
            _ => None,
        }
    }
}

/// A checked view of one extension header.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    fixed: &'a [u8; 8],
    bytes: &'a [u8],
}

impl<'a> Extension<'a> {
    /// The header of this kind that `bytes` begins with; all of it must be there.
    pub fn parse(kind: Kind, bytes: &'a [u8]) -> Result<Self, Malformed> {
        let fixed = bytes.first_chunk::<8>().ok_or(Malformed::Truncated)?;
        let len = match kind {
            Kind::Fragment => 8,
            _ => (usize::from(fixed[1]) + 1) * 8,
        };
        Ok(Extension { fixed, bytes: bytes.get(..len).ok_or(Malformed::Truncated)? })
    }

    /// What follows it.
    pub const fn next_header(&self) -> Protocol {
        Protocol(self.fixed[0])
    }

    /// All of its bytes, a multiple of 8.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its options, of a header that has some.
    pub fn options(&self) -> Options<'a> {
        Options { bytes: self.bytes, at: 2 }
    }

    /// Routing: what kind of list it is.
    pub const fn routing_type(&self) -> u8 {
        self.fixed[2]
    }

    /// Routing: how many nodes are still to be visited.
    pub const fn segments_left(&self) -> u8 {
        self.fixed[3]
    }

    /// Fragment: where in the whole packet's fragmentable part this one begins, in bytes.
    pub const fn fragment_offset(&self) -> u32 {
        (get_u16(self.fixed, 2) & 0xfff8) as u32
    }

    /// Fragment: M, not the last one.
    pub const fn more_fragments(&self) -> bool {
        self.fixed[3] & 1 != 0
    }

    /// Fragment: what the fragments of one packet have in common.
    pub const fn identification(&self) -> u32 {
        get_u32(self.fixed, 4)
    }
}

/// One option of a hop-by-hop or destination-options header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypedOption<'a> {
    /// What it is. The upper two bits say what who does not know it must do.
    pub kind: u8,
    /// Where it begins, in bytes from the beginning of its header.
    pub offset: usize,
    /// Its value.
    pub value: &'a [u8],
}

/// Option types.
pub mod option {
    /// One byte of padding, without a length.
    pub const PAD1: u8 = 0;
    /// Padding (RFC 8200 section 4.2).
    pub const PADN: u8 = 1;
    /// Routers are to look at the packet (RFC 2711).
    pub const ROUTER_ALERT: u8 = 5;
    /// The packet is longer than its header can say (RFC 2675).
    pub const JUMBO: u8 = 0xc2;
}

/// The options of a header one after the other, padding included; one error at most, and nothing behind it.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<TypedOption<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.at;
        let kind = *self.bytes.get(offset)?;
        if kind == option::PAD1 {
            self.at = offset + 1;
            return Some(Ok(TypedOption { kind, offset, value: &[] }));
        }
        let end = self.bytes.get(offset + 1).map(|&len| offset + 2 + usize::from(len));
        let value = end.and_then(|end| self.bytes.get(offset + 2..end));
        self.at = end.filter(|_| value.is_some()).unwrap_or(usize::MAX);
        Some(value.map(|value| TypedOption { kind, offset, value }).ok_or(Malformed::Truncated))
    }
}

/// Where in a packet's payload its protocol's header begins, and which protocol it is: behind all extension headers.
/// In the middle of a packet (a later fragment) there is none to be found: `None`, as where the chain is cut off, or too
/// long. Linux: `ipv6_skip_exthdr`.
pub fn skip(first: Protocol, payload: &[u8]) -> Option<(Protocol, usize)> {
    let (mut protocol, mut at) = (first, 0);
    for _ in 0..=MAX_HEADERS {
        let Some(kind) = Kind::of(protocol) else { return Some((protocol, at)) };
        let extension = Extension::parse(kind, payload.get(at..)?).ok()?;
        if kind == Kind::Fragment && extension.fragment_offset() != 0 {
            return None;
        }
        (protocol, at) = (extension.next_header(), at + extension.bytes().len());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};
    use alloc::vec::Vec;

    const ROUTING: [u8; 8] = [44, 0, 4, 1, 0, 0, 0, 0];
    const FRAGMENT: [u8; 8] = [60, 0xff, 0x05, 0xa9, 1, 2, 3, 4];
    const OPTIONS: [u8; 16] = [17, 1, 0, 0, 5, 2, 0, 0, 1, 6, 0, 0, 0, 0, 0, 0];

    #[test]
    fn what_headers_say() {
        let routing = Extension::parse(Kind::Routing, &ROUTING).unwrap();
        assert_eq!((routing.routing_type(), routing.segments_left()), (4, 1));
        assert_eq!(routing.next_header(), Protocol::FRAGMENT);
        let fragment = Extension::parse(Kind::Fragment, &FRAGMENT).unwrap();
        assert_eq!((fragment.fragment_offset(), fragment.more_fragments()), (1448, true));
        assert_eq!((fragment.identification(), fragment.bytes().len()), (0x0102_0304, 8));
    }

    #[test]
    fn options_in_their_order() {
        let header = Extension::parse(Kind::DestinationOptions, &OPTIONS).unwrap();
        let options: Vec<_> = header.options().map(|option| option.map(|o| (o.kind, o.offset))).collect();
        assert_eq!(options, [Ok((0, 2)), Ok((0, 3)), Ok((5, 4)), Ok((1, 8))]);
        for (at, length) in [(5, 11), (9, 7), (9, 255)] {
            let mut bytes = OPTIONS;
            bytes[at] = length;
            let header = Extension::parse(Kind::DestinationOptions, &bytes).unwrap();
            assert_eq!(header.options().last(), Some(Err(Malformed::Truncated)), "{at}");
        }
        let mut bytes = OPTIONS;
        bytes[14..].copy_from_slice(&[0, 9]);
        bytes[9] = 4;
        let header = Extension::parse(Kind::DestinationOptions, &bytes).unwrap();
        assert_eq!(header.options().last(), Some(Err(Malformed::Truncated)), "a type without a length");
    }

    #[test]
    fn every_truncation_is_refused() {
        for len in 0..OPTIONS.len() {
            let error = Extension::parse(Kind::HopByHop, &OPTIONS[..len]).unwrap_err();
            assert_eq!(error, Malformed::Truncated, "{len}");
        }
    }

    #[test]
    fn the_protocol_behind_all_headers() {
        let first = [60, 0xff, 0, 1, 1, 2, 3, 4];
        let chain = [&ROUTING[..], &first, &OPTIONS, b"udp"].concat();
        assert_eq!(skip(Protocol::ROUTING, &chain), Some((Protocol::UDP, 32)));
        assert_eq!(skip(Protocol::TCP, b""), Some((Protocol::TCP, 0)));
        let later = [&ROUTING[..], &FRAGMENT, &OPTIONS].concat();
        assert_eq!(skip(Protocol::ROUTING, &later), None, "the middle of a packet");
        assert_eq!(skip(Protocol::ROUTING, &chain[..31]), None, "cut off");
        for (count, found) in [(8, true), (9, false)] {
            let mut long: Vec<u8> = [60, 0, 1, 4, 0, 0, 0, 0].repeat(count);
            long[count * 8 - 8] = 6;
            assert_eq!(skip(Protocol::DESTINATION_OPTIONS, &long).is_some(), found, "{count}");
        }
    }

    #[test]
    fn any_bytes_will_do() {
        let mut random = SeededRandom::new(6);
        for _ in 0..20_000 {
            let mut bytes = alloc::vec![0; random.below(80) as usize];
            random.fill(&mut bytes);
            for kind in [Kind::HopByHop, Kind::Routing, Kind::Fragment, Kind::DestinationOptions] {
                if let Ok(header) = Extension::parse(kind, &bytes) {
                    assert!(header.options().count() <= header.bytes().len());
                }
            }
            if let Some((_, at)) = skip(Protocol(bytes.first().copied().unwrap_or(0)), &bytes) {
                assert!(at <= bytes.len());
            }
        }
    }
}
