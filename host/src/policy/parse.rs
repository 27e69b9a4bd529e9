//! Rules as they are written. The syntax is that of WASI's own proposal (wasi-sockets, "Granting access").

use super::rule::{AddressRule, Hosts, NameRule, Names, Transport, Version};
use stack_core::names::Host;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// Reads `tcp://HOST:PORT` or `udp://HOST:PORT`, perhaps with `#ipv4-only` or `#ipv6-only` behind it. HOST: a name,
/// `*.` and a name, an address, a network as 192.0.2.0/24 or [2001:db8::]/32, or `*`; PORT: numbers and ranges with
/// commas between, or `*`.
///
/// # Errors
/// A line that says what was expected.
pub fn address_rule(text: &str) -> Result<AddressRule, String> {
    const EXPECTED: &str =
        "expected tcp://HOST:PORT or udp://HOST:PORT, as tcp://example.com:443 or udp://192.0.2.0/24:*";
    let (text, family) = version(text)?;
    let (transport, rest) = text.split_once("://").ok_or(EXPECTED)?;
    let transport = match transport {
        "tcp" => Transport::Tcp,
        "udp" => Transport::Udp,
        _ => return Err(EXPECTED.into()),
    };
    let (host, port) = rest.rsplit_once(':').ok_or(EXPECTED)?;
    // Of an IPv6 address without brackets the last part would be taken for the port.
    if host.contains(':') && !host.starts_with('[') {
        return Err("an IPv6 address needs brackets, as tcp://[2001:db8::1]:443".into());
    }
    Ok(AddressRule { transport, hosts: hosts(host)?, ports: ports(port)?, family })
}

/// Reads a name, `*.` and a name, or `*`, perhaps with `#ipv4-only` or `#ipv6-only` behind it.
///
/// # Errors
/// A line that says what was expected.
pub fn name_rule(text: &str) -> Result<NameRule, String> {
    let (text, family) = version(text)?;
    Ok(NameRule { names: names(text)?, family })
}

fn version(text: &str) -> Result<(&str, Version), String> {
    match text.split_once('#') {
        None => Ok((text, Version::Any)),
        Some((text, "ipv4-only")) => Ok((text, Version::V4)),
        Some((text, "ipv6-only")) => Ok((text, Version::V6)),
        Some(_) => Err("expected #ipv4-only, #ipv6-only or nothing at the end".into()),
    }
}

fn hosts(text: &str) -> Result<Hosts, String> {
    // The length of a network may stand within the brackets or behind them.
    let bare = |text| bare(text).unwrap_or(text);
    let (address, bits) =
        bare(text).split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let bare = bare(address);
    let Ok(ip) = bare.parse::<IpAddr>() else {
        return match bits {
            Some(_) => Err(format!("{address:?} is no address")),
            None => names(text).map(Hosts::Named),
        };
    };
    if let IpAddr::V6(v6) = ip
        && let Some(v4) = v6.to_ipv4_mapped()
    {
        return Err(format!("nobody has {ip}; as an IPv4 address it is {v4}"));
    }
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let Some(bits) = bits else { return Ok(Hosts::Network(ip, most)) };
    let bits = number(bits).and_then(|bits| u8::try_from(bits).ok()).filter(|bits| *bits <= most);
    Ok(Hosts::Network(ip, bits.ok_or_else(|| format!("a network of {ip} has 0 to {most} bits"))?))
}

/// What stands in brackets, if the text is that and nothing else.
fn bare(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

fn names(text: &str) -> Result<Names, String> {
    let name = |text: &str| {
        let text = text.strip_suffix('.').unwrap_or(text);
        let ascii = idna::domain_to_ascii(text).ok().filter(|ascii| is_name(ascii));
        let ascii = ascii.ok_or_else(|| format!("{text:?} is no name"))?;
        // What ends in a number is an address or nothing (RFC 3696 section 2).
        match Host::parse(&ascii) {
            Ok(Host::Named { .. } | Host::Local | Host::Nowhere) => Ok(ascii),
            Ok(Host::Address(address)) => Err(format!("{text:?} is no name; as an address it is {address}")),
            Err(_) => Err(format!("{text:?} is neither a name nor an address")),
        }
    };
    match text.strip_prefix("*.") {
        _ if text == "*" => Ok(Names::All),
        Some(domain) => name(domain).map(Names::Below),
        None => name(text).map(Names::One),
    }
}

/// Whether a text in ASCII, without a dot at its end, is a name as rules have them (RFC 1035 section 2.3.4).
pub(super) fn is_name(ascii: &str) -> bool {
    ascii.len() <= 253 && ascii.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=63).contains(&text.len()) && text.bytes().all(allowed)
}

fn ports(text: &str) -> Result<Vec<RangeInclusive<u16>>, String> {
    if text == "*" {
        return Ok(vec![0..=u16::MAX]);
    }
    let wrong =
        || format!("{text:?} are no ports: expected numbers and ranges up to 65535, as 80,8000-8099, or *");
    let range = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some(first..=last)
    };
    text.split(',').map(|part| range(part).ok_or_else(wrong)).collect()
}

/// A number of digits alone.
fn number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}
