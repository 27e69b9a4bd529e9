//! `ip address`: shows, adds, removes and flushes. iproute2: `do_ipaddr`.

use crate::address_show as show;
use crate::link_show::{self, Place, has};
use crate::links::Links;
use crate::options::{Options, begins, garbage, unknown_command, unsupported};
use crate::output::Output;
use std::net::{IpAddr, Ipv4Addr};
use tool_common::address::{Prefix, ip, wit};
use tool_common::control::addresses::{self, Address, AddressFlags};
use tool_common::control::links::{Link, LinkFlags, LinkKind};
use tool_common::json::Json;
use tool_common::{Exit, Words};

const USAGE: &str = "\
Usage: ip address {add|change|replace} IFADDR dev IFNAME [ LIFETIME ] [ CONFFLAG-LIST ]
       ip address del IFADDR dev IFNAME
       ip address flush dev IFNAME [ scope SCOPE-ID ] [ to PREFIX ]
       ip address [ show [ dev IFNAME ] [ scope SCOPE-ID ] [ to PREFIX ] [ up ] [ permanent | dynamic ... ] ]
IFADDR := PREFIX [ broadcast ADDR ]
LIFETIME := [ valid_lft LFT ] [ preferred_lft LFT ]
LFT := forever | SECONDS
CONFFLAG-LIST := [ nodad | mngtmpaddr | noprefixroute | optimistic ]...";

/// Does an `ip address` command.
pub(crate) fn run(options: &Options, mut words: Words<'_>) -> Result<String, Exit> {
    let links = Links::ask();
    let Some(command) = words.peek() else { return list(&links, options, &Selection::default()) };
    if begins("show", command) || begins("list", command) || begins("lst", command) {
        words.take();
        return list(&links, options, &Selection::parse(&links, words)?);
    }
    words.take();
    match command {
        _ if begins("add", command) => change(&links, words, false),
        _ if begins("change", command) || begins("chg", command) || begins("replace", command) => {
            change(&links, words, true)
        }
        _ if begins("delete", command) => remove(&links, words),
        _ if begins("flush", command) => flush(&links, options, words),
        _ if begins("help", command) => Err(Exit::usage(USAGE)),
        other => Err(unknown_command(other, "address")),
    }
}

/// Which addresses are meant. iproute2: `struct link_filter`.
#[derive(Default)]
struct Selection {
    device: Option<u32>,
    scope: Option<u8>,
    within: Option<Prefix>,
    up: bool,
    label: Option<String>,
    kind: Option<LinkKind>,
    /// Flags that it must have, or must not.
    flags: Vec<(AddressFlags, bool)>,
}

impl Selection {
    /// iproute2: `ipaddr_list_flush_or_save`.
    fn parse(links: &Links, mut words: Words<'_>) -> Result<Self, Exit> {
        let mut selection = Selection::default();
        while let Some(word) = words.take() {
            match word {
                "to" => selection.within = Some(prefix(words.value()?)?),
                "scope" => {
                    let word = words.value()?;
                    let scope = show::scope_number(word).filter(|_| word != "all");
                    if scope.is_none() && word != "all" {
                        return Err(Exit::wrong(word, "invalid \"scope\"\n"));
                    }
                    selection.scope = scope;
                }
                "up" => selection.up = true,
                "label" => selection.label = Some(words.value()?.into()),
                "type" => selection.kind = Some(kind(words.value()?)?),
                _ => match flag(word) {
                    Some(flag) => selection.flags.push(flag),
                    None => selection.set_device(links, if word == "dev" { words.value()? } else { word })?,
                },
            }
        }
        Ok(selection)
    }

    fn set_device(&mut self, links: &Links, name: &str) -> Result<(), Exit> {
        if self.device.is_some() {
            let flags = FLAGS.into_iter().map(|(name, ..)| name);
            return Err(garbage(
                "dev",
                name,
                ["to", "scope", "up", "label", "type", "dev"].into_iter().chain(flags),
            ));
        }
        self.device = Some(links.shown(name)?.index);
        Ok(())
    }

    fn wants_link(&self, link: &Link) -> bool {
        self.device.is_none_or(|device| device == link.index)
            && (!self.up || has(link, LinkFlags::UP))
            && self.kind.is_none_or(|kind| kind == link.kind)
    }

