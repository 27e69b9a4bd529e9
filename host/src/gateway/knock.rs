//! What a frame of the guest wants of the gateway.

use stack_core::wire::protocol::Protocol;
use stack_core::wire::{dhcp, ethernet, icmpv4, icmpv6, ipv4, ipv6, ipv6_extension, ndp, tcp, udp};
use std::net::{IpAddr, SocketAddr};

/// What somebody wants who sends a frame to one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To open a TCP connection.
    Connection,
    /// That a connection, or the attempt at one, is no more. The stack sees it all the same.
    Reset,
    /// That a datagram arrives: a UDP datagram, or the first piece of one.
    Datagram,
    /// To hear an echo.
    Echo,
    /// To know of routers.
    Router,
    /// An address by DHCP, from whoever gives it.
    Lease,
    /// Something that the gateway carries nothing of.
    Other,
}

/// A frame that is judged before the gateway's stack sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Knock {
    pub(super) wish: Wish,
    /// Who knocks; the port is the identifier of an echo, and 0 where the protocol has neither.
    pub(super) source: SocketAddr,
    /// For whom.
    pub(super) destination: SocketAddr,
    /// The frame as it came; empty where the stack has it.
    pub(super) frame: Vec<u8>,
}

/// What a frame wants, of whom, and from whom. None for frames that are the stack's business: those that are no IP packets
/// for one host, segments of connections, ICMP but for echo requests, later pieces of packets, and what is malformed.
pub(super) fn wish(frame: &[u8]) -> Option<(Wish, SocketAddr, SocketAddr)> {
    let ethernet = ethernet::Header::parse(frame).ok()?;
    if ethernet.destination().is_multicast() {
        return to_many(&ethernet);
    }
    match ethernet.ether_type() {
        ethernet::EtherType::IPV4 => wish_v4(ethernet.payload()),
        ethernet::EtherType::IPV6 => wish_v6(ethernet.payload()),
        _ => None,
    }
}

/// What frames to many want: those that the stack has no answer to.
fn to_many(ethernet: &ethernet::Header<'_>) -> Option<(Wish, SocketAddr, SocketAddr)> {
    match ethernet.ether_type() {
        ethernet::EtherType::IPV4 => lease(ethernet.payload()),
        ethernet::EtherType::IPV6 => router(ethernet.payload()),
        _ => None,
    }
}

/// A client's DHCP message to all servers.
fn lease(packet: &[u8]) -> Option<(Wish, SocketAddr, SocketAddr)> {
    let header = ipv4::Header::parse(packet).ok()?;
    if header.protocol() != Protocol::UDP || header.is_fragment() {
        return None;
    }
    let datagram = udp::Header::parse(header.payload()).ok()?;
    (datagram.destination_port() == dhcp::SERVER_PORT).then(|| {
        let ends = (header.source().into(), header.destination().into());
        between(Wish::Lease, ends.0, ends.1, header.payload())
    })
}

/// A question for routers.
fn router(packet: &[u8]) -> Option<(Wish, SocketAddr, SocketAddr)> {
    let header = ipv6::Header::parse(packet).ok()?;
    let (source, destination) = (header.source(), header.destination());
    // RFC 4861 section 6.1.1: what came from further away, or is damaged, is no question.
    if header.next_header() != Protocol::ICMPV6 || header.hop_limit() != ndp::HOP_LIMIT {
        return None;
    }
    let message = icmpv6::Header::parse(header.payload()).ok()?;
    let asks = message.kind() == icmpv6::Type::ROUTER_SOLICITATION && message.code() == 0;
    (asks && message.checksum_is_valid(source, destination) && ndp::Message::parse(&message).is_ok())
        .then(|| between(Wish::Router, source.into(), destination.into(), &[]))
}

fn wish_v4(packet: &[u8]) -> Option<(Wish, SocketAddr, SocketAddr)> {
    let header = ipv4::Header::parse(packet).ok()?;
    let destination = header.destination();
    let to_many = destination.is_multicast() || destination.is_broadcast();
    if to_many || destination.is_loopback() || destination.is_unspecified() || header.fragment_offset() != 0 {
        return None;
    }
    let wish = match header.protocol() {
        Protocol::ICMP => {
            let message = icmpv4::Header::parse(header.payload()).ok()?;
            (message.kind() == icmpv4::Type::ECHO_REQUEST).then_some(Wish::Echo)?
        }
        protocol => of_transport(protocol, header.payload(), header.source().into(), destination.into())?,
    };
    Some(between(wish, header.source().into(), destination.into(), header.payload()))
}

