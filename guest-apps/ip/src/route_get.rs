//! `ip route get`: the way of a packet. iproute2: `iproute_get`.

use crate::links::Links;
use crate::options::{Family, Options, unsupported};
use crate::output::Output;
use crate::route_parse::{self, number_of};
use crate::route_show::{self as show, Common, Told};
use crate::tables;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tool_common::address::{bits, ip, wit};
use tool_common::control::addresses;
use tool_common::control::control_types::{Errno, Failure};
use tool_common::control::route_lookup::{self, Path, Transport};
use tool_common::control::routing::{self, Flow, RouteKind, Rule};
use tool_common::json::Json;
use tool_common::{Exit, Words};

/// Marks from here on are shown in hexadecimal. iproute2: `print_route`.
const HEXADECIMAL_FROM: u32 = 16;

/// The priorities of the rules that there are from the start. Linux: `fib_default_rules_init`.
const FIRST_RULES: [u32; 3] = [0, 32_766, 32_767];

/// What is asked.
struct Request {
    /// The destination as it was said.
    to: IpAddr,
    flow: Flow,
    transport: Option<Transport>,
    /// Whose packet it is: no rule looks at it. Linux: RTA_UID.
    user: u32,
    /// The route is shown as its table has it.
    matched: bool,
    /// What is said on stderr of it.
    warning: String,
}

/// Does the command.
pub(crate) fn run(links: &Links, options: &Options, words: Words<'_>) -> Result<String, Exit> {
    let request = Request::parse(links, options.family, words)?;
    if !request.warning.is_empty() {
        eprintln!("{}", request.warning);
    }
    let path = request.ask().map_err(|failure| Exit::refused(&failure))?;
    let mut output = Output::new(options);
    let (line, fields) = match request.matched {
        true => {
            let told = show::told(&path.way.route, links, options, &Common::default());
            (told.line + "\n", told.fields)
        }
        false if request.to.is_ipv4() => request.told_v4(links, options, path),
        false => request.told_v6(links, options, path),
    };
    output.push(&line, Json::Object(fields));
    Ok(output.finish())
}

impl Request {
    fn parse(links: &Links, mut family: Option<Family>, mut words: Words<'_>) -> Result<Self, Exit> {
        let (mut destination, mut warning) = (None, String::new());
        let destination_of_none = wit([0, 0, 0, 0].into());
        let mut flow = Flow {
            destination: destination_of_none,
            source: None,
            input: None,
            output: None,
            mark: 0,
            tos: 0,
        };
        let mut transport = Transport { protocol: 0, source_port: 0, destination_port: 0 };
        let (mut user, mut matched) = (0, false);
        while let Some(word) = words.take() {
            match word {
                "fibmatch" => matched = true,
                "from" => flow.source = Some(wit(route_parse::address(words.value()?)?)),
                "iif" => flow.input = Some(links.find(words.value()?)?.index),
                "oif" | "dev" => flow.output = Some(links.find(words.value()?)?.index),
                "mark" => flow.mark = number_of(words.value()?, tool_common::number, "invalid mark value")?,
                "tos" | "dsfield" => {
                    flow.tos = number_of(words.value()?, tool_common::number, "TOS value is invalid\n")?
                }
                "uid" => user = number_of(words.value()?, tool_common::number, "invalid UID\n")?,
                "ipproto" => {
                    transport.protocol =
                        number_of(words.value()?, tables::ip_protocol, "Invalid \"ipproto\" value\n")?
                }
                "sport" => transport.source_port = port(words.value()?, "invalid sport\n")?,
                "dport" => transport.destination_port = port(words.value()?, "invalid dport\n")?,
                "connected" | "notify" | "vrf" => return Err(unsupported(word)),
                _ => {
                    let word = if word == "to" { words.value()? } else { word };
                    let prefix = route_parse::prefix(word, family)?;
                    family = Some(Family::of(prefix.address));
                    let most = bits(prefix.address);
                    if prefix.len != most && word.contains('/') {
                        let len = prefix.len;
                        warning = format!(
                            "Warning: /{len} as prefix is invalid, only /{most} (or none) is supported."
                        );
                    }
                    destination = Some(prefix.address);
                }
            }
        }
        let to = destination.ok_or_else(|| Exit::new(1, "need at least a destination address"))?;
        // No IPv4 address at all is ourselves. Linux: `ip_route_output_key_hash_rcu`.
        let nobody = to == IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        flow.destination = match flow.source.filter(|_| nobody) {
            Some(source) => source,
            None => wit(if nobody { Ipv4Addr::LOCALHOST.into() } else { to }),
        };
        let said = transport.protocol != 0 || transport.source_port != 0 || transport.destination_port != 0;
        Ok(Request { to, flow, transport: said.then_some(transport), user, matched, warning })
    }

