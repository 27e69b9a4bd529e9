//! A route as it is written on the command line. iproute2: `iproute_modify`, `parse_nexthops`.

use crate::address_show::scope_number;
use crate::links::Links;
use crate::options::{Family, garbage};
use crate::tables;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tool_common::address::{Prefix, wit};
use tool_common::control::routing::{Hop, Metrics, Preference, Route, RouteKind, RouteVerb};
use tool_common::{Exit, Words};

/// The value that a word names, or what is wrong with it.
pub(crate) fn number_of<T>(word: &str, read: impl Fn(&str) -> Option<T>, wrong: &str) -> Result<T, Exit> {
    read(word).ok_or_else(|| Exit::wrong(word, wrong))
}

/// An address.
pub(crate) fn address(word: &str) -> Result<IpAddr, Exit> {
    address_of(word, None)
}

/// An address of this version. iproute2: `get_addr`.
fn address_of(word: &str, family: Option<Family>) -> Result<IpAddr, Exit> {
    let what = expected(family);
    let wrong = || Exit::new(1, format!("Error: {what} address is expected rather than \"{word}\"."));
    let address = word.parse().ok();
    address.filter(|address| family.is_none_or(|family| family.has(*address))).ok_or_else(wrong)
}

/// What is expected of an address. iproute2: `family_name_verbose`.
fn expected(family: Option<Family>) -> &'static str {
    family.map_or("any valid", Family::name)
}

/// A block of addresses; `default` is everything of the version that is said, or of IPv4.
pub(crate) fn prefix(word: &str, family: Option<Family>) -> Result<Prefix, Exit> {
    if matches!(word, "default" | "any" | "all") {
        let address = match family {
            Some(Family::Inet6) => Ipv6Addr::UNSPECIFIED.into(),
            _ => Ipv4Addr::UNSPECIFIED.into(),
        };
        return Ok(Prefix { address, len: 0 });
    }
    let what = expected(family);
    let wrong = || Exit::new(1, format!("Error: {what} prefix is expected rather than \"{word}\"."));
    Prefix::parse(word)
        .filter(|prefix| family.is_none_or(|family| family.has(prefix.address)))
        .ok_or_else(wrong)
}

fn nowhere() -> Hop {
    Hop { gateway: None, device: None, weight: 1, onlink: false, dead: false, linkdown: false }
}

/// What is said of a route.
const WORDS: [&str; 25] = [
    "via",
    "dev",
    "onlink",
    "table",
    "proto",
    "protocol",
    "scope",
    "src",
    "metric",
    "preference",
    "tos",
    "expires",
    "pref",
    "nexthop",
    "to",
    "mtu",
    "advmss",
    "initcwnd",
    "initrwnd",
    "rto_min",
    "features",
    "quickack",
    "congctl",
    "fastopen_no_cookie",
    "default",
];

/// A route that is being read.
struct Reading<'a, 'w> {
    links: &'a Links,
    words: Words<'w>,
    route: Route,
    hop: Hop,
    destination: Option<&'w str>,
    /// The version that was asked for.
    family: Option<Family>,
    /// The version that its gateway says.
    of_gateway: Option<Family>,
}

/// The route that the words say.
pub(crate) fn parse(
    links: &Links,
    family: Option<Family>,
    mut words: Words<'_>,
    verb: RouteVerb,
) -> Result<Route, Exit> {
    let kind = words.peek().and_then(tables::kind);
    if kind.is_some() {
        words.take();
    }
    let metrics = Metrics {
        mtu: None,
        mtu_lock: false,
        window: None,
        hoplimit: None,
        advmss: None,
        initcwnd: None,
        initrwnd: None,
        rto_min: None,
        quickack: false,
        ecn: false,
        fastopen_no_cookie: false,
        congctl: None,
    };
    let route = Route {
        destination: wit(Ipv4Addr::UNSPECIFIED.into()),
        prefix_length: 0,
        tos: 0,
        kind: kind.unwrap_or(RouteKind::Unicast),
        table: None,
        // RTPROT_BOOT: somebody at the command line.
        protocol: 3,
        scope: None,
        hops: Vec::new(),
        source: None,
        metric: None,
        metrics,
        expires: None,
        preference: Preference::Medium,
    };
    let mut reading =
        Reading { links, words, route, hop: nowhere(), destination: None, family, of_gateway: None };
    reading.read()?;
    reading.finish(verb)
}

