//! Options of IPv4 headers in which hosts on the way leave their address and time: as they are sent, and how they are
//! shown when they come back.

use std::net::Ipv4Addr;

const END: u8 = 0;
const NOP: u8 = 1;
const RECORD_ROUTE: u8 = 7;
const TIMESTAMP: u8 = 68;

/// Bytes of options, as many as a header has room for.
pub(crate) const LEN: usize = 40;
/// Says that a time is not one of the day.
const NOT_OF_THE_DAY: u32 = 1 << 31;

/// What hosts on the way are to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// Their address.
    Route,
    /// The time.
    Times,
    /// Address and time.
    TimesAndAddresses,
    /// The time, of named hosts.
    TimesOfNamed,
}

impl Record {
    /// What `-T` names.
    pub(crate) fn named(word: &str) -> Option<Self> {
        match word {
            "tsonly" => Some(Record::Times),
            "tsandaddr" => Some(Record::TimesAndAddresses),
            "tsprespec" => Some(Record::TimesOfNamed),
            _ => None,
        }
    }

    /// The options of requests. iputils: `ping4_run`.
    pub(crate) fn options(self, named: &[Ipv4Addr]) -> Vec<u8> {
        let mut options = match self {
            Record::Route => vec![NOP, RECORD_ROUTE, LEN as u8 - 1, 4],
            Record::Times => vec![TIMESTAMP, LEN as u8, 5, 0],
            Record::TimesAndAddresses => vec![TIMESTAMP, LEN as u8 - 4, 5, 1],
            Record::TimesOfNamed => vec![TIMESTAMP, 4 + 8 * named.len() as u8, 5, 3],
        };
        named.iter().for_each(|host| options.extend([host.octets(), [0; 4]].concat()));
        let len = if self == Record::Route { LEN } else { options.get(1).copied().map_or(0, usize::from) };
        options.resize(len, END);
        options
    }
}

/// How options of replies are shown, one after the other. iputils: `pr_options`.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// The route that was recorded last, with its pointer.
    last: Vec<u8>,
}

impl Shown {
    /// The text behind a reply's line; `name` is how an address is shown.
    pub(crate) fn text(&mut self, options: &[u8], mut name: impl FnMut(Ipv4Addr) -> String) -> String {
        let mut text = String::new();
        let mut rest = options;
        while let Some((&kind, behind)) = rest.split_first() {
            match kind {
                END => break,
                NOP => {
                    text += "\nNOP";
                    rest = behind;
                    continue;
                }
                _ => {}
            }
            let len = behind.first().copied().map_or(0, usize::from);
            let Some((option, behind)) = rest.split_at_checked(len).filter(|_| len >= 2) else { break };
            text += &match kind {
                RECORD_ROUTE => self.route(option, &mut name),
                TIMESTAMP => times(option, &mut name),
                other => format!("\nunknown option {other:x}"),
            };
            rest = behind;
        }
        text
    }

    fn route(&mut self, option: &[u8], mut name: impl FnMut(Ipv4Addr) -> String) -> String {
        let Some(filled) = filled(option, 3).filter(|filled| !filled.is_empty()) else {
            return String::new();
        };
        if self.last == option {
            return "\t(same route)".into();
        }
        self.last = option.to_vec();
        let lines = words(filled).map(|address| format!("\t{}\n", name(address.into())));
        format!("\nRR: {}", lines.collect::<String>())
    }
}

fn times(option: &[u8], mut name: impl FnMut(Ipv4Addr) -> String) -> String {
    let flags = option.get(3).copied().unwrap_or_default();
    let Some(filled) = filled(option, 4).filter(|filled| !filled.is_empty()) else { return String::new() };
    let mut text = String::from("\nTS: ");
    let mut words = words(filled);
    let (mut of_day, mut other) = (0, 0);
    while let Some(word) = words.next() {
        let time = if flags & 0xf == 0 {
            word
        } else {
            text += &format!("\t{}", name(word.into()));
            let Some(time) = words.next() else { break };
            time
        };
        let millis = i64::from(time & !NOT_OF_THE_DAY);
        text += &match time & NOT_OF_THE_DAY {
            0 => counted(millis, &mut of_day, ["", " absolute"]),
            _ => counted(millis, &mut other, [" not-standard", " absolute not-standard"]),
        };
    }
    match flags >> 4 {
        0 => text,
        missed => format!("{text}Unrecorded hops: {missed}\n"),
    }
}

