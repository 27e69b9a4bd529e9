//! Domain names (RFC 1035 sections 3.1 and 4.1.4).

use crate::wire::Malformed;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

/// Most bytes of a label.
pub const MAX_LABEL: usize = 63;

/// Most bytes of a name as it lies in a message, the root's empty label among them.
pub const MAX_NAME: usize = 255;

/// Where a label's length says that the rest lies elsewhere in the message.
const POINTER: u8 = 0xc0;

/// A domain name, in small letters: two names are the same if they differ in case alone (RFC 4343).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The labels behind their lengths, the root's last.
    labels: Vec<u8>,
}

impl Name {
    /// The name that `text` writes with dots, with or without one at the end. None: a label is empty or longer than
    /// [`MAX_LABEL`], the whole is longer than [`MAX_NAME`], or a byte is not ASCII.
    pub fn from_text(text: &str) -> Option<Name> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let mut labels = Vec::with_capacity(text.len() + 2);
        for label in text.split('.') {
            if label.is_empty() || label.len() > MAX_LABEL || !label.is_ascii() {
                return None;
            }
            labels.push(u8::try_from(label.len()).ok()?);
            labels.extend(label.bytes().map(|byte| byte.to_ascii_lowercase()));
        }
        labels.push(0);
        (labels.len() <= MAX_NAME).then_some(Name { labels })
    }

    /// The name that writes an address, whose pointer is the host's name (RFC 1035 section 3.5, RFC 3596 section 2.5).
    pub fn of_address(address: IpAddr) -> Option<Name> {
        let (digits, domain): (Vec<String>, _) = match address {
            IpAddr::V4(v4) => (v4.octets().map(|octet| alloc::format!("{octet}")).into(), "in-addr.arpa"),
            IpAddr::V6(v6) => {
                (alloc::format!("{:032x}", v6.to_bits()).chars().map(Into::into).collect(), "ip6.arpa")
            }
        };
        let reversed = digits.iter().rev().map(String::as_str).chain([domain]).collect::<Vec<_>>();
        Name::from_text(&reversed.join("."))
    }

    /// This name below another one ("www" below "example.org"); none if that is too long.
    pub fn below(&self, domain: &Name) -> Option<Name> {
        let own = self.labels.len().saturating_sub(1);
        let labels: Vec<u8> = self.labels.iter().take(own).chain(&domain.labels).copied().collect();
        (labels.len() <= MAX_NAME).then_some(Name { labels })
    }

    /// As it lies in a message that is not compressed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.labels
    }

    /// How many dots are between its labels.
    pub fn dots(&self) -> usize {
        self.labels().count().saturating_sub(1)
    }

    /// Its labels, the host's first.
    pub fn labels(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.labels[..];
        core::iter::from_fn(move || {
            let (&len, behind) = rest.split_first()?;
            let (label, behind) = behind.split_at_checked(len.into())?;
            rest = behind;
            Some(label).filter(|label| !label.is_empty())
        })
    }

    /// The name at `at` of a message, and where the message goes on behind it. Every pointer has to point further
    /// ahead than where its own piece began, so that none can lead round in a circle.
    pub(in crate::wire) fn parse(message: &[u8], at: usize) -> Result<(Name, usize), Malformed> {
        Name::read(message, at, true)
    }

    /// The same where no rest of a name may lie elsewhere.
    pub(in crate::wire) fn parse_uncompressed(message: &[u8], at: usize) -> Result<(Name, usize), Malformed> {
        Name::read(message, at, false)
    }

    fn read(message: &[u8], at: usize, compressed: bool) -> Result<(Name, usize), Malformed> {
        let mut labels = Vec::new();
        let (mut at, mut piece, mut end) = (at, at, None);
        loop {
            let len = *message.get(at).ok_or(Malformed::Truncated)?;
            if len & POINTER == POINTER && compressed {
                let low = *message.get(at + 1).ok_or(Malformed::Truncated)?;
                let target = usize::from(u16::from_be_bytes([len & !POINTER, low]));
                end.get_or_insert(at + 2);
                if target >= piece {
                    return Err(Malformed::AddressFormat);
                }
                (at, piece) = (target, target);
                continue;
            }
            if len & POINTER != 0 || labels.len() + usize::from(len) >= MAX_NAME {
                return Err(Malformed::AddressFormat);
            }
            let behind = at + 1 + usize::from(len);
            let label = message.get(at..behind).ok_or(Malformed::Truncated)?;
            // A length is no letter: making all of it small changes the label alone.
            labels.extend(label.iter().map(u8::to_ascii_lowercase));
            at = behind;
            if len == 0 {
                return Ok((Name { labels }, end.unwrap_or(at)));
            }
        }
    }
}

/// With dots, without one at the end; what is no printable ASCII, and dots in labels, as `\DDD`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, label) in self.labels().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            for &byte in label {
                match byte {
                    b'.' | b'\\' => write!(f, "\\{}", char::from(byte))?,
                    0x21..=0x7e => write!(f, "{}", char::from(byte))?,
                    _ => write!(f, "\\{byte:03}")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", alloc::format!("{self}") as String)
    }
}
