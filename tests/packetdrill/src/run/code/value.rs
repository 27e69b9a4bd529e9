//! Values of code blocks.

use std::fmt;

/// A value.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Value {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    /// A function of the script, by its number.
    Function(usize),
}

impl Value {
    pub(super) fn truth(&self) -> bool {
        match self {
            Value::None => false,
            Value::Bool(value) => *value,
            Value::Int(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::List(items) | Value::Tuple(items) => !items.is_empty(),
            Value::Function(_) => true,
        }
    }

    pub(super) fn int(&self) -> Option<i128> {
        match self {
            Value::Bool(value) => Some(i128::from(*value)),
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn float(&self) -> Option<f64> {
        match self {
            Value::Float(value) => Some(*value),
            other => other.int().map(|value| value as f64),
        }
    }

    pub(super) fn items(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) | Value::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// Equality as Python has it: numbers of all kinds compare.
    pub(super) fn equals(&self, other: &Value) -> bool {
        match (self.int(), other.int()) {
            (Some(a), Some(b)) => a == b,
            _ => match (self.float(), other.float()) {
                (Some(a), Some(b)) => a == b,
                _ => self == other,
            },
        }
    }

    /// The value as it is written in a program; `Display` is how print() shows it.
    pub(super) fn repr(&self) -> String {
        match self {
            Value::Text(text) => format!("'{text}'"),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: &[Value]| items.iter().map(Value::repr).collect::<Vec<_>>().join(", ");
        match self {
            Value::None => f.write_str("None"),
            Value::Bool(value) => f.write_str(if *value { "True" } else { "False" }),
            Value::Int(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value:?}"),
            Value::Text(text) => f.write_str(text),
            Value::List(items) => write!(f, "[{}]", list(items)),
            Value::Tuple(items) => write!(f, "({}{})", list(items), if items.len() == 1 { "," } else { "" }),
            Value::Function(number) => write!(f, "<function {number}>"),
        }
    }
}
