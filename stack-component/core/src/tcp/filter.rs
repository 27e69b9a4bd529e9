//! Classic BPF as it is attached to sockets: a small program looks at each segment and says how much of it
//! stays. Linux: `net/core/filter.c`, `bpf_check_classic`, `sk_filter_trim_cap`.

use crate::drop_reason::DropReason;
use crate::packet::Packet;
use alloc::sync::Arc;
use core::fmt;

/// Most instructions of a program. Linux: `BPF_MAXINSNS`.
const MAX_INSTRUCTIONS: usize = 4096;

/// One instruction. Linux: `struct sock_filter`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instruction {
    /// Operation, operand and size in one.
    pub code: u16,
    /// How many instructions a jump skips if its condition holds.
    pub jump_true: u8,
    /// How many it skips if not.
    pub jump_false: u8,
    /// A constant, an offset or an index.
    pub k: u32,
}

/// Why a filter was not attached or detached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterError {
    /// The handle names no socket.
    NoSocket,
    /// There are no instructions, more than 4096, or not such as Linux takes. Linux: `EINVAL`.
    InvalidProgram,
    /// The filter is locked. Linux: `EPERM`.
    Locked,
    /// There is no filter to take away. Linux: `ENOENT`.
    NotAttached,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FilterError::NoSocket => "there is no such socket",
            FilterError::InvalidProgram => "the filter's program is not valid",
            FilterError::Locked => "the filter is locked",
            FilterError::NotAttached => "no filter is attached",
        })
    }
}

impl core::error::Error for FilterError {}

/// The filter of a socket.
#[derive(Clone, Debug, Default)]
pub(super) struct SocketFilter {
    program: Option<Arc<[Instruction]>>,
    locked: bool,
}

impl SocketFilter {
    /// Puts `program` in the place of the one before.
    pub(super) fn attach(&mut self, program: &[Instruction]) -> Result<(), FilterError> {
        if self.locked {
            return Err(FilterError::Locked);
        }
        if !is_valid(program) {
            return Err(FilterError::InvalidProgram);
        }
        self.program = Some(program.into());
        Ok(())
    }

    /// Takes the program away.
    pub(super) fn detach(&mut self) -> Result<(), FilterError> {
        if self.locked {
            return Err(FilterError::Locked);
        }
        self.program.take().map(|_| ()).ok_or(FilterError::NotAttached)
    }

    /// Lets the program look at a segment whose header of `header_len` bytes lies before `payload`. What it does
    /// not keep of the payload is cut off; nothing kept drops it. Linux: `tcp_filter`, `sk_filter_trim_cap`.
    pub(super) fn trim(&self, payload: &mut Packet, header_len: usize) -> Result<(), DropReason> {
        if self.program.is_none() || payload.headroom() < header_len {
            return Ok(());
        }
        payload.push(header_len);
        let kept = self.run(payload);
        payload.pull(header_len);
        if kept == 0 {
            return Err(DropReason::SocketFilter);
        }
        payload.truncate(kept.saturating_sub(header_len));
        Ok(())
    }

    /// How many bytes of the segment in `packet` stay.
    fn run(&self, packet: &Packet) -> usize {
        let whole = packet.len();
        self.program.as_ref().map_or(whole, |program| (run(program, packet) as usize).min(whole))
    }

    /// No change from now on.
    pub(super) fn lock(&mut self) {
        self.locked = true;
    }
}

/// The parts of `code`. Linux: `BPF_CLASS` and the like in `linux/bpf_common.h`.
mod code {
    pub(super) const LD: u16 = 0;
    pub(super) const LDX: u16 = 1;
    pub(super) const ST: u16 = 2;
    pub(super) const STX: u16 = 3;
    pub(super) const ALU: u16 = 4;
    pub(super) const JMP: u16 = 5;
    pub(super) const RET: u16 = 6;
    pub(super) const IMM: u16 = 0x00;
    pub(super) const ABS: u16 = 0x20;
    pub(super) const IND: u16 = 0x40;
    pub(super) const MEM: u16 = 0x60;
    pub(super) const LEN: u16 = 0x80;
    pub(super) const MSH: u16 = 0xa0;
    pub(super) const HALF: u16 = 0x08;
    pub(super) const BYTE: u16 = 0x10;
    pub(super) const X: u16 = 0x08;
}

