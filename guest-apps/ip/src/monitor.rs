//! `ip monitor`: tells of changes as they happen, until it is ended. iproute2: `do_ipmonitor`.

use crate::address_show;
use crate::link_show::{self, Place};
use crate::links::Links;
use crate::options::{Family, Options, begins};
use crate::route_show::{self, Common, Told};
use crate::timestamp::timestamp;
use crate::{neighbour, rule_show};
use std::io::Write;
use std::time::SystemTime;
use tool_common::address::ip;
use tool_common::control::changes::{self, Change, ChangeEvent, ChangeGroups, Changed};
use tool_common::control::routing;
use tool_common::json::Json;
use tool_common::{Exit, Words, did_you_mean, object};

const USAGE: &str = "\
Usage: ip monitor [ all | OBJECTS ] [ label ] [ dev DEVICE ]
OBJECTS :=  address | link | neigh | route | rule";

/// Changes that are taken at a time.
const BATCH: u32 = 256;

/// The names of groups, in iproute2's order.
const GROUPS: [(&str, ChangeGroups); 5] = [
    ("link", ChangeGroups::LINKS),
    ("address", ChangeGroups::ADDRESSES),
    ("route", ChangeGroups::ROUTES),
    ("neigh", ChangeGroups::NEIGHBOURS),
    ("rule", ChangeGroups::RULES),
];

/// Changes of every kind.
fn all() -> ChangeGroups {
    GROUPS.into_iter().fold(ChangeGroups::empty(), |all, (_, group)| all | group)
}

/// Which changes are told, and how.
#[derive(Debug, PartialEq, Eq)]
struct Request<'a> {
    groups: ChangeGroups,
    /// Each is told with what it is about.
    label: bool,
    device: Option<&'a str>,
}

impl<'a> Request<'a> {
    fn parse(mut words: Words<'a>) -> Result<Self, Exit> {
        let mut request = Request { groups: ChangeGroups::empty(), label: false, device: None };
        while let Some(word) = words.take() {
            if word == "label" {
                request.label = true;
            } else if word == "all" {
                (request.label, request.groups) = (true, all());
            } else if word == "dev" {
                request.device = Some(words.value()?);
            } else if begins("help", word) {
                return Err(Exit::usage(USAGE));
            } else {
                let found = GROUPS.iter().find(|(name, _)| begins(name, word));
                let near = || did_you_mean(word, GROUPS.iter().map(|(name, _)| *name));
                let unknown =
                    || format!("Argument \"{word}\" is unknown, try \"ip monitor help\".{}", near());
                request.groups = request.groups | found.ok_or_else(|| Exit::usage(unknown()))?.1;
            }
        }
        if request.groups == ChangeGroups::empty() {
            request.groups = all();
        }
        Ok(request)
    }
}

/// Does an `ip monitor` command.
pub(crate) fn run(options: &Options, words: Words<'_>) -> Result<String, Exit> {
    let request = Request::parse(words)?;
    let links = Links::ask();
    let device = request.device.map(|name| links.find(name)).transpose()?.map(|link| link.index);
    let subscription = changes::watch(request.groups).map_err(|failure| Exit::refused(&failure))?;
    let pollable = subscription.subscribe();
    // A device that goes has its name still.
    links.all();
    let mut monitor = Monitor { options, links, label: request.label, device, any: false };
    loop {
        pollable.block();
        let news = subscription.take(BATCH);
        let text: String = news.changes.iter().filter_map(|change| monitor.tell(change)).collect();
        let mut out = std::io::stdout().lock();
        if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            // Nobody reads any more.
            return Ok(String::new());
        }
        if news.overrun {
            eprintln!("netlink receive error No buffer space available (105)");
        }
    }
}

/// What is told of changes.
struct Monitor<'a> {
    options: &'a Options,
    /// The devices as they were last told.
    links: Links,
    label: bool,
    device: Option<u32>,
    /// Something was told before.
    any: bool,
}

