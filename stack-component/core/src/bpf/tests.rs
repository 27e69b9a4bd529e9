//! Programs that are taken and refused, and what they do.

use super::*;

const END: Instruction = op(0x06, 0, 0, 1);

const fn op(code: u16, jump_true: u8, jump_false: u8, k: u32) -> Instruction {
    Instruction { code, jump_true, jump_false, k }
}

fn run(program: &[Instruction], view: &View<'_>) -> u32 {
    assert!(Program::new(program).is_some(), "{program:?}");
    super::run::run(program, view)
}

#[test]
fn programs_that_linux_refuses_are_refused() {
    let refused: [(&str, &[Instruction]); 11] = [
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
        ("an operation that is none", &[op(0xffff, 0, 0, 0), END]),
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
        op(0x20, 0, 0, -96_i32 as u32),
        op(0x20, 0, 0, u32::MAX),
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
        let load = op(0x20, 0, 0, (-0x1000_i32 as u32) + what);
        assert_eq!(run(&[load, op(0x16, 0, 0, 0)], &view), expected, "{what}");
    }
}

#[test]
fn no_more_stays_than_there_is() {
    let all = Program::new(&[op(0x06, 0, 0, u32::MAX)]).unwrap();
    assert_eq!(all.keep(&View { data: &[0; 5], ..View::default() }), 5);
}
