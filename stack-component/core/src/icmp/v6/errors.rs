//! The errors we send about packets of others.

use super::super::{RateLimit, Suppressed};
use crate::packet::{LinkDestination, Packet};
use crate::random::Random;
use crate::sysctl::Sysctl;
use crate::time::Instant;
use crate::wire::icmpv6::{Fields, HEADER_LEN, Type, parameter, unreachable};
use crate::wire::protocol::Protocol;
use crate::wire::{ipv6, ipv6_extension};
use core::net::Ipv6Addr;

/// Bytes of the largest error, IPv6 header included: every link carries it (RFC 4443 section 2.4).
const MAX_ERROR: usize = ipv6::MIN_MTU as usize;

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No route to its destination.
    NoRoute,
    /// A route forbids it.
    AdministrativelyProhibited,
    /// Its source means nothing beyond the link it came from.
    BeyondScope,
    /// Its destination, or the next hop, does not answer.
    AddressUnreachable,
    /// Nobody here has its port.
    PortUnreachable,
    /// The next link carries packets of this many bytes at most.
    PacketTooBig(u32),
    /// Its hop limit ended.
    HopLimitExceeded,
    /// Its other fragments did not come in time.
    ReassemblyTimeExceeded,
    /// A byte of it makes no sense.
    ParameterProblem {
        /// What kind of thing it is: one of [`parameter`].
        code: u8,
        /// Where it is, in bytes from the IPv6 header's first on.
        pointer: u32,
    },
}

impl Problem {
    /// The header that says it.
    fn fields(self) -> Fields {
        let fields = |kind, code, rest: u32| Fields { kind, code, rest: rest.to_be_bytes() };
        let unreachable = |code| fields(Type::DESTINATION_UNREACHABLE, code, 0);
        match self {
            Problem::NoRoute => unreachable(unreachable::NO_ROUTE),
            Problem::AdministrativelyProhibited => unreachable(unreachable::ADMINISTRATIVELY_PROHIBITED),
            Problem::BeyondScope => unreachable(unreachable::BEYOND_SCOPE),
            Problem::AddressUnreachable => unreachable(unreachable::ADDRESS),
            Problem::PortUnreachable => unreachable(unreachable::PORT),
            Problem::PacketTooBig(mtu) => fields(Type::PACKET_TOO_BIG, 0, mtu),
            Problem::HopLimitExceeded => fields(Type::TIME_EXCEEDED, 0, 0),
            Problem::ReassemblyTimeExceeded => fields(Type::TIME_EXCEEDED, 1, 0),
            Problem::ParameterProblem { code, pointer } => fields(Type::PARAMETER_PROBLEM, code, pointer),
        }
    }

    /// Whether it is said of packets to groups, too: who sends to one must learn the path's MTU and which options are
    /// not understood (RFC 4443 section 2.4 (e.3)).
    fn is_said_to_groups(self) -> bool {
        matches!(self, Problem::PacketTooBig(_) | Problem::ParameterProblem { code: parameter::OPTION, .. })
    }
}

/// The packet that is complained about, and what the stack knows of it.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The packet from its IPv6 header on.
    pub packet: &'a [u8],
    /// Whom its frame was addressed to.
    pub addressed: LinkDestination,
    /// Whether its source is an address of ours: we may tell ourselves as much as we like.
    pub ours: bool,
}

impl About<'_> {
    /// Whom to complain to, if at all: not about an error or a redirect, not about what went to many, and not to a
    /// source that is not one host (RFC 4443 section 2.4 (e)).
    fn complain_to(&self, problem: Problem) -> Option<Ipv6Addr> {
        let header = ipv6::Header::parse_quoted(self.packet).ok()?;
        let source = header.source();
        let to_many = header.destination().is_multicast() || self.addressed != LinkDestination::Host;
        let from_nobody = source.is_unspecified() || source.is_multicast();
        let quiet = (to_many && !problem.is_said_to_groups()) || from_nobody || is_error(&header);
        (!quiet).then_some(source)
    }
}

/// Whether a packet is an error itself, or might be one. Linux: `is_ineligible`.
fn is_error(header: &ipv6::Header<'_>) -> bool {
    match ipv6_extension::skip(header.next_header(), header.payload()) {
        Some((Protocol::ICMPV6, at)) => match header.payload().get(at).map(|&kind| Type(kind)) {
            Some(kind) => kind.is_error() || kind == Type::REDIRECT,
            None => true,
        },
        _ => false,
    }
}

/// The complaint about a packet and whom it goes to; none if there must be none. Linux: `icmp6_send`.
pub fn error_about(
    about: About<'_>,
    problem: Problem,
    limit: &mut RateLimit,
    (now, sysctl, random): (Instant, &Sysctl, &mut dyn Random),
) -> Option<Result<(Ipv6Addr, Packet), Suppressed>> {
    let destination = about.complain_to(problem)?;
    // Path-MTU discovery depends on every one of these (Linux: `net.ipv6.icmp.ratemask`).
    let unlimited = matches!(problem, Problem::PacketTooBig(_)) || about.ours;
    if !unlimited && let Err(suppressed) = limit.allow(now, sysctl, random, destination.into()) {
        return Some(Err(suppressed));
    }
    let quote = about.packet.len().min(MAX_ERROR - ipv6::HEADER_LEN - HEADER_LEN);
    let mut packet = Packet::from_payload(about.packet.get(..quote).unwrap_or_default());
    problem.fields().emit(packet.push(HEADER_LEN));
    Some(Ok((destination, packet)))
}

#[cfg(test)]
mod tests;
