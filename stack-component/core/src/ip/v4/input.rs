//! Packets on the way in: is this an IPv4 packet, and may it come from where it says?

use crate::drop_reason::DropReason;
use crate::packet::{LinkDestination, Packet};
use crate::wire::Malformed;
use crate::wire::ipv4::{HEADER_LEN, Header};
use crate::wire::protocol::Protocol;
use core::net::Ipv4Addr;

/// What the header of a received packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Who sent it.
    pub source: Ipv4Addr,
    /// Whom it is for.
    pub destination: Ipv4Addr,
    /// What it carries.
    pub protocol: Protocol,
    /// Type of service.
    pub tos: u8,
    /// Time to live, as it arrived.
    pub ttl: u8,
    /// Bytes of the header, options included.
    pub header_len: usize,
    /// Where in [`Packet::whole`] the header begins. Linux: `skb->network_header`.
    pub offset: usize,
    /// Whether it is a part of a packet, and whether the part that begins in the middle.
    pub fragment: bool,
    /// As [`Received::fragment`], but not the first part.
    pub later_fragment: bool,
    /// Whether it must not be cut.
    pub dont_fragment: bool,
    /// Whom the frame was addressed to.
    pub addressed: LinkDestination,
}

impl Received {
    /// The bytes of the packet from its IP header on, whatever was pulled off its front since.
    pub fn quote<'a>(&self, packet: &'a Packet) -> &'a [u8] {
        packet.whole().get(self.offset..).unwrap_or_default()
    }

    /// The options with their padding, whatever was pulled off the packet's front since.
    pub fn options<'a>(&self, packet: &'a Packet) -> &'a [u8] {
        self.quote(packet).get(HEADER_LEN..self.header_len).unwrap_or_default()
    }
}

/// Checks the header and cuts off what is behind the packet's total length (padding of short frames). The
/// header stays in place for the filters; who lets them change it calls this again. Linux: `ip_rcv_core`.
pub fn input(packet: &mut Packet) -> Result<Received, DropReason> {
    let header = Header::parse(packet.data()).map_err(|error| match error {
        Malformed::Truncated => DropReason::Ipv4Truncated,
        _ => DropReason::Ipv4Malformed,
    })?;
    if !header.checksum_is_valid() {
        return Err(DropReason::Ipv4Checksum);
    }
    let received = Received {
        source: header.source(),
        destination: header.destination(),
        protocol: header.protocol(),
        tos: header.tos(),
        ttl: header.ttl(),
        header_len: header.header_len(),
        offset: packet.headroom(),
        fragment: header.is_fragment(),
        later_fragment: header.fragment_offset() != 0,
        dont_fragment: header.dont_fragment(),
        addressed: packet.meta.destination,
    };
    let total = usize::from(header.total_len());
    packet.truncate(total);
    Ok(received)
}

/// Checks the addresses of a packet from a wire against those that cannot be there (RFC 1122 section
/// 3.2.1.3, RFC 1812 section 5.3.7). Our own addresses are checked with the routes.
/// `localnet` lets 127.0.0.0/8 in. Linux: `ip_route_input_slow`, the martians.
pub fn check_addresses(source: Ipv4Addr, destination: Ipv4Addr, localnet: bool) -> Result<(), DropReason> {
    let this_network = |address: Ipv4Addr| address.octets()[0] == 0;
    if source.is_multicast() || source.is_broadcast() || (source.is_loopback() && !localnet) {
        return Err(DropReason::Ipv4BadSource);
    }
    // A host that does not know its address yet may ask everybody (DHCP), and so may routers (IGMP).
    let [a, b, c, _] = destination.octets();
    let everybody_here = destination.is_broadcast() || [a, b, c] == [224, 0, 0];
    if this_network(source) && !(source.is_unspecified() && everybody_here) {
        return Err(DropReason::Ipv4BadSource);
    }
    if this_network(destination) || (destination.is_loopback() && !localnet) {
        return Err(DropReason::Ipv4BadDestination);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ipv4::Fields;
    use alloc::vec::Vec;

    fn bytes() -> Vec<u8> {
        let mut bytes = alloc::vec![0; HEADER_LEN];
        Fields {
            tos: 0,
            total_len: 24,
            identification: 0,
            dont_fragment: false,
            ttl: 7,
            protocol: Protocol::UDP,
            source: Ipv4Addr::new(192, 0, 2, 1),
            destination: Ipv4Addr::new(192, 0, 2, 2),
        }
        .emit(&mut bytes);
        bytes.extend_from_slice(b"dataPADDING");
        bytes
    }

    #[test]
    fn padding_is_cut_off_and_the_header_stays() {
        let mut packet = Packet::from_frame(bytes());
        let received = input(&mut packet).unwrap();
        assert_eq!(packet.len(), 24);
        assert_eq!((received.header_len, received.ttl, received.fragment), (20, 7, false));
        packet.pull(received.header_len);
        assert_eq!(received.quote(&packet).len(), 24);
    }

    #[test]
    fn every_truncation_and_damage_is_refused() {
        for len in 0..24 {
            let mut packet = Packet::from_frame(bytes()[..len].to_vec());
            assert_eq!(input(&mut packet), Err(DropReason::Ipv4Truncated), "{len}");
        }
        for bit in 0..HEADER_LEN * 8 {
            let mut damaged = bytes();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(input(&mut Packet::from_frame(damaged)).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn martians() {
        let bad_source = Err(DropReason::Ipv4BadSource);
        let bad_destination = Err(DropReason::Ipv4BadDestination);
        let rows = [
            ("192.0.2.1", "192.0.2.2", Ok(())),
            ("240.0.0.1", "192.0.2.2", Ok(())),
            ("0.0.0.0", "255.255.255.255", Ok(())),
            ("0.0.0.0", "224.0.0.1", Ok(())),
            ("0.0.0.0", "224.0.1.1", bad_source),
            ("0.0.0.0", "192.0.2.2", bad_source),
            ("0.0.0.1", "255.255.255.255", bad_source),
            ("224.0.0.1", "192.0.2.2", bad_source),
            ("255.255.255.255", "192.0.2.2", bad_source),
            ("127.0.0.1", "192.0.2.2", bad_source),
            ("192.0.2.1", "127.0.0.1", bad_destination),
            ("192.0.2.1", "0.0.0.0", bad_destination),
        ];
        for (source, destination, verdict) in rows {
            let addresses = (source.parse().unwrap(), destination.parse().unwrap());
            assert_eq!(check_addresses(addresses.0, addresses.1, false), verdict, "{source} > {destination}");
            let local = source.starts_with("127.") || destination.starts_with("127.");
            assert_eq!(check_addresses(addresses.0, addresses.1, true).is_ok(), local || verdict.is_ok());
        }
    }
}
