//! `ip neighbour`: shows, adds, changes, removes and flushes. iproute2: `do_ipneigh`.

use crate::links::Links;
use crate::options::{Family, Options, begins, garbage, unknown_command, unsupported};
use crate::output::Output;
use crate::route_show::Told;
use crate::{proxy, tables};
use std::fmt::Write;
use tool_common::address::{Prefix, ip, link_address, parse_link_address, wit};
use tool_common::control::control_types::Errno;
use tool_common::control::neighbours::{self, Neighbour, NeighbourState, NeighbourVerb, Proxy};
use tool_common::json::Json;
use tool_common::{Exit, Words, object};

const USAGE: &str = "\
Usage: ip neigh { add | del | change | replace } { ADDR [ lladdr LLADDR ] [ nud STATE ] | proxy ADDR }
                [ dev DEV ] [ router ] [ extern_learn ] [ protocol PROTO ]
       ip neigh { show | flush } [ proxy ] [ to PREFIX ] [ dev DEV ] [ nud STATE ] [ protocol PROTO ]
       ip neigh get { ADDR | proxy ADDR } dev DEV
STATE := { permanent | noarp | stale | reachable | incomplete | delay | probe | failed }";

/// What is said of a neighbour that is set or removed.
const WORDS: [&str; 8] = ["lladdr", "nud", "router", "dev", "to", "proxy", "extern_learn", "protocol"];

/// How many neighbours are asked for at once.
const PAGE: u32 = 1024;

const STATES: [(NeighbourState, &str); 8] = [
    (NeighbourState::Incomplete, "INCOMPLETE"),
    (NeighbourState::Reachable, "REACHABLE"),
    (NeighbourState::Stale, "STALE"),
    (NeighbourState::Delay, "DELAY"),
    (NeighbourState::Probe, "PROBE"),
    (NeighbourState::Failed, "FAILED"),
    (NeighbourState::Noarp, "NOARP"),
    (NeighbourState::Permanent, "PERMANENT"),
];

/// Does an `ip neighbour` command.
pub(crate) fn run(options: &Options, mut words: Words<'_>) -> Result<String, Exit> {
    let links = Links::ask();
    let Some(command) = words.take() else { return list(&links, options, words) };
    match command {
        _ if begins("add", command) => set(&links, words, NeighbourVerb::Add),
        _ if begins("change", command) || begins("chg", command) => set(&links, words, NeighbourVerb::Change),
        _ if begins("replace", command) => set(&links, words, NeighbourVerb::Replace),
        _ if begins("delete", command) => remove(&links, words),
        _ if begins("get", command) => get(&links, options, words),
        _ if begins("show", command) || begins("lst", command) || begins("list", command) => {
            list(&links, options, words)
        }
        _ if begins("flush", command) => flush(&links, options, words),
        _ if begins("help", command) => Err(Exit::usage(USAGE)),
        other => Err(unknown_command(other, "neigh")),
    }
}

fn known_state(word: &str) -> Result<NeighbourState, Exit> {
    let state = STATES.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(word)).map(|(state, _)| state);
    let names = STATES.map(|(_, name)| name.to_ascii_lowercase());
    state.ok_or_else(|| Exit::wrong(word, "nud state is bad").hint(word, names.iter().map(String::as_str)))
}

fn name(state: NeighbourState) -> &'static str {
    STATES.into_iter().find(|(known, _)| *known == state).map_or("NONE", |(_, name)| name)
}

/// Which neighbours are meant. iproute2: `do_show_or_flush`.
#[derive(Default)]
struct Selection {
    device: Option<u32>,
    within: Option<Prefix>,
    /// None: all but those that are never asked for.
    states: Option<Vec<NeighbourState>>,
    protocol: Option<u8>,
    /// Those are meant that the stack answers for.
    proxy: bool,
}

impl Selection {
    fn parse(links: &Links, mut words: Words<'_>) -> Result<Self, Exit> {
        let mut selection = Selection::default();
        while let Some(word) = words.take() {
            match word {
                "dev" => selection.device = Some(links.find(words.value()?)?.index),
                "nud" => selection.add_state(words.value()?)?,
                "unused" => {}
                "proxy" => selection.proxy = true,
                "protocol" => selection.protocol = Some(protocol(words.value()?)?),
                _ => {
                    let word = if word == "to" { words.value()? } else { word };
                    if selection.within.is_some() {
                        return Err(garbage("to", word, ["dev", "nud", "unused", "to", "proxy", "protocol"]));
                    }
                    if word != "all" {
                        selection.within = Some(prefix(word)?);
                    }
                }
            }
        }
        Ok(selection)
    }

