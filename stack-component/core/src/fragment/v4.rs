//! Fragments of IPv4: from the header to a [`Fragment`], and from the [`Whole`] to a header. Linux:
//! `net/ipv4/ip_fragment.c`.

use super::{Fragment, Key, Whole, is_tiny};
use crate::drop_reason::DropReason;
use crate::ip::v4::Received;
use crate::packet::Packet;
use crate::wire::ecn::Codepoint;
use crate::wire::ipv4::{Header, mark_congestion};
use crate::wire::ipv4_fragment::FragmentFields;

/// The fragment that `packet`, from its checked IP header on, is.
pub fn fragment(packet: Packet, received: &Received) -> Result<Fragment, DropReason> {
    let header = Header::parse(packet.data()).map_err(|_| DropReason::Ipv4Malformed)?;
    let (offset, more) = (header.fragment_offset(), header.more_fragments());
    if is_tiny(received.protocol, offset, header.payload().len()) {
        return Err(DropReason::FragmentTiny);
    }
    Ok(Fragment {
        key: Key::v4(received.source, received.destination, header.identification(), received.protocol),
        header_len: received.header_len,
        offset,
        more,
        ecn: Codepoint::of_tos(received.tos),
        dont_fragment: received.dont_fragment,
        packet,
    })
}

/// The packet that was cut, with a header that says so no longer. Linux: the end of `ip_frag_reasm`.
pub fn finish(whole: Whole) -> Packet {
    let Whole { mut packet, congestion, dont_fragment, .. } = whole;
    let total_len = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    if congestion {
        mark_congestion(packet.data_mut());
    }
    FragmentFields { total_len, offset: 0, more_fragments: false, dont_fragment }.emit(packet.data_mut());
    packet
}
