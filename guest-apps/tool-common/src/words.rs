//! The words of a command line, one after the other.

use crate::Exit;

/// What is left of a command line.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    words: &'a [String],
}

impl<'a> Words<'a> {
    /// All of it.
    pub fn new(words: &'a [String]) -> Self {
        Words { words }
    }

    /// The next word, taken.
    pub fn take(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    /// The next word, left where it is.
    pub fn peek(&self) -> Option<&'a str> {
        self.words.first().map(String::as_str)
    }

    /// The word that must follow. iproute2: `NEXT_ARG`.
    pub fn value(&mut self) -> Result<&'a str, Exit> {
        self.take().ok_or_else(|| Exit::usage("Command line is not complete. Try option \"help\""))
    }

    /// The number that must follow, of what is called `what`. iproute2: `get_unsigned`.
    pub fn number<T: TryFrom<u64>>(&mut self, what: &str) -> Result<T, Exit> {
        let word = self.value()?;
        number(word).ok_or_else(|| wrong(word, &format!("Invalid \"{what}\" value\n")))
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// The name that was perhaps meant by a word that is none of them: one that is at most a third different.
fn near<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distances = names.into_iter().map(|name| (distance(word, name), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= word.len().max(name.len())).then_some(name)
}

/// How many letters have to be put in, left out or changed to make one word of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (line, of_a) in a.chars().enumerate() {
        let mut before = line;
        let mut left = line + 1;
        for (place, of_b) in row.iter_mut().skip(1).zip(b.chars()) {
            let changed = before + usize::from(of_a != of_b);
            before = *place;
            left = changed.min(before + 1).min(left + 1);
            *place = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// A line that asks whether a name was meant, with the end of the line before it; nothing if none is near.
pub fn did_you_mean<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    near(word, names).map(|name| format!("\nDid you mean \"{name}\"?")).unwrap_or_default()
}

/// The number that a word says, in decimal or with 0x.
pub fn number<T: TryFrom<u64>>(word: &str) -> Option<T> {
    let value = match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => word.parse().ok()?,
    };
    T::try_from(value).ok()
}

/// A word that is no value of its argument. iproute2: `invarg`.
pub(crate) fn wrong(word: &str, why: &str) -> Exit {
    Exit::usage(format!("Error: argument \"{word}\" is wrong: {why}"))
}

impl Exit {
    /// A word that is no value of its argument. iproute2: `invarg`.
    pub fn wrong(word: &str, why: &str) -> Self {
        wrong(word, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_perhaps_meant() {
        let names = ["address", "link", "route", "rule", "neighbour"];
        for (word, expected) in [
            ("rout", Some("route")),
            ("ruote", None),
            ("routte", Some("route")),
            ("adress", Some("address")),
            ("neighbuor", Some("neighbour")),
            ("frob", None),
            ("", None),
        ] {
            assert_eq!(near(word, names), expected, "{word}");
        }
        assert_eq!(did_you_mean("rulle", names), "\nDid you mean \"rule\"?");
        assert_eq!(did_you_mean("frob", names), "");
    }
}
