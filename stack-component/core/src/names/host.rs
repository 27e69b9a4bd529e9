//! What somebody who wants to be connected may write for a host.

use crate::wire::dns::Name;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use idna::AsciiDenyList;

/// Longer texts than this are no name, whatever is in them.
const MAX_TEXT: usize = 1024;

/// Names below these are nobody's, and no server is to be troubled with them (RFC 6761, RFC 7686).
const NOWHERE: [&[u8]; 2] = [b"invalid", b"onion"];

/// What a text stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An address, written as such.
    Address(IpAddr),
    /// This host: `localhost`, and all below it (RFC 6761 section 6.3).
    Local,
    /// Nobody, for ever.
    Nowhere,
    /// A name to be looked for.
    Named {
        /// It in ASCII.
        name: Name,
        /// It ends in a dot: the search list has nothing to say of it.
        absolute: bool,
    },
}

/// The text is neither a name nor an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidName;

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither a name nor an address")
    }
}

impl core::error::Error for InvalidName {}

impl Host {
    /// Reads a text: an IPv6 address, with or without brackets; an IPv4 address in any of the forms that `inet_aton`
    /// takes; or a name, perhaps of other letters than ASCII's (UTS 46).
    pub fn parse(text: &str) -> Result<Host, InvalidName> {
        if text.len() > MAX_TEXT {
            return Err(InvalidName);
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if let Some(bare) = bare {
            return Ok(Host::Address(IpAddr::V6(bare.parse().map_err(|_| InvalidName)?)));
        }
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Ok(Host::Address(address.into()));
        }
        let ascii =
            idna::domain_to_ascii_cow(text.as_bytes(), AsciiDenyList::URL).map_err(|_| InvalidName)?;
        if let Some(address) = ipv4(&ascii)? {
            return Ok(Host::Address(address.into()));
        }
        let name = Name::from_text(&ascii).ok_or(InvalidName)?;
        Ok(match name.labels().last() {
            Some(b"localhost") => Host::Local,
            Some(last) if NOWHERE.contains(&last) => Host::Nowhere,
            _ => Host::Named { name, absolute: ascii.ends_with('.') },
        })
    }
}

/// The address that a text is if its last part is a number, which no name's may be (RFC 3696 section 2).
fn ipv4(text: &str) -> Result<Option<Ipv4Addr>, InvalidName> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let last = text.rsplit('.').next().unwrap_or_default();
    if !looks_like_a_number(last) {
        return Ok(None);
    }
    // One to four parts; the last one has all bits that are left. Linux: inet_aton(3).
    let parts: Option<Vec<u64>> = text.split('.').map(number).collect();
    let parts = parts.ok_or(InvalidName)?;
    let (last, octets) = parts.split_last().ok_or(InvalidName)?;
    let bits_left =
        32_u32.checked_sub(8 * octets.len() as u32).filter(|bits| *bits > 0).ok_or(InvalidName)?;
    if octets.iter().any(|octet| *octet > 0xff) || last >> bits_left != 0 {
        return Err(InvalidName);
    }
    let high = octets.iter().zip([24, 16, 8]).map(|(octet, shift)| octet << shift).sum::<u64>();
    Ok(Some(Ipv4Addr::from_bits(u32::try_from(high + last).map_err(|_| InvalidName)?)))
}

/// Whether it could be meant as a number, however large.
fn looks_like_a_number(text: &str) -> bool {
    let hexadecimal =
        text.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hexadecimal || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A number as C writes it: `0x` for hexadecimal, `0` for octal, else decimal.
fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match (text.strip_prefix("0x"), text.strip_prefix('0')) {
        (Some(""), _) => ("0", 16),
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) if !digits.is_empty() => (digits, 8),
        _ => (text, 10),
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    u64::from_str_radix(digits, radix).ok().filter(|number| plain && *number <= u32::MAX.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_texts_stand_for() {
        let address = |text: &str| Ok(Host::Address(text.parse().unwrap()));
        let named = |text: &str, absolute| Ok(Host::Named { name: Name::from_text(text).unwrap(), absolute });
        let rows = [
            ("192.0.2.1", address("192.0.2.1")),
            ("127.1", address("127.0.0.1")),
            ("0x7f.0.0.010", address("127.0.0.8")),
            ("3221225985", address("192.0.2.1")),
            ("192.0.2.1.", address("192.0.2.1")),
            ("１９２.0.2.1", address("192.0.2.1")),
            ("::1", address("::1")),
            ("[2001:db8::1]", address("2001:db8::1")),
            ("::ffff:192.0.2.1", address("::ffff:192.0.2.1")),
            ("localhost", Ok(Host::Local)),
            ("LocalHost.", Ok(Host::Local)),
            ("db.localhost", Ok(Host::Local)),
            ("a.invalid", Ok(Host::Nowhere)),
            ("abc.onion", Ok(Host::Nowhere)),
            ("Example.ORG", named("example.org", false)),
            ("example.org.", named("example.org", true)),
            ("bücher.example", named("xn--bcher-kva.example", false)),
            ("BÜCHER。example", named("xn--bcher-kva.example", false)),
            ("_dns.example", named("_dns.example", false)),
            ("a-.example", named("a-.example", false)),
            ("3com", named("3com", false)),
            ("1.2.3.4.example", named("1.2.3.4.example", false)),
        ];
        for (text, expected) in rows {
            assert_eq!(Host::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_no_text_may_be() {
        let long = "a".repeat(64);
        let endless = "ä".repeat(100_000);
        let wrong = [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            " ",
            "a b",
            "a\0b",
            "1.2.3.256",
            "1.2.3.4.5",
            "256.256.256.256",
            "1.2..3",
            "4294967296",
            "08.0.0.1",
            "0x1ffffffff",
            "[::1",
            "[1.2.3.4]",
            "fe80::1%eth0",
            "::1::",
            "http://a",
            "a:80",
            "a/b",
            "user@a",
            "xn--zzzzzz-0a",
            &long,
            &endless,
        ];
        for text in wrong {
            assert_eq!(Host::parse(text), Err(InvalidName), "{text:.40}");
        }
    }
}
