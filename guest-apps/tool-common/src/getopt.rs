//! Command lines of options, read as getopt_long(3) reads them: `-c 3`, `-c3`, `-nq`, `--count=3`, `--count 3`, a long
//! name's beginning if it is that of one alone, `--` before what only looks like options. What is no option may stand
//! anywhere.

use crate::did_you_mean;
use std::fmt::Display;
use std::str::FromStr;

/// An option that was found, with its value if it has one.
pub type Found<'a> = (char, &'a str);

/// What a command line has: its options in order, and the other words.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Words<'a> {
    /// The options; those without a value have an empty one.
    pub options: Vec<Found<'a>>,
    /// The other words.
    pub others: Vec<&'a str>,
}

/// The options that there are.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The letters; `:` behind one that has a value, `::` behind one that may have one stuck to it.
    pub letters: &'a str,
    /// Long names, each with the letter that means the same; none: getopt(3) reads, which knows no such.
    pub long: &'a [(&'a str, char)],
}

/// Whether an option has a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    None,
    Needed,
    Stuck,
}

/// Reads `arguments`.
///
/// # Errors
/// A line about the first option that is not known, lacks its value or has one too many, in the C library's words; and
/// one with what was perhaps meant.
pub fn read<'a>(arguments: &'a [String], known: Known<'_>) -> Result<Words<'a>, String> {
    let mut words = Words::default();
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            words.others.extend(arguments);
            break;
        }
        let mut next = || arguments.next();
        match (argument.strip_prefix("--"), argument.strip_prefix('-').filter(|rest| !rest.is_empty())) {
            (Some(_), _) if known.long.is_empty() => return Err("invalid option -- '-'".into()),
            (Some(long), _) => words.options.push(known.read_long(long, &mut next)?),
            (None, Some(letters)) => known.read_letters(letters, &mut next, &mut words.options)?,
            (None, None) => words.others.push(argument),
        }
    }
    Ok(words)
}

impl Known<'_> {
    fn value(&self, letter: char) -> Option<Value> {
        let place = self.letters.find(letter).filter(|_| letter != ':')?;
        let behind = self.letters.get(place + letter.len_utf8()..).unwrap_or_default();
        Some(match (behind.starts_with("::"), behind.starts_with(':')) {
            (true, _) => Value::Stuck,
            (_, true) => Value::Needed,
            _ => Value::None,
        })
    }

    fn read_letters<'a>(
        &self,
        mut letters: &'a str,
        next: &mut impl FnMut() -> Option<&'a str>,
        found: &mut Vec<Found<'a>>,
    ) -> Result<(), String> {
        while let Some(letter) = letters.chars().next() {
            letters = letters.get(letter.len_utf8()..).unwrap_or_default();
            let value = match self.value(letter).ok_or_else(|| format!("invalid option -- '{letter}'"))? {
                Value::None => {
                    found.push((letter, ""));
                    continue;
                }
                Value::Stuck => letters,
                Value::Needed => {
                    let value = if letters.is_empty() { next() } else { Some(letters) };
                    value.ok_or_else(|| format!("option requires an argument -- '{letter}'"))?
                }
            };
            found.push((letter, value));
            break;
        }
        Ok(())
    }

    fn read_long<'a>(
        &self,
        word: &'a str,
        next: &mut impl FnMut() -> Option<&'a str>,
    ) -> Result<Found<'a>, String> {
        let (name, stuck) = match word.split_once('=') {
            Some((name, stuck)) => (name, Some(stuck)),
            None => (word, None),
        };
        let (name, letter) = self.named(name)?;
        match (self.value(letter), stuck) {
            (None | Some(Value::None), Some(_)) => {
                Err(format!("option '--{name}' doesn't allow an argument"))
            }
            (Some(Value::Needed), stuck) => {
                let missing = || format!("option '--{name}' requires an argument");
                Ok((letter, stuck.or_else(next).ok_or_else(missing)?))
            }
            (_, stuck) => Ok((letter, stuck.unwrap_or_default())),
        }
    }

    /// The option of a long name, or of its beginning.
    fn named(&self, name: &str) -> Result<(&str, char), String> {
        let fitting = || self.long.iter().filter(|(known, _)| known.starts_with(name));
        if let Some(exact) = fitting().find(|(known, _)| *known == name) {
            return Ok(*exact);
        }
        let mut letters = fitting().map(|(_, letter)| letter);
        match (fitting().next(), letters.next().is_some_and(|first| letters.all(|other| other == first))) {
            (Some(only), true) => Ok(*only),
            (Some(_), false) => {
                let all: String = fitting().map(|(known, _)| format!(" '--{known}'")).collect();
                Err(format!("option '--{name}' is ambiguous; possibilities:{all}"))
            }
            (None, _) => {
                let dashed: Vec<String> = self.long.iter().map(|(known, _)| format!("--{known}")).collect();
                let near = did_you_mean(&format!("--{name}"), dashed.iter().map(String::as_str));
                Err(format!("unrecognized option '--{name}'{near}"))
            }
        }
    }
}

