//! Answers.

use super::{Code, INTERNET, Name, record_type};
use crate::wire::Malformed;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Most records of an answer that are looked at.
const MAX_RECORDS: usize = 512;

const HEADER: usize = 12;

/// Bits of the flags.
mod flag {
    pub(super) const RESPONSE: u16 = 0x8000;
    pub(super) const OPCODE: u16 = 0x7800;
    pub(super) const AUTHORITATIVE: u16 = 0x0400;
    pub(super) const TRUNCATED: u16 = 0x0200;
    pub(super) const RECURSION_AVAILABLE: u16 = 0x0080;
    pub(super) const CODE: u16 = 0x000f;
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// A or AAAA.
    Address(IpAddr),
    /// Another name for the owner is really meant: CNAME.
    Alias(Name),
    /// The name of the host whose address the owner writes: PTR.
    Host(Name),
}

/// A record of an answer that is of use here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose it is.
    pub owner: Name,
    /// Seconds for which it may be kept.
    pub ttl: u32,
    /// What it says.
    pub data: Data,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// The question's.
    pub id: u16,
    /// The question as it was heard: name, type, class; empty if it was left out.
    pub question: &'a [u8],
    /// The rest did not fit: ask over TCP.
    pub truncated: bool,
    /// Whether the server owns the name or asks others for us; one that does neither has nothing to say.
    pub is_of_use: bool,
    /// How it went.
    pub code: Code,
    /// Addresses and aliases, in the message's order.
    pub records: Vec<Record>,
    /// Seconds for which it may be kept that there is nothing (RFC 2308 section 5); none: not at all.
    pub negative_ttl: Option<u32>,
}

impl<'a> Response<'a> {
    /// Reads a message. One that is itself a question is malformed, and so is one with other than one question, though a
    /// server that did not understand it may leave it out. Of a truncated one the records are not read.
    pub fn parse(message: &'a [u8]) -> Result<Self, Malformed> {
        let header = message.first_chunk::<HEADER>().ok_or(Malformed::Truncated)?;
        let word = |at: usize| crate::wire::get_u16(header, 2 * at);
        let flags = word(1);
        let code = Code::from_number(flags & flag::CODE);
        let bare = word(2) == 0 && code == Code::FormatError;
        if flags & flag::RESPONSE == 0 || flags & flag::OPCODE != 0 || (word(2) != 1 && !bare) {
            return Err(Malformed::AddressFormat);
        }
        let end = if bare { HEADER } else { Name::parse(message, HEADER)?.1 + 4 };
        let question = message.get(HEADER..end).ok_or(Malformed::Truncated)?;
        let truncated = flags & flag::TRUNCATED != 0;
        let mut response = Response {
            id: word(0),
            question,
            truncated,
            is_of_use: flags & (flag::AUTHORITATIVE | flag::RECURSION_AVAILABLE) != 0,
            code,
            records: Vec::new(),
            negative_ttl: None,
        };
        if !truncated {
            let counts = (word(3).into(), word(4).into());
            response.read_records(message, end, counts)?;
        }
        Ok(response)
    }

    /// Reads the answers and what the authority says.
    fn read_records(
        &mut self,
        message: &[u8],
        mut at: usize,
        (answers, authorities): (usize, usize),
    ) -> Result<(), Malformed> {
        for index in 0..answers.saturating_add(authorities).min(MAX_RECORDS) {
            let raw = Raw::parse(message, at)?;
            at = raw.end;
            if raw.class != INTERNET {
                continue;
            }
            if index < answers {
                let data = raw.data(message)?;
                self.records.extend(data.map(|data| Record { owner: raw.owner, ttl: raw.ttl, data }));
            } else if raw.kind == record_type::SOA {
                // The last of SOA's numbers, and no longer than SOA itself (RFC 2308 section 5).
                let minimum = raw.bytes.last_chunk::<4>().ok_or(Malformed::Truncated)?;
                self.negative_ttl = Some(seconds(u32::from_be_bytes(*minimum)).min(raw.ttl));
            }
        }
        Ok(())
    }
}

/// Times of more than 31 bits are none (RFC 2181 section 8).
fn seconds(ttl: u32) -> u32 {
    if i32::try_from(ttl).is_ok() { ttl } else { 0 }
}

/// A record of whatever type.
struct Raw<'a> {
    owner: Name,
    kind: u16,
    class: u16,
    ttl: u32,
    /// Where its data lie, which may point to elsewhere in the message.
    start: usize,
    bytes: &'a [u8],
    end: usize,
}

impl<'a> Raw<'a> {
    fn parse(message: &'a [u8], at: usize) -> Result<Self, Malformed> {
        let (owner, behind) = Name::parse(message, at)?;
        let rest = message.get(behind..).ok_or(Malformed::Truncated)?;
        let (fixed, _) = rest.split_first_chunk::<10>().ok_or(Malformed::Truncated)?;
        let [k1, k2, c1, c2, t1, t2, t3, t4, l1, l2] = *fixed;
        let start = behind + 10;
        let end = start + usize::from(u16::from_be_bytes([l1, l2]));
        Ok(Raw {
            owner,
            kind: u16::from_be_bytes([k1, k2]),
            class: u16::from_be_bytes([c1, c2]),
            ttl: seconds(u32::from_be_bytes([t1, t2, t3, t4])),
            start,
            bytes: message.get(start..end).ok_or(Malformed::Truncated)?,
            end,
        })
    }

    /// What it says, if that is of use.
    fn data(&self, message: &[u8]) -> Result<Option<Data>, Malformed> {
        let address_format = |_| Malformed::AddressFormat;
        Ok(match self.kind {
            record_type::A => {
                let octets: [u8; 4] = self.bytes.try_into().map_err(address_format)?;
                Some(Data::Address(Ipv4Addr::from(octets).into()))
            }
            record_type::AAAA => {
                let octets: [u8; 16] = self.bytes.try_into().map_err(address_format)?;
                Some(Data::Address(Ipv6Addr::from(octets).into()))
            }
            record_type::CNAME => Some(Data::Alias(self.name(message)?)),
            record_type::PTR => Some(Data::Host(self.name(message)?)),
            _ => None,
        })
    }

    /// The name that it consists of.
    fn name(&self, message: &[u8]) -> Result<Name, Malformed> {
        let (name, end) = Name::parse(message, self.start)?;
        if end == self.end { Ok(name) } else { Err(Malformed::AddressFormat) }
    }
}
