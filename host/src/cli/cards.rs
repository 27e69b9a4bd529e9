//! The network cards of a guest: which options belong to which, and what they come to.

use super::RunArguments;
use super::values::{AddressArgument, Cidr, WireArgument};
use crate::gateway::{GatewayConfig, Publish, Subnet};
use clap::ArgMatches;
use std::net::IpAddr;

mod user_card;

/// A network card of the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What it is plugged into.
    pub wire: WireConfig,
    /// Its own address; none: whichever, because it has no IP address yet that it could follow from.
    pub mac: Option<[u8; 6]>,
    /// Its IP addresses; the first of each version is the primary one.
    pub addresses: Vec<Cidr>,
    /// Whether a DHCP server gives it more.
    pub dhcp: bool,
    /// Whether it takes an IPv4 address of its link for itself; beside `dhcp` while no server answers.
    pub link_local: bool,
    /// Whether it speaks IPv6 without an address of it, too: by routers' advertisements.
    pub ipv6: bool,
    /// Next hops of default routes, each in the network of one of the addresses, or link-local.
    pub gateways: Vec<IpAddr>,
    /// Its largest IP packet in bytes; none: what its wire carries.
    pub mtu: Option<u16>,
}

/// What a network card is plugged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireConfig {
    /// The gateway inside of this process.
    User(GatewayConfig),
    /// The TAP device of this name.
    Tap(String),
}

/// Where on the command line the options of network cards stand.
#[derive(Debug, Default)]
pub(super) struct Places {
    nic: Vec<usize>,
    mac: Vec<usize>,
    addresses: Vec<usize>,
    gateways: Vec<usize>,
    mtu: Vec<usize>,
}

impl Places {
    pub(super) fn of(run: &ArgMatches) -> Self {
        let places = |id| run.indices_of(id).map(Iterator::collect).unwrap_or_default();
        Places {
            nic: places("nic"),
            mac: places("mac"),
            addresses: places("addresses"),
            gateways: places("gateways"),
            mtu: places("mtu"),
        }
    }

    /// The number of the card that an option at this place belongs to: the one before it, or the first.
    fn owner(&self, place: usize) -> usize {
        self.nic.iter().filter(|&&nic| nic < place).count().saturating_sub(1)
    }

    fn of_card<T: Clone>(&self, card: usize, places: &[usize], values: &[T]) -> Vec<T> {
        let pairs = places.iter().zip(values);
        pairs.filter(|(place, _)| self.owner(**place) == card).map(|(_, value)| value.clone()).collect()
    }
}

/// What was said of one card.
pub(super) struct Said {
    /// What it is plugged into.
    pub(super) wire: WireArgument,
    pub(super) macs: Vec<[u8; 6]>,
    pub(super) words: Vec<AddressArgument>,
    pub(super) gateways: Vec<IpAddr>,
    pub(super) mtus: Vec<u16>,
}

impl Card {
    /// The guest's addresses on it, as far as they are known before it runs.
    pub(super) fn own_addresses(&self) -> Vec<IpAddr> {
        let asked_for = self.user_subnets().iter().filter(|subnet| subnet.asked_for);
        let asked_for = asked_for.map(|subnet| subnet.guest);
        self.addresses.iter().map(|cidr| cidr.address).chain(asked_for).collect()
    }

    /// The addresses of the user wire's gateway, if the card is on that.
    pub(super) fn user_gateways(&self) -> impl Iterator<Item = IpAddr> {
        self.user_subnets().iter().map(|subnet| subnet.gateway)
    }

    fn user_subnets(&self) -> &[Subnet] {
        match &self.wire {
            WireConfig::User(gateway) => &gateway.subnets,
            WireConfig::Tap(_) => &[],
        }
    }
}

impl Said {
    /// The addresses that were named.
    fn addresses(&self) -> Vec<Cidr> {
        self.words.iter().filter_map(|word| word.cidr()).collect()
    }
}

/// The cards that the command line describes. The error is one line.
pub(super) fn from_arguments(arguments: &RunArguments, places: &Places) -> Result<Vec<Card>, String> {
    if arguments.nic.contains(&WireArgument::None) {
        return match arguments.nic.len() {
            1 => refuse_card_options(arguments).map(|()| Vec::new()),
            _ => Err("--nic none leaves out all network cards, and others are named".into()),
        };
    }
    let said = arguments.nic.iter().enumerate().map(|(number, wire)| Said {
        wire: wire.clone(),
        macs: places.of_card(number, &places.mac, &arguments.mac),
        words: places.of_card(number, &places.addresses, &arguments.addresses),
        gateways: places.of_card(number, &places.gateways, &arguments.gateways),
        mtus: places.of_card(number, &places.mtu, &arguments.mtu),
    });
    from_said(said.collect(), &arguments.publish)
}

