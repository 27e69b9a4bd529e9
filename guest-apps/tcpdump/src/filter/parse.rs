//! The grammar of expressions. pcap-filter(7).

use super::primitives::{self as tree, ARP, End, IP, IP6, RARP, Tree};
use super::words::words;
use std::net::IpAddr;
use tool_common::address::{Prefix, bits, parse_link_address};
use tool_common::did_you_mean;

/// How deep brackets and negations may stand in each other.
const MAX_DEPTH: usize = 64;

/// Names of ports, as /etc/services has them.
const PORTS: [(&str, u16); 14] = [
    ("ftp-data", 20),
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("bootps", 67),
    ("bootpc", 68),
    ("tftp", 69),
    ("http", 80),
    ("ntp", 123),
    ("snmp", 161),
    ("https", 443),
    ("syslog", 514),
];

/// Protocols over IP that have a name.
const PROTOCOLS: [(&str, u8); 10] = [
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmp6", 58),
    ("ospf", 89),
    ("sctp", 132),
];

/// What is asked of an end of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Host,
    Net,
    Port,
    PortRange,
    Proto,
}

/// The words before a name or a number, which the next one has too if it has none of its own.
#[derive(Clone, Copy, Debug, Default)]
struct Qualifiers<'a> {
    protocol: Option<&'a str>,
    end: Option<End>,
    kind: Option<Kind>,
}

/// The tree of an expression; none for the empty one. The error is a line.
pub(super) fn parse(expression: &str) -> Result<Option<Tree>, String> {
    let words = words(expression);
    if words.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { words: &words, last: Qualifiers::default() };
    let tree = parser.alternatives(0)?;
    match parser.words.first() {
        Some(word) => Err(syntax(word)),
        None => Ok(Some(tree)),
    }
}

/// Words of the language that are no protocol over IP.
const WORDS: [&str; 22] = [
    "and",
    "or",
    "not",
    "ether",
    "ip",
    "ip6",
    "arp",
    "rarp",
    "src",
    "dst",
    "host",
    "net",
    "mask",
    "port",
    "portrange",
    "proto",
    "broadcast",
    "multicast",
    "inbound",
    "outbound",
    "greater",
    "vlan",
];

fn syntax(word: &str) -> String {
    let names = WORDS.into_iter().chain(PROTOCOLS.iter().map(|(name, _)| *name));
    format!("syntax error in the filter expression at \"{word}\"{}", did_you_mean(word, names))
}

