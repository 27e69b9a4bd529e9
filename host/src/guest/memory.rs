//! How much memory a guest may have.

use wasmtime::ResourceLimiter;

/// Bytes that an element of a table is counted as: a reference, and what is kept about it.
const TABLE_ELEMENT: u64 = 16;

/// Counts a guest's memories and tables. Beyond the limit they do not grow, which the guest's allocator is told.
/// Linux: `may_expand_vm`.
#[derive(Debug)]
pub(super) struct Memory {
    limit: u64,
    used: u64,
}

impl Memory {
    /// At most so many bytes.
    pub(super) fn new(limit: u64) -> Self {
        Memory { limit, used: 0 }
    }

    /// Whether something may grow to so many units of so many bytes, which are counted then. What cannot be is not
    /// counted; wasmtime refuses it itself.
    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>, unit: u64) -> bool {
        let more = (desired.saturating_sub(current) as u64).saturating_mul(unit);
        let used = self.used.saturating_add(more);
        let allowed = used <= self.limit && maximum.is_none_or(|maximum| desired <= maximum);
        if allowed {
            self.used = used;
        }
        allowed
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, maximum, 1))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, maximum, TABLE_ELEMENT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_memories_and_tables_are_one_sum() {
        let mut memory = Memory::new(1000);
        assert!(memory.memory_growing(0, 400, None).unwrap());
        assert!(!memory.memory_growing(400, 500, Some(450)).unwrap(), "more than it was declared with");
        assert!(memory.memory_growing(0, 400, None).unwrap(), "a second one");
        assert!(!memory.memory_growing(400, 601, None).unwrap());
        assert!(memory.table_growing(0, 12, None).unwrap());
        assert!(!memory.table_growing(12, 13, None).unwrap());
    }
}
