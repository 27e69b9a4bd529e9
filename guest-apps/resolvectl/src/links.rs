//! What is known of each device, and how it is shown.

use crate::options::{Form, Options, Verb};
use std::net::{IpAddr, SocketAddr};
use tool_common::control::{links, names, resolvers, resolvers::Origin};
use tool_common::json::Json;
use tool_common::{Exit, address};

/// The loopback device, of which nobody tells anything. systemd leaves it out too.
const LOOPBACK: u32 = 1;
/// So wide is the column of names in `status`.
const NAMES: usize = 18;
/// Where servers hear unless something else is said.
const DNS_PORT: u16 = 53;

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

/// What is of no link: what the host was told, as `wnet run --dns` and `--dns-search` say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Global {
    servers: Vec<String>,
    domains: Vec<String>,
}

/// All devices, or those that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    global: Global,
    links: Vec<Link>,
}

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
        Links { global: Global::ask(&links), links }
    }

    /// Those of these names or numbers, in their order; all without any.
    pub(crate) fn only(self, wanted: &[String]) -> Result<Self, Exit> {
        if wanted.is_empty() {
            return Ok(self);
        }
        let find = |word: &String| {
            let found = self.links.iter().find(|link| link.name == *word || link.index.to_string() == *word);
            let unknown = || format!("Failed to resolve interface \"{word}\": No such device");
            found.cloned().ok_or_else(|| Exit::new(1, unknown()))
        };
        wanted.iter().map(find).collect::<Result<_, _>>().map(|links| Links { links, ..Links::default() })
    }

    /// What is to be shown of them.
    pub(crate) fn show(&self, options: &Options) -> String {
        match (options.json, options.verb) {
            (Some(form), verb) => {
                let global = options.links.is_empty().then(|| self.global.json(verb)).flatten();
                let links = self.links.iter().map(|link| link.json(verb));
                let all = Json::List(global.into_iter().chain(links).collect());
                (if form == Form::Pretty { all.pretty() } else { all.compact() }) + "\n"
            }
            (None, Verb::Dns) => self.lines(options, &self.global.servers, |link| &link.servers),
            (None, Verb::Domain) => self.lines(options, &self.global.domains, |link| &link.domains),
            (None, _) => {
                let global = options.links.is_empty().then(|| self.global.status()).flatten();
                global.into_iter().chain(self.links.iter().map(Link::status)).collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// A line for each link, with the words of what it has.
    fn lines(&self, options: &Options, global: &[String], list: impl Fn(&Link) -> &[Told]) -> String {
        let global = match options.links.is_empty() {
            true => format!("Global: {}", global.join(" ")).trim_end().to_owned() + "\n",
            false => String::new(),
        };
        let line = |link: &Link| match words(list(link)) {
            none if none.is_empty() => format!("Link {} ({}):\n", link.index, link.name),
            words => format!("Link {} ({}): {words}\n", link.index, link.name),
        };
        global + &self.links.iter().map(line).collect::<String>()
    }
}

impl Global {
    /// Asks the stack, which tells all servers that it asks: those that no link has are nobody's.
    fn ask(links: &[Link]) -> Self {
        let settings = names::current();
        let of_link =
            |server: &String| links.iter().flat_map(|link| &link.servers).any(|told| told.what == *server);
        let servers = settings.servers.into_iter().map(address::socket).map(at_port);
        Global { servers: servers.filter(|server| !of_link(server)).collect(), domains: settings.search }
    }

    /// Nothing if there is nothing of no link.
    fn status(&self) -> Option<String> {
        let rows = rows(&[("DNS Servers", &self.servers.join(" ")), ("DNS Domain", &self.domains.join(" "))]);
        (!rows.is_empty()).then(|| format!("Global\n{rows}"))
    }

    /// Nothing if there is nothing of no link.
    fn json(&self, verb: Verb) -> Option<Json> {
        let list = |name: &'static str, all: &[String]| {
            Json::List(all.iter().map(|one| Json::Object(vec![(name, one.as_str().into())])).collect())
        };
        let mut fields = Vec::new();
        if verb != Verb::Domain && !self.servers.is_empty() {
            fields.push(("servers", list("addressString", &self.servers)));
        }
        if verb != Verb::Dns && !self.domains.is_empty() {
            fields.push(("searchDomains", list("name", &self.domains)));
        }
        (!fields.is_empty()).then_some(Json::Object(fields))
    }
}

impl Link {
    fn status(&self) -> String {
        let scopes = if self.servers.is_empty() { "none" } else { "DNS" };
        let (servers, domains) = (words(&self.servers), words(&self.domains));
        let rows = rows(&[("Current Scopes", scopes), ("DNS Servers", &servers), ("DNS Domain", &domains)]);
        format!("Link {} ({})\n{rows}", self.index, self.name)
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

/// Lines of `status`; what has no value is left out.
fn rows(rows: &[(&str, &str)]) -> String {
    let said = rows.iter().filter(|(_, value)| !value.is_empty());
    said.map(|(name, value)| format!("{name:>NAMES$}: {value}\n")).collect()
}

/// A server as one asks it: with its port if that is not the usual one.
fn at_port(server: SocketAddr) -> String {
    match (server.port(), server) {
        (DNS_PORT, SocketAddr::V6(v6)) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
        (DNS_PORT, server) => server.ip().to_string(),
        (_, server) => server.to_string(),
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
        let links = vec![eth0, Link { index: 3, name: "eth1".into(), ..Link::default() }];
        Links { links, global: Global::default() }
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

    #[test]
    fn what_the_host_was_told_is_of_no_link() {
        let servers = ["192.0.2.1:53", "[2001:db8::1]:5353", "[fe80::7%2]:53"];
        let servers: Vec<String> =
            servers.into_iter().map(|server| at_port(server.parse().unwrap())).collect();
        assert_eq!(servers, ["192.0.2.1", "[2001:db8::1]:5353", "fe80::7%2"]);
        let all = Links { global: Global { servers, domains: vec!["corp".into()] }, ..links() };
        let shown = |line: &str| {
            let words: Vec<String> = line.split_whitespace().map(String::from).collect();
            all.show(&Options::parse(&words).unwrap())
        };
        assert!(
            shown("dns").starts_with("Global: 192.0.2.1 [2001:db8::1]:5353 fe80::7%2\nLink 2"),
            "{}",
            shown("dns")
        );
        assert!(shown("domain").starts_with("Global: corp\nLink 2"));
        assert!(shown("").contains("        DNS Domain: corp\n\nLink 2 (eth0)\n"), "{}", shown(""));
        assert!(shown("-j domain").starts_with("[{\"searchDomains\":[{\"name\":\"corp\"}]},{\"ifname\""));
    }
}
