//! What the tables said lately, so that packets of one flow do not ask them again. Linux: the `dst_entry` that sockets
//! and next hops keep, with `rt_genid`.

use super::FlowKey;
use crate::random::Random;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Places of a cache. What meets in one drives the older one out.
const PLACES: usize = 1024;

/// An answer and what it answers.
#[derive(Clone, Copy, Debug)]
struct Known<V> {
    flow: FlowKey,
    generation: u32,
    answer: V,
}

/// Answers of the tables by flow. An answer counts as long as the tables are of the same generation.
///
/// Memory: 1024 places of some 200 bytes, once there is a first answer.
#[derive(Debug)]
pub struct DestinationCache<V> {
    places: Vec<Option<Known<V>>>,
    /// Keeps peers from choosing what meets in one place.
    secret: u64,
    /// How often an answer was known. Linux: `in_hit` and `out_hit` of `rt_cache`.
    pub hits: u64,
    /// How often the tables were asked.
    pub misses: u64,
}

impl<V: Copy> DestinationCache<V> {
    /// An empty cache; its secret is drawn from `random`.
    pub fn new(random: &mut dyn Random) -> Self {
        let mut secret = [0; 8];
        random.fill(&mut secret);
        DestinationCache { places: Vec::new(), secret: u64::from_le_bytes(secret), hits: 0, misses: 0 }
    }

    /// The answer for a flow by tables of this generation; `ask` asks them.
    pub fn get(&mut self, flow: &FlowKey, generation: u32, ask: impl FnOnce() -> V) -> V {
        if self.places.is_empty() {
            self.places.resize(PLACES, None);
        }
        let place = place(flow, self.secret);
        let known = self.places.get_mut(place);
        if let Some(Some(known)) = &known
            && known.generation == generation
            && known.flow == *flow
        {
            self.hits += 1;
            return known.answer;
        }
        self.misses += 1;
        let answer = ask();
        if let Some(known) = known {
            *known = Some(Known { flow: *flow, generation, answer });
        }
        answer
    }
}

/// Where a flow's answer is. Cheap, and no stronger than it must be: who finds flows that meet gains nothing but that
/// the tables are asked.
fn place(flow: &FlowKey, secret: u64) -> usize {
    let fold = |address: IpAddr| match address {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            (bits as u64).rotate_left(23) ^ (bits >> 64) as u64
        }
    };
    let source = flow.source.map_or(0, fold).rotate_left(32);
    let devices = [flow.input, flow.output].map(|device| u64::from(device.map_or(0, |device| device.0)));
    let [from, to] = flow.transport.ports.map(u64::from);
    let source = source ^ from << 16 ^ to;
    let other = u64::from(flow.mark) << 32 | u64::from(flow.hash) ^ u64::from(flow.tos) << 40;
    let mixed = fold(flow.destination) ^ source ^ other ^ devices[0] << 16 ^ devices[1] << 48 ^ secret;
    // Multiplication carries every bit upward, so the highest ones depend on all.
    let mixed = (mixed ^ mixed >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - PLACES.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::DeviceIndex;
    use crate::random::SeededRandom;

    fn to(number: u32) -> FlowKey {
        FlowKey::to(IpAddr::V4(number.into()))
    }

    #[test]
    fn the_tables_are_asked_once_for_each_flow_and_generation() {
        let mut cache = DestinationCache::new(&mut SeededRandom::new(3));
        for (flow, generation, answer) in [
            (to(1), 0, 10),
            (to(1), 0, 10),
            (to(1), 1, 30),
            (FlowKey { mark: 5, ..to(1) }, 1, 40),
            (FlowKey { input: Some(DeviceIndex(2)), ..to(1) }, 1, 50),
            (to(1), 1, 30),
        ] {
            assert_eq!(cache.get(&flow, generation, || answer), answer);
        }
        assert_eq!((cache.hits, cache.misses), (2, 4));
    }

    #[test]
    fn flows_spread_over_the_places() {
        let mut used = alloc::collections::BTreeSet::new();
        for number in 0..1024u32 {
            used.insert(place(&to(0x0a00_0000 + number), 0x1234_5678_9abc_def0));
        }
        // By chance alone it would be 647.
        assert!(used.len() > 500, "{}", used.len());
    }
}
