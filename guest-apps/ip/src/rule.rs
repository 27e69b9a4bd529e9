//! `ip rule`: shows, adds, removes and flushes. iproute2: `do_iprule`.

use crate::options::{Family, Options, begins, unknown_command, unsupported};
use crate::output::Output;
use crate::route_parse::{number_of, prefix};
use crate::rule_show::told;
use crate::tables;
use std::net::IpAddr;
use tool_common::address::{ip, wit};
use tool_common::control::routing::{self, Rule, RuleAction};
use tool_common::json::Json;
use tool_common::{Exit, Words};

const USAGE: &str = "\
Usage: ip rule { add | del } SELECTOR ACTION
       ip rule { flush | list [ SELECTOR ] }
SELECTOR := [ not ] [ from PREFIX ] [ to PREFIX ] [ tos TOS ] [ fwmark FWMARK[/MASK] ]
            [ iif STRING ] [ oif STRING ] [ pref NUMBER ] [ ipproto PROTOCOL ]
            [ sport [ NUMBER | NUMBER-NUMBER ] ] [ dport [ NUMBER | NUMBER-NUMBER ] ]
ACTION := [ table TABLE_ID | blackhole | unreachable | prohibit | goto NUMBER | nop ]
          [ suppress_prefixlength NUMBER ]";

/// Does an `ip rule` command.
pub(crate) fn run(options: &Options, mut words: Words<'_>) -> Result<String, Exit> {
    let ipv6 = options.family == Some(Family::Inet6);
    let Some(command) = words.take() else { return list(options, ipv6, words) };
    let changes = ["add", "delete"].into_iter().find(|name| begins(name, command));
    if let Some(name) = changes.filter(|_| words.is_empty()) {
        let name = name.get(..3).unwrap_or(name);
        return Err(Exit::new(1, format!("\"ip rule {name}\" requires arguments.")));
    }
    match command {
        _ if ["list", "show", "lst"].iter().any(|name| begins(name, command)) => list(options, ipv6, words),
        _ if begins("add", command) => {
            let request = Request::parse(words)?;
            let ipv6 = ipv6 || request.is_ipv6();
            let rule = request.rule(RuleAction::Table(254));
            routing::add_rule(ipv6, &rule).map_err(|failure| Exit::refused(&failure))?;
            Ok(String::new())
        }
        _ if begins("delete", command) => remove(words, ipv6),
        _ if begins("flush", command) => flush(ipv6),
        _ if begins("help", command) => Err(Exit::usage(USAGE)),
        other => Err(unknown_command(other, "rule")),
    }
}

/// What is said of a rule.
const WORDS: [&str; 22] = [
    "not",
    "from",
    "to",
    "pref",
    "preference",
    "order",
    "priority",
    "tos",
    "fwmark",
    "iif",
    "oif",
    "suppress_prefixlength",
    "table",
    "lookup",
    "blackhole",
    "unreachable",
    "prohibit",
    "goto",
    "nop",
    "ipproto",
    "sport",
    "dport",
];

/// What is said of a rule; what is not said may be anything.
#[derive(Default)]
struct Request {
    priority: Option<u32>,
    invert: bool,
    source: Option<(IpAddr, u8)>,
    destination: Option<(IpAddr, u8)>,
    input: Option<String>,
    output: Option<String>,
    mark: Option<(u32, u32)>,
    tos: Option<u8>,
    protocol: Option<u8>,
    source_ports: Option<(u16, u16)>,
    destination_ports: Option<(u16, u16)>,
    action: Option<RuleAction>,
    suppress: Option<u8>,
}

impl Request {
    fn parse(mut words: Words<'_>) -> Result<Self, Exit> {
        let mut request = Request::default();
        while let Some(word) = words.take() {
            match word {
                "not" => request.invert = true,
                "from" => request.source = block(words.value()?)?,
                "to" => request.destination = block(words.value()?)?,
                "pref" | "preference" | "order" | "priority" => {
                    request.priority = Some(number(words.value()?, "preference value is invalid\n")?);
                }
                "tos" | "dsfield" => request.tos = Some(number(words.value()?, "TOS value is invalid\n")?),
                "fwmark" => {
                    request.mark = Some(number_of(words.value()?, mark, "fwmark value is invalid\n")?)
                }
                "iif" | "dev" => request.input = Some(words.value()?.into()),
                "oif" => request.output = Some(words.value()?.into()),
                "suppress_prefixlength" | "sup_pl" => {
                    request.suppress =
                        Some(number(words.value()?, "suppress_prefixlength value is invalid\n")?);
                }
                "table" | "lookup" => {
                    let table = number_of(words.value()?, tables::table, "invalid table ID\n")?;
                    request.action = Some(RuleAction::Table(table));
                }
                "ipproto" => {
                    let wrong = "Invalid \"ipproto\" value\n";
                    request.protocol = Some(number_of(words.value()?, tables::ip_protocol, wrong)?);
                }
                "sport" => request.source_ports = Some(ports(words.value()?)?),
                "dport" => request.destination_ports = Some(ports(words.value()?)?),
                "goto" => {
                    request.action = Some(RuleAction::Goto(number(words.value()?, "invalid target\n")?));
                }
                // A stack's guests are nobody's.
                "uidrange" => return Err(unsupported(word)),
                "realms" | "nat" | "map-to" | "l3mdev" | "suppress_ifgroup" | "tun_id" | "protocol" => {
                    return Err(unsupported(word));
                }
                _ => {
                    let word = if matches!(word, "type" | "action") { words.value()? } else { word };
                    let action = number_of(word, action, "Failed to parse rule type");
                    request.action = Some(action.map_err(|wrong| wrong.hint(word, WORDS))?);
                }
            }
        }
        Ok(request)
    }

