//! Options in which hosts and routers on the way leave their address or time (RFC 791 section 3.1, RFC 1812 section
//! 5.2.4.1). Linux: `ip_options_build`, `ip_options_echo`, `ip_forward_options`.

use super::{
    END, MOST_MISSED, NOP, ONLY_NAMED, RECORD_ROUTE, START, TIMES_ALONE, TIMESTAMP, slot_of, split_flags,
};
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// Says that a time is not one of the day: we know none (RFC 791 section 3.1).
const NOT_OF_THE_DAY: u32 = 1 << 31;

/// Who leaves address and time.
#[derive(Clone, Copy)]
pub struct Recorder<'a> {
    /// The address by which the packet leaves, or which it came to.
    pub address: Ipv4Addr,
    /// Milliseconds of a clock that knows no day.
    pub millis: u64,
    /// Whether another address is the same host's, too, as one that is named may be.
    pub is_ours: &'a dyn Fn(Ipv4Addr) -> bool,
}

impl Recorder<'_> {
    /// Fills in the next free slots of `options`, which [`check`](super::check) found well-formed; answers whether it
    /// changed anything.
    pub fn record(self, options: &mut [u8]) -> bool {
        let mut changed = false;
        let mut at = 0;
        while let Some((length, kind)) = next(options, at) {
            let option = options.get_mut(at..at + length).unwrap_or_default();
            changed |= match kind {
                RECORD_ROUTE => self.fill(option, [Some(self.address.octets()), None]),
                TIMESTAMP => self.stamp(option),
                _ => false,
            };
            at += length;
        }
        changed
    }

    fn stamp(self, option: &mut [u8]) -> bool {
        let Some((missed, flags)) = option.get(3).map(|&byte| split_flags(byte)) else { return false };
        let time = (self.millis as u32 | NOT_OF_THE_DAY).to_be_bytes();
        let address = self.address.octets();
        if flags == ONLY_NAMED {
            let named = pointed(option).and_then(|at| option.get(at..)?.first_chunk::<4>().copied());
            let ours = named.filter(|named| *named == address || (self.is_ours)(Ipv4Addr::from(*named)));
            return ours.is_some_and(|ours| self.fill(option, [Some(ours), Some(time)]));
        }
        let slots = if flags == TIMES_ALONE { [None, Some(time)] } else { [Some(address), Some(time)] };
        self.fill(option, slots) || {
            if let Some(byte) = option.get_mut(3) {
                *byte = (missed + 1).min(MOST_MISSED) << 4 | flags;
            }
            true
        }
    }

    /// Writes these words where the pointer points, if there is room for them, and moves it behind them.
    fn fill(self, option: &mut [u8], words: [Option<[u8; 4]>; 2]) -> bool {
        let Some(at) = pointed(option) else { return false };
        let bytes: Vec<u8> = words.into_iter().flatten().flatten().collect();
        let Some(slot) = option.get_mut(at..at + bytes.len()) else { return false };
        slot.copy_from_slice(&bytes);
        if let Some(pointer) = option.get_mut(2) {
            *pointer = pointer.saturating_add(bytes.len() as u8);
        }
        true
    }
}

/// The options of an answer to a packet with `options`: the route and the times so far, and ours as the one it leaves from.
/// Their length is a multiple of four. Linux: `__ip_options_echo`, `ip_options_build`.
pub fn echo(options: &[u8], us: Recorder<'_>) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut at = 0;
    while let Some((length, kind)) = next(options, at) {
        let is_new = next_of(&answer, kind).is_none();
        if matches!(kind, RECORD_ROUTE | TIMESTAMP) && is_new {
            answer.extend_from_slice(options.get(at..at + length).unwrap_or_default());
        }
        at += length;
    }
    us.record(&mut answer);
    answer.resize(answer.len().next_multiple_of(4), END);
    answer
}

/// Where the first option of a kind begins.
fn next_of(options: &[u8], wanted: u8) -> Option<usize> {
    let mut at = 0;
    while let Some((length, kind)) = next(options, at) {
        if kind == wanted {
            return Some(at);
        }
        at += length;
    }
    None
}

