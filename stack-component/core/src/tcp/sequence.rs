//! Sequence numbers (RFC 9293 section 3.4): 32 bits that wrap.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

/// A sequence number. Comparisons hold for numbers less than 2^31 apart.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Sequence(pub(super) u32);

impl Sequence {
    /// Whether it comes before `other`. Linux: `before`.
    pub(super) const fn before(self, other: Sequence) -> bool {
        (self.0.wrapping_sub(other.0) as i32) < 0
    }

    /// Whether it comes after `other`. Linux: `after`.
    pub(super) const fn after(self, other: Sequence) -> bool {
        other.before(self)
    }

    /// How far it is behind `earlier`; wraps to a huge number if it is in fact before it.
    pub(super) const fn since(self, earlier: Sequence) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    /// How far it is behind `earlier`, nothing if it is before it.
    pub(super) const fn saturating_since(self, earlier: Sequence) -> u32 {
        if self.before(earlier) { 0 } else { self.since(earlier) }
    }

    /// The later of the two.
    pub(super) const fn latest(self, other: Sequence) -> Sequence {
        if self.before(other) { other } else { self }
    }
}

impl Add<u32> for Sequence {
    type Output = Sequence;

    fn add(self, count: u32) -> Sequence {
        Sequence(self.0.wrapping_add(count))
    }
}

impl AddAssign<u32> for Sequence {
    fn add_assign(&mut self, count: u32) {
        *self = *self + count;
    }
}

impl Sub<u32> for Sequence {
    type Output = Sequence;

    fn sub(self, count: u32) -> Sequence {
        Sequence(self.0.wrapping_sub(count))
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_survives_the_wrap() {
        let before = Sequence(u32::MAX - 1);
        let after = before + 5;
        assert!(before.before(after) && after.after(before) && !after.before(after));
        assert_eq!(after.since(before), 5);
        assert_eq!(before.saturating_since(after), 0);
        assert_eq!(before.latest(after), after);
    }
}
