//! What a frame of the guest wants of the gateway.

use stack_core::wire::protocol::Protocol;
use stack_core::wire::{ethernet, icmpv4, icmpv6, ipv4, ipv6, ipv6_extension, tcp};
use std::net::{IpAddr, SocketAddr};

/// What somebody wants who sends a frame to one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To open a TCP connection.
    Connection,
    /// That a datagram arrives: a UDP datagram, or the first piece of one.
    Datagram,
    /// To hear an echo.
    Echo,
    /// Something that the gateway carries nothing of.
    Other,
}

/// A frame that is judged before the gateway's stack sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Knock {
    pub(super) wish: Wish,
    /// Who knocks; port 0 where the protocol has none.
    pub(super) source: SocketAddr,
    /// For whom.
    pub(super) destination: SocketAddr,
    /// The frame as it came.
    pub(super) frame: Vec<u8>,
}

/// What a frame wants, of whom, and from whom. None for frames that are the stack's business: those that are no IP packets
/// for one host, segments of connections, ICMP but for echo requests, later pieces of packets, and what is malformed.
pub(super) fn wish(frame: &[u8]) -> Option<(Wish, SocketAddr, SocketAddr)> {
    let ethernet = ethernet::Header::parse(frame).ok()?;
    if ethernet.destination().is_multicast() {
        return None;
    }
    match ethernet.ether_type() {
        ethernet::EtherType::IPV4 => wish_v4(ethernet.payload()),
        ethernet::EtherType::IPV6 => wish_v6(ethernet.payload()),
        _ => None,
    }
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
        protocol => of_transport(protocol, header.payload())?,
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
        Protocol::ICMPV6 => {
            let message = icmpv6::Header::parse(payload).ok()?;
            (message.kind() == icmpv6::Type::ECHO_REQUEST).then_some(Wish::Echo)?
        }
        protocol => of_transport(protocol, payload)?,
    };
    Some(between(wish, header.source().into(), destination.into(), payload))
}

fn of_transport(protocol: Protocol, payload: &[u8]) -> Option<Wish> {
    match protocol {
        Protocol::TCP => {
            let flags = tcp::Header::parse(payload).ok()?.flags();
            (flags.syn() && !flags.intersects(tcp::Flags::ACK.with(tcp::Flags::RST)))
                .then_some(Wish::Connection)
        }
        Protocol::UDP => Some(Wish::Datagram),
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
        (Wish::Connection | Wish::Datagram, &[a, b, c, d, ..]) => {
            (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
        }
        _ => (0, 0),
    };
    (wish, SocketAddr::new(source, from), SocketAddr::new(destination, to))
}
