//! JSON as iproute2 writes it: on one line, or spread out with `-p`.

use std::fmt::Write;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A number larger than the others, without a sign.
    Large(u64),
    /// A number with so many digits behind the point.
    Fraction(f64, usize),
    /// Yes or no.
    Bool(bool),
    /// Nothing.
    Null,
    /// Values in their order.
    List(Vec<Json>),
    /// Values by name, in the order they were put in.
    Object(Vec<(&'static str, Json)>),
    /// The same with names that are made up as it goes.
    Map(Vec<(String, Json)>),
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Json::Text(text.into())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Json::Text(text)
    }
}

impl From<u32> for Json {
    fn from(number: u32) -> Self {
        Json::Number(number.into())
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Json::Large(number)
    }
}

impl Json {
    /// On one line, without an end of line.
    pub fn compact(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, None);
        out
    }

    /// Spread out, without the last end of line. iproute2: `jsonw_pretty`.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Some(0));
        out
    }

    /// As an item of a list that is written piece by piece, with what stands before it.
    pub fn item(&self, first: bool, pretty: bool) -> String {
        let mut out = String::from(match (first, pretty) {
            (false, _) => ",",
            (true, true) => "[ ",
            (true, false) => "[",
        });
        self.write(&mut out, pretty.then_some(1));
        out
    }

    /// `depth`: how many lists and objects this is within; none: all on one line.
    fn write(&self, out: &mut String, depth: Option<usize>) {
        // Writing to a text does not fail.
        let _ = match self {
            Json::Text(text) => return quote(out, text),
            Json::Number(number) => write!(out, "{number}"),
            Json::Large(number) => write!(out, "{number}"),
            Json::Fraction(number, digits) => write!(out, "{number:.digits$}"),
            Json::Bool(value) => write!(out, "{value}"),
            Json::Null => write!(out, "null"),
            Json::List(values) => return list(out, depth, values),
            Json::Object(fields) => {
                return object(out, depth, fields.iter().map(|(name, value)| (*name, value)));
            }
            Json::Map(fields) => {
                return object(out, depth, fields.iter().map(|(name, value)| (name.as_str(), value)));
            }
        };
    }
}

fn list(out: &mut String, depth: Option<usize>, values: &[Json]) {
    let pretty = depth.is_some();
    out.push_str(if pretty { "[ " } else { "[" });
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        value.write(out, depth.map(|depth| depth + 1));
    }
    out.push_str(if pretty && !values.is_empty() { " ]" } else { "]" });
}

fn object<'a>(out: &mut String, depth: Option<usize>, fields: impl Iterator<Item = (&'a str, &'a Json)>) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"    ".repeat(depth));
    };
    out.push('{');
    let mut empty = true;
    for (name, value) in fields {
        if !std::mem::take(&mut empty) {
            out.push(',');
        }
        depth.into_iter().for_each(|depth| line(out, depth + 1));
        quote(out, name);
        out.push_str(if depth.is_some() { ": " } else { ":" });
        value.write(out, depth.map(|depth| depth + 1));
    }
    depth.filter(|_| !empty).into_iter().for_each(|depth| line(out, depth));
    out.push('}');
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// An object, written down by its fields.
#[macro_export]
macro_rules! object {
    ($($name:literal: $value:expr),* $(,)?) => {
        vec![$(($name, $crate::json::Json::from($value))),*]
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Json {
        let inner = Json::Object(object! { "family": "inet", "len": 8u32 });
        let flags = Json::List(vec!["UP".into(), "a\"b\\\n\u{1}".into()]);
        let empty = Json::List(Vec::new());
        let list = Json::List(vec![inner.clone(), inner]);
        Json::List(vec![Json::Object(vec![("i", Json::Number(-1)), ("f", flags), ("e", empty), ("a", list)])])
    }

    #[test]
    fn on_one_line() {
        let expected = r#"[{"i":-1,"f":["UP","a\"b\\\n\u0001"],"e":[],"a":[{"family":"inet","len":8},{"family":"inet","len":8}]}]"#;
        assert_eq!(sample().compact(), expected);
    }

    #[test]
    fn spread_out_as_iproute2_does() {
        let expected = "[ {
        \"i\": -1,
        \"f\": [ \"UP\",\"a\\\"b\\\\\\n\\u0001\" ],
        \"e\": [ ],
        \"a\": [ {
                \"family\": \"inet\",
                \"len\": 8
            },{
                \"family\": \"inet\",
                \"len\": 8
            } ]
    } ]";
        assert_eq!(sample().pretty(), expected);
    }
}
