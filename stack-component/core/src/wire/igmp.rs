//! Messages about IPv4 groups (RFC 1112, RFC 2236, RFC 3376 section 4).

use super::checksum::Sum;
use super::{Malformed, get_u16, get_u32, put_u16};
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// Bytes of a message of the first two versions, and of the header of a report of the third.
pub const HEADER_LEN: usize = 8;

/// Bytes of a query of the third version without sources.
const QUERY_LEN: usize = 12;

const QUERY: u8 = 0x11;
const REPORT_V1: u8 = 0x12;
const REPORT_V2: u8 = 0x16;
const LEAVE: u8 = 0x17;
const REPORT_V3: u8 = 0x22;

/// Every host.
pub const ALL_HOSTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);
/// Every router of the link: whom a leave goes to.
pub const ALL_ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 2);
/// Every router that speaks the third version: whom its reports go to.
pub const ALL_V3_ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 22);

/// Whether a message is undamaged.
pub fn checksum_is_valid(message: &[u8]) -> bool {
    Sum::of(message).is_valid()
}

/// What a message on its way in says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A router asks who listens.
    Query(Query),
    /// Another host listens to this group.
    Report(Ipv4Addr),
    /// What only routers need to know.
    Other,
}

/// A router's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The version that the router speaks: 1, 2 or 3.
    pub version: u8,
    /// The group it asks for; the unspecified address means all.
    pub group: Ipv4Addr,
    /// Until when an answer may wait, in tenths of a second.
    pub max_response: u32,
    /// The sources it asks for; none: all.
    pub sources: Vec<Ipv4Addr>,
    /// How often what changes is told; 0: it does not say.
    pub robustness: u8,
    /// How often it is asked, in seconds; 0: it does not say.
    pub interval: u32,
}

impl Message {
    /// The message in `bytes`. Linux: `igmp_rcv`, `igmp_heard_query`.
    pub fn parse(bytes: &[u8]) -> Result<Message, Malformed> {
        let header = bytes.first_chunk::<HEADER_LEN>().ok_or(Malformed::Truncated)?;
        let group = Ipv4Addr::from_bits(get_u32(header, 4));
        match header[0] {
            QUERY => Ok(Message::Query(parse_query(header, group, bytes)?)),
            REPORT_V1 | REPORT_V2 => Ok(Message::Report(group)),
            _ => Ok(Message::Other),
        }
    }
}

/// RFC 3376 section 7.1: the length and the code tell the versions apart.
fn parse_query(header: &[u8; HEADER_LEN], group: Ipv4Addr, bytes: &[u8]) -> Result<Query, Malformed> {
    let (code, sources) = (header[1], Vec::new());
    if bytes.len() == HEADER_LEN {
        // RFC 2236 section 4: the first version's routers say 0, which means ten seconds.
        let (version, max_response) = if code == 0 { (1, 100) } else { (2, code.into()) };
        return Ok(Query { version, group, max_response, sources, robustness: 0, interval: 0 });
    }
    let fixed = bytes.first_chunk::<QUERY_LEN>().ok_or(Malformed::Truncated)?;
    let count = usize::from(get_u16(fixed, 10));
    let listed = bytes.get(QUERY_LEN..QUERY_LEN + count * 4).ok_or(Malformed::Truncated)?;
    let sources = listed.as_chunks::<4>().0.iter().map(|&octets| Ipv4Addr::from_octets(octets)).collect();
    let (robustness, interval) = (fixed[8] & 7, floating(fixed[9]));
    Ok(Query { version: 3, group, max_response: floating(code), sources, robustness, interval })
}

/// RFC 3376 section 4.1.1: from 128 on a code has an exponent. Linux: `IGMPV3_MRC`, `IGMPV3_QQIC`, `MLDV2_QQIC`.
pub(super) fn floating(code: u8) -> u32 {
    match code {
        ..128 => code.into(),
        _ => u32::from(code & 0xf | 0x10) << ((code >> 4 & 7) + 3),
    }
}

/// What a record of a report says (RFC 3376 section 4.2.12, RFC 3810 section 5.2.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordType {
    /// Listens to these sources alone.
    IsInclude = 1,
    /// Listens to all but these.
    IsExclude = 2,
    /// Listens from now on to these alone.
    ToInclude = 3,
    /// Listens from now on to all but these.
    ToExclude = 4,
    /// Listens to these, too.
    Allow = 5,
    /// Listens to these no more.
    Block = 6,
}

