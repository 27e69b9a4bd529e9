//! Rules as they are shown. iproute2: `print_rule`.

use crate::tables;
use std::fmt::Write;
use std::net::IpAddr;
use tool_common::address::{bits, ip};
use tool_common::control::routing::{Rule, RuleAction};
use tool_common::json::Json;

/// A rule as it is shown among `all` of its version. iproute2: `print_rule`.
pub(crate) fn told(rule: &Rule, all: &[Rule]) -> (String, Vec<(&'static str, Json)>) {
    let priority = rule.priority.unwrap_or_default();
    let mut line = format!("{priority}:\t");
    let mut fields = vec![("priority", Json::from(priority))];
    // Writing to a text does not fail.
    if rule.invert {
        line += "not ";
        fields.push(("not", Json::Null));
    }
    match rule.source.map(|(address, len)| (ip(address), len)) {
        Some((address, len)) => {
            let _ = write!(line, "from {} ", written(address, len));
            fields.push(("src", address.to_string().into()));
            fields.extend((len != bits(address)).then(|| ("srclen", u32::from(len).into())));
        }
        None => {
            line += "from all ";
            fields.push(("src", "all".into()));
        }
    }
    if let Some((address, len)) = rule.destination.map(|(address, len)| (ip(address), len)) {
        let _ = write!(line, "to {} ", written(address, len));
        fields.push(("dst", address.to_string().into()));
        fields.extend((len != bits(address)).then(|| ("dstlen", u32::from(len).into())));
    }
    if rule.tos != 0 {
        let _ = write!(line, "tos {:#04x} ", rule.tos);
        fields.push(("tos", format!("{:#04x}", rule.tos).into()));
    }
    if rule.mark != 0 || rule.mask != 0 {
        let _ = write!(line, "fwmark {:#x}", rule.mark);
        fields.push(("fwmark", format!("{:#x}", rule.mark).into()));
        if rule.mask != u32::MAX {
            let _ = write!(line, "/{:#x}", rule.mask);
            fields.push(("fwmask", format!("{:#x}", rule.mask).into()));
        }
        line.push(' ');
    }
    for (word, name) in [("iif", &rule.input), ("oif", &rule.output)] {
        if let Some(name) = name {
            let _ = write!(line, "{word} {name} ");
            fields.push((word, name.as_str().into()));
        }
    }
    add_transport(rule, &mut line, &mut fields);
    finish(rule, all, line, fields)
}

fn add_transport(rule: &Rule, line: &mut String, fields: &mut Vec<(&'static str, Json)>) {
    if rule.protocol != 0 {
        let name = tables::ip_protocol_name(rule.protocol);
        let _ = write!(line, "ipproto {name} ");
        fields.push(("ipproto", name.into()));
    }
    let sides = [
        (["sport", "sport_start", "sport_end"], rule.source_ports),
        (["dport", "dport_start", "dport_end"], rule.destination_ports),
    ];
    for ([name, start, end], ports) in sides {
        match ports {
            Some((first, last)) if first == last => {
                let _ = write!(line, "{name} {first} ");
                fields.push((name, u32::from(first).into()));
            }
            Some((first, last)) => {
                let _ = write!(line, "{name} {first}-{last} ");
                fields.extend([(start, u32::from(first).into()), (end, u32::from(last).into())]);
            }
            None => {}
        }
    }
}

fn finish(
    rule: &Rule,
    all: &[Rule],
    mut line: String,
    mut fields: Vec<(&'static str, Json)>,
) -> (String, Vec<(&'static str, Json)>) {
    let refuses = match rule.action {
        RuleAction::Table(table) => {
            let name = tables::table_name(table);
            let _ = write!(line, "lookup {name} ");
            fields.push(("table", name.into()));
            None
        }
        RuleAction::Unreachable => Some("unreachable"),
        RuleAction::Prohibit => Some("prohibit"),
        RuleAction::Blackhole => Some("blackhole"),
        RuleAction::Goto(_) | RuleAction::Nop => None,
    };
    if let Some(len) = rule.suppress_prefix_length {
        let _ = write!(line, "suppress_prefixlength {len} ");
        fields.push(("suppress_prefixlen", u32::from(len).into()));
    }
    if let Some(name) = refuses {
        line += name;
        fields.push(("action", name.into()));
    }
    match rule.action {
        RuleAction::Goto(target) => {
            let _ = write!(line, "goto {target} ");
            fields.push(("goto", target.into()));
            if !all.iter().any(|other| other.priority == Some(target)) {
                line += "[unresolved]";
                fields.push(("unresolved", Json::Null));
            }
        }
        RuleAction::Nop => {
            line += "nop";
            fields.push(("nop", Json::Null));
        }
        _ => {}
    }
    (line.trim_end().to_owned() + "\n", fields)
}

fn written(address: IpAddr, len: u8) -> String {
    if len == bits(address) { address.to_string() } else { format!("{address}/{len}") }
}
