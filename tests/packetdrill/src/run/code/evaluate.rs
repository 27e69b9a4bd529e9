//! Values of expressions.

use std::collections::HashMap;

use super::builtin;
use super::execute::{Flow, Interpreter};
use super::tree::Expr;
use super::value::Value;

type Result<T> = std::result::Result<T, String>;

/// Where names are looked up: in a function its own first.
pub(super) struct Scope<'a> {
    pub(super) machine: &'a mut Interpreter,
    pub(super) locals: Option<HashMap<String, Value>>,
}

impl Scope<'_> {
    pub(super) fn value(&mut self, expr: &Expr) -> Result<Value> {
        Ok(match expr {
            Expr::Literal(value) => value.clone(),
            Expr::Name(name) => self.name(name)?,
            Expr::List(items) => Value::List(self.values(items)?),
            Expr::Tuple(items) => Value::Tuple(self.values(items)?),
            Expr::Not(inner) => Value::Bool(!self.value(inner)?.truth()),
            Expr::Negative(inner) => binary("-", &Value::Int(0), &self.value(inner)?)?,
            Expr::Invert(inner) => {
                Value::Int(!self.value(inner)?.int().ok_or("code: '~' needs a whole number")?)
            }
            Expr::And(left, right) => {
                let left = self.value(left)?;
                if left.truth() { self.value(right)? } else { left }
            }
            Expr::Or(left, right) => {
                let left = self.value(left)?;
                if left.truth() { left } else { self.value(right)? }
            }
            Expr::Compare(first, rest) => self.compare(first, rest)?,
            Expr::Binary(operator, left, right) => binary(operator, &self.value(left)?, &self.value(right)?)?,
            Expr::Choice(condition, yes, no) => {
                if self.value(condition)?.truth() {
                    self.value(yes)?
                } else {
                    self.value(no)?
                }
            }
            Expr::Call(function, arguments) => self.call(function, arguments)?,
            Expr::Method(object, name, arguments) => {
                builtin::method(&self.value(object)?, name, &self.values(arguments)?)?
            }
            Expr::Index(object, index) => {
                let (object, index) = (self.value(object)?, self.value(index)?);
                let items = object.items().ok_or("code: only lists have an index")?;
                let at = index.int().ok_or("code: an index is a whole number")?;
                let at = if at < 0 { at + items.len() as i128 } else { at };
                items.get(at as usize).cloned().ok_or("code: the index is out of range")?
            }
            Expr::Format(pieces) => {
                let mut text = String::new();
                for (before, hole) in pieces {
                    text.push_str(before);
                    if let Some((expr, format)) = hole {
                        text.push_str(&builtin::formatted(&self.value(expr)?, format));
                    }
                }
                Value::Text(text)
            }
        })
    }

    fn values(&mut self, items: &[Expr]) -> Result<Vec<Value>> {
        items.iter().map(|item| self.value(item)).collect()
    }

    fn name(&self, name: &str) -> Result<Value> {
        let local = self.locals.as_ref().and_then(|locals| locals.get(name));
        let known = local.or_else(|| self.machine.globals.get(name)).cloned();
        known.or_else(|| super::constant(name)).ok_or_else(|| format!("code: the name '{name}' is not known"))
    }

    fn compare(&mut self, first: &Expr, rest: &[(&'static str, Expr)]) -> Result<Value> {
        let mut left = self.value(first)?;
        for (operator, right) in rest {
            let right = self.value(right)?;
            if !holds(operator, &left, &right)? {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    fn call(&mut self, function: &Expr, arguments: &[Expr]) -> Result<Value> {
        let arguments = self.values(arguments)?;
        let Expr::Name(name) = function else { return Err("code: only functions can be called".to_owned()) };
        let Ok(Value::Function(number)) = self.name(name) else {
            return builtin::call(name, &arguments, &mut self.machine.printed);
        };
        let function = self.machine.functions[number].clone();
        if function.parameters.len() != arguments.len() {
            return Err(format!("code: {} takes {} arguments", function.name, function.parameters.len()));
        }
        self.machine.steps = self.machine.steps.checked_sub(10_000).ok_or("code: too many calls")?;
        let locals = function.parameters.into_iter().zip(arguments).collect();
        let mut inner = Scope { machine: &mut *self.machine, locals: Some(locals) };
        match inner.lines(&function.body)? {
            Flow::Return(value) => Ok(value),
            _ => Ok(Value::None),
        }
    }
}

fn holds(operator: &str, left: &Value, right: &Value) -> Result<bool> {
    match operator {
        "==" => return Ok(left.equals(right)),
        "!=" => return Ok(!left.equals(right)),
        "in" | "not in" => {
            let found = match (left, right) {
                (Value::Text(part), Value::Text(whole)) => whole.contains(part),
                _ => right.items().ok_or("code: 'in' needs a list")?.iter().any(|item| item.equals(left)),
            };
            return Ok(found == (operator == "in"));
        }
        _ => {}
    }
    let order = match (left, right) {
        (Value::Text(left), Value::Text(right)) => left.partial_cmp(right),
        _ => match (left.int(), right.int()) {
            (Some(left), Some(right)) => left.partial_cmp(&right),
            _ => left.float().zip(right.float()).and_then(|(left, right)| left.partial_cmp(&right)),
        },
    };
    let order = order.ok_or_else(|| format!("code: {} and {} do not compare", left.repr(), right.repr()))?;
    Ok(match operator {
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    })
}

pub(super) fn binary(operator: &str, left: &Value, right: &Value) -> Result<Value> {
    match (operator, left, right) {
        ("%", Value::Text(format), _) => return builtin::percent(format, right).map(Value::Text),
        ("+", Value::Text(left), Value::Text(right)) => return Ok(Value::Text(format!("{left}{right}"))),
        ("+", Value::List(left), Value::List(right)) => return Ok(Value::List([&left[..], right].concat())),
        _ => {}
    }
    let wrong = || format!("code: {} {operator} {} is not defined", left.repr(), right.repr());
    let zero = || "code: division by zero".to_owned();
    if let (Some(a), Some(b)) = (left.int(), right.int()) {
        let shift = u32::try_from(b).ok().filter(|bits| *bits < 127);
        let whole = match operator {
            "+" => a.checked_add(b),
            "-" => a.checked_sub(b),
            "*" => a.checked_mul(b),
            "//" => return floor_div(a, b).map(Value::Int).ok_or_else(zero),
            "%" => return floor_div(a, b).map(|q| Value::Int(a - q * b)).ok_or_else(zero),
            "&" => Some(a & b),
            "|" => Some(a | b),
            "^" => Some(a ^ b),
            "<<" => shift.and_then(|bits| a.checked_mul(1 << bits)),
            ">>" => shift.map(|bits| a >> bits),
            "**" if b >= 0 => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
            "/" if b != 0 => return Ok(Value::Float(a as f64 / b as f64)),
            "/" => return Err(zero()),
            _ => None,
        };
        return whole.map(Value::Int).ok_or_else(wrong);
    }
    let (a, b) = left.float().zip(right.float()).ok_or_else(wrong)?;
    Ok(Value::Float(match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" | "//" | "%" if b == 0.0 => return Err(zero()),
        "/" => a / b,
        "//" => (a / b).floor(),
        "%" => a - (a / b).floor() * b,
        "**" => a.powf(b),
        _ => return Err(wrong()),
    }))
}

/// Python's division goes down, not towards zero.
fn floor_div(a: i128, b: i128) -> Option<i128> {
    let quotient = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}
