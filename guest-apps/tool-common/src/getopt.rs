//! Command lines of short options, read as getopt(3) reads them: `-c 3`, `-c3`, `-nq`, `--` before what only looks
//! like options. What is no option may stand anywhere.

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

/// Reads `arguments`. `flags` are the options without a value, `valued` those with one.
///
/// # Errors
/// A line about the first option that is not known or lacks its value.
pub fn read<'a>(arguments: &'a [String], flags: &str, valued: &str) -> Result<Words<'a>, String> {
    let mut words = Words::default();
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix('-') {
            Some("-") => {
                words.others.extend(arguments);
                break;
            }
            None | Some("") => words.others.push(argument),
            Some(mut letters) => {
                while let Some(letter) = letters.chars().next() {
                    letters = letters.get(letter.len_utf8()..).unwrap_or_default();
                    if flags.contains(letter) {
                        words.options.push((letter, ""));
                    } else if valued.contains(letter) {
                        let value = if letters.is_empty() { arguments.next() } else { Some(letters) };
                        let value =
                            value.ok_or_else(|| format!("option requires an argument -- '{letter}'"))?;
                        words.options.push((letter, value));
                        break;
                    } else {
                        return Err(format!("invalid option -- '{letter}'"));
                    }
                }
            }
        }
    }
    Ok(words)
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

    fn found(line: &str) -> Result<Found, String> {
        let arguments: Vec<String> = line.split_whitespace().map(String::from).collect();
        let words = read(&arguments, "nq", "c")?;
        let options = words.options.iter().map(|(letter, value)| (*letter, value.to_string()));
        Ok((options.collect(), words.others.iter().map(|word| word.to_string()).collect()))
    }

    #[test]
    fn options_come_in_all_forms() {
        let expected = (vec![('n', "".into()), ('q', "".into()), ('c', "3".into())], vec!["host".into()]);
        for line in ["-n -q -c 3 host", "-nqc3 host", "-nqc 3 host", "host -nq -c3", "-n -q -c 3 -- host"] {
            assert_eq!(found(line), Ok(expected.clone()), "{line}");
        }
        assert_eq!(found("- -- -n"), Ok((vec![], vec!["-".into(), "-n".into()])));
        assert_eq!(found("-x"), Err("invalid option -- 'x'".into()));
        assert_eq!(found("-nc"), Err("option requires an argument -- 'c'".into()));
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
