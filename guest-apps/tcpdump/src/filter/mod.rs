//! What `tcpdump tcp port 80` means, as a program of classic BPF. libpcap: `pcap_compile`.
//!
//! `words` cuts an expression into words, `parse` makes a tree of it whose leaves each compare one number of the frame
//! (`primitives` knows where they stand), and `code` makes jumps of the tree.

mod code;
mod parse;
mod primitives;
#[cfg(test)]
mod tests;
mod words;

/// One instruction. Linux: `struct sock_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) code: u16,
    pub(crate) jump_true: u8,
    pub(crate) jump_false: u8,
    pub(crate) k: u32,
}

/// The program of an expression, which keeps `snap_length` bytes of the frames that fit; empty for the empty one, that
/// all fit. The error is a line.
pub(crate) fn compile(expression: &str, snap_length: u32) -> Result<Vec<Instruction>, String> {
    match parse::parse(expression)? {
        Some(tree) => code::generate(&tree, snap_length),
        None => Ok(Vec::new()),
    }
}

/// The program as C would have it. tcpdump: `-dd`.
pub(crate) fn show(program: &[Instruction]) -> String {
    let line = |instruction: &Instruction| {
        let Instruction { code, jump_true, jump_false, k } = *instruction;
        format!("{{ 0x{code:x}, {jump_true}, {jump_false}, 0x{k:08x} }},\n")
    };
    program.iter().map(line).collect()
}
