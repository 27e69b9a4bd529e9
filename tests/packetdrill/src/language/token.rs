//! Tokens. Keywords are words: what they mean depends on where they stand.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::error::Span;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Letters, digits and underscores that are no number.
    Word(String),
    /// Decimal or hexadecimal.
    Integer(i64),
    /// A number with a point, in seconds mostly.
    Float(f64),
    /// Between double quotes, not yet unescaped.
    Text(String),
    /// Between backticks.
    Command(String),
    /// Between `%{` and `}%`.
    Code(String),
    /// `--name` or `--name=value`.
    Option(String, Option<String>),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    /// `...`
    Ellipsis,
    Mark(char),
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// As it is written: `012` and `.5` differ from `12` and `0.5` where flags and cookies are meant.
    pub(super) raw: String,
    pub(super) span: Span,
}

impl Token {
    /// The token in an error message.
    pub(super) fn describe(&self) -> String {
        match &self.kind {
            Kind::End => "the end of the script".to_owned(),
            Kind::Command(_) => "a command in backticks".to_owned(),
            Kind::Code(_) => "a code block".to_owned(),
            _ => format!("'{}'", self.raw),
        }
    }
}
