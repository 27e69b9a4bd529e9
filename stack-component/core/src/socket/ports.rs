//! Local ports: which one a connection without a port of its own gets (RFC 6056).

use crate::random::Random;
use crate::wire::address::Octets;
use core::hash::Hasher;
use core::net::{IpAddr, SocketAddr};
use siphasher::sip::SipHasher13;

/// How many counters the second hash of algorithm 4 chooses from.
const COUNTERS: usize = 256;

/// The double-hash port selection of RFC 6056 section 3.3.4: an observer of one destination's ports learns
/// nothing of another's, and a destination sees its ports rise, so that they come again late.
/// Linux: `__inet_hash_connect`.
#[derive(Debug)]
pub struct EphemeralPorts {
    key: [u8; 16],
    counters: [u32; COUNTERS],
}

impl EphemeralPorts {
    /// A selection whose secrets are drawn from `random`.
    pub fn new(random: &mut dyn Random) -> Self {
        let mut key = [0; 16];
        random.fill(&mut key);
        let counters = core::array::from_fn(|_| random.next_u32());
        EphemeralPorts { key, counters }
    }

    /// A port from `first` to `last` that `is_free` accepts, for a connection from `local` to `remote`; none
    /// if every one is taken.
    pub fn choose(
        &mut self,
        local: IpAddr,
        remote: SocketAddr,
        [first, last]: [u16; 2],
        mut is_free: impl FnMut(u16) -> bool,
    ) -> Option<u16> {
        let count = u32::from(last.checked_sub(first)?) + 1;
        let hash = self.hash(local, remote);
        let counter = &mut self.counters[hash as usize % COUNTERS];
        let offset = (hash >> 32) as u32;
        for attempt in 0..count {
            let place = offset.wrapping_add(*counter).wrapping_add(attempt) % count;
            let port = first + place as u16;
            if is_free(port) {
                *counter = counter.wrapping_add(attempt + 1);
                return Some(port);
            }
        }
        None
    }

    fn hash(&self, local: IpAddr, remote: SocketAddr) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(&Octets::of(local));
        hasher.write(&Octets::of(remote.ip()));
        hasher.write_u16(remote.port());
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use core::net::Ipv4Addr;
    use std::collections::BTreeSet;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    #[test]
    fn every_port_is_found_before_none_is() {
        let mut ports = EphemeralPorts::new(&mut SeededRandom::new(1));
        let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 80);
        let mut taken = BTreeSet::new();
        for _ in 0..100 {
            let port = ports.choose(LOCAL, remote, [1000, 1099], |port| !taken.contains(&port)).unwrap();
            assert!((1000..=1099).contains(&port) && taken.insert(port));
        }
        assert_eq!(ports.choose(LOCAL, remote, [1000, 1099], |port| !taken.contains(&port)), None);
    }

    #[test]
    fn ports_differ_between_seeds_and_do_not_repeat_at_once() {
        let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 80);
        let first = |seed| {
            let mut ports = EphemeralPorts::new(&mut SeededRandom::new(seed));
            [0; 3].map(|_| ports.choose(LOCAL, remote, [32768, 60999], |_| true).unwrap())
        };
        let [a, b, c] = first(1);
        assert!(a != b && b != c && a != c);
        assert_ne!(first(1), first(2));
    }
}