    /// Asks the stack; one that knows less is asked for less.
    fn ask(&self) -> Result<Path, Failure> {
        match route_lookup::find_path(self.flow, self.transport) {
            Err(failure) if failure.errno == Errno::NotSupported && self.transport.is_none() => {
                let way = routing::find_route(self.flow)?;
                Ok(Path { way, mtu: None, mtu_lock: false, expires: None, redirect: false })
            }
            answer => answer,
        }
    }

    /// What packets to the destination are. Linux: `__mkroute_output`, which goes by the address.
    fn kind(&self, path: &Path) -> RouteKind {
        match self.to {
            IpAddr::V4(to) if to.is_multicast() => RouteKind::Multicast,
            IpAddr::V4(to) if to.is_broadcast() => RouteKind::Broadcast,
            _ => path.way.route.kind,
        }
    }

    /// What both versions begin with.
    fn begin(&self, kind: RouteKind, options: &Options) -> Told {
        let (mut told, to) = (Told::default(), self.to.to_string());
        if kind != RouteKind::Unicast || options.details {
            let name = tables::kind_name(kind);
            told.line += &format!("{name} ");
            told.fields.push(("type", name.into()));
        }
        told.line += &format!("{to} ");
        told.fields.push(("dst", to.into()));
        told
    }