    fn wants(&self, address: &Address, options: &Options) -> bool {
        let local = ip(address.local);
        options.family.is_none_or(|family| family.has(local))
            && self.scope.is_none_or(|scope| scope == address.scope)
            && self.within.is_none_or(|prefix| prefix.contains(local))
            && self.label.as_ref().is_none_or(|label| *label == address.label)
            && self.flags.iter().all(|(flag, wanted)| show::has(address, *flag) == *wanted)
    }

    /// Whether devices without such an address are left out.
    fn is_about_addresses(&self, options: &Options) -> bool {
        let chosen = self.scope.is_some() || self.within.is_some() || self.label.is_some();
        options.family.is_some() || chosen || !self.flags.is_empty()
    }
}

/// What may be asked of addresses: the flag of each name, and whether it is set.
const FLAGS: [(&str, AddressFlags, bool); 8] = [
    ("dynamic", AddressFlags::PERMANENT, false),
    ("permanent", AddressFlags::PERMANENT, true),
    ("tentative", AddressFlags::TENTATIVE, true),
    ("deprecated", AddressFlags::DEPRECATED, true),
    ("dadfailed", AddressFlags::DADFAILED, true),
    ("temporary", AddressFlags::TEMPORARY, true),
    ("secondary", AddressFlags::SECONDARY, true),
    ("primary", AddressFlags::SECONDARY, false),
];

fn flag(word: &str) -> Option<(AddressFlags, bool)> {
    let (name, wanted) = match word.strip_prefix('-') {
        Some(name) => (name, false),
        None => (word, true),
    };
    let found = FLAGS.into_iter().find(|(known, ..)| *known == name);
    found.map(|(_, flag, set)| (flag, set == wanted))
}

/// The kind of device of this name.
pub(crate) fn kind(word: &str) -> Result<LinkKind, Exit> {
    match word {
        "vlan" => Ok(LinkKind::Vlan),
        "dummy" => Ok(LinkKind::Dummy),
        _ => Err(Exit::new(2, "Error: Unknown device type.").hint(word, ["vlan", "dummy"])),
    }
}

fn list(links: &Links, options: &Options, selection: &Selection) -> Result<String, Exit> {
    let all = in_order(addresses::addresses());
    let mut output = Output::new(options);
    for link in links.all().iter().filter(|link| selection.wants_link(link)) {
        let of_link = all.iter().filter(|address| address.device == link.index);
        let wanted: Vec<_> = of_link.filter(|address| selection.wants(address, options)).collect();
        if wanted.is_empty() && selection.is_about_addresses(options) {
            continue;
        }
        show_link(&mut output, link, links, options, &wanted);
    }
    Ok(output.finish())
}

/// Puts addresses in Linux's order: IPv4 before IPv6.
fn in_order(mut all: Vec<Address>) -> Vec<Address> {
    all.sort_by_key(|address| ip(address.local).is_ipv6());
    all
}

fn show_link(output: &mut Output, link: &Link, links: &Links, options: &Options, wanted: &[&Address]) {
    if options.brief {
        let addresses: String = wanted.iter().map(|address| show::brief(address)).collect();
        let mut fields = link_show::json_brief(link, links);
        let values = wanted.iter().map(|address| show::json_brief(address)).collect();
        fields.push(("addr_info", Json::List(values)));
        return output.push(&(link_show::brief(link, links) + &addresses + "\n"), Json::Object(fields));
    }
    let mut fields = link_show::json(link, links, options, Place::BeforeAddresses);
    let values = wanted.iter().map(|address| show::json(address)).collect();
    fields.push(("addr_info", Json::List(values)));
    if options.oneline && !options.json {
        for address in wanted {
            output.push(&format!("{}: {}{}", link.index, link.name, show::lines(address)), Json::Null);
        }
        return;
    }
    let mut lines = link_show::lines(link, links, options, Place::BeforeAddresses);
    lines.extend(wanted.iter().map(|address| show::lines(address)));
    output.push(&lines, Json::Object(fields));
}

fn prefix(word: &str) -> Result<Prefix, Exit> {
    let wrong = || Exit::new(1, format!("Error: any valid prefix is expected rather than \"{word}\"."));
    Prefix::parse(word).ok_or_else(wrong)
}

