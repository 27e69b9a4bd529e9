//! What becomes of fragments: tables of the cases, and a comparison with a model that keeps every byte.

use super::*;
use crate::counters::{Counter, Counters};
use crate::drop_reason::DropReason;
use crate::packet::{DeviceIndex, Packet};
use crate::random::{Random, SeededRandom};
use crate::sysctl::Sysctl;
use crate::time::{Duration, Instant};
use crate::wire::ecn::Codepoint;
use crate::wire::protocol::Protocol;
use core::net::{Ipv4Addr, Ipv6Addr};
use std::vec;
use std::vec::Vec;

const SOURCE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const DESTINATION: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
/// Every fragment has a header of so many bytes.
const HEADER: usize = 20;

/// A reassembly with its surroundings.
struct Bench {
    reassembly: Reassembly,
    limits: Limits,
    counters: Counters,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Bench {
            reassembly: Reassembly::new(Family::V4, &mut SeededRandom::new(1)),
            limits: Limits::v4(&Sysctl::default()),
            counters: Counters::default(),
            now: Instant::from_millis(1000),
        }
    }

    fn give(&mut self, fragment: Fragment) -> Result<Option<Whole>, DropReason> {
        self.reassembly.input(self.now, &self.limits, &mut self.counters, fragment)
    }

    fn count(&self, counter: Counter) -> u64 {
        self.counters.get(counter)
    }
}

fn key(identification: u16) -> Key {
    Key::v4(SOURCE, DESTINATION, identification, Protocol::UDP)
}

/// The bytes of a datagram: each tells its place.
fn byte(at: usize) -> u8 {
    (at / 8) as u8 ^ (at as u8).rotate_left(5)
}

fn piece(identification: u16, offset: u32, len: usize, more: bool) -> Fragment {
    let mut packet = Packet::from_payload(&[0xee; HEADER]);
    packet.append(&(0..len).map(|at| byte(offset as usize + at)).collect::<Vec<_>>());
    let (ecn, dont_fragment) = (Codepoint::NotEct, false);
    Fragment { key: key(identification), packet, header_len: HEADER, offset, more, ecn, dont_fragment }
}

#[test]
fn pieces_in_any_order_make_the_whole() {
    let pieces = [(0, 16, true), (16, 8, true), (24, 8, true), (32, 5, false)];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        let mut bench = Bench::new();
        for (nth, at) in order.into_iter().enumerate() {
            let (offset, len, more) = pieces[at];
            let whole = bench.give(piece(1, offset, len, more)).unwrap();
            assert_eq!(whole.is_some(), nth == 3, "{order:?}");
            if let Some(Whole { packet, largest, congestion, .. }) = whole {
                let payload: Vec<u8> = (0..37).map(byte).collect();
                assert_eq!(packet.data(), [vec![0xee; HEADER], payload].concat());
                assert_eq!((largest, congestion), (36, false));
            }
        }
        assert_eq!((bench.reassembly.memory(), bench.reassembly.next_deadline()), (0, None));
        assert!(bench.reassembly.is_empty() && bench.reassembly.sources_len() == 0);
        assert_eq!((bench.count(Counter::IpReasmReqds), bench.count(Counter::IpReasmOKs)), (4, 1));
    }
}

#[test]
fn what_condemns_a_datagram_and_what_is_ignored() {
    use DropReason::{
        FragmentDuplicate as Duplicate, FragmentMalformed as Malformed, FragmentOverlap as Overlap,
    };
    // What is there; what comes.
    type Piece = (u32, usize, bool);
    let rows: &[(&str, &[Piece], Piece, DropReason)] = &[
        ("the same again", &[(8, 16, true)], (8, 16, true), Duplicate),
        ("a part of it", &[(8, 24, true)], (16, 8, true), Duplicate),
        ("over two neighbours", &[(8, 8, true), (16, 8, true)], (8, 16, true), Duplicate),
        ("over its end", &[(8, 16, true)], (16, 16, true), Overlap),
        ("over its beginning", &[(8, 16, true)], (0, 16, true), Overlap),
        ("around it", &[(8, 8, true)], (0, 24, true), Overlap),
        ("over a gap", &[(0, 8, true), (16, 8, true)], (0, 24, true), Overlap),
        ("a hole at the front", &[(8, 8, true), (16, 8, true)], (0, 24, true), Overlap),
        ("teardrop", &[(0, 32, true)], (24, 4, false), Malformed),
        ("a new end", &[(24, 8, false)], (16, 8, false), Malformed),
        ("a later end", &[(24, 8, false)], (32, 8, false), Malformed),
        ("behind the end", &[(24, 8, false)], (32, 8, true), Malformed),
        ("empty", &[(0, 8, true)], (8, 0, false), Malformed),
        ("shorter than eight", &[(0, 8, true)], (8, 7, true), Malformed),
        ("beyond the largest", &[(0, 8, true)], (65_528, 8, false), Malformed),
    ];
    for (name, there, comes, reason) in rows {
        let mut bench = Bench::new();
        for &(offset, len, more) in *there {
            assert!(matches!(bench.give(piece(1, offset, len, more)), Ok(None)), "{name}");
        }
        let (offset, len, more) = *comes;
        assert_eq!(bench.give(piece(1, offset, len, more)).unwrap_err(), *reason, "{name}");
        let condemned = *reason != Duplicate;
        assert_eq!(bench.reassembly.is_empty(), condemned, "{name}");
        assert_eq!(bench.reassembly.memory() == 0, condemned, "{name}");
        assert_eq!(bench.count(Counter::IpReasmFails), condemned.into(), "{name}");
        assert_eq!(bench.count(Counter::IpExtReasmOverlaps), (*reason == Overlap).into(), "{name}");
        let kept = if condemned { there.len() as u64 } else { 0 };
        assert_eq!(bench.counters.dropped(DropReason::FragmentCondemned), kept, "{name}");
    }
}

