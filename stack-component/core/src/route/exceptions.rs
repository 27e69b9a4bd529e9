//! What is learnt of single destinations: the path MTU (RFC 1191, RFC 8201) and better gateways (redirects). Linux:
//! `struct fib_nh_exception`, `struct rt6_exception`.
//!
//! Memory: [`BUCKETS`] buckets of [`DEPTH`] destinations; in a full bucket the one that was learnt longest ago makes
//! room. Who lies about many destinations pushes out others of his buckets, which nobody can compute.

use crate::keyed_hash::KeyedHash;
use crate::random::Random;
use crate::time::{Duration, Instant};
use alloc::vec::Vec;
use core::net::IpAddr;

/// How many buckets there are.
const BUCKETS: usize = 512;

/// Destinations of one bucket. Linux: `FNHE_RECLAIM_DEPTH`.
const DEPTH: usize = 5;

/// How long a redirect is followed. Linux: `ip_rt_gc_timeout`.
const REDIRECT_TIMEOUT: Duration = Duration::from_secs(300);

/// What every IPv6 link carries, in bytes (RFC 8200 section 5). Linux: `IPV6_MIN_MTU`.
const MIN_MTU_V6: u32 = 1280;

/// The largest packet that gets to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathMtu {
    /// Bytes.
    pub mtu: u32,
    /// Packets may be cut on the way: a router named less than we believe. Linux: `fnhe_mtu_locked`.
    pub locked: bool,
}

/// What an ICMP message about a path is believed. Linux: `ip_rt_min_pmtu`, `ip_rt_mtu_expires`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Belief {
    /// The least path MTU of IPv4, in bytes.
    pub least: u32,
    /// How long it is believed.
    pub time: Duration,
}

/// What was learnt of a destination.
#[derive(Clone, Copy, Debug)]
struct Exception {
    destination: IpAddr,
    path_mtu: Option<(PathMtu, Instant)>,
    gateway: Option<(IpAddr, Instant)>,
    /// When anything was learnt last.
    learnt: Instant,
}

/// What was learnt of all destinations.
#[derive(Debug)]
pub struct Exceptions {
    hash: KeyedHash,
    buckets: Vec<Vec<Exception>>,
}

impl Exceptions {
    /// Nothing was learnt.
    pub fn new(random: &mut dyn Random) -> Self {
        Exceptions { hash: KeyedHash::new(random), buckets: Vec::new() }
    }

    /// The path MTU to a destination, if it is less than that of the route. Linux: `ip_dst_mtu_maybe_forward`.
    pub fn path_mtu(&self, destination: IpAddr, now: Instant) -> Option<PathMtu> {
        self.find(destination)?.path_mtu.filter(|(_, until)| now < *until).map(|(mtu, _)| mtu)
    }

    /// The gateway to a destination that another gateway named. Linux: `fnhe_gw`.
    pub fn gateway(&self, destination: IpAddr, now: Instant) -> Option<IpAddr> {
        self.find(destination)?.gateway.filter(|(_, until)| now < *until).map(|(gateway, _)| gateway)
    }

    /// When the first of what is known of a destination is forgotten. Linux: `fnhe_expires`.
    pub fn expires(&self, destination: IpAddr, now: Instant) -> Option<Instant> {
        let known = self.find(destination)?;
        let (mtu, gateway) = (known.path_mtu.map(|(_, until)| until), known.gateway.map(|(_, until)| until));
        mtu.into_iter().chain(gateway).filter(|until| now < *until).min()
    }

    /// Hears that packets to a destination may have `named` bytes, where `known` was thought. A path never becomes
    /// wider by it, and not narrower than every path is. Linux: `__ip_rt_update_pmtu`, `__ip6_rt_update_pmtu`.
    pub fn narrow(&mut self, destination: IpAddr, named: u32, known: u32, now: Instant, belief: Belief) {
        if named > known {
            return;
        }
        let least = if destination.is_ipv6() { MIN_MTU_V6 } else { belief.least };
        // An IPv6 packet is not cut on its way, whatever the router says (RFC 8201 section 4).
        let locked = named < least && destination.is_ipv4();
        let mtu = named.max(least).min(known);
        self.entry(destination, now).path_mtu = Some((PathMtu { mtu, locked }, now + belief.time));
    }

    /// Hears of a better gateway to a destination. Linux: `__ip_do_redirect`.
    pub fn redirect(&mut self, destination: IpAddr, gateway: IpAddr, now: Instant) {
        self.entry(destination, now).gateway = Some((gateway, now + REDIRECT_TIMEOUT));
    }

    /// Nobody answers there: a better gateway to this destination is none any more. Linux: `ipv4_link_failure`,
    /// `ip6_link_failure`.
    pub fn forget_gateway(&mut self, destination: IpAddr) {
        let place = self.hash.place(destination, BUCKETS);
        let bucket = self.buckets.get_mut(place).map(Vec::as_mut_slice).unwrap_or_default();
        let known = bucket.iter_mut().find(|exception| exception.destination == destination);
        known.into_iter().for_each(|exception| exception.gateway = None);
    }

