//! What a connection receives.

use super::super::receive_queue::ReceiveQueue;
use super::super::sack_out::SackOut;
use super::super::segment_size::DEFAULT_MSS;
use super::super::sequence::Sequence;
use super::Tuning;
use crate::time::Instant;

/// What we receive.
#[derive(Debug)]
pub(in crate::tcp) struct ReceiveSide {
    /// RCV.NXT: the number expected next.
    pub next: Sequence,
    /// The number behind the last one the peer was allowed to send. RCV.WND is `edge - next`.
    pub edge: Sequence,
    /// RCV.NXT as last told to the peer. Linux: `rcv_wup`.
    pub acked: Sequence,
    /// By how many bits our windows are shifted.
    pub scale: u8,
    /// The size of the peer's full segments as far as seen. Linux: `rcv_mss`.
    pub mss: u32,
    pub queue: ReceiveQueue,
    /// What is told of data that arrived out of order or twice.
    pub sack: SackOut,
    /// What the window is chosen by.
    pub tuning: Tuning,
    /// The number of a FIN that waits for data before it.
    pub fin_at: Option<Sequence>,
    /// The peer's FIN is in.
    pub finished: bool,
    /// The owner reads no more.
    pub shutdown: bool,
}

impl ReceiveSide {
    /// Nothing came, not even a SYN; our windows will be shifted by `scale` bits.
    pub(in crate::tcp) fn new(scale: u8, now: Instant) -> Self {
        ReceiveSide {
            next: Sequence(0),
            edge: Sequence(0),
            acked: Sequence(0),
            scale,
            mss: DEFAULT_MSS,
            queue: ReceiveQueue::default(),
            sack: SackOut::default(),
            tuning: Tuning::new(now),
            fin_at: None,
            finished: false,
            shutdown: false,
        }
    }
}
