//! Programs that are taken and refused, and what they do.

use super::*;
use crate::random::{Random, SeededRandom};
use alloc::vec::Vec;

const END: Instruction = op(0x06, 0, 0, 1);

const fn op(code: u16, jump_true: u8, jump_false: u8, k: u32) -> Instruction {
    Instruction { code, jump_true, jump_false, k }
}

fn run(program: &[Instruction], view: &View<'_>) -> u32 {
    assert!(Program::new(program).is_some(), "{program:?}");
    super::run::run(program, view, &mut SeededRandom::new(1))
}

#[test]
fn programs_that_linux_refuses_are_refused() {
    let refused: [(&str, &[Instruction]); 10] = [
        ("nothing", &[]),
        ("no return at the end", &[op(0x00, 0, 0, 1)]),
        ("a jump beyond the end", &[op(0x15, 1, 0, 1), END]),
        ("another one", &[op(0x05, 0, 0, 1), END]),
        ("a far one", &[op(0x05, 0, 0, u32::MAX), END]),
        ("division by zero", &[op(0x34, 0, 0, 0), END]),
        ("a shift beyond the word", &[op(0x64, 0, 0, 32), END]),
        ("memory that is not there", &[op(0x60, 0, 0, 16), END]),
        ("memory that nobody wrote", &[op(0x60, 0, 0, 3), END]),
        (
            "memory that one way did not write",
            &[op(0x15, 0, 1, 0), op(0x02, 0, 0, 3), op(0x60, 0, 0, 3), END],
        ),
    ];
    for (why, program) in refused {
        assert!(Program::new(program).is_none(), "{why}");
    }
    assert!(Program::new(&[END; MAX_INSTRUCTIONS + 1]).is_none());
    assert!(Program::new(&[END; MAX_INSTRUCTIONS]).is_some());
    assert!(Program::new(&[op(0x02, 0, 0, 3), op(0x60, 0, 0, 3), END]).is_some());
}

#[test]
fn loads_beyond_the_packet_and_division_by_zero_end_with_nothing() {
    let view = View { data: &[1, 2, 3], ..View::default() };
    for first in [
        op(0x20, 0, 0, 0),
        op(0x30, 0, 0, 3),
        op(0x28, 0, 0, 2),
        op(0xb1, 0, 0, 3),
        op(0x3c, 0, 0, 0),
        op(0x9c, 0, 0, 0),
        op(0x30, 0, 0, -0x10_0000_i32 as u32),
        op(0x30, 0, 0, -0x20_0000_i32 as u32),
        // By x, nothing is known of the packet but its bytes.
        op(0x40, 0, 0, ancillary::OFFSET),
        op(0xb1, 0, 0, ancillary::OFFSET),
    ] {
        assert_eq!(run(&[first, op(0x06, 0, 0, 7)], &view), 0, "{first:?}");
    }
}

