//! The timers of a connection. What happens when they are due is in [`timers`](super::super::timers).

use crate::time::Instant;

/// The timers of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tcp) enum Timer {
    /// When to send again what was not acknowledged. Linux: `ICSK_TIME_RETRANS`.
    Retransmit,
    /// When to send an acknowledgement that found no company. Linux: `ICSK_TIME_DACK`.
    DelayedAck,
    /// When to send the one acknowledgement that stands for many. Linux: `compressed_ack_timer`.
    CompressedAck,
    /// When to ask a peer that closed its window. Linux: `ICSK_TIME_PROBE0`.
    Persist,
    /// When to ask a peer that says nothing. Linux: `sk_timer` in ESTABLISHED.
    KeepAlive,
    /// When to give up waiting for the FIN of a peer whose connection nobody owns here. Linux: `sk_timer` in
    /// FIN-WAIT-2.
    FinWait,
    /// When reordering had its time and what is missing counts as lost. Linux: `ICSK_TIME_REO_TIMEOUT`.
    Reorder,
    /// When to send a tail loss probe. Linux: `ICSK_TIME_LOSS_PROBE`.
    TailProbe,
    /// When pacing lets the next segment leave. Linux: `pacing_timer`.
    Pacing,
}

impl Timer {
    /// All of them.
    pub(in crate::tcp) const ALL: [Timer; 9] = [
        Timer::Retransmit,
        Timer::DelayedAck,
        Timer::CompressedAck,
        Timer::Persist,
        Timer::KeepAlive,
        Timer::FinWait,
        Timer::Reorder,
        Timer::TailProbe,
        Timer::Pacing,
    ];
}

/// When each timer of a connection is due.
#[derive(Clone, Debug, Default)]
pub(in crate::tcp) struct Timers {
    deadlines: [Option<Instant>; Timer::ALL.len()],
    /// The earliest deadline that the stack's wheel knows of this connection.
    pub scheduled: Option<Instant>,
}

impl Timers {
    pub(in crate::tcp) fn get(&self, timer: Timer) -> Option<Instant> {
        self.deadlines[timer as usize]
    }

    pub(in crate::tcp) fn set(&mut self, timer: Timer, deadline: Instant) {
        self.deadlines[timer as usize] = Some(deadline);
    }

    pub(in crate::tcp) fn stop(&mut self, timer: Timer) {
        self.deadlines[timer as usize] = None;
    }

    /// The earliest deadline.
    pub(in crate::tcp) fn next(&self) -> Option<Instant> {
        self.deadlines.iter().flatten().min().copied()
    }
}