fn wish_v6(packet: &[u8]) -> Option<(Wish, SocketAddr, SocketAddr)> {
    let header = ipv6::Header::parse(packet).ok()?;
    let destination = header.destination();
    let no_host = destination.is_multicast() || destination.is_unspecified() || destination.is_loopback();
    // What means a link is about that link: neighbour discovery, and the gateway itself.
    if no_host || destination.is_unicast_link_local() {
        return None;
    }
    let (protocol, at) = ipv6_extension::skip(header.next_header(), header.payload())?;
    let payload = header.payload().get(at..)?;
    let wish = match protocol {
        // Sockets of this machine would take it for an IPv4 address, which no rule has seen.
        _ if destination.to_ipv4_mapped().is_some() => Wish::Other,
        Protocol::ICMPV6 => {
            let message = icmpv6::Header::parse(payload).ok()?;
            (message.kind() == icmpv6::Type::ECHO_REQUEST).then_some(Wish::Echo)?
        }
        protocol => of_transport(protocol, payload, header.source().into(), destination.into())?,
    };
    Some(between(wish, header.source().into(), destination.into(), payload))
}

fn of_transport(protocol: Protocol, payload: &[u8], from: IpAddr, to: IpAddr) -> Option<Wish> {
    match protocol {
        Protocol::TCP => {
            let flags = tcp::Header::parse(payload).ok()?.flags();
            if flags.rst() {
                return Some(Wish::Reset);
            }
            (flags.syn() && !flags.intersects(tcp::Flags::ACK.with(tcp::Flags::RST)))
                .then_some(Wish::Connection)
        }
        // What is damaged the stack counts and drops; of a first piece the checksum cannot be known.
        Protocol::UDP => {
            let damaged =
                udp::Header::parse(payload).is_ok_and(|datagram| !datagram.checksum_is_valid(from, to));
            (!damaged).then_some(Wish::Datagram)
        }
        _ => Some(Wish::Other),
    }
}

fn between(
    wish: Wish,
    source: IpAddr,
    destination: IpAddr,
    payload: &[u8],
) -> (Wish, SocketAddr, SocketAddr) {
    let (from, to) = match (wish, payload) {
        (Wish::Connection | Wish::Reset | Wish::Datagram, &[a, b, c, d, ..]) => {
            (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
        }
        (Wish::Echo, &[_, _, _, _, a, b, ..]) => (u16::from_be_bytes([a, b]), 0),
        _ => (0, 0),
    };
    (wish, SocketAddr::new(source, from), SocketAddr::new(destination, to))
}

#[cfg(test)]
mod tests {
    use super::super::envelope::{Envelope, HOP_LIMIT};
    use super::*;
    use stack_core::wire::ethernet::MacAddress;

    fn segment(from: &str, to: &str, flags: tcp::Flags) -> Vec<u8> {
        let fields = tcp::Fields { source_port: 9, destination_port: 80, flags, ..Default::default() };
        let mut segment = vec![0; fields.header_len()];
        fields.emit(&mut segment, 0);
        let envelope = Envelope {
            stations: (MacAddress([2; 6]), MacAddress([4; 6])),
            addresses: (from.parse().unwrap(), to.parse().unwrap()),
            protocol: Protocol::TCP,
            hop_limit: HOP_LIMIT,
        };
        envelope.around(&segment).unwrap()
    }

    #[test]
    fn damaged_datagrams_are_not_judged() {
        for (checksum, expected) in [(0, Some(Wish::Datagram)), (1, None)] {
            let mut datagram = vec![0; udp::HEADER_LEN];
            let total_len = datagram.len() as u16;
            udp::Fields { source_port: 9, destination_port: 9, total_len }.emit(&mut datagram, checksum);
            let envelope = Envelope {
                stations: (MacAddress([2; 6]), MacAddress([4; 6])),
                addresses: (IpAddr::from([10, 0, 2, 15]), IpAddr::from([192, 0, 2, 1])),
                protocol: Protocol::UDP,
                hop_limit: HOP_LIMIT,
            };
            let wished = wish(&envelope.around(&datagram).unwrap()).map(|(wish, ..)| wish);
            assert_eq!(wished, expected, "{checksum}");
        }
    }

    #[test]
    fn connections_to_one_host_are_judged() {
        let table = [
            ("10.0.2.15", "192.0.2.1", Some(Wish::Connection)),
            ("10.0.2.15", "127.0.0.1", None),
            ("10.0.2.15", "255.255.255.255", None),
            ("2001:db8::15", "2001:db8:1::1", Some(Wish::Connection)),
            ("2001:db8::15", "::1", None),
            ("2001:db8::15", "fe80::1", None),
            ("2001:db8::15", "::ffff:127.0.0.1", Some(Wish::Other)),
        ];
        for (from, to, expected) in table {
            let syn = segment(from, to, tcp::Flags::SYN);
            assert_eq!(wish(&syn).map(|(wish, ..)| wish), expected, "{to}");
        }
        for (flags, expected) in [(tcp::Flags::ACK, None), (tcp::Flags::RST, Some(Wish::Reset))] {
            let wished = wish(&segment("10.0.2.15", "192.0.2.1", flags));
            assert_eq!(
                wished.map(|(wish, from, to)| (wish, from.port(), to.port())),
                expected.map(|wish| (wish, 9, 80))
            );
        }
    }
}
