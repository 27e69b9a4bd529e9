//! Several ways to one destination: each flow keeps to its own. Linux: `fib_select_multipath`, `rt6_multipath_hash`.

use super::Hop;
use crate::keyed_hash::KeyedHash;
use crate::random::Random;
use core::hash::BuildHasher;
use core::net::IpAddr;

/// What tells one flow from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowTuple {
    /// Where it comes from.
    pub source: IpAddr,
    /// Where it goes.
    pub destination: IpAddr,
    /// The number of the transport protocol.
    pub protocol: u8,
    /// The source and destination port; zeros for what has none, and for fragments.
    pub ports: [u16; 2],
    /// The flow label; 0 with IPv4.
    pub flow_label: u32,
}

/// The hash that spreads flows over ways; its key is a secret of the stack.
#[derive(Clone, Debug)]
pub(super) struct FlowHash(KeyedHash);

impl FlowHash {
    pub(super) fn new(random: &mut dyn Random) -> Self {
        FlowHash(KeyedHash::new(random))
    }

    /// The hash with its key, for tables.
    pub(super) fn key(&self) -> KeyedHash {
        self.0.clone()
    }

    /// The hash of a flow by the policy 0 (addresses, flow label) or 1 (addresses, protocol, ports). Linux:
    /// `fib_multipath_hash`.
    pub(super) fn of(&self, flow: &FlowTuple, by_ports: bool) -> u32 {
        let flow = match by_ports {
            true => FlowTuple { flow_label: 0, ..*flow },
            false => FlowTuple { protocol: 0, ports: [0; 2], ..*flow },
        };
        self.0.hash_one(flow) as u32
    }
}

/// The hop of `hops` that flows of this hash take, of those that `usable` tells: each takes as much of the hash's range
/// as its weight says. Linux: `fib_select_multipath`, `fib_rebalance`.
pub(super) fn choose(hops: &[Hop], hash: u32, usable: impl Fn(&Hop) -> bool) -> Option<&Hop> {
    let usable = || hops.iter().filter(|hop| usable(hop));
    let total: u64 = usable().map(|hop| u64::from(hop.weight)).sum();
    // The share of the flow, as a number below the sum of all weights.
    let share = (u64::from(hash) * total) >> 32;
    let ends = usable().scan(0, |end, hop| {
        *end += u64::from(hop.weight);
        Some((*end, hop))
    });
    ends.into_iter().find(|(end, _)| share < *end).map(|(_, hop)| hop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::DeviceIndex;
    use crate::random::SeededRandom;

    fn hop(device: u32, weight: u16) -> Hop {
        Hop { weight, ..Hop::over(DeviceIndex(device)) }
    }

    #[test]
    fn flows_are_spread_by_weight() {
        let hops = [hop(2, 1), hop(3, 2), hop(4, 1)];
        let mut taken = [0; 3];
        for step in 0..4000u32 {
            let hash = step.wrapping_mul(u32::MAX / 4000);
            taken[(choose(&hops, hash, |_| true).unwrap().device.unwrap().0 - 2) as usize] += 1;
        }
        assert!((999..=1001).contains(&taken[0]) && (1999..=2001).contains(&taken[1]), "{taken:?}");
        assert_eq!(choose(&hops, u32::MAX, |_| true), Some(&hops[2]));
    }

    #[test]
    fn only_flows_of_a_dead_way_go_another() {
        let hops = [hop(2, 1), hop(3, 1)];
        let alive = |hop: &Hop| hop.device == Some(DeviceIndex(3));
        for hash in [0, 1 << 31, u32::MAX] {
            assert_eq!(choose(&hops, hash, alive), Some(&hops[1]));
        }
        assert_eq!(choose(&hops, 0, |_| false), None);
    }

    #[test]
    fn ports_count_by_policy_1_alone() {
        let hash = FlowHash::new(&mut SeededRandom::new(1));
        let [source, destination] = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap());
        let flow = FlowTuple { source, destination, protocol: 6, ports: [1, 2], flow_label: 0 };
        let other = FlowTuple { ports: [3, 2], ..flow };
        assert_eq!(hash.of(&flow, false), hash.of(&other, false));
        assert_ne!(hash.of(&flow, true), hash.of(&other, true));
    }
}
