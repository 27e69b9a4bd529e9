//! What calls give besides their return value, compared with the script.

use super::arguments::{Arguments, epoll_event, field, integer, layout};
use super::failure::Failure;
use crate::language::ast::{Expression, Field};
use crate::linux::symbol;
use crate::machine::{Answer, ControlMessage};

type Result<T> = std::result::Result<T, Failure>;

/// `returned` is what the call returned: after an error only few things are compared. `start` and `tolerance` are
/// for timestamps.
pub(super) fn check(
    arguments: &Arguments<'_>,
    answer: &Answer,
    returned: i64,
    start: u64,
    tolerance: u64,
) -> Result<()> {
    if returned < 0 {
        return Ok(());
    }
    match arguments.spec.name.as_str() {
        "getsockopt" => option(arguments, &answer.data),
        "ioctl" => ioctl(arguments, &answer.data),
        "poll" => poll(arguments, &answer.revents),
        "epoll_wait" => epoll(arguments, answer),
        "recvmsg" => message(arguments, answer, start, tolerance),
        _ => Ok(()),
    }
}

fn differ<T: std::fmt::Display>(what: &str, expected: T, actual: T) -> Result<()> {
    Err(Failure::new(format!("{what}: expected {expected}, it is {actual}")))
}

fn number(bytes: &[u8]) -> i64 {
    match bytes.len() {
        0 => 0,
        4 => i64::from(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        _ => bytes.iter().take(8).rev().fold(0, |value, &byte| value << 8 | i64::from(byte)),
    }
}

fn option(arguments: &Arguments<'_>, data: &[u8]) -> Result<()> {
    if let Some(len) = arguments.option_len()?
        && len != data.len()
    {
        return differ("the option's length", len, data.len());
    }
    match arguments.get(3)? {
        Expression::Ellipsis => Ok(()),
        Expression::List(items) if items == &[Expression::Ellipsis] => Ok(()),
        Expression::Text(text) => {
            let same = data.starts_with(text) && data[text.len()..].iter().all(|&byte| byte == 0);
            match same {
                true => Ok(()),
                false => differ("the option", text.escape_ascii(), data.escape_ascii()),
            }
        }
        value @ (Expression::Struct(_) | Expression::Function(..)) => {
            let expected = layout(value, data.len())?;
            match expected == data {
                true => Ok(()),
                false => differ("the option's bytes", expected.escape_ascii(), data.escape_ascii()),
            }
        }
        other => match (integer(other)?, number(data)) {
            (expected, actual) if expected as i32 == actual as i32 => Ok(()),
            (expected, actual) => differ("the option", expected, actual),
        },
    }
}

fn ioctl(arguments: &Arguments<'_>, data: &[u8]) -> Result<()> {
    match arguments.spec.arguments.get(2) {
        Some(Expression::List(items)) if items.first().is_some_and(|item| *item != Expression::Ellipsis) => {
            let (expected, actual) = (integer(&items[0])?, number(data));
            if expected == actual { Ok(()) } else { differ("the value", expected, actual) }
        }
        _ => Ok(()),
    }
}

fn poll(arguments: &Arguments<'_>, revents: &[i16]) -> Result<()> {
    let Expression::List(items) = arguments.get(0)? else { return Ok(()) };
    for (at, item) in items.iter().enumerate() {
        let Expression::Struct(fields) = item else { continue };
        let expected = field(fields, "revents").map_or(Ok(0), integer)?;
        let actual = i64::from(revents.get(at).copied().unwrap_or(0));
        if expected != actual {
            return differ("revents", flags("POLL", expected), flags("POLL", actual));
        }
    }
    Ok(())
}

fn epoll(arguments: &Arguments<'_>, answer: &Answer) -> Result<()> {
    let expected = epoll_event(arguments.get(1)?)?;
    let actual = answer.events.first().copied().unwrap_or_default();
    if expected.events != actual.events {
        let show = |events: u32| flags("EPOLL", i64::from(events));
        return differ("events", show(expected.events), show(actual.events));
    }
    if expected.data != actual.data { differ("the event's data", expected.data, actual.data) } else { Ok(()) }
}

/// `POLLIN|POLLHUP`
fn flags(prefix: &str, value: i64) -> String {
    let names = ["IN", "PRI", "OUT", "ERR", "HUP", "NVAL", "RDNORM", "RDBAND", "WRNORM", "WRBAND", "RDHUP"];
    let set = |name: &&str| symbol(&format!("{prefix}{name}")).is_some_and(|bit| value & bit != 0);
    let set: Vec<String> =
        names.iter().filter(|name| set(name)).map(|name| format!("{prefix}{name}")).collect();
    if set.is_empty() { "0".to_owned() } else { set.join("|") }
}

fn message(arguments: &Arguments<'_>, answer: &Answer, start: u64, tolerance: u64) -> Result<()> {
    let fields = arguments.message(1)?;
    let expected = field(fields, "msg_flags").filter(|value| **value != Expression::Ellipsis);
    if let Some(expected) = expected {
        let expected = integer(expected)? as i32;
        if expected != answer.flags {
            return differ("msg_flags", format!("{expected:#x}"), format!("{:#x}", answer.flags));
        }
    }
    let Some(Expression::List(items)) = field(fields, "msg_control") else {
        return match answer.control.first() {
            None => Ok(()),
            Some(extra) => {
                Err(Failure::new(format!("there is a control message that is not expected: {extra:?}")))
            }
        };
    };
    if items.len() != answer.control.len() {
        let shown = format!("{} ({:?})", answer.control.len(), answer.control);
        return differ("control messages", items.len().to_string(), shown);
    }
    items.iter().zip(&answer.control).try_for_each(|(item, actual)| control(item, actual, start, tolerance))
}

fn control(expected: &Expression, actual: &ControlMessage, start: u64, tolerance: u64) -> Result<()> {
    let Expression::Struct(fields) = expected else { return Err(Failure::new("expected {cmsg_level=...}")) };
    for (name, value) in [("cmsg_level", actual.level), ("cmsg_type", actual.kind)] {
        let expected = field(fields, name).map_or(Ok(0), integer)? as i32;
        if expected != value {
            return differ(name, expected, value);
        }
    }
    match field(fields, "cmsg_data") {
        None | Some(Expression::Ellipsis) => Ok(()),
        Some(Expression::Struct(data)) if field(data, "scm_sec").is_some() => {
            timestamp(data, &actual.data, start, tolerance)
        }
        Some(Expression::Struct(data)) if field(data, "ee_errno").is_some() => error(data, &actual.data),
        Some(Expression::Struct(data)) => attributes(data, &actual.data),
        Some(Expression::Tuple(items)) => items.iter().try_for_each(|item| match item {
            Expression::Struct(data) => attributes(data, &actual.data),
            _ => Err(Failure::new("expected attributes in cmsg_data")),
        }),
        Some(value) => {
            let (expected, is) = (integer(value)?, number(&actual.data));
            if expected as i32 == is as i32 { Ok(()) } else { differ("cmsg_data", expected, is) }
        }
    }
}

/// `struct scm_timestamping`, its first time; 0 is not compared. It counts from the script's start.
fn timestamp(fields: &[Field], data: &[u8], start: u64, tolerance: u64) -> Result<()> {
    let part = |name| field(fields, name).map_or(Ok(0), integer);
    let expected = part("scm_sec")? as u64 * 1_000_000_000 + part("scm_nsec")? as u64;
    if expected == 0 {
        return Ok(());
    }
    let seconds = data.get(..8).map_or(0, number) as u64;
    let nanos = data.get(8..16).map_or(0, number) as u64;
    let actual = (seconds * 1_000_000_000 + nanos).saturating_sub(start);
    if expected.abs_diff(actual) <= tolerance {
        Ok(())
    } else {
        differ("the timestamp (ns)", expected, actual)
    }
}

/// Linux: struct sock_extended_err.
fn error(fields: &[Field], data: &[u8]) -> Result<()> {
    let layout = [
        ("ee_errno", 0, 4),
        ("ee_origin", 4, 1),
        ("ee_type", 5, 1),
        ("ee_code", 6, 1),
        ("ee_info", 8, 4),
        ("ee_data", 12, 4),
    ];
    for (name, at, len) in layout {
        let Some(expected) = field(fields, name).filter(|value| **value != Expression::Ellipsis) else {
            continue;
        };
        let (expected, actual) = (integer(expected)?, data.get(at..at + len).map_or(0, number));
        if expected as i32 != actual as i32 {
            return differ(name, expected, actual);
        }
    }
    Ok(())
}

/// Netlink attributes of `SCM_TIMESTAMPING_OPT_STATS`: those that the script names.
fn attributes(fields: &[Field], mut data: &[u8]) -> Result<()> {
    let mut found = Vec::new();
    while let Some(header) = data.get(..4) {
        let (len, kind) = (number(&header[..2]) as usize, number(&header[2..]));
        found.push((kind, data.get(4..len).map_or(0, number)));
        data = data.get(len.max(4).next_multiple_of(4)..).unwrap_or_default();
    }
    for attribute in fields.iter().filter(|field| field.value != Expression::Ellipsis) {
        let kind =
            symbol(&attribute.name).ok_or_else(|| Failure::new(format!("no symbol '{}'", attribute.name)))?;
        let expected = integer(&attribute.value)?;
        match found.iter().find(|(found, _)| *found == kind) {
            Some(&(_, actual)) if actual == expected => {}
            Some(&(_, actual)) => return differ(&attribute.name, expected, actual),
            None => return Err(Failure::new(format!("{} is missing", attribute.name))),
        }
    }
    Ok(())
}
