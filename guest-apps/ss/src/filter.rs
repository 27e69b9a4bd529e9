//! Which sockets are meant: an expression over addresses, ports, devices and marks. iproute2: `ssfilter`.

use std::net::{IpAddr, SocketAddr};
use tool_common::address::Prefix;
use tool_common::number;
use tool_common::services;

/// How a port is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    Less,
    AtLeast,
    AtMost,
}

impl Comparison {
    fn named(word: &str) -> Option<Self> {
        match word {
            "=" | "==" | "eq" => Some(Comparison::Equal),
            "!=" | "ne" | "neq" => Some(Comparison::NotEqual),
            ">" | "gt" => Some(Comparison::Greater),
            "<" | "lt" => Some(Comparison::Less),
            ">=" | "ge" | "geq" => Some(Comparison::AtLeast),
            "<=" | "le" | "leq" => Some(Comparison::AtMost),
            _ => None,
        }
    }

    fn holds(self, a: u16, b: u16) -> bool {
        match self {
            Comparison::Equal => a == b,
            Comparison::NotEqual => a != b,
            Comparison::Greater => a > b,
            Comparison::Less => a < b,
            Comparison::AtLeast => a >= b,
            Comparison::AtMost => a <= b,
        }
    }
}

/// What must hold of a socket's two ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    /// The port of our end, or of the peer's.
    Port {
        ours: bool,
        comparison: Comparison,
        port: u16,
    },
    /// The address of our end, or of the peer's, and its port.
    Host {
        ours: bool,
        within: Option<Prefix>,
        port: Option<u16>,
    },
    /// The device that it is bound to, by its name or number.
    Device(String),
    /// Its mark, as far as `mask` has bits.
    Mark {
        value: u32,
        mask: u32,
    },
}

/// What is known of a socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) local: SocketAddr,
    pub(crate) remote: Option<SocketAddr>,
    /// The device that it is bound to, 0 for none, and its name.
    pub(crate) device: (u32, &'a str),
    pub(crate) mark: u32,
}

/// Why words are no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// This word is not understood where it stands.
    Word(String),
    /// This is no port.
    Port(String),
    /// This is no address.
    Host(String),
    /// This is no mark.
    Mark(String),
}

/// Expressions within expressions at most.
const DEPTH: usize = 64;

impl Expression {
    /// The expression that the words say. The error is the word that was not understood.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, Wrong> {
        // Brackets may stand without space around them.
        let spaced = words.join(" ").replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut parser = Parser { words: &words, depth: 0 };
        let expression = parser.any()?;
        match parser.words.first() {
            Some(word) => Err(Wrong::Word((*word).to_owned())),
            None => Ok(expression),
        }
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, seen: Seen<'_>) -> bool {
        let end = |ours| if ours { Some(seen.local) } else { seen.remote };
        match self {
            Expression::And(a, b) => a.holds(seen) && b.holds(seen),
            Expression::Or(a, b) => a.holds(seen) || b.holds(seen),
            Expression::Not(a) => !a.holds(seen),
            Expression::Port { ours, comparison, port } => {
                comparison.holds(end(*ours).map_or(0, |end| end.port()), *port)
            }
            Expression::Host { ours, within, port } => {
                let address = end(*ours).map(|end| end.ip());
                within.is_none_or(|prefix| address.is_some_and(|address| prefix.contains(address)))
                    && port.is_none_or(|port| end(*ours).is_some_and(|end| end.port() == port))
            }
            Expression::Device(wanted) => {
                let (number, name) = seen.device;
                number != 0 && (name == wanted || wanted.parse() == Ok(number))
            }
            Expression::Mark { value, mask } => seen.mark & mask == value & mask,
        }
    }

    /// The devices that it speaks of.
    pub(crate) fn devices(&self) -> Vec<&str> {
        match self {
            Expression::And(a, b) | Expression::Or(a, b) => [a.devices(), b.devices()].concat(),
            Expression::Not(a) => a.devices(),
            Expression::Device(name) => vec![name],
            _ => Vec::new(),
        }
    }
}

struct Parser<'a> {
    words: &'a [&'a str],
    depth: usize,
}

