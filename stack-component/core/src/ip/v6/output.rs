//! The header of packets made here.

use crate::drop_reason::DropReason;
use crate::ip::Cutting;
use crate::packet::Packet;
use crate::wire::ipv6::{Fields, HEADER_LEN};
use crate::wire::protocol::Protocol;
use core::net::Ipv6Addr;

/// A payload with all that its header is made of.
#[derive(Debug)]
pub struct Request {
    /// The transport header and its payload.
    pub packet: Packet,
    /// One of our addresses, or the unspecified one.
    pub source: Ipv6Addr,
    /// Whom it is for.
    pub destination: Ipv6Addr,
    /// What the payload is.
    pub next_header: Protocol,
    /// How many hops it may take.
    pub hop_limit: u8,
    /// Traffic class.
    pub traffic_class: u8,
    /// What packets of its flow have in common, 20 bits.
    pub flow_label: u32,
    /// Whether it may be cut.
    pub cutting: Cutting,
}

/// Puts the header before the payload, unless the packet would be larger than `mtu` bytes and must not be cut. Linux:
/// `ip6_xmit`, `__ip6_append_data`.
pub fn output(request: Request, mtu: u32) -> Result<Packet, (DropReason, Packet)> {
    let Request {
        mut packet,
        source,
        destination,
        next_header,
        hop_limit,
        traffic_class,
        flow_label,
        cutting,
    } = request;
    let too_big = cutting == Cutting::Never && HEADER_LEN + packet.len() > mtu as usize;
    let payload_len = match u16::try_from(packet.len()) {
        Ok(payload_len) if !too_big => payload_len,
        _ => return Err((DropReason::PacketTooBig, packet)),
    };
    Fields { traffic_class, flow_label, payload_len, next_header, hop_limit, source, destination }
        .emit(packet.push(HEADER_LEN));
    Ok(packet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ipv6::{Header, MAX_PAYLOAD};

    fn send(payload: &[u8], mtu: u32, cutting: Cutting) -> Result<Packet, DropReason> {
        let request = Request {
            packet: Packet::from_payload(payload),
            source: Ipv6Addr::LOCALHOST,
            destination: Ipv6Addr::LOCALHOST,
            next_header: Protocol::UDP,
            hop_limit: 64,
            traffic_class: 0x10,
            flow_label: 0x12345,
            cutting,
        };
        output(request, mtu).map_err(|(reason, _)| reason)
    }

    #[test]
    fn the_header_is_right() {
        let packet = send(b"data", 44, Cutting::Never).unwrap();
        let header = Header::parse(packet.data()).unwrap();
        assert_eq!((header.payload(), header.traffic_class(), header.hop_limit()), (&b"data"[..], 0x10, 64));
        assert_eq!((header.next_header(), header.flow_label()), (Protocol::UDP, 0x12345));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(send(b"data!", 44, Cutting::Never).unwrap_err(), DropReason::PacketTooBig);
        assert!(send(b"data!", 44, Cutting::Here).is_ok(), "it will be cut");
        let largest = alloc::vec![0; MAX_PAYLOAD + 1];
        assert!(send(&largest[1..], 65_575, Cutting::Never).is_ok());
        assert_eq!(send(&largest, 65_576, Cutting::Anywhere).unwrap_err(), DropReason::PacketTooBig);
    }
}
