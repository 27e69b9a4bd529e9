//! Frames on the way out.

use crate::packet::Packet;
use crate::wire::ethernet::{EtherType, Fields, HEADER_LEN, MacAddress};
use core::net::{Ipv4Addr, Ipv6Addr};

/// Puts the header before a packet. Linux: `eth_header`.
pub fn output(packet: &mut Packet, source: MacAddress, destination: MacAddress, ether_type: EtherType) {
    Fields { source, destination, ether_type }.emit(packet.push(HEADER_LEN));
}

/// The group of stations that an IPv4 group is mapped to (RFC 1112 section 6.4). Linux: `ip_eth_mc_map`.
pub const fn multicast_mac(group: Ipv4Addr) -> MacAddress {
    let [_, b, c, d] = group.octets();
    MacAddress([0x01, 0x00, 0x5e, b & 0x7f, c, d])
}

/// The group of stations that an IPv6 group is mapped to (RFC 2464 section 7). Linux: `ipv6_eth_mc_map`.
pub const fn multicast_mac_v6(group: Ipv6Addr) -> MacAddress {
    let [.., a, b, c, d] = group.octets();
    MacAddress([0x33, 0x33, a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_goes_before_the_payload() {
        let mut packet = Packet::from_payload(b"payload");
        let (us, peer) = (MacAddress([2, 0, 0, 0, 0, 1]), MacAddress([2, 0, 0, 0, 0, 2]));
        output(&mut packet, us, peer, EtherType::IPV4);
        assert_eq!(packet.data(), b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\x00payload");
    }

    #[test]
    fn groups_are_mapped_as_the_rfcs_say() {
        let mac = multicast_mac(Ipv4Addr::new(239, 255, 1, 2));
        assert_eq!(mac, MacAddress([1, 0, 0x5e, 0x7f, 1, 2]));
        let mac = multicast_mac_v6("ff02::1:ff12:3456".parse().unwrap());
        assert_eq!(mac, MacAddress([0x33, 0x33, 0xff, 0x12, 0x34, 0x56]));
    }
}