impl Reading<'_, '_> {
    fn read(&mut self) -> Result<(), Exit> {
        while let Some(word) = self.words.take() {
            if self.read_hop(word)? || self.read_metric(word)? {
                continue;
            }
            match word {
                "table" => {
                    let word = self.words.value()?;
                    self.route.table = Some(number_of(word, tables::table, "\"table\" value is invalid\n")?);
                }
                "proto" | "protocol" => {
                    let word = self.words.value()?;
                    self.route.protocol =
                        number_of(word, tables::protocol, "\"protocol\" value is invalid\n")?;
                }
                "scope" => {
                    let word = self.words.value()?;
                    self.route.scope = Some(number_of(word, scope_number, "\"scope\" value is invalid\n")?);
                }
                "src" => self.route.source = Some(wit(address(self.words.value()?)?)),
                "metric" | "priority" | "preference" => {
                    self.route.metric = Some(self.words.number("metric")?)
                }
                "tos" | "dsfield" => self.route.tos = self.words.number("tos")?,
                "expires" => self.route.expires = Some(self.words.number("expires")?),
                "pref" => {
                    let word = self.words.value()?;
                    self.route.preference = number_of(word, preference, "\"pref\" value is invalid\n")?;
                }
                "nexthop" => {
                    self.next_hop()?;
                }
                _ => {
                    let word = if word == "to" { self.words.value()? } else { word };
                    if self.destination.replace(word).is_some() {
                        return Err(garbage("to", word, WORDS));
                    }
                }
            }
        }
        Ok(())
    }