/// What is said of an address that is added or removed.
const WORDS: [&str; 13] = [
    "dev",
    "brd",
    "broadcast",
    "label",
    "scope",
    "valid_lft",
    "preferred_lft",
    "nodad",
    "optimistic",
    "mngtmpaddr",
    "noprefixroute",
    "local",
    "peer",
];

/// An address that is to be added or removed, and its device. iproute2: `ipaddr_modify`.
struct Wanted {
    address: Address,
    /// The word had a slash.
    prefixed: bool,
}

fn parse_address(links: &Links, mut words: Words<'_>) -> Result<Wanted, Exit> {
    let (mut local, mut device, mut label) = (None, None, None);
    let (mut broadcast, mut reach) = (None, None);
    let (mut valid, mut preferred, mut flags) = (None, None, AddressFlags::empty());
    while let Some(word) = words.take() {
        match word {
            "dev" => device = Some(words.value()?),
            "brd" | "broadcast" => broadcast = Some(words.value()?),
            "label" => label = Some(words.value()?),
            "scope" => {
                let word = words.value()?;
                let number = show::scope_number(word);
                reach = Some(number.ok_or_else(|| Exit::wrong(word, "invalid scope value.\n"))?);
            }
            "valid_lft" => valid = lifetime(words.value()?, "valid_lft")?,
            "preferred_lft" => preferred = lifetime(words.value()?, "preferred_lft")?,
            "peer" | "remote" | "anycast" | "metric" | "priority" | "preference" | "home" | "autojoin" => {
                return Err(unsupported(word));
            }
            "nodad" => flags = flags | AddressFlags::NODAD,
            "optimistic" => flags = flags | AddressFlags::OPTIMISTIC,
            "mngtmpaddr" => flags = flags | AddressFlags::MNGTMPADDR,
            "noprefixroute" => flags = flags | AddressFlags::NOPREFIXROUTE,
            _ => {
                let word = if word == "local" { words.value()? } else { word };
                if local.replace(word).is_some() {
                    return Err(garbage("local", word, WORDS));
                }
            }
        }
    }
    let missing = || Exit::new(1, "Not enough information: \"dev\" argument is required.");
    let name = device.ok_or_else(missing)?;
    let word = local.unwrap_or_default();
    let local = prefix(word)?;
    let device = links.find(name)?.index;
    usual(local, name, (label, reach))?;
    let address = Address {
        device,
        local: wit(local.address),
        prefix_length: local.len,
        peer: None,
        broadcast: broadcast.map(|word| everybody(word, local)).transpose()?.map(wit),
        scope: scope_of(local.address),
        flags,
        label: label.unwrap_or_default().into(),
        preferred_lifetime: preferred,
        valid_lifetime: valid,
        protocol: 0,
    };
    Ok(Wanted { address, prefixed: word.contains('/') })
}

/// Refuses what the stack does not do but as it always does it: an address's label is the name of its device, and its
/// scope follows from it.
fn usual(local: Prefix, device: &str, (label, reach): (Option<&str>, Option<u8>)) -> Result<(), Exit> {
    if let Some(label) = label.filter(|label| *label != device) {
        return Err(unsupported(&format!("label {label}")));
    }
    match reach.filter(|reach| *reach != scope_of(local.address)) {
        Some(reach) => Err(unsupported(&format!("scope {}", show::scope(reach)))),
        None => Ok(()),
    }
}

/// The scope that an address has. iproute2: `default_scope`; Linux: `rt_scope`.
fn scope_of(address: IpAddr) -> u8 {
    match address {
        address if address.is_loopback() => 254,
        IpAddr::V4(address) if address.is_link_local() => 253,
        IpAddr::V6(address) if address.is_unicast_link_local() => 253,
        _ => 0,
    }
}

