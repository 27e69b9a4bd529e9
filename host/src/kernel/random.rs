//! A stack's random numbers: the operating system's, or repeatable ones for a lab.

use wasmtime::{Result, format_err};

/// Where a stack's random numbers come from.
#[derive(Clone, Debug)]
pub(super) enum RandomSource {
    /// The operating system.
    System,
    /// A sequence that its seed determines: for tests, where nobody is to guess wrong.
    Seeded(u64),
}

impl RandomSource {
    pub(super) fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        match self {
            RandomSource::System => fill(bytes)?,
            RandomSource::Seeded(state) => {
                bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&split_mix(state)[..chunk.len()]));
            }
        }
        Ok(())
    }
}

/// The next eight bytes of a SplitMix64 sequence.
fn split_mix(state: &mut u64) -> [u8; 8] {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).to_le_bytes()
}

/// Fills `bytes` from the operating system.
pub(super) fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| format_err!("no random numbers: {error}"))
}
