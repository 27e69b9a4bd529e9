//! Which sockets are meant: by state, and by an expression over addresses and ports. iproute2: `ssfilter`.

use std::net::{IpAddr, SocketAddr};
use tool_common::address::Prefix;
use tool_common::control::socket_options::TcpState;

/// The states with their names, as they are shown and as they are asked for.
const STATES: [(TcpState, &str, &str); 11] = [
    (TcpState::Established, "ESTAB", "established"),
    (TcpState::SynSent, "SYN-SENT", "syn-sent"),
    (TcpState::SynRecv, "SYN-RECV", "syn-recv"),
    (TcpState::FinWait1, "FIN-WAIT-1", "fin-wait-1"),
    (TcpState::FinWait2, "FIN-WAIT-2", "fin-wait-2"),
    (TcpState::TimeWait, "TIME-WAIT", "time-wait"),
    (TcpState::Close, "UNCONN", "closed"),
    (TcpState::CloseWait, "CLOSE-WAIT", "close-wait"),
    (TcpState::LastAck, "LAST-ACK", "last-ack"),
    (TcpState::Listen, "LISTEN", "listening"),
    (TcpState::Closing, "CLOSING", "closing"),
];

/// The name that is shown.
pub(crate) fn state_name(state: TcpState) -> &'static str {
    STATES.iter().find(|(known, ..)| *known == state).map_or("UNKNOWN", |(_, name, _)| name)
}

/// A set of states, a bit for each place in [`STATES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct States(u16);

impl States {
    pub(crate) const ALL: States = States((1 << STATES.len()) - 1);
    /// `-l`: those who wait, UDP's too. iproute2: `SS_LISTEN`, `SS_CLOSE`.
    pub(crate) const LISTENING: States = States(1 << 9 | 1 << 6);
    /// Without an option. iproute2: `SS_CONN`.
    pub(crate) const CONNECTED: States = States(Self::ALL.0 & !(1 << 9 | 1 << 6 | 1 << 5 | 1 << 2));

    fn one(state: TcpState) -> Self {
        let place = STATES.iter().position(|(known, ..)| *known == state);
        States(place.map_or(0, |place| 1 << place))
    }

    /// The names of sets, as the usage has them.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        let sets = ["all", "connected", "synchronized", "bucket", "big"];
        sets.into_iter().chain(STATES.iter().map(|(.., name)| *name))
    }

    /// The set of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let not =
            |states: &[TcpState]| states.iter().fold(Self::ALL, |all, state| all.without(Self::one(*state)));
        match name {
            "all" => Some(Self::ALL),
            "connected" => Some(not(&[TcpState::Close, TcpState::Listen])),
            "synchronized" => Some(not(&[TcpState::Close, TcpState::Listen, TcpState::SynSent])),
            "bucket" => Some(Self::one(TcpState::SynRecv).with(Self::one(TcpState::TimeWait))),
            "big" => Some(not(&[TcpState::SynRecv, TcpState::TimeWait])),
            "unconnected" | "close" => Some(Self::one(TcpState::Close)),
            "listen" => Some(Self::one(TcpState::Listen)),
            name => STATES.iter().find(|(.., known)| *known == name).map(|(state, ..)| Self::one(*state)),
        }
    }

    pub(crate) fn has(self, state: TcpState) -> bool {
        self.0 & Self::one(state).0 != 0
    }

    pub(crate) fn with(self, other: Self) -> Self {
        States(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        States(self.0 & !other.0)
    }

    pub(crate) fn is_one(self) -> bool {
        self.0.count_ones() == 1
    }
}

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
}

/// Expressions within expressions at most.
const DEPTH: usize = 64;

