//! What instances may be called.

use std::fmt;
use std::str::FromStr;

/// Most characters of a name.
const MAX_LENGTH: usize = 32;

/// The name of an instance: 1 to 32 letters, digits, `.`, `_` and `-`, a letter or digit first. So it can be part
/// of a file's name, and is never taken for an option.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceName(String);

impl InstanceName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstanceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
        let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        if begins && text.len() <= MAX_LENGTH && text.chars().all(fits) {
            Ok(InstanceName(text.to_string()))
        } else {
            Err(format!(
                "expected 1 to {MAX_LENGTH} letters, digits, '.', '_' and '-', with a letter or digit first"
            ))
        }
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parts_of_file_names() {
        let longest = "x".repeat(MAX_LENGTH);
        for fine in ["a", "web-1", "10.0.2.15", "A_b", &longest] {
            assert_eq!(fine.parse::<InstanceName>().unwrap().as_str(), fine);
        }
        let too_long = "x".repeat(MAX_LENGTH + 1);
        for bad in ["", ".", "..", "-x", "_x", "a/b", "a b", "a\0", "ä", "a\n", &too_long] {
            assert!(bad.parse::<InstanceName>().is_err(), "{bad:?}");
        }
    }
}
