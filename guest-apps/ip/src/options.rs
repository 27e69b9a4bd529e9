//! What stands before the object: options, and the object itself.

use tool_common::{Exit, Words, did_you_mean};

/// What a wrong command line is answered with.
pub(crate) const USAGE: &str = "\
Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
where  OBJECT := { address | link | maddress | monitor | neighbour | route | rule }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -j[son] | -p[retty] |
                    -f[amily] { inet | inet6 } | -4 | -6 | -br[ief] | -o[neline] |
                    -t[imestamp] | -ts[hort] | -b[atch] FILE | -force }";

/// A version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// IPv4.
    Inet,
    /// IPv6.
    Inet6,
    /// The link's own addresses.
    Link,
}

impl Family {
    /// Whether an address is of this version.
    pub(crate) fn has(self, address: std::net::IpAddr) -> bool {
        match self {
            Family::Inet => address.is_ipv4(),
            Family::Inet6 => address.is_ipv6(),
            Family::Link => false,
        }
    }

    /// The version of an address.
    pub(crate) fn of(address: std::net::IpAddr) -> Self {
        if address.is_ipv4() { Family::Inet } else { Family::Inet6 }
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Family::Inet => "inet",
            Family::Inet6 => "inet6",
            Family::Link => "link",
        }
    }
}

/// How a time is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timestamp {
    /// On a line of its own.
    Long,
    /// In brackets.
    Short,
}

/// How things are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Of one version only.
    pub(crate) family: Option<Family>,
    pub(crate) json: bool,
    pub(crate) pretty: bool,
    pub(crate) details: bool,
    pub(crate) statistics: bool,
    pub(crate) oneline: bool,
    pub(crate) brief: bool,
    /// Changes are told with the time.
    pub(crate) timestamp: Option<Timestamp>,
    /// A command that fails does not end a batch.
    pub(crate) force: bool,
    /// The version was asked for.
    pub(crate) version: bool,
    /// Help was asked for.
    pub(crate) help: bool,
}

/// The options that have names.
const OPTIONS: [&str; 14] = [
    "-Version",
    "-statistics",
    "-stats",
    "-details",
    "-json",
    "-pretty",
    "-family",
    "-brief",
    "-oneline",
    "-timestamp",
    "-tshort",
    "-batch",
    "-force",
    "-help",
];

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    Address,
    Link,
    Neighbour,
    Maddress,
    Route,
    Rule,
    Monitor,
    Help,
    Version,
}

/// Whether `word` is a beginning of `whole`. iproute2: `matches`.
pub(crate) fn begins(whole: &str, word: &str) -> bool {
    !word.is_empty() && whole.starts_with(word)
}

impl Options {
    /// Takes the options; and the file of `-batch`, if that is among them.
    pub(crate) fn parse<'a>(words: &mut Words<'a>) -> Result<(Self, Option<&'a str>), Exit> {
        let (mut options, mut batch) = (Options::default(), None);
        while let Some(word) = words.peek().filter(|word| word.starts_with('-')) {
            words.take();
            if word == "--" {
                break;
            }
            // Two dashes are one.
            let name = word.strip_prefix("--").unwrap_or_else(|| word.trim_start_matches('-'));
            match name {
                "b" | "ba" | "bat" | "batc" | "batch" => batch = Some(words.value()?),
                _ => options.set(word, name, words)?,
            }
        }
        Ok((options, batch))
    }

    fn set(&mut self, word: &str, name: &str, words: &mut Words<'_>) -> Result<(), Exit> {
        let is = |whole| begins(whole, name);
        match name {
            "4" => self.family = Some(Family::Inet),
            "6" => self.family = Some(Family::Inet6),
            "0" => self.family = Some(Family::Link),
            _ if name.len() > 1 && is("force") => self.force = true,
            _ if is("family") => self.family = Some(family(words.value()?)?),
            _ if is("statistics") || is("stats") => self.statistics = true,
            _ if is("details") => self.details = true,
            _ if is("timestamp") => self.timestamp = Some(Timestamp::Long),
            _ if is("tshort") => self.timestamp = Some(Timestamp::Short),
            _ if is("oneline") => self.oneline = true,
            _ if is("brief") => self.brief = true,
            _ if is("json") => self.json = true,
            _ if is("pretty") => self.pretty = true,
            _ if is("help") => self.help = true,
            "V" | "Version" => self.version = true,
            // What only changes how things look to people, or is so here anyway.
            _ if name.starts_with('c') && (is("color") || name.starts_with("color=")) => {}
            _ if is("Numeric") || is("resolve") || is("human-readable") || is("iec") => {}
            _ => {
                let unknown = Exit::usage(format!("Option \"{word}\" is unknown, try \"ip -help\"."));
                return Err(unknown.hint(word, OPTIONS));
            }
        }
        Ok(())
    }

    /// What is asked for with the options themselves.
    pub(crate) fn object(&self) -> Option<Object> {
        match (self.version, self.help) {
            (true, _) => Some(Object::Version),
            (_, true) => Some(Object::Help),
            _ => None,
        }
    }
}

