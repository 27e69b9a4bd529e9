//! Classic BPF as it is attached to sockets: a small program looks at each segment and says how much of it
//! stays. Linux: `net/core/filter.c`, `bpf_check_classic`, `sk_filter_trim_cap`.

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
        if program.is_empty() || program.len() > MAX_INSTRUCTIONS {
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

    /// No change from now on.
    pub(super) fn lock(&mut self) {
        self.locked = true;
    }
}