#[test]
fn every_class_does_what_linuxs_does() {
    let data = [0x45, 2, 3, 4, 5, 6];
    let view = View { data: &data, link: &[9], network: &data[1..], ..View::default() };
    let (a, x) = (op(0x16, 0, 0, 0), |k| op(0x01, 0, 0, k));
    let rows: &[(&str, &[Instruction], u32)] = &[
        ("ld word", &[op(0x20, 0, 0, 1)], 0x02030405),
        ("ld half", &[op(0x28, 0, 0, 4)], 0x0506),
        ("ld byte", &[op(0x30, 0, 0, 5)], 6),
        ("ld by x", &[x(3), op(0x50, 0, 0, 1)], 5),
        ("ld length", &[op(0x80, 0, 0, 0)], 6),
        ("ld of the network's header", &[op(0x30, 0, 0, -0x10_0000_i32 as u32)], 2),
        ("ld of the link's header", &[op(0x30, 0, 0, -0x20_0000_i32 as u32)], 9),
        ("ldx of an IP header's length", &[op(0xb1, 0, 0, 0), op(0x87, 0, 0, 0)], 20),
        (
            "st, stx",
            &[
                op(0x00, 0, 0, 7),
                op(0x02, 0, 0, 15),
                op(0x61, 0, 0, 15),
                op(0x03, 0, 0, 0),
                op(0x60, 0, 0, 0),
            ],
            7,
        ),
        ("add", &[op(0x00, 0, 0, u32::MAX), op(0x04, 0, 0, 2)], 1),
        ("sub x", &[x(3), op(0x1c, 0, 0, 0)], -3_i32 as u32),
        ("mul", &[op(0x00, 0, 0, 5), op(0x24, 0, 0, 3)], 15),
        ("div", &[op(0x00, 0, 0, 17), op(0x34, 0, 0, 3)], 5),
        ("mod", &[op(0x00, 0, 0, 17), op(0x94, 0, 0, 3)], 2),
        ("or, and, xor", &[op(0x44, 0, 0, 6), op(0x54, 0, 0, 3), op(0xa4, 0, 0, 1)], 3),
        ("lsh, rsh", &[op(0x00, 0, 0, 3), op(0x64, 0, 0, 4), op(0x74, 0, 0, 1)], 24),
        ("lsh by x takes five bits", &[x(33), op(0x00, 0, 0, 1), op(0x6c, 0, 0, 0)], 2),
        ("neg", &[op(0x00, 0, 0, 1), op(0x84, 0, 0, 0)], u32::MAX),
        ("tax", &[op(0x00, 0, 0, 4), op(0x07, 0, 0, 0), op(0x00, 0, 0, 0), op(0x87, 0, 0, 0)], 4),
        ("ja", &[op(0x05, 0, 0, 1), op(0x06, 0, 0, 99)], 0),
        ("jeq", &[op(0x15, 1, 0, 0), op(0x06, 0, 0, 99)], 0),
        ("jgt", &[op(0x25, 0, 1, 0), op(0x06, 0, 0, 99)], 0),
        ("jge", &[op(0x35, 1, 0, 0), op(0x06, 0, 0, 99)], 0),
        ("jset", &[op(0x45, 0, 1, 1), op(0x06, 0, 0, 99)], 0),
    ];
    for (name, program, expected) in rows {
        let mut program = program.to_vec();
        program.push(a);
        assert_eq!(run(&program, &view), *expected, "{name}");
    }
}

#[test]
fn what_is_known_of_a_packet_can_be_asked() {
    let view = View {
        protocol: 0x86dd,
        packet_type: 4,
        device: 7,
        mark: 9,
        hardware_type: 1,
        vlan: Some(0x2064),
        ..View::default()
    };
    let rows = [(0, 0x86dd), (4, 4), (8, 7), (20, 9), (28, 1), (36, 0), (44, 0x2064), (48, 1), (60, 0x8100)];
    for (what, expected) in rows {
        assert_eq!(asked(what, (0, 0), &view), expected, "{what}");
    }
    assert_eq!(asked(40, (6, 3), &view), 5, "the registers one over the other");
    assert_eq!(asked(56, (0, 0), &view), SeededRandom::new(1).next_u32());
    assert_eq!(asked(52, (0, 0), &view), 0, "there is no packet");
}

/// What a program gets that asks for `what` with these registers.
fn asked(what: u32, (a, x): (u32, u32), view: &View<'_>) -> u32 {
    let load = op(0x20, 0, 0, ancillary::OFFSET + what);
    run(&[op(0x00, 0, 0, a), op(0x01, 0, 0, x), load, op(0x16, 0, 0, 0)], view)
}

#[test]
fn the_operations_that_linux_takes_are_taken_and_no_others() {
    // What `setsockopt` of Linux 6.18 takes of all 65536, by constant; the words of memory 0 and 1 are written.
    let always: [u16; 37] = [
        0x00, 0x01, 0x04, 0x06, 0x07, 0x0c, 0x14, 0x15, 0x16, 0x1c, 0x1d, 0x20, 0x24, 0x25, 0x28, 0x2c, 0x2d,
        0x30, 0x35, 0x3c, 0x3d, 0x40, 0x44, 0x45, 0x48, 0x4c, 0x4d, 0x50, 0x54, 0x5c, 0x6c, 0x7c, 0x80, 0x81,
        0x84, 0x87, 0x9c,
    ];
    let arithmetic = [0xa4, 0xac, 0xb1];
    let (memory, shifts, divisions) = ([0x02, 0x03, 0x60, 0x61], [0x64, 0x74], [0x34, 0x94]);
    let rows: [(u32, &[&[u16]]); 3] =
        [(0, &[&memory, &shifts, &[0x05]]), (1, &[&memory, &shifts, &divisions]), (32, &[&divisions])];
    for (k, more) in rows {
        let mut expected = [&always[..], &arithmetic, &more.concat()].concat();
        expected.sort_unstable();
        let write = [op(0x02, 0, 0, 0), op(0x02, 0, 0, 1)];
        let taken = |code: &u16| Program::new(&[write[0], write[1], op(*code, 0, 0, k), END]).is_some();
        assert_eq!((0..=u16::MAX).filter(taken).collect::<Vec<_>>(), expected, "{k}");
    }
}

