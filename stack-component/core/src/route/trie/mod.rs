//! Longest prefix match: a trie of six bits a level that skips levels on which nothing is decided. Linux: `fib_trie.c`,
//! which compresses paths and levels, too.

mod node;
mod prefix;

use alloc::vec::Vec;
use node::Node;
pub(super) use prefix::Prefix;

/// Values by prefix. A look-up visits at most 23 places however many prefixes there are, and about log₆₄ of their number
/// if they are spread. A prefix costs at most a leaf and a node, which go when it goes.
#[derive(Debug)]
pub(super) struct Trie<T> {
    root: Node<T>,
    count: usize,
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Trie { root: Node::new(None), count: 0 }
    }
}

impl<T> Trie<T> {
    /// How many prefixes have a value.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// What `select` makes of the value of the longest prefix of `key` of which it makes something.
    pub(super) fn find<'a, R>(
        &'a self,
        key: u128,
        mut select: impl FnMut(u8, &'a T) -> Option<R>,
    ) -> Option<R> {
        self.root.find(0, key, &mut select)
    }

    /// The value of exactly this prefix.
    pub(super) fn get(&self, prefix: Prefix) -> Option<&T> {
        self.root.get(prefix)
    }

    /// Gives a prefix a value, and answers the one it had.
    pub(super) fn insert(&mut self, prefix: Prefix, value: T) -> Option<T> {
        let old = self.root.insert(0, prefix, value);
        self.count += usize::from(old.is_none());
        old
    }

    /// Takes the value of exactly this prefix away; look-ups find shorter ones again.
    pub(super) fn remove(&mut self, prefix: Prefix) -> Option<T> {
        let removed = self.root.remove(0, prefix)?;
        self.count -= 1;
        Some(removed)
    }

    /// All values with their prefixes, in the order of what `order` makes of these.
    pub(super) fn iter_by<K: Ord>(&self, order: impl Fn(Prefix) -> K) -> impl Iterator<Item = (Prefix, &T)> {
        let mut all = Vec::with_capacity(self.count);
        self.root.collect(Prefix::new(0, 0), &mut all);
        all.sort_unstable_by_key(|(prefix, _)| order(*prefix));
        all.into_iter()
    }
}

#[cfg(test)]
mod tests;
