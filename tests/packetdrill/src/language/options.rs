//! Symbols with values: `--define=SYM=VAL`, `-D SYM=VAL`.

use super::token::{Kind, Token};

/// `SYM=VAL` as a pair.
pub(super) fn define(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}

/// Puts values in the place of symbols. The last definition counts.
pub(super) fn substitute(tokens: &mut [Token], defines: &[(String, String)]) {
    for token in tokens {
        let Kind::Word(word) = &token.kind else { continue };
        let Some((_, value)) = defines.iter().rev().find(|(name, _)| name == word) else { continue };
        token.kind = value_of(value);
        token.raw = value.clone();
    }
}

fn value_of(value: &str) -> Kind {
    let inside = |mark: char| value.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    if let Some(text) = inside('"') {
        return Kind::Text(text.to_owned());
    }
    if let Some(text) = inside('`') {
        return Kind::Command(text.to_owned());
    }
    let hexadecimal = value.strip_prefix("0x").and_then(|hex| i64::from_str_radix(hex, 16).ok());
    match hexadecimal.or_else(|| value.parse().ok()) {
        Some(number) => Kind::Integer(number),
        None => Kind::Word(value.to_owned()),
    }
}
