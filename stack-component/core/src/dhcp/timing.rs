//! How long the client waits before it asks again.

use crate::random::Random;
use crate::time::{Duration, Instant};

/// The first wait, and the longest (RFC 2131 section 4.1).
const FIRST: Duration = Duration::from_secs(4);
const LONGEST: Duration = Duration::from_secs(64);

/// The least wait for more time (RFC 2131 section 4.4.5).
const LEAST_RENEWAL: Duration = Duration::from_secs(60);

/// The wait after the question number `attempt`, counted from 0: 4 s, 8 s ... 64 s, and a second more or less (RFC 2131
/// section 4.1).
pub(super) fn retransmission(attempt: u32, random: &mut dyn Random) -> Duration {
    let wait = (FIRST * (1 << attempt.min(4))).min(LONGEST);
    wait + Duration::from_millis(random.below(2001).into()) - Duration::from_secs(1)
}

/// When more time is asked for again: after half of what is left until `end`, but not too often.
pub(super) fn renewal(now: Instant, end: Instant) -> Instant {
    let left = end - now;
    if left <= LEAST_RENEWAL { end } else { now + (left / 2).max(LEAST_RENEWAL) }
}

/// The wait before all begins anew after a server refused, each time twice as long.
pub(super) fn after_refusal(refusals: u32) -> Duration {
    Duration::from_secs(1 << refusals.min(6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn waits_double_up_to_a_minute() {
        let mut random = SeededRandom::new(1);
        for (attempt, seconds) in [(0, 4), (1, 8), (2, 16), (3, 32), (4, 64), (9, 64), (u32::MAX, 64)] {
            let wait = retransmission(attempt, &mut random).as_millis();
            assert!((seconds * 1000 - 1000..=seconds * 1000 + 1000).contains(&wait), "{attempt}: {wait}");
        }
    }

    #[test]
    fn more_time_is_asked_for_after_half_of_what_is_left() {
        let at = |seconds: u64| Instant::from_millis(seconds * 1000);
        for (now, end, next) in [(0, 1000, 500), (500, 1000, 750), (900, 1000, 960), (960, 1000, 1000)] {
            assert_eq!(renewal(at(now), at(end)), at(next), "{now} {end}");
        }
    }
}
