//! The options.

use tool_common::Exit;

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
        let mut options = Options::default();
        for word in words {
            match (word.strip_prefix("--"), word.strip_prefix('-').filter(|letters| !letters.is_empty())) {
                (Some(long), _) => options.long(long)?,
                (None, Some(letters)) => letters.chars().try_for_each(|letter| options.letter(letter))?,
                (None, None) => options.patterns.push(word.clone()),
            }
        }
        Ok(options)
    }

    fn letter(&mut self, letter: char) -> Result<(), Exit> {
        match letter {
            'h' | '?' => self.help = true,
            'V' => self.version = true,
            'a' => self.absolute = true,
            'j' => self.json = true,
            'p' => self.pretty = true,
            'n' => self.silent = true,
            'r' => self.reset = true,
            's' => self.keep = true,
            'z' => self.zeros = true,
            other => return Err(Exit::usage(format!("nstat: invalid option -- '{other}'\n{USAGE}"))),
        }
        Ok(())
    }

    fn long(&mut self, word: &str) -> Result<(), Exit> {
        const LETTERS: [(&str, char); 9] = [
            ("help", 'h'),
            ("version", 'V'),
            ("ignore", 'a'),
            ("json", 'j'),
            ("pretty", 'p'),
            ("nooutput", 'n'),
            ("reset", 'r'),
            ("noupdate", 's'),
            ("zeros", 'z'),
        ];
        let unknown = || Exit::usage(format!("nstat: unrecognized option '--{word}'\n{USAGE}"));
        let letter = LETTERS.iter().find(|(known, _)| *known == word).ok_or_else(unknown)?.1;
        self.letter(letter)
    }

    /// Whether a counter is meant: one of the patterns fits its name, or there is none.
    pub(crate) fn is_meant(&self, name: &str) -> bool {
        self.patterns.is_empty()
            || self.patterns.iter().any(|pattern| fits(pattern.as_bytes(), name.as_bytes()))
    }
}

/// Whether a name is as a pattern says: `*` is anything, `?` one letter; large and small letters are the same.
/// iproute2: `fnmatch` with `FNM_CASEFOLD`.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    // Where to go on if what follows the last star does not fit.
    let (mut at, mut place, mut star) = (0, 0, None);
    while place < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, place));
                at += 1;
            }
            Some(c) if *c == b'?' || name.get(place).is_some_and(|n| n.eq_ignore_ascii_case(c)) => {
                (at, place) = (at + 1, place + 1);
            }
            _ => match star {
                Some((behind, from)) => {
                    (at, place) = (behind, from + 1);
                    star = Some((behind, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|c| *c == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit() {
        for (pattern, name, expected) in [
            ("*", "TcpInSegs", true),
            ("tcp*", "TcpInSegs", true),
            ("*Segs", "TcpInSegs", true),
            ("Tcp?nSegs", "TcpInSegs", true),
            ("Tcp", "TcpInSegs", false),
            ("*In*gs*", "TcpInSegs", true),
            ("*x*", "TcpInSegs", false),
            ("", "", true),
        ] {
            assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }

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
        assert_eq!(Options::parse(&["-Q".into()]).unwrap_err().code, 255);
    }
}
