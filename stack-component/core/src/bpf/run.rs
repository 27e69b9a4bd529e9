//! How programs run. Linux: `bpf_prog_run`, `bpf_convert_filter`.

use super::{Instruction, WORDS, ancillary, code};
use crate::random::Random;

/// Offsets from here on count from the IP header. Linux: `SKF_NET_OFF`.
const NETWORK: u32 = -0x10_0000_i32 as u32;
/// Offsets from here on count from the link's header. Linux: `SKF_LL_OFF`.
const LINK: u32 = -0x20_0000_i32 as u32;

/// What a program sees of a packet.
#[derive(Clone, Copy, Debug, Default)]
pub struct View<'a> {
    /// What offsets count from.
    pub data: &'a [u8],
    /// The same from the header of the network layer on; empty: it is not to be had.
    pub network: &'a [u8],
    /// The same from the link's header on; empty: it is not to be had.
    pub link: &'a [u8],
    /// The EtherType. Linux: `SKF_AD_PROTOCOL`.
    pub protocol: u16,
    /// Whom the frame was addressed to, by Linux's numbers. Linux: `SKF_AD_PKTTYPE`.
    pub packet_type: u8,
    /// The number of the device. Linux: `SKF_AD_IFINDEX`.
    pub device: u32,
    /// Linux: `SKF_AD_MARK`.
    pub mark: u32,
    /// What the device is, by Linux's numbers. Linux: `SKF_AD_HATYPE`.
    pub hardware_type: u16,
    /// The tag of a VLAN that was taken off, 16 bits. Linux: `SKF_AD_VLAN_TAG`.
    pub vlan: Option<u16>,
}

/// The registers of a running program.
#[derive(Default)]
struct Machine {
    a: u32,
    x: u32,
    memory: [u32; WORDS],
}

/// Runs a valid program; a load beyond what is seen ends it with 0. Each instruction runs at most once, as jumps
/// go forward only. Linux: `bpf_prog_run`.
pub(super) fn run(program: &[Instruction], view: &View<'_>, random: &mut dyn Random) -> u32 {
    let mut machine = Machine::default();
    let mut at = 0;
    while let Some(&instruction) = program.get(at) {
        at += 1;
        let Instruction { code, jump_true, jump_false, k } = instruction;
        match code & 7 {
            code::LD if code & 0xe0 == code::ABS && k >= ancillary::OFFSET => {
                machine.a = ancillary::load(view, k, (machine.a, machine.x), random);
            }
            code::LD | code::LDX => match machine.load(code, k, view) {
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
    fn load(&self, code: u16, k: u32, view: &View<'_>) -> Option<u32> {
        match code & 0xe0 {
            code::IMM => Some(k),
            code::MEM => self.memory.get(k as usize).copied(),
            code::LEN => Some(view.data.len() as u32),
            code::MSH => Some(4 * (read(view, k, code::BYTE)? & 0xf)),
            code::IND => read(view, self.x.wrapping_add(k), code & 0x18),
            _ => read(view, k, code & 0x18),
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
            // By the lowest five bits, as machines do it. Linux: `ALU_LSH_X`.
            0x60 => Some(a.wrapping_shl(b)),
            0x70 => Some(a.wrapping_shr(b)),
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

/// Bytes of the packet or of its headers. Linux: `bpf_internal_load_pointer_neg_helper`.
fn read(view: &View<'_>, offset: u32, size: u16) -> Option<u32> {
    let (bytes, offset) = match offset {
        NETWORK.. => (view.network, offset - NETWORK),
        LINK.. => (view.link, offset - LINK),
        _ => (view.data, offset),
    };
    let bytes = bytes.get(offset as usize..)?;
    match size {
        0 => Some(u32::from_be_bytes(*bytes.first_chunk()?)),
        code::HALF => Some(u16::from_be_bytes(*bytes.first_chunk()?).into()),
        _ => bytes.first().map(|&byte| byte.into()),
    }
}
