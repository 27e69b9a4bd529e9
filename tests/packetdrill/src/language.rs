//! The script language: text in, [`Script`] out.
//!
//! A script is options (`--mss=1000`), an optional first command in backticks, events with their times, and an
//! optional last command. `lexer` makes tokens, `parser` and its neighbours make the tree in [`ast`].

pub mod ast;
mod error;
mod expression;
mod lexer;
mod options;
mod parser;
mod segment;
mod tcp_options;
mod token;

#[cfg(test)]
mod tests;

pub use ast::Script;
pub use error::{ParseError, Span};
pub use lexer::unescape;

/// A symbol and its value.
pub type Define = (String, String);

/// Reads a script. Symbols have values by the script's own `--define=SYM=VAL`; `weak` are values of symbols that it
/// does not define, `strong` are those of the command line (`-D SYM=VAL`), which win.
///
/// # Errors
/// The first thing that is not understood, with its place.
pub fn parse(name: &str, text: &str, weak: &[Define], strong: &[Define]) -> Result<Script, ParseError> {
    let tokens = lexer::tokens(text).map_err(|fault| fault.in_script(name, text))?;
    parser::script(tokens, weak, strong).map_err(|fault| fault.in_script(name, text))
}
