//! `ip maddress`: the groups that devices listen to. iproute2: `do_multiaddr`.

use crate::links::Links;
use crate::options::{Family, Options, begins, unknown_command};
use crate::output::Output;
use tool_common::address::{ip, link_address};
use tool_common::control::addresses::{self, Membership};
use tool_common::json::Json;
use tool_common::{Exit, Words, object};

const USAGE: &str = "Usage: ip maddress show [ dev STRING ]";

/// Does an `ip maddress` command.
pub(crate) fn run(options: &Options, mut words: Words<'_>) -> Result<String, Exit> {
    match words.take() {
        None => list(options, words),
        Some(word) if ["show", "lst", "list"].iter().any(|name| begins(name, word)) => list(options, words),
        Some(word) if begins("help", word) => Err(Exit::usage(USAGE)),
        Some(word) => Err(unknown_command(word, "maddr")),
    }
}

fn list(options: &Options, mut words: Words<'_>) -> Result<String, Exit> {
    let links = Links::ask();
    let mut device = None;
    while let Some(word) = words.take() {
        let name = if word == "dev" { words.value()? } else { word };
        device = Some(links.shown(name)?.index);
    }
    let all = addresses::memberships();
    let mut output = Output::new(options);
    for link in links.all().iter().filter(|link| device.is_none_or(|device| device == link.index)) {
        let of_link: Vec<_> = all.iter().filter(|membership| membership.device == link.index).collect();
        let rows = rows(&of_link, options.family);
        let mut lines = format!("{}:\t{}\n", link.index, link.name);
        for (family, address, users) in &rows {
            let users = if *users > 1 { format!(" users {users}") } else { String::new() };
            lines += &format!("\t{:<5} {address}{users}\n", family.name());
        }
        let values = rows.into_iter().map(|(family, address, users)| value(family, address, users)).collect();
        let fields =
            object! { "ifindex": link.index, "ifname": link.name.as_str(), "maddr": Json::List(values) };
        output.push(&lines, Json::Object(fields));
    }
    Ok(output.finish())
}

/// The link's groups, then IPv4's, then IPv6's.
fn rows(of_link: &[&Membership], family: Option<Family>) -> Vec<(Family, String, u32)> {
    let link = of_link.iter().filter(|membership| !membership.link_address.is_empty());
    let link = link.map(|m| (Family::Link, link_address(&m.link_address), m.users));
    let groups = |family: Family| {
        let groups = of_link.iter().filter_map(|m| Some((ip(m.group?), m.users)));
        groups
            .filter(move |(group, _)| family.has(*group))
            .map(move |(group, users)| (family, group.to_string(), users))
    };
    // Linux puts new ones of IPv6 before the others.
    let all = link.chain(groups(Family::Inet)).chain(groups(Family::Inet6).rev());
    all.filter(|(of, ..)| family.is_none_or(|family| family == *of)).collect()
}

fn value(family: Family, address: String, users: u32) -> Json {
    let mut fields = match family {
        Family::Link => object! { "link": address },
        _ => object! { "family": family.name(), "address": address },
    };
    if users > 1 {
        fields.push(("users", users.into()));
    }
    Json::Object(fields)
}