    /// Forgets everything: the routes changed. Linux: `rt_cache_flush`.
    pub fn clear(&mut self) {
        self.buckets.iter_mut().for_each(Vec::clear);
    }

    fn find(&self, destination: IpAddr) -> Option<&Exception> {
        let bucket = self.buckets.get(self.hash.place(destination, BUCKETS))?;
        bucket.iter().find(|exception| exception.destination == destination)
    }

    /// What is known of a destination, to be added to. Linux: `update_or_create_fnhe`.
    fn entry(&mut self, destination: IpAddr, now: Instant) -> &mut Exception {
        // Most stacks never learn anything.
        self.buckets.resize_with(BUCKETS, Vec::new);
        let place = self.hash.place(destination, BUCKETS);
        let bucket = &mut self.buckets[place];
        let known = bucket.iter().position(|exception| exception.destination == destination);
        let new = Exception { destination, path_mtu: None, gateway: None, learnt: now };
        let at = match known {
            Some(at) => at,
            None if bucket.len() < DEPTH => {
                bucket.push(new);
                bucket.len() - 1
            }
            None => {
                let oldest = bucket.iter().enumerate().min_by_key(|(_, exception)| exception.learnt);
                let at = oldest.map_or(0, |(at, _)| at);
                bucket[at] = new;
                at
            }
        };
        let exception = &mut bucket[at];
        exception.learnt = now;
        exception
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use core::net::Ipv4Addr;

    const BELIEF: Belief = Belief { least: 552, time: Duration::from_secs(600) };

    fn v4(last: u32) -> IpAddr {
        Ipv4Addr::from_bits(0x0a00_0000 + last).into()
    }

    #[test]
    fn what_is_believed() {
        let now = Instant::from_millis(1000);
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        let rows = [
            (v4(1), 1400, 1500, Some((1400, false))),
            (v4(1), 1500, 1500, Some((1500, false))),
            (v4(1), 1501, 1500, None),
            (v4(1), 552, 1500, Some((552, false))),
            (v4(1), 551, 1500, Some((552, true))),
            (v4(1), 0, 1500, Some((552, true))),
            (v4(1), 68, 400, Some((400, true))),
            (v6, 1400, 1500, Some((1400, false))),
            (v6, 1279, 1500, Some((1280, false))),
        ];
        for (destination, named, known, expected) in rows {
            let mut exceptions = Exceptions::new(&mut SeededRandom::new(1));
            exceptions.narrow(destination, named, known, now, BELIEF);
            let expected = expected.map(|(mtu, locked)| PathMtu { mtu, locked });
            assert_eq!(exceptions.path_mtu(destination, now), expected, "{named} of {known}");
            let late = now + Duration::from_secs(600);
            assert_eq!(exceptions.path_mtu(destination, late), None);
        }
    }

    #[test]
    fn both_are_kept_side_by_side_until_their_times() {
        let (now, later) = (Instant::from_millis(0), Instant::from_millis(300_000));
        let mut exceptions = Exceptions::new(&mut SeededRandom::new(1));
        exceptions.narrow(v4(1), 1000, 1500, now, BELIEF);
        exceptions.redirect(v4(1), v4(9), now);
        assert_eq!(exceptions.gateway(v4(1), now), Some(v4(9)));
        assert_eq!(exceptions.gateway(v4(2), now), None);
        assert_eq!(exceptions.gateway(v4(1), later), None);
        let in_seconds = |seconds| Some(now + Duration::from_secs(seconds));
        assert_eq!(exceptions.expires(v4(1), now), in_seconds(300));
        assert_eq!(exceptions.expires(v4(1), later), in_seconds(600));
        assert_eq!(exceptions.expires(v4(2), now), None);
        assert_eq!(exceptions.path_mtu(v4(1), later).map(|path| path.mtu), Some(1000));
        exceptions.clear();
        assert_eq!(exceptions.path_mtu(v4(1), now), None);
    }

    #[test]
    fn many_destinations_take_no_more_than_their_memory() {
        let mut exceptions = Exceptions::new(&mut SeededRandom::new(1));
        for nth in 0..100_000 {
            let now = Instant::from_millis(nth.into());
            exceptions.narrow(v4(nth), 1000, 1500, now, BELIEF);
            assert!(exceptions.path_mtu(v4(nth), now).is_some());
        }
        let most = exceptions.buckets.iter().map(Vec::len).sum::<usize>();
        assert_eq!(most, BUCKETS * DEPTH);
        let now = Instant::from_millis(100_000);
        let newest = (99_000..100_000).filter(|&nth| exceptions.path_mtu(v4(nth), now).is_some()).count();
        assert!(newest > 900, "{newest}");
    }
}
