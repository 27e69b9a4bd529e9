//! How often a host that sends packets the long way is told so. Linux: `ip_rt_send_redirect`.

use crate::keyed_hash::KeyedHash;
use crate::random::Random;
use crate::time::{Duration, Instant};
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// After so many that were not heeded there is silence. Linux: `ip_rt_redirect_number`.
const MOST: u32 = 9;
/// The first two are so far apart, and each distance is twice the one before. Linux: `ip_rt_redirect_load`.
const LOAD: Duration = Duration::from_millis(20);
/// A host that sent nothing the long way for so long is told anew. Linux: `ip_rt_redirect_silence`.
const SILENCE: Duration = Duration::from_millis(20 << (MOST + 1));

/// How many hosts share what is remembered: those with one place are told less often, never more often.
const PLACES: usize = 1024;

/// What hosts were told.
#[derive(Debug)]
pub struct RedirectLimit {
    hash: KeyedHash,
    places: Vec<Told>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Told {
    count: u32,
    last: Instant,
}

impl RedirectLimit {
    /// Nobody was told anything.
    pub fn new(random: &mut dyn Random) -> Self {
        RedirectLimit { hash: KeyedHash::new(random), places: Vec::new() }
    }

    /// Whether `host` may be told now that it sends packets the long way; it counts as told if so.
    pub fn allow(&mut self, now: Instant, host: Ipv4Addr) -> bool {
        self.places.resize(PLACES, Told::default());
        let place = self.hash.place(host, PLACES);
        let Some(told) = self.places.get_mut(place) else { return false };
        if now > told.last + SILENCE {
            told.count = 0;
        }
        if told.count >= MOST {
            // Who goes on is not to be told while he does.
            told.last = now;
            return false;
        }
        let due = told.count == 0 || now > told.last + LOAD * (1 << told.count);
        if due {
            *told = Told { count: told.count + 1, last: now };
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn who_does_not_listen_is_told_nine_times_and_then_no_more() {
        let host = Ipv4Addr::new(192, 0, 2, 1);
        let mut limit = RedirectLimit::new(&mut SeededRandom::new(1));
        let told: Vec<u64> =
            (0..60_000).filter(|&millis| limit.allow(Instant::from_millis(millis), host)).collect();
        assert_eq!(told, [0, 41, 122, 283, 604, 1245, 2526, 5087, 10_208]);
        let later = Instant::from_millis(59_999) + SILENCE;
        assert!(!limit.allow(later, host));
        assert!(limit.allow(later + SILENCE + LOAD, host));
    }
}
