use super::*;
use crate::random::{Random, SeededRandom};
use std::vec;

/// Feeds pieces of a known stream in any order, overlapping, and reads it back.
#[test]
fn any_order_and_overlap_gives_the_stream_back() {
    for seed in 0..200 {
        let mut random = SeededRandom::new(seed);
        let stream: Vec<u8> = (0..4000).map(|_| random.next_u32() as u8).collect();
        let first = Sequence(u32::MAX - 1500);
        let (mut queue, mut next, mut read) = (ReceiveQueue::default(), first, vec![]);
        for _ in 0..20_000 {
            if read.len() == stream.len() {
                break;
            }
            let at_next = random.below(4) == 0;
            let from = if at_next { next.since(first) as usize } else { random.below(4000) as usize };
            if from == 4000 {
                continue;
            }
            let to = (from + random.below(700) as usize + 1).min(4000);
            let start = first + from as u32;
            let mut piece = Packet::from_payload(&stream[from..to]);
            if start.after(next) {
                queue.insert(start, piece);
            } else {
                piece.pull(next.since(start) as usize);
                next += piece.len() as u32;
                queue.push(piece);
                next = queue.advance(next, |_, _| ());
            }
            read.extend(queue.read(random.below(900) as usize));
        }
        assert!(read == stream, "seed {seed}");
        assert!(!queue.has_gap());
        assert_eq!((queue.charged(), queue.len()), (0, 0));
    }
}

#[test]
fn the_first_of_two_versions_counts() {
    let mut queue = ReceiveQueue::default();
    let at = |offset: u32| Sequence(100 + offset);
    queue.insert(at(2), Packet::from_payload(b"cc"));
    queue.insert(at(1), Packet::from_payload(b"XXXX"));
    queue.insert(at(1), Packet::from_payload(b"YYYYYY"));
    queue.push(Packet::from_payload(b"a"));
    assert_eq!(queue.advance(at(1), |_, _| ()), at(7));
    assert_eq!(queue.read(100), b"aXccXYY");
}

#[test]
fn what_is_held_is_charged_and_can_be_dropped_from_the_end() {
    let mut queue = ReceiveQueue::default();
    for i in 0..100u32 {
        queue.insert(Sequence(2 * i + 10), Packet::from_payload(b"x"));
    }
    assert_eq!(queue.charged(), 100 * charge_of(1));
    assert_eq!(queue.drop_last(Sequence(209)), None, "what arrives is behind it");
    assert_eq!(queue.drop_last(Sequence(5)), Some(charge_of(1)));
    assert_eq!(queue.out_of_order_end(), Some(Sequence(207)));
    queue.forget_out_of_order();
    assert!(!queue.has_gap() && queue.charged() == 0);
}

#[test]
fn overlaps_are_told_as_runs() {
    let mut queue = ReceiveQueue::default();
    for start in [10, 610, 2000] {
        queue.insert(Sequence(start), Packet::from_payload(&[0; 600]));
    }
    let mut told = vec![];
    queue.overlaps(Sequence(100), Sequence(2100), |from, to| told.push((from.0, to.0)));
    assert_eq!(told, [(100, 1210), (2000, 2100)]);
    assert_eq!(queue.collapse(0), 1);
    assert_eq!(queue.charged(), charge_of(1200) + charge_of(600));
}

#[test]
fn collapsing_stops_at_crumbs_and_loses_nothing() {
    for most_crumbs in [0, 10 * charge_of(1), usize::MAX] {
        let mut queue = ReceiveQueue::default();
        // Fifty crumbs, then twenty full segments in pairs.
        (0..50u32).for_each(|i| queue.insert(Sequence(2 * i + 1), Packet::from_payload(b"x")));
        for i in 0..20u32 {
            queue.insert(Sequence(1000 + 1200 * i + i / 2), Packet::from_payload(&[b'y'; 1200]));
        }
        let saved = queue.collapse(most_crumbs);
        assert_eq!(saved, if most_crumbs == usize::MAX { 10 } else { 0 });
        let kept = queue.in_order.iter().chain(queue.out_of_order.iter().map(|run| &run.kept));
        assert_eq!(queue.charged(), kept.map(|kept| kept.charge).sum());
        (0..50u32).for_each(|i| {
            queue.push(Packet::from_payload(b"z"));
            assert_eq!(queue.advance(Sequence(2 * i + 1), |_, _| ()), Sequence(2 * i + 2));
        });
        assert_eq!((queue.len(), queue.out_of_order_end()), (100, Some(Sequence(1000 + 1200 * 20 + 9))));
    }
}

#[test]
fn charges_are_those_of_the_model() {
    assert_eq!(charge_of(1000), 2304);
    assert_eq!(charge_of(1448), 2304);
    assert_eq!(charge_of(4000), 8448);
    assert_eq!(charge_of(9000), 12_544);
    assert_eq!(charge_of(20_000), 20_736);
}

#[test]
fn tiny_segments_share_a_packet() {
    let mut queue = ReceiveQueue::default();
    for _ in 0..1000 {
        queue.push(Packet::from_payload(b"x"));
    }
    assert_eq!(queue.in_order.len(), 1);
    assert_eq!(queue.read(usize::MAX).len(), 1000);
}