    /// The way of an IPv4 packet: as a route to its destination alone.
    fn told_v4(&self, links: &Links, options: &Options, path: Path) -> (String, Vec<(&'static str, Json)>) {
        let kind = self.kind(&path);
        let mut told = self.begin(kind, options);
        if let Some(from) = self.flow.source {
            told.pair("from", "from", ip(from).to_string());
        }
        // A packet to many is for neighbours, whatever the route says.
        let to_many = matches!(kind, RouteKind::Multicast | RouteKind::Broadcast);
        if let Some(gateway) = path.way.hop.gateway.filter(|_| !to_many) {
            told.pair("via", "gateway", ip(gateway).to_string());
        }
        if let Some(device) = path.way.hop.device {
            told.pair("dev", "dev", links.name(device));
        }
        let table = table_v4(path.way.route.table.unwrap_or_default(), || routing::rules(false));
        if table != tables::MAIN || options.details {
            told.pair("table", "table", tables::table_name(table));
        }
        if let Some(source) = path.way.source.filter(|_| self.flow.source.is_none()) {
            told.pair("src", "prefsrc", ip(source).to_string());
        }
        told.fields.push(("flags", Json::List(Vec::new())));
        if self.flow.mark != 0 {
            let mark = self.flow.mark;
            let written = if mark < HEXADECIMAL_FROM { mark.to_string() } else { format!("{mark:#x}") };
            told.line += &format!("mark {written} ");
            told.fields.push(("mark", mark.into()));
        }
        if self.flow.input.is_none() {
            told.pair("uid", "uid", self.user);
        }
        self.finish_v4(links, kind, path, told)
    }

    /// The second line: what is known of the way beyond the route. iproute2: `print_cache_flags`.
    fn finish_v4(
        &self,
        links: &Links,
        kind: RouteKind,
        path: Path,
        mut told: Told,
    ) -> (String, Vec<(&'static str, Json)>) {
        let words: &[&str] = match kind {
            RouteKind::Local => &["local"],
            RouteKind::Broadcast => &["local", "brd"],
            RouteKind::Multicast if self.is_member(&path) => &["local", "mc"],
            RouteKind::Multicast => &["mc"],
            _ if path.redirect => &["redirect"],
            _ => &[],
        };
        told.line += "\n    cache ";
        if !words.is_empty() {
            told.line += &format!("<{}> ", words.join(","));
        }
        told.fields.push(("cache", Json::List(words.iter().map(|word| Json::from(*word)).collect())));
        learnt(&mut told, path);
        if let Some(input) = self.flow.input {
            told.pair("iif", "iif", links.name(input));
        }
        (told.line + "\n", told.fields)
    }

    /// Whether the device hears the group, too.
    fn is_member(&self, path: &Path) -> bool {
        addresses::memberships()
            .iter()
            .any(|member| Some(member.device) == path.way.hop.device && member.group.map(ip) == Some(self.to))
    }

    /// The way of an IPv6 packet. iproute2: `print_route`; Linux: `rt6_fill_node`.
    fn told_v6(&self, links: &Links, options: &Options, path: Path) -> (String, Vec<(&'static str, Json)>) {
        let mut told = self.begin(self.kind(&path), options);
        let from = self.flow.source.map_or(Ipv6Addr::UNSPECIFIED.into(), ip);
        told.pair("from", "from", from.to_string());
        if let Some(gateway) = path.way.hop.gateway {
            told.pair("via", "gateway", ip(gateway).to_string());
        }
        if let Some(device) = path.way.hop.device {
            told.pair("dev", "dev", links.name(device));
        }
        let route = &path.way.route;
        let table = route.table.unwrap_or_default();
        if table != tables::MAIN || options.details {
            told.pair("table", "table", tables::table_name(table));
        }
        if route.protocol != tables::BOOT || options.details {
            told.pair("proto", "protocol", tables::protocol_name(route.protocol));
        }
        if options.details {
            told.pair("scope", "scope", "global");
        }
        if let Some(source) = path.way.source.filter(|_| self.flow.input.is_none()) {
            told.pair("src", "prefsrc", ip(source).to_string());
        }
        told.pair("metric", "metric", route.metric.unwrap_or_default());
        told.fields.push(("flags", Json::List(Vec::new())));
        let preference = show::preference(route.preference);
        learnt(&mut told, path);
        if let Some(input) = self.flow.input {
            told.pair("iif", "iif", links.name(input));
        }
        told.line += &format!("pref {preference}\n");
        told.fields.push(("pref", preference.into()));
        (told.line, told.fields)
    }
}

/// The table that a route of IPv4 was found in. Without rules but those that there are from the start, local routes are
/// found in the main one: both tables are one then. Linux: `fib_lookup`, `fib_has_custom_rules`.
fn table_v4(table: u32, rules: impl FnOnce() -> Vec<Rule>) -> u32 {
    let usual = |rules: Vec<Rule>| rules.iter().map(|rule| rule.priority).eq(FIRST_RULES.map(Some));
    if table == tables::LOCAL && usual(rules()) { tables::MAIN } else { table }
}

fn port(word: &str, wrong: &str) -> Result<u16, Exit> {
    number_of(word, tool_common::number, wrong)
}

/// What was learnt of the way, and what its route says of it. Linux: `rt_fill_info`.
fn learnt(told: &mut Told, path: Path) {
    if let Some(seconds) = path.expires {
        told.line += &format!("expires {seconds}sec ");
        told.fields.push(("expires", seconds.into()));
    }
    let mut metrics = path.way.route.metrics;
    if path.mtu.is_some() {
        (metrics.mtu, metrics.mtu_lock) = (path.mtu, path.mtu_lock);
    }
    show::metrics(told, &metrics);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tool_common::control::routing::RuleAction;

    #[test]
    fn local_routes_are_of_a_table_of_their_own_once_there_is_a_rule() {
        let rule = |priority| Rule {
            priority: Some(priority),
            invert: false,
            source: None,
            destination: None,
            input: None,
            output: None,
            mark: 0,
            mask: 0,
            tos: 0,
            protocol: 0,
            source_ports: None,
            destination_ports: None,
            action: RuleAction::Table(tables::MAIN),
            suppress_prefix_length: None,
        };
        let usual = || FIRST_RULES.map(rule).to_vec();
        let more = || [0, 7, 32_766, 32_767].map(rule).to_vec();
        assert_eq!(table_v4(tables::LOCAL, usual), tables::MAIN);
        assert_eq!(table_v4(tables::LOCAL, more), tables::LOCAL);
        assert_eq!((table_v4(100, usual), table_v4(tables::MAIN, more)), (100, tables::MAIN));
    }
}
