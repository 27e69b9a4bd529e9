//! When the next acknowledgement is due.

use super::super::sequence::Sequence;
use crate::time::{Duration, Instant};

/// When the next acknowledgement is due. Linux: `icsk_ack`.
#[derive(Debug)]
pub(in crate::tcp) struct AckState {
    /// At once.
    pub now: bool,
    /// Something has arrived that is not acknowledged. Linux: `ICSK_ACK_SCHED`.
    pub scheduled: bool,
    /// How many more are sent at once. Linux: `icsk_ack.quick`.
    pub quick: u32,
    /// Answers that went out soon after questions: acknowledgements can ride on them. Linux: `pingpong`.
    pub pingpong: u32,
    /// The data that is not acknowledged was pushed: its sender has no more for now. Linux:
    /// `ICSK_ACK_PUSHED`.
    pub pushed: bool,
    /// More than once. Linux: `ICSK_ACK_PUSHED2`.
    pub pushed_again: bool,
    /// Data was refused for want of memory: no window is offered. Linux: `ICSK_ACK_NOMEM`.
    pub no_memory: bool,
    /// How long an acknowledgement waits; none before the first data. Linux: `icsk_ack.ato`.
    pub delay: Option<Duration>,
    /// When data arrived last. Linux: `lrcvtime`.
    pub last_data: Instant,
    /// When a segment outside of the window was answered last. Linux: `last_oow_ack_time`.
    pub last_invalid: Option<Instant>,
    /// Duplicate acknowledgements that wait to be sent as one. Linux: `compressed_ack`.
    pub compressed: u32,
    /// Duplicate acknowledgements of `counted_for` that were sent one by one. Linux: `dup_ack_counter`.
    pub counted: u32,
    pub counted_for: Sequence,
}

impl AckState {
    /// Nothing arrived yet.
    pub(in crate::tcp) fn new(now: Instant) -> Self {
        AckState {
            now: false,
            scheduled: false,
            quick: 0,
            pingpong: 0,
            pushed: false,
            pushed_again: false,
            no_memory: false,
            delay: None,
            last_data: now,
            last_invalid: None,
            compressed: 0,
            counted: 0,
            counted_for: Sequence(0),
        }
    }
}
