use super::node::{Child, chunk};
use super::*;
use crate::random::{Random, SeededRandom};

fn random_bits(random: &mut SeededRandom) -> u128 {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    u128::from_be_bytes(bytes)
}

/// Nodes and leaves that a look-up of `key` visits.
fn visits<T>(node: &Node<T>, depth: u8, key: u128) -> usize {
    match node.child(chunk(key, depth)) {
        Some(Child::Node(child)) if child.covers(key) => 1 + visits(child, child.depth(depth), key),
        Some(_) => 2,
        None => 1,
    }
}

fn nodes<T>(node: &Node<T>) -> usize {
    let of_child = |child: &Child<T>| match child {
        Child::Leaf(..) => 0,
        Child::Node(node) => nodes(node),
    };
    1 + node.children.iter().map(of_child).sum::<usize>()
}

/// The value of the longest prefix of `key` by a linear search.
fn longest(list: &[(Prefix, usize)], key: u128) -> Option<usize> {
    let covering = list.iter().filter(|(prefix, _)| prefix.holds(key));
    covering.max_by_key(|(prefix, _)| prefix.len).map(|&(_, value)| value)
}

#[test]
fn finds_what_a_linear_search_finds_while_prefixes_come_and_go() {
    let mut random = SeededRandom::new(5);
    let mut trie = Trie::default();
    let mut list: Vec<(Prefix, usize)> = Vec::new();
    // Few bits vary, so that prefixes nest.
    let masks = [0x0f0f_ffff << 96, 0xf << 124 | 0x3, u128::MAX, 0x8000_0000_0000_0001 << 64 | 1];
    for round in 0..6000 {
        let key = random_bits(&mut random) & masks[round % masks.len()];
        let prefix = Prefix::new(key, random.below(129) as u8);
        let known = list.iter().position(|(other, _)| *other == prefix);
        // The list grows in the first half of the rounds and shrinks in the second.
        if random.below(6000) > round as u32 {
            trie.insert(prefix, round);
            known.map(|at| list.swap_remove(at));
            list.push((prefix, round));
        } else if !list.is_empty() {
            let at = random.below(list.len() as u32) as usize;
            let (prefix, value) = list.swap_remove(at);
            assert_eq!(trie.remove(prefix), Some(value));
            assert_eq!(trie.remove(prefix), None);
        }
        for key in [key, random_bits(&mut random) & masks[0], random_bits(&mut random)] {
            assert_eq!(trie.find(key, |_, &value| Some(value)), longest(&list, key), "{key:x}");
        }
        assert_eq!(trie.len(), list.len());
    }
    list.sort();
    let all: Vec<(Prefix, usize)> =
        trie.iter_by(|prefix| prefix).map(|(prefix, &value)| (prefix, value)).collect();
    assert_eq!(all, list);
    for (prefix, value) in list {
        assert_eq!(trie.get(prefix), Some(&value));
        trie.remove(prefix);
    }
    assert_eq!(nodes(&trie.root), 1, "the nodes go with their prefixes");
}

#[test]
fn a_refused_value_leaves_the_choice_to_shorter_prefixes() {
    let mut trie = Trie::default();
    for len in [0, 3, 8, 12, 13, 128] {
        trie.insert(Prefix::new(u128::MAX, len), len);
    }
    let mut offered = Vec::new();
    let found = trie.find(u128::MAX, |len, &value| {
        assert_eq!(len, value);
        offered.push(value);
        (value == 3).then_some(value)
    });
    assert_eq!((found, offered), (Some(3), alloc::vec![128, 13, 12, 8, 3]));
}

#[test]
fn a_hundred_thousand_prefixes_cost_few_nodes_and_few_visits() {
    for (bits, shortest) in [(32, 8), (128, 16)] {
        let mut random = SeededRandom::new(6);
        let mut trie_of = |count| {
            let mut trie = Trie::default();
            while trie.len() < count {
                let len = shortest + random.below(bits + 1 - shortest) as u8 as u32;
                trie.insert(
                    Prefix::new(random_bits(&mut random) >> (128 - bits) << (128 - bits), len as u8),
                    (),
                );
            }
            trie
        };
        let (few, many) = (trie_of(10), trie_of(100_000));
        assert!(nodes(&many.root) <= 100_001);
        let mut random = SeededRandom::new(7);
        let keys: Vec<u128> = (0..10_000).map(|_| random_bits(&mut random)).collect();
        let total = |trie: &Trie<()>| keys.iter().map(|&key| visits(&trie.root, 0, key)).sum::<usize>();
        let (of_few, of_many) = (total(&few), total(&many));
        assert!(of_many <= 4 * of_few, "{of_many} visits among 100 000 prefixes, {of_few} among 10");
    }
}
