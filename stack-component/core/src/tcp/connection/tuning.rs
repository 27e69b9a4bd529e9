//! What the receive window is chosen by.

use super::super::first_window::{DEFAULT_RATIO, share};
use super::super::memory::Shortage;
use super::super::sequence::Sequence;
use crate::time::{Duration, Instant};

/// What the receive window is chosen by.
#[derive(Clone, Debug)]
pub(in crate::tcp) struct Tuning {
    /// Bytes of memory that what is not read may take. Linux: `sk_rcvbuf`.
    pub buffer: u32,
    /// The owner chose it.
    pub locked: bool,
    /// Most bytes of window. Linux: `window_clamp`.
    pub clamp: u32,
    /// Most bytes of window for now; grows as segments prove to be large. Linux: `rcv_ssthresh`.
    pub threshold: u32,
    /// How much of the memory of a segment is data, in 256ths. Linux: `scaling_ratio`.
    pub ratio: u32,
    /// Bytes read in a round trip so far. Linux: `rcvq_space`.
    pub space: u32,
    pub counted_from: Sequence,
    pub counted_at: Instant,
    /// Linux: `rcv_rtt_est`.
    pub round_trip: Option<Duration>,
    pub measured_until: Option<(Sequence, Instant)>,
    pub last_echo: u32,
    /// Size of the last short segment. Linux: `last_seg_size`.
    pub last_size: u32,
    /// Somebody has the socket: it was accepted or connected. Linux: `sk_socket`.
    pub owned: bool,
    /// How short the stack's memory is.
    pub shortage: Shortage,
}

impl Tuning {
    /// Before anything is known.
    pub(in crate::tcp) fn new(now: Instant) -> Self {
        Tuning {
            buffer: 0,
            locked: false,
            clamp: u32::MAX,
            threshold: 0,
            ratio: DEFAULT_RATIO,
            space: 0,
            counted_from: Sequence(0),
            counted_at: now,
            round_trip: None,
            measured_until: None,
            last_echo: 0,
            last_size: 0,
            owned: false,
            shortage: Shortage::None,
        }
    }

    /// How much data `memory` bytes of buffer hold. Linux: `tcp_win_from_space`.
    pub(in crate::tcp) fn window_of(&self, memory: u32) -> u32 {
        share(memory, self.ratio)
    }

    /// How much memory `window` bytes of data take. Linux: `tcp_space_from_win`.
    pub(in crate::tcp) fn memory_of(&self, window: u64) -> u64 {
        (window << 8) / u64::from(self.ratio.max(1))
    }
}