    /// What belongs to the next hop; answers whether the word does.
    fn read_hop(&mut self, word: &str) -> Result<bool, Exit> {
        match word {
            "via" => {
                let word = self.words.value()?;
                let gateway = match word {
                    "inet" => address_of(self.words.value()?, Some(Family::Inet))?,
                    "inet6" => address_of(self.words.value()?, Some(Family::Inet6))?,
                    word => address_of(word, self.family_so_far())?,
                };
                self.of_gateway = self.of_gateway.or(Some(Family::of(gateway)));
                self.hop.gateway = Some(wit(gateway));
            }
            "dev" | "oif" => self.hop.device = Some(self.links.find(self.words.value()?)?.index),
            "onlink" => self.hop.onlink = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The version that was said by now, by an option, the destination or a gateway before. iproute2: `rtm_family`.
    fn family_so_far(&self) -> Option<Family> {
        let of_destination = || Prefix::parse(self.destination?).map(|prefix| Family::of(prefix.address));
        self.family.or_else(of_destination).or(self.of_gateway)
    }

    /// What belongs to the path; answers whether the word does.
    fn read_metric(&mut self, word: &str) -> Result<bool, Exit> {
        match word {
            "mtu" => {
                if self.words.peek() == Some("lock") {
                    self.words.take();
                    self.route.metrics.mtu_lock = true;
                }
                self.route.metrics.mtu = Some(self.words.number("mtu")?);
            }
            "window" => {
                let word = self.words.value()?;
                let window = number_of(word, tool_common::number, "\"window\" value is invalid\n")?;
                self.route.metrics.window = Some(window).filter(|window| *window > 0);
            }
            "hoplimit" => {
                let word = self.words.value()?;
                let hops: u8 = number_of(word, tool_common::number, "\"hoplimit\" value is invalid\n")?;
                self.route.metrics.hoplimit = Some(hops).filter(|hops| *hops > 0);
            }
            "advmss" => self.route.metrics.advmss = Some(self.words.number("advmss")?),
            "initcwnd" => self.route.metrics.initcwnd = Some(self.words.number("initcwnd")?),
            "initrwnd" => self.route.metrics.initrwnd = Some(self.words.number("initrwnd")?),
            "rto_min" => {
                let word = self.words.value()?;
                self.route.metrics.rto_min = Some(number_of(word, nanos, "\"rto_min\" value is invalid\n")?);
            }
            "features" => match self.words.value()? {
                "ecn" => self.route.metrics.ecn = true,
                other => return Err(Exit::wrong(other, "\"features\" value not valid\n")),
            },
            "quickack" => self.route.metrics.quickack = self.words.number::<u8>("quickack")? != 0,
            "fastopen_no_cookie" => {
                self.route.metrics.fastopen_no_cookie = self.words.number::<u8>("fastopen_no_cookie")? != 0;
            }
            "congctl" => self.route.metrics.congctl = Some(self.words.value()?.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// One of several hops: up to the next word `nexthop`.
    fn next_hop(&mut self) -> Result<(), Exit> {
        let before = std::mem::replace(&mut self.hop, nowhere());
        while let Some(word) = self.words.peek().filter(|word| *word != "nexthop") {
            self.words.take();
            match word {
                "weight" => {
                    let word = self.words.value()?;
                    let weight = word.parse().ok().filter(|weight| (1..=256).contains(weight));
                    self.hop.weight = weight.ok_or_else(|| Exit::wrong(word, "\"weight\" is invalid\n"))?;
                }
                _ if self.read_hop(word)? => {}
                // iproute2: `parse_one_nh` ends here, and the word is looked at again.
                other => return Err(garbage("to", other, ["weight", "via", "dev", "onlink", "nexthop"])),
            }
        }
        self.route.hops.push(std::mem::replace(&mut self.hop, before));
        Ok(())
    }

    fn finish(mut self, verb: RouteVerb) -> Result<Route, Exit> {
        // Only what means everything is of the version that the rest says.
        let destination = match self.destination {
            None | Some("default" | "any" | "all") => prefix("default", self.family.or(self.of_gateway))?,
            Some(word) => prefix(word, self.family)?,
        };
        self.route.destination = wit(destination.address);
        self.route.prefix_length = destination.len;
        if self.hop.gateway.is_some() || self.hop.device.is_some() {
            self.route.hops.insert(0, self.hop);
        }
        // A route without a kind that is to go may be of any scope: the stack does not look at it.
        if verb == RouteVerb::Delete {
            self.route.scope = None;
        }
        Ok(self.route)
    }
}

fn preference(word: &str) -> Option<Preference> {
    match word {
        "low" => Some(Preference::Low),
        "medium" => Some(Preference::Medium),
        "high" => Some(Preference::High),
        _ => None,
    }
}

/// `5ms`, `2s`; a number alone is milliseconds. iproute2: `get_time_rtt`.
fn nanos(word: &str) -> Option<u64> {
    let (digits, unit) = match (word.strip_suffix("ms"), word.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1_000_000),
        (None, Some(digits)) => (digits, 1_000_000_000),
        (None, None) => (word, 1_000_000),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Route, Exit> {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        parse(&Links::known(Vec::new()), None, Words::new(&words), RouteVerb::Add)
    }

    #[test]
    fn routes_are_read() {
        let route = read("blackhole 10.7.0.0/16 table local metric 0x10 proto static scope link").unwrap();
        assert_eq!((route.kind, route.prefix_length, route.table), (RouteKind::Blackhole, 16, Some(255)));
        assert_eq!((route.metric, route.protocol, route.scope), (Some(16), 4, Some(253)));
        let route = read("default via fd00::1 mtu lock 1400 rto_min 5ms features ecn").unwrap();
        assert_eq!(tool_common::address::ip(route.destination), IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        assert!(route.metrics.mtu_lock && route.metrics.ecn && route.metrics.rto_min == Some(5_000_000));
        let route = read("10.1.0.0/16 nexthop via 10.0.0.1 weight 2 nexthop via 10.0.0.2").unwrap();
        assert_eq!(route.hops.iter().map(|hop| hop.weight).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn what_is_wrong_is_said_in_iproute2s_words() {
        for (line, code, text) in [
            ("bogus via 1.2.3.4", 1, "Error: any valid prefix is expected rather than \"bogus\"."),
            ("10.0.0.0/8 dev eth9", 1, "Cannot find device \"eth9\""),
            (
                "10.0.0.0/8 10.0.0.0/9",
                255,
                "Error: either \"to\" is duplicate, or \"10.0.0.0/9\" is a garbage.",
            ),
            (
                "10.0.0.0/8 dve lo",
                255,
                "Error: either \"to\" is duplicate, or \"dve\" is a garbage.\nDid you mean \"dev\"?",
            ),
            (
                "10.0.0.0/8 metrc 5",
                255,
                "Error: either \"to\" is duplicate, or \"metrc\" is a garbage.\nDid you mean \"metric\"?",
            ),
            (
                "10.0.0.0/8 tabel 5",
                255,
                "Error: either \"to\" is duplicate, or \"tabel\" is a garbage.\nDid you mean \"table\"?",
            ),
            ("1.2.13.0/24 via ::1", 1, "Error: inet address is expected rather than \"::1\"."),
            ("fd00::/64 via 10.0.0.1", 1, "Error: inet6 address is expected rather than \"10.0.0.1\"."),
            ("10.0.0.0/8 metric x", 255, "Error: argument \"x\" is wrong: Invalid \"metric\" value\n"),
            ("10.0.0.0/8 table x", 255, "Error: argument \"x\" is wrong: \"table\" value is invalid\n"),
            ("10.0.0.0/8 via", 255, "Command line is not complete. Try option \"help\""),
        ] {
            let error = read(line).unwrap_err();
            assert_eq!((error.code, error.text.as_str()), (code, text), "{line}");
        }
    }
}
