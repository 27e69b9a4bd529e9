//! `wasi:random/random` for the stack.

use super::super::bindings::wasi::random::random::Host;
use super::super::state::StackState;
use wasmtime::{Result, bail};

/// Most bytes that one call hands out.
const MAX_RANDOM_BYTES: u64 = 1 << 16;

impl Host for StackState {
    fn get_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        if len > MAX_RANDOM_BYTES {
            bail!("{len} random bytes asked for at once, {MAX_RANDOM_BYTES} permitted");
        }
        let mut bytes = vec![0; len as usize];
        self.random.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}
