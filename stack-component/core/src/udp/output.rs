//! Datagrams on the way out.

use super::table::{Udp, UdpHandle};
use crate::packet::{Checksum, Packet};
use crate::socket::SocketError;
use crate::wire::checksum::pseudo_header;
use crate::wire::protocol::Protocol;
use crate::wire::udp::{CHECKSUM_OFFSET, Fields, HEADER_LEN};
use crate::wire::{ipv4, ipv6};
use core::net::SocketAddr;

/// Bytes of the largest payload over IPv4.
pub const MAX_PAYLOAD: usize = ipv4::MAX_PACKET - ipv4::HEADER_LEN - HEADER_LEN;
/// Bytes of the largest payload over IPv6, whose header does not count.
const MAX_PAYLOAD_V6: usize = ipv6::MAX_PAYLOAD - HEADER_LEN;

impl Udp {
    /// Whom a datagram to `remote` (or to the peer the socket is connected to) goes to, or the error that
    /// happened. A socket that is connected sends to its peer alone.
    pub fn destination(
        &mut self,
        handle: UdpHandle,
        remote: Option<SocketAddr>,
    ) -> Result<SocketAddr, SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        if let Some(error) = socket.error.take() {
            return Err(error);
        }
        match (remote, socket.remote) {
            (Some(to), Some(peer)) if to != peer => Err(SocketError::InvalidArgument),
            (Some(to), _) | (None, Some(to)) => Ok(to),
            (None, None) => Err(SocketError::InvalidArgument),
        }
    }

    /// The datagram with `data` from `local` to `remote`, its checksum left to whoever sends the frame.
    /// Linux: `udp_send_skb`.
    pub fn datagram(local: SocketAddr, remote: SocketAddr, data: &[u8]) -> Result<Packet, SocketError> {
        if data.len() > if remote.is_ipv6() { MAX_PAYLOAD_V6 } else { MAX_PAYLOAD } {
            return Err(SocketError::DatagramTooLarge);
        }
        let mut packet = Packet::from_payload(data);
        let total_len = (HEADER_LEN + data.len()) as u16;
        let sum = pseudo_header(local.ip(), remote.ip(), Protocol::UDP, total_len.into()).folded();
        Fields { source_port: local.port(), destination_port: remote.port(), total_len }
            .emit(packet.push(HEADER_LEN), sum);
        packet.meta.checksum = Checksum::Partial { length: total_len.into(), offset: CHECKSUM_OFFSET };
        Ok(packet)
    }
}