/// Length and kind of the option at `at`; none at the end, and at what is no option.
fn next(options: &[u8], at: usize) -> Option<(usize, u8)> {
    let kind = *options.get(at)?;
    match kind {
        END => None,
        NOP => Some((1, kind)),
        _ => {
            let length = usize::from(*options.get(at + 1)?);
            (length >= 2 && at + length <= options.len() && length <= 60 - START).then_some((length, kind))
        }
    }
}

/// Where in an option its pointer points, from 0 on; none if all slots are full.
fn pointed(option: &[u8]) -> Option<usize> {
    let at = usize::from(*option.get(2)?).checked_sub(1)?;
    let slot = match option.first()? {
        &TIMESTAMP => slot_of(split_flags(*option.get(3)?).1)?,
        _ => 4,
    };
    (at + slot <= option.len()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);
    const US: Recorder<'_> =
        Recorder { address: Ipv4Addr::new(192, 0, 2, 7), millis: 5, is_ours: &|ip| ip == OTHER };
    const ADDRESS: [u8; 4] = [192, 0, 2, 7];
    const TIME: [u8; 4] = [0x80, 0, 0, 5];

    fn recorded(options: &[u8]) -> (bool, Vec<u8>) {
        let mut options = options.to_vec();
        (US.record(&mut options), options)
    }

    #[test]
    fn a_route_is_recorded_as_long_as_there_is_room() {
        let free = [NOP, RECORD_ROUTE, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0];
        let (changed, once) = recorded(&free);
        assert!(changed);
        assert_eq!(once, [&[NOP, RECORD_ROUTE, 11, 8][..], &ADDRESS, &[0; 4]].concat());
        let (_, twice) = recorded(&once);
        assert_eq!(twice[3], 12);
        assert_eq!(recorded(&twice), (false, twice.clone()));
    }

    #[test]
    fn times_alone_with_addresses_and_of_named_hosts() {
        let alone = recorded(&[TIMESTAMP, 8, 5, 0, 0, 0, 0, 0]).1;
        assert_eq!(alone, [&[TIMESTAMP, 8, 9, 0][..], &TIME].concat());
        let with = recorded(&[TIMESTAMP, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0]).1;
        assert_eq!(with, [&[TIMESTAMP, 12, 13, 1][..], &ADDRESS, &TIME].concat());
        let ours = recorded(&[&[TIMESTAMP, 12, 5, 3][..], &ADDRESS, &[0; 4]].concat()).1;
        assert_eq!(ours, [&[TIMESTAMP, 12, 13, 3][..], &ADDRESS, &TIME].concat());
        let also = recorded(&[TIMESTAMP, 12, 5, 3, 192, 0, 2, 9, 0, 0, 0, 0]).1;
        assert_eq!(also, [&[TIMESTAMP, 12, 13, 3, 192, 0, 2, 9][..], &TIME].concat());
        let others = [TIMESTAMP, 12, 5, 3, 192, 0, 2, 8, 0, 0, 0, 0];
        assert_eq!(recorded(&others), (false, others.to_vec()));
    }

    #[test]
    fn who_finds_no_room_for_its_time_is_counted() {
        let full = [TIMESTAMP, 8, 9, 0x10, 1, 2, 3, 4];
        assert_eq!(recorded(&full).1, [TIMESTAMP, 8, 9, 0x20, 1, 2, 3, 4]);
        assert_eq!(recorded(&[TIMESTAMP, 8, 9, 0xf0, 1, 2, 3, 4]).1[3], 0xf0);
    }

    #[test]
    fn an_answer_has_the_route_and_us() {
        let route = [148, 4, 0, 0, RECORD_ROUTE, 15, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, NOP];
        let answer = echo(&route, US);
        let expected = [&[RECORD_ROUTE, 15, 12, 10, 0, 0, 1][..], &ADDRESS, &[0; 4], &[END]].concat();
        assert_eq!(answer, expected);
        assert!(echo(&[148, 4, 0, 0], US).is_empty());
    }

    #[test]
    fn any_bytes_will_do() {
        for kind in [RECORD_ROUTE, TIMESTAMP, 148] {
            for length in 0..=255 {
                for pointer in 0..=255 {
                    let options = [kind, length, pointer, 1, 0, 0, 0, 0, kind, length, pointer, 0];
                    let _ = (recorded(&options), echo(&options, US));
                    for cut in 0..4 {
                        let _ = (recorded(&options[..cut]), echo(&options[..cut], US));
                    }
                }
            }
        }
    }
}
