//! Words of `ip route`.

use std::net::{IpAddr, Ipv4Addr};

use crate::machine::{RouteChange, RouteVerb};

/// `ip route VERB WORDS`.
pub(super) fn parse(verb: &str, words: &[&str]) -> Result<RouteChange, String> {
    let verb = match verb {
        "add" => RouteVerb::Add,
        "change" | "chg" => RouteVerb::Change,
        "replace" | "append" | "prepend" => RouteVerb::Replace,
        "del" | "delete" => RouteVerb::Delete,
        other => return Err(format!("'{other}' is not understood")),
    };
    let mut change = RouteChange { verb, ..RouteChange::default() };
    let mut words = words.iter().copied();
    let destination = words.next().ok_or("a destination is missing")?;
    change.destination = match destination {
        "default" => None,
        text => Some(prefix(text)?),
    };
    while let Some(word) = words.next() {
        let mut value = words.next().ok_or_else(|| format!("'{word}' has no value"))?;
        if value == "lock" {
            change.mtu_lock |= word == "mtu";
            value = words.next().ok_or_else(|| format!("'{word} lock' has no value"))?;
        }
        set(&mut change, word, value)?;
    }
    Ok(change)
}

fn set(change: &mut RouteChange, word: &str, value: &str) -> Result<(), String> {
    let number = || value.parse::<u32>().map(Some).map_err(|_| format!("'{word} {value}' is not a number"));
    let address =
        || value.parse::<IpAddr>().map(Some).map_err(|_| format!("'{word} {value}' is not an address"));
    match word {
        "via" => change.via = address()?,
        "src" => change.source = address()?,
        "dev" => change.device = Some(value.to_owned()),
        "mtu" => change.mtu = number()?,
        "advmss" => change.advmss = number()?,
        "initcwnd" => change.initcwnd = number()?,
        "initrwnd" => change.initrwnd = number()?,
        "window" => change.window = number()?,
        "congctl" => change.congctl = Some(value.to_owned()),
        "quickack" => change.quickack = Some(value != "0"),
        "fastopen_no_cookie" => change.fastopen_no_cookie = Some(value != "0"),
        "features" if value == "ecn" => change.ecn = true,
        "rto_min" => change.rto_min = Some(time(value).ok_or_else(|| format!("'{value}' is not a time"))?),
        _ => change.other.push((word.to_owned(), value.to_owned())),
    }
    Ok(())
}

fn prefix(text: &str) -> Result<(IpAddr, u8), String> {
    let wrong = || format!("'{text}' is not a destination");
    let (address, len) = text.split_once('/').unwrap_or((text, ""));
    let address: IpAddr = match address.parse() {
        Ok(address) => address,
        // `10/8`
        Err(_) => {
            address.parse::<u8>().map(|first| Ipv4Addr::new(first, 0, 0, 0).into()).map_err(|_| wrong())?
        }
    };
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let len = if len.is_empty() { whole } else { len.parse().map_err(|_| wrong())? };
    Ok((address, len))
}

/// `200ms`, `1s`, `5us`; a plain number is milliseconds. In nanoseconds.
fn time(text: &str) -> Option<u64> {
    let units = [("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)];
    for (unit, nanos) in units {
        if let Some(number) = text.strip_suffix(unit) {
            return number.parse::<u64>().ok()?.checked_mul(nanos);
        }
    }
    text.parse::<u64>().ok()?.checked_mul(1_000_000)
}