impl Expression {
    /// The expression that the words say. The error is the word that was not understood.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        // Brackets may stand without space around them.
        let spaced = words.join(" ").replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut parser = Parser { words: &words, depth: 0 };
        let expression = parser.any()?;
        match parser.words.first() {
            Some(word) => Err((*word).to_owned()),
            None => Ok(expression),
        }
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, local: SocketAddr, remote: Option<SocketAddr>) -> bool {
        let end = |ours| if ours { Some(local) } else { remote };
        match self {
            Expression::And(a, b) => a.holds(local, remote) && b.holds(local, remote),
            Expression::Or(a, b) => a.holds(local, remote) || b.holds(local, remote),
            Expression::Not(a) => !a.holds(local, remote),
            Expression::Port { ours, comparison, port } => {
                comparison.holds(end(*ours).map_or(0, |end| end.port()), *port)
            }
            Expression::Host { ours, within, port } => {
                let address = end(*ours).map(|end| end.ip());
                within.is_none_or(|prefix| address.is_some_and(|address| prefix.contains(address)))
                    && port.is_none_or(|port| end(*ours).is_some_and(|end| end.port() == port))
            }
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

    fn any(&mut self) -> Result<Expression, String> {
        let mut left = self.every()?;
        while self.take_if(&["or", "|", "||"]) {
            left = Expression::Or(Box::new(left), Box::new(self.every()?));
        }
        Ok(left)
    }

    fn every(&mut self) -> Result<Expression, String> {
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

    fn single(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("too deep".into());
        }
        let word = self.take().unwrap_or_default();
        let expression = match word {
            "not" | "!" => Expression::Not(Box::new(self.single()?)),
            "(" => {
                let inner = self.any()?;
                if !self.take_if(&[")"]) {
                    return Err(self.take().unwrap_or(")").into());
                }
                inner
            }
            "sport" | "dport" => self.port(word == "sport")?,
            "src" | "dst" => self.host(word == "src")?,
            other => return Err(other.into()),
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn port(&mut self, ours: bool) -> Result<Expression, String> {
        let word = self.take().unwrap_or_default();
        let comparison = Comparison::named(word);
        let word = if comparison.is_some() { self.take().unwrap_or_default() } else { word };
        let port = word.strip_prefix(':').unwrap_or(word).parse().map_err(|_| word.to_owned())?;
        Ok(Expression::Port { ours, comparison: comparison.unwrap_or(Comparison::Equal), port })
    }

    fn host(&mut self, ours: bool) -> Result<Expression, String> {
        let word = self.take().unwrap_or_default();
        let comparison = Comparison::named(word);
        let word = if comparison.is_some() { self.take().unwrap_or_default() } else { word };
        let (within, port) = host(word).ok_or_else(|| word.to_owned())?;
        let host = Expression::Host { ours, within, port };
        match comparison {
            None | Some(Comparison::Equal) => Ok(host),
            Some(Comparison::NotEqual) => Ok(Expression::Not(Box::new(host))),
            Some(_) => Err(word.to_owned()),
        }
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
        Some(port) => Some(port.parse().ok()?),
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

    fn holds(expression: &str, local: &str, remote: Option<&str>) -> Result<bool, String> {
        let words: Vec<&str> = expression.split_whitespace().collect();
        let expression = Expression::parse(&words)?;
        Ok(expression.holds(local.parse().unwrap(), remote.map(|remote| remote.parse().unwrap())))
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
            ("bogus", Err("bogus".to_owned())),
            ("sport = :x", Err(":x".to_owned())),
            ("( sport = :1", Err(")".to_owned())),
            ("sport = :1 )", Err(")".to_owned())),
        ] {
            assert_eq!(holds(expression, local, remote), expected, "{expression}");
        }
        assert_eq!(holds("dst 127.0.0.1", local, None), Ok(false));
        assert!(Expression::parse(&["("; 1000]).is_err());
    }

    #[test]
    fn sets_of_states() {
        assert!(States::CONNECTED.has(TcpState::Established) && !States::CONNECTED.has(TcpState::TimeWait));
        assert!(States::LISTENING.has(TcpState::Listen) && States::LISTENING.has(TcpState::Close));
        for (name, state, expected) in [
            ("connected", TcpState::Listen, false),
            ("synchronized", TcpState::SynSent, false),
            ("bucket", TcpState::TimeWait, true),
            ("big", TcpState::TimeWait, false),
            ("closed", TcpState::Close, true),
        ] {
            assert_eq!(States::named(name).unwrap().has(state), expected, "{name}");
        }
    }
}
