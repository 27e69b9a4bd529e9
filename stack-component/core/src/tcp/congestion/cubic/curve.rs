//! The cubic function and its inverse, in integers (RFC 9438 section 4.2).
//!
//! Time is counted in 1024ths of a second. C is 410/1024, a tenth of a thousandth off the standard's 0.4, as in
//! Linux.

/// C times 1024, for a round trip of 100 ms in Linux's words. Linux: `cube_rtt_scale`.
const SCALED_C: u64 = 410;
/// The cube of what a second is divided into, and the scale of C. Linux: `10 + 3 * BICTCP_HZ`.
const SHIFT: u32 = 40;

/// 1024ths of a second in `millis` milliseconds, rounded down.
pub(super) const fn ticks(millis: u64) -> u64 {
    millis.saturating_mul(1024) / 1000
}

/// K: how many ticks the curve takes to climb `height` segments to its origin (RFC 9438 section 4.2 figure 2).
/// Linux: `bic_K`.
pub(super) fn time_to_climb(height: u32) -> u64 {
    // Below 2^32 times 2^32.
    cube_root((1 << SHIFT) / SCALED_C * u64::from(height))
}

/// C t^3: how many segments the curve is away from its origin `ticks` before or after it. Linux: `delta` in
/// `bictcp_update`.
pub(super) fn distance(ticks: u64) -> u64 {
    SCALED_C.saturating_mul(ticks).saturating_mul(ticks).saturating_mul(ticks) >> SHIFT
}

/// The whole part of the cube root. Linux: `cubic_root`, which is 0.2 % off.
fn cube_root(number: u64) -> u64 {
    // Bit by bit from the highest that can be: the root of 2^64 - 1 is below 2^22.
    (0..22).rev().fold(0, |root: u64, bit| {
        let next = root | 1 << bit;
        if next.checked_pow(3).is_some_and(|cube| cube <= number) { next } else { root }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cube_roots_are_exact() {
        for root in [0_u64, 1, 2, 3, 9, 10, 1000, 65_535, 1_000_000, 2_642_244] {
            assert_eq!(cube_root(root.pow(3)), root);
            assert_eq!(cube_root(root.pow(3) + 3 * root * root + 3 * root), root, "one below the next cube");
        }
        assert_eq!(cube_root(7), 1);
        assert_eq!(cube_root(u64::MAX), 2_642_245);
    }

    /// K = cbrt(height / C) seconds, calculated elsewhere with C = 0.4.
    #[test]
    fn the_climb_takes_as_long_as_the_standard_says() {
        let table =
            [(0, 0), (1, 1_357), (3, 1_957), (30, 4_217), (100, 6_300), (300, 9_086), (10_000, 29_240)];
        for (height, millis) in table {
            let found = time_to_climb(height) * 1000 / 1024;
            assert!(found.abs_diff(millis) <= millis / 500 + 1, "{height}: {found} ms, not {millis}");
        }
    }

    /// 0.4 t^3 segments.
    #[test]
    fn the_curve_is_as_steep_as_the_standard_says() {
        for (millis, segments) in
            [(0, 0), (1_000, 0), (2_000, 3), (5_000, 50), (10_000, 400), (60_000, 86_400)]
        {
            let found = distance(ticks(millis));
            assert!(found.abs_diff(segments) <= segments / 500 + 1, "{millis} ms: {found}, not {segments}");
        }
    }

    #[test]
    fn extremes_saturate() {
        assert_eq!(distance(u64::MAX), (1 << 24) - 1);
        assert!(time_to_climb(u32::MAX) > time_to_climb(u32::MAX - 100_000));
        assert_eq!(ticks(u64::MAX), u64::MAX / 1000);
    }
}
