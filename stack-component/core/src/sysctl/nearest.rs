//! Which name was perhaps meant.

use alloc::string::String;
use alloc::vec::Vec;

/// Longer names than this are not compared: they come from outside.
const MAX_COMPARED: usize = 128;

/// Of `names`, the one that is most like `name`, if one is much like it: a quarter of it wrong at most, or the same
/// behind the last dot.
pub(super) fn nearest(name: &str, names: impl Iterator<Item = String>) -> Option<String> {
    if name.len() > MAX_COMPARED {
        return None;
    }
    let leaf = |name: &str| name.rsplit('.').next().map(str::len).unwrap_or_default();
    let distance = |known: &str| {
        let same_leaf = name.rsplit('.').next() == known.rsplit('.').next();
        if same_leaf { 0 } else { distance(name.as_bytes(), known.as_bytes()) }
    };
    let (distance, nearest) = names.map(|known| (distance(&known), known)).min()?;
    (distance <= (leaf(name) / 4).max(1)).then_some(nearest)
}

/// How many bytes must be put in, taken out or changed to make one of the other (Levenshtein).
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (place, y) in row.iter_mut().skip(1).zip(b) {
            let above = *place;
            let changed = diagonal + usize::from(x != y);
            *place = changed.min(above + 1).min(left + 1);
            left = *place;
            diagonal = above;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("sack", "sac", 1)] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
            assert_eq!(distance(b.as_bytes(), a.as_bytes()), expected, "{b} {a}");
        }
    }

    #[test]
    fn what_is_near_is_named_and_what_is_far_is_not() {
        let names = || {
            ["net.ipv4.tcp_sack", "net.ipv4.tcp_timestamps", "net.core.rmem_max"]
                .into_iter()
                .map(String::from)
        };
        for (name, expected) in [
            ("net.ipv4.tcp_sac", Some("net.ipv4.tcp_sack")),
            ("net.ipv4.tcp_timestamp", Some("net.ipv4.tcp_timestamps")),
            ("net.ipv4.rmem_max", Some("net.core.rmem_max")),
            ("tcp_sack", Some("net.ipv4.tcp_sack")),
            ("net.ipv4.tcp_nosuch", None),
            ("", None),
            (&"x".repeat(1000), None),
        ] {
            assert_eq!(nearest(name, names()).as_deref(), expected, "{name}");
        }
    }
}
