//! What is known of each device, and how it is shown.

use crate::options::{Form, Options, Verb};
use std::net::IpAddr;
use tool_common::control::{links, resolvers, resolvers::Origin};
use tool_common::json::Json;
use tool_common::{Exit, address};

/// The loopback device, of which nobody tells anything. systemd leaves it out too.
const LOOPBACK: u32 = 1;
/// So wide is the column of names in `status`.
const NAMES: usize = 18;

/// Something that was told, by whom, and for how many seconds it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    what: String,
    origin: Origin,
    lifetime: Option<u32>,
}

/// One device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Link {
    index: u32,
    name: String,
    servers: Vec<Told>,
    domains: Vec<Told>,
}

/// All devices, or those that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links(Vec<Link>);

impl Links {
    /// Asks the stack.
    pub(crate) fn ask() -> Self {
        let devices = links::links().into_iter().filter(|link| link.index != LOOPBACK);
        let mut links: Vec<Link> =
            devices.map(|link| Link { index: link.index, name: link.name, ..Link::default() }).collect();
        for resolver in resolvers::resolvers() {
            let what = server(address::ip(resolver.address), resolver.device);
            let told = Told { what, origin: resolver.origin, lifetime: resolver.lifetime };
            of(&mut links, resolver.device).for_each(|link| link.servers.push(told.clone()));
        }
        for domain in resolvers::search_domains() {
            let told = Told { what: domain.name, origin: domain.origin, lifetime: domain.lifetime };
            of(&mut links, domain.device).for_each(|link| link.domains.push(told.clone()));
        }
        Links(links)
    }

    /// Those of these names or numbers, in their order; all without any.
    pub(crate) fn only(self, wanted: &[String]) -> Result<Self, Exit> {
        if wanted.is_empty() {
            return Ok(self);
        }
        let find = |word: &String| {
            let found = self.0.iter().find(|link| link.name == *word || link.index.to_string() == *word);
            let unknown = || format!("Failed to resolve interface \"{word}\": No such device");
            found.cloned().ok_or_else(|| Exit::new(1, unknown()))
        };
        wanted.iter().map(find).collect::<Result<_, _>>().map(Links)
    }

    /// What is to be shown of them. There is nothing but links: `Global:` has no words here.
    pub(crate) fn show(&self, options: &Options) -> String {
        match (options.json, options.verb) {
            (Some(form), verb) => {
                let all = Json::List(self.0.iter().map(|link| link.json(verb)).collect());
                (if form == Form::Pretty { all.pretty() } else { all.compact() }) + "\n"
            }
            (None, Verb::Dns) => self.lines(options, |link| &link.servers),
            (None, Verb::Domain) => self.lines(options, |link| &link.domains),
            (None, _) => self.0.iter().map(Link::status).collect::<Vec<_>>().join("\n"),
        }
    }

    /// A line for each link, with the words of what it has.
    fn lines(&self, options: &Options, list: impl Fn(&Link) -> &[Told]) -> String {
        let global = if options.links.is_empty() { "Global:\n" } else { "" };
        let line = |link: &Link| match words(list(link)) {
            none if none.is_empty() => format!("Link {} ({}):\n", link.index, link.name),
            words => format!("Link {} ({}): {words}\n", link.index, link.name),
        };
        global.to_owned() + &self.0.iter().map(line).collect::<String>()
    }
}

impl Link {
    fn status(&self) -> String {
        let scopes = if self.servers.is_empty() { "none" } else { "DNS" };
        let (servers, domains) = (words(&self.servers), words(&self.domains));
        let rows = [("Current Scopes", scopes), ("DNS Servers", &servers), ("DNS Domain", &domains)];
        let rows = rows.iter().filter(|(_, value)| !value.is_empty());
        let rows = rows.map(|(name, value)| format!("{name:>NAMES$}: {value}\n"));
        format!("Link {} ({})\n{}", self.index, self.name, rows.collect::<String>())
    }

    fn json(&self, verb: Verb) -> Json {
        let mut fields = vec![("ifname", self.name.as_str().into()), ("ifindex", self.index.into())];
        if verb != Verb::Domain {
            fields.push(("servers", list("addressString", &self.servers)));
        }
        if verb != Verb::Dns {
            fields.push(("searchDomains", list("name", &self.domains)));
        }
        Json::Object(fields)
    }
}

/// The links with this number: one, or none if it went meanwhile.
fn of(links: &mut [Link], index: u32) -> impl Iterator<Item = &mut Link> {
    links.iter_mut().filter(move |link| link.index == index)
}

/// An address as one asks it: with the device's number if it is one of the link.
fn server(address: IpAddr, device: u32) -> String {
    match address {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => format!("{v6}%{device}"),
        address => address.to_string(),
    }
}

/// Each once: several may have told of it.
fn words(all: &[Told]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for told in all {
        if !words.contains(&told.what.as_str()) {
            words.push(&told.what);
        }
    }
    words.join(" ")
}

fn list(name: &'static str, all: &[Told]) -> Json {
    let told = |told: &Told| {
        let origin = match told.origin {
            Origin::Router => "ra",
            Origin::Dhcp4 => "dhcp4",
            Origin::Dhcp6 => "dhcp6",
        };
        let mut fields = vec![(name, told.what.as_str().into()), ("origin", origin.into())];
        fields.extend(told.lifetime.map(|lifetime| ("lifetime", lifetime.into())));
        Json::Object(fields)
    };
    Json::List(all.iter().map(told).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> Links {
        let told = |what: &str, origin, lifetime| Told { what: what.into(), origin, lifetime };
        let eth0 = Link {
            index: 2,
            name: "eth0".into(),
            servers: vec![
                told(&server("fe80::53".parse().unwrap(), 2), Origin::Router, Some(30)),
                told("192.0.2.53", Origin::Dhcp4, None),
            ],
            domains: vec![told("lan", Origin::Router, Some(30)), told("lan", Origin::Dhcp6, None)],
        };
        Links(vec![eth0, Link { index: 3, name: "eth1".into(), ..Link::default() }])
    }

    fn shown(line: &str) -> String {
        let options = Options::parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>()).unwrap();
        links().only(&options.links).map_or_else(|exit| exit.text, |links| links.show(&options))
    }

    #[test]
    fn links_are_shown_as_systemd_does() {
        for (line, expected) in [
            ("dns", "Global:\nLink 2 (eth0): fe80::53%2 192.0.2.53\nLink 3 (eth1):\n"),
            ("domain eth0", "Link 2 (eth0): lan\n"),
            ("dns 3", "Link 3 (eth1):\n"),
            ("dns eth7", "Failed to resolve interface \"eth7\": No such device"),
            (
                "status",
                "Link 2 (eth0)\n    Current Scopes: DNS\n       DNS Servers: fe80::53%2 192.0.2.53\n        DNS Domain: \
                 lan\n\nLink 3 (eth1)\n    Current Scopes: none\n",
            ),
            (
                "-j dns eth0",
                "[{\"ifname\":\"eth0\",\"ifindex\":2,\"servers\":[{\"addressString\":\"fe80::53%2\",\"origin\":\"ra\",\
                 \"lifetime\":30},{\"addressString\":\"192.0.2.53\",\"origin\":\"dhcp4\"}]}]\n",
            ),
            ("-j status 3", "[{\"ifname\":\"eth1\",\"ifindex\":3,\"servers\":[],\"searchDomains\":[]}]\n"),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
    }
}