/// A report of the third version. Each record has at most 65535 sources. Linux: `igmpv3_newpack`, `add_grec`.
pub fn report(records: &[(RecordType, Ipv4Addr, Vec<Ipv4Addr>)]) -> Vec<u8> {
    let mut bytes = alloc::vec![REPORT_V3, 0, 0, 0, 0, 0, 0, 0];
    put_u16(&mut bytes, 6, records.len() as u16);
    for (kind, group, sources) in records {
        bytes.extend_from_slice(&[*kind as u8, 0]);
        bytes.extend_from_slice(&(sources.len() as u16).to_be_bytes());
        bytes.extend_from_slice(&group.octets());
        sources.iter().for_each(|source| bytes.extend_from_slice(&source.octets()));
    }
    with_checksum(bytes)
}

/// "I listen", of the first two versions. Linux: `igmp_send_report`.
pub fn old_report(version: u8, group: Ipv4Addr) -> Vec<u8> {
    with_checksum(short(if version == 1 { REPORT_V1 } else { REPORT_V2 }, group))
}

/// "I listen no more", of the second version.
pub fn leave(group: Ipv4Addr) -> Vec<u8> {
    with_checksum(short(LEAVE, group))
}

fn short(kind: u8, group: Ipv4Addr) -> Vec<u8> {
    [&[kind, 0, 0, 0][..], &group.octets()].concat()
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = Sum::of(&bytes).checksum();
    put_u16(&mut bytes, 2, checksum);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};
    use std::vec;

    const GROUP: Ipv4Addr = Ipv4Addr::new(239, 1, 2, 3);

    #[test]
    fn the_versions_of_queries() {
        let query = |code, rest: &[u8]| [&[QUERY, code, 0, 0, 239, 1, 2, 3][..], rest].concat();
        let rows = [
            (query(0, &[]), Ok((1, 100, 0, 0, vec![]))),
            (query(20, &[]), Ok((2, 20, 0, 0, vec![]))),
            (query(100, &[0x0a, 125, 0, 0]), Ok((3, 100, 2, 125, vec![]))),
            (
                query(0x80, &[2, 125, 0, 1, 10, 0, 0, 1]),
                Ok((3, 128, 2, 125, vec![Ipv4Addr::new(10, 0, 0, 1)])),
            ),
            (query(0xff, &[2, 0x80, 0, 0]), Ok((3, 31 << 10, 2, 128, vec![]))),
            (query(1, &[2, 125, 0]), Err(Malformed::Truncated)),
            (query(1, &[2, 125, 0, 1, 10, 0, 0]), Err(Malformed::Truncated)),
        ];
        for (bytes, expected) in rows {
            let expected = expected.map(|(version, max_response, robustness, interval, sources)| {
                Message::Query(Query { version, group: GROUP, max_response, sources, robustness, interval })
            });
            assert_eq!(Message::parse(&bytes), expected, "{bytes:?}");
        }
        for len in 0..HEADER_LEN {
            assert!(Message::parse(&query(0, &[])[..len]).is_err());
        }
    }

    #[test]
    fn any_bytes_will_do() {
        let mut random = SeededRandom::new(7);
        for _ in 0..20_000 {
            let mut bytes = vec![0; random.below(80) as usize];
            random.fill(&mut bytes);
            bytes.first_mut().into_iter().for_each(|kind| *kind = 0x11);
            if let Ok(Message::Query(query)) = Message::parse(&bytes) {
                assert!(query.sources.len() * 4 < bytes.len());
            }
        }
    }

    #[test]
    fn what_is_sent() {
        let source = Ipv4Addr::new(10, 0, 0, 1);
        let records = [(RecordType::ToExclude, GROUP, vec![]), (RecordType::Allow, GROUP, vec![source])];
        let bytes = report(&records);
        assert!(checksum_is_valid(&bytes));
        assert_eq!(bytes[..2], [0x22, 0]);
        assert_eq!(bytes[6..], [0, 2, 4, 0, 0, 0, 239, 1, 2, 3, 5, 0, 0, 1, 239, 1, 2, 3, 10, 0, 0, 1]);
        assert_eq!(Message::parse(&bytes), Ok(Message::Other));
        for (bytes, kind) in [(old_report(1, GROUP), 0x12), (old_report(2, GROUP), 0x16)] {
            assert!(checksum_is_valid(&bytes) && bytes[0] == kind);
            assert_eq!(Message::parse(&bytes), Ok(Message::Report(GROUP)));
        }
        assert!(checksum_is_valid(&leave(GROUP)));
    }
}