    fn add_state(&mut self, word: &str) -> Result<(), Exit> {
        let states = self.states.get_or_insert_default();
        match word {
            "all" => states.extend(STATES.map(|(state, _)| state)),
            _ => states.push(known_state(word)?),
        }
        Ok(())
    }

    fn wants(&self, neighbour: &Neighbour, family: Option<Family>) -> bool {
        let address = ip(neighbour.address);
        family.is_none_or(|family| family.has(address))
            && self.device.is_none_or(|device| device == neighbour.device)
            && self.within.is_none_or(|within| within.contains(address))
            && self.protocol.is_none_or(|protocol| protocol == neighbour.protocol)
            && match &self.states {
                Some(states) => states.contains(&neighbour.state),
                None => neighbour.state != NeighbourState::Noarp,
            }
    }
}

fn protocol(word: &str) -> Result<u8, Exit> {
    tables::protocol(word).ok_or_else(|| Exit::wrong(word, "\"protocol\" value is invalid\n"))
}

fn prefix(word: &str) -> Result<Prefix, Exit> {
    let wrong = || Exit::new(1, format!("Error: any valid prefix is expected rather than \"{word}\"."));
    Prefix::parse(word).ok_or_else(wrong)
}

/// All neighbours, page by page.
fn all() -> impl Iterator<Item = Neighbour> {
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let page = neighbours::neighbours(start?, PAGE);
        let full = page.len() as u32 == PAGE;
        start = start.filter(|_| full).map(|start| start + PAGE);
        Some(page)
    })
    .flatten()
}

fn list(links: &Links, options: &Options, words: Words<'_>) -> Result<String, Exit> {
    let selection = Selection::parse(links, words)?;
    if selection.proxy {
        let chosen = (selection.device, selection.within, selection.protocol);
        return Ok(proxy::list(links, options, chosen));
    }
    let mut wanted: Vec<_> = all().filter(|neighbour| selection.wants(neighbour, options.family)).collect();
    // IPv4 before IPv6, as Linux dumps one table after the other.
    wanted
        .sort_by_key(|neighbour| (ip(neighbour.address).is_ipv6(), neighbour.device, ip(neighbour.address)));
    let mut output = Output::new(options);
    for neighbour in &wanted {
        let Told { line, fields } = told(neighbour, links, options, selection.device.is_some());
        output.push(&line, Json::Object(fields));
    }
    Ok(output.finish())
}

/// A neighbour as it is shown. The device is not told of those that were chosen by it. iproute2: `print_neigh`.
pub(crate) fn told(neighbour: &Neighbour, links: &Links, options: &Options, of_device: bool) -> Told {
    let (address, device) = (ip(neighbour.address).to_string(), links.name(neighbour.device));
    let station = link_address(&neighbour.link_address);
    let mut told = Told { line: format!("{address} "), fields: object! { "dst": address.as_str() } };
    if !of_device {
        told.pair("dev", "dev", device.as_str());
    }
    if !station.is_empty() {
        told.pair("lladdr", "lladdr", station.as_str());
    }
    if options.brief {
        told.line = format!("{address:<39} {device:<16} {station}\n");
        return told;
    }
    if neighbour.router {
        told.line.push_str("router ");
        told.fields.push(("router", Json::Null));
    }
    if neighbour.extern_learn {
        told.line.push_str("extern_learn ");
        told.fields.push(("extern_learn", Json::Null));
    }
    if options.statistics {
        let Neighbour { used, confirmed, updated, probes, .. } = *neighbour;
        // Writing to a text does not fail.
        let _ = write!(told.line, " used {used}/{confirmed}/{updated}probes {probes} ");
        let numbers = object! { "used": used, "confirmed": confirmed, "updated": updated, "probes": probes };
        told.fields.extend(numbers);
    }
    let _ = write!(told.line, "{} ", name(neighbour.state));
    told.fields.push(("state", Json::List(vec![name(neighbour.state).into()])));
    add_protocol(&mut told, neighbour.protocol);
    told.line.push('\n');
    told
}

/// Who told of a neighbour, if he said.
pub(crate) fn add_protocol(told: &mut Told, protocol: u8) {
    if protocol != 0 {
        let name = tables::protocol_name(protocol);
        // Writing to a text does not fail.
        let _ = write!(told.line, "proto {name} ");
        told.fields.push(("protocol", name.into()));
    }
}

/// What is to be set, removed or found.
enum Wanted {
    Neighbour(Neighbour),
    /// An address that the stack answers for.
    Proxy(Proxy),
}