#[test]
fn what_is_unknown_of_a_packet_is_refused() {
    for (code, known) in [(0x20, 16), (0x28, 16), (0x30, 16), (0x40, 0x1000), (0xb1, 0x1000)] {
        let taken = |k: &u32| Program::new(&[op(code, 0, 0, *k), END]).is_some();
        let taken: Vec<u32> = (ancillary::OFFSET..=u32::MAX).filter(taken).collect();
        assert_eq!(taken.len(), known, "{code:#x}");
        assert!(known == 0x1000 || taken.iter().all(|k| k % 4 == 0 && k - ancillary::OFFSET <= 60));
    }
}

#[test]
fn where_a_payload_begins() {
    let tcp = [&[0; 12][..], &[0x80], &[0; 19], b"data"].concat();
    let v4 = |protocol: u8, fragment: [u8; 2], payload: &[u8]| {
        let [high, low] = fragment;
        [&[0x45, 0, 0, 99, 0, 0, high, low, 64, protocol][..], &[0; 10], payload].concat()
    };
    let v6 = |next: u8, payload: &[u8]| [&[0x60, 0, 0, 0, 0, 0, next, 64][..], &[0; 32], payload].concat();
    let behind_options = [&[17, 0, 1, 4, 0, 0, 0, 0][..], &[0; 9]].concat();
    let later_fragment = [6, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0];
    let rows = [
        ("TCP with options", 0x800, v4(6, [0, 0], &tcp), 52),
        ("TCP without its length", 0x800, v4(6, [0, 0], &tcp[..8]), 20),
        ("UDP", 0x800, v4(17, [0, 0], &[0; 12]), 28),
        ("not more than there is", 0x800, v4(17, [0, 0], &[0; 3]), 23),
        ("a later fragment", 0x800, v4(17, [0, 1], &[0; 12]), 20),
        ("another protocol", 0x800, v4(89, [0, 0], &[0; 12]), 20),
        ("a header too short", 0x800, Vec::from([0x41; 30]), 0),
        ("ICMPv6", 0x86dd, v6(58, &[0; 9]), 48),
        ("UDP behind options", 0x86dd, v6(0, &behind_options), 56),
        ("a later fragment of IPv6", 0x86dd, v6(44, &later_fragment), 48),
        ("a chain cut off", 0x86dd, v6(0, &behind_options[..7]), 47),
        ("one cut off at once", 0x86dd, v6(0, &[17]), 0),
        ("ARP", 0x806, Vec::from([0; 28]), 0),
        ("who knows", 0x88cc, Vec::from([0; 28]), 0),
    ];
    for (name, protocol, packet, expected) in rows {
        let view = View { data: &packet, network: &packet, protocol, ..View::default() };
        assert_eq!(asked(52, (0, 0), &view), expected, "{name}");
        let frame = [&[0; 14][..], &packet].concat();
        let found = expected != 0 || protocol == 0x806;
        let view = View { data: &frame, link: &frame, ..view };
        assert_eq!(asked(52, (0, 0), &view), if found { expected + 14 } else { 0 }, "{name}, in its frame");
    }
    // As a filter of TCP sees it: from the segment on.
    let packet = v4(6, [0, 0], &tcp);
    let view = View { data: &packet[20..], network: &packet, protocol: 0x800, ..View::default() };
    assert_eq!(asked(52, (0, 0), &view), 32);
}

#[test]
fn no_more_stays_than_there_is() {
    let all = Program::new(&[op(0x06, 0, 0, u32::MAX)]).unwrap();
    assert_eq!(all.keep(&View { data: &[0; 5], ..View::default() }, &mut SeededRandom::new(1)), 5);
}
