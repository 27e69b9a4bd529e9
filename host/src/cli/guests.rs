//! The guests of a command line: words, with `+` between those of one guest and those of the next.

use super::config::{Guest, texts};
use std::ffi::{OsStr, OsString};

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