/// These cards, none of which is plugged into nothing. The error is one line.
pub(super) fn from_said(said: Vec<Said>, publish: &[Publish]) -> Result<Vec<Card>, String> {
    let users = said.iter().filter(|said| said.wire == WireArgument::User).count();
    if users > 1 {
        return Err("--nic user: there is one such wire".into());
    }
    if users == 0 && !publish.is_empty() {
        return Err(
            "--publish needs --nic user; on a TAP the guest's ports are reached at its own address".into()
        );
    }
    let cards = said.into_iter().map(|said| match &said.wire {
        WireArgument::Tap(name) => tap_card(name, &said),
        WireArgument::User | WireArgument::None => user_card::card(&said, publish.to_vec()),
    });
    let cards: Vec<Card> = cards.collect::<Result<_, _>>()?;
    refuse_twins(&cards)?;
    Ok(cards)
}

/// Two cards cannot have one TAP or one station address.
fn refuse_twins(cards: &[Card]) -> Result<(), String> {
    for (number, card) in cards.iter().enumerate() {
        for other in cards.iter().take(number) {
            if card.wire == other.wire {
                return Err("--nic: two network cards cannot have one TAP".into());
            }
            if card.mac.is_some() && card.mac == other.mac {
                return Err("--mac: two network cards cannot have one address".into());
            }
        }
    }
    Ok(())
}

fn refuse_card_options(arguments: &RunArguments) -> Result<(), String> {
    let given = [
        ("--ip", !arguments.addresses.is_empty()),
        ("--gateway", !arguments.gateways.is_empty()),
        ("--mac", !arguments.mac.is_empty()),
        ("--mtu", !arguments.mtu.is_empty()),
        ("--publish", !arguments.publish.is_empty()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(format!("{option} needs a network card, which --nic none leaves out")),
        None => Ok(()),
    }
}

fn tap_card(name: &str, said: &Said) -> Result<Card, String> {
    if said.words.is_empty() {
        return Err(format!(
            "--nic tap:{name} needs an address: --ip ADDRESS/PREFIX behind it, as --ip 192.0.2.15/24, or --ip dhcp"
        ));
    }
    let addresses = said.addresses();
    for gateway in &said.gateways {
        check_gateway(*gateway, &addresses)?;
    }
    Ok(Card {
        wire: WireConfig::Tap(name.to_string()),
        mac: mac_of(said, addresses.first())?,
        mtu: mtu_of(said)?,
        dhcp: said.words.contains(&AddressArgument::Dhcp),
        link_local: said.words.contains(&AddressArgument::LinkLocal),
        ipv6: said.words.contains(&AddressArgument::Auto),
        addresses,
        gateways: said.gateways.clone(),
    })
}

fn check_gateway(gateway: IpAddr, addresses: &[Cidr]) -> Result<(), String> {
    if addresses.iter().any(|own| own.address == gateway) {
        return Err(format!("--gateway {gateway} is the guest's own address"));
    }
    // Every card has a link-local address of its own.
    let link_local = matches!(gateway, IpAddr::V6(gateway) if gateway.is_unicast_link_local());
    if !link_local && !addresses.iter().any(|own| own.has_host(gateway)) {
        return Err(format!("--gateway {gateway} is no station in the network of any --ip"));
    }
    Ok(())
}

fn mac_of(said: &Said, address: Option<&Cidr>) -> Result<Option<[u8; 6]>, String> {
    match said.macs[..] {
        [] => Ok(address.map(|cidr| default_mac(cidr.address))),
        [mac] => Ok(Some(mac)),
        _ => Err("--mac: a network card has one address".into()),
    }
}

fn mtu_of(said: &Said) -> Result<Option<u16>, String> {
    match said.mtus[..] {
        [] => Ok(None),
        [mtu] => Ok(Some(mtu)),
        _ => Err("--mtu: a network card has one".into()),
    }
}

/// A locally administered address that is the same at each start and, as the IP address has to be, the only one of
/// its kind on the wire.
const fn default_mac(address: IpAddr) -> [u8; 6] {
    let [a, b, c, d] = match address {
        IpAddr::V4(address) => address.octets(),
        IpAddr::V6(address) => (address.to_bits() as u32).to_be_bytes(),
    };
    [0x52, 0x54, a, b, c, d]
}
