//! The command line.

use tool_common::getopt::{self, Known};
use tool_common::{Exit, did_you_mean};

pub(crate) const USAGE: &str = "\
resolvectl [OPTIONS...] COMMAND ...

Commands:
  status [LINK...]   show what is known of links (this is the default)
  dns [LINK...]      show the servers that names are asked of
  domain [LINK...]   show the domains that names are searched in

  -j, --json[=FORM]  output as JSON, FORM is pretty or short
  -h, --help         this message
  -V, --version      output version information";

const KNOWN: Known<'_> = Known { letters: "hVj::", long: &[("help", 'h'), ("version", 'V'), ("json", 'j')] };

const VERBS: [(&str, Verb); 4] =
    [("status", Verb::Status), ("dns", Verb::Dns), ("domain", Verb::Domain), ("help", Verb::Help)];

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verb {
    /// All that is known.
    #[default]
    Status,
    /// The servers.
    Dns,
    /// The domains.
    Domain,
    /// The usage.
    Help,
    /// The version.
    Version,
}

/// How JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Short,
    Pretty,
}

/// What the words say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) verb: Verb,
    /// JSON, and how; none: text.
    pub(crate) json: Option<Form>,
    /// Names or numbers of devices; none: all.
    pub(crate) links: Vec<String>,
}

impl Options {
    pub(crate) fn parse(words: &[String]) -> Result<Self, Exit> {
        let read = getopt::read(words, KNOWN);
        let read = read.map_err(|error| Exit::new(1, format!("resolvectl: {error}\n{USAGE}")))?;
        let mut options = Options::default();
        read.options.iter().try_for_each(|(letter, value)| options.set(*letter, value))?;
        let mut rest = read.others.into_iter();
        let verb = rest.next().map(parse_verb).transpose()?;
        options.links = rest.map(String::from).collect();
        if options.verb == Verb::Status {
            options.verb = verb.unwrap_or_default();
        }
        Ok(options)
    }

    fn set(&mut self, letter: char, value: &str) -> Result<(), Exit> {
        match (letter, value) {
            ('h', _) => self.verb = Verb::Help,
            ('V', _) => self.verb = Verb::Version,
            (_, "" | "short") => self.json = Some(Form::Short),
            (_, "pretty") => self.json = Some(Form::Pretty),
            (_, "off") => self.json = None,
            (_, other) => {
                let wrong =
                    format!("resolvectl: expected pretty, short or off behind --json=, not '{other}'");
                return Err(Exit::new(1, wrong).hint(other, ["pretty", "short", "off"]));
            }
        }
        Ok(())
    }
}

fn parse_verb(word: &str) -> Result<Verb, Exit> {
    let found = VERBS.iter().find(|(name, _)| *name == word).map(|(_, verb)| *verb);
    let near = || did_you_mean(word, VERBS.iter().map(|(name, _)| *name));
    found.ok_or_else(|| Exit::new(1, format!("Unknown command verb '{word}'.{}", near())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Exit> {
        Options::parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn command_lines_are_read() {
        let dns = |links: &[&str], json| Options {
            verb: Verb::Dns,
            json,
            links: links.iter().map(|link| link.to_string()).collect(),
        };
        for (line, expected) in [
            ("", Options::default()),
            ("status", Options::default()),
            ("dns", dns(&[], None)),
            ("-j dns eth0 3", dns(&["eth0", "3"], Some(Form::Short))),
            ("dns --json=pretty -- -x", dns(&["-x"], Some(Form::Pretty))),
            ("-h dns", Options { verb: Verb::Help, ..Options::default() }),
        ] {
            assert_eq!(parse(line), Ok(expected), "{line}");
        }
        assert_eq!(
            parse("domains").unwrap_err().text,
            "Unknown command verb 'domains'.\nDid you mean \"domain\"?"
        );
        assert!(parse("--frob").unwrap_err().text.starts_with("resolvectl: unrecognized option '--frob'"));
    }
}
