//! What the trie is made of.

use super::prefix::{Prefix, STRIDE};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

/// The prefixes that begin with the same bits.
///
/// It takes most of a cache line, and a child stands where its parent's children do: of very many routes look-ups mostly
/// wait for memory, once for each level.
#[derive(Debug)]
pub(super) struct Node<T> {
    /// Which of the prefixes with 0 to 5 bits more have a value: see [`slot`].
    own: u64,
    /// By which of the next six bits there are longer ones.
    below: u64,
    /// The values, in the order of the bits of `own`.
    values: Box<[T]>,
    /// What there is of longer ones, in the order of the bits of `below`.
    pub(super) children: Box<[Child<T>]>,
    /// The bits that all begin with, if this is more than one level below the node above.
    skipped: Option<Box<Prefix>>,
}

/// The longer prefixes that go on with the same six bits.
#[derive(Debug)]
pub(super) enum Child<T> {
    /// The only one.
    Leaf(Prefix, T),
    /// Two at least.
    Node(Node<T>),
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

/// The bits of `key` that a node at this depth decides.
pub(super) const fn chunk(key: u128, depth: u8) -> u8 {
    (key << depth >> (128 - STRIDE)) as u8
}

/// What a node that begins with `start` says of that, if its parent has the depth `above`.
fn skipped(above: u8, start: Prefix) -> Option<Box<Prefix>> {
    (start.len > above + STRIDE).then(|| Box::new(start))
}

/// Calls `change` with a list that has room to grow, unlike `list`, which takes no more memory than it needs.
fn with_room<T, R>(list: &mut Box<[T]>, change: impl FnOnce(&mut Vec<T>) -> R) -> R {
    let mut room = mem::take(list).into_vec();
    let result = change(&mut room);
    *list = room.into_boxed_slice();
    result
}

/// `depth` is how many bits the prefixes in a node begin with: a multiple of [`STRIDE`], 126 at most.
impl<T> Node<T> {
    pub(super) fn new(skipped: Option<Box<Prefix>>) -> Self {
        Node { own: 0, below: 0, values: Box::default(), children: Box::default(), skipped }
    }

    /// The depth of a node whose parent has the depth `above`.
    pub(super) fn depth(&self, above: u8) -> u8 {
        self.skipped.as_ref().map_or(above + STRIDE, |start| start.len)
    }

    /// Whether `key` begins with the node's bits, as it does with those that led to it.
    pub(super) fn covers(&self, key: u128) -> bool {
        self.skipped.as_ref().is_none_or(|start| start.holds(key))
    }

    pub(super) fn child(&self, chunk: u8) -> Option<&Child<T>> {
        self.children.get(rank(self.below, chunk)).filter(|_| has(self.below, chunk))
    }

    /// As [`super::Trie::find`]. It calls itself once for each level below.
    pub(super) fn find<'a, R>(
        &'a self,
        depth: u8,
        key: u128,
        select: &mut impl FnMut(u8, &'a T) -> Option<R>,
    ) -> Option<R> {
        let chunk = chunk(key, depth);
        let below = match self.child(chunk) {
            Some(Child::Node(child)) if child.covers(key) => child.find(child.depth(depth), key, select),
            Some(Child::Leaf(prefix, value)) if prefix.holds(key) => select(prefix.len, value),
            _ => None,
        };
        if below.is_some() || self.own == 0 {
            return below;
        }
        let mut own = (0..STRIDE).rev().map(|len| (len, slot(chunk, len)));
        own.find_map(|(len, place)| match has(self.own, place) {
            true => select(depth + len, self.values.get(rank(self.own, place))?),
            false => None,
        })
    }

    /// As [`super::Trie::get`], of a node for everything.
    pub(super) fn get(&self, prefix: Prefix) -> Option<&T> {
        let (mut node, mut depth) = (self, 0);
        while depth < prefix.depth() {
            match node.child(chunk(prefix.bits, depth))? {
                Child::Leaf(known, value) => return (*known == prefix).then_some(value),
                Child::Node(child) if !child.covers(prefix.bits) => return None,
                Child::Node(child) => (node, depth) = (child, child.depth(depth)),
            }
        }
        let place = slot(chunk(prefix.bits, depth), prefix.len.checked_sub(depth)?);
        node.values.get(rank(node.own, place)).filter(|_| has(node.own, place))
    }

    /// Takes the value of a prefix that begins with this node's bits; answers the one it had.
    pub(super) fn insert(&mut self, depth: u8, prefix: Prefix, value: T) -> Option<T> {
        let chunk = chunk(prefix.bits, depth);
        if depth == prefix.depth() {
            let place = slot(chunk, prefix.len - depth);
            let at = rank(self.own, place);
            if has(self.own, place) {
                return self.values.get_mut(at).map(|old| mem::replace(old, value));
            }
            self.own |= 1 << place;
            with_room(&mut self.values, |values| values.insert(at, value));
            return None;
        }
        let at = rank(self.below, chunk);
        if !has(self.below, chunk) {
            self.put(chunk, Child::Leaf(prefix, value));
            return None;
        }
        self.children.get_mut(at)?.insert(depth, prefix, value)
    }