struct Parser<'a> {
    words: &'a [String],
    last: Qualifiers<'a>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.first().map(String::as_str)
    }

    fn take(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    /// Takes the next word if it is this one.
    fn is(&mut self, wanted: &str) -> bool {
        self.peek() == Some(wanted) && self.take().is_some()
    }

    /// `and` and `or` bind alike, from the left.
    fn alternatives(&mut self, depth: usize) -> Result<Tree, String> {
        let mut tree = self.term(depth)?;
        loop {
            if self.is("and") {
                tree = tree.and(self.term(depth)?);
            } else if self.is("or") {
                tree = tree.or(self.term(depth)?);
            } else {
                return Ok(tree);
            }
        }
    }

    fn term(&mut self, depth: usize) -> Result<Tree, String> {
        if depth > MAX_DEPTH {
            return Err("the filter expression is too deep".into());
        }
        if self.is("not") {
            return Ok(self.term(depth + 1)?.negated());
        }
        if self.is("(") {
            let tree = self.alternatives(depth + 1)?;
            return match self.take() {
                Some(")") => Ok(tree),
                other => Err(syntax(other.unwrap_or("end"))),
            };
        }
        self.primitive()
    }

    fn primitive(&mut self) -> Result<Tree, String> {
        if let Some(tree) = self.single()? {
            return Ok(tree);
        }
        let mut qualifiers = self.qualifiers();
        let named = qualifiers.protocol.is_some() || qualifiers.end.is_some() || qualifiers.kind.is_some();
        let plain = qualifiers.end.is_none() && qualifiers.kind.is_none();
        if let Some(protocol) = qualifiers.protocol.filter(|_| plain) {
            if let Some(tree) = self.for_many(protocol) {
                return Ok(tree);
            }
            if matches!(self.peek(), None | Some("and" | "or" | ")")) {
                return of_protocol(protocol);
            }
        }
        let word = self.take().filter(|word| !matches!(*word, "and" | "or" | "not" | "(" | ")"));
        let word = word.ok_or_else(|| syntax("end"))?;
        if !named {
            qualifiers = match word.parse::<IpAddr>().is_ok() || Prefix::parse(word).is_some() {
                true => Qualifiers { kind: None, ..self.last },
                false => self.last,
            };
            if qualifiers.kind.is_none() && Prefix::parse(word).is_none() {
                return Err(syntax(word));
            }
        }
        self.last = qualifiers;
        self.value(qualifiers, word)
    }

    /// Primitives that stand alone.
    fn single(&mut self) -> Result<Option<Tree>, String> {
        let tree = match self.peek() {
            Some("broadcast") => tree::station([0xff; 6], End::Destination),
            Some("multicast") => tree::to_group(),
            Some("outbound") => tree::outbound(),
            Some("inbound") => tree::outbound().negated(),
            Some(word @ ("less" | "greater")) => {
                self.take();
                let length = self.number(word)?;
                return Ok(Some(if word == "less" { tree::at_most(length) } else { tree::at_least(length) }));
            }
            Some("vlan") => {
                self.take();
                let id = self.peek().and_then(|word| word.parse().ok()).filter(|id| *id < 4096);
                if id.is_some() {
                    self.take();
                }
                return Ok(Some(tree::vlan(id)));
            }
            _ => return Ok(None),
        };
        self.take();
        Ok(Some(tree))
    }

    fn number(&mut self, behind: &str) -> Result<u32, String> {
        let word = self.take().unwrap_or("end");
        word.parse().map_err(|_| format!("a number is expected behind \"{behind}\", not \"{word}\""))
    }

    fn qualifiers(&mut self) -> Qualifiers<'a> {
        let mut qualifiers = Qualifiers::default();
        loop {
            match self.peek() {
                Some(word @ ("ether" | "ip" | "ip6" | "arp" | "rarp")) if qualifiers.protocol.is_none() => {
                    qualifiers.protocol = Some(word);
                }
                Some(word)
                    if qualifiers.protocol.is_none() && is_protocol(word) && qualifiers.kind.is_none() =>
                {
                    qualifiers.protocol = Some(word);
                }
                Some("src") if qualifiers.end.is_none() => {
                    self.take();
                    qualifiers.end = Some(self.other_end());
                    continue;
                }
                Some("dst") if qualifiers.end.is_none() => qualifiers.end = Some(End::Destination),
                Some(word) if qualifiers.kind.is_none() => match kind(word) {
                    Some(kind) => qualifiers.kind = Some(kind),
                    None => return qualifiers,
                },
                _ => return qualifiers,
            }
            self.take();
        }
    }

    /// What may follow `src`: `or dst`, `and dst`.
    fn other_end(&mut self) -> End {
        let end = match self.words {
            [word, other, ..] if other == "dst" && word == "or" => End::Either,
            [word, other, ..] if other == "dst" && word == "and" => End::Both,
            _ => return End::Source,
        };
        self.words = self.words.get(2..).unwrap_or_default();
        end
    }

    /// `ip multicast`, `ether broadcast` and their kin.
    fn for_many(&mut self, protocol: &str) -> Option<Tree> {
        let tree = match (protocol, self.peek()?) {
            ("ether", "broadcast") => tree::station([0xff; 6], End::Destination),
            ("ether", "multicast") => tree::to_group(),
            ("ip", "multicast") => tree::to_ip_group(IP),
            ("ip6", "multicast") => tree::to_ip_group(IP6),
            _ => return None,
        };
        self.take();
        Some(tree)
    }

    /// A name or a number behind its qualifiers.
    fn value(&mut self, qualifiers: Qualifiers<'_>, word: &str) -> Result<Tree, String> {
        let (protocol, end) = (qualifiers.protocol, qualifiers.end.unwrap_or_default());
        match qualifiers.kind {
            Some(Kind::Proto) => proto(protocol, word),
            Some(Kind::Port) => {
                let port = port(word)?;
                ports(protocol, port, port, end)
            }
            Some(Kind::PortRange) => {
                let (first, last) = word.split_once('-').ok_or_else(|| syntax(word))?;
                ports(protocol, port(first)?, port(last)?, end)
            }
            Some(Kind::Net) => {
                let network = if self.is("mask") { self.masked(word)? } else { partial(word)? };
                network_of(protocol, network, end)
            }
            Some(Kind::Host) | None if protocol == Some("ether") => {
                let bytes = parse_link_address(word).and_then(|bytes| bytes.try_into().ok());
                Ok(tree::station(bytes.ok_or_else(|| syntax(word))?, end))
            }
            Some(Kind::Host) | None => {
                let prefix = Prefix::parse(word).ok_or_else(|| match (qualifiers.kind, qualifiers.end) {
                    (None, None) => syntax(word),
                    _ => format!("unknown host '{word}'"),
                })?;
                network_of(protocol, prefix, end)
            }
        }
    }

    /// `net 10.0.0.0 mask 255.0.0.0`
    fn masked(&mut self, word: &str) -> Result<Prefix, String> {
        let mask = self.take().unwrap_or("end");
        let parsed = mask.parse::<std::net::Ipv4Addr>().map_err(|_| syntax(mask))?.to_bits();
        let len = parsed.leading_ones() as u8;
        let address: IpAddr = word.parse().map_err(|_| syntax(word))?;
        let contiguous = parsed.count_ones() == parsed.leading_ones() && address.is_ipv4();
        contiguous.then_some(Prefix { address, len }).ok_or_else(|| syntax(mask))
    }
}

