//! Values as text, in the formats of `%` and `format`.

use super::value::Value;

type Result<T> = std::result::Result<T, String>;

/// A value in a format such as `x`, `d`, `.2f`, `08x`, `>5`.
pub(super) fn formatted(value: &Value, format: &str) -> String {
    let kind = format.chars().last().filter(char::is_ascii_alphabetic);
    let format = format.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let (width, precision) = format.split_once('.').unwrap_or((format, ""));
    let flags: String =
        width.chars().take_while(|c| matches!(c, '0' | '#' | '-' | '+' | ' ' | '<' | '>')).collect();
    let width: usize = width[flags.len()..].parse().unwrap_or(0);
    let prefix = if flags.contains('#') { "0x" } else { "" };
    let text = match (kind, value.int(), value.float()) {
        (Some('x'), Some(whole), _) => format!("{prefix}{whole:x}"),
        (Some('X'), Some(whole), _) => format!("{prefix}{whole:X}"),
        (Some('d' | 'i' | 'u'), _, Some(number)) => format!("{}", value.int().unwrap_or(number as i128)),
        (Some('f' | 'F'), _, Some(number)) => format!("{number:.*}", precision.parse().unwrap_or(6)),
        (Some('r'), ..) => value.repr(),
        _ => value.to_string(),
    };
    match () {
        () if flags.contains(['-', '<']) => format!("{text:<width$}"),
        () if flags.contains('0') => format!("{text:0>width$}"),
        () => format!("{text:>width$}"),
    }
}

/// `'%d us' % value`
pub(super) fn percent(format: &str, value: &Value) -> Result<String> {
    let values = match value {
        Value::Tuple(items) => items.clone(),
        other => vec![other.clone()],
    };
    let mut values = values.iter();
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        let spec = &rest[at + 1..];
        let len =
            spec.find(|c: char| c.is_ascii_alphabetic() || c == '%').ok_or("code: a format has no end")?;
        if spec[len..].starts_with('%') {
            text.push('%');
        } else {
            // `%ld` is `%d`.
            let value = values.next().ok_or("code: there are fewer values than the format needs")?;
            text.push_str(&formatted(value, &spec[..=len]));
        }
        rest = &spec[len + 1..];
    }
    Ok(text + rest)
}

/// `'{} {1}'.format(a, b)`
pub(super) fn braces(format: &str, arguments: &[Value]) -> String {
    let mut text = String::new();
    let mut rest = format;
    let mut next = 0;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}').map(|at| at + open) else { break };
        text.push_str(&rest[..open]);
        let (name, format) = rest[open + 1..close].split_once(':').unwrap_or((&rest[open + 1..close], ""));
        let at = name.parse().unwrap_or(next);
        next = at + 1;
        text.push_str(&arguments.get(at).map_or(String::new(), |value| formatted(value, format)));
        rest = &rest[close + 1..];
    }
    text + rest
}
