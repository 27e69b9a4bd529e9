//! The errors we send about packets of others.

use super::super::{RateLimit, Suppressed};
use crate::packet::{LinkDestination, Packet};
use crate::random::Random;
use crate::sysctl::Sysctl;
use crate::time::Instant;
use crate::wire::icmpv4::{Fields, HEADER_LEN, Type, redirect, unreachable};
use crate::wire::ipv4;
use crate::wire::protocol::Protocol;
use core::net::Ipv4Addr;

/// Bytes of the largest error, IP header included: every host takes it (RFC 1812 section 4.3.2.3).
const MAX_ERROR: usize = 576;

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No route to its network.
    NetworkUnreachable,
    /// Its destination, or the next hop, does not answer.
    HostUnreachable,
    /// Nobody here knows its protocol.
    ProtocolUnreachable,
    /// Nobody here has its port.
    PortUnreachable,
    /// The next link carries packets of this many bytes at most.
    FragmentationNeeded(u16),
    /// A route forbids it.
    AdministrativelyProhibited,
    /// Its time to live ended.
    TimeExceeded,
    /// Another gateway on the sender's link is nearer to its destination.
    Redirect(Ipv4Addr),
    /// The rest of its fragments did not arrive in time.
    ReassemblyTimeExceeded,
    /// The byte at this place of its IP header makes no sense.
    ParameterProblem(u8),
}

impl Problem {
    /// The header that says it.
    fn fields(self) -> Fields {
        let unreachable = |code, mtu: u16| {
            let [high, low] = mtu.to_be_bytes();
            Fields { kind: Type::DESTINATION_UNREACHABLE, code, rest: [0, 0, high, low] }
        };
        match self {
            Problem::NetworkUnreachable => unreachable(unreachable::NETWORK, 0),
            Problem::HostUnreachable => unreachable(unreachable::HOST, 0),
            Problem::ProtocolUnreachable => unreachable(unreachable::PROTOCOL, 0),
            Problem::PortUnreachable => unreachable(unreachable::PORT, 0),
            Problem::FragmentationNeeded(mtu) => unreachable(unreachable::FRAGMENTATION_NEEDED, mtu),
            Problem::AdministrativelyProhibited => unreachable(unreachable::ADMINISTRATIVELY_PROHIBITED, 0),
            Problem::TimeExceeded => Fields { kind: Type::TIME_EXCEEDED, code: 0, rest: [0; 4] },
            Problem::Redirect(gateway) => {
                Fields { kind: Type::REDIRECT, code: redirect::HOST, rest: gateway.octets() }
            }
            Problem::ReassemblyTimeExceeded => Fields { kind: Type::TIME_EXCEEDED, code: 1, rest: [0; 4] },
            Problem::ParameterProblem(pointer) => {
                Fields { kind: Type::PARAMETER_PROBLEM, code: 0, rest: [pointer, 0, 0, 0] }
            }
        }
    }
}

/// The packet that is complained about, and what the stack knows of it.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The packet from its IP header on.
    pub packet: &'a [u8],
    /// Whom its frame was addressed to.
    pub addressed: LinkDestination,
    /// Whether its IP source or destination means everybody on one of our links.
    pub broadcast: bool,
    /// Whether its source is an address of ours: we may tell ourselves as much as we like.
    pub ours: bool,
}

impl About<'_> {
    /// Whom to complain to, if at all: not about an error, not about any fragment but the first, not about
    /// what went to many, and not to a source that is not one host (RFC 1122 section 3.2.2, RFC 1812
    /// section 4.3.2.7).
    fn complain_to(&self) -> Option<Ipv4Addr> {
        let header = ipv4::Header::parse_quoted(self.packet).ok()?;
        let (source, destination) = (header.source(), header.destination());
        let to_many = destination.is_multicast() || destination.is_broadcast() || self.broadcast;
        let from_nobody = source.is_unspecified() || source.is_multicast() || source.is_broadcast();
        let is_error = header.protocol() == Protocol::ICMP
            && header.payload().first().is_none_or(|&kind| Type(kind).is_error() || kind > 18);
        let addressed_to_us = self.addressed == LinkDestination::Host;
        let quiet = to_many || from_nobody || header.fragment_offset() != 0 || is_error || !addressed_to_us;
        (!quiet).then_some(source)
    }
}

