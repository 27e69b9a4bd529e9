//! Messages about IPv6 groups (RFC 2710, RFC 3810 section 5). They are ICMPv6's: its header comes first, its checksum is
//! filled in by who knows the addresses.

use super::icmpv6::{self, Type};
use super::igmp::{RecordType, floating};
use super::{Malformed, get_u16, put_u16};
use alloc::vec::Vec;
use core::net::Ipv6Addr;

/// Bytes of a message of the first version.
const OLD_LEN: usize = 24;

/// Bytes of a query of the second version without sources.
const QUERY_LEN: usize = 28;

/// Bytes of a report's header.
pub const HEADER_LEN: usize = 8;
/// Bytes of a record without its sources.
pub const RECORD_LEN: usize = 20;
/// Bytes of a source.
pub const SOURCE_LEN: usize = 16;

/// Every router that speaks the second version: whom its reports go to. Linux: `mld2_all_mcr`.
pub const ALL_V2_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);

/// The value of the router alert that all messages have (RFC 2711 section 2.1). Linux: `IPV6_OPT_ROUTERALERT_MLD`.
pub const ALERT: u16 = 0;

/// The hop-by-hop options with it, to be put before a message.
pub const HOP_BY_HOP: [u8; 8] = [58, 0, 5, 2, 0, 0, 1, 0];

/// What a message on its way in says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A router asks who listens.
    Query(Query),
    /// Another host listens to this group.
    Report(Ipv6Addr),
    /// What only routers need to know.
    Other,
}

/// A router's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The version that the router speaks: 1 or 2.
    pub version: u8,
    /// The group it asks for; the unspecified address means all.
    pub group: Ipv6Addr,
    /// Until when an answer may wait, in milliseconds.
    pub max_response: u32,
    /// The sources it asks for; none: all.
    pub sources: Vec<Ipv6Addr>,
    /// How often what changes is told; 0: it does not say.
    pub robustness: u8,
    /// How often it is asked, in seconds; 0: it does not say.
    pub interval: u32,
}

impl Message {
    /// The message in `bytes`. Linux: `__mld_query_work`, `__mld_report_work`.
    pub fn parse(bytes: &[u8]) -> Result<Message, Malformed> {
        let (&kind, fixed) = bytes.first().zip(bytes.first_chunk::<OLD_LEN>()).ok_or(Malformed::Truncated)?;
        let group = super::ipv6::address(fixed, 8);
        match Type(kind) {
            Type::MLD_QUERY if group.is_multicast() || group.is_unspecified() => {
                Ok(Message::Query(parse_query(group, fixed, bytes)?))
            }
            Type::MLD_REPORT if group.is_multicast() => Ok(Message::Report(group)),
            Type::MLD_QUERY | Type::MLD_REPORT => Err(Malformed::AddressFormat),
            _ => Ok(Message::Other),
        }
    }
}

/// RFC 3810 section 8.1: the length tells the versions apart.
fn parse_query(group: Ipv6Addr, fixed: &[u8; OLD_LEN], bytes: &[u8]) -> Result<Query, Malformed> {
    let code = get_u16(fixed, 4);
    if bytes.len() == OLD_LEN {
        let (max_response, sources) = (code.into(), Vec::new());
        return Ok(Query { version: 1, group, max_response, sources, robustness: 0, interval: 0 });
    }
    let fixed = bytes.first_chunk::<QUERY_LEN>().ok_or(Malformed::Truncated)?;
    let count = usize::from(get_u16(fixed, 26));
    let listed = bytes.get(QUERY_LEN..QUERY_LEN + count * SOURCE_LEN).ok_or(Malformed::Truncated)?;
    let sources = listed.as_chunks().0.iter().map(|&octets| Ipv6Addr::from_octets(octets)).collect();
    let (robustness, interval) = (fixed[24] & 7, floating(fixed[25]));
    Ok(Query { version: 2, group, max_response: response(code), sources, robustness, interval })
}

/// RFC 3810 section 5.1.3: from 32768 on a code has an exponent. Linux: `mldv2_mrc`.
fn response(code: u16) -> u32 {
    match code {
        ..0x8000 => code.into(),
        _ => u32::from(code & 0xfff | 0x1000) << ((code >> 12 & 7) + 3),
    }
}

/// A report of the second version. Each record has at most 65535 sources. Linux: `mld_newpack`, `add_grec`.
pub fn report(records: &[(RecordType, Ipv6Addr, Vec<Ipv6Addr>)]) -> Vec<u8> {
    let mut bytes = alloc::vec![Type::MLD2_REPORT.0, 0, 0, 0, 0, 0, 0, 0];
    put_u16(&mut bytes, 6, records.len() as u16);
    for (kind, group, sources) in records {
        bytes.extend_from_slice(&[*kind as u8, 0]);
        bytes.extend_from_slice(&(sources.len() as u16).to_be_bytes());
        bytes.extend_from_slice(&group.octets());
        sources.iter().for_each(|source| bytes.extend_from_slice(&source.octets()));
    }
    bytes
}

