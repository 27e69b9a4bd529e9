//! The options.

use regex_lite::Regex;
use tool_common::Exit;
use tool_common::getopt::{self, Known};

pub(crate) const USAGE: &str = "
Usage:
 sysctl [options] [variable[=value] ...]

Options:
  -a, --all            display all variables
  -A                   alias of -a
  -X                   alias of -a
      --deprecated     include deprecated parameters to listing: there are none
      --dry-run        Print the key and values but do not write
  -b, --binary         print value without new line
  -e, --ignore         ignore unknown variables errors
  -N, --names          print variable names without values
  -n, --values         print only values of the given variable(s)
  -p, --load[=<file>]  read values from file, - for standard input
  -f                   alias of -p
  -r, --pattern <expression>
                       select setting that match expression
  -q, --quiet          do not echo variable set
  -w, --write          enable writing a value to variable
  -o                   does nothing
  -x                   does nothing
  -d                   alias of -h

 -h, --help     display this help and exit
 -V, --version  output version information and exit";

/// What is said of options without variables.
const NOTHING: &str = "sysctl: no variables specified\nTry `sysctl --help' for more information.";
/// Why the folders of the system are not read.
const SYSTEM: &str = "sysctl: --system reads the files of the machine's own settings, and a stack is not the machine: \
                      name files by -p";

const KNOWN: Known<'_> = Known {
    letters: "aAXbdeNnoqwxhVp::f::r:",
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
        ("deprecated", 'x'),
        ("dry-run", 'D'),
        ("system", 'S'),
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
    /// Nothing is set.
    pub(crate) dry_run: bool,
    system: bool,
    pattern: Option<String>,
}

impl Options {
    pub(crate) fn parse(words: &[String]) -> Result<Self, Exit> {
        let read = getopt::read(words, KNOWN);
        let read = read.map_err(|error| Exit::new(1, format!("sysctl: {error}\n{USAGE}")))?;
        let mut options = Options::default();
        read.options.iter().for_each(|(letter, value)| options.set(*letter, value));
        let mut names: Vec<String> = read.others.into_iter().map(String::from).collect();
        // procps: with -p the words are files.
        if options.files.iter().any(String::is_empty) {
            options.files =
                if names.is_empty() { vec!["/etc/sysctl.conf".into()] } else { std::mem::take(&mut names) };
        }
        options.names = names;
        if options.system {
            return Err(Exit::new(1, SYSTEM));
        }
        let nothing = options.names.is_empty() && options.files.is_empty() && !options.all;
        match nothing && !options.help && !options.version {
            true if words.is_empty() => Err(Exit::new(1, USAGE)),
            true => Err(Exit::new(1, NOTHING)),
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
            'h' | 'd' => self.help = true,
            'D' => self.dry_run = true,
            'S' => self.system = true,
            'o' | 'x' => {}
            'V' => self.version = true,
            'p' | 'f' => self.files.push(value.into()),
            'r' => self.pattern = Some(value.into()),
            _ => self.all = true,
        }
    }

    /// Which names are meant; none: all. The expression is searched for, and `^` and `$` bind it to the ends.
    pub(crate) fn pattern(&self) -> Result<Option<Regex>, Exit> {
        let wrong = |error| Exit::new(1, format!("sysctl: {error}"));
        self.pattern.as_deref().map(Regex::new).transpose().map_err(wrong)
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
        assert!(parse("--dry-run a=1").unwrap().dry_run && parse("-d").unwrap().help);
        for line in ["", "-Z", "--frob", "-r", "-n", "--system"] {
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
        for (pattern, expected) in [
            ("rp_filter", true),
            ("^net.ipv4", true),
            ("^rp_filter", false),
            ("filter$", true),
            ("(lo|all)\\..._filter$", true),
            ("tcp_.*", false),
        ] {
            let pattern = parse(&format!("-a -r {pattern}")).unwrap().pattern().unwrap().unwrap();
            assert_eq!(pattern.is_match("net.ipv4.conf.all.rp_filter"), expected, "{pattern}");
        }
        assert!(parse("-a -r [").unwrap().pattern().unwrap_err().text.starts_with("sysctl: "));
        assert!(parse("-a").unwrap().pattern().unwrap().is_none());
    }
}
