//! SYN cookies: a SYN-ACK whose sequence number remembers what a request would. Linux:
//! `net/ipv4/syncookies.c`.
//!
//! The number is the sum of a hash of the addresses, the peer's number, a minute in the upper eight bits, and in the
//! lower 24 a hash of the addresses and the minute plus the index of a segment size. With timestamps the lowest
//! bits of ours say the other options:
//!
//! ```text
//! | 31 ...   6 |  5  |  4   | 3 2 1 0 |
//! | timestamp  | ECN | SACK | wscale  |
//! ```

use super::FourTuple;
use super::sequence::Sequence;
use crate::random::Random;
use crate::sysctl::Sysctl;
use crate::time::{Duration, Instant};
use crate::wire::address::Octets;
use core::hash::Hasher;
use siphasher::sip::SipHasher24;

/// How long a cookie counts as of this time. Linux: `TCP_SYNCOOKIE_PERIOD`.
const PERIOD: Duration = Duration::from_secs(60);
/// In how many periods a cookie is good. Linux: `MAX_SYNCOOKIE_AGE`.
const MAX_AGE: u32 = 2;
/// How long after the last cookie an acknowledgement may bring one back. Linux: `TCP_SYNCOOKIE_VALID`.
pub(super) const VALID: Duration = Duration::from_secs(120);
/// Bits of the number below the time. Linux: `COOKIEBITS`.
const BITS: u32 = 24;
const MASK: u32 = (1 << BITS) - 1;
/// Segment sizes that a cookie can say. Linux: `msstab` of `net/ipv4/syncookies.c`, and of `net/ipv6/syncookies.c`.
const SEGMENT_SIZES: [u16; 4] = [536, 1300, 1440, 1460];
const SEGMENT_SIZES_V6: [u16; 4] = [1220, 1420, 1440, 8940];
/// Bits of the timestamp that say options. Linux: `TSBITS`.
const OPTION_BITS: u32 = 6;
/// No window scaling. Linux: `TS_OPT_WSCALE_MASK`.
const NO_SCALE: u32 = 0xf;
const SACK: u32 = 1 << 4;
const ECN: u32 = 1 << 5;

/// The keys of the two hashes.
pub(super) struct Cookies([[u8; 16]; 2]);

/// The keys are secrets and are not shown.
impl core::fmt::Debug for Cookies {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Cookies")
    }
}

impl Cookies {
    /// Cookies whose keys are drawn from `random`.
    pub(super) fn new(random: &mut dyn Random) -> Self {
        let mut keys = [[0; 16]; 2];
        keys.iter_mut().for_each(|key| random.fill(key));
        Cookies(keys)
    }

    /// The cookie for a SYN with number `peer_initial` that names the segment size `mss`, and the size that it
    /// remembers. Linux: `__cookie_v4_init_sequence`.
    pub(super) fn make(
        &self,
        tuple: &FourTuple,
        peer_initial: Sequence,
        mss: u16,
        now: Instant,
    ) -> (Sequence, u16) {
        let sizes = segment_sizes(tuple);
        let index = sizes.iter().rposition(|&size| size <= mss).unwrap_or(0);
        let size = sizes.get(index).copied().unwrap_or(536);
        let count = periods(now);
        let low = self.hash(1, tuple, count).wrapping_add(index as u32) & MASK;
        let number =
            self.hash(0, tuple, 0).wrapping_add(peer_initial.0).wrapping_add(count << BITS).wrapping_add(low);
        (Sequence(number), size)
    }

    /// The segment size that the cookie `number` remembers; none if it is no cookie of ours or too old. Linux:
    /// `__cookie_v4_check`.
    pub(super) fn check(
        &self,
        tuple: &FourTuple,
        peer_initial: Sequence,
        number: Sequence,
        now: Instant,
    ) -> Option<u16> {
        let rest = number.0.wrapping_sub(self.hash(0, tuple, 0)).wrapping_sub(peer_initial.0);
        let count = periods(now);
        let age = count.wrapping_sub(rest >> BITS) & (u32::MAX >> BITS);
        if age >= MAX_AGE {
            return None;
        }
        let index = rest.wrapping_sub(self.hash(1, tuple, count.wrapping_sub(age))) & MASK;
        segment_sizes(tuple).get(index as usize).copied()
    }

    fn hash(&self, key: usize, tuple: &FourTuple, count: u32) -> u32 {
        let key = self.0.get(key).unwrap_or(&self.0[0]);
        let mut hasher = SipHasher24::new_with_key(key);
        hasher.write(&Octets::of(tuple.remote.ip()));
        hasher.write(&Octets::of(tuple.local.ip()));
        hasher.write_u32(u32::from(tuple.remote.port()) << 16 | u32::from(tuple.local.port()));
        hasher.write_u32(count);
        hasher.finish() as u32
    }
}

