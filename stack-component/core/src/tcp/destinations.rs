//! What is remembered of destinations beyond a connection: the path MTU, and what Fast Open needs. Linux:
//! next-hop exceptions of routes, `net/ipv4/tcp_metrics.c`.

use crate::keyed_hash::KeyedHash;
use crate::random::Random;
use crate::time::Instant;
use crate::wire::tcp::FastOpenCookie;
use core::net::IpAddr;
use hashbrown::HashMap;

/// Most destinations that are remembered; the one that was used longest ago makes room.
const MAX_DESTINATIONS: usize = 1024;

/// What is remembered of one destination.
#[derive(Clone, Copy, Debug, Default)]
struct Destination {
    /// The path MTU in bytes and until when it is believed.
    path_mtu: Option<(u32, Instant)>,
    /// Fast Open.
    fast_open: CachedCookie,
    used: Instant,
}

/// What Fast Open knows of a server. Linux: `struct tcp_fastopen_metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CachedCookie {
    /// Its cookie.
    pub cookie: Option<FastOpenCookie>,
    /// The segment size that it named.
    pub mss: Option<u16>,
    /// It did not answer the request for a cookie: 1, to be asked with the experimental option; 2, neither.
    pub try_experimental: u8,
}

/// What is remembered of destinations.
#[derive(Debug)]
pub(super) struct Destinations(HashMap<IpAddr, Destination, KeyedHash>);

impl Destinations {
    /// Nothing is remembered.
    pub(super) fn new(random: &mut dyn Random) -> Self {
        Destinations(HashMap::with_hasher(KeyedHash::new(random)))
    }

    /// The path MTU to `remote` in bytes and until when it is believed.
    pub(super) fn path_mtu(&self, remote: IpAddr, now: Instant) -> Option<(u32, Instant)> {
        self.0.get(&remote)?.path_mtu.filter(|(_, expires)| now < *expires)
    }

    /// Remembers a path MTU until `expires`.
    pub(super) fn set_path_mtu(&mut self, remote: IpAddr, mtu: u32, now: Instant, expires: Instant) {
        self.entry(remote, now).path_mtu = Some((mtu, expires));
    }

    /// What Fast Open knows of `remote`. Linux: `tcp_fastopen_cache_get`.
    pub(super) fn fast_open(&self, remote: IpAddr) -> CachedCookie {
        self.0.get(&remote).map(|destination| destination.fast_open).unwrap_or_default()
    }

    /// What Fast Open knows of `remote`, to be changed. Linux: `tcp_fastopen_cache_set`.
    pub(super) fn fast_open_mut(&mut self, remote: IpAddr, now: Instant) -> &mut CachedCookie {
        &mut self.entry(remote, now).fast_open
    }

    /// Forgets everything. Linux: `ip tcp_metrics flush all`.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn entry(&mut self, remote: IpAddr, now: Instant) -> &mut Destination {
        if self.0.len() >= MAX_DESTINATIONS && !self.0.contains_key(&remote) {
            let oldest = self.0.iter().min_by_key(|(_, destination)| destination.used);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.0.remove(&oldest);
            }
        }
        let destination = self.0.entry(remote).or_default();
        destination.used = now;
        destination
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use crate::time::Duration;
    use core::net::Ipv4Addr;

    fn v4(bits: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(bits))
    }

    #[test]
    fn what_is_remembered_is_bounded_and_old_path_mtus_are_not_believed() {
        let mut destinations = Destinations::new(&mut SeededRandom::new(1));
        let now = Instant::from_millis(1);
        for last in 0..2000u32 {
            let now = now + Duration::from_millis(last.into());
            let expires = now + Duration::from_secs(600);
            destinations.set_path_mtu(v4(last), 1000, now, expires);
        }
        assert_eq!(destinations.0.len(), MAX_DESTINATIONS);
        assert_eq!(destinations.path_mtu(v4(0), now), None, "the oldest are gone");
        let last = v4(1999);
        assert_eq!(destinations.path_mtu(last, now).map(|(mtu, _)| mtu), Some(1000));
        assert_eq!(destinations.path_mtu(last, now + Duration::from_secs(700)), None);
    }
}
