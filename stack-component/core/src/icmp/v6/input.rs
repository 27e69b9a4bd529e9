//! Messages on the way in.

use super::super::{IcmpError, IcmpErrorKind};
use crate::counters::{Counter, Counters};
use crate::drop_reason::DropReason;
use crate::packet::{Checksum, Packet};
use crate::sysctl::Sysctl;
use crate::wire::icmpv6::{Header, Type, request_into_reply, unreachable};
use crate::wire::ipv6;
use core::net::Ipv6Addr;

/// What a message asks of the stack.
#[derive(Debug)]
pub enum Verdict {
    /// This message goes back to the sender, its checksum still to be filled in.
    Reply(Packet),
    /// TCP or UDP is to hear of an error.
    Error(IcmpError),
    /// Neighbour discovery is to read it.
    Discovery(Packet),
    /// Who answers for groups is to read it.
    Listeners(Packet),
}

/// Judges the message in `packet` (ICMP header first) between these addresses. Linux: `icmpv6_rcv`.
pub fn input(
    counters: &mut Counters,
    sysctl: &Sysctl,
    packet: Packet,
    source: Ipv6Addr,
    destination: Ipv6Addr,
) -> Result<Verdict, DropReason> {
    counters.increment(Counter::Icmp6InMsgs);
    let result = judge(counters, sysctl, packet, source, destination);
    match result {
        Err(DropReason::IcmpChecksum) => {
            counters.increment(Counter::Icmp6InCsumErrors);
            counters.increment(Counter::Icmp6InErrors);
        }
        Err(DropReason::IcmpMalformed) => counters.increment(Counter::Icmp6InErrors),
        _ => {}
    }
    result
}

fn judge(
    counters: &mut Counters,
    sysctl: &Sysctl,
    mut packet: Packet,
    source: Ipv6Addr,
    destination: Ipv6Addr,
) -> Result<Verdict, DropReason> {
    let header = Header::parse(packet.data()).map_err(|_| DropReason::IcmpMalformed)?;
    if packet.meta.checksum != Checksum::Verified && !header.checksum_is_valid(source, destination) {
        return Err(DropReason::IcmpChecksum);
    }
    let kind = header.kind();
    counters.icmp6_received(kind.0);
    match kind {
        Type::ECHO_REQUEST => {
            let to_many = destination.is_multicast();
            if sysctl.icmp6_echo_ignore_all || (to_many && sysctl.icmp6_echo_ignore_multicast) {
                return Err(DropReason::IcmpIgnored);
            }
            request_into_reply(packet.data_mut());
            Ok(Verdict::Reply(packet))
        }
        Type::DESTINATION_UNREACHABLE
        | Type::PACKET_TOO_BIG
        | Type::TIME_EXCEEDED
        | Type::PARAMETER_PROBLEM => error(&header).map(Verdict::Error),
        kind if kind.is_neighbour_discovery() => Ok(Verdict::Discovery(packet)),
        Type::MLD_QUERY | Type::MLD_REPORT | Type::MLD_DONE | Type::MLD2_REPORT => {
            Ok(Verdict::Listeners(packet))
        }
        _ => Err(DropReason::IcmpIgnored),
    }
}

fn error(header: &Header<'_>) -> Result<IcmpError, DropReason> {
    let kind = kind_of(header).ok_or(DropReason::IcmpIgnored)?;
    ipv6::Header::parse_quoted(header.payload()).map_err(|_| DropReason::IcmpMalformed)?;
    IcmpError::about(header.payload(), kind).ok_or(DropReason::IcmpIgnored)
}

/// What an error message says. Linux: `icmpv6_notify`, `icmpv6_err_convert`.
fn kind_of(header: &Header<'_>) -> Option<IcmpErrorKind> {
    let kind = match (header.kind(), header.code()) {
        // Every link carries so much; who says otherwise wants our packets to be small. Linux: `__ip6_rt_update_pmtu`.
        (Type::PACKET_TOO_BIG, _) if header.mtu() < ipv6::MIN_MTU => return None,
        (Type::PACKET_TOO_BIG, _) => IcmpErrorKind::FragmentationNeeded { mtu: header.mtu() },
        (Type::TIME_EXCEEDED, _) => IcmpErrorKind::TimeExceeded,
        (Type::PARAMETER_PROBLEM, _) => IcmpErrorKind::ParameterProblem,
        (Type::DESTINATION_UNREACHABLE, code) => match code {
            unreachable::NO_ROUTE => IcmpErrorKind::NetworkUnreachable,
            unreachable::ADMINISTRATIVELY_PROHIBITED => IcmpErrorKind::PolicyForbids,
            unreachable::BEYOND_SCOPE | unreachable::ADDRESS => IcmpErrorKind::HostUnreachable,
            unreachable::PORT => IcmpErrorKind::PortUnreachable,
            unreachable::SOURCE_POLICY | unreachable::REJECT_ROUTE => IcmpErrorKind::PolicyForbids,
            _ => return None,
        },
        _ => return None,
    };
    Some(kind)
}

#[cfg(test)]
mod tests;
