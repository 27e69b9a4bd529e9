//! How many ICMP errors leave: over all, and to one destination. Linux: `icmp_global_allow`,
//! `inet_peer_xrlim_allow`.

use crate::keyed_hash::KeyedHash;
use crate::random::Random;
use crate::sysctl::Sysctl;
use crate::time::{Duration, Instant};
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

/// How many errors a destination gets at once. Linux: `XRLIM_BURST_FACTOR`.
const BURST: u32 = 6;

/// How many buckets the destinations share. Two destinations in one bucket get fewer errors, never more.
const BUCKETS: usize = 1024;

/// Which limit an error ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppressed {
    /// That of all errors together. Linux: `Icmp:OutRateLimitGlobal`.
    Global,
    /// That of one destination. Linux: `Icmp:OutRateLimitHost`.
    Host,
}

/// Both limits, as token buckets.
#[derive(Debug)]
pub struct RateLimit {
    tokens: u32,
    filled_at: Instant,
    hash: KeyedHash,
    hosts: Vec<Bucket>,
}

/// A destination's bucket holds time: an error costs the interval, at most [`BURST`] intervals gather.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    credit: Duration,
    filled_at: Instant,
}

impl RateLimit {
    /// Full buckets.
    pub fn new(sysctl: &Sysctl, random: &mut dyn Random) -> Self {
        let full = Bucket { credit: Duration::MAX, filled_at: Instant::ZERO };
        let hosts = vec![full; BUCKETS];
        RateLimit {
            tokens: sysctl.icmp_msgs_burst,
            filled_at: Instant::ZERO,
            hash: KeyedHash::new(random),
            hosts,
        }
    }

    /// Whether an error to `destination` may leave now; it counts as sent if so.
    pub fn allow(
        &mut self,
        now: Instant,
        sysctl: &Sysctl,
        random: &mut dyn Random,
        destination: IpAddr,
    ) -> Result<(), Suppressed> {
        self.fill(now, sysctl, random);
        if self.tokens == 0 {
            return Err(Suppressed::Global);
        }
        if !self.allow_host(now, sysctl, destination) {
            return Err(Suppressed::Host);
        }
        self.tokens -= 1;
        Ok(())
    }

    fn fill(&mut self, now: Instant, sysctl: &Sysctl, random: &mut dyn Random) {
        let passed = now.since(self.filled_at).min(Duration::from_secs(1));
        // Linux fills in steps of at least 20 ms.
        if passed < Duration::from_millis(20) {
            return;
        }
        let gained = u128::from(sysctl.icmp_msgs_per_sec) * passed.as_nanos() / 1_000_000_000;
        let gained = u32::try_from(gained).unwrap_or(u32::MAX);
        if gained > 0 {
            self.filled_at = now;
            // Who can count exactly how many errors leave learns which ports answer (CVE-2020-25705).
            let noise = random.below(3);
            self.tokens =
                self.tokens.saturating_add(gained).min(sysctl.icmp_msgs_burst).saturating_sub(noise);
        }
    }

    fn allow_host(&mut self, now: Instant, sysctl: &Sysctl, destination: IpAddr) -> bool {
        let setting = if destination.is_ipv4() { sysctl.icmp_ratelimit } else { sysctl.icmp6_ratelimit };
        self.allow_peer(now, Duration::from_millis(setting.into()), destination)
    }

    /// Whether a message to, or about, `destination` may leave now that may once an `interval`; it counts as sent if
    /// so. All kinds share what a destination has. Linux: `inet_peer_xrlim_allow`.
    pub fn allow_peer(&mut self, now: Instant, interval: Duration, destination: IpAddr) -> bool {
        let place = self.hash.place(destination, self.hosts.len());
        let Some(bucket) = self.hosts.get_mut(place) else { return false };
        let credit = bucket.credit.saturating_add(now.since(bucket.filled_at)).min(interval * BURST);
        let allowed = credit >= interval;
        bucket.filled_at = now;
        bucket.credit = if allowed { credit - interval } else { credit };
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use core::net::Ipv4Addr;

    const HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn allowed(limit: &mut RateLimit, millis: u64, count: u32, host: impl Fn(u32) -> IpAddr) -> usize {
        let (sysctl, now) = (Sysctl::default(), Instant::from_millis(1_000_000 + millis));
        let mut random = SeededRandom::new(2);
        (0..count).filter(|&nth| limit.allow(now, &sysctl, &mut random, host(nth)).is_ok()).count()
    }

    #[test]
    fn one_host_gets_six_and_then_one_a_second() {
        let mut limit = RateLimit::new(&Sysctl::default(), &mut SeededRandom::new(1));
        assert_eq!(allowed(&mut limit, 0, 20, |_| HOST), 6);
        assert_eq!(allowed(&mut limit, 999, 20, |_| HOST), 0);
        assert_eq!(allowed(&mut limit, 1000, 20, |_| HOST), 1);
        assert_eq!(allowed(&mut limit, 3500, 20, |_| HOST), 2);
        assert_eq!(allowed(&mut limit, 60_000, 20, |_| HOST), 6);
    }

    #[test]
    fn all_hosts_together_get_the_burst_and_then_a_thousand_a_second() {
        let mut limit = RateLimit::new(&Sysctl::default(), &mut SeededRandom::new(1));
        let other = |nth| IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + nth * 7));
        let burst = allowed(&mut limit, 0, 200, other);
        assert!((48..=50).contains(&burst), "{burst}");
        let later = allowed(&mut limit, 20, 200, |nth| other(1000 + nth));
        assert!((18..=20).contains(&later), "{later}");
    }
}
