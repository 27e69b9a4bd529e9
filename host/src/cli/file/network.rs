//! The tables `[network]`, `[[network.nic]]` and `[[guest]]`.

use super::super::cards::{self, Card, Said};
use super::super::limits::{LimitArguments, bytes};
use super::super::names::{self, NameArguments};
use super::super::policy::{self, PolicyArguments};
use super::super::values::{self, WireArgument};
use super::super::{Config, Guest};
use super::table::Table;
use crate::gateway::Publish;
use crate::instance::InstanceName;
use crate::policy::{address_rule, name_rule};
use std::path::{Path, PathBuf};

/// The keys of the policy, which the network and each guest may have.
const POLICY: [&str; 4] = ["allow-outbound", "allow-inbound", "allow-resolve", "policy"];

/// The keys of a network card beside its wire.
const CARD: [&str; 4] = ["mac", "mtu", "ip", "gateway"];

/// The whole file.
pub(super) fn config(file: Table<'_>, folder: &Path) -> Result<Config, String> {
    let mut networks = file.tables("network")?;
    let guests = file.tables("guest")?;
    if guests.is_empty() {
        return Err(file.error("there is no guest: a table [[guest]] with the key file"));
    }
    file.finish()?;
    let network = networks.pop();
    if !networks.is_empty() {
        return Err(network.map_or_else(String::new, |second| second.error("there is one network")));
    }
    let ruled = network.as_ref().is_some_and(|network| network.has(&POLICY));
    let mut config = match network {
        Some(table) => self::network(table, folder)?,
        None => of_cards(cards::from_said(vec![no_card()], &[])?),
    };
    let guests = guests.into_iter().map(|table| guest(table, folder, &config.cards));
    config.guests = guests.collect::<Result<_, _>>()?;
    if !ruled && config.guests.iter().any(|guest| guest.rules.is_some()) {
        each_its_own(&mut config);
    }
    Ok(config)
}

/// The network lets through what any guest may; each guest does what it may itself, and that is what the wire allows where
/// nothing was said of it.
fn each_its_own(config: &mut Config) {
    let own =
        config.guests.iter_mut().map(|guest| guest.rules.get_or_insert_with(|| config.rules.clone()).clone());
    config.rules = policy::union(own).unwrap_or_default();
}

/// A configuration with nothing but these cards.
fn of_cards(cards: Vec<Card>) -> Config {
    Config {
        name: None,
        stack: None,
        rules: PolicyArguments::default().rules(&cards),
        cards,
        sysctls: Vec::new(),
        names: None,
        hosts_file: None,
        pcap: None,
        guests: Vec::new(),
    }
}

/// A card of which nothing was said.
fn no_card() -> Said {
    Said {
        wire: WireArgument::User,
        macs: Vec::new(),
        words: Vec::new(),
        gateways: Vec::new(),
        mtus: Vec::new(),
    }
}

fn network(table: Table<'_>, folder: &Path) -> Result<Config, String> {
    let publish = table.values("publish", values::publish)?;
    let cards = network_cards(&table, &publish)?;
    let names = NameArguments {
        dns: table.values("dns", names::server)?,
        dns_search: table.values("dns-search", text)?,
        dns_option: table.values("dns-option", names::option)?,
        add_host: table.values("add-host", names::host)?,
    };
    let config = Config {
        name: table.value("name", str::parse::<InstanceName>)?,
        stack: table.value("stack", path_in(folder))?,
        rules: policy_of(&table)?.rules(&cards),
        sysctls: table.pairs("sysctl")?,
        names: names.settings(),
        hosts_file: table.value("hosts-file", path_in(folder))?,
        pcap: table.value("pcap", path_in(folder))?,
        ..of_cards(cards)
    };
    if config.cards.is_empty() && config.pcap.is_some() {
        return Err(table.error("pcap: there is nothing to capture without a network card"));
    }
    table.finish()?;
    Ok(config)
}

/// The cards; as on the command line, one on the user wire where none is named.
fn network_cards(table: &Table<'_>, publish: &[Publish]) -> Result<Vec<Card>, String> {
    let nics = table.tables("nic")?;
    let several = nics.len() > 1;
    let mut said = Vec::new();
    for nic in nics {
        let card = Said {
            wire: nic.value("wire", values::wire)?.unwrap_or(WireArgument::User),
            macs: nic.value("mac", values::mac)?.into_iter().collect(),
            words: nic.values("ip", values::address)?,
            gateways: nic.values("gateway", values::gateway)?,
            mtus: nic.value("mtu", values::mtu)?.into_iter().collect(),
        };
        if card.wire == WireArgument::None {
            if several || !publish.is_empty() || nic.has(&CARD) {
                return Err(nic.error("wire = \"none\" stands alone: it leaves out all network cards"));
            }
            return nic.finish().map(|()| Vec::new());
        }
        nic.finish()?;
        said.push(card);
    }
    if said.is_empty() {
        said.push(no_card());
    }
    cards::from_said(said, publish).map_err(|why| table.error(why))
}

fn policy_of(table: &Table<'_>) -> Result<PolicyArguments, String> {
    Ok(PolicyArguments {
        allow_outbound: table.values("allow-outbound", address_rule)?,
        allow_inbound: table.values("allow-inbound", address_rule)?,
        allow_resolve: table.values("allow-resolve", name_rule)?,
        policy: table.value("policy", policy::mode)?,
    })
}

fn guest(table: Table<'_>, folder: &Path, cards: &[Card]) -> Result<Guest, String> {
    let file = table.value("file", path_in(folder))?;
    let limits = LimitArguments {
        max_sockets: table.value("max-sockets", str::parse)?,
        max_memory: table.value("max-memory", bytes)?,
        max_buffers: table.value("max-buffers", bytes)?,
    };
    let ruled = table.has(&POLICY);
    let rules = policy_of(&table)?.rules(cards);
    let directory = |text: &str| values::directory(text).map(|(host, guest)| (folder.join(host), guest));
    let guest = Guest {
        file: file.ok_or_else(|| table.error("this guest has no file"))?,
        arguments: table.values("args", text)?,
        environment: table.values("env", values::variable)?,
        directories: table.values("dir", directory)?,
        grants: table.values("grant", values::grant)?.into_iter().collect(),
        limits: limits.limits(),
        rules: ruled.then_some(rules),
    };
    table.finish()?;
    Ok(guest)
}

/// Any text.
fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

/// A path that begins at this folder.
fn path_in(folder: &Path) -> impl Fn(&str) -> Result<PathBuf, String> {
    |text| Ok(folder.join(text))
}
