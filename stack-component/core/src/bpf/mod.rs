//! Classic BPF: small programs that look at packets and say how much of each stays, as sockets have them for filters.
//! Linux: `net/core/filter.c`.
//!
//! A [`Program`] was checked before it was taken: its jumps go forward only, so that it runs each of its instructions at
//! most once, and there are 4096 of them at most. It sees what a [`View`] shows, reads beyond which end it.

mod ancillary;
mod check;
mod run;
#[cfg(test)]
mod tests;

pub use run::View;

use crate::random::Random;
use alloc::sync::Arc;

/// Most instructions of a program. Linux: `BPF_MAXINSNS`.
const MAX_INSTRUCTIONS: usize = 4096;

/// Words of memory a program has. Linux: `BPF_MEMWORDS`.
const WORDS: usize = 16;

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

/// A program that may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program(Arc<[Instruction]>);

impl Program {
    /// The program of these instructions; none if Linux would not take them.
    pub fn new(instructions: &[Instruction]) -> Option<Self> {
        check::is_valid(instructions).then(|| Program(instructions.into()))
    }

    /// How many bytes of what is seen stay, at least 0 and at most all of them. Linux: `bpf_prog_run`.
    pub fn keep(&self, view: &View<'_>, random: &mut dyn Random) -> usize {
        (run::run(&self.0, view, random) as usize).min(view.data.len())
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
