//! How the congestion window was used.

use super::super::sequence::Sequence;
use crate::time::Instant;

/// How the window was used of late.
#[derive(Debug)]
pub(in crate::tcp) struct Usage {
    /// The window was full. Linux: `is_cwnd_limited`.
    pub limited: bool,
    /// Most segments on their way in this window of data. Linux: `max_packets_out`.
    pub most_out: u32,
    /// This window of data ends here. Linux: `cwnd_usage_seq`.
    pub until: Sequence,
    /// Most segments on their way since the window was full last. Linux: `snd_cwnd_used`.
    pub used: u32,
    /// When the window was full, or changed, last. Linux: `snd_cwnd_stamp`.
    pub stamp: Instant,
    /// Segments of new data sent since output came to rest.
    pub burst: u32,
}

impl Usage {
    pub(in crate::tcp) fn new(initial: Sequence, now: Instant) -> Self {
        Usage { limited: false, most_out: 0, until: initial, used: 0, stamp: now, burst: 0 }
    }
}
