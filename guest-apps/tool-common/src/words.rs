//! The words of a command line, one after the other.

use crate::{Exit, did_you_mean};

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

    /// With a line behind that asks whether one of `names` was meant by `word`, if one is near.
    pub fn hint<'a>(mut self, word: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.text += &did_you_mean(word, names);
        self
    }
}