impl Monitor<'_> {
    /// The text about a change, if it is wanted.
    fn tell(&mut self, change: &Change) -> Option<String> {
        let gone = change.event == ChangeEvent::Gone;
        if let (Changed::Link(link), false) = (&change.what, gone) {
            self.links.remember(link);
        }
        if !self.wants(&change.what) {
            return None;
        }
        let (label, Told { line, mut fields }) = self.told(&change.what);
        if self.options.json {
            if gone {
                fields.insert(0, ("deleted", Json::Bool(true)));
            }
            // A list that has no end, a line for each.
            let before = if std::mem::replace(&mut self.any, true) { "," } else { "[" };
            return Some(format!("{before}{}\n", Json::Object(fields).compact()));
        }
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let time = self.options.timestamp.map(|form| timestamp(form, since)).unwrap_or_default();
        let label = if self.label { label } else { "" };
        let deleted = if gone { "Deleted " } else { "" };
        let line = match self.options.oneline {
            true => line.trim_end_matches('\n').replace('\n', "\\") + "\n",
            false => line,
        };
        Some(format!("{time}{label}{deleted}{line}"))
    }

    fn wants(&self, what: &Changed) -> bool {
        let of = |address| self.options.family.is_none_or(|family| family.has(ip(address)));
        let by = |device| self.device.is_none_or(|wanted| wanted == device);
        match what {
            Changed::Link(link) => by(link.index),
            Changed::Address(address) => of(address.local) && by(address.device),
            Changed::Route(route) => {
                let over = |device| route.hops.iter().any(|hop| hop.device == Some(device));
                of(route.destination) && self.device.is_none_or(over)
            }
            Changed::Rule((ipv6, _)) => {
                let version = if *ipv6 { Family::Inet6 } else { Family::Inet };
                self.options.family.is_none_or(|family| family == version)
            }
            Changed::Neighbour(neighbour) => of(neighbour.address) && by(neighbour.device),
        }
    }

    /// The words of a thing, behind what it is.
    fn told(&self, what: &Changed) -> (&'static str, Told) {
        let (links, options) = (&self.links, self.options);
        match what {
            Changed::Link(link) => {
                let line = link_show::lines(link, links, options, Place::Monitor);
                let fields = link_show::json(link, links, options, Place::Monitor);
                ("[LINK]", Told { line, fields })
            }
            Changed::Address(address) => {
                let device = links.name(address.device);
                let line = format!("{}: {device}{}", address.device, address_show::lines(address));
                let mut fields = object! { "index": address.device, "dev": device };
                if let Json::Object(rest) = address_show::json(address) {
                    fields.extend(rest);
                }
                ("[ADDR]", Told { line, fields })
            }
            Changed::Route(route) => {
                let mut told = route_show::told(route, links, options, &Common::default());
                told.line.push('\n');
                ("[ROUTE]", told)
            }
            Changed::Rule((ipv6, rule)) => {
                let (line, fields) = rule_show::told(rule, &routing::rules(*ipv6));
                ("[RULE]", Told { line, fields })
            }
            Changed::Neighbour(neighbour) => ("[NEIGH]", neighbour::told(neighbour, links, options, false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(ChangeGroups, bool), Exit> {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        Request::parse(Words::new(&words)).map(|request| (request.groups, request.label))
    }

    #[test]
    fn objects_may_be_shortened_and_named_together() {
        let all = all();
        for (line, expected) in [
            ("", (all, false)),
            ("label", (all, true)),
            ("all", (all, true)),
            ("l", (ChangeGroups::LINKS, false)),
            ("addr route dev eth0", (ChangeGroups::ADDRESSES | ChangeGroups::ROUTES, false)),
            ("neigh ru label", (ChangeGroups::NEIGHBOURS | ChangeGroups::RULES, true)),
        ] {
            assert_eq!(parse(line), Ok(expected), "{line}");
        }
        let error = parse("frob").unwrap_err();
        assert_eq!(error.text, "Argument \"frob\" is unknown, try \"ip monitor help\".");
        assert_eq!(error.code, 255);
    }
}
