//! `ip neighbour`: shows, adds, changes, removes and flushes. iproute2: `do_ipneigh`.

use crate::links::Links;
use crate::options::{Family, Options, begins, garbage, unknown_command, unsupported};
use crate::output::Output;
use crate::route_show::Told;
use std::fmt::Write;
use tool_common::address::{Prefix, ip, link_address, parse_link_address, wit};
use tool_common::control::control_types::Errno;
use tool_common::control::neighbours::{self, Neighbour, NeighbourState, NeighbourVerb};
use tool_common::json::Json;
use tool_common::{Exit, Words, object};

const USAGE: &str = "\
Usage: ip neigh { add | del | change | replace } ADDR [ lladdr LLADDR ] [ nud STATE ] [ router ] dev DEV
       ip neigh { show | flush } [ to PREFIX ] [ dev DEV ] [ nud STATE ]
       ip neigh get ADDR dev DEV
STATE := { permanent | noarp | stale | reachable | incomplete | delay | probe | failed }";

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
}

impl Selection {
    fn parse(links: &Links, mut words: Words<'_>) -> Result<Self, Exit> {
        let mut selection = Selection::default();
        while let Some(word) = words.take() {
            match word {
                "dev" => selection.device = Some(links.find(words.value()?)?.index),
                "nud" => selection.add_state(words.value()?)?,
                "unused" => {}
                "proxy" => return Err(unsupported(word)),
                _ => {
                    let word = if word == "to" { words.value()? } else { word };
                    if selection.within.is_some() {
                        return Err(garbage("to", word, ["dev", "nud", "unused", "to", "proxy"]));
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
            && match &self.states {
                Some(states) => states.contains(&neighbour.state),
                None => neighbour.state != NeighbourState::Noarp,
            }
    }
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
    if options.statistics {
        let Neighbour { used, confirmed, updated, probes, .. } = *neighbour;
        // Writing to a text does not fail.
        let _ = write!(told.line, " used {used}/{confirmed}/{updated}probes {probes} ");
        let numbers = object! { "used": used, "confirmed": confirmed, "updated": updated, "probes": probes };
        told.fields.extend(numbers);
    }
    let _ = writeln!(told.line, "{} ", name(neighbour.state));
    told.fields.push(("state", Json::List(vec![name(neighbour.state).into()])));
    told
}

/// A neighbour that is to be set or removed. iproute2: `ipneigh_modify`.
fn parse(links: &Links, mut words: Words<'_>) -> Result<Neighbour, Exit> {
    let (mut address, mut device) = (None, None);
    let mut wanted = Neighbour {
        device: 0,
        address: wit([0, 0, 0, 0].into()),
        link_address: Vec::new(),
        state: NeighbourState::Permanent,
        router: false,
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
            "proxy" => return Err(unsupported(word)),
            "dev" => device = Some(words.value()?),
            _ => {
                let word = if word == "to" { words.value()? } else { word };
                if address.is_some() {
                    return Err(garbage("to", word, ["lladdr", "nud", "router", "dev", "to", "proxy"]));
                }
                let wrong =
                    || Exit::new(1, format!("Error: any valid address is expected rather than \"{word}\"."));
                address = Some(word.parse().map_err(|_| wrong())?);
            }
        }
    }
    let (Some(device), Some(address)) = (device, address) else {
        return Err(Exit::usage("Device and destination are required arguments."));
    };
    Ok(Neighbour { device: links.find(device)?.index, address: wit(address), ..wanted })
}

fn set(links: &Links, words: Words<'_>, verb: NeighbourVerb) -> Result<String, Exit> {
    let wanted = parse(links, words)?;
    neighbours::set_neighbour(verb, &wanted).map_err(|failure| Exit::refused(&failure))?;
    Ok(String::new())
}

fn remove(links: &Links, words: Words<'_>) -> Result<String, Exit> {
    let wanted = parse(links, words)?;
    let removed = neighbours::remove_neighbour(wanted.device, wanted.address);
    removed.map_err(|failure| Exit::refused(&failure))?;
    Ok(String::new())
}

fn get(links: &Links, options: &Options, words: Words<'_>) -> Result<String, Exit> {
    let wanted = parse(links, words)?;
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
