//! Lists of domains as messages carry them (RFC 1035 sections 3.1 and 4.1.4), for those to search names in (RFC 3397,
//! RFC 3646, RFC 8106).

use super::Malformed;
use super::dns::Name;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Longest name as text (RFC 1035 section 2.3.4: 255 bytes as it is sent).
pub const MAX_NAME: usize = 253;

/// Most names of one message that are taken. Linux: resolvers of the C library had six of them for long.
pub const MAX_NAMES: usize = 16;

/// The names in `bytes`, one after the other, at most [`MAX_NAMES`]; those that nobody can have are left out, and the
/// empty ones that fill an option up. Rests of names that stand elsewhere are looked for if `compressed` (RFC 3397
/// section 2), and are malformed else.
pub fn names(bytes: &[u8], compressed: bool) -> Result<Vec<String>, Malformed> {
    let (mut names, mut at) = (Vec::new(), 0);
    while at < bytes.len() && names.len() < MAX_NAMES {
        let (name, behind) = name(bytes, at, compressed)?;
        names.extend(name.filter(|name| !names.contains(name)));
        at = behind;
    }
    Ok(names)
}

/// The name in an option that is text; some servers end it with a zero. Nothing of what nobody can have.
pub fn of_text(text: &[u8]) -> Option<String> {
    let text = text.iter().rposition(|&byte| byte != 0).and_then(|last| text.get(..=last))?;
    let usable = text.len() <= MAX_NAME && text.iter().all(|byte| is_letter(*byte) || *byte == b'.');
    usable.then(|| text.iter().copied().map(char::from).collect())
}

/// The name at `start`, if somebody can have it, and where the next begins.
fn name(bytes: &[u8], start: usize, compressed: bool) -> Result<(Option<String>, usize), Malformed> {
    let parse = if compressed { Name::parse } else { Name::parse_uncompressed };
    let (name, behind) = parse(bytes, start)?;
    let mut labels = name.labels().peekable();
    let usable = labels.peek().is_some() && labels.all(|label| label.iter().copied().all(is_letter));
    Ok((usable.then(|| name.to_string()), behind))
}

/// What names of hosts have, and the underscore of services: nothing that a terminal or a file could take for something
/// else.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};

    const LONG: [u8; 64] = {
        let mut label = [b'a'; 64];
        label[0] = 63;
        label
    };

    #[test]
    fn lists_are_read() {
        let two = b"\x07example\x03org\0\x02eu\x07example\x03org\0";
        let compressed = b"\x07example\x03org\0\x02eu\xc0\0\x01b\xc0\x0d";
        type Row<'a> = (&'a str, &'a [u8], bool, Result<&'a [&'a str], Malformed>);
        let rows: [Row<'_>; 13] = [
            ("none", b"", false, Ok(&[])),
            ("two", two, false, Ok(&["example.org", "eu.example.org"])),
            ("filled up", b"\x03lan\0\0\0\0", false, Ok(&["lan"])),
            ("twice the same", b"\x03lan\0\x03lan\0", false, Ok(&["lan"])),
            ("compressed", compressed, true, Ok(&["example.org", "eu.example.org", "b.eu.example.org"])),
            ("compressed where nobody may", compressed, false, Err(Malformed::AddressFormat)),
            ("cut off", &two[..11], false, Err(Malformed::Truncated)),
            ("without an end", &two[..12], false, Err(Malformed::Truncated)),
            ("a pointer to itself", b"\xc0\0", true, Err(Malformed::AddressFormat)),
            ("forwards", b"\x01a\xc0\x04\x01b\0", true, Err(Malformed::AddressFormat)),
            ("half a pointer", b"\x01a\0\xc0", true, Err(Malformed::Truncated)),
            ("another kind of label", b"\x41a\0", true, Err(Malformed::AddressFormat)),
            ("what no name has", b"\x03\x1b[m\0\x01b\0", false, Ok(&["b"])),
        ];
        for (what, bytes, compressed, expected) in rows {
            let expected = expected.map(|names| names.iter().map(ToString::to_string).collect());
            assert_eq!(names(bytes, compressed), expected, "{what}");
        }
        let long = [&LONG[..], &LONG, &LONG, &LONG[..62], &[0]].concat();
        assert_eq!(names(&long, false), Err(Malformed::AddressFormat), "more than 255 bytes");
        let long = [&LONG[..], &LONG, &LONG, &LONG, &[0]].concat();
        assert_eq!(names(&long, false), Err(Malformed::AddressFormat));
        let many: Vec<u8> = (b'a'..=b'z').flat_map(|letter| [1, letter, 0]).collect();
        assert_eq!(names(&many, false).unwrap().len(), MAX_NAMES);
    }

    #[test]
    fn texts_are_read() {
        for (bytes, expected) in [
            (&b"example.org"[..], Some("example.org")),
            (b"example.org\0", Some("example.org")),
            (b"", None),
            (b"\0", None),
            (b"a b", None),
            (&[0xff, 0xfe], None),
            (&[b'a'; 254], None),
        ] {
            assert_eq!(of_text(bytes).as_deref(), expected);
        }
    }

    #[test]
    fn anything_may_come() {
        let mut random = SeededRandom::new(5);
        for _ in 0..20_000 {
            let mut bytes = [0; 24];
            random.fill(&mut bytes);
            bytes.iter_mut().filter(|byte| **byte & 0x30 != 0).for_each(|byte| *byte &= 0xc7);
            let _ = names(&bytes, true).map(|names| assert!(names.len() <= MAX_NAMES));
        }
    }
}