/// A neighbour that is to be set or removed. iproute2: `ipneigh_modify`.
fn parse(links: &Links, mut words: Words<'_>) -> Result<Wanted, Exit> {
    let (mut address, mut device, mut proxy) = (None, None, false);
    let mut wanted = Neighbour {
        device: 0,
        address: wit([0, 0, 0, 0].into()),
        link_address: Vec::new(),
        state: NeighbourState::Permanent,
        router: false,
        extern_learn: false,
        protocol: 0,
        probes: 0,
        used: 0,
        confirmed: 0,
        updated: 0,
    };
    while let Some(word) = words.take() {
        match word {
            "lladdr" => {
                let word = words.value()?;
                let station = parse_link_address(word);
                wanted.link_address =
                    station.ok_or_else(|| Exit::new(1, format!("\"{word}\" is invalid lladdr.")))?;
            }
            "nud" => {
                wanted.state = known_state(words.value()?)?;
            }
            "router" => wanted.router = true,
            "proxy" => proxy = true,
            "extern_learn" => wanted.extern_learn = true,
            "protocol" => wanted.protocol = protocol(words.value()?)?,
            "use" | "managed" => return Err(unsupported(word)),
            "dev" => device = Some(words.value()?),
            _ => {
                let word = if word == "to" { words.value()? } else { word };
                if address.is_some() {
                    return Err(garbage("to", word, WORDS));
                }
                let wrong =
                    || Exit::new(1, format!("Error: any valid address is expected rather than \"{word}\"."));
                address = Some(word.parse().map_err(|_| wrong())?);
            }
        }
    }
    let device = device.map(|name| links.find(name)).transpose()?.map(|link| link.index);
    let missing = || Exit::usage("Device and destination are required arguments.");
    let address = wit(address.ok_or_else(missing)?);
    let Neighbour { router, protocol, .. } = wanted;
    match (proxy, device) {
        (true, device) => Ok(Wanted::Proxy(Proxy { device, address, router, protocol })),
        (false, Some(device)) => Ok(Wanted::Neighbour(Neighbour { device, address, ..wanted })),
        (false, None) => Err(missing()),
    }
}

fn set(links: &Links, words: Words<'_>, verb: NeighbourVerb) -> Result<String, Exit> {
    let set = match parse(links, words)? {
        Wanted::Neighbour(neighbour) => neighbours::set_neighbour(verb, &neighbour),
        // One that is there is changed, whatever the word. Linux: `neigh_add`.
        Wanted::Proxy(proxy) => neighbours::set_proxy(proxy),
    };
    set.map_err(|failure| Exit::refused(&failure))?;
    Ok(String::new())
}

fn remove(links: &Links, words: Words<'_>) -> Result<String, Exit> {
    let removed = match parse(links, words)? {
        Wanted::Neighbour(neighbour) => neighbours::remove_neighbour(neighbour.device, neighbour.address),
        Wanted::Proxy(proxy) => neighbours::remove_proxy(proxy.device, proxy.address),
    };
    removed.map_err(|failure| Exit::refused(&failure))?;
    Ok(String::new())
}

fn get(links: &Links, options: &Options, words: Words<'_>) -> Result<String, Exit> {
    let wanted = match parse(links, words)? {
        Wanted::Neighbour(neighbour) => neighbour,
        Wanted::Proxy(wanted) => return proxy::get(links, options, &wanted),
    };
    let found = all().find(|known| known.device == wanted.device && ip(known.address) == ip(wanted.address));
    let missing = || Exit::new(2, "Error: Neighbour entry not found.");
    let mut output = Output::new(options);
    let Told { line, fields } = told(&found.ok_or_else(missing)?, links, options, false);
    output.push(&line, Json::Object(fields));
    Ok(output.finish())
}

fn flush(links: &Links, options: &Options, words: Words<'_>) -> Result<String, Exit> {
    if words.is_empty() {
        return Err(Exit::new(1, "Flush requires arguments."));
    }
    let mut selection = Selection::parse(links, words)?;
    if selection.proxy {
        return proxy::flush((selection.device, selection.within, selection.protocol), options);
    }
    // What was set by hand stays unless it is meant by name.
    selection.states.get_or_insert_with(|| {
        let kept = [NeighbourState::Permanent, NeighbourState::Noarp];
        STATES.iter().map(|(state, _)| *state).filter(|state| !kept.contains(state)).collect()
    });
    let wanted: Vec<_> = all().filter(|neighbour| selection.wants(neighbour, options.family)).collect();
    let mut count = 0;
    for neighbour in &wanted {
        match neighbours::remove_neighbour(neighbour.device, neighbour.address) {
            Ok(()) => count += 1,
            Err(failure) if failure.errno == Errno::NoEntry => {}
            Err(failure) => return Err(Exit::refused(&failure)),
        }
    }
    match (options.statistics, count) {
        (false, _) => Ok(String::new()),
        (true, 0) => Ok("Nothing to flush.\n".into()),
        (true, count) => Ok(format!(
            "\n*** Round 1, deleting {count} entries ***\n*** Flush is complete after 1 round ***\n"
        )),
    }
}
