//! What programs may ask of a packet beside its bytes. Linux: `convert_bpf_extensions`, `SKF_AD_OFF` and those behind it.

use super::View;
use crate::random::Random;
use crate::wire::ethernet::EtherType;
use crate::wire::ipv6_extension::{Extension, Kind};
use crate::wire::protocol::Protocol;
use crate::wire::{ipv4, ipv6};

/// Offsets from here on are not of the packet but of what is known of it. Linux: `SKF_AD_OFF`.
pub(super) const OFFSET: u32 = -0x1000_i32 as u32;

/// Linux: `SKF_AD_PROTOCOL` and so on, in the order of their numbers.
const PROTOCOL: u32 = 0;
const PACKET_TYPE: u32 = 4;
const DEVICE: u32 = 8;
const MARK: u32 = 20;
const HARDWARE_TYPE: u32 = 28;
const XOR_X: u32 = 40;
const VLAN_TAG: u32 = 44;
const VLAN_TAG_PRESENT: u32 = 48;
const PAYLOAD_OFFSET: u32 = 52;
const RANDOM: u32 = 56;
const VLAN_PROTOCOL: u32 = 60;

/// Most extension headers that are gone over. Linux: `MAX_FLOW_DISSECT_HDRS`.
const MAX_HEADERS: usize = 15;

/// Whether Linux knows what is to be loaded from the absolute offset `k`, which is at least [`OFFSET`].
pub(super) fn is_known(k: u32) -> bool {
    k.wrapping_sub(OFFSET) <= VLAN_PROTOCOL && k.is_multiple_of(4)
}

/// What there is at the absolute offset `k`, to a program with the registers `a` and `x`. What nobody here knows is 0, as
/// with Linux: the queue, the hash of the card, the processor, and attributes of netlink, which no packet has.
pub(super) fn load(view: &View<'_>, k: u32, (a, x): (u32, u32), random: &mut dyn Random) -> u32 {
    match k.wrapping_sub(OFFSET) {
        PROTOCOL => view.protocol.into(),
        PACKET_TYPE => view.packet_type.into(),
        DEVICE => view.device,
        MARK => view.mark,
        HARDWARE_TYPE => view.hardware_type.into(),
        XOR_X => a ^ x,
        VLAN_TAG => view.vlan.unwrap_or(0).into(),
        VLAN_TAG_PRESENT => view.vlan.is_some().into(),
        PAYLOAD_OFFSET => payload_offset(view).unwrap_or(0),
        RANDOM => random.next_u32(),
        VLAN_PROTOCOL if view.vlan.is_some() => EtherType::VLAN.0.into(),
        _ => 0,
    }
}

/// Where in the data the payload of the transport protocol begins; none: the network's protocol is not one that is
/// looked into. Linux: `skb_get_poff`.
fn payload_offset(view: &View<'_>) -> Option<u32> {
    let transport = match EtherType(view.protocol) {
        EtherType::ARP => 0,
        EtherType::IPV4 => {
            let header = ipv4::Header::parse_quoted(view.network).ok()?;
            let whole = header.fragment_offset() == 0;
            header.header_len() + if whole { header_len(header.protocol(), header.payload()) } else { 0 }
        }
        EtherType::IPV6 => {
            let header = ipv6::Header::parse_quoted(view.network).ok()?;
            ipv6::HEADER_LEN + behind_extensions(header.next_header(), header.payload())?
        }
        _ => return None,
    };
    // The network's header may lie before the data, which then begins with the transport's.
    let of_data = (view.data.len() + transport).saturating_sub(view.network.len());
    u32::try_from(of_data.min(view.data.len())).ok()
}

/// Bytes of all headers behind the fixed one of IPv6; those of the transport are not in a later fragment.
fn behind_extensions(first: Protocol, payload: &[u8]) -> Option<usize> {
    let (mut protocol, mut at) = (first, 0);
    for _ in 0..MAX_HEADERS {
        let Some(kind) = Kind::of(protocol) else { break };
        let rest = payload.get(at..)?;
        let [next, length] = *rest.first_chunk()?;
        protocol = Protocol(next);
        if kind == Kind::Fragment {
            at += 8;
            if Extension::parse(kind, rest).ok()?.fragment_offset() != 0 {
                return Some(at);
            }
        } else {
            // Linux does not ask whether all of it is there.
            at += (usize::from(length) + 1) * 8;
        }
    }
    Some(at + header_len(protocol, payload.get(at..).unwrap_or_default()))
}

/// Bytes of a transport's header. Linux: `__skb_get_poff`.
fn header_len(protocol: Protocol, header: &[u8]) -> usize {
    /// UDP-Lite (RFC 3828), DCCP (RFC 4340) and SCTP (RFC 9260), which nobody here speaks.
    const UDP_LITE: Protocol = Protocol(136);
    const DCCP: Protocol = Protocol(33);
    const SCTP: Protocol = Protocol(132);
    match protocol {
        Protocol::TCP => header.get(12).map_or(0, |&offset| usize::from(offset >> 4).max(5) * 4),
        Protocol::UDP | UDP_LITE | Protocol::ICMP | Protocol::ICMPV6 | Protocol::IGMP => 8,
        DCCP | SCTP => 12,
        _ => 0,
    }
}
