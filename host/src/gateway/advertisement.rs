//! What the gateway tells hosts of its link as their IPv6 router (RFC 4861 section 4.2). Linux: radvd.

use super::Subnet;
use super::config::MTU;
use super::envelope::Envelope;
use stack_core::autoconf::identifier::{self, LINK_LOCAL, eui64};
use stack_core::wire::ethernet::MacAddress;
use stack_core::wire::icmpv6;
use stack_core::wire::ipv6::{self, ALL_NODES};
use stack_core::wire::ndp::{self, option};
use stack_core::wire::protocol::Protocol;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// How often it is told without a question (RFC 4861 section 6.2.1: MaxRtrAdvInterval).
pub(super) const INTERVAL: Duration = Duration::from_secs(600);

/// Seconds for which the gateway is a router and a resolver: three intervals (AdvDefaultLifetime).
const LIFETIME: u16 = 1800;

/// Seconds for which addresses of the network are valid, and preferred (AdvValidLifetime, AdvPreferredLifetime).
const VALID: u32 = 30 * 86_400;
const PREFERRED: u32 = 7 * 86_400;

/// The station address of all hosts (RFC 2464 section 7).
const ALL_STATIONS: MacAddress = MacAddress([0x33, 0x33, 0, 0, 0, 1]);

/// The frame by which the gateway with the station address `mac` tells of `subnet`: to the host that asked, or to all. None if the
/// network is of IPv4.
pub(super) fn advertisement(
    mac: MacAddress,
    subnet: &Subnet,
    asked: Option<(MacAddress, Ipv6Addr)>,
) -> Option<Vec<u8>> {
    let (IpAddr::V6(gateway), IpAddr::V6(network)) = (subnet.gateway, subnet.network()) else { return None };
    let from = identifier::address(LINK_LOCAL, eui64(mac));
    let (station, to) = asked.unwrap_or((ALL_STATIONS, ALL_NODES));
    let mut message = vec![0; icmpv6::HEADER_LEN];
    let [high, low] = LIFETIME.to_be_bytes();
    // No flags: addresses are not had by DHCPv6.
    let rest = [ipv6::DEFAULT_HOP_LIMIT, 0, high, low];
    icmpv6::Fields { kind: icmpv6::Type::ROUTER_ADVERTISEMENT, code: 0, rest }.emit(&mut message);
    // How long neighbours are reachable, and when they are asked again, is left to hosts.
    message.extend([0; 8]);
    message.extend(options(mac, gateway, network, subnet));
    icmpv6::fill_checksum(from, to, &mut message);
    let envelope = Envelope {
        stations: (mac, station),
        addresses: (from.into(), to.into()),
        protocol: Protocol::ICMPV6,
        hop_limit: ndp::HOP_LIMIT,
    };
    envelope.around(&message)
}

fn options(MacAddress(mac): MacAddress, gateway: Ipv6Addr, network: Ipv6Addr, subnet: &Subnet) -> Vec<u8> {
    const ON_LINK: u8 = 0x80;
    const AUTONOMOUS_FLAG: u8 = 0x40;
    let mut options = vec![option::SOURCE_LINK_ADDRESS, 1];
    options.extend(mac);
    options.extend([option::MTU, 1, 0, 0]);
    options.extend(MTU.to_be_bytes());
    // A guest whose address was named makes itself no other.
    let autonomous = subnet.asked_for && subnet.prefix_length == Subnet::AUTONOMOUS;
    let flags = if autonomous { ON_LINK | AUTONOMOUS_FLAG } else { ON_LINK };
    options.extend([option::PREFIX, 4, subnet.prefix_length, flags]);
    options.extend([VALID, PREFERRED, 0].map(u32::to_be_bytes).as_flattened());
    options.extend(network.octets());
    options.extend([option::RDNSS, 3, 0, 0]);
    options.extend(u32::from(LIFETIME).to_be_bytes());
    options.extend(gateway.octets());
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use stack_core::wire::ethernet;
    use stack_core::wire::ndp::{Message, NdpOption, Prefix};

    const GUEST_MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 15]);
    const MAC: MacAddress = MacAddress([0x52, 0x55, 10, 0, 2, 2]);

    fn subnet(asked_for: bool) -> Subnet {
        let (gateway, guest) = ("2001:db8::2".parse().unwrap(), "2001:db8::15".parse().unwrap());
        Subnet { gateway, prefix_length: 64, guest, asked_for }
    }

    #[test]
    fn it_says_who_routes_what_is_here_and_who_knows_names() {
        for (asked_for, asked) in
            [(true, None), (false, Some((GUEST_MAC, "fe80::ff:fe00:f".parse().unwrap())))]
        {
            let frame = advertisement(MAC, &subnet(asked_for), asked).unwrap();
            let ethernet = ethernet::Header::parse(&frame).unwrap();
            let packet = ipv6::Header::parse(ethernet.payload()).unwrap();
            assert_eq!((ethernet.source(), packet.hop_limit()), (MAC, 255));
            assert_eq!(packet.source(), "fe80::5055:aff:fe00:202".parse::<Ipv6Addr>().unwrap());
            let (station, to) = asked.unwrap_or((ALL_STATIONS, ALL_NODES));
            assert_eq!((ethernet.destination(), packet.destination()), (station, to));
            let message = icmpv6::Header::parse(packet.payload()).unwrap();
            assert!(message.checksum_is_valid(packet.source(), packet.destination()));
            let (message, options) = Message::parse(&message).unwrap();
            let Message::RouterAdvertisement(router) = message else { panic!("{message:?}") };
            assert_eq!(
                (router.hop_limit, router.lifetime, router.managed, router.other),
                (64, 1800, false, false)
            );
            let prefix = Prefix {
                address: "2001:db8::".parse().unwrap(),
                len: 64,
                on_link: true,
                autonomous: asked_for,
                valid: VALID,
                preferred: PREFERRED,
            };
            let gateway = "2001:db8::2".parse::<Ipv6Addr>().unwrap().octets();
            let expected = [
                NdpOption::SourceLinkAddress(MAC),
                NdpOption::Mtu(1500),
                NdpOption::Prefix(prefix),
                NdpOption::Resolvers { lifetime: 1800, addresses: &[gateway] },
            ];
            assert_eq!(options.collect::<Vec<_>>(), expected);
        }
    }
}
