//! The tree of a code block.

use super::value::Value;

#[derive(Clone, Debug)]
pub(super) enum Statement {
    Assert(Expr, Option<Expr>),
    Assign(Vec<Expr>, Expr),
    /// `a += b`
    Update(Expr, &'static str, Expr),
    Expression(Expr),
    If(Vec<(Expr, Vec<Line>)>, Vec<Line>),
    While(Expr, Vec<Line>),
    For(Expr, Expr, Vec<Line>),
    Define(String, Vec<String>, Vec<Line>),
    Return(Option<Expr>),
    Break,
    Continue,
    Pass,
}

/// A statement and its text, for messages.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) statement: Statement,
    pub(super) text: String,
}

#[derive(Clone, Debug)]
pub(super) enum Expr {
    Literal(Value),
    Name(String),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Invert(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    /// `a < b <= c`
    Compare(Box<Expr>, Vec<(&'static str, Expr)>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `a if condition else b`: condition, a, b.
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    Call(Box<Expr>, Vec<Expr>),
    Method(Box<Expr>, String, Vec<Expr>),
    Index(Box<Expr>, Box<Expr>),
    /// An f-string: pieces of text, and expressions with their formats.
    Format(Vec<Piece>),
}

/// A piece of an f-string: text, and what stands between braces behind it, with its format.
pub(super) type Piece = (String, Option<(Expr, String)>);
