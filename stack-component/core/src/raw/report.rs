//! Errors about what a socket sent. Linux: `struct sock_extended_err`.

use crate::wire::protocol::Protocol;
use crate::wire::{ipv4, ipv6, ipv6_extension};
use alloc::vec::Vec;
use core::net::IpAddr;

/// Most bytes of a quoted packet that are kept.
pub(super) const MAX_QUOTE: usize = 128;

/// Who found the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This stack. Linux: `SO_EE_ORIGIN_LOCAL`.
    Local,
    /// Somebody on the way, or the peer. Linux: `SO_EE_ORIGIN_ICMP`, `SO_EE_ORIGIN_ICMP6`.
    Icmp,
}

/// An error about a packet of a socket's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Who found it.
    pub origin: Origin,
    /// Who told it; none if this stack did without a packet.
    pub offender: Option<IpAddr>,
    /// Whom the packet was for.
    pub destination: IpAddr,
    /// Type of the ICMP message; 0 without one.
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// The MTU in bytes, of errors about too large packets, and the place in the header, of errors about such.
    pub info: u32,
    /// What the packet carried, as far as it is quoted, and 128 bytes at most.
    pub data: Vec<u8>,
}

/// A packet of ours that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote<'a> {
    /// Our address.
    pub source: IpAddr,
    /// Whom it was for.
    pub destination: IpAddr,
    /// What it carried.
    pub protocol: Protocol,
    /// The payload, as far as it is quoted.
    pub payload: &'a [u8],
}

impl<'a> Quote<'a> {
    /// Reads the beginning of a packet; none if it says nothing, or is not the packet's beginning.
    pub fn parse(packet: &'a [u8]) -> Option<Self> {
        if let Ok(header) = ipv6::Header::parse_quoted(packet) {
            let (protocol, at) = ipv6_extension::skip(header.next_header(), header.payload())?;
            let payload = header.payload().get(at..)?;
            let (source, destination) = (header.source().into(), header.destination().into());
            return Some(Quote { source, destination, protocol, payload });
        }
        let header = ipv4::Header::parse_quoted(packet).ok()?;
        (header.fragment_offset() == 0).then(|| Quote {
            source: header.source().into(),
            destination: header.destination().into(),
            protocol: header.protocol(),
            payload: header.payload(),
        })
    }

    /// The identifier of the echo request in it, if it is one.
    pub(super) fn echo_identifier(&self) -> Option<u16> {
        let [kind, _, _, _, high, low, ..] = *self.payload.first_chunk::<8>()?;
        super::outgoing::is_echo_request(self.protocol, kind).then(|| u16::from_be_bytes([high, low]))
    }

    /// The payload as a [`Report`] keeps it.
    pub(super) fn kept(&self) -> Vec<u8> {
        self.payload.get(..MAX_QUOTE).unwrap_or(self.payload).to_vec()
    }
}
