//! Where something is in a script, and what is wrong there.

use std::fmt;

/// A place in a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Byte where it starts.
    pub start: usize,
    /// Byte after its end.
    pub end: usize,
    /// Line, from 1.
    pub line: usize,
}

/// What is wrong, before it is known which file it is in.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) span: Span,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Fault {
        Fault { span, message: message.into() }
    }

    pub(super) fn in_script(self, name: &str, text: &str) -> ParseError {
        let start = text[..self.span.start.min(text.len())].rfind('\n').map_or(0, |at| at + 1);
        let source = text[start..].lines().next().unwrap_or("").to_owned();
        let column = text[start..self.span.start.min(text.len())].chars().count() + 1;
        ParseError { name: name.to_owned(), line: self.span.line, column, source, message: self.message }
    }
}

/// A script that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The script's name.
    pub name: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line itself.
    pub source: String,
    /// What was expected and what is there.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}:{}: {}", self.name, self.line, self.column, self.message)?;
        writeln!(f, "    {}", self.source.replace('\t', " "))?;
        write!(f, "    {:>width$}", "^", width = self.column)
    }
}

impl std::error::Error for ParseError {}