/// "I listen", of the first version. Linux: `igmp6_send`.
pub fn old_report(group: Ipv6Addr) -> Vec<u8> {
    old(Type::MLD_REPORT, group)
}

/// "I listen no more", of the first version.
pub fn done(group: Ipv6Addr) -> Vec<u8> {
    old(Type::MLD_DONE, group)
}

fn old(kind: Type, group: Ipv6Addr) -> Vec<u8> {
    let mut bytes = alloc::vec![0; icmpv6::HEADER_LEN];
    icmpv6::Fields { kind, code: 0, rest: [0; 4] }.emit(&mut bytes);
    bytes.extend_from_slice(&group.octets());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};
    use crate::wire::ipv6_extension::{Extension, Kind, option};
    use std::vec;

    const GROUP: Ipv6Addr = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 0x77);
    const SOURCE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

    fn query(code: u16, group: Ipv6Addr, rest: &[u8]) -> Vec<u8> {
        let [high, low] = code.to_be_bytes();
        [&[130, 0, 0, 0, high, low, 0, 0][..], &group.octets(), rest].concat()
    }

    #[test]
    fn the_versions_of_queries() {
        let with_source = [&[0x0a, 0x80, 0, 1][..], &SOURCE.octets()].concat();
        let rows = [
            (query(0, GROUP, &[]), Ok((1, 0, 0, 0, vec![]))),
            (query(0xffff, GROUP, &[]), Ok((1, 0xffff, 0, 0, vec![]))),
            (query(10_000, GROUP, &[2, 125, 0, 0]), Ok((2, 10_000, 2, 125, vec![]))),
            (query(0x8000, GROUP, &with_source), Ok((2, 32_768, 2, 128, vec![SOURCE]))),
            (query(0xffff, GROUP, &[2, 125, 0, 0]), Ok((2, 0x1fff << 10, 2, 125, vec![]))),
            (query(1, GROUP, &[2, 125, 0]), Err(Malformed::Truncated)),
            (query(1, GROUP, &with_source[..19]), Err(Malformed::Truncated)),
            (query(1, SOURCE, &[]), Err(Malformed::AddressFormat)),
        ];
        for (bytes, expected) in rows {
            let expected = expected.map(|(version, max_response, robustness, interval, sources)| {
                Message::Query(Query { version, group: GROUP, max_response, sources, robustness, interval })
            });
            assert_eq!(Message::parse(&bytes), expected, "{bytes:?}");
        }
        for len in 0..OLD_LEN {
            assert_eq!(Message::parse(&query(0, GROUP, &[])[..len]), Err(Malformed::Truncated), "{len}");
        }
    }

    #[test]
    fn what_is_sent() {
        let records = [(RecordType::ToExclude, GROUP, vec![]), (RecordType::Allow, GROUP, vec![SOURCE])];
        let bytes = report(&records);
        assert_eq!(bytes[..8], [143, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!((&bytes[8..12], &bytes[12..28]), (&[4, 0, 0, 0][..], &GROUP.octets()[..]));
        assert_eq!((&bytes[28..32], &bytes[48..]), (&[5, 0, 0, 1][..], &SOURCE.octets()[..]));
        assert_eq!(bytes.len(), HEADER_LEN + 2 * RECORD_LEN + SOURCE_LEN);
        assert_eq!(Message::parse(&bytes), Ok(Message::Other));
        assert_eq!(Message::parse(&old_report(GROUP)), Ok(Message::Report(GROUP)));
        assert_eq!(done(GROUP)[..8], [132, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((Message::parse(&done(GROUP)), done(GROUP).len()), (Ok(Message::Other), OLD_LEN));
    }

    #[test]
    fn any_bytes_will_do() {
        let mut random = SeededRandom::new(7);
        for _ in 0..20_000 {
            let mut bytes = vec![0; random.below(80) as usize];
            random.fill(&mut bytes);
            bytes.first_mut().into_iter().for_each(|kind| *kind = 130);
            if let Ok(Message::Query(query)) = Message::parse(&bytes) {
                assert!(query.sources.len() * 4 < bytes.len());
            }
        }
    }

    #[test]
    fn the_alert_is_a_header_of_options() {
        let header = Extension::parse(Kind::HopByHop, &HOP_BY_HOP).unwrap();
        let options: Vec<_> = header.options().map(|option| option.unwrap()).collect();
        assert_eq!((options[0].kind, options[0].value), (option::ROUTER_ALERT, &ALERT.to_be_bytes()[..]));
        assert_eq!((options.len(), options[1].kind, header.bytes().len()), (2, option::PADN, 8));
    }
}
