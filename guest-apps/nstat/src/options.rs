//! The options.

use tool_common::getopt::{self, Known};
use tool_common::{Exit, did_you_mean, fits};

pub(crate) const USAGE: &str = "\
Usage: nstat [OPTION] [ PATTERN [ PATTERN ] ]
   -h, --help          this message
   -a, --ignore        ignore history
   -j, --json          format output in JSON
   -n, --nooutput      do history only
   -p, --pretty        pretty print
   -r, --reset         reset history
   -s, --noupdate      don't update history
   -V, --version       output version information
   -z, --zeros         show entries with zero activity";

const KNOWN: Known<'_> = Known {
    letters: "h?Vajpnrsz",
    long: &[
        ("help", 'h'),
        ("version", 'V'),
        ("ignore", 'a'),
        ("json", 'j'),
        ("pretty", 'p'),
        ("nooutput", 'n'),
        ("reset", 'r'),
        ("noupdate", 's'),
        ("zeros", 'z'),
    ],
};

/// What is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) help: bool,
    pub(crate) version: bool,
    pub(crate) absolute: bool,
    pub(crate) json: bool,
    pub(crate) pretty: bool,
    pub(crate) silent: bool,
    pub(crate) reset: bool,
    /// The history is not updated.
    pub(crate) keep: bool,
    pub(crate) zeros: bool,
    patterns: Vec<String>,
}

impl Options {
    pub(crate) fn parse(words: &[String]) -> Result<Self, Exit> {
        let read = getopt::read(words, KNOWN);
        let read = read.map_err(|error| Exit::usage(format!("nstat: {error}\n{USAGE}")))?;
        let mut options = Options::default();
        read.options.iter().for_each(|(letter, _)| options.letter(*letter));
        options.patterns = read.others.into_iter().map(String::from).collect();
        Ok(options)
    }

    fn letter(&mut self, letter: char) {
        match letter {
            'V' => self.version = true,
            'a' => self.absolute = true,
            'j' => self.json = true,
            'p' => self.pretty = true,
            'n' => self.silent = true,
            'r' => self.reset = true,
            's' => self.keep = true,
            'z' => self.zeros = true,
            _ => self.help = true,
        }
    }

    /// A line for each pattern that fits none of `names`, with what was perhaps meant.
    pub(crate) fn misses(&self, names: &[&str]) -> String {
        let missed =
            self.patterns.iter().filter(|pattern| !names.iter().any(|name| fits_letters(pattern, name)));
        let line = |pattern: &String| {
            format!("nstat: no counter fits \"{pattern}\"{}\n", did_you_mean(pattern, names.iter().copied()))
        };
        missed.map(line).collect()
    }

    /// Whether a counter is meant: one of the patterns fits its name, or there is none.
    pub(crate) fn is_meant(&self, name: &str) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| fits_letters(pattern, name))
    }
}

/// As [`fits`]; large and small letters are the same. iproute2: `FNM_CASEFOLD`.
fn fits_letters(pattern: &str, name: &str) -> bool {
    fits(&pattern.to_ascii_lowercase(), &name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let words = ["-az", "--json", "Tcp*"].map(String::from);
        let expected = Options {
            absolute: true,
            zeros: true,
            json: true,
            patterns: vec!["Tcp*".into()],
            ..Options::default()
        };
        assert_eq!(Options::parse(&words), Ok(expected));
        for (word, text) in [
            ("-Q", "nstat: invalid option -- 'Q'\nUsage: nstat"),
            ("--jsn", "nstat: unrecognized option '--jsn'\nDid you mean \"--json\"?\nUsage: nstat"),
        ] {
            let error = Options::parse(&[word.into()]).unwrap_err();
            assert!(error.code == 255 && error.text.starts_with(text), "{}", error.text);
        }
    }

    #[test]
    fn large_and_small_letters_are_the_same() {
        assert!(fits_letters("tcp*", "TcpInSegs"));
        assert!(!fits_letters("tcp", "TcpInSegs"));
    }

    #[test]
    fn patterns_that_fit_nothing_are_told() {
        let options = Options::parse(&["IpInRecieves", "Tcp*", "Udp*"].map(String::from)).unwrap();
        assert_eq!(
            options.misses(&["IpInReceives", "TcpInSegs"]),
            "nstat: no counter fits \"IpInRecieves\"\nDid you mean \"IpInReceives\"?\nnstat: no counter fits \"Udp*\"\n"
        );
    }
}
