//! Longest prefix match: a trie of six bits a level that skips levels on which nothing is decided. Linux: `fib_trie.c`,
//! which compresses paths and levels, too.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

/// Bits that a level decides.
const STRIDE: u8 = 6;

/// The bits of a prefix, left-aligned, those behind its length being zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Prefix {
    pub(super) bits: u128,
    pub(super) len: u8,
}

impl Prefix {
    /// The first `len` bits (at most 128) of `bits`.
    pub(super) const fn new(bits: u128, len: u8) -> Self {
        let mask = match u128::MAX.checked_shr(len as u32) {
            Some(host) => !host,
            None => u128::MAX,
        };
        Prefix { bits: bits & mask, len }
    }

    /// The last key that begins with it.
    pub(super) const fn last(self) -> u128 {
        match u128::MAX.checked_shr(self.len as u32) {
            Some(host) => self.bits | host,
            None => self.bits,
        }
    }

    /// How many levels' bits lie before the node that its value is in.
    const fn depth(self) -> u8 {
        self.len / STRIDE * STRIDE
    }
}

/// Values by prefix. A look-up visits at most 23 places however many prefixes there are, and about log₆₄ of their number
/// if they are spread. A prefix costs at most a leaf and a node, which go when it goes.
#[derive(Debug)]
pub(super) struct Trie<T> {
    root: Node<T>,
    count: usize,
}

/// The prefixes that begin with the same `depth` bits.
#[derive(Debug)]
struct Node<T> {
    /// What they begin with.
    bits: u128,
    /// A multiple of [`STRIDE`], 126 at most.
    depth: u8,
    /// Which of the prefixes of `depth` to `depth` + 5 bits have a value: see [`slot`].
    own: u64,
    /// Those values, in the order of the bits of `own`.
    values: Vec<T>,
    /// By which of the next six bits there are longer ones.
    below: u64,
    /// What there is of those, in the order of the bits of `below`.
    children: Vec<Child<T>>,
}

/// The longer prefixes that go on with the same six bits.
#[derive(Debug)]
enum Child<T> {
    /// The only one.
    Leaf(Prefix, T),
    /// Two at least.
    Node(Box<Node<T>>),
}

/// The place of a prefix of `len` bits (0 to 5) beyond its node's among the 63 of a node: the empty one, the two of one
/// bit, the four of two bits and so on.
const fn slot(chunk: u8, len: u8) -> u8 {
    (1 << len) - 1 + (chunk >> (STRIDE - len))
}

/// How many bits of `set` are before bit `place`.
const fn rank(set: u64, place: u8) -> usize {
    (set & ((1 << place) - 1)).count_ones() as usize
}

const fn has(set: u64, place: u8) -> bool {
    set >> place & 1 != 0
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Trie { root: Node::new(0, 0), count: 0 }
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
        self.root.find(key, &mut select)
    }

    /// The value of exactly this prefix.
    pub(super) fn get(&self, prefix: Prefix) -> Option<&T> {
        let mut node = &self.root;
        loop {
            if let Some(place) = node.place_of(prefix) {
                return node.values.get(rank(node.own, place)).filter(|_| has(node.own, place));
            }
            match node.child(node.chunk(prefix.bits))? {
                Child::Leaf(known, value) => return (*known == prefix).then_some(value),
                Child::Node(child) if child.depth > prefix.depth() => return None,
                Child::Node(child) => node = child,
            }
        }
    }

    /// Gives a prefix a value, and answers the one it had.
    pub(super) fn insert(&mut self, prefix: Prefix, value: T) -> Option<T> {
        let old = self.root.insert(prefix, value);
        self.count += usize::from(old.is_none());
        old
    }

    /// Takes the value of exactly this prefix away; look-ups find shorter ones again.
    pub(super) fn remove(&mut self, prefix: Prefix) -> Option<T> {
        let removed = self.root.remove(prefix)?;
        self.count -= 1;
        Some(removed)
    }

    /// All values with their prefixes, in the order of what `order` makes of these.
    pub(super) fn iter_by<K: Ord>(&self, order: impl Fn(Prefix) -> K) -> impl Iterator<Item = (Prefix, &T)> {
        let mut all = Vec::with_capacity(self.count);
        self.root.collect(&mut all);
        all.sort_unstable_by_key(|(prefix, _)| order(*prefix));
        all.into_iter()
    }
}

impl<T> Node<T> {
    fn new(bits: u128, depth: u8) -> Self {
        let Prefix { bits, .. } = Prefix::new(bits, depth);
        Node { bits, depth, own: 0, values: Vec::new(), below: 0, children: Vec::new() }
    }

    /// The bits of `key` that are decided here.
    fn chunk(&self, key: u128) -> u8 {
        (key << self.depth >> (128 - STRIDE)) as u8
    }

    /// Whether `key` begins with the node's bits.
    fn covers(&self, key: u128) -> bool {
        Prefix::new(key, self.depth).bits == self.bits
    }

    /// The place of a prefix that would have its value here.
    fn place_of(&self, prefix: Prefix) -> Option<u8> {
        let here = self.depth == prefix.depth() && self.covers(prefix.bits);
        here.then(|| slot(self.chunk(prefix.bits), prefix.len - self.depth))
    }