/// The address of everybody that a word says: `+` is the last of the network, `-` the first. iproute2: `ipaddr_modify`.
fn everybody(word: &str, local: Prefix) -> Result<IpAddr, Exit> {
    let IpAddr::V4(address) = local.address else { return Ok(prefix(word)?.address) };
    let hosts = u32::MAX.checked_shr(local.len.into()).unwrap_or(0);
    match word {
        "+" => Ok(Ipv4Addr::from_bits(address.to_bits() | hosts).into()),
        "-" => Ok(Ipv4Addr::from_bits(address.to_bits() & !hosts).into()),
        word => Ok(prefix(word)?.address),
    }
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

fn change(links: &Links, words: Words<'_>, replace: bool) -> Result<String, Exit> {
    let wanted = parse_address(links, words)?;
    let (valid, preferred) = (wanted.address.valid_lifetime, wanted.address.preferred_lifetime);
    if preferred.unwrap_or(u32::MAX) > valid.unwrap_or(u32::MAX) && preferred.is_some() {
        return Err(Exit::new(1, "preferred_lft is greater than valid_lft"));
    }
    addresses::add_address(&wanted.address, replace).map_err(|failure| Exit::refused(&failure))?;
    Ok(String::new())
}

fn remove(links: &Links, words: Words<'_>) -> Result<String, Exit> {
    let Wanted { address, prefixed } = parse_address(links, words)?;
    let length = prefixed.then_some(address.prefix_length);
    let removed = addresses::remove_address(address.device, address.local, length, &address.label);
    removed.map_err(|failure| Exit::refused(&failure))?;
    Ok(String::new())
}

/// Removes every address that is meant. iproute2: `ipaddr_flush`.
fn flush(links: &Links, options: &Options, words: Words<'_>) -> Result<String, Exit> {
    if words.is_empty() {
        return Err(Exit::new(1, "Flush requires arguments."));
    }
    let selection = Selection::parse(links, words)?;
    let all = addresses::addresses();
    let mut count = 0;
    for address in &all {
        let of_link =
            links.all().iter().any(|link| link.index == address.device && selection.wants_link(link));
        if !of_link || !selection.wants(address, options) {
            continue;
        }
        let length = Some(address.prefix_length);
        match addresses::remove_address(address.device, address.local, length, "") {
            Ok(()) => count += 1,
            // One of its network that came later may have gone with it.
            Err(failure)
                if failure.errno == tool_common::control::control_types::Errno::AddressNotAvailable => {}
            Err(failure) => return Err(Exit::refused(&failure)),
        }
    }
    match (options.statistics, count) {
        (false, _) => Ok(String::new()),
        (true, 0) => Ok("Nothing to flush.\n".into()),
        (true, count) => Ok(format!(
            "\n*** Round 1, deleting {count} addresses ***\n*** Flush is complete after 1 round ***\n"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_in_linuxs_order() {
        let address = |local: &str| Address {
            device: 2,
            local: wit(local.parse().unwrap()),
            prefix_length: 24,
            peer: None,
            broadcast: None,
            scope: scope_of(local.parse().unwrap()),
            flags: AddressFlags::empty(),
            label: String::new(),
            preferred_lifetime: None,
            valid_lifetime: None,
            protocol: 0,
        };
        let all = in_order(["fd00::2", "10.0.0.1", "fe80::1", "10.0.0.2"].map(address).into());
        let order: Vec<_> = all.iter().map(|address| ip(address.local).to_string()).collect();
        assert_eq!(order, ["10.0.0.1", "10.0.0.2", "fd00::2", "fe80::1"]);
    }

    #[test]
    fn what_the_stack_always_does_may_be_said() {
        let local = |word| prefix(word).unwrap();
        let net = local("10.0.2.3/24");
        for (label, reach, refused) in [
            (None, None, None),
            (Some("eth0"), Some(0), None),
            (Some("eth0:1"), None, Some("label eth0:1")),
            (None, Some(253), Some("scope link")),
        ] {
            let said = usual(net, "eth0", (label, reach)).err().map(|exit| exit.text);
            let expected = refused.map(|what| format!("Error: \"{what}\" is not supported by this stack."));
            assert_eq!(said, expected);
        }
        for (word, expected) in [("+", "10.0.2.255"), ("-", "10.0.2.0"), ("10.0.2.77", "10.0.2.77")] {
            assert_eq!(everybody(word, net).ok(), expected.parse().ok());
        }
        assert_eq!(usual(local("fe80::1/64"), "eth0", (None, Some(253))), Ok(()));
    }
}
