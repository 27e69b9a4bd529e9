//! What a router does beside passing packets on: it marks them, and says which do not fit.

use super::link_end::mac_of;
use crate::wire::checksum::Sum;
use crate::wire::ecn::Codepoint;
use crate::wire::ethernet::{self, EtherType};
use crate::wire::icmpv4::{self, Type, unreachable};
use crate::wire::ipv4;
use crate::wire::protocol::Protocol;
use alloc::vec;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// Who says it.
const ROUTER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 254);
/// Bytes of the packet that are quoted (RFC 1812 section 4.3.2.3 allows more than the 8 of RFC 792).
const QUOTED: usize = 68;

/// The message to the host at `end` that its `frame` does not fit into `mtu` bytes (RFC 1191 section 4); none if that
/// is no IPv4 packet.
pub(super) fn too_big(end: usize, frame: &[u8], mtu: usize) -> Option<Vec<u8>> {
    let packet = ethernet::Header::parse(frame).ok().filter(|f| f.ether_type() == EtherType::IPV4)?.payload();
    let sender = ipv4::Header::parse(packet).ok()?.source();
    let quoted = packet.get(..QUOTED.min(packet.len()))?;
    let total = ipv4::HEADER_LEN + icmpv4::HEADER_LEN + quoted.len();
    let mut bytes = vec![0; ethernet::HEADER_LEN + total];
    let (ether, rest) = bytes.split_at_mut(ethernet::HEADER_LEN);
    ethernet::Fields { destination: mac_of(end), source: mac_of(1 - end), ether_type: EtherType::IPV4 }
        .emit(ether);
    let (header, message) = rest.split_at_mut(ipv4::HEADER_LEN);
    let fields = ipv4::Fields {
        tos: 0,
        total_len: total as u16,
        identification: 0,
        dont_fragment: false,
        ttl: 64,
        protocol: Protocol::ICMP,
        source: ROUTER,
        destination: sender,
    };
    fields.emit(header);
    message[icmpv4::HEADER_LEN..].copy_from_slice(quoted);
    let [high, low] = (mtu as u16).to_be_bytes();
    let kind = Type::DESTINATION_UNREACHABLE;
    icmpv4::Fields { kind, code: unreachable::FRAGMENTATION_NEEDED, rest: [0, 0, high, low] }.emit(message);
    Some(bytes)
}

/// What a router does that has a queue: an IPv4 packet whose sender allows it gets CE (RFC 3168 section 5).
pub(super) fn mark(frame: &mut [u8]) {
    let Some(header) = frame.get_mut(ethernet::HEADER_LEN..ethernet::HEADER_LEN + ipv4::HEADER_LEN) else {
        return;
    };
    if header[0] != 0x45 || Codepoint::of_tos(header[1]) == Codepoint::NotEct {
        return;
    }
    header[1] = Codepoint::Ce.in_tos(header[1]);
    header[10..12].fill(0);
    let sum = Sum::of(header).checksum();
    header[10..12].copy_from_slice(&sum.to_be_bytes());
}
