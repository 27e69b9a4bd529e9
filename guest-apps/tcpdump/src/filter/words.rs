//! The words of an expression.

/// The words, with brackets and `!` apart, and `&&` and `||` by their names.
pub(super) fn words(expression: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut rest = expression.chars().peekable();
    let end = |word: &mut String, words: &mut Vec<String>| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    while let Some(c) = rest.next() {
        match c {
            '(' | ')' => {
                end(&mut word, &mut words);
                words.push(c.to_string());
            }
            '!' => {
                end(&mut word, &mut words);
                words.push("not".into());
            }
            '&' | '|' if rest.peek() == Some(&c) => {
                rest.next();
                end(&mut word, &mut words);
                words.push(if c == '&' { "and" } else { "or" }.into());
            }
            c if c.is_whitespace() => end(&mut word, &mut words),
            c => word.push(c),
        }
    }
    end(&mut word, &mut words);
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_cut_at_signs_and_spaces() {
        assert_eq!(
            words("!(tcp&&port 80) || arp"),
            ["not", "(", "tcp", "and", "port", "80", ")", "or", "arp"]
        );
        assert_eq!(words("  "), [""; 0]);
    }
}
