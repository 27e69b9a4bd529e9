//! When segments may leave.

use crate::time::{Duration, Instant};

/// When segments may leave.
#[derive(Debug)]
pub(in crate::tcp) struct Pacing {
    /// Bytes a second that the owner allows; [`u64::MAX`]: no limit.
    pub max_rate: u64,
    /// No segment leaves before. Linux: `tcp_wstamp_ns`.
    pub next_departure: Instant,
    /// So many segments may still leave with the last one. Linux: they are one buffer.
    pub burst: u32,
    /// How late the burst began, as far as it was not made up for.
    pub late: Duration,
}

impl Default for Pacing {
    fn default() -> Self {
        Pacing { max_rate: u64::MAX, next_departure: Instant::ZERO, burst: 0, late: Duration::ZERO }
    }
}
