//! Packets on the way in: is this an IPv6 packet, and may it come from where it says?

use crate::drop_reason::DropReason;
use crate::packet::{DeviceIndex, LinkDestination, Packet};
use crate::wire::Malformed;
use crate::wire::ipv6::{HEADER_LEN, Header, NEXT_HEADER_OFFSET, multicast_scope, scope_of_group};
use crate::wire::protocol::Protocol;
use core::net::Ipv6Addr;

/// What the headers of a received packet say, as far as they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Who sent it.
    pub source: Ipv6Addr,
    /// Whom it is for.
    pub destination: Ipv6Addr,
    /// What follows the headers that were read.
    pub next_header: Protocol,
    /// Traffic class.
    pub traffic_class: u8,
    /// Hop limit, as it arrived.
    pub hop_limit: u8,
    /// Bytes of the headers that were read, the IPv6 header's 40 included.
    pub header_len: usize,
    /// Where in the packet the byte is that names [`Received::next_header`]. Linux: `nhoff`.
    pub next_header_at: usize,
    /// Extension headers that were read.
    pub extensions: usize,
    /// Whether routers were asked to look at it (RFC 2711): the value of the option. Linux: `IP6SKB_ROUTERALERT`.
    pub router_alert: Option<u16>,
    /// Whether it arrived in pieces, or in one that could have been. Linux: `IP6SKB_FRAGMENTED`.
    pub fragmented: bool,
    /// Where in [`Packet::whole`] the IPv6 header begins. Linux: `skb->network_header`.
    pub offset: usize,
    /// Whom the frame was addressed to.
    pub addressed: LinkDestination,
    /// The device it came by.
    pub device: DeviceIndex,
}

impl Received {
    /// The bytes of the packet from its IPv6 header on, whatever was pulled off its front since.
    pub fn quote<'a>(&self, packet: &'a Packet) -> &'a [u8] {
        packet.whole().get(self.offset..).unwrap_or_default()
    }
}

/// Checks the header and cuts off what is behind the payload (padding of short frames). The header stays in place for
/// the filters; who lets them change it calls this again. Linux: `ip6_rcv_core`.
pub fn input(packet: &mut Packet) -> Result<Received, DropReason> {
    let header = Header::parse(packet.data()).map_err(|error| match error {
        Malformed::Truncated => DropReason::Ipv6Truncated,
        _ => DropReason::Ipv6Malformed,
    })?;
    let received = Received {
        source: header.source(),
        destination: header.destination(),
        next_header: header.next_header(),
        traffic_class: header.traffic_class(),
        hop_limit: header.hop_limit(),
        header_len: HEADER_LEN,
        next_header_at: NEXT_HEADER_OFFSET,
        extensions: 0,
        router_alert: None,
        fragmented: false,
        offset: packet.headroom(),
        addressed: packet.meta.destination,
        device: packet.meta.device,
    };
    let total = HEADER_LEN + header.payload().len();
    // A length of 0 before hop-by-hop options may be said there (RFC 2675), and whoever says it wrongly is told.
    let elsewhere = header.payload_len() == 0 && header.next_header() == Protocol::HOP_BY_HOP;
    if !elsewhere {
        packet.truncate(total);
    }
    Ok(received)
}

/// Checks the addresses of a packet against those that cannot be there; `from_wire` says that it did not come over
/// the loopback device. Our own addresses are checked with the routes. Linux: `ip6_rcv_core`.
pub fn check_addresses(source: Ipv6Addr, destination: Ipv6Addr, from_wire: bool) -> Result<(), DropReason> {
    // An IPv4 address in disguise could get by filters that look for the plain one.
    if source.is_multicast() || source.to_ipv4_mapped().is_some() || (from_wire && source.is_loopback()) {
        return Err(DropReason::Ipv6BadSource);
    }
    let only_here =
        destination.is_loopback() || scope_of_group(destination) == Some(multicast_scope::INTERFACE);
    let nowhere = destination.is_unspecified() || scope_of_group(destination) == Some(0);
    if nowhere || destination.to_ipv4_mapped().is_some() || (from_wire && only_here) {
        return Err(DropReason::Ipv6BadDestination);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ipv6::Fields;
    use alloc::vec::Vec;

    fn bytes() -> Vec<u8> {
        let mut bytes = alloc::vec![0; HEADER_LEN];
        Fields {
            traffic_class: 2,
            flow_label: 0,
            payload_len: 4,
            next_header: Protocol::UDP,
            hop_limit: 7,
            source: Ipv6Addr::LOCALHOST,
            destination: Ipv6Addr::LOCALHOST,
        }
        .emit(&mut bytes);
        bytes.extend_from_slice(b"dataPADDING");
        bytes
    }

    #[test]
    fn padding_is_cut_off_and_the_header_stays() {
        let mut packet = Packet::from_frame(bytes());
        let received = input(&mut packet).unwrap();
        assert_eq!(packet.len(), 44);
        assert_eq!((received.header_len, received.hop_limit, received.traffic_class), (40, 7, 2));
        packet.pull(received.header_len);
        assert_eq!(received.quote(&packet).len(), 44);
    }

    #[test]
    fn every_truncation_and_other_versions_are_refused() {
        for len in 0..44 {
            let mut packet = Packet::from_frame(bytes()[..len].to_vec());
            assert_eq!(input(&mut packet), Err(DropReason::Ipv6Truncated), "{len}");
        }
        let mut other = bytes();
        other[0] = 0x45;
        assert_eq!(input(&mut Packet::from_frame(other)), Err(DropReason::Ipv6Malformed));
    }

    #[test]
    fn martians() {
        let bad_source = Err(DropReason::Ipv6BadSource);
        let bad_destination = Err(DropReason::Ipv6BadDestination);
        let rows = [
            ("2001:db8::1", "2001:db8::2", Ok(()), Ok(())),
            ("::", "ff02::1", Ok(()), Ok(())),
            ("::1", "::1", bad_source, Ok(())),
            ("2001:db8::1", "::1", bad_destination, Ok(())),
            ("2001:db8::1", "ff01::1", bad_destination, Ok(())),
            ("2001:db8::1", "ff00::1", bad_destination, bad_destination),
            ("2001:db8::1", "::", bad_destination, bad_destination),
            ("2001:db8::1", "::ffff:10.0.0.1", bad_destination, bad_destination),
            ("ff02::1", "2001:db8::2", bad_source, bad_source),
            ("::ffff:127.0.0.1", "2001:db8::2", bad_source, bad_source),
        ];
        for (source, destination, from_wire, at_home) in rows {
            let (from, to) = (source.parse().unwrap(), destination.parse().unwrap());
            assert_eq!(check_addresses(from, to, true), from_wire, "{source} > {destination}");
            assert_eq!(check_addresses(from, to, false), at_home, "{source} > {destination} at home");
        }
    }
}
