//! ICMP of both versions: echo replies, the errors we send and how often, and the errors we get. Linux:
//! `net/ipv4/icmp.c`, `net/ipv6/icmp.c`.
//!
//! Place in the walk: local delivery -> `input` -> a reply, or an [`IcmpError`] for TCP or UDP; any layer's
//! refusal -> `error_about` -> local output.

mod rate_limit;
pub mod v4;
pub mod v6;

pub use rate_limit::{RateLimit, Suppressed};

use crate::socket::SocketError;
use crate::wire::address::socket_address;
use crate::wire::protocol::Protocol;
use crate::wire::{ipv4, ipv6, ipv6_extension};
use core::net::{IpAddr, SocketAddr};

/// An ICMP error about a packet of ours, with what its quote says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// What the quoted packet carried.
    pub protocol: Protocol,
    /// The quoted packet's source: an address of ours.
    pub source: IpAddr,
    /// The quoted packet's destination.
    pub destination: IpAddr,
    /// The quoted packet's source port: ours.
    pub source_port: u16,
    /// The quoted packet's destination port.
    pub destination_port: u16,
    /// The quoted segment's sequence number; means something for TCP only.
    pub sequence: u32,
    /// The number of the device that the error came by, 0 if we tell it ourselves: the scope of link-local
    /// addresses.
    pub scope: u32,
    /// What is wrong.
    pub kind: IcmpErrorKind,
}

impl IcmpError {
    /// Our end.
    pub fn local(&self) -> SocketAddr {
        socket_address(self.source, self.source_port, self.scope)
    }

    /// The other end.
    pub fn remote(&self) -> SocketAddr {
        socket_address(self.destination, self.destination_port, self.scope)
    }
}

/// What an ICMP error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpErrorKind {
    /// No way to the network.
    NetworkUnreachable,
    /// The host does not answer.
    HostUnreachable,
    /// The host does not know the protocol.
    ProtocolUnreachable,
    /// Nobody has the port.
    PortUnreachable,
    /// The packet was too large for a link.
    FragmentationNeeded {
        /// Bytes that the link carries; 0 from routers older than RFC 1191.
        mtu: u32,
    },
    /// A filter forbids it.
    AdministrativelyProhibited,
    /// A filter or a route forbids it, of IPv6.
    PolicyForbids,
    /// The packet went in circles, or too far.
    TimeExceeded,
    /// The packet's header made no sense.
    ParameterProblem,
    /// The source route could not be followed.
    SourceRouteFailed,
    /// Nobody knows the network.
    NetworkUnknown,
    /// Nobody knows the host.
    HostUnknown,
    /// Our host is isolated.
    SourceIsolated,
    /// The network is forbidden.
    NetworkProhibited,
    /// No way to the network with this type of service.
    NetworkForTos,
    /// No way to the host with this type of service.
    HostForTos,
}

impl IcmpErrorKind {
    /// What the owner of a socket hears. Linux: `icmp_err_convert`, `icmpv6_err_convert`.
    pub fn socket_error(self) -> SocketError {
        match self {
            IcmpErrorKind::NetworkUnreachable
            | IcmpErrorKind::NetworkUnknown
            | IcmpErrorKind::NetworkProhibited
            | IcmpErrorKind::NetworkForTos => SocketError::NetworkUnreachable,
            IcmpErrorKind::HostUnreachable
            | IcmpErrorKind::HostForTos
            | IcmpErrorKind::AdministrativelyProhibited
            | IcmpErrorKind::TimeExceeded => SocketError::HostUnreachable,
            IcmpErrorKind::PolicyForbids => SocketError::AccessDenied,
            IcmpErrorKind::HostUnknown => SocketError::HostDown,
            IcmpErrorKind::SourceIsolated => SocketError::HostIsolated,
            IcmpErrorKind::ProtocolUnreachable => SocketError::ProtocolUnavailable,
            IcmpErrorKind::PortUnreachable => SocketError::ConnectionRefused,
            IcmpErrorKind::FragmentationNeeded { .. } => SocketError::DatagramTooLarge,
            IcmpErrorKind::SourceRouteFailed => SocketError::NotSupported,
            IcmpErrorKind::ParameterProblem => SocketError::ProtocolError,
        }
    }

    /// Whether it is no passing trouble. Linux: `fatal` of `icmp_err_convert`, `harderr` of `udp_err`.
    pub fn is_fatal(self) -> bool {
        !matches!(
            self,
            IcmpErrorKind::NetworkUnreachable
                | IcmpErrorKind::HostUnreachable
                | IcmpErrorKind::FragmentationNeeded { .. }
                | IcmpErrorKind::SourceRouteFailed
                | IcmpErrorKind::NetworkForTos
                | IcmpErrorKind::HostForTos
                | IcmpErrorKind::TimeExceeded
        )
    }
}

impl IcmpError {
    /// The error that we tell ourselves about a packet of ours, which `packet` begins with; none if it is not
    /// one of TCP, UDP or ICMP, whose identifiers are no ports.
    pub fn about(packet: &[u8], kind: IcmpErrorKind) -> Option<IcmpError> {
        if let Ok(header) = ipv6::Header::parse_quoted(packet) {
            let (protocol, at) = ipv6_extension::skip(header.next_header(), header.payload())?;
            let (source, destination) = (header.source().into(), header.destination().into());
            return Self::about_payload(source, destination, protocol, header.payload().get(at..)?, kind);
        }
        let header = ipv4::Header::parse_quoted(packet).ok()?;
        let first = header.fragment_offset() == 0;
        let (source, destination, payload) = (header.source(), header.destination(), header.payload());
        first.then(|| {
            Self::about_payload(source.into(), destination.into(), header.protocol(), payload, kind)
        })?
    }

    /// As [`IcmpError::about`], for a packet that has no IP header yet.
    pub fn about_payload(
        source: IpAddr,
        destination: IpAddr,
        protocol: Protocol,
        payload: &[u8],
        kind: IcmpErrorKind,
    ) -> Option<IcmpError> {
        if !matches!(protocol, Protocol::TCP | Protocol::UDP | Protocol::ICMP | Protocol::ICMPV6) {
            return None;
        }
        let [a, b, c, d, e, f, g, h] = *payload.first_chunk::<8>()?;
        Some(IcmpError {
            protocol,
            source,
            destination,
            source_port: u16::from_be_bytes([a, b]),
            destination_port: u16::from_be_bytes([c, d]),
            sequence: u32::from_be_bytes([e, f, g, h]),
            scope: 0,
            kind,
        })
    }
}