#[test]
fn the_largest_packet_and_one_more() {
    for (last, fits) in [(65_535 - 65_512 - HEADER, true), (65_536 - 65_512 - HEADER, false)] {
        let mut bench = Bench::new();
        for offset in (0..65_512).step_by(8 * 1489) {
            let len = (65_512 - offset as usize).min(8 * 1489);
            bench.give(piece(1, offset, len, true)).unwrap();
        }
        let whole = bench.give(piece(1, 65_512, last, false));
        assert_eq!(whole.is_ok(), fits);
        assert_eq!(bench.count(Counter::IpReasmOKs), fits.into());
        assert_eq!((bench.count(Counter::IpReasmFails), bench.reassembly.memory()), ((!fits).into(), 0));
    }
}

#[test]
fn marks_of_congestion() {
    use Codepoint::{Ce, Ect0, Ect1, NotEct};
    let rows = [
        (NotEct, NotEct, Some(false)),
        (Ect0, Ect0, Some(false)),
        (Ect0, Ect1, Some(false)),
        (Ect0, Ce, Some(true)),
        (Ect1, Ce, Some(true)),
        // All are marked: the first one's own mark says it.
        (Ce, Ce, Some(false)),
        (NotEct, Ect0, None),
        (NotEct, Ce, None),
        (Ect1, NotEct, None),
    ];
    for (first, second, expected) in rows {
        let mut bench = Bench::new();
        bench.give(Fragment { ecn: first, ..piece(1, 0, 8, true) }).unwrap();
        let whole = bench.give(Fragment { ecn: second, ..piece(1, 8, 8, false) });
        match expected {
            Some(marked) => assert_eq!(whole.unwrap().unwrap().congestion, marked, "{first:?} {second:?}"),
            None => assert_eq!(whole.unwrap_err(), DropReason::FragmentEcn, "{first:?} {second:?}"),
        }
    }
}

#[test]
fn a_whole_is_not_cut_again_if_its_largest_piece_was_not_to_be() {
    for (first, second, expected) in [(true, true, true), (true, false, true), (false, true, false)] {
        let mut bench = Bench::new();
        bench.give(Fragment { dont_fragment: first, ..piece(1, 0, 16, true) }).unwrap();
        let whole = bench.give(Fragment { dont_fragment: second, ..piece(1, 16, 8, false) });
        assert_eq!(whole.unwrap().unwrap().dont_fragment, expected);
    }
}

#[test]
fn what_belongs_together() {
    let (link_local, global): (Ipv6Addr, Ipv6Addr) =
        ("fe80::2".parse().unwrap(), "2001:db8::2".parse().unwrap());
    let v6 = |destination, device| Key::v6("fe80::1".parse().unwrap(), destination, 1, DeviceIndex(device));
    let v4 = |id, protocol| Key::v4(SOURCE, DESTINATION, id, protocol);
    assert_ne!(v4(1, Protocol::UDP), v4(2, Protocol::UDP));
    assert_ne!(v4(1, Protocol::UDP), v4(1, Protocol::TCP));
    assert_ne!(v4(1, Protocol::UDP), Key::v4(DESTINATION, SOURCE, 1, Protocol::UDP));
    // RFC 4007: a link-local address means another host on another link.
    assert_ne!(v6(link_local, 2), v6(link_local, 3));
    assert_eq!(v6(global, 2), v6(global, 3));
}

