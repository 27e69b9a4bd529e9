//! The command line.

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
        let mut options = Options::default();
        let mut verb = None;
        let mut only_words = false;
        for word in words {
            match word.as_str() {
                "--" if !only_words => only_words = true,
                option if !only_words && option.len() > 1 && option.starts_with('-') => {
                    options.option(option)?;
                }
                first if verb.is_none() => verb = Some(parse_verb(first)?),
                link => options.links.push(link.into()),
            }
        }
        if options.verb == Verb::Status {
            options.verb = verb.unwrap_or_default();
        }
        Ok(options)
    }

    fn option(&mut self, word: &str) -> Result<(), Exit> {
        match word {
            "-h" | "--help" => self.verb = Verb::Help,
            "-V" | "--version" => self.verb = Verb::Version,
            "-j" | "--json" | "--json=short" => self.json = Some(Form::Short),
            "--json=pretty" => self.json = Some(Form::Pretty),
            "--json=off" => self.json = None,
            other => return Err(Exit::new(1, format!("resolvectl: unrecognized option '{other}'\n{USAGE}"))),
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
