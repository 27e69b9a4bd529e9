//! Which word was perhaps meant by one that nobody knows.

/// The name that was perhaps meant by a word that is none of them: one that is at most a third different, or has the
/// same letters with two neighbours changed about.
pub(crate) fn near<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distances = names.into_iter().map(|name| (strsim::osa_distance(word, name), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    let much_like = distance * 3 <= word.len().max(name.len());
    (distance > 0 && (much_like || (distance == 1 && is_swapped(word, name)))).then_some(name)
}

/// Whether both have the same letters.
fn is_swapped(a: &str, b: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    sorted(a) == sorted(b)
}

/// A line that asks whether a name was meant, with the end of the line before it; nothing if none is near, or if the
/// word is one of them.
pub fn did_you_mean<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    near(word, names).map(|name| format!("\nDid you mean \"{name}\"?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_perhaps_meant() {
        let names = ["address", "addr", "link", "route", "rule", "neighbour", "up", "dev"];
        for (word, expected) in [
            ("rout", Some("route")),
            ("ruote", Some("route")),
            ("routte", Some("route")),
            ("adr", Some("addr")),
            ("adress", Some("address")),
            ("neighbuor", Some("neighbour")),
            ("dve", Some("dev")),
            ("pu", Some("up")),
            ("us", None),
            ("link", None),
            ("frob", None),
            ("", None),
        ] {
            assert_eq!(near(word, names), expected, "{word}");
        }
        assert_eq!(did_you_mean("rulle", names), "\nDid you mean \"rule\"?");
        assert_eq!(did_you_mean("frob", names), "");
    }
}
