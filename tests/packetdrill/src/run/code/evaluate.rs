//! Values of expressions.

use super::operator::binary;
use super::scope::{Flow, Scope};
use super::tree::Expr;
use super::value::Value;
use super::{builtin, format};

type Result<T> = std::result::Result<T, String>;

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
                        text.push_str(&format::formatted(&self.value(expr)?, format));
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
