//! How much memory a stack has taken. It never gives any back: WebAssembly's memories only grow.

use wasmtime::ResourceLimiter;

/// Counts the memories of a Store, and lets them grow as wasmtime does by itself.
#[derive(Debug, Default)]
pub(super) struct LinearMemory {
    bytes: u64,
}

impl LinearMemory {
    /// All memories together.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl ResourceLimiter for LinearMemory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = maximum.is_none_or(|maximum| desired <= maximum);
        if allowed {
            self.bytes += desired.saturating_sub(current) as u64;
        }
        Ok(allowed)
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_is_counted_and_what_may_not_is_not() {
        let mut memory = LinearMemory::default();
        assert!(memory.memory_growing(0, 1000, None).unwrap());
        assert!(memory.memory_growing(1000, 3000, Some(3000)).unwrap());
        assert!(!memory.memory_growing(3000, 4000, Some(3000)).unwrap());
        assert!(memory.table_growing(0, 9, None).unwrap());
        assert_eq!(memory.bytes(), 3000);
    }
}
