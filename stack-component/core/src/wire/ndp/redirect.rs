//! The message by which a router names a better next hop (RFC 4861 section 4.5).

use super::{Message, option};
use crate::wire::ethernet::MacAddress;
use crate::wire::icmpv6::{self, Type};
use crate::wire::ipv6;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

/// A redirect of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirect<'a> {
    /// The better next hop; the destination itself if that is a neighbour.
    pub target: Ipv6Addr,
    /// Whom the packets are for.
    pub destination: Ipv6Addr,
    /// The target's station, if it is known.
    pub station: Option<MacAddress>,
    /// The packet that led to it, from its IPv6 header on; as much is quoted as fits.
    pub packet: &'a [u8],
}

impl Redirect<'_> {
    /// The message but for its checksum; with its IPv6 header it is no longer than what every link carries. Linux:
    /// `ndisc_send_redirect`.
    pub fn emit(&self) -> Vec<u8> {
        let mut message = alloc::vec![0; icmpv6::HEADER_LEN];
        icmpv6::Fields { kind: Type::REDIRECT, code: 0, rest: [0; 4] }.emit(&mut message);
        message.extend_from_slice(&self.target.octets());
        message.extend_from_slice(&self.destination.octets());
        if let Some(MacAddress(station)) = self.station {
            message.extend_from_slice(&[option::TARGET_LINK_ADDRESS, 1]);
            message.extend_from_slice(&station);
        }
        let room = (ipv6::MIN_MTU as usize).saturating_sub(ipv6::HEADER_LEN + message.len() + 8);
        // An option is as long as its count of eight bytes says, so what is left over is left out.
        let eights = self.packet.len().min(room) / 8;
        message.extend_from_slice(&[option::REDIRECTED, eights as u8 + 1, 0, 0, 0, 0, 0, 0]);
        message.extend_from_slice(self.packet.get(..eights * 8).unwrap_or_default());
        message
    }
}

impl Message {
    /// Whether a redirect names a next hop that there can be: the destination itself, or a router, which goes by its
    /// address of the link (RFC 4861 section 8.1). Linux: `rt6_do_redirect`.
    pub fn redirects_well(target: Ipv6Addr, destination: Ipv6Addr) -> bool {
        !destination.is_multicast() && (target == destination || target.is_unicast_link_local())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ndp::NdpOption;

    const TARGET: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xb);
    const DESTINATION: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9);

    #[test]
    fn what_is_written_is_read() {
        let station = MacAddress([2, 0, 0, 0, 0, 2]);
        for (len, quoted) in [(0, 0), (47, 40), (48, 48), (1500, 1184)] {
            let packet = alloc::vec![7; len];
            let redirect = Redirect {
                target: TARGET,
                destination: DESTINATION,
                station: Some(station),
                packet: &packet,
            };
            let bytes = redirect.emit();
            assert!(bytes.len() + ipv6::HEADER_LEN <= 1280 && bytes.len().is_multiple_of(8));
            let (message, options) = Message::parse(&icmpv6::Header::parse(&bytes).unwrap()).unwrap();
            assert_eq!(message, Message::Redirect { target: TARGET, destination: DESTINATION });
            let options: Vec<_> = options.collect();
            let quote = alloc::vec![7; quoted];
            assert_eq!(options, [NdpOption::TargetLinkAddress(station), NdpOption::Redirected(&quote)]);
        }
    }

    #[test]
    fn who_may_be_named() {
        assert!(
            Message::redirects_well(TARGET, DESTINATION) && Message::redirects_well(DESTINATION, DESTINATION)
        );
        assert!(!Message::redirects_well(DESTINATION, TARGET));
        assert!(!Message::redirects_well(TARGET, ipv6::ALL_NODES));
    }
}