/// A time, after the first one that which has passed since the last one.
fn counted(millis: i64, last: &mut i64, [later, first]: [&str; 2]) -> String {
    let before = std::mem::replace(last, millis);
    match before {
        0 => format!("\t{millis}{first}\n"),
        before => format!("\t{}{later}\n", millis - before),
    }
}

/// What an option with `header` bytes before its slots holds so far.
fn filled(option: &[u8], header: usize) -> Option<&[u8]> {
    let end = option.get(2).copied().map_or(0, usize::from).checked_sub(1)?;
    option.get(header..end.min(option.len()))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).filter_map(|word| Some(u32::from_be_bytes(word.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(options: &[u8]) -> String {
        Shown::default().text(options, |address| address.to_string())
    }

    #[test]
    fn requests_ask_for_it() {
        assert_eq!(Record::Route.options(&[])[..5], [NOP, RECORD_ROUTE, 39, 4, 0]);
        let host = Ipv4Addr::new(192, 0, 2, 7);
        let of_named = Record::TimesOfNamed.options(&[host]);
        assert_eq!(of_named, [TIMESTAMP, 12, 5, 3, 192, 0, 2, 7, 0, 0, 0, 0]);
        for (word, len) in [("tsonly", 40), ("tsandaddr", 36), ("tsprespec", 4)] {
            assert_eq!(Record::named(word).unwrap().options(&[]).len(), len, "{word}");
        }
        assert_eq!((Record::Route.options(&[]).len(), Record::named("never")), (LEN, None));
    }

    #[test]
    fn a_route_is_shown_once() {
        let route = [RECORD_ROUTE, 15, 12, 192, 0, 2, 1, 192, 0, 2, 2, 0, 0, 0, 0, END];
        let mut shown = Shown::default();
        let mut text = |options: &[u8]| shown.text(options, |address| address.to_string());
        assert_eq!(text(&route), "\nRR: \t192.0.2.1\n\t192.0.2.2\n");
        assert_eq!(text(&route), "\t(same route)");
        let full = [NOP, RECORD_ROUTE, 7, 8, 192, 0, 2, 1];
        assert_eq!(text(&full), "\nNOP\nRR: \t192.0.2.1\n");
        assert_eq!(text(&[RECORD_ROUTE, 7, 4, 0, 0, 0, 0]), "");
    }

    #[test]
    fn times_count_from_the_first_one() {
        let with = [TIMESTAMP, 20, 21, 0x21, 192, 0, 2, 1, 0, 0, 0, 9, 192, 0, 2, 2, 0, 0, 0, 12];
        assert_eq!(text(&with), "\nTS: \t192.0.2.1\t9 absolute\n\t192.0.2.2\t3\nUnrecorded hops: 2\n");
        let alone = [TIMESTAMP, 12, 13, 0, 0x80, 0, 0, 9, 0x80, 0, 0, 8];
        assert_eq!(text(&alone), "\nTS: \t9 absolute not-standard\n\t-1 not-standard\n");
        assert_eq!(text(&[148, 4, 0, 0]), "\nunknown option 94");
    }

    #[test]
    fn any_bytes_will_do() {
        for kind in [RECORD_ROUTE, TIMESTAMP, 148] {
            for len in 0..=255 {
                for pointer in 0..=255 {
                    let _ = text(&[kind, len, pointer, 1, 0, 0, 0, 0, 9]);
                }
                let _ = text(&[kind, len]);
            }
        }
    }
}