impl<'a> Parser<'a> {
    fn take(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn take_if(&mut self, wanted: &[&str]) -> bool {
        let found = self.words.first().is_some_and(|word| wanted.contains(word));
        if found {
            self.take();
        }
        found
    }

    fn any(&mut self) -> Result<Expression, Wrong> {
        let mut left = self.every()?;
        while self.take_if(&["or", "|", "||"]) {
            left = Expression::Or(Box::new(left), Box::new(self.every()?));
        }
        Ok(left)
    }

    fn every(&mut self) -> Result<Expression, Wrong> {
        let mut left = self.single()?;
        loop {
            let joined = self.take_if(&["and", "&", "&&"]);
            let ends = self.words.first().is_none_or(|word| ["or", "|", "||", ")"].contains(word));
            if !joined && ends {
                return Ok(left);
            }
            left = Expression::And(Box::new(left), Box::new(self.single()?));
        }
    }

    fn single(&mut self) -> Result<Expression, Wrong> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Wrong::Word("too deep".into()));
        }
        let word = self.take().unwrap_or_default();
        let expression = match word {
            "not" | "!" => Expression::Not(Box::new(self.single()?)),
            "(" => {
                let inner = self.any()?;
                if !self.take_if(&[")"]) {
                    return Err(Wrong::Word(self.take().unwrap_or(")").into()));
                }
                inner
            }
            "sport" | "dport" => self.port(word == "sport")?,
            "src" | "dst" => self.host(word == "src")?,
            "dev" => self.device()?,
            "fwmark" => self.mark()?,
            other => return Err(Wrong::Word(other.into())),
        };
        self.depth -= 1;
        Ok(expression)
    }

    /// A comparison, if one stands there, and the word behind it.
    fn compared(&mut self) -> Result<(Option<Comparison>, &'a str), Wrong> {
        let mut word = self.take().unwrap_or_default();
        let comparison = Comparison::named(word);
        if comparison.is_some() {
            word = self.take().unwrap_or_default();
        }
        match word {
            "" => Err(Wrong::Word("syntax error!".into())),
            word => Ok((comparison, word)),
        }
    }

    fn port(&mut self, ours: bool) -> Result<Expression, Wrong> {
        let (comparison, word) = self.compared()?;
        let name = word.strip_prefix(':').unwrap_or(word);
        let port = services::port(name).ok_or_else(|| Wrong::Port(name.to_owned()))?;
        Ok(Expression::Port { ours, comparison: comparison.unwrap_or(Comparison::Equal), port })
    }

    fn host(&mut self, ours: bool) -> Result<Expression, Wrong> {
        let (comparison, word) = self.compared()?;
        let (within, port) = host(word).ok_or_else(|| Wrong::Host(word.to_owned()))?;
        equal_or_not(comparison, word, Expression::Host { ours, within, port })
    }

    fn device(&mut self) -> Result<Expression, Wrong> {
        let (comparison, word) = self.compared()?;
        equal_or_not(comparison, word, Expression::Device(word.to_owned()))
    }

    /// `5`, `0x5/0xff`.
    fn mark(&mut self) -> Result<Expression, Wrong> {
        let (comparison, word) = self.compared()?;
        let (value, mask) = word.split_once('/').unwrap_or((word, "0xffffffff"));
        let wrong = || Wrong::Mark(word.to_owned());
        let (value, mask) = (number(value).ok_or_else(wrong)?, number(mask).ok_or_else(wrong)?);
        equal_or_not(comparison, word, Expression::Mark { value, mask })
    }
}

/// What can be the same or not the same, and nothing else.
fn equal_or_not(
    comparison: Option<Comparison>,
    word: &str,
    expression: Expression,
) -> Result<Expression, Wrong> {
    match comparison {
        None | Some(Comparison::Equal) => Ok(expression),
        Some(Comparison::NotEqual) => Ok(Expression::Not(Box::new(expression))),
        Some(_) => Err(Wrong::Word(word.to_owned())),
    }
}

/// `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1:80`, `:80`, `[::1]:80`, `*`.
fn host(word: &str) -> Option<(Option<Prefix>, Option<u16>)> {
    let (address, port) = match word.rsplit_once(':') {
        // What has several colons and no brackets is an IPv6 address alone.
        Some((address, _)) if address.contains(':') && !address.ends_with(']') => (word, None),
        Some((address, port)) => (address, Some(port)),
        None => (word, None),
    };
    let port = match port {
        None | Some("*") => None,
        Some(port) => Some(services::port(port)?),
    };
    let address = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address);
    match address {
        "" | "*" => Some((None, port)),
        address => {
            Some((Some(Prefix::parse(address).filter(|prefix: &Prefix| usable(prefix.address))?), port))
        }
    }
}

fn usable(address: IpAddr) -> bool {
    !address.is_multicast()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(expression: &str, local: &str, remote: Option<&str>) -> Result<bool, Wrong> {
        let words: Vec<&str> = expression.split_whitespace().collect();
        let expression = Expression::parse(&words)?;
        let remote = remote.map(|remote| remote.parse().unwrap());
        Ok(expression.holds(Seen { local: local.parse().unwrap(), remote, device: (2, "eth0"), mark: 0x15 }))
    }

    #[test]
    fn expressions_hold() {
        let (local, remote) = ("127.0.0.1:8080", Some("10.0.0.7:50000"));
        for (expression, expected) in [
            ("sport = :8080", Ok(true)),
            ("sport = 8080 and dport > :1000", Ok(true)),
            ("sport :80", Ok(false)),
            ("sport != :80 dport ge :50001", Ok(false)),
            ("src 127.0.0.1", Ok(true)),
            ("dst 10.0.0.0/8", Ok(true)),
            ("dst 10.0.0.7:50000 or src 9.9.9.9", Ok(true)),
            ("not dst 10.0.0.7", Ok(false)),
            ("dst = [::1]:50000", Ok(false)),
            ("(sport = :1 or sport = :8080) and dst :50000", Ok(true)),
            ("src != 127.0.0.1", Ok(false)),
            ("dport > :ssh and sport = :http-alt", Ok(true)),
            ("dev eth0", Ok(true)),
            ("dev != 2", Ok(false)),
            ("dev = lo", Ok(false)),
            ("fwmark = 0x5/0xf", Ok(true)),
            ("fwmark 5", Ok(false)),
            ("fwmark = x", Err(Wrong::Mark("x".into()))),
            ("dev > eth0", Err(Wrong::Word("eth0".into()))),
            ("bogus", Err(Wrong::Word("bogus".into()))),
            ("sport", Err(Wrong::Word("syntax error!".into()))),
            ("sport = :x", Err(Wrong::Port("x".into()))),
            ("src 10.0.0", Err(Wrong::Host("10.0.0".into()))),
            ("( sport = :1", Err(Wrong::Word(")".into()))),
            ("sport = :1 )", Err(Wrong::Word(")".into()))),
        ] {
            assert_eq!(holds(expression, local, remote), expected, "{expression}");
        }
        assert_eq!(holds("dst 127.0.0.1", local, None), Ok(false));
        assert!(Expression::parse(&["("; 1000]).is_err());
    }
}
