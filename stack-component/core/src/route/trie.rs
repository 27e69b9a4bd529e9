//! Longest prefix match: a path-compressed binary trie in an array. Linux: `fib_trie.c`.

use crate::wire::ipv4::Ipv4Cidr;
use alloc::vec;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// No node.
const NONE: u32 = u32::MAX;

/// Values by address prefix. A look-up visits at most 33 nodes however many prefixes there are; a prefix
/// costs at most two nodes.
#[derive(Debug)]
pub(super) struct Trie<T> {
    /// The root, for the empty prefix, is at place 0.
    nodes: Vec<Node<T>>,
}

/// Every node's prefix begins with its parent's; what is between them is skipped.
#[derive(Debug)]
struct Node<T> {
    prefix: Ipv4Cidr,
    /// Places of the nodes whose prefix goes on with a 0 and with a 1.
    children: [u32; 2],
    value: Option<T>,
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Trie { nodes: vec![Node::new(Ipv4Cidr::ALL)] }
    }
}

impl<T> Node<T> {
    fn new(prefix: Ipv4Cidr) -> Self {
        Node { prefix, children: [NONE; 2], value: None }
    }
}

/// The bit behind a prefix of `len` bits; 0 behind all 32.
fn bit_behind(len: u8, address: Ipv4Addr) -> usize {
    address.to_bits().checked_shl(len.into()).map_or(0, |bits| bits >> 31) as usize
}

/// The longest prefix that both have in common.
fn common(a: Ipv4Cidr, b: Ipv4Cidr) -> Ipv4Cidr {
    let same = (a.address().to_bits() ^ b.address().to_bits()).leading_zeros() as u8;
    let len = same.min(a.prefix_len()).min(b.prefix_len());
    Ipv4Cidr::new(a.address(), len).map_or(Ipv4Cidr::ALL, Ipv4Cidr::network)
}

impl<T: Default> Trie<T> {
    /// The value of exactly this prefix (host bits are ignored), put there if there is none.
    pub(super) fn entry(&mut self, prefix: Ipv4Cidr) -> &mut T {
        let prefix = prefix.network();
        let place = self.place_of(prefix);
        self.nodes[place].value.get_or_insert_default()
    }

    /// Takes the value of exactly this prefix away; look-ups find shorter ones again. The nodes stay.
    pub(super) fn clear(&mut self, prefix: Ipv4Cidr) {
        let place = self.place_of(prefix.network());
        self.nodes[place].value = None;
    }

    /// The node of exactly this prefix, made if there is none.
    fn place_of(&mut self, prefix: Ipv4Cidr) -> usize {
        let mut place = 0;
        loop {
            let node = &self.nodes[place];
            if node.prefix == prefix {
                return place;
            }
            let side = bit_behind(node.prefix.prefix_len(), prefix.address());
            let below = node.children[side];
            if below == NONE {
                return self.attach(place, side, Node::new(prefix));
            }
            let shared = common(self.nodes[below as usize].prefix, prefix);
            if shared == self.nodes[below as usize].prefix {
                place = below as usize;
                continue;
            }
            // The node below goes on differently: a node for what both share takes its place.
            let mut fork = Node::new(shared);
            let old = self.nodes[below as usize].prefix.address();
            fork.children[bit_behind(shared.prefix_len(), old)] = below;
            place = self.attach(place, side, fork);
        }
    }

    fn attach(&mut self, parent: usize, side: usize, node: Node<T>) -> usize {
        let place = self.nodes.len();
        self.nodes.push(node);
        self.nodes[parent].children[side] = place as u32;
        place
    }
}

impl<T> Trie<T> {
    /// The value of the longest prefix of `address` that has one.
    pub(super) fn lookup(&self, address: Ipv4Addr) -> Option<&T> {
        let mut best = None;
        let mut place = 0;
        while let Some(node) = self.nodes.get(place as usize).filter(|node| node.prefix.contains(address)) {
            best = node.value.as_ref().or(best);
            if node.prefix.prefix_len() == 32 {
                break;
            }
            place = node.children[bit_behind(node.prefix.prefix_len(), address)];
        }
        best
    }

    /// All values by prefix, in no order that means anything.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Ipv4Cidr, &T)> {
        self.nodes.iter().filter_map(|node| Some((node.prefix, node.value.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};

    #[test]
    fn finds_what_a_linear_search_finds() {
        let mut random = SeededRandom::new(5);
        let mut trie: Trie<Option<usize>> = Trie::default();
        let mut list: Vec<Ipv4Cidr> = Vec::new();
        for _ in 0..2000 {
            // Few leading bits vary, so that prefixes nest.
            let bits = random.next_u32() & 0x0f0f_ffff;
            let prefix = Ipv4Cidr::new(Ipv4Addr::from_bits(bits), random.below(33) as u8).unwrap().network();
            if !list.contains(&prefix) {
                *trie.entry(prefix) = Some(list.len());
                list.push(prefix);
            }
        }
        assert_eq!(trie.iter().count(), list.len());
        for (number, prefix) in list.iter().enumerate() {
            assert_eq!(*trie.entry(*prefix), Some(number));
        }
        for round in 0..20_000 {
            let bits = if round % 2 == 0 { random.next_u32() } else { random.next_u32() & 0x0f0f_ffff };
            let address = Ipv4Addr::from_bits(bits);
            let longest = list.iter().enumerate().filter(|(_, p)| p.contains(address));
            let longest = longest.max_by_key(|(_, p)| p.prefix_len()).map(|(number, _)| number);
            assert_eq!(trie.lookup(address).copied().flatten(), longest, "{address}");
        }
    }

    #[test]
    fn a_hundred_thousand_prefixes_cost_at_most_two_nodes_each() {
        let mut random = SeededRandom::new(6);
        let mut trie: Trie<u32> = Trie::default();
        for number in 0..100_000 {
            let prefix =
                Ipv4Cidr::new(Ipv4Addr::from_bits(random.next_u32()), 8 + random.below(25) as u8).unwrap();
            *trie.entry(prefix) = number;
        }
        assert!(trie.nodes.len() <= 200_001);
        let mut longest_walk = 0;
        for _ in 0..1000 {
            let address = Ipv4Addr::from_bits(random.next_u32());
            let (mut place, mut steps) = (0, 0);
            while let Some(node) = trie.nodes.get(place as usize).filter(|n| n.prefix.contains(address)) {
                steps += 1;
                place = node.children[bit_behind(node.prefix.prefix_len(), address)];
            }
            longest_walk = longest_walk.max(steps);
        }
        assert!(longest_walk <= 33, "{longest_walk}");
    }
}
