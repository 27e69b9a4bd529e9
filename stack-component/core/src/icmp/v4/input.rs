//! Messages on the way in.

use super::super::{IcmpError, IcmpErrorKind};
use crate::counters::{Counter, Counters};
use crate::drop_reason::DropReason;
use crate::packet::{Checksum, Packet};
use crate::sysctl::Sysctl;
use crate::time::Instant;
use crate::wire::icmpv4::{Header, Type, redirect, request_into_reply, timestamps_into_reply, unreachable};
use crate::wire::ipv4;
use core::net::Ipv4Addr;

/// What a message asks of the stack.
#[derive(Debug)]
pub enum Verdict {
    /// This message goes back to the sender.
    Reply(Packet),
    /// TCP or UDP is to hear of an error.
    Error(IcmpError),
    /// The sender, if it is the gateway we use, knows a better one for packets such as the one that `about` tells of;
    /// what that says is wrong means nothing.
    Redirect {
        /// The better one.
        gateway: Ipv4Addr,
        /// Whose packet went the long way.
        about: IcmpError,
    },
}

/// Judges the message in `packet` (ICMP header first). `to_many` says whether it was sent to a group or to
/// everybody. Linux: `icmp_rcv`.
pub fn input(
    counters: &mut Counters,
    sysctl: &Sysctl,
    packet: Packet,
    to_many: bool,
    now: Instant,
) -> Result<Verdict, DropReason> {
    counters.increment(Counter::IcmpInMsgs);
    let result = judge(counters, sysctl, packet, to_many, now);
    match result {
        Err(DropReason::IcmpChecksum) => {
            counters.increment(Counter::IcmpInCsumErrors);
            counters.increment(Counter::IcmpInErrors);
        }
        Err(DropReason::IcmpMalformed | DropReason::IcmpUnwanted) => {
            counters.increment(Counter::IcmpInErrors);
        }
        _ => {}
    }
    result
}

fn judge(
    counters: &mut Counters,
    sysctl: &Sysctl,
    mut packet: Packet,
    to_many: bool,
    now: Instant,
) -> Result<Verdict, DropReason> {
    let header = Header::parse(packet.data()).map_err(|_| DropReason::IcmpMalformed)?;
    if packet.meta.checksum != Checksum::Verified && !header.checksum_is_valid() {
        return Err(DropReason::IcmpChecksum);
    }
    counters.icmp_received(header.kind().0);
    if is_unwanted(header.kind(), sysctl, to_many) {
        return Err(DropReason::IcmpUnwanted);
    }
    match header.kind() {
        Type::ECHO_REQUEST => {
            if sysctl.icmp_echo_ignore_all {
                return Err(DropReason::IcmpIgnored);
            }
            request_into_reply(packet.data_mut());
            Ok(Verdict::Reply(packet))
        }
        Type::TIMESTAMP_REQUEST => {
            timestamps_into_reply(packet.data_mut(), now.as_millis()).ok_or(DropReason::IcmpMalformed)?;
            Ok(Verdict::Reply(packet))
        }
        Type::REDIRECT => redirect(&header),
        Type::DESTINATION_UNREACHABLE | Type::TIME_EXCEEDED | Type::PARAMETER_PROBLEM => {
            error(&header).map(Verdict::Error)
        }
        // Source quench (RFC 6633), address masks (RFC 6918) and what nobody asked for.
        _ => Err(DropReason::IcmpIgnored),
    }
}

/// Whether nobody sends such a message, or not to everybody: errors and replies least of all. Linux: the checks of
/// `icmp_rcv`, whose highest known type is `NR_ICMP_TYPES`.
fn is_unwanted(kind: Type, sysctl: &Sysctl, to_many: bool) -> bool {
    match kind {
        Type(number) if number > Type::ADDRESS_MASK_REPLY.0 => true,
        // RFC 1122 section 3.2.2.6 lets a host be silent when everybody is asked; smurfs taught it to be.
        Type::ECHO_REQUEST | Type::TIMESTAMP_REQUEST => to_many && sysctl.icmp_echo_ignore_broadcasts,
        Type::ADDRESS_MASK_REQUEST | Type::ADDRESS_MASK_REPLY => false,
        _ => to_many,
    }
}