    /// The prefix whose value has this place.
    fn prefix_at(&self, place: u8) -> Prefix {
        let len = (u32::from(place) + 1).ilog2() as u8;
        let chunk = u128::from(place + 1 - (1 << len)) << (STRIDE - len);
        // The last level has two bits only: the rest are host bits, which are zero.
        Prefix::new(self.bits | chunk << (128 - STRIDE) >> self.depth, self.depth + len)
    }

    fn child(&self, chunk: u8) -> Option<&Child<T>> {
        self.children.get(rank(self.below, chunk)).filter(|_| has(self.below, chunk))
    }

    /// As [`Trie::find`]. It calls itself once for each level below.
    fn find<'a, R>(&'a self, key: u128, select: &mut impl FnMut(u8, &'a T) -> Option<R>) -> Option<R> {
        let chunk = self.chunk(key);
        let below = match self.child(chunk) {
            Some(Child::Node(child)) if child.covers(key) => child.find(key, select),
            Some(Child::Leaf(prefix, value)) if Prefix::new(key, prefix.len) == *prefix => {
                select(prefix.len, value)
            }
            _ => None,
        };
        if below.is_some() || self.own == 0 {
            return below;
        }
        let mut own = (0..STRIDE).rev().map(|len| (len, slot(chunk, len)));
        own.find_map(|(len, place)| match has(self.own, place) {
            true => select(self.depth + len, self.values.get(rank(self.own, place))?),
            false => None,
        })
    }

    /// Takes the value of a prefix that begins with this node's bits; answers the one it had.
    fn insert(&mut self, prefix: Prefix, value: T) -> Option<T> {
        if let Some(place) = self.place_of(prefix) {
            let at = rank(self.own, place);
            if has(self.own, place) {
                return self.values.get_mut(at).map(|old| mem::replace(old, value));
            }
            self.own |= 1 << place;
            self.values.insert(at, value);
            return None;
        }
        let chunk = self.chunk(prefix.bits);
        let at = rank(self.below, chunk);
        if !has(self.below, chunk) {
            self.below |= 1 << chunk;
            self.children.insert(at, Child::Leaf(prefix, value));
            return None;
        }
        self.children.get_mut(at)?.insert(prefix, value)
    }

    /// Takes a prefix in that begins as all in `child` do; it has the longer ones.
    fn adopt(&mut self, child: Child<T>) {
        match child {
            Child::Leaf(prefix, value) => {
                self.insert(prefix, value);
            }
            Child::Node(node) => {
                let chunk = self.chunk(node.bits);
                self.below |= 1 << chunk;
                self.children.insert(rank(self.below, chunk), Child::Node(node));
            }
        }
    }

    fn remove(&mut self, prefix: Prefix) -> Option<T> {
        if let Some(place) = self.place_of(prefix) {
            let at = rank(self.own, place);
            let known = has(self.own, place);
            self.own &= !(1 << place);
            return known.then(|| self.values.remove(at));
        }
        let chunk = self.chunk(prefix.bits);
        let at = rank(self.below, chunk);
        let child = self.children.get_mut(at).filter(|_| has(self.below, chunk))?;
        match child {
            Child::Node(node) if node.depth <= prefix.depth() => {
                let removed = node.remove(prefix)?;
                if let Some(only) = node.take_only() {
                    *child = only;
                }
                Some(removed)
            }
            Child::Leaf(known, _) if *known == prefix => {
                self.below &= !(1 << chunk);
                match self.children.remove(at) {
                    Child::Leaf(_, value) => Some(value),
                    Child::Node(_) => None,
                }
            }
            _ => None,
        }
    }

    /// What is to be in this node's place if it has one prefix or one child only.
    fn take_only(&mut self) -> Option<Child<T>> {
        match (self.values.len(), self.children.len()) {
            (0, 1) => self.children.pop(),
            (1, 0) => {
                let prefix = self.prefix_at(self.own.trailing_zeros() as u8);
                self.values.pop().map(|value| Child::Leaf(prefix, value))
            }
            _ => None,
        }
    }

    fn collect<'a>(&'a self, all: &mut Vec<(Prefix, &'a T)>) {
        let places = (0..63).filter(|&place| has(self.own, place));
        all.extend(places.zip(&self.values).map(|(place, value)| (self.prefix_at(place), value)));
        for child in &self.children {
            match child {
                Child::Leaf(prefix, value) => all.push((*prefix, value)),
                Child::Node(node) => node.collect(all),
            }
        }
    }
}

impl<T> Child<T> {
    /// The prefix that all in it begin with, in whole levels.
    fn shared(&self) -> Prefix {
        match self {
            Child::Leaf(prefix, _) => Prefix::new(prefix.bits, prefix.depth()),
            Child::Node(node) => Prefix::new(node.bits, node.depth),
        }
    }

    fn insert(&mut self, prefix: Prefix, value: T) -> Option<T> {
        if let Child::Leaf(known, old) = self
            && *known == prefix
        {
            return Some(mem::replace(old, value));
        }
        let shared = self.shared();
        let same = (shared.bits ^ prefix.bits).leading_zeros().min(prefix.len.into()) as u8;
        let depth = (same / STRIDE * STRIDE).min(shared.len);
        match self {
            Child::Node(node) if depth == node.depth => node.insert(prefix, value),
            // A node for what both begin with takes the place.
            _ => {
                let node = Child::Node(Box::new(Node::new(prefix.bits, depth)));
                let before = mem::replace(self, node);
                if let Child::Node(node) = self {
                    node.adopt(before);
                    node.insert(prefix, value);
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
