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

/// Reads a script. `defines` are symbols with values from the command line (`-D SYM=VAL`); the script's own
/// `--define=SYM=VAL` are added to them.
///
/// # Errors
/// The first thing that is not understood, with its place.
pub fn parse(name: &str, text: &str, defines: &[(String, String)]) -> Result<Script, ParseError> {
    let tokens = lexer::tokens(text).map_err(|fault| fault.in_script(name, text))?;
    parser::script(tokens, defines).map_err(|fault| fault.in_script(name, text))
}
