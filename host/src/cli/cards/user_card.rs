//! The network card on the user wire.

use super::super::values::{AddressArgument, Cidr};
use super::{Card, Said, WireConfig, check_gateway, mac_of, mtu_of};
use crate::gateway::{GatewayConfig, Publish, Subnet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The guest's IPv4 address unless it is told otherwise, as with QEMU and slirp.
const ADDRESS_V4: Cidr = Cidr { address: IpAddr::V4(Ipv4Addr::new(10, 0, 2, 15)), prefix_length: 24 };

/// The guest's network of IPv6: a unique local one (RFC 4193 section 3.2), whose global ID was drawn by lot, so that hardly any other
/// network that this machine knows has it. slirp's fec0::/64 is of a kind that was abolished (RFC 3879).
const NETWORK_V6: Ipv6Addr = Ipv6Addr::new(0xfd24, 0x6c63, 0xdd76, 0, 0, 0, 0, 0);

/// The guest's IPv6 address unless it is told otherwise.
const ADDRESS_V6: Cidr =
    Cidr { address: IpAddr::V6(Ipv6Addr::new(0xfd24, 0x6c63, 0xdd76, 0, 0, 0, 0, 0x15)), prefix_length: 64 };

/// Largest IP packet of the user wire, in bytes.
const MTU: u16 = 1500;

/// Least MTU with which there is IPv6, in bytes (RFC 8200 section 5).
const MTU_V6: u16 = 1280;

/// The card that was said to be on the user wire, whose gateway publishes these ports. The error is one line.
pub(super) fn card(said: &Said, publish: Vec<Publish>) -> Result<Card, String> {
    if said.words.contains(&AddressArgument::LinkLocal) {
        return Err(
            "--ip link-local: nobody needs that on the user wire, whose gateway gives addresses; --ip dhcp"
                .into(),
        );
    }
    let mtu = mtu_of(said)?;
    if mtu.is_some_and(|mtu| mtu > MTU) {
        return Err(format!("--mtu: the user wire carries packets of up to {MTU} bytes"));
    }
    let mut addresses = said.addresses();
    if said.words.is_empty() {
        addresses.push(ADDRESS_V4);
        addresses.extend(mtu.is_none_or(|mtu| mtu >= MTU_V6).then_some(ADDRESS_V6));
    }
    let mac = mac_of(said, Some(addresses.first().unwrap_or(&ADDRESS_V4)))?;
    let (dhcp, ipv6) =
        (said.words.contains(&AddressArgument::Dhcp), said.words.contains(&AddressArgument::Auto));
    let v4 = network_v4(&addresses, dhcp)?.map(|guest| subnet(guest, dhcp, &said.gateways)).transpose()?;
    let v6 = network_v6(&addresses, ipv6.then_some(mac).flatten())?;
    let v6 = v6.map(|guest| subnet(guest, ipv6, &said.gateways)).transpose()?;
    let subnets: Vec<Subnet> = v4.into_iter().chain(v6).collect();
    for gateway in &said.gateways {
        match subnets.iter().find(|subnet| subnet.gateway.is_ipv4() == gateway.is_ipv4()) {
            None => return Err(format!("--gateway {gateway}: the guest has no address of its version")),
            Some(subnet) if subnet.gateway != *gateway => {
                return Err("--gateway: the user wire has one gateway".into());
            }
            Some(_) => {}
        }
    }
    let named =
        |subnet: &&Subnet| addresses.iter().any(|own| own.address.is_ipv4() == subnet.guest.is_ipv4());
    let gateways = subnets.iter().filter(named).map(|subnet| subnet.gateway).collect();
    let wire = WireConfig::User(GatewayConfig { subnets, publish });
    Ok(Card { wire, mac, addresses, dhcp, link_local: false, ipv6, gateways, mtu })
}

/// The guest's IPv4 address, which it may ask for; none if it has none.
fn network_v4(addresses: &[Cidr], dhcp: bool) -> Result<Option<Cidr>, String> {
    match (addresses.iter().find(|cidr| cidr.address.is_ipv4()), dhcp) {
        (Some(named), true) => {
            Err(format!("--ip dhcp: on the user wire there is one IPv4 address, which is --ip {named}"))
        }
        (named, false) => Ok(named.copied()),
        (None, true) => Ok(Some(ADDRESS_V4)),
    }
}

/// The guest's IPv6 address, which one with a station address makes itself; none if it has none.
fn network_v6(addresses: &[Cidr], maker: Option<[u8; 6]>) -> Result<Option<Cidr>, String> {
    let named = addresses.iter().find(|cidr| cidr.address.is_ipv6()).copied();
    match (named, maker) {
        (Some(named), Some(_)) if named.prefix_length != Subnet::AUTONOMOUS => Err(format!(
            "--ip auto: addresses are made in networks of {} bits, not of {named}",
            Subnet::AUTONOMOUS
        )),
        (None, Some(mac)) => {
            let address = Subnet::autonomous_address(NETWORK_V6, mac).into();
            Ok(Some(Cidr { address, prefix_length: Subnet::AUTONOMOUS }))
        }
        (named, _) => Ok(named),
    }
}

/// The network of the guest's address, with the gateway that was said to be in it.
fn subnet(guest: Cidr, asked_for: bool, gateways: &[IpAddr]) -> Result<Subnet, String> {
    let said = gateways.iter().find(|gateway| gateway.is_ipv4() == guest.address.is_ipv4());
    let gateway = match said {
        None => default_gateway(guest)?,
        Some(gateway) if guest.contains(*gateway) => {
            check_gateway(*gateway, &[guest])?;
            *gateway
        }
        Some(gateway) => return Err(format!("--gateway {gateway} is not in the network of {guest}")),
    };
    Ok(Subnet { gateway, prefix_length: guest.prefix_length, guest: guest.address, asked_for })
}

/// The gateway's address beside the guest's: the network's second, or the first if the guest has that.
fn default_gateway(guest: Cidr) -> Result<IpAddr, String> {
    // Networks of two addresses count from 0 (RFC 3021, RFC 6164).
    [2, 1, 0]
        .into_iter()
        .filter_map(|number| guest.host(number))
        .find(|gateway| *gateway != guest.address)
        .ok_or_else(|| format!("--ip {guest}: the network has no room for the user wire's gateway"))
}
