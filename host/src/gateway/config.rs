//! What the gateway is and does.

use crate::policy::{AddressRule, Transport};
use stack_core::autoconf::identifier::{self, eui64};
use stack_core::wire::cidr::IpCidr;
use stack_core::wire::ethernet::MacAddress;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Largest IP packet on the user wire, in bytes.
pub(super) const MTU: u32 = 1500;

/// A published port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Where connections or datagrams are taken on this machine; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Which port of the guest they reach.
    pub guest_port: u16,
    /// Of which transport the ports are.
    pub transport: Transport,
}

impl Publish {
    /// Whether the other one names the same port of this machine, at whichever address.
    pub(super) fn is_rival_of(&self, other: &Publish) -> bool {
        let port = self.listen.port();
        (self.transport, port) == (other.transport, other.listen.port()) && port != 0
    }

    /// The rule that lets the guest hear there.
    pub fn as_rule(&self) -> AddressRule {
        AddressRule::hearing(self.transport, self.guest_port)
    }
}

/// The network of the gateway and the guest, of one version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// The gateway's address.
    pub gateway: IpAddr,
    /// Length of the network's prefix in bits: 0 to 32, or 128.
    pub prefix_length: u8,
    /// The guest's address.
    pub guest: IpAddr,
    /// Whether the guest asks for its address.
    pub asked_for: bool,
}

impl Subnet {
    /// Length of the prefix of a network in which hosts make their addresses, in bits (RFC 4291 section 2.5.1).
    pub const AUTONOMOUS: u8 = 64;

    /// The address that a host with this station address makes itself in a network (RFC 4862 section 5.5.3), unless its settings
    /// say otherwise.
    pub fn autonomous_address(network: Ipv6Addr, mac: [u8; 6]) -> Ipv6Addr {
        identifier::address(network, eui64(MacAddress(mac)))
    }

    /// Whether `address` is in this network.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        IpCidr::new(self.gateway, self.prefix_length).is_some_and(|network| network.contains(address))
    }

    /// The network's own address.
    pub(super) fn network(&self) -> IpAddr {
        let network = IpCidr::new(self.gateway, self.prefix_length).map(IpCidr::network);
        network.map_or(self.gateway, IpCidr::address)
    }
}

/// What the gateway is and does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayConfig {
    /// Its networks: at least one, and one of each version of IP at most.
    pub subnets: Vec<Subnet>,
    /// The guest's ports that are published.
    pub publish: Vec<Publish>,
}
