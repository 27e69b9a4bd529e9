//! Numbers that an attacker off the path must not guess.

use super::FourTuple;
use super::sequence::Sequence;
use crate::random::Random;
use crate::time::Instant;
use core::hash::{Hash, Hasher};
use siphasher::sip::SipHasher13;

/// Keys of the hashes below, drawn once for each stack.
#[derive(Debug)]
pub(super) struct Secrets {
    sequence_key: [u8; 16],
    timestamp_key: [u8; 16],
    flow_key: [u8; 16],
    /// Of Fast Open's cookies, if the settings name none.
    pub fast_open_key: [u8; 16],
}

impl Secrets {
    pub(super) fn new(random: &mut dyn Random) -> Self {
        let mut secrets = Secrets {
            sequence_key: [0; 16],
            timestamp_key: [0; 16],
            flow_key: [0; 16],
            fast_open_key: [0; 16],
        };
        random.fill(&mut secrets.sequence_key);
        random.fill(&mut secrets.timestamp_key);
        random.fill(&mut secrets.flow_key);
        random.fill(&mut secrets.fast_open_key);
        secrets
    }

    /// The initial sequence number of a connection: a clock of 4 microseconds and a keyed hash of the
    /// addresses (RFC 6528 section 3). Linux: `secure_tcp_seq`.
    pub(super) fn initial_sequence(&self, tuple: &FourTuple, now: Instant) -> Sequence {
        let clock = (now.as_micros() / 4) as u32;
        Sequence(hash(&self.sequence_key, tuple) as u32) + clock
    }

    /// Which of `count` sockets that share an address a connection belongs to: each gets the same share. Linux:
    /// `inet_ehashfn`, `reciprocal_scale`.
    pub(super) fn share(&self, tuple: &FourTuple, count: usize) -> usize {
        (((hash(&self.flow_key, tuple) >> 32) * count as u64) >> 32) as usize
    }

    /// What is added to the clock of milliseconds in a connection's timestamps (RFC 7323 section 5.4).
    /// Linux: `secure_tcp_ts_off`.
    pub(super) fn timestamp_offset(&self, tuple: &FourTuple) -> u32 {
        hash(&self.timestamp_key, tuple) as u32
    }
}

fn hash(key: &[u8; 16], tuple: &FourTuple) -> u64 {
    let mut hasher = SipHasher13::new_with_key(key);
    tuple.hash(&mut hasher);
    hasher.finish()
}
