//! An address as the command line says it. iproute2: `ipaddr_modify`.

use crate::address_show as show;
use crate::links::Links;
use crate::options::{Family, garbage, unsupported};
use std::net::{IpAddr, Ipv4Addr};
use tool_common::address::{Prefix, wit};
use tool_common::control::addresses::{Address, AddressFlags};
use tool_common::wasi::sockets::network::IpAddress;
use tool_common::{Exit, Words, number};

/// What is said of an address that is added or removed.
const WORDS: [&str; 14] = [
    "dev",
    "brd",
    "broadcast",
    "label",
    "scope",
    "metric",
    "valid_lft",
    "preferred_lft",
    "nodad",
    "optimistic",
    "mngtmpaddr",
    "noprefixroute",
    "local",
    "peer",
];

/// What the words say, before it is looked at together.
#[derive(Default)]
struct Said<'a> {
    local: Option<&'a str>,
    /// The family that the first address has.
    family: Option<Family>,
    local_prefix: Option<Prefix>,
    peer: Option<Prefix>,
    device: Option<&'a str>,
    label: Option<&'a str>,
    broadcast: Option<&'a str>,
    scope: Option<u8>,
    metric: u32,
    valid: Option<u32>,
    preferred: Option<u32>,
    flags: Option<AddressFlags>,
}

impl<'a> Said<'a> {
    fn read(mut words: Words<'a>) -> Result<Self, Exit> {
        let mut said = Said::default();
        while let Some(word) = words.take() {
            match word {
                "dev" => said.device = Some(words.value()?),
                "brd" | "broadcast" => said.broadcast = Some(words.value()?),
                "label" => said.label = Some(words.value()?),
                "scope" => said.scope = Some(scope(words.value()?)?),
                "metric" | "priority" | "preference" => said.metric = metric(words.value()?)?,
                "valid_lft" => said.valid = lifetime(words.value()?, "valid_lft")?,
                "preferred_lft" => said.preferred = lifetime(words.value()?, "preferred_lft")?,
                "peer" | "remote" => said.set_peer(words.value()?)?,
                "anycast" | "home" | "autojoin" => return Err(unsupported(word)),
                "nodad" => said.add_flag(AddressFlags::NODAD),
                "optimistic" => said.add_flag(AddressFlags::OPTIMISTIC),
                "mngtmpaddr" => said.add_flag(AddressFlags::MNGTMPADDR),
                "noprefixroute" => said.add_flag(AddressFlags::NOPREFIXROUTE),
                "local" => said.set_local(words.value()?)?,
                _ => said.set_local(word)?,
            }
        }
        Ok(said)
    }

    fn add_flag(&mut self, flag: AddressFlags) {
        self.flags = Some(self.flags.unwrap_or(AddressFlags::empty()) | flag);
    }

    fn set_peer(&mut self, word: &str) -> Result<(), Exit> {
        if self.peer.is_some() {
            return Err(Exit::usage(format!("Error: duplicate \"peer\": \"{word}\" is the second value.")));
        }
        self.peer = Some(self.prefix(word)?);
        Ok(())
    }

    fn set_local(&mut self, word: &'a str) -> Result<(), Exit> {
        if self.local.replace(word).is_some() {
            return Err(garbage("local", word, WORDS));
        }
        self.local_prefix = Some(self.prefix(word)?);
        Ok(())
    }

    /// A prefix of the family that the addresses before it have. iproute2: `get_prefix`.
    fn prefix(&mut self, word: &str) -> Result<Prefix, Exit> {
        let Some(family) = self.family else {
            let prefix = prefix(word)?;
            self.family = Some(Family::of(prefix.address));
            return Ok(prefix);
        };
        let of_family = Prefix::parse(word).filter(|prefix| family.has(prefix.address));
        let name = family.name();
        of_family
            .ok_or_else(|| Exit::new(1, format!("Error: {name} prefix is expected rather than \"{word}\".")))
    }

    /// The network that the address is in: the other end's if one is named.
    fn network(&self) -> Option<Prefix> {
        self.peer.or(self.local_prefix)
    }
}

/// An address that is to be added or removed, and its device.
pub(crate) struct Wanted {
    pub(crate) address: Address,
    /// Its network was named.
    named: bool,
}

impl Wanted {
    /// Reads what is said of an address that is `added`, or removed.
    pub(crate) fn parse(links: &Links, words: Words<'_>, added: bool) -> Result<Self, Exit> {
        let said = Said::read(words)?;
        let missing = || Exit::new(1, "Not enough information: \"dev\" argument is required.");
        let name = said.device.ok_or_else(missing)?;
        let nobody = || Exit::new(2, "Error: ipv4: Local address is not supplied.");
        let (local, network) = match (said.local_prefix, said.network()) {
            (Some(local), Some(network)) => (local, network),
            (None, Some(_)) => return Err(nobody()),
            _ => return Err(prefix("").err().unwrap_or_else(nobody)),
        };
        let device = links.find(name)?.index;
        let broadcast = said.broadcast.filter(|_| added);
        let address = Address {
            device,
            local: wit(local.address),
            prefix_length: network.len,
            peer: said.peer.map(|peer| wit(peer.address)),
            broadcast: broadcast.map(|word| everybody(word, network)).transpose()?.flatten().map(wit),
            scope: said.scope.unwrap_or_else(|| default_scope(local.address)),
            flags: said.flags.unwrap_or(AddressFlags::empty()),
            label: said.label.unwrap_or_default().into(),
            metric: said.metric,
            preferred_lifetime: said.preferred,
            valid_lifetime: said.valid,
            protocol: 0,
        };
        let sized = said.local.is_some_and(|word| word.contains('/'));
        Ok(Wanted { address, named: sized || said.peer.is_some() || local.address.is_ipv6() })
    }

