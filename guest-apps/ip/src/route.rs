//! `ip route`: shows, changes, finds and flushes. iproute2: `do_iproute`.

use crate::address_show::scope_number;
use crate::links::Links;
use crate::options::{Family, Options, begins, unknown_command};
use crate::output::Output;
use crate::route_get;
use crate::route_parse::{self, number_of};
use crate::route_show::{self as show, Common};
use crate::tables;
use std::net::IpAddr;
use tool_common::address::{Prefix, ip};
use tool_common::control::control_types::Errno;
use tool_common::control::routing::{self, Route, RouteKind, RouteVerb};
use tool_common::json::Json;
use tool_common::{Exit, Words};

const USAGE: &str = "\
Usage: ip route { list | flush } SELECTOR
       ip route get [ fibmatch ] ADDRESS [ from ADDRESS iif STRING ] [ oif STRING ] [ tos TOS ] [ mark NUMBER ]
                [ uid NUMBER ] [ ipproto PROTOCOL ] [ sport NUMBER ] [ dport NUMBER ]
       ip route { add | del | change | append | prepend | replace } ROUTE
SELECTOR := [ root PREFIX ] [ match PREFIX ] [ exact PREFIX ] [ table TABLE_ID ] [ proto RTPROTO ]
            [ type TYPE ] [ scope SCOPE ] [ dev STRING ] [ via ADDRESS ]
ROUTE := [ TYPE ] PREFIX [ tos TOS ] [ table TABLE_ID ] [ proto RTPROTO ] [ scope SCOPE ] [ metric METRIC ]
         { NH | nexthop NH ... } [ src ADDRESS ] [ mtu [ lock ] NUMBER ] [ advmss NUMBER ] [ initcwnd NUMBER ]
         [ initrwnd NUMBER ] [ rto_min TIME ] [ features ecn ] [ quickack BOOL ] [ congctl NAME ] [ pref PREF ]
         [ expires TIME ] [ fastopen_no_cookie BOOL ]
NH := [ via ADDRESS ] [ dev STRING ] [ weight NUMBER ] [ onlink ]";

/// How many routes are asked for at once.
const PAGE: u32 = 4096;

/// Does an `ip route` command.
pub(crate) fn run(options: &Options, mut words: Words<'_>) -> Result<String, Exit> {
    let links = Links::ask();
    let Some(command) = words.take() else { return list(&links, options, words) };
    let verbs = [
        ("add", RouteVerb::Add),
        ("change", RouteVerb::Change),
        ("chg", RouteVerb::Change),
        ("replace", RouteVerb::Replace),
        ("prepend", RouteVerb::Prepend),
        ("append", RouteVerb::Append),
        ("delete", RouteVerb::Delete),
    ];
    match command {
        _ if ["list", "show", "lst"].iter().any(|name| begins(name, command)) => list(&links, options, words),
        _ if begins("get", command) => route_get::run(&links, options, words),
        _ if begins("flush", command) => flush(&links, options, words),
        _ if begins("help", command) => Err(Exit::usage(USAGE)),
        _ => match verbs.iter().find(|(name, _)| begins(name, command)) {
            Some(_) if words.is_empty() => Err(Exit::usage(USAGE)),
            Some((_, verb)) => change(&links, options, words, *verb),
            None => Err(unknown_command(command, "route")),
        },
    }
}

fn change(links: &Links, options: &Options, words: Words<'_>, verb: RouteVerb) -> Result<String, Exit> {
    let route = route_parse::parse(links, options.family, words, verb)?;
    routing::change_route(verb, &route).map_err(|failure| Exit::refused(&failure))?;
    Ok(String::new())
}

/// Which routes are meant. iproute2: `filter`.
#[derive(Default)]
struct Selection {
    table: Table,
    common: Common,
    kind: Option<RouteKind>,
    source: Option<IpAddr>,
    exact: Option<Prefix>,
    /// Routes within this block.
    root: Option<Prefix>,
    /// Routes that this block is within.
    matching: Option<Prefix>,
}

/// Which tables are meant.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Table {
    #[default]
    Main,
    One(u32),
    All,
}

impl Selection {
    fn parse(links: &Links, mut words: Words<'_>) -> Result<Self, Exit> {
        let mut s = Selection::default();
        while let Some(word) = words.take() {
            match word {
                "table" => s.table = table(words.value()?)?,
                "dev" | "oif" => s.common.device = Some(links.find(words.value()?)?.index),
                "proto" | "protocol" => {
                    let word = words.value()?;
                    s.common.protocol = Some(number_of(word, tables::protocol, "invalid \"protocol\"\n")?);
                }
                "scope" => {
                    let word = words.value()?;
                    s.common.scope = Some(number_of(word, scope_number, "invalid \"scope\"\n")?);
                }
                "type" => {
                    s.kind = Some(number_of(words.value()?, tables::kind, "node type value is invalid\n")?)
                }
                "via" => s.common.via = Some(route_parse::address(words.value()?)?),
                "src" => s.source = Some(route_parse::address(words.value()?)?),
                "root" => s.root = Some(route_parse::prefix(words.value()?, None)?),
                "match" => s.matching = Some(route_parse::prefix(words.value()?, None)?),
                "cache" | "cached" | "cloned" => {}
                _ if tables::kind(word).is_some() => s.kind = tables::kind(word),
                _ => {
                    let word = if matches!(word, "exact" | "to") { words.value()? } else { word };
                    s.exact = Some(route_parse::prefix(word, None)?);
                }
            }
        }
        if let Table::One(table) = s.table {
            s.common.table = Some(table);
        } else if s.table == Table::Main {
            s.common.table = Some(254);
        }
        Ok(s)
    }

