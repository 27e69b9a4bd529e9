//! Code blocks: the part of Python that scripts use, over the fields of TCP_INFO and its relatives.
//!
//! Understood are assert, assignment, if, while, for, def, return, pass, print and expression statements with
//! Python's operators; upstream runs the blocks at the end of the script with the values of the moment, here they
//! run at that moment.

mod builtin;
mod evaluate;
mod execute;
mod format;
mod operator;
mod parse;
mod scan;
mod scope;
mod tree;
mod value;

#[cfg(test)]
mod tests;

pub use scope::Interpreter;
pub use value::Value;

use crate::linux::symbol;

/// Symbols of Linux that code blocks may name.
const NAMES: &[&str] = &["TCP_", "TCPI_OPT_", "TCP_CA_"];

/// A name that is not a variable may be a symbol of Linux.
fn constant(name: &str) -> Option<Value> {
    let listed = NAMES.iter().any(|prefix| name.starts_with(prefix));
    symbol(name).filter(|_| listed).map(|value| Value::Int(i128::from(value)))
}