    /// The network of an address to be removed; none: any will do.
    pub(crate) fn network(&self) -> Option<(IpAddress, u8)> {
        let inside = self.address.peer.unwrap_or(self.address.local);
        self.named.then_some((inside, self.address.prefix_length))
    }
}

/// A prefix of either family. iproute2: `get_prefix`.
pub(crate) fn prefix(word: &str) -> Result<Prefix, Exit> {
    let wrong = || Exit::new(1, format!("Error: any valid prefix is expected rather than \"{word}\"."));
    Prefix::parse(word).ok_or_else(wrong)
}

fn scope(word: &str) -> Result<u8, Exit> {
    show::scope_number(word).ok_or_else(|| Exit::wrong(word, "invalid scope value."))
}

fn metric(word: &str) -> Result<u32, Exit> {
    number(word).ok_or_else(|| Exit::wrong(word, "\"metric\" value is invalid\n"))
}

/// The scope that an address has if none is named. iproute2: `default_scope`.
fn default_scope(address: IpAddr) -> u8 {
    if address.is_ipv4() && address.is_loopback() { 254 } else { 0 }
}

/// The address of everybody that a word says: `+` is the last of the network, `-` the first; none in networks of two
/// addresses at most. iproute2: `ipaddr_modify`.
fn everybody(word: &str, network: Prefix) -> Result<Option<IpAddr>, Exit> {
    if !matches!(word, "+" | "-") {
        return Ok(Some(prefix(word)?.address));
    }
    let IpAddr::V4(address) = network.address else {
        return Err(Exit::new(1, "Broadcast can be set only for IPv4 addresses"));
    };
    let hosts = u32::MAX.checked_shr(network.len.into()).unwrap_or(0);
    let bits = if word == "+" { address.to_bits() | hosts } else { address.to_bits() & !hosts };
    Ok((network.len <= 30).then(|| Ipv4Addr::from_bits(bits).into()))
}

fn lifetime(word: &str, what: &str) -> Result<Option<u32>, Exit> {
    if word == "forever" {
        return Ok(None);
    }
    match word.parse() {
        Ok(0) if what == "valid_lft" => Err(Exit::new(1, "valid_lft is zero")),
        Ok(seconds) => Ok(Some(seconds)),
        Err(_) => Err(Exit::wrong(word, &format!("{what} value is wrong\n"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<(String, Option<u8>, u32), String> {
        let words: Vec<String> = line.split(' ').map(String::from).collect();
        let said = Said::read(Words::new(&words)).map_err(|exit| exit.text)?;
        let network =
            said.network().map_or(String::new(), |network| format!("{}/{}", network.address, network.len));
        Ok((network, said.scope, said.metric))
    }

    #[test]
    fn what_is_said_of_an_address() {
        for (line, network, scope, metric) in [
            ("10.0.2.3/24", "10.0.2.3/24", None, 0),
            ("10.0.2.3/24 scope link metric 7", "10.0.2.3/24", Some(253), 7),
            ("local 10.0.2.3 peer 10.9.0.1/30", "10.9.0.1/30", None, 0),
            ("fd00::1/64 remote fd00::2 preference 0x10", "fd00::2/128", None, 16),
        ] {
            assert_eq!(read(line), Ok((network.into(), scope, metric)), "{line}");
        }
        for (line, error) in [
            ("10.0.2.3 peer fd00::1", "Error: inet prefix is expected rather than \"fd00::1\"."),
            (
                "10.0.2.3 peer 10.0.2.4 peer 10.0.2.5",
                "Error: duplicate \"peer\": \"10.0.2.5\" is the second value.",
            ),
            ("10.0.2.3/24 home", "Error: \"home\" is not supported by this stack."),
            ("10.0.2.3/24 scope 300", "Error: argument \"300\" is wrong: invalid scope value."),
        ] {
            assert_eq!(read(line), Err(error.into()), "{line}");
        }
    }

    #[test]
    fn everybody_is_the_last_of_the_network_or_the_first() {
        let net = prefix("10.0.2.3/24").unwrap();
        for (word, expected) in [("+", "10.0.2.255"), ("-", "10.0.2.0"), ("10.0.2.77", "10.0.2.77")] {
            assert_eq!(everybody(word, net).unwrap(), expected.parse().ok());
        }
        assert_eq!(everybody("+", prefix("10.0.2.3/31").unwrap()), Ok(None));
        assert!(everybody("+", prefix("fd00::1/64").unwrap()).is_err());
    }
}
