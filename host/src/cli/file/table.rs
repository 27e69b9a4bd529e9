//! Tables of a TOML file, read key by key. Each error is one line that begins with the file's name and the line's
//! number.

use super::super::near::did_you_mean;
use std::cell::RefCell;
use std::fmt::Display;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// A file's text, and what it is called.
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// An error at this byte of the text.
    pub(super) fn error(&self, at: usize, why: impl Display) -> String {
        let before = self.text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        format!("{}:{}: {why}", self.name, before + 1)
    }
}

type Key<'a> = Spanned<DeString<'a>>;
type Value<'a> = Spanned<DeValue<'a>>;

/// A table whose keys are asked for one by one; what is left at the end nobody knows.
pub(super) struct Table<'a> {
    source: &'a Source<'a>,
    entries: Vec<(&'a Key<'a>, &'a Value<'a>)>,
    start: usize,
    /// The keys that were asked for.
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Table<'a> {
    /// A table that begins at this byte of the file.
    pub(super) fn new(source: &'a Source<'a>, table: &'a DeTable<'a>, start: usize) -> Self {
        Table { source, entries: table.iter().collect(), start, known: RefCell::default() }
    }

    /// An error of the table as a whole.
    pub(super) fn error(&self, why: impl Display) -> String {
        self.source.error(self.start, why)
    }

    /// Whether one of these keys is there.
    pub(super) fn has(&self, keys: &[&str]) -> bool {
        self.entries.iter().any(|(name, _)| keys.contains(&name.get_ref().as_ref()))
    }

    fn get(&self, key: &'static str) -> Option<&'a Value<'a>> {
        self.known.borrow_mut().push(key);
        self.entries.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| *value)
    }

    /// The values of a key that takes several, or one without a list; none without the key.
    pub(super) fn values<T, E: Display>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, String> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.parsed(key, item, &parse)).collect(),
            _ => Ok(vec![self.parsed(key, value, &parse)?]),
        }
    }

    /// The value of a key that takes one.
    pub(super) fn value<T, E: Display>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, String> {
        self.get(key).map(|value| self.parsed(key, value, &parse)).transpose()
    }

    fn parsed<T, E: Display>(
        &self,
        key: &str,
        value: &Value<'_>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, String> {
        let parsed = match text(value.get_ref()) {
            Some(text) => parse(&text).map_err(|error| format!("{key} = {text:?}: {error}")),
            None => Err(format!("{key}: expected a text or a number")),
        };
        parsed.map_err(|why| self.source.error(value.span().start, why))
    }

    /// The tables of this name, of which there may be one or several (`[NAME]`, `[[NAME]]`).
    pub(super) fn tables(&self, key: &'static str) -> Result<Vec<Table<'a>>, String> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let table = |value: &'a Value<'a>| match value.get_ref() {
            DeValue::Table(table) => Ok(Table::new(self.source, table, value.span().start)),
            _ => Err(self.source.error(value.span().start, format!("{key}: expected a table"))),
        };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(table).collect(),
            _ => Ok(vec![table(value)?]),
        }
    }

    /// The keys and values of the tables of this name and those in them, with dots between the keys' parts.
    pub(super) fn pairs(&self, key: &'static str) -> Result<Vec<(String, String)>, String> {
        let mut pairs = Vec::new();
        for table in self.tables(key)? {
            table.flatten("", &mut pairs)?;
        }
        Ok(pairs)
    }

    fn flatten(&self, prefix: &str, pairs: &mut Vec<(String, String)>) -> Result<(), String> {
        for (key, value) in &self.entries {
            let name = format!("{prefix}{}", key.get_ref());
            if let DeValue::Table(inner) = value.get_ref() {
                let inner = Table::new(self.source, inner, value.span().start);
                inner.flatten(&format!("{name}."), pairs)?;
            } else {
                let value = self.parsed(&name, value, |text| Ok::<_, String>(text.to_owned()))?;
                pairs.push((name, value));
            }
        }
        Ok(())
    }

    /// Refuses a key that nobody asked for.
    pub(super) fn finish(self) -> Result<(), String> {
        let known = self.known.borrow();
        let unknown = self.entries.iter().find(|(name, _)| !known.contains(&name.get_ref().as_ref()));
        let Some((name, _)) = unknown else { return Ok(()) };
        let near = did_you_mean(name.get_ref(), known.iter().copied());
        let why = format!("there is no key {:?} here{near}", name.get_ref());
        Err(self.source.error(name.span().start, why))
    }
}

/// A value as it would stand on the command line.
fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    }
}
