//! `ip address`: shows, adds, removes and flushes. iproute2: `do_ipaddr`.

use crate::address_parse::{Wanted, prefix};
use crate::address_show as show;
use crate::link_show::{self, Place, has};
use crate::links::Links;
use crate::options::{Family, Options, begins, garbage, unknown_command};
use crate::output::Output;
use tool_common::address::{Prefix, ip};
use tool_common::control::addresses::{self, Address, AddressFlags};
use tool_common::control::links::{Link, LinkFlags, LinkKind};
use tool_common::json::Json;
use tool_common::{Exit, Words, fits};

const USAGE: &str = "\
Usage: ip address {add|change|replace} IFADDR dev IFNAME [ LIFETIME ] [ CONFFLAG-LIST ]
       ip address del IFADDR dev IFNAME
       ip address flush dev IFNAME [ scope SCOPE-ID ] [ to PREFIX ]
       ip address [ show [ dev IFNAME ] [ scope SCOPE-ID ] [ to PREFIX ] [ label PATTERN ] [ up ] [ permanent | dynamic ... ] ]
IFADDR := PREFIX | ADDR peer PREFIX [ broadcast ADDR ] [ label IFNAME ] [ scope SCOPE-ID ] [ metric METRIC ]
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

    /// Whether an address of a link is meant. One without a label is called after its link.
    fn wants(&self, address: &Address, link: &Link, options: &Options) -> bool {
        let name = if address.label.is_empty() { &link.name } else { &address.label };
        if self.label.as_ref().is_some_and(|label| !fits(label, name)) {
            return false;
        }
        let local = ip(address.local);
        options.family.is_none_or(|family| family.has(local))
            && self.scope.is_none_or(|scope| scope == address.scope)
            && self.within.is_none_or(|prefix| prefix.contains(local))
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
    let within = selection.within.map(|prefix| Family::of(prefix.address));
    let options = &Options { family: options.family.or(within), ..*options };
    for link in links.all().iter().filter(|link| selection.wants_link(link)) {
        let of_link = all.iter().filter(|address| address.device == link.index);
        let wanted: Vec<_> = of_link.filter(|address| selection.wants(address, link, options)).collect();
        if wanted.is_empty() && selection.is_about_addresses(options) {
            continue;
        }
        // iproute2: `print_linkinfo`, which passes over links where a label is asked for.
        match selection.label.is_some() && !options.json {
            true => show_alone(&mut output, link, options, &wanted),
            false => show_link(&mut output, link, links, options, &wanted),
        }
    }
    Ok(output.finish())
}

/// Puts addresses in Linux's order: IPv4 before IPv6.
fn in_order(mut all: Vec<Address>) -> Vec<Address> {
    all.sort_by_key(|address| ip(address.local).is_ipv6());
    all
}

/// The addresses without their link, but where each has a line.
fn show_alone(output: &mut Output, link: &Link, options: &Options, wanted: &[&Address]) {
    for address in wanted {
        let text = match (options.brief, options.oneline) {
            (true, _) => show::brief(address) + "\n",
            (false, true) => format!("{}: {}{}", link.index, link.name, show::lines(address)),
            (false, false) => show::lines(address),
        };
        output.push(&text, Json::Null);
    }
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

fn change(links: &Links, words: Words<'_>, replace: bool) -> Result<String, Exit> {
    let wanted = Wanted::parse(links, words, true)?;
    let (valid, preferred) = (wanted.address.valid_lifetime, wanted.address.preferred_lifetime);
    if preferred.unwrap_or(u32::MAX) > valid.unwrap_or(u32::MAX) && preferred.is_some() {
        return Err(Exit::new(1, "preferred_lft is greater than valid_lft"));
    }
    addresses::add_address(&wanted.address, replace).map_err(|failure| Exit::refused(&failure))?;
    Ok(String::new())
}

fn remove(links: &Links, words: Words<'_>) -> Result<String, Exit> {
    let wanted = Wanted::parse(links, words, false)?;
    let (address, network) = (&wanted.address, wanted.network());
    if network.is_none() {
        let local = ip(address.local);
        eprintln!("Warning: Executing wildcard deletion to stay compatible with old scripts.");
        eprintln!("         Explicitly specify the prefix length ({local}/32) to avoid this warning.");
        eprintln!("         This special behaviour is likely to disappear in further releases,");
        eprintln!("         fix your scripts!");
    }
    let removed = addresses::remove_address(address.device, address.local, network, &address.label);
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
        let mut of_link =
            links.all().iter().filter(|link| link.index == address.device && selection.wants_link(link));
        if !of_link.any(|link| selection.wants(address, link, options)) {
            continue;
        }
        let network = (address.peer.unwrap_or(address.local), address.prefix_length);
        match addresses::remove_address(address.device, address.local, Some(network), "") {
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
    use tool_common::address::wit;

    #[test]
    fn addresses_are_in_linuxs_order() {
        let address = |local: &str| Address {
            device: 2,
            local: wit(local.parse().unwrap()),
            prefix_length: 24,
            peer: None,
            broadcast: None,
            scope: 0,
            flags: AddressFlags::empty(),
            label: String::new(),
            metric: 0,
            preferred_lifetime: None,
            valid_lifetime: None,
            protocol: 0,
        };
        let all = in_order(["fd00::2", "10.0.0.1", "fe80::1", "10.0.0.2"].map(address).into());
        let order: Vec<_> = all.iter().map(|address| ip(address.local).to_string()).collect();
        assert_eq!(order, ["10.0.0.1", "10.0.0.2", "fd00::2", "fe80::1"]);
    }
}
