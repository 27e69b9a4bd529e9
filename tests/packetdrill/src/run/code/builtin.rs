//! Functions that code blocks find there, and the formatting of text.

use super::format::braces;
use super::operator::binary;
use super::value::Value;

type Result<T> = std::result::Result<T, String>;

/// A call of a function that no script defined.
pub(super) fn call(name: &str, arguments: &[Value], printed: &mut Vec<String>) -> Result<Value> {
    let items = || match arguments {
        [list] if list.items().is_some() => list.items().unwrap_or_default().to_vec(),
        _ => arguments.to_vec(),
    };
    let one = || arguments.first().ok_or_else(|| format!("code: {name}() needs a value"));
    Ok(match name {
        "print" => {
            printed.push(arguments.iter().map(Value::to_string).collect::<Vec<_>>().join(" "));
            Value::None
        }
        "abs" => match one()? {
            Value::Float(value) => Value::Float(value.abs()),
            other => Value::Int(whole(other)?.abs()),
        },
        "int" => Value::Int(whole(one()?)?),
        "float" => Value::Float(one()?.float().ok_or("code: float() needs a number")?),
        "bool" => Value::Bool(one()?.truth()),
        "str" => Value::Text(one()?.to_string()),
        "repr" => Value::Text(one()?.repr()),
        "hex" => Value::Text(format!("{:#x}", whole(one()?)?)),
        "round" => match arguments {
            [value, digits] => {
                let scale = 10f64.powi(whole(digits)? as i32);
                Value::Float((value.float().ok_or("code: round() needs a number")? * scale).round() / scale)
            }
            _ => Value::Int(one()?.float().ok_or("code: round() needs a number")?.round_ties_even() as i128),
        },
        "len" => match one()? {
            Value::Text(text) => Value::Int(text.chars().count() as i128),
            other => Value::Int(other.items().ok_or("code: len() needs a list")?.len() as i128),
        },
        "sum" => items().iter().try_fold(Value::Int(0), |sum, item| binary("+", &sum, item))?,
        "any" => Value::Bool(items().iter().any(Value::truth)),
        "all" => Value::Bool(items().iter().all(Value::truth)),
        "min" | "max" => {
            let numbers: Option<Vec<f64>> = items().iter().map(Value::float).collect();
            let numbers = numbers.ok_or_else(|| format!("code: {name}() needs numbers"))?;
            let sign = if name == "min" { 1.0 } else { -1.0 };
            let best =
                (0..numbers.len()).min_by(|&a, &b| (numbers[a] * sign).total_cmp(&(numbers[b] * sign)));
            items().get(best.unwrap_or(0)).cloned().ok_or_else(|| format!("code: {name}() needs values"))?
        }
        "range" => {
            let numbers = arguments.iter().map(whole).collect::<Result<Vec<_>>>()?;
            let (from, to) = if let [to] = numbers[..] { (0, to) } else { (numbers[0], numbers[1]) };
            let step = numbers.get(2).copied().unwrap_or(1).max(1) as usize;
            if to.saturating_sub(from) > 1_000_000 {
                return Err("code: range() is too long".to_owned());
            }
            Value::List((from..to).step_by(step).map(Value::Int).collect())
        }
        _ => return Err(format!("code: the function '{name}' is not known")),
    })
}

fn whole(value: &Value) -> Result<i128> {
    let parsed = match value {
        Value::Float(value) => Some(*value as i128),
        Value::Text(text) => text.trim().parse().ok(),
        other => other.int(),
    };
    parsed.ok_or_else(|| format!("code: {} is not a whole number", value.repr()))
}

/// Methods of strings.
pub(super) fn method(object: &Value, name: &str, arguments: &[Value]) -> Result<Value> {
    match (object, name) {
        (Value::Text(format), "format") => Ok(Value::Text(braces(format, arguments))),
        (Value::Text(text), "startswith") => {
            Ok(Value::Bool(matches!(arguments, [Value::Text(part)] if text.starts_with(part.as_str()))))
        }
        (Value::Text(glue), "join") => {
            let items = arguments.first().and_then(Value::items).ok_or("code: join() needs a list")?;
            Ok(Value::Text(items.iter().map(Value::to_string).collect::<Vec<_>>().join(glue)))
        }
        _ => Err(format!("code: the method '{name}' is not known")),
    }
}