    fn wants(&self, route: &Route, family: Option<Family>) -> bool {
        let to = Prefix { address: ip(route.destination), len: route.prefix_length };
        let within = |outer: Prefix, inner: Prefix| outer.len <= inner.len && outer.contains(inner.address);
        // A route with several hops has no device and no gateway of its own.
        let hop = match route.hops.as_slice() {
            [hop] => Some(hop),
            _ => None,
        };
        let gateway = hop.and_then(|hop| hop.gateway).map(ip);
        family.is_none_or(|family| family.has(to.address))
            && match self.table {
                Table::Main => route.table == Some(254),
                Table::One(table) => route.table == Some(table),
                Table::All => true,
            }
            && (self.common.device.is_none() || self.common.device == hop.and_then(|hop| hop.device))
            && self.common.protocol.is_none_or(|protocol| protocol == route.protocol)
            && self.common.scope.is_none_or(|scope| Some(scope) == route.scope)
            && self.kind.is_none_or(|kind| kind == route.kind)
            && (self.common.via.is_none() || self.common.via == gateway)
            && self.source.is_none_or(|source| route.source.map(ip) == Some(source))
            && self.exact.is_none_or(|exact| exact.len == to.len && exact.contains(to.address))
            && self.root.is_none_or(|root| within(root, to))
            && self.matching.is_none_or(|matching| within(to, matching))
    }
}

fn table(word: &str) -> Result<Table, Exit> {
    match word {
        "all" => Ok(Table::All),
        word => number_of(word, tables::table, "table id value is invalid\n").map(Table::One),
    }
}

/// All routes, page by page.
fn all() -> impl Iterator<Item = Route> {
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let page = routing::routes(start?, PAGE);
        let full = page.len() as u32 == PAGE;
        start = start.filter(|_| full).map(|start| start + PAGE);
        Some(page)
    })
    .flatten()
}

/// The version whose routes are listed: IPv4 unless all tables are, or something else is said. iproute2: `dump_family`.
fn family(options: &Options, selection: &Selection) -> Option<Family> {
    let of = |prefix: Option<Prefix>| prefix.map(|prefix| Family::of(prefix.address));
    let told = of(selection.exact).or(of(selection.root)).or(of(selection.matching));
    let told = options.family.or(told).or(selection.common.via.map(Family::of));
    told.or((selection.table != Table::All).then_some(Family::Inet))
}

fn list(links: &Links, options: &Options, words: Words<'_>) -> Result<String, Exit> {
    let selection = Selection::parse(links, words)?;
    let family = family(options, &selection);
    let mut output = Output::new(options);
    let mut show = |route: Route| {
        let told = show::told(&route, links, options, &selection.common);
        output.push(&(told.line + "\n"), Json::Object(told.fields));
    };
    let mut of_ipv6 = Vec::new();
    for route in all().filter(|route| selection.wants(route, family)) {
        match ip(route.destination).is_ipv6() {
            true => of_ipv6.push(route),
            false => show(route),
        }
    }
    in_order_of_ipv6(&mut of_ipv6);
    of_ipv6.into_iter().for_each(show);
    Ok(output.finish())
}

/// Puts IPv6 routes, which are table by table, in Linux's order: a route comes behind those that it has within. Linux:
/// `fib6_walk_continue`, which goes to the leaves first.
fn in_order_of_ipv6(routes: &mut [Route]) {
    let last = |route: &Route| match ip(route.destination) {
        IpAddr::V6(first) => first.to_bits() | u128::MAX.checked_shr(route.prefix_length.into()).unwrap_or(0),
        IpAddr::V4(_) => 0,
    };
    for table in routes.chunk_by_mut(|a, b| a.table == b.table) {
        table.sort_by_key(|route| (last(route), std::cmp::Reverse(route.prefix_length)));
    }
}

fn flush(links: &Links, options: &Options, words: Words<'_>) -> Result<String, Exit> {
    if words.is_empty() {
        return Err(Exit::new(1, "\"ip route flush\" requires arguments."));
    }
    let selection = Selection::parse(links, words)?;
    let family = family(options, &selection);
    let mut count = 0;
    for route in all().filter(|route| selection.wants(route, family)).collect::<Vec<_>>() {
        match routing::change_route(RouteVerb::Delete, &route) {
            Ok(()) => count += 1,
            Err(failure) if failure.errno == Errno::NotFound => {}
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
