//! DNS messages, as far as a host that asks needs them (RFC 1035 section 4, RFC 6891).
//!
//! A message here is what lies in a UDP datagram, or behind its two bytes of length on a TCP connection.

mod name;
mod query;
mod response;

pub use name::{MAX_LABEL, MAX_NAME, Name};
pub use query::Query;
pub use response::{Data, Record, Response};

/// Where resolvers hear, for UDP and TCP.
pub const PORT: u16 = 53;

/// What a question is about. RFC 1035 section 3.2.2, RFC 3596.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// The host's name, of an address that is written as a name.
    Pointer,
}

/// Types of records.
mod record_type {
    pub(super) const A: u16 = 1;
    pub(super) const CNAME: u16 = 5;
    pub(super) const SOA: u16 = 6;
    pub(super) const PTR: u16 = 12;
    pub(super) const AAAA: u16 = 28;
    pub(super) const OPT: u16 = 41;
}

/// The class of the Internet.
const INTERNET: u16 = 1;

impl Kind {
    const fn record_type(self) -> u16 {
        match self {
            Kind::A => record_type::A,
            Kind::Aaaa => record_type::AAAA,
            Kind::Pointer => record_type::PTR,
        }
    }
}

/// How an answer says that it went (RFC 1035 section 4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The name is there, though perhaps without what was asked for: NOERROR.
    NoError,
    /// The server did not understand the question: FORMERR.
    FormatError,
    /// Nobody has the name: NXDOMAIN.
    NoSuchName,
    /// The server does not know this sort of question: NOTIMP.
    NotImplemented,
    /// The server cannot, or will not, say: SERVFAIL, REFUSED and all others.
    Failure,
}

impl Code {
    const fn from_number(number: u16) -> Self {
        match number {
            0 => Code::NoError,
            1 => Code::FormatError,
            3 => Code::NoSuchName,
            4 => Code::NotImplemented,
            _ => Code::Failure,
        }
    }
}

#[cfg(test)]
mod tests;
