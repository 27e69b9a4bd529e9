//! The identification field of packets that may be cut (RFC 6864, RFC 7739). Linux: `ip_idents_reserve`.

use crate::keyed_hash::KeyedHash;
use crate::random::Random;
use crate::time::Instant;
use crate::wire::protocol::Protocol;
use alloc::vec;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// How many counters there are. Linux: `IP_IDENTS_SZ`.
const COUNTERS: usize = 2048;

/// Counters by a keyed hash of the addresses and the protocol, so that one destination learns nothing of
/// the traffic to another; time that passes moves them on by random steps, so that idle time cannot be
/// scanned by.
#[derive(Debug)]
pub struct Identification {
    hash: KeyedHash,
    counters: Vec<Counter>,
}

#[derive(Clone, Copy, Debug)]
struct Counter {
    value: u16,
    used_millis: u32,
}

impl Identification {
    /// Counters that begin at random.
    pub fn new(random: &mut dyn Random) -> Self {
        let hash = KeyedHash::new(random);
        let mut counters = vec![Counter { value: 0, used_millis: 0 }; COUNTERS];
        for counter in &mut counters {
            counter.value = random.next_u32() as u16;
        }
        Identification { hash, counters }
    }

    /// The identification of the next packet from `source` to `destination`.
    pub fn next(
        &mut self,
        now: Instant,
        random: &mut dyn Random,
        source: Ipv4Addr,
        destination: Ipv4Addr,
        protocol: Protocol,
    ) -> u16 {
        let place = self.hash.place((source, destination, protocol), self.counters.len());
        let Some(counter) = self.counters.get_mut(place) else { return 0 };
        let millis = now.as_millis() as u32;
        let passed = millis.wrapping_sub(counter.used_millis);
        counter.used_millis = millis;
        // Linux: a step of at least one, and of up to as many as ticks have passed.
        counter.value = counter.value.wrapping_add(random.below(passed) as u16).wrapping_add(1);
        counter.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn numbers_rise_by_one_in_a_burst_and_jump_after_a_pause() {
        let mut random = SeededRandom::new(1);
        let mut identification = Identification::new(&mut random);
        let (a, b) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        let mut next =
            |millis, to| identification.next(Instant::from_millis(millis), &mut random, a, to, Protocol::UDP);
        let first = next(5, b);
        assert_eq!(next(5, b), first.wrapping_add(1));
        let after_a_pause = next(60_005, b);
        assert_ne!(after_a_pause, first.wrapping_add(2));
        assert_ne!(next(60_005, a), after_a_pause.wrapping_add(1));
    }
}
