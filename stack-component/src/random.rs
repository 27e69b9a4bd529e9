//! Random numbers for the core, from the host.

use crate::bindings::wasi::random::random::get_random_bytes;
use alloc::vec::Vec;
use stack_core::random::Random;

/// How many bytes are fetched at once: a call costs more than a few bytes do.
const BLOCK: u64 = 256;

/// The host's random numbers, fetched in blocks; no byte is handed out twice.
#[derive(Default)]
pub(crate) struct HostRandom {
    block: Vec<u8>,
}

impl Random for HostRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.next();
        }
    }
}

impl HostRandom {
    fn next(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.block.pop() {
                return byte;
            }
            self.block = get_random_bytes(BLOCK);
        }
    }
}