fn family(word: &str) -> Result<Family, Exit> {
    match word {
        "inet" => Ok(Family::Inet),
        "inet6" => Ok(Family::Inet6),
        "link" => Ok(Family::Link),
        other => Err(Exit::wrong(other, "invalid protocol family\n").hint(other, ["inet", "inet6", "link"])),
    }
}

impl Object {
    /// The object of this name, or of a beginning of it. The first that it may mean is meant, in iproute2's order.
    pub(crate) fn parse(word: Option<&str>) -> Result<Self, Exit> {
        const OBJECTS: [(&str, Object); 9] = [
            ("address", Object::Address),
            ("maddress", Object::Maddress),
            ("route", Object::Route),
            ("rule", Object::Rule),
            ("neighbor", Object::Neighbour),
            ("neighbour", Object::Neighbour),
            ("link", Object::Link),
            ("monitor", Object::Monitor),
            ("help", Object::Help),
        ];
        let Some(word) = word else { return Ok(Object::Help) };
        let found = OBJECTS.iter().find(|(name, _)| begins(name, word));
        let names = || OBJECTS.iter().map(|(name, _)| *name).chain(["addr", "neigh", "maddr"]);
        let near = || did_you_mean(word, names());
        let unknown = || Exit::new(1, format!("Object \"{word}\" is unknown, try \"ip help\".{}", near()));
        found.map(|(_, object)| *object).ok_or_else(unknown)
    }
}

/// The commands that objects have.
const COMMANDS: [&str; 12] = [
    "add", "append", "change", "delete", "flush", "get", "help", "list", "prepend", "replace", "set", "show",
];

/// A command that an object does not know. iproute2: the end of `do_iplink` and its like.
pub(crate) fn unknown_command(word: &str, object: &str) -> Exit {
    // A command that others have is none that is misspelt.
    Exit::usage(format!("Command \"{word}\" is unknown, try \"ip {object} help\".")).hint(word, COMMANDS)
}

/// A word that iproute2 knows and nothing here could follow.
pub(crate) fn unsupported(word: &str) -> Exit {
    Exit::usage(format!("Error: \"{word}\" is not supported by this stack."))
}

/// A word that is taken for what `before` is followed by, which was said already; perhaps one of `names` was meant.
/// iproute2: `duparg2`.
pub(crate) fn garbage<'a>(before: &str, word: &str, names: impl IntoIterator<Item = &'a str>) -> Exit {
    let text = format!("Error: either \"{before}\" is duplicate, or \"{word}\" is a garbage.");
    Exit::usage(text).hint(word, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(String::from).collect()
    }

    #[test]
    fn options_may_be_shortened() {
        let all = words("-s -d -4 -json -p -br --oneline -c=never addr show");
        let mut rest = Words::new(&all);
        // Colours are for terminals.
        let error = Options::parse(&mut rest).unwrap_err();
        assert_eq!(error.text, "Option \"-c=never\" is unknown, try \"ip -help\".");
        let all = words("-s -d -4 -json -p -br --oneline -color=never -c -f inet6 addr show");
        let mut rest = Words::new(&all);
        let (options, _) = Options::parse(&mut rest).unwrap();
        let expected = Options {
            family: Some(Family::Inet6),
            json: true,
            pretty: true,
            details: true,
            statistics: true,
            oneline: true,
            brief: true,
            ..Options::default()
        };
        assert_eq!((options, rest.take()), (expected, Some("addr")));
        for (line, text) in [
            ("-z", "Option \"-z\" is unknown, try \"ip -help\"."),
            ("-jsno a", "Option \"-jsno\" is unknown, try \"ip -help\".\nDid you mean \"-json\"?"),
            (
                "-f inte a",
                "Error: argument \"inte\" is wrong: invalid protocol family\n\nDid you mean \"inet\"?",
            ),
        ] {
            assert_eq!(Options::parse(&mut Words::new(&words(line))).unwrap_err().text, text);
        }
    }

    #[test]
    fn objects_may_be_shortened() {
        for (word, object) in [
            ("a", Object::Address),
            ("l", Object::Link),
            ("n", Object::Neighbour),
            ("neighb", Object::Neighbour),
            ("neighbour", Object::Neighbour),
            ("m", Object::Maddress),
            ("r", Object::Route),
            ("ru", Object::Rule),
        ] {
            assert_eq!(Object::parse(Some(word)), Ok(object), "{word}");
        }
        for (word, near) in
            [("frob", ""), ("adr", "\nDid you mean \"addr\"?"), ("ruote", "\nDid you mean \"route\"?")]
        {
            let error = Object::parse(Some(word)).unwrap_err();
            let text = format!("Object \"{word}\" is unknown, try \"ip help\".{near}");
            assert_eq!((error.code, error.text), (1, text));
        }
    }

    #[test]
    fn commands_that_are_misspelt_are_guessed() {
        for (word, near) in [
            ("shwo", "\nDid you mean \"show\"?"),
            ("lsit", "\nDid you mean \"list\"?"),
            ("get", ""),
            ("frob", ""),
        ] {
            let text = format!("Command \"{word}\" is unknown, try \"ip route help\".{near}");
            assert_eq!(unknown_command(word, "route").text, text);
        }
    }
}
