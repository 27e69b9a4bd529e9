//! What sockets send.

use super::{Kind, Raw, RawHandle};
use crate::ip::Cutting;
use crate::ip::v4::{OwnOptions, Recorder};
use crate::packet::{DeviceIndex, Packet};
use crate::socket::SocketError;
use crate::wire::checksum::{Sum, pseudo_header};
use crate::wire::icmpv4::{self, Type};
use crate::wire::protocol::Protocol;
use core::net::IpAddr;

/// ICMPv6's echo request (RFC 4443 section 4.1).
const ECHO_REQUEST_V6: u8 = 128;
/// ICMPv6's echo reply (RFC 4443 section 4.2).
const ECHO_REPLY_V6: u8 = 129;

/// Where in an ICMP message the identifier of an echo is.
const IDENTIFIER: usize = 4;
/// Where in an ICMP message the checksum is.
const CHECKSUM: usize = 2;

/// What a socket's owner wants sent.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Ping: an echo request with its header. Raw: what the IP header is to carry.
    pub data: &'a [u8],
    /// Whom it is for; none: the peer that the socket is connected to.
    pub to: Option<IpAddr>,
    /// The time to live of this packet alone; none: the socket's. Linux: control message `IP_TTL`.
    pub hop_limit: Option<u8>,
}

/// What is to be sent, up to its IP header.
#[derive(Debug)]
pub struct Prepared {
    /// The payload.
    pub packet: Packet,
    /// What it is.
    pub protocol: Protocol,
    /// The only device to leave by.
    pub device: Option<DeviceIndex>,
    /// Time to live; none: the default.
    pub hop_limit: Option<u8>,
    /// Type of service.
    pub traffic_class: u8,
    /// Whether it may be cut.
    pub cutting: Cutting,
    /// Flow label of IPv6; none: as the stack chooses.
    pub flow_label: Option<u32>,
    /// Bytes of memory that it may take in pieces. Linux: twice `sk_sndbuf`.
    pub memory: usize,
}

pub(super) fn is_echo_request(protocol: Protocol, kind: u8) -> bool {
    match protocol {
        Protocol::ICMP => kind == Type::ECHO_REQUEST.0,
        Protocol::ICMPV6 => kind == ECHO_REQUEST_V6,
        _ => false,
    }
}

pub(super) fn is_echo_reply(protocol: Protocol, kind: u8) -> bool {
    match protocol {
        Protocol::ICMP => kind == Type::ECHO_REPLY.0,
        Protocol::ICMPV6 => kind == ECHO_REPLY_V6,
        _ => false,
    }
}

impl Raw {
    /// Makes the packet for `message`, from our address `source`. A ping socket has its identifier put in, and its
    /// checksum computed, whatever stands there; options of the header, in which `us` is recorded, come before it. Linux: `ping_common_sendmsg`, `rawv6_push_pending_frames`.
    pub fn outgoing(
        &self,
        handle: RawHandle,
        message: &Message<'_>,
        (source, destination): (IpAddr, IpAddr),
        us: Option<Recorder<'_>>,
    ) -> Result<Prepared, SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        let options = &socket.options;
        let mut packet = Packet::from_payload(message.data);
        (packet.meta.mark, packet.meta.unlooped) = (options.mark, !options.multicast.loops);
        let protocol = match socket.kind {
            Kind::Ping => socket.family.icmp(),
            Kind::Raw(protocol) => protocol,
        };
        if socket.kind == Kind::Ping {
            put_identifier(packet.data_mut(), protocol, socket.identifier)?;
        }
        let offset = match (protocol, socket.kind) {
            (Protocol::ICMPV6, _) | (_, Kind::Ping) => Some(CHECKSUM),
            _ => options.checksum_offset.map(usize::from),
        };
        if let Some(offset) = offset {
            fill_checksum(packet.data_mut(), offset, protocol, source, destination)?;
        }
        if let (Some(header), Some(us)) = (options.header, us) {
            push_options(&mut packet, header.sent_by(us));
        }
        let to_group = destination.is_multicast();
        let own = if to_group { Some(options.multicast.hop_limit) } else { options.hop_limit };
        Ok(Prepared {
            packet,
            protocol,
            device: socket.device_to(destination),
            hop_limit: message.hop_limit.or(own),
            traffic_class: options.traffic_class,
            cutting: options.cutting,
            flow_label: options.flow_label,
            memory: options.send_buffer.saturating_mul(2),
        })
    }
}

/// Puts options before a payload, which its header takes over.
fn push_options(packet: &mut Packet, options: OwnOptions) {
    let options = options.as_bytes();
    packet.push(options.len()).copy_from_slice(options);
    packet.meta.options = options.len() as u8;
}

/// Puts a ping socket's identifier into its echo request; anything else is refused. Linux: `ping_supported`.
fn put_identifier(data: &mut [u8], protocol: Protocol, identifier: u16) -> Result<(), SocketError> {
    let is_request = matches!(data, [kind, 0, ..] if is_echo_request(protocol, *kind));
    if !is_request || data.len() < icmpv4::HEADER_LEN {
        return Err(SocketError::InvalidArgument);
    }
    put(data, IDENTIFIER, identifier)
}

/// Puts the checksum at `offset`; that of ICMP for IPv4 alone knows no pseudo header.
fn fill_checksum(
    data: &mut [u8],
    offset: usize,
    protocol: Protocol,
    source: IpAddr,
    destination: IpAddr,
) -> Result<(), SocketError> {
    put(data, offset, 0)?;
    let length = u32::try_from(data.len()).map_err(|_| SocketError::DatagramTooLarge)?;
    let pseudo = match protocol {
        Protocol::ICMP => Sum::ZERO,
        _ => pseudo_header(source, destination, protocol, length),
    };
    let checksum = pseudo.plus(Sum::of(data)).checksum();
    put(data, offset, checksum)
}

/// Puts 16 bits at `offset`, if there is room for them.
fn put(data: &mut [u8], offset: usize, value: u16) -> Result<(), SocketError> {
    let field = data.get_mut(offset..offset.saturating_add(2)).ok_or(SocketError::InvalidArgument)?;
    field.copy_from_slice(&value.to_be_bytes());
    Ok(())
}
