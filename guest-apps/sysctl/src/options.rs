//! The options.

use tool_common::Exit;
use tool_common::getopt::{self, Known};

pub(crate) const USAGE: &str = "\
Usage:
 sysctl [options] [variable[=value] ...]

Options:
  -a, --all            display all variables
  -b, --binary         print value without new line
  -e, --ignore         ignore unknown variables errors
  -N, --names          print variable names without values
  -n, --values         print only values of the given variable(s)
  -p, --load=FILE      read values from file, - for standard input
  -q, --quiet          do not echo variable set
  -r, --pattern TEXT   select settings that have TEXT in their names; ^ and $ bind it to the ends
  -w, --write          enable writing a value to variable
  -h, --help           display this help and exit
  -V, --version        output version information and exit";

const KNOWN: Known<'_> = Known {
    letters: "aAXbeNnqwhVp::f::r:",
    long: &[
        ("all", 'a'),
        ("binary", 'b'),
        ("ignore", 'e'),
        ("names", 'N'),
        ("values", 'n'),
        ("quiet", 'q'),
        ("write", 'w'),
        ("help", 'h'),
        ("version", 'V'),
        ("load", 'p'),
        ("pattern", 'r'),
    ],
};

/// What is to be done, and how it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) all: bool,
    pub(crate) bare: bool,
    pub(crate) ignore: bool,
    pub(crate) names_only: bool,
    pub(crate) values_only: bool,
    pub(crate) quiet: bool,
    pub(crate) write: bool,
    pub(crate) help: bool,
    pub(crate) version: bool,
    pub(crate) files: Vec<String>,
    pub(crate) names: Vec<String>,
    pattern: Option<String>,
}

impl Options {
    pub(crate) fn parse(words: &[String]) -> Result<Self, Exit> {
        let read = getopt::read(words, KNOWN);
        let read = read.map_err(|error| Exit::new(1, format!("sysctl: {error}\n\n{USAGE}")))?;
        let mut options = Options::default();
        read.options.iter().for_each(|(letter, value)| options.set(*letter, value));
        let mut names: Vec<String> = read.others.into_iter().map(String::from).collect();
        // procps: with -p the words are files.
        if options.files.iter().any(String::is_empty) {
            options.files =
                if names.is_empty() { vec!["/etc/sysctl.conf".into()] } else { std::mem::take(&mut names) };
        }
        options.names = names;
        let nothing = options.names.is_empty() && options.files.is_empty() && !options.all;
        match nothing && !options.help && !options.version {
            true => Err(Exit::new(1, USAGE)),
            false => Ok(options),
        }
    }

    fn set(&mut self, letter: char, value: &str) {
        match letter {
            'b' => (self.bare, self.values_only) = (true, true),
            'e' => self.ignore = true,
            'N' => self.names_only = true,
            'n' => self.values_only = true,
            'q' => self.quiet = true,
            'w' => self.write = true,
            'h' => self.help = true,
            'V' => self.version = true,
            'p' | 'f' => self.files.push(value.into()),
            'r' => self.pattern = Some(value.into()),
            _ => self.all = true,
        }
    }

    /// Whether a setting has the pattern in its name.
    pub(crate) fn is_meant(&self, name: &str) -> bool {
        let Some(pattern) = &self.pattern else { return true };
        let (pattern, at_start) = match pattern.strip_prefix('^') {
            Some(pattern) => (pattern, true),
            None => (pattern.as_str(), false),
        };
        let (pattern, at_end) = match pattern.strip_suffix('$') {
            Some(pattern) => (pattern, true),
            None => (pattern, false),
        };
        match (at_start, at_end) {
            (true, true) => name == pattern,
            (true, false) => name.starts_with(pattern),
            (false, true) => name.ends_with(pattern),
            (false, false) => name.contains(pattern),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Exit> {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        Options::parse(&words)
    }

    #[test]
    fn options_are_read() {
        let options = parse("-qw net.ipv4.ip_forward=1 -e").unwrap();
        let names = vec!["net.ipv4.ip_forward=1".into()];
        assert_eq!(options, Options { quiet: true, write: true, ignore: true, names, ..Options::default() });
        assert_eq!(parse("-p -").unwrap().files, ["-"]);
        assert_eq!(parse("-p/x").unwrap().files, ["/x"]);
        assert_eq!(parse("-p").unwrap().files, ["/etc/sysctl.conf"]);
        for line in ["", "-Z", "--frob", "-r"] {
            assert_eq!(parse(line).unwrap_err().code, 1, "{line}");
        }
        let text = parse("--wirte").unwrap_err().text;
        assert!(
            text.starts_with("sysctl: unrecognized option '--wirte'\nDid you mean \"--write\"?\n"),
            "{text}"
        );
    }

    #[test]
    fn patterns_choose() {
        for (pattern, expected) in
            [("rp_filter", true), ("^net.ipv4", true), ("^rp_filter", false), ("filter$", true)]
        {
            let options = parse(&format!("-a -r {pattern}")).unwrap();
            assert_eq!(options.is_meant("net.ipv4.conf.all.rp_filter"), expected, "{pattern}");
        }
    }
}