/// The complaint about a packet and whom it goes to; none if there must be none.
/// Linux: `__icmp_send`.
pub fn error_about(
    about: About<'_>,
    problem: Problem,
    limit: &mut RateLimit,
    (now, sysctl, random): (Instant, &Sysctl, &mut dyn Random),
) -> Option<Result<(Ipv4Addr, Packet), Suppressed>> {
    let destination = about.complain_to()?;
    // Path-MTU discovery depends on every one of these.
    let masked = sysctl.icmp_ratemask >> problem.fields().kind.0.min(31) & 1 == 0;
    let unlimited = matches!(problem, Problem::FragmentationNeeded(_)) || masked || about.ours;
    if !unlimited && let Err(suppressed) = limit.allow(now, sysctl, random, destination.into()) {
        return Some(Err(suppressed));
    }
    let quote = about.packet.len().min(MAX_ERROR - ipv4::HEADER_LEN - HEADER_LEN);
    let mut packet = Packet::from_payload(about.packet.get(..quote).unwrap_or_default());
    packet.push(HEADER_LEN);
    problem.fields().emit(packet.data_mut());
    Some(Ok((destination, packet)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use crate::wire::icmpv4::Header;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const US: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

    fn packet(source: Ipv4Addr, destination: Ipv4Addr, protocol: Protocol, payload: &[u8]) -> Vec<u8> {
        let mut bytes = alloc::vec![0; ipv4::HEADER_LEN];
        let total_len = (bytes.len() + payload.len()) as u16;
        ipv4::Fields {
            tos: 0,
            total_len,
            identification: 0,
            dont_fragment: false,
            ttl: 64,
            protocol,
            source,
            destination,
        }
        .emit(&mut bytes);
        bytes.extend_from_slice(payload);
        bytes
    }

    fn complain(about: About<'_>, problem: Problem) -> Option<(Ipv4Addr, Packet)> {
        let (sysctl, mut random) = (Sysctl::default(), SeededRandom::new(1));
        let mut limit = RateLimit::new(&sysctl, &mut random);
        error_about(about, problem, &mut limit, (Instant::ZERO, &sysctl, &mut random)).map(Result::unwrap)
    }

    fn about(packet: &[u8]) -> About<'_> {
        About { packet, addressed: LinkDestination::Host, broadcast: false, ours: false }
    }

    #[test]
    fn every_problem_is_said_right() {
        let original = packet(PEER, US, Protocol::UDP, b"datagram");
        let rows = [
            (Problem::NetworkUnreachable, "ICMP net unreachable, length 36"),
            (Problem::HostUnreachable, "ICMP host unreachable, length 36"),
            (Problem::ProtocolUnreachable, "ICMP protocol unreachable, length 36"),
            (Problem::PortUnreachable, "ICMP port unreachable, length 36"),
            (Problem::FragmentationNeeded(1400), "ICMP unreachable - need to frag (mtu 1400), length 36"),
            (Problem::AdministrativelyProhibited, "ICMP unreachable - admin prohibited, length 36"),
            (Problem::TimeExceeded, "ICMP time exceeded, length 36"),
            (Problem::Redirect(US), "ICMP redirect 192.0.2.1, length 36"),
            (Problem::ReassemblyTimeExceeded, "ICMP time exceeded, length 36"),
            (Problem::ParameterProblem(20), "ICMP parameter problem, length 36"),
        ];
        for (problem, line) in rows {
            let (destination, error) = complain(about(&original), problem).unwrap();
            let header = Header::parse(error.data()).unwrap();
            assert_eq!((destination, header.to_string().as_str()), (PEER, line));
            assert!(header.checksum_is_valid());
            assert_eq!(header.payload(), original);
        }
    }

    #[test]
    fn the_quote_is_cut_so_that_every_host_takes_the_error() {
        let original = packet(PEER, US, Protocol::UDP, &[7; 1400]);
        let (_, error) = complain(about(&original), Problem::PortUnreachable).unwrap();
        assert_eq!(error.len() + ipv4::HEADER_LEN, 576);
    }

    #[test]
    fn what_is_never_complained_about() {
        let udp = |source, destination| packet(source, destination, Protocol::UDP, b"datagram");
        let fine = udp(PEER, US);
        let mut fragment = fine.clone();
        fragment[7] = 1;
        let icmp = |kind: u8| packet(PEER, US, Protocol::ICMP, &[kind, 0, 0, 0, 0, 0, 0, 0]);
        let group = Ipv4Addr::new(224, 0, 0, 1);
        let quiet = [
            ("a later fragment", fragment),
            ("an error", icmp(3)),
            ("an unknown message", icmp(99)),
            ("a message without type", packet(PEER, US, Protocol::ICMP, b"")),
            ("to a group", udp(PEER, group)),
            ("to everybody", udp(PEER, Ipv4Addr::BROADCAST)),
            ("from a group", udp(group, US)),
            ("from everybody", udp(Ipv4Addr::BROADCAST, US)),
            ("from nobody", udp(Ipv4Addr::UNSPECIFIED, US)),
            ("a truncated header", fine[..19].to_vec()),
        ];
        for (name, packet) in quiet {
            assert!(complain(about(&packet), Problem::PortUnreachable).is_none(), "{name}");
        }
        let to_a_link = About { broadcast: true, ..about(&fine) };
        assert!(complain(to_a_link, Problem::PortUnreachable).is_none());
        let in_a_broadcast_frame = About { addressed: LinkDestination::Broadcast, ..about(&fine) };
        assert!(complain(in_a_broadcast_frame, Problem::PortUnreachable).is_none());
        assert!(complain(about(&icmp(8)), Problem::TimeExceeded).is_some());
    }
}