    /// Puts the first child with these bits in its place.
    fn put(&mut self, chunk: u8, child: Child<T>) {
        self.below |= 1 << chunk;
        with_room(&mut self.children, |children| children.insert(rank(self.below, chunk), child));
    }

    /// Takes a child in that begins with `start`, as do those to come.
    fn adopt(&mut self, depth: u8, child: Child<T>, start: Prefix) {
        match child {
            Child::Leaf(prefix, value) => {
                self.insert(depth, prefix, value);
            }
            Child::Node(node) => {
                let node = Node { skipped: skipped(depth, start), ..node };
                self.put(chunk(start.bits, depth), Child::Node(node));
            }
        }
    }

    pub(super) fn remove(&mut self, depth: u8, prefix: Prefix) -> Option<T> {
        let chunk = chunk(prefix.bits, depth);
        if depth == prefix.depth() {
            let place = slot(chunk, prefix.len - depth);
            let known = has(self.own, place);
            self.own &= !(1 << place);
            return known.then(|| with_room(&mut self.values, |values| values.remove(rank(self.own, place))));
        }
        let at = rank(self.below, chunk);
        match self.children.get_mut(at).filter(|_| has(self.below, chunk))? {
            child @ Child::Node(_) => child.remove(depth, prefix),
            Child::Leaf(known, _) if *known == prefix => {
                self.below &= !(1 << chunk);
                match with_room(&mut self.children, |children| children.remove(at)) {
                    Child::Leaf(_, value) => Some(value),
                    Child::Node(_) => None,
                }
            }
            Child::Leaf(..) => None,
        }
    }

    /// What is to be in this node's place if it has one prefix or one child only.
    fn take_only(&mut self, start: Prefix) -> Option<Child<T>> {
        let only = match (self.values.len(), self.children.len()) {
            (0, 1) => with_room(&mut self.children, Vec::pop)?,
            (1, 0) => {
                let prefix = start.longer(self.own.trailing_zeros() as u8);
                Child::Leaf(prefix, with_room(&mut self.values, Vec::pop)?)
            }
            _ => return None,
        };
        Some(match only {
            Child::Node(mut node) => {
                let next = start.next(self.below.trailing_zeros() as u8);
                node.skipped.get_or_insert_with(|| Box::new(next));
                Child::Node(node)
            }
            leaf => leaf,
        })
    }

    pub(super) fn collect<'a>(&'a self, start: Prefix, all: &mut Vec<(Prefix, &'a T)>) {
        let places = (0..63).filter(|&place| has(self.own, place));
        all.extend(places.zip(&self.values).map(|(place, value)| (start.longer(place), value)));
        let chunks = (0..64).filter(|&chunk| has(self.below, chunk));
        for (chunk, child) in chunks.zip(&self.children) {
            match child {
                Child::Leaf(prefix, value) => all.push((*prefix, value)),
                Child::Node(node) => {
                    let next = node.skipped.as_deref().copied().unwrap_or_else(|| start.next(chunk));
                    node.collect(next, all);
                }
            }
        }
    }
}

/// `above` is the depth of the node that the child is in.
impl<T> Child<T> {
    /// The prefix that all in it begin with, in whole levels. `key` begins with the bits that led to it.
    fn start(&self, above: u8, key: u128) -> Prefix {
        match self {
            Child::Leaf(prefix, _) => Prefix::new(prefix.bits, prefix.depth()),
            Child::Node(node) => {
                node.skipped.as_deref().copied().unwrap_or_else(|| Prefix::new(key, above + STRIDE))
            }
        }
    }

    fn insert(&mut self, above: u8, prefix: Prefix, value: T) -> Option<T> {
        if let Child::Leaf(known, old) = self
            && *known == prefix
        {
            return Some(mem::replace(old, value));
        }
        let start = self.start(above, prefix.bits);
        let same = (start.bits ^ prefix.bits).leading_zeros().min(prefix.len.into()) as u8;
        let depth = (same / STRIDE * STRIDE).min(start.len);
        match self {
            Child::Node(node) if depth == start.len => node.insert(depth, prefix, value),
            // A node for what both begin with takes the place.
            _ => {
                let node = Node::new(skipped(above, Prefix::new(prefix.bits, depth)));
                let before = mem::replace(self, Child::Node(node));
                if let Child::Node(node) = self {
                    node.adopt(depth, before, start);
                    node.insert(depth, prefix, value);
                }
                None
            }
        }
    }

    fn remove(&mut self, above: u8, prefix: Prefix) -> Option<T> {
        let start = self.start(above, prefix.bits);
        match self {
            Child::Node(node) if start.len <= prefix.depth() && start.holds(prefix.bits) => {
                let removed = node.remove(start.len, prefix)?;
                if let Some(only) = node.take_only(start) {
                    *self = only;
                }
                Some(removed)
            }
            _ => None,
        }
    }
}
