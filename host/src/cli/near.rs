//! Which word was perhaps meant.

/// The end of a line that asks whether one of `names` was meant; nothing if none is much like the word: at most a third
/// of it is wrong, where letters that changed places count once.
pub(super) fn did_you_mean<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    near(word, names).map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

/// The name that is most like a word that is none of them, if one is.
pub(super) fn near<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distances = names.into_iter().map(|name| (strsim::osa_distance(word, name), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance > 0 && distance * 3 <= word.len().max(name.len())).then_some(name)
}