/// RFC 1122 section 3.2.2.2: those for networks are taken for the host alone. Linux: `icmp_redirect`.
fn redirect(header: &Header<'_>) -> Result<Verdict, DropReason> {
    let kind = Some(IcmpErrorKind::NetworkUnreachable).filter(|_| header.code() <= redirect::HOST_FOR_TOS);
    let about = quoted(header, kind.ok_or(DropReason::IcmpIgnored)?)?;
    Ok(Verdict::Redirect { gateway: header.gateway(), about })
}

fn error(header: &Header<'_>) -> Result<IcmpError, DropReason> {
    quoted(header, kind_of(header).ok_or(DropReason::IcmpIgnored)?)
}

/// What a message says of the packet that it quotes.
fn quoted(header: &Header<'_>, kind: IcmpErrorKind) -> Result<IcmpError, DropReason> {
    let quoted = ipv4::Header::parse_quoted(header.payload()).map_err(|_| DropReason::IcmpMalformed)?;
    // At least eight bytes of the payload are quoted (RFC 792); ports and sequence number are among them.
    if quoted.payload().len() < 8 {
        return Err(DropReason::IcmpMalformed);
    }
    IcmpError::about(header.payload(), kind).ok_or(DropReason::IcmpIgnored)
}

/// What an error message says. Linux: `icmp_unreach`, `icmp_err_convert`.
fn kind_of(header: &Header<'_>) -> Option<IcmpErrorKind> {
    let kind = match (header.kind(), header.code()) {
        (Type::TIME_EXCEEDED, 0 | 1) => IcmpErrorKind::TimeExceeded,
        (Type::PARAMETER_PROBLEM, _) => IcmpErrorKind::ParameterProblem,
        (Type::DESTINATION_UNREACHABLE, code) => match code {
            unreachable::NETWORK => IcmpErrorKind::NetworkUnreachable,
            unreachable::HOST => IcmpErrorKind::HostUnreachable,
            unreachable::PROTOCOL => IcmpErrorKind::ProtocolUnreachable,
            unreachable::PORT => IcmpErrorKind::PortUnreachable,
            unreachable::FRAGMENTATION_NEEDED => {
                IcmpErrorKind::FragmentationNeeded { mtu: header.next_hop_mtu().into() }
            }
            unreachable::SOURCE_ROUTE_FAILED => IcmpErrorKind::SourceRouteFailed,
            unreachable::NETWORK_UNKNOWN => IcmpErrorKind::NetworkUnknown,
            unreachable::HOST_UNKNOWN => IcmpErrorKind::HostUnknown,
            unreachable::SOURCE_ISOLATED => IcmpErrorKind::SourceIsolated,
            unreachable::NETWORK_PROHIBITED => IcmpErrorKind::NetworkProhibited,
            unreachable::NETWORK_FOR_TOS => IcmpErrorKind::NetworkForTos,
            unreachable::HOST_FOR_TOS => IcmpErrorKind::HostForTos,
            // 14 and 15: precedence violation and cutoff (RFC 1812).
            unreachable::HOST_PROHIBITED | unreachable::ADMINISTRATIVELY_PROHIBITED | 14 | 15 => {
                IcmpErrorKind::AdministrativelyProhibited
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::icmpv4::{Fields, HEADER_LEN};
    use crate::wire::protocol::Protocol;
    use alloc::vec::Vec;

    fn message(kind: Type, code: u8, rest: [u8; 4], payload: &[u8]) -> Packet {
        let mut bytes = alloc::vec![0; HEADER_LEN];
        bytes.extend_from_slice(payload);
        Fields { kind, code, rest }.emit(&mut bytes);
        Packet::from_frame(bytes)
    }

    fn judge(packet: Packet) -> Result<Verdict, DropReason> {
        input(&mut Counters::default(), &Sysctl::default(), packet, false, Instant::from_millis(1234))
    }

    fn quote(protocol: Protocol, payload: &[u8]) -> Vec<u8> {
        let mut bytes = alloc::vec![0; ipv4::HEADER_LEN];
        ipv4::Fields {
            tos: 0,
            total_len: 1500,
            identification: 0,
            dont_fragment: true,
            ttl: 1,
            protocol,
            source: Ipv4Addr::new(192, 0, 2, 1),
            destination: Ipv4Addr::new(198, 51, 100, 1),
        }
        .emit(&mut bytes);
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn an_echo_comes_back_with_its_data() {
        let Ok(Verdict::Reply(reply)) = judge(message(Type::ECHO_REQUEST, 0, [1, 2, 3, 4], b"payload"))
        else {
            panic!("no reply");
        };
        let header = Header::parse(reply.data()).unwrap();
        assert_eq!((header.kind(), header.payload()), (Type::ECHO_REPLY, &b"payload"[..]));
        assert!(header.checksum_is_valid());
    }

    #[test]
    fn errors_are_understood() {
        use IcmpErrorKind::*;
        let quote = quote(Protocol::TCP, &[0x10, 0x00, 0x00, 0x50, 1, 2, 3, 4]);
        let unreachable = Type::DESTINATION_UNREACHABLE;
        let mut rows = alloc::vec![
            (Type::TIME_EXCEEDED, 0, Some(TimeExceeded)),
            (Type::TIME_EXCEEDED, 2, None),
            (Type::PARAMETER_PROBLEM, 0, Some(ParameterProblem)),
            (Type::REDIRECT, 4, None),
            (Type::SOURCE_QUENCH, 0, None),
        ];
        let kinds = [
            Some(NetworkUnreachable),
            Some(HostUnreachable),
            Some(ProtocolUnreachable),
            Some(PortUnreachable),
            Some(FragmentationNeeded { mtu: 1400 }),
            Some(SourceRouteFailed),
            Some(NetworkUnknown),
            Some(HostUnknown),
            Some(SourceIsolated),
            Some(NetworkProhibited),
            Some(AdministrativelyProhibited),
            Some(NetworkForTos),
            Some(HostForTos),
            Some(AdministrativelyProhibited),
            Some(AdministrativelyProhibited),
            Some(AdministrativelyProhibited),
            None,
        ];
        rows.extend((0..).zip(kinds).map(|(code, kind)| (unreachable, code, kind)));
        for (kind, code, expected) in rows {
            let verdict = judge(message(kind, code, [0, 0, 0x05, 0x78], &quote));
            match (verdict, expected) {
                (Ok(Verdict::Error(error)), Some(expected)) => {
                    assert_eq!(error.kind, expected, "{kind:?} {code}");
                    let ports = (error.source_port, error.destination_port, error.sequence);
                    assert_eq!(ports, (4096, 80, 0x0102_0304));
                    assert_eq!(error.source, Ipv4Addr::new(192, 0, 2, 1));
                }
                (Err(DropReason::IcmpIgnored), None) => {}
                (verdict, _) => panic!("{kind:?} {code}: {verdict:?}"),
            }
        }
    }

    #[test]
    fn a_redirect_names_a_gateway_and_whose_packet_it_is_about() {
        let quote = quote(Protocol::UDP, &[0x10, 0x00, 0x00, 0x50, 1, 2, 3, 4]);
        for code in 0..4 {
            let Ok(Verdict::Redirect { gateway, about }) =
                judge(message(Type::REDIRECT, code, [192, 0, 2, 9], &quote))
            else {
                panic!("{code}");
            };
            assert_eq!((gateway, about.source_port), (Ipv4Addr::new(192, 0, 2, 9), 4096));
        }
        assert_eq!(
            judge(message(Type::REDIRECT, 1, [0; 4], &quote[..27])).err(),
            Some(DropReason::IcmpMalformed)
        );
    }

    #[test]
    fn a_timestamp_request_is_answered_with_a_time_of_no_day() {
        let Ok(Verdict::Reply(reply)) =
            judge(message(Type::TIMESTAMP_REQUEST, 0, [1, 2, 3, 4], &[1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]))
        else {
            panic!("no reply");
        };
        let header = Header::parse(reply.data()).unwrap();
        assert_eq!((header.kind(), header.identifier()), (Type::TIMESTAMP_REPLY, 0x0102));
        assert!(header.checksum_is_valid());
        let time = [0x80, 0, 0x04, 0xd2];
        assert_eq!(header.payload(), [[1, 2, 3, 4], time, time].concat());
        let short = message(Type::TIMESTAMP_REQUEST, 0, [0; 4], &[0; 11]);
        assert_eq!(judge(short).err(), Some(DropReason::IcmpMalformed));
    }

    #[test]
    fn quotes_that_say_nothing_are_refused() {
        let unreachable =
            |quote: &[u8]| judge(message(Type::DESTINATION_UNREACHABLE, 3, [0; 4], quote)).err();
        let fine = quote(Protocol::UDP, &[0; 8]);
        assert_eq!(unreachable(&fine), None);
        for len in 0..fine.len() {
            assert_eq!(unreachable(&fine[..len]), Some(DropReason::IcmpMalformed), "{len}");
        }
        assert_eq!(unreachable(&quote(Protocol(89), &[0; 8])), Some(DropReason::IcmpIgnored));
        let mut fragment = fine;
        fragment[7] = 1;
        assert_eq!(unreachable(&fragment), Some(DropReason::IcmpIgnored));
    }

    #[test]
    fn damage_and_truncation_are_refused() {
        let fine = message(Type::ECHO_REQUEST, 0, [0; 4], b"x");
        for len in 0..fine.len() {
            let mut packet = fine.clone();
            packet.truncate(len);
            let expected =
                if len < HEADER_LEN { DropReason::IcmpMalformed } else { DropReason::IcmpChecksum };
            assert_eq!(judge(packet).err(), Some(expected), "{len}");
        }
    }

    #[test]
    fn what_nobody_sends_is_an_error() {
        let unwanted = |kind, to_many| {
            let mut counters = Counters::default();
            let quote = quote(Protocol::UDP, &[0; 8]);
            let message = message(Type(kind), 0, [0; 4], &quote);
            let result = input(&mut counters, &Sysctl::default(), message, to_many, Instant::ZERO);
            let unwanted = result.err() == Some(DropReason::IcmpUnwanted);
            assert_eq!(counters.get(Counter::IcmpInErrors), u64::from(unwanted), "{kind} {to_many}");
            unwanted
        };
        let to_one: Vec<u8> = (0..=255).filter(|kind| unwanted(*kind, false)).collect();
        assert_eq!(to_one, (19..=255).collect::<Vec<_>>());
        let to_many: Vec<u8> = (0..=255).filter(|kind| !unwanted(*kind, true)).collect();
        assert_eq!(to_many, [17, 18]);
    }

    #[test]
    fn who_asks_everybody_gets_no_answer_unless_we_are_told_to() {
        let mut sysctl = Sysctl::default();
        let ask = |sysctl: &Sysctl, to_many| {
            let request = message(Type::ECHO_REQUEST, 0, [0; 4], b"x");
            input(&mut Counters::default(), sysctl, request, to_many, Instant::ZERO).is_ok()
        };
        assert!(!ask(&sysctl, true));
        sysctl.icmp_echo_ignore_broadcasts = false;
        assert!(ask(&sysctl, true));
        sysctl.icmp_echo_ignore_all = true;
        assert!(!ask(&sysctl, false));
    }
}
