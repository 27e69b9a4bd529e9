//! IPv4 options of received packets: are they well-formed, and is none a source route? Those that ask every host on the
//! way for its address or time are in [`record`]. Linux: `ip_options_compile`.

mod own;
mod record;

pub use own::OwnOptions;
pub use record::{Recorder, echo};

/// What is wrong with options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadOption {
    /// The byte at this place of the header makes no sense; answered with a parameter problem.
    Malformed {
        /// Bytes from the header's first on.
        pointer: u8,
    },
    /// A source route; silently dropped. Linux: `accept_source_route` being 0.
    SourceRoute,
}

const END: u8 = 0;
const NOP: u8 = 1;
const RECORD_ROUTE: u8 = 7;
const TIMESTAMP: u8 = 68;
const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;

/// Where in the header options begin.
const START: usize = crate::wire::ipv4::HEADER_LEN;

/// Walks the options of a header. Unknown ones are let pass, as RFC 1122 section 3.2.1.8 wants.
pub fn check(options: &[u8]) -> Result<(), BadOption> {
    let mut at = 0;
    while let Some(&kind) = options.get(at) {
        let bad =
            |offset: usize| BadOption::Malformed { pointer: u8::try_from(START + offset).unwrap_or(u8::MAX) };
        match kind {
            END => break,
            NOP => {
                at += 1;
                continue;
            }
            _ => {}
        }
        let length = usize::from(*options.get(at + 1).ok_or(bad(at))?);
        let option = options.get(at..at + length).filter(|_| length >= 2).ok_or(bad(at + 1))?;
        match kind {
            LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE => return Err(BadOption::SourceRoute),
            RECORD_ROUTE => check_slots(option, 3, 4).map_err(|offset| bad(at + offset))?,
            TIMESTAMP => check_timestamp(option).map_err(|offset| bad(at + offset))?,
            _ => {}
        }
        at += length;
    }
    Ok(())
}

/// The pointer of an option with slots counts from 1 and lies behind what comes before the slots; a slot
/// that it points into must be there as a whole. Answers the offset of the bad byte.
fn check_slots(option: &[u8], header: usize, slot: usize) -> Result<(), usize> {
    if option.len() < header {
        return Err(1);
    }
    let pointer = option.get(2).copied().map_or(0, usize::from);
    let full = pointer > option.len();
    if pointer <= header || (!full && pointer - 1 + slot > option.len()) { Err(2) } else { Ok(()) }
}

fn check_timestamp(option: &[u8]) -> Result<(), usize> {
    let (missed, flags) = split_flags(*option.get(3).ok_or(1usize)?);
    let slot = slot_of(flags).ok_or(3usize)?;
    check_slots(option, 4, slot)?;
    let full = option.get(2).is_some_and(|&pointer| usize::from(pointer) > option.len());
    // Nobody else can be counted whose time found no room.
    if full && flags != ONLY_NAMED && missed == MOST_MISSED { Err(3) } else { Ok(()) }
}

/// What a timestamp option holds: times alone, times of everybody with addresses, times of named hosts.
const TIMES_ALONE: u8 = 0;
const WITH_ADDRESSES: u8 = 1;
const ONLY_NAMED: u8 = 3;

/// Most hosts that are counted whose time found no room.
const MOST_MISSED: u8 = 15;

/// How many hosts found no room, and what is held.
fn split_flags(byte: u8) -> (u8, u8) {
    (byte >> 4, byte & 0xf)
}

/// Bytes of a host's slot.
fn slot_of(flags: u8) -> Option<usize> {
    match flags {
        TIMES_ALONE => Some(4),
        WITH_ADDRESSES | ONLY_NAMED => Some(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_options_pass() {
        let malformed = |pointer| Err(BadOption::Malformed { pointer });
        let rows: &[(&[u8], Result<(), BadOption>)] = &[
            (&[], Ok(())),
            (&[NOP, NOP, NOP, END], Ok(())),
            (&[END, 255, 255, 255], Ok(())),
            (&[148, 4, 0, 0], Ok(())),
            (&[NOP, LOOSE_SOURCE_ROUTE, 3, 4], Err(BadOption::SourceRoute)),
            (&[STRICT_SOURCE_ROUTE, 7, 4, 1, 2, 3, 4, END], Err(BadOption::SourceRoute)),
            (&[148], malformed(20)),
            (&[148, 0, 0, 0], malformed(21)),
            (&[148, 1, 0, 0], malformed(21)),
            (&[NOP, 148, 9, 0], malformed(22)),
            (&[RECORD_ROUTE, 7, 4, 0, 0, 0, 0, END], Ok(())),
            (&[RECORD_ROUTE, 7, 8, 0, 0, 0, 0, END], Ok(())),
            (&[RECORD_ROUTE, 7, 3, 0, 0, 0, 0, END], malformed(22)),
            (&[RECORD_ROUTE, 7, 5, 0, 0, 0, 0, END], malformed(22)),
            (&[RECORD_ROUTE, 2, NOP, NOP], malformed(21)),
            (&[TIMESTAMP, 8, 5, 0, 0, 0, 0, 0], Ok(())),
            (&[TIMESTAMP, 8, 5, 1, 0, 0, 0, 0], malformed(22)),
            (&[TIMESTAMP, 8, 5, 2, 0, 0, 0, 0], malformed(23)),
            (&[TIMESTAMP, 3, 5, END], malformed(21)),
            (&[TIMESTAMP, 4, 5, 0xe1], Ok(())),
            (&[TIMESTAMP, 4, 5, 0xf1], malformed(23)),
            (&[TIMESTAMP, 4, 5, 0xf3], Ok(())),
        ];
        for (options, expected) in rows {
            assert_eq!(check(options), *expected, "{options:?}");
        }
    }

    #[test]
    fn any_bytes_will_do() {
        for kind in 0..=255 {
            for length in 0..=255 {
                for rest in [0u8, 5, 255] {
                    let _ = check(&[kind, length, rest, rest, kind, length]);
                }
            }
        }
    }
}