#[test]
fn what_is_late_is_given_up_and_its_sender_told() {
    let mut bench = Bench::new();
    bench.give(piece(1, 0, 8, true)).unwrap();
    bench.give(piece(1, 8, 8, true)).unwrap();
    bench.give(piece(2, 8, 8, true)).unwrap();
    let deadline = bench.reassembly.next_deadline().unwrap();
    assert_eq!(deadline, bench.now + Duration::from_secs(30));
    bench.now = deadline;
    bench.give(piece(3, 0, 8, true)).unwrap();
    let first = bench.reassembly.run_timers(deadline, &mut bench.counters);
    // Nobody can be told of a datagram whose beginning never came.
    assert_eq!(first.iter().map(|packet| packet.len()).collect::<Vec<_>>(), [28]);
    assert_eq!((bench.count(Counter::IpReasmTimeout), bench.count(Counter::IpReasmFails)), (2, 2));
    assert_eq!(bench.counters.dropped(DropReason::FragmentTimeout), 3);
    assert_eq!(bench.reassembly.len(), 1);
}

#[test]
fn a_flood_stays_within_its_memory_and_the_oldest_go() {
    let mut bench = Bench::new();
    bench.limits.max_distance = None;
    let mut most = 0;
    for id in 0..60_000u16 {
        bench.give(piece(id, 0, 8, true)).unwrap();
        most = most.max(bench.reassembly.memory());
    }
    assert!(most > bench.limits.high && most < bench.limits.high + 2000, "{most}");
    assert!(bench.reassembly.memory() > bench.limits.low);
    assert!(bench.counters.dropped(DropReason::FragmentNoMemory) > 30_000);
    let whole = bench.give(piece(59_999, 8, 8, false)).unwrap();
    assert!(whole.is_some(), "the newest is there");
    assert!(bench.give(piece(0, 8, 8, false)).unwrap().is_none(), "the oldest is gone");
    bench.limits.high = 0;
    assert_eq!(bench.give(piece(1, 0, 8, true)).unwrap_err(), DropReason::FragmentNoMemory);
}

#[test]
fn numbers_that_come_round_do_not_mix() {
    for (between, mixed) in [(63, true), (64, false)] {
        let mut bench = Bench::new();
        bench.give(piece(1, 0, 8, true)).unwrap();
        for id in 0..between {
            bench.give(piece(100 + id, 8, 8, true)).unwrap();
        }
        let whole = bench.give(piece(1, 8, 8, false)).unwrap();
        assert_eq!(whole.is_some(), mixed, "{between}");
        let too_far = bench.counters.dropped(DropReason::FragmentTooFar);
        assert_eq!(too_far, (!mixed).into());
    }
}

/// The same rules, as slow as they are plain: a byte is there or not.
#[derive(Default)]
struct Model {
    bytes: Vec<bool>,
    end: Option<usize>,
}

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Kept,
    Whole(usize),
    Drop(DropReason),
}

impl Model {
    fn give(&mut self, offset: usize, len: usize, more: bool) -> Expected {
        let end = if more { (offset + len) & !7 } else { offset + len };
        let beyond = |end: usize| self.end.is_some_and(|last| last < end);
        let moves = !more && (end < self.bytes.len() || self.end.is_some_and(|last| last != end));
        if end <= offset || moves || beyond(end) {
            *self = Model::default();
            return Expected::Drop(DropReason::FragmentMalformed);
        }
        self.bytes.resize(self.bytes.len().max(end), false);
        if !more {
            self.end = Some(end);
        }
        let there = self.bytes[offset..end].iter().filter(|there| **there).count();
        if there == end - offset {
            return Expected::Drop(DropReason::FragmentDuplicate);
        }
        if there > 0 {
            *self = Model::default();
            return Expected::Drop(DropReason::FragmentOverlap);
        }
        self.bytes[offset..end].fill(true);
        match self.end {
            Some(last) if self.bytes.iter().all(|there| *there) => {
                *self = Model::default();
                Expected::Whole(last)
            }
            _ => Expected::Kept,
        }
    }
}

#[test]
fn random_fragments_do_what_the_model_says() {
    let mut random = SeededRandom::new(815);
    let mut bench = Bench::new();
    let mut model = Model::default();
    let mut wholes = 0;
    for step in 0..200_000 {
        let offset = random.below(6) * 8;
        let len =
            8 * random.below(4) as usize + if random.below(4) == 0 { random.below(8) as usize } else { 0 };
        let more = random.below(5) != 0;
        let expected = model.give(offset as usize, len, more);
        let got = match bench.give(piece(1, offset, len, more)) {
            Ok(None) => Expected::Kept,
            Ok(Some(whole)) => {
                let payload: Vec<u8> = (0..whole.packet.len() - HEADER).map(byte).collect();
                assert_eq!(whole.packet.data()[HEADER..], payload);
                wholes += 1;
                Expected::Whole(payload.len())
            }
            Err(reason) => Expected::Drop(reason),
        };
        assert_eq!(got, expected, "step {step}: {offset} {len} {more}");
    }
    assert!(wholes > 1000, "{wholes}");
}