    fn is_ipv6(&self) -> bool {
        self.source.or(self.destination).is_some_and(|(address, _)| address.is_ipv6())
    }

    fn rule(self, otherwise: RuleAction) -> Rule {
        let (mark, mask) = self.mark.unwrap_or_default();
        let block = |block: Option<(IpAddr, u8)>| block.map(|(address, len)| (wit(address), len));
        Rule {
            priority: self.priority,
            invert: self.invert,
            source: block(self.source),
            destination: block(self.destination),
            input: self.input,
            output: self.output,
            mark,
            mask,
            tos: self.tos.unwrap_or(0),
            protocol: self.protocol.unwrap_or(0),
            source_ports: self.source_ports,
            destination_ports: self.destination_ports,
            action: self.action.unwrap_or(otherwise),
            suppress_prefix_length: self.suppress,
        }
    }

    /// Whether a rule is shown. iproute2: `filter_nlmsg`.
    fn selects(&self, rule: &Rule) -> bool {
        (!self.invert || rule.invert) && self.means(rule)
    }

    /// Whether a rule is as it says. `not` is no part of it. Linux: `rule_find`.
    fn means(&self, rule: &Rule) -> bool {
        let same_block = |said: Option<(IpAddr, u8)>, known: Option<(_, u8)>| {
            said.is_none_or(|said| known.map(|(address, len)| (ip(address), len)) == Some(said))
        };
        self.priority.is_none_or(|priority| rule.priority == Some(priority))
            && same_block(self.source, rule.source)
            && same_block(self.destination, rule.destination)
            && self.input.as_ref().is_none_or(|name| rule.input.as_ref() == Some(name))
            && self.output.as_ref().is_none_or(|name| rule.output.as_ref() == Some(name))
            && self.mark.is_none_or(|mark| mark == (rule.mark, rule.mask))
            && self.tos.is_none_or(|tos| tos == rule.tos)
            && self.protocol.is_none_or(|protocol| protocol == rule.protocol)
            && self.source_ports.is_none_or(|ports| rule.source_ports == Some(ports))
            && self.destination_ports.is_none_or(|ports| rule.destination_ports == Some(ports))
            && self.action.is_none_or(|action| same_action(action, rule.action))
            && self.suppress.is_none_or(|len| rule.suppress_prefix_length == Some(len))
    }
}

fn same_action(a: RuleAction, b: RuleAction) -> bool {
    match (a, b) {
        (RuleAction::Table(a), RuleAction::Table(b)) => a == b,
        (RuleAction::Unreachable, RuleAction::Unreachable)
        | (RuleAction::Prohibit, RuleAction::Prohibit)
        | (RuleAction::Blackhole, RuleAction::Blackhole)
        | (RuleAction::Nop, RuleAction::Nop)
        // Whereto it goes is not compared. Linux: `rule_find`.
        | (RuleAction::Goto(_), RuleAction::Goto(_)) => true,
        _ => false,
    }
}

/// A block of addresses; none: all of them.
fn block(word: &str) -> Result<Option<(IpAddr, u8)>, Exit> {
    let prefix = prefix(word, None)?;
    let all = prefix.len == 0 && matches!(word, "all" | "any" | "default");
    Ok((!all).then_some((prefix.address, prefix.len)))
}

fn number<T: TryFrom<u64>>(word: &str, wrong: &str) -> Result<T, Exit> {
    number_of(word, tool_common::number, wrong)
}

/// `0x5/0xff`, `7`.
fn mark(word: &str) -> Option<(u32, u32)> {
    let number = |word: &str| match word.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    };
    match word.split_once('/') {
        Some((mark, mask)) => Some((number(mark)?, number(mask)?)),
        None => Some((number(word)?, u32::MAX)),
    }
}