/// A number within bounds.
///
/// # Errors
/// A line that says which numbers are expected.
pub fn number<T: FromStr + PartialOrd + Display>(text: &str, least: T, most: T) -> Result<T, String> {
    match text.parse() {
        Ok(number) if number >= least && number <= most => Ok(number),
        Err(_) if text.parse::<i128>().is_err() => Err(format!("invalid argument: '{text}'")),
        _ => Err(format!("invalid argument: '{text}': out of range: {least} <= value <= {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Options with their values, and the other words.
    type Found = (Vec<(char, String)>, Vec<String>);

    const LONG: [(&str, char); 4] = [("numeric", 'n'), ("count", 'c'), ("color", 'o'), ("colour", 'o')];

    fn found(line: &str) -> Result<Found, String> {
        let arguments: Vec<String> = line.split_whitespace().map(String::from).collect();
        let words = read(&arguments, Known { letters: "nqc:o::", long: &LONG })?;
        let options = words.options.iter().map(|(letter, value)| (*letter, value.to_string()));
        Ok((options.collect(), words.others.iter().map(|word| word.to_string()).collect()))
    }

    #[test]
    fn options_come_in_all_forms() {
        let expected = (vec![('n', "".into()), ('q', "".into()), ('c', "3".into())], vec!["host".into()]);
        for line in [
            "-n -q -c 3 host",
            "-nqc3 host",
            "-nqc 3 host",
            "host -nq -c3",
            "-n -q -c 3 -- host",
            "--numeric -q --count=3 host",
            "--num -q --cou 3 host",
        ] {
            assert_eq!(found(line), Ok(expected.clone()), "{line}");
        }
        let long = ["--count".to_owned()];
        let none = read(&long, Known { letters: "c:", long: &[] });
        assert_eq!(none, Err("invalid option -- '-'".into()));
        assert_eq!(found("- -- -n"), Ok((vec![], vec!["-".into(), "-n".into()])));
        for (line, value) in [("-o", ""), ("-ored", "red"), ("--colour", ""), ("--colo=red", "red")] {
            assert_eq!(found(line), Ok((vec![('o', value.into())], vec![])), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_the_c_librarys_words() {
        for (line, text) in [
            ("-x", "invalid option -- 'x'"),
            ("-:", "invalid option -- ':'"),
            ("-nc", "option requires an argument -- 'c'"),
            ("--count", "option '--count' requires an argument"),
            ("--numeric=1", "option '--numeric' doesn't allow an argument"),
            ("--frob", "unrecognized option '--frob'"),
            ("--cuont", "unrecognized option '--cuont'\nDid you mean \"--count\"?"),
            ("--co", "option '--co' is ambiguous; possibilities: '--count' '--color' '--colour'"),
        ] {
            assert_eq!(found(line), Err(text.into()), "{line}");
        }
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(number("7", 1, 9), Ok(7));
        assert_eq!(number("0.5", 0.0, 1.0), Ok(0.5));
        assert!(number("10", 1, 9).unwrap_err().ends_with("out of range: 1 <= value <= 9"));
        assert_eq!(number("x", 1, 9), Err("invalid argument: 'x'".into()));
        assert!(number("NaN", 0.0, 1.0).is_err());
    }
}