/// Words of memory a program has. Linux: `BPF_MEMWORDS`.
const WORDS: usize = 16;
/// Offsets from here on are not of the segment but of what is known of it. Linux: `SKF_AD_OFF`.
const ANCILLARY: u32 = -0x1000_i32 as u32;
/// Offsets from here on count from the IP header. Linux: `SKF_NET_OFF`.
const NETWORK: u32 = -0x10_0000_i32 as u32;
/// The EtherType of IPv4, which `SKF_AD_PROTOCOL` answers.
const IPV4: u32 = 0x0800;

/// Whether Linux would take the program: known instructions, jumps that stay inside it, memory that is there and
/// was written before it is read, a return at its end. Linux: `bpf_check_classic`, `check_load_and_stores`.
fn is_valid(program: &[Instruction]) -> bool {
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

/// The registers of a running program.
#[derive(Default)]
struct Machine {
    a: u32,
    x: u32,
    memory: [u32; WORDS],
}

/// Runs a valid program; a load beyond the segment ends it with 0. Each instruction runs at most once, as jumps
/// go forward only. Linux: `bpf_prog_run`.
fn run(program: &[Instruction], packet: &Packet) -> u32 {
    let mut machine = Machine::default();
    let mut at = 0;
    while let Some(&instruction) = program.get(at) {
        at += 1;
        let Instruction { code, jump_true, jump_false, k } = instruction;
        match code & 7 {
            code::LD | code::LDX => match machine.load(code, k, packet) {
                Some(value) if code & 7 == code::LD => machine.a = value,
                Some(value) => machine.x = value,
                None => return 0,
            },
            code::ST | code::STX => {
                let value = if code & 7 == code::ST { machine.a } else { machine.x };
                if let Some(word) = machine.memory.get_mut(k as usize) {
                    *word = value;
                }
            }
            code::ALU => match machine.arithmetic(code, k) {
                Some(value) => machine.a = value,
                None => return 0,
            },
            code::JMP if code & 0xf0 == 0 => at = at.saturating_add(k as usize),
            code::JMP => {
                at += usize::from(if machine.holds(code, k) { jump_true } else { jump_false });
            }
            code::RET => return if code & 0x10 == 0 { k } else { machine.a },
            _ if code & 0x80 == 0 => machine.x = machine.a,
            _ => machine.a = machine.x,
        }
    }
    0
}

impl Machine {
    fn load(&self, code: u16, k: u32, packet: &Packet) -> Option<u32> {
        match code & 0xe0 {
            code::IMM => Some(k),
            code::MEM => self.memory.get(k as usize).copied(),
            code::LEN => Some(packet.len() as u32),
            code::MSH => Some(4 * (read(packet, k, code::BYTE)? & 0xf)),
            code::IND => read(packet, self.x.wrapping_add(k), code & 0x18),
            _ => read(packet, k, code & 0x18),
        }
    }

    fn operand(&self, code: u16, k: u32) -> u32 {
        if code & code::X == 0 { k } else { self.x }
    }

    fn arithmetic(&self, code: u16, k: u32) -> Option<u32> {
        let (a, b) = (self.a, self.operand(code, k));
        match code & 0xf0 {
            0x00 => Some(a.wrapping_add(b)),
            0x10 => Some(a.wrapping_sub(b)),
            0x20 => Some(a.wrapping_mul(b)),
            0x30 => a.checked_div(b),
            0x40 => Some(a | b),
            0x50 => Some(a & b),
            0x60 => Some(a.checked_shl(b).unwrap_or(0)),
            0x70 => Some(a.checked_shr(b).unwrap_or(0)),
            0x80 => Some(a.wrapping_neg()),
            0x90 => a.checked_rem(b),
            _ => Some(a ^ b),
        }
    }

    fn holds(&self, code: u16, k: u32) -> bool {
        let b = self.operand(code, k);
        match code & 0xf0 {
            0x10 => self.a == b,
            0x20 => self.a > b,
            0x30 => self.a >= b,
            _ => self.a & b != 0,
        }
    }
}

/// Bytes of the segment, of the headers before it, or what is known of it.
fn read(packet: &Packet, offset: u32, size: u16) -> Option<u32> {
    if offset >= ANCILLARY {
        return ancillary(packet, offset - ANCILLARY);
    }
    let (bytes, offset) = if offset >= NETWORK {
        // The IPv4 header lies before the segment: as long as its first byte says.
        let header = packet.whole().get(..packet.headroom())?;
        let start = (20..=60).step_by(4).map(|len| header.len().checked_sub(len));
        let found = start
            .flatten()
            .find(|&at| header.get(at).is_some_and(|&byte| byte == 0x40 | ((header.len() - at) / 4) as u8));
        (packet.whole().get(found?..)?, offset - NETWORK)
    } else {
        (packet.data(), offset)
    };
    let bytes = bytes.get(offset as usize..)?;
    match size {
        0 => Some(u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?)),
        code::HALF => Some(u16::from_be_bytes(bytes.get(..2)?.try_into().ok()?).into()),
        _ => bytes.first().map(|&byte| byte.into()),
    }
}

