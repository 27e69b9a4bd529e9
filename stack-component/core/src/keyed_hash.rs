//! Hash tables whose collisions nobody outside can compute.

use crate::random::Random;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use siphasher::sip::SipHasher13;

/// SipHash-1-3 under a secret key: the hasher of every table whose keys a peer can choose.
#[derive(Clone)]
pub struct KeyedHash([u8; 16]);

impl KeyedHash {
    /// A hash whose key is drawn from `random`.
    pub fn new(random: &mut dyn Random) -> Self {
        let mut key = [0; 16];
        random.fill(&mut key);
        KeyedHash(key)
    }

    /// The hash of `value` as a place in a table of `places`, 0 if there are none.
    pub fn place<T: Hash>(&self, value: T, places: usize) -> usize {
        self.hash_one(value).checked_rem(places as u64).unwrap_or(0) as usize
    }
}

impl BuildHasher for KeyedHash {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.0)
    }
}

/// The key is a secret and is not shown.
impl fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn keys_decide_the_order() {
        let places = |seed| {
            let hash = KeyedHash::new(&mut SeededRandom::new(seed));
            [1, 2, 3, 4].map(|value: u32| hash.place(value, 1 << 20))
        };
        assert_eq!(places(1), places(1));
        assert_ne!(places(1), places(2));
        assert_eq!(KeyedHash::new(&mut SeededRandom::new(1)).place(7u8, 0), 0);
    }
}
