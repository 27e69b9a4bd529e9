//! Randomness as the stack sees it: handed in (design D6).

use crate::time::Duration;

/// A source of random numbers, of cryptographic quality outside of tests: initial sequence numbers, ports
/// and hash keys are drawn from it.
pub trait Random: Send {
    /// Fills `bytes` with random bytes.
    fn fill(&mut self, bytes: &mut [u8]);

    /// A random 32-bit number.
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    /// A random 64-bit number.
    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A random number below `bound`, 0 if `bound` is 0. The bias is below 2^-32 for bounds that fit 32 bits.
    fn below(&mut self, bound: u32) -> u32 {
        (((self.next_u64() >> 32) * u64::from(bound)) >> 32) as u32
    }
}

/// The time, longer or shorter by up to a tenth: hosts that were turned on together do not ask together (RFC 8415
/// section 15). Linux: `rfc3315_s14_backoff_init`.
pub fn blurred(time: Duration, random: &mut dyn Random) -> Duration {
    let shift = ((time / 5).as_micros() * u128::from(random.next_u32())) >> 32;
    (time - time / 10) + Duration::from_micros(u64::try_from(shift).unwrap_or(0))
}

/// A seeded generator for tests and simulation (splitmix64): the same seed gives the same run. Never for
/// numbers that an attacker must not guess.
#[derive(Clone, Debug)]
pub struct SeededRandom(u64);

impl SeededRandom {
    /// A generator whose whole sequence follows from `seed`.
    pub const fn new(seed: u64) -> Self {
        SeededRandom(seed)
    }

    fn step(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Random for SeededRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.step().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_blurred_by_a_tenth_at_most_and_by_all_of_it() {
        let mut random = SeededRandom::new(1);
        for seconds in [1, 4, 86_400, u32::MAX.into()] {
            let time = Duration::from_secs(seconds);
            let times = [(); 1000].map(|()| blurred(time, &mut random).as_secs_f64() / time.as_secs_f64());
            let (least, most) = times.iter().fold((2.0_f64, 0.0_f64), |(l, m), t| (l.min(*t), m.max(*t)));
            assert!(
                (0.9..0.91).contains(&least) && (1.09..=1.1).contains(&most),
                "{seconds}: {least} {most}"
            );
        }
        assert_eq!(blurred(Duration::ZERO, &mut random), Duration::ZERO);
    }
}