/// Linux: `SKF_AD_PROTOCOL` and the like. What there is nothing of is 0; what is unknown ends the program.
fn ancillary(packet: &Packet, what: u32) -> Option<u32> {
    match what {
        0 => Some(IPV4),
        4 => Some(packet.meta.destination as u32),
        8 => Some(packet.meta.device.0),
        20 => Some(packet.meta.mark),
        12 | 16 | 24..=60 => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(code: u16, jump_true: u8, jump_false: u8, k: u32) -> Instruction {
        Instruction { code, jump_true, jump_false, k }
    }

    #[test]
    fn programs_look_at_the_segment_from_its_header_on() {
        // Drops what goes to port 80, keeps 24 bytes of the rest.
        let program = [op(0x28, 0, 0, 2), op(0x15, 0, 1, 80), op(0x06, 0, 0, 0), op(0x06, 0, 0, 24)];
        let mut filter = SocketFilter::default();
        filter.attach(&program).unwrap();
        let to = |port: u8| Packet::from_payload(&[0, 9, 0, port, 1, 1, 1, 1, 0, 0, 0, 0, 0x50, 0x10, 0, 0]);
        assert_eq!(filter.run(&to(80)), 0);
        assert_eq!(filter.run(&to(81)), 16, "not more than there is");
        filter.lock();
        assert_eq!(filter.detach(), Err(FilterError::Locked));
    }

    #[test]
    fn programs_that_linux_refuses_are_refused() {
        let end = op(0x06, 0, 0, 1);
        let refused: [&[Instruction]; 9] = [
            &[],
            &[op(0x00, 0, 0, 1)],
            &[op(0x15, 1, 0, 1), end],
            &[op(0x05, 0, 0, 1), end],
            &[op(0x34, 0, 0, 0), end],
            &[op(0x64, 0, 0, 32), end],
            &[op(0x60, 0, 0, 16), end],
            &[op(0x60, 0, 0, 3), end],
            &[op(0xffff, 0, 0, 0), end],
        ];
        for program in refused {
            assert!(!is_valid(program), "{program:?}");
        }
        assert!(!is_valid(&[end; MAX_INSTRUCTIONS + 1]));
        assert!(is_valid(&[op(0x02, 0, 0, 3), op(0x60, 0, 0, 3), end]));
    }

    #[test]
    fn loads_beyond_the_segment_and_division_by_zero_end_with_nothing() {
        let packet = Packet::from_payload(&[1, 2, 3]);
        for program in [
            [op(0x20, 0, 0, 0), op(0x06, 0, 0, 7)],
            [op(0x3c, 0, 0, 0), op(0x06, 0, 0, 7)],
            [op(0x20, 0, 0, ANCILLARY + 4000), op(0x06, 0, 0, 7)],
        ] {
            assert!(is_valid(&program));
            assert_eq!(run(&program, &packet), 0);
        }
        assert_eq!(run(&[op(0x20, 0, 0, ANCILLARY), op(0x16, 0, 0, 0)], &packet), IPV4);
    }
}
