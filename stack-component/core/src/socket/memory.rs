//! What waits to be read in all sockets of a kind together. Linux: `sk_memory_allocated`.

/// How much may wait, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// In all sockets together. Linux: `sk_prot_mem_limits`.
    pub(crate) most: usize,
    /// In each of them, whatever the others hold. Linux: `sk_get_rmem0`.
    pub(crate) least: usize,
}

/// Bytes that wait in all sockets of a kind.
#[derive(Debug, Default)]
pub(crate) struct Memory(usize);

impl Memory {
    /// Whether a socket in which `held` bytes wait may take `more`. Linux: `__sk_mem_raise_allocated`, which gives a
    /// socket below its least whatever comes.
    pub(crate) fn admits(&self, bounds: Bounds, held: usize, more: usize) -> bool {
        self.0.saturating_add(more) <= bounds.most || held.saturating_add(more) <= bounds.least
    }

    /// In one of them `after` bytes wait where `before` did.
    pub(crate) fn change(&mut self, before: usize, after: usize) {
        self.0 = self.0.saturating_add(after).saturating_sub(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_together_have_a_bound_and_each_has_a_little() {
        let bounds = Bounds { most: 1000, least: 100 };
        let mut memory = Memory::default();
        assert!(memory.admits(bounds, 0, 1000));
        memory.change(0, 950);
        assert!(memory.admits(bounds, 950, 50));
        assert!(!memory.admits(bounds, 950, 51));
        assert!(memory.admits(bounds, 40, 60));
        assert!(!memory.admits(bounds, 41, 60));
        memory.change(950, 900);
        assert!(memory.admits(bounds, 900, 100));
        assert!(!memory.admits(bounds, 0, usize::MAX));
    }
}