/// `80`, `80-90`.
fn ports(word: &str) -> Result<(u16, u16), Exit> {
    let range = |word: &str| {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    number_of(word, range, "invalid port range\n")
}

fn action(word: &str) -> Option<RuleAction> {
    match word {
        "blackhole" => Some(RuleAction::Blackhole),
        "unreachable" => Some(RuleAction::Unreachable),
        "prohibit" => Some(RuleAction::Prohibit),
        "nop" => Some(RuleAction::Nop),
        _ => None,
    }
}

fn list(options: &Options, ipv6: bool, words: Words<'_>) -> Result<String, Exit> {
    let request = Request::parse(words)?;
    let mut output = Output::new(options);
    let all = routing::rules(ipv6);
    for rule in all.iter().filter(|rule| request.selects(rule)) {
        let (line, fields) = told(rule, &all);
        output.push(&line, Json::Object(fields));
    }
    Ok(output.finish())
}

fn remove(words: Words<'_>, ipv6: bool) -> Result<String, Exit> {
    let request = Request::parse(words)?;
    let ipv6 = ipv6 || request.is_ipv6();
    let rules = routing::rules(ipv6);
    let missing = || Exit::new(2, "RTNETLINK answers: No such file or directory");
    let rule = rules.iter().find(|rule| request.means(rule)).ok_or_else(missing)?;
    routing::remove_rule(ipv6, rule).map_err(|failure| Exit::refused(&failure))?;
    Ok(String::new())
}

/// Removes all rules but the first. iproute2: `iprule_flush`.
fn flush(ipv6: bool) -> Result<String, Exit> {
    for rule in routing::rules(ipv6).iter().filter(|rule| rule.priority != Some(0)) {
        routing::remove_rule(ipv6, rule).map_err(|failure| Exit::refused(&failure))?;
    }
    Ok(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_shown() {
        for (words, line, json) in [
            ("pref 7 table 100", "7:\tfrom all lookup 100\n", r#"{"priority":7,"src":"all","table":"100"}"#),
            (
                "pref 499 fwmark 0x5/0xff iif v0 to 10.3.0.0/16 blackhole",
                "499:\tfrom all to 10.3.0.0/16 fwmark 0x5/0xff iif v0 blackhole\n",
                r#"{"priority":499,"src":"all","dst":"10.3.0.0","dstlen":16,"fwmark":"0x5","fwmask":"0xff","iif":"v0","action":"blackhole"}"#,
            ),
            (
                "pref 3 ipproto tcp sport 5-6 dport 80 goto 9",
                "3:\tfrom all ipproto tcp sport 5-6 dport 80 goto 9 [unresolved]\n",
                r#"{"priority":3,"src":"all","ipproto":"tcp","sport_start":5,"sport_end":6,"dport":80,"goto":9,"unresolved":null}"#,
            ),
            ("pref 4 nop", "4:\tfrom all nop\n", r#"{"priority":4,"src":"all","nop":null}"#),
            (
                "not pref 1 from 10.1.0.1 fwmark 9 lookup local",
                "1:\tnot from 10.1.0.1 fwmark 0x9 lookup local\n",
                r#"{"priority":1,"not":null,"src":"10.1.0.1","fwmark":"0x9","table":"local"}"#,
            ),
        ] {
            let words: Vec<String> = words.split(' ').map(String::from).collect();
            let request = || Request::parse(Words::new(&words)).unwrap();
            let rule = request().rule(RuleAction::Table(254));
            let (shown, fields) = told(&rule, &[]);
            assert_eq!((shown.as_str(), Json::Object(fields).compact().as_str()), (line, json));
            assert!(request().means(&rule));
        }
    }

    #[test]
    fn what_is_misspelt_is_guessed() {
        for (words, near) in [
            ("form 10.0.0.1", "form\" is wrong: Failed to parse rule type\nDid you mean \"from\"?"),
            ("from all tabel 5", "\"table\"?"),
        ] {
            let words: Vec<String> = words.split(' ').map(String::from).collect();
            let text = Request::parse(Words::new(&words)).err().map(|wrong| wrong.text).unwrap_or_default();
            assert!(text.ends_with(near), "{text}");
        }
    }

    #[test]
    fn rules_with_not_are_shown_and_removed_like_others() {
        let words = |line: &str| line.split(' ').map(String::from).collect::<Vec<_>>();
        let request = |line: &str| Request::parse(Words::new(&words(line))).unwrap();
        let rule = request("not from 10.3.0.0/16 table 55").rule(RuleAction::Table(254));
        for (line, shown, removed) in [
            ("table 55", true, true),
            ("from 10.3.0.0/16", true, true),
            ("not table 55", true, true),
            ("table 56", false, false),
        ] {
            assert_eq!(
                (request(line).selects(&rule), request(line).means(&rule)),
                (shown, removed),
                "{line}"
            );
        }
        let plain = request("from 10.3.0.0/16 table 55").rule(RuleAction::Table(254));
        assert!(!request("not table 55").selects(&plain) && request("not table 55").means(&plain));
    }
}
