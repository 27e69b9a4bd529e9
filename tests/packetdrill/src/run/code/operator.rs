//! Operators with two operands.

use super::format::percent;
use super::value::Value;

type Result<T> = std::result::Result<T, String>;

/// What `left operator right` is.
pub(super) fn binary(operator: &str, left: &Value, right: &Value) -> Result<Value> {
    match (operator, left, right) {
        ("%", Value::Text(format), _) => return percent(format, right).map(Value::Text),
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
