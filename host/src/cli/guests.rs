//! The guests of a command line: words, with `+` between those of one guest and those of the next.

use crate::gate::{Grants, Limits};
use crate::policy::Rules;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A guest program and what it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guest {
    /// The component's file.
    pub file: PathBuf,
    /// Its arguments without the program's name.
    pub arguments: Vec<String>,
    /// Its environment; a variable without a value is copied from this process's environment if it is set
    /// there.
    pub environment: Vec<(String, Option<String>)>,
    /// Directories of this machine, each with its path in the guest.
    pub directories: Vec<(PathBuf, String)>,
    /// What it may do beyond using its own sockets.
    pub grants: Grants,
    /// How much it may take.
    pub limits: Limits,
    /// What it may do of what [`Config::rules`](super::Config::rules) allow; none: all of that.
    pub rules: Option<Rules>,
}

/// The word between guests.
const SEPARATOR: &str = "+";

/// Splits the words into guests, each of which has the rest from `given`. The error is one line.
pub(super) fn from_words(words: Vec<OsString>, given: &Guest) -> Result<Vec<Guest>, String> {
    let guests = words.split(|word| word == SEPARATOR).map(|words| guest(words, given));
    guests.collect()
}

fn guest(words: &[OsString], given: &Guest) -> Result<Guest, String> {
    let (file, arguments) = words.split_first().ok_or("expected GUEST.wasm before and behind a lone +")?;
    let arguments = texts(arguments.iter().map(|word| unescaped(word).to_owned()))?;
    Ok(Guest { file: unescaped(file).into(), arguments, ..given.clone() })
}

/// A word of backslashes and `+` stands for the same with one backslash less: so a guest gets a `+` of its own.
fn unescaped(word: &OsStr) -> &OsStr {
    let bare = word.to_str().and_then(|text| text.strip_prefix('\\'));
    match bare {
        Some(rest) if rest.trim_start_matches('\\') == SEPARATOR => OsStr::new(rest),
        _ => word,
    }
}

/// The arguments of a guest, which are texts for it.
pub(super) fn texts(words: impl IntoIterator<Item = OsString>) -> Result<Vec<String>, String> {
    let text =
        |word: OsString| word.into_string().map_err(|word| format!("the argument {word:?} is not UTF-8"));
    words.into_iter().map(text).collect()
}