fn kind(word: &str) -> Option<Kind> {
    match word {
        "host" => Some(Kind::Host),
        "net" => Some(Kind::Net),
        "port" => Some(Kind::Port),
        "portrange" => Some(Kind::PortRange),
        "proto" => Some(Kind::Proto),
        _ => None,
    }
}

fn is_protocol(word: &str) -> bool {
    PROTOCOLS.iter().any(|(name, _)| *name == word)
}

fn ip_protocol(word: &str) -> Option<u8> {
    let word = word.strip_prefix('\\').unwrap_or(word);
    let named = PROTOCOLS.iter().find(|(name, _)| *name == word).map(|(_, number)| *number);
    named.or_else(|| word.parse().ok())
}

/// The EtherType of a name.
fn ether_type(word: &str) -> Option<u16> {
    match word.strip_prefix('\\').unwrap_or(word) {
        "ip" => Some(IP),
        "ip6" => Some(IP6),
        "arp" => Some(ARP),
        "rarp" => Some(RARP),
        number => match number.strip_prefix("0x") {
            Some(digits) => u16::from_str_radix(digits, 16).ok(),
            None => number.parse().ok(),
        },
    }
}

/// `tcp`, `arp` and their kin, by themselves.
fn of_protocol(word: &str) -> Result<Tree, String> {
    if matches!(word, "ip" | "ip6" | "arp" | "rarp") {
        return ether_type(word).map(tree::ether_type).ok_or_else(|| syntax(word));
    }
    match (word, ip_protocol(word).ok_or_else(|| syntax(word))?) {
        ("icmp" | "igmp", number) => Ok(tree::ip_protocol(number)),
        ("icmp6", number) => Ok(tree::ip6_protocol(number)),
        (_, number) => Ok(tree::protocol(number)),
    }
}

/// `ether proto`, `ip proto`, `ip6 proto`, `proto`.
fn proto(protocol: Option<&str>, word: &str) -> Result<Tree, String> {
    let unknown = || {
        let near = did_you_mean(word, PROTOCOLS.iter().map(|(name, _)| *name));
        format!("unknown protocol '{word}'{near}")
    };
    match protocol {
        Some("ether") => ether_type(word).map(tree::ether_type).ok_or_else(unknown),
        Some("ip") => ip_protocol(word).map(tree::ip_protocol).ok_or_else(unknown),
        Some("ip6") => ip_protocol(word).map(tree::ip6_protocol).ok_or_else(unknown),
        None => ip_protocol(word).map(tree::protocol).ok_or_else(unknown),
        Some(other) => Err(format!("'{other}' modifier applied to 'proto'")),
    }
}

fn port(word: &str) -> Result<u16, String> {
    let named = PORTS.iter().find(|(name, _)| *name == word).map(|(_, number)| *number);
    named.or_else(|| word.parse().ok()).ok_or_else(|| {
        format!("unknown port '{word}'{}", did_you_mean(word, PORTS.iter().map(|(name, _)| *name)))
    })
}

fn ports(protocol: Option<&str>, first: u16, last: u16, end: End) -> Result<Tree, String> {
    let (of, types): (_, &[u16]) = match protocol {
        None => (None, &[IP, IP6]),
        Some("ip") => (None, &[IP]),
        Some("ip6") => (None, &[IP6]),
        Some(word @ ("tcp" | "udp" | "sctp")) => (ip_protocol(word), &[IP, IP6]),
        Some(other) => return Err(format!("'{other}' modifier applied to 'port'")),
    };
    tree::ports(first, last, end, of, types).ok_or_else(|| syntax("port"))
}

/// `10.1.0.0/16`, or `10.1` for the same.
fn partial(word: &str) -> Result<Prefix, String> {
    if word.contains('/') || word.contains(':') {
        return Prefix::parse(word).ok_or_else(|| syntax(word));
    }
    let parts = word.split('.').count();
    let padded = format!("{word}{}", ".0".repeat(4_usize.saturating_sub(parts)));
    let address: IpAddr = padded.parse().map_err(|_| syntax(word))?;
    Ok(Prefix { address, len: (8 * parts.min(4)) as u8 })
}

fn network_of(protocol: Option<&str>, Prefix { address, len }: Prefix, end: End) -> Result<Tree, String> {
    let host = if len == bits(address) { "host" } else { "net" };
    let types: &[u16] = match (protocol, address) {
        (None, IpAddr::V4(_)) => &[IP, ARP, RARP],
        (Some("ip"), IpAddr::V4(_)) => &[IP],
        (Some("arp"), IpAddr::V4(_)) => &[ARP],
        (Some("rarp"), IpAddr::V4(_)) => &[RARP],
        (None | Some("ip6"), IpAddr::V6(_)) => &[IP6],
        (Some(other), _) => return Err(format!("'{other}' modifier applied to '{host}'")),
    };
    tree::network(address, len, end, types).ok_or_else(|| syntax(host))
}