fn segment_sizes(tuple: &FourTuple) -> &'static [u16; 4] {
    if tuple.remote.ip().is_ipv4() { &SEGMENT_SIZES } else { &SEGMENT_SIZES_V6 }
}

/// Linux: `tcp_cookie_time`.
fn periods(now: Instant) -> u32 {
    (now.as_millis() / PERIOD.as_millis() as u64) as u32
}

/// The options of a SYN that a timestamp can remember.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Remembered {
    /// What shifts the peer's windows; none: scaling is not in use.
    pub scale: Option<u8>,
    pub sack: bool,
    pub ecn: bool,
}

impl Remembered {
    /// The clock of milliseconds with the options in its lowest bits, not later than it is. Linux:
    /// `cookie_init_timestamp`.
    pub(super) fn timestamp(self, now: Instant) -> u32 {
        let clock = now.as_millis();
        let mut bits = self.scale.map_or(NO_SCALE, u32::from);
        bits |= if self.sack { SACK } else { 0 };
        bits |= if self.ecn { ECN } else { 0 };
        let stamped = (clock >> OPTION_BITS << OPTION_BITS) | u64::from(bits);
        let early = if stamped > clock { stamped.wrapping_sub(1 << OPTION_BITS) } else { stamped };
        early as u32
    }

    /// The options that the echo of our timestamp brings back, our offset taken off; none if it names one that
    /// the settings do not permit. Linux: `cookie_timestamp_decode`.
    pub(super) fn of_echo(echo: u32, sysctl: &Sysctl) -> Option<Self> {
        let scale = Some((echo & NO_SCALE) as u8).filter(|&scale| u32::from(scale) != NO_SCALE);
        let remembered = Remembered { scale, sack: echo & SACK != 0, ecn: echo & ECN != 0 };
        let permitted = sysctl.tcp_timestamps
            && (!remembered.sack || sysctl.tcp_sack)
            && (scale.is_none() || sysctl.tcp_window_scaling);
        permitted.then_some(Remembered { ecn: remembered.ecn && sysctl.tcp_ecn != 0, ..remembered })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use core::net::{IpAddr, Ipv4Addr, SocketAddr};

    fn tuple(port: u16) -> FourTuple {
        let at = |last, port| SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), port);
        FourTuple::new(at(1, 80), at(2, port))
    }

    #[test]
    fn a_cookie_brings_back_the_segment_size_for_two_minutes() {
        let cookies = Cookies::new(&mut SeededRandom::new(1));
        let (peer, now) = (Sequence(77), Instant::from_millis(6_000_000));
        for (named, kept) in [(100, 536), (536, 536), (1299, 536), (1300, 1300), (1459, 1440), (9000, 1460)] {
            let (number, size) = cookies.make(&tuple(9), peer, named, now);
            assert_eq!(size, kept);
            for (seconds, good) in [(0, true), (59, true), (119, true), (120, false), (3600, false)] {
                let later = now + Duration::from_secs(seconds);
                let back = cookies.check(&tuple(9), peer, number, later);
                assert_eq!(back, good.then_some(kept), "{named} after {seconds} s");
            }
            assert_eq!(cookies.check(&tuple(8), peer, number, now), None);
            assert_eq!(cookies.check(&tuple(9), peer, number + 9, now), None);
            assert_eq!(cookies.check(&tuple(9), peer + 9, number, now), None);
        }
    }

    #[test]
    fn timestamps_remember_options_and_are_never_early() {
        let sysctl = Sysctl::default();
        for millis in 640_000..640_200 {
            let now = Instant::from_millis(millis);
            for scale in [None, Some(0), Some(7), Some(14)] {
                for bits in 0..2 {
                    let options = Remembered { scale, sack: bits == 1, ecn: bits == 0 };
                    let stamp = options.timestamp(now);
                    assert!(u64::from(stamp) <= millis && millis - u64::from(stamp) < 128);
                    assert_eq!(Remembered::of_echo(stamp, &sysctl), Some(options));
                }
            }
        }
        let sysctl = Sysctl { tcp_sack: false, ..Sysctl::default() };
        let stamp = Remembered { sack: true, ..Remembered::default() }.timestamp(Instant::from_millis(9));
        assert_eq!(Remembered::of_echo(stamp, &sysctl), None);
    }
}
