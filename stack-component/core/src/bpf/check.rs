//! Which programs are taken. Linux: `bpf_check_classic`, `check_load_and_stores`.

use super::{Instruction, MAX_INSTRUCTIONS, WORDS, ancillary, code};

/// Whether Linux would take the program: known instructions, jumps that stay inside it, memory that is there and
/// was written before it is read, a return at its end.
pub(super) fn is_valid(program: &[Instruction]) -> bool {
    let len = program.len();
    if len == 0 || len > MAX_INSTRUCTIONS {
        return false;
    }
    let known = program.iter().enumerate().all(|(at, i)| is_known(i) && jumps_inside(i, at, len));
    let returns = program.last().is_some_and(|last| last.code & 7 == code::RET);
    known && returns && reads_what_was_written(program)
}

fn is_known(instruction: &Instruction) -> bool {
    let Instruction { code, k, .. } = *instruction;
    let in_memory = (k as usize) < WORDS;
    match code & 7 {
        code::LD | code::LDX if code & !7 == code::MEM => in_memory,
        code::LD => match code & 0xe0 {
            code::ABS if k >= ancillary::OFFSET && !ancillary::is_known(k) => false,
            code::ABS | code::IND => matches!(code & 0x18, 0 | code::HALF | code::BYTE) && code < 0x100,
            code::IMM | code::LEN => code & 0x18 == 0 && code < 0x100,
            _ => false,
        },
        code::LDX => matches!(code & !7, code::IMM | code::LEN) || code == code::LDX | code::MSH | code::BYTE,
        code::ST | code::STX => code & !7 == 0 && in_memory,
        code::ALU => is_known_arithmetic(code, k),
        code::JMP => match code & 0xf0 {
            0 => code == code::JMP,
            0x10..=0x40 => code < 0x100,
            _ => false,
        },
        code::RET => matches!(code & !7, 0 | 0x10),
        // MISC: TAX and TXA.
        _ => matches!(code & !7, 0 | 0x80),
    }
}

fn is_known_arithmetic(code: u16, k: u32) -> bool {
    let constant = code & code::X == 0;
    match code & !7 & !code::X {
        // Division and remainder by zero, and shifts beyond the word.
        0x30 | 0x90 => !constant || k != 0,
        0x60 | 0x70 => !constant || k < 32,
        0x00 | 0x10 | 0x20 | 0x40 | 0x50 | 0xa0 => true,
        0x80 => constant,
        _ => false,
    }
}

fn jumps_inside(instruction: &Instruction, at: usize, len: usize) -> bool {
    let Instruction { code, jump_true, jump_false, k } = *instruction;
    let left = len - at - 1;
    if code & 7 != code::JMP {
        true
    } else if code & 0xf0 == 0 {
        (k as usize) < left
    } else {
        usize::from(jump_true) < left && usize::from(jump_false) < left
    }
}

/// Jumps go forward only, so that one pass knows which words are written on every way to an instruction.
fn reads_what_was_written(program: &[Instruction]) -> bool {
    let mut reached = alloc::vec![u16::MAX; program.len()];
    let mut written = 0u16;
    for (at, instruction) in program.iter().enumerate() {
        written &= reached.get(at).copied().unwrap_or(0);
        let bit = 1u16.checked_shl(instruction.k).unwrap_or(0);
        let mut meet = |to: usize| {
            if let Some(mask) = reached.get_mut(to) {
                *mask &= written;
            }
        };
        match instruction.code & 7 {
            code::ST | code::STX => written |= bit,
            code::LD | code::LDX if instruction.code & !7 == code::MEM && written & bit == 0 => return false,
            code::JMP if instruction.code & 0xf0 == 0 => {
                meet((at + 1).saturating_add(instruction.k as usize));
                written = u16::MAX;
            }
            code::JMP => {
                meet(at + 1 + usize::from(instruction.jump_true));
                meet(at + 1 + usize::from(instruction.jump_false));
                written = u16::MAX;
            }
            code::RET => written = u16::MAX,
            _ => {}
        }
    }
    true
}
