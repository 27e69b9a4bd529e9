//! Answers to frames that go no further: resets and ICMP errors.

use super::envelope::{Envelope, HOP_LIMIT};
use stack_core::wire::ethernet::{self, MacAddress};
use stack_core::wire::protocol::Protocol;
use stack_core::wire::tcp::{self, Flags};
use stack_core::wire::{icmpv4, icmpv6, ipv4, ipv6, ipv6_extension, udp};
use std::io;
use std::net::{IpAddr, SocketAddr};

/// Most bytes of an ICMPv4 error with its IP header (RFC 1812 section 4.3.2.3).
const MAX_ERROR_V4: usize = 576;

/// Why a frame goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Nobody listens there.
    Refused,
    /// No way leads to its network.
    Network,
    /// Nobody has its address, or answers.
    Host,
    /// No rule allows it.
    Prohibited,
}

impl Reason {
    /// What a failure to connect or to send on the real host says; none where trying again may help.
    pub(super) fn of(error: &io::Error) -> Option<Reason> {
        match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Some(Reason::Refused),
            io::ErrorKind::NetworkUnreachable => Some(Reason::Network),
            io::ErrorKind::PermissionDenied => Some(Reason::Prohibited),
            _ if super::listener::is_exhaustion(error) => None,
            _ => Some(Reason::Host),
        }
    }

    const fn code_v4(self) -> u8 {
        match self {
            Reason::Refused => icmpv4::unreachable::PORT,
            Reason::Network => icmpv4::unreachable::NETWORK,
            Reason::Host => icmpv4::unreachable::HOST,
            Reason::Prohibited => icmpv4::unreachable::ADMINISTRATIVELY_PROHIBITED,
        }
    }

    const fn code_v6(self) -> u8 {
        match self {
            Reason::Refused => icmpv6::unreachable::PORT,
            Reason::Network => icmpv6::unreachable::NO_ROUTE,
            Reason::Host => icmpv6::unreachable::ADDRESS,
            Reason::Prohibited => icmpv6::unreachable::ADMINISTRATIVELY_PROHIBITED,
        }
    }
}

/// The frame that answers `frame`: a reset where a connection is refused, an ICMP error otherwise. Who refuses is the host that
/// was meant; all else the gateway says, which has the addresses `own`. None if it is no IP packet.
pub(super) fn refusal(frame: &[u8], reason: Reason, own: &[IpAddr]) -> Option<Vec<u8>> {
    let ethernet = ethernet::Header::parse(frame).ok()?;
    let packet = ethernet.payload();
    let (source, destination, protocol, transport) = ends(packet)?;
    let gateway = own.iter().find(|own| own.is_ipv4() == source.is_ipv4()).copied();
    let from = gateway.filter(|_| reason != Reason::Refused).unwrap_or(destination);
    let (protocol, message) = match (reason, protocol) {
        (Reason::Refused, Protocol::TCP) => (Protocol::TCP, reset(from, source, transport)?),
        _ => error(from, source, packet, reason)?,
    };
    let stations = (ethernet.destination(), ethernet.source());
    let hop_limit = HOP_LIMIT;
    Envelope { stations, addresses: (from, source), protocol, hop_limit }.around(&message)
}

/// Addresses and protocol of a packet, and what follows its headers.
fn ends(packet: &[u8]) -> Option<(IpAddr, IpAddr, Protocol, &[u8])> {
    if ipv6::is_v6(packet) {
        let header = ipv6::Header::parse(packet).ok()?;
        let (protocol, at) = ipv6_extension::skip(header.next_header(), header.payload())?;
        let payload = header.payload().get(at..)?;
        return Some((header.source().into(), header.destination().into(), protocol, payload));
    }
    let header = ipv4::Header::parse(packet).ok()?;
    Some((header.source().into(), header.destination().into(), header.protocol(), header.payload()))
}

/// Linux: `tcp_v4_send_reset`.
fn reset(from: IpAddr, to: IpAddr, segment: &[u8]) -> Option<Vec<u8>> {
    let segment = tcp::Header::parse(segment).ok()?;
    let fields = tcp::Fields {
        source_port: segment.destination_port(),
        destination_port: segment.source_port(),
        // The SYN takes one.
        acknowledgement: segment.sequence().wrapping_add(1).wrapping_add(segment.payload().len() as u32),
        flags: Flags::RST.with(Flags::ACK),
        ..tcp::Fields::default()
    };
    let mut reset = vec![0; fields.header_len()];
    fields.emit(&mut reset, 0);
    tcp::fill_checksum(from, to, &mut reset);
    Some(reset)
}

/// Linux: `icmp_send`, `icmpv6_send`.
fn error(from: IpAddr, to: IpAddr, packet: &[u8], reason: Reason) -> Option<(Protocol, Vec<u8>)> {
    let quoted = |most: usize| packet.get(..most).unwrap_or(packet);
    match (from, to) {
        (IpAddr::V4(_), IpAddr::V4(_)) => {
            let mut message = vec![0; icmpv4::HEADER_LEN];
            message.extend(quoted(MAX_ERROR_V4 - ipv4::HEADER_LEN - icmpv4::HEADER_LEN));
            let kind = icmpv4::Type::DESTINATION_UNREACHABLE;
            icmpv4::Fields { kind, code: reason.code_v4(), rest: [0; 4] }.emit(&mut message);
            Some((Protocol::ICMP, message))
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let mut message = vec![0; icmpv6::HEADER_LEN];
            message.extend(quoted(ipv6::MIN_MTU as usize - ipv6::HEADER_LEN - icmpv6::HEADER_LEN));
            let kind = icmpv6::Type::DESTINATION_UNREACHABLE;
            icmpv6::Fields { kind, code: reason.code_v6(), rest: [0; 4] }.emit(&mut message);
            icmpv6::fill_checksum(from, to, &mut message);
            Some((Protocol::ICMPV6, message))
        }
        _ => None,
    }
}

/// The beginning of a frame with a datagram of `length` bytes from `guest` to `remote`, to be quoted by an error about it.
pub(super) fn datagram(
    mac: MacAddress,
    guest: SocketAddr,
    remote: SocketAddr,
    length: usize,
) -> Option<Vec<u8>> {
    let total_len = u16::try_from(udp::HEADER_LEN + length).unwrap_or(u16::MAX);
    let mut header = vec![0; udp::HEADER_LEN];
    udp::Fields { source_port: guest.port(), destination_port: remote.port(), total_len }
        .emit(&mut header, 0);
    let addresses = (guest.ip(), remote.ip());
    let hop_limit = HOP_LIMIT;
    Envelope { stations: (mac, mac), addresses, protocol: Protocol::UDP, hop_limit }.around(&header)
}
