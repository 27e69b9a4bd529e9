//! What a code block works with: variables, functions, and how statements end.

use std::collections::HashMap;

use super::tree::Line;
use super::value::Value;

/// A function of a script.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<String>,
    pub(super) body: Vec<Line>,
}

/// Runs code blocks; variables and functions live on from block to block.
#[derive(Debug, Default)]
pub struct Interpreter {
    pub(super) globals: HashMap<String, Value>,
    pub(super) functions: Vec<Function>,
    /// What print() printed, line by line.
    pub printed: Vec<String>,
    /// Steps left, so that a loop in a script ends.
    pub(super) steps: u32,
}

/// Where names are looked up: in a function its own first.
pub(super) struct Scope<'a> {
    pub(super) machine: &'a mut Interpreter,
    pub(super) locals: Option<HashMap<String, Value>>,
}

/// How a statement ended.
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
}
