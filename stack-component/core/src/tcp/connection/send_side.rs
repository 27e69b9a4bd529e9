//! What a connection sends.

use super::super::segment_size::DEFAULT_MSS;
use super::super::send_queue::SendQueue;
use super::super::sent_queue::SentQueue;
use super::super::sequence::Sequence;
use super::{Usage, WriteBuffers};
use crate::sysctl::Sysctl;
use crate::time::Instant;

/// How far the FIN of our side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tcp) enum Fin {
    /// More data may come.
    No,
    /// To be sent behind the data.
    Queued,
    /// Sent at least once.
    Sent,
}

/// What we send.
#[derive(Debug)]
pub(in crate::tcp) struct SendSide {
    /// ISS: the number of our SYN.
    pub initial: Sequence,
    /// SND.UNA: the first number not acknowledged.
    pub una: Sequence,
    /// SND.NXT: the first number never sent.
    pub next: Sequence,
    /// SND.WND: how far beyond `una` the peer lets us send.
    pub window: u32,
    /// SND.WL1: the segment's number of the last window update.
    pub window_sequence: Sequence,
    /// The largest window the peer ever offered.
    pub max_window: u32,
    /// By how many bits the peer's windows are shifted.
    pub scale: u8,
    /// The largest segment the peer takes.
    pub peer_mss: u32,
    /// Bytes not acknowledged, sent or not.
    pub queue: SendQueue,
    /// Segments not acknowledged.
    pub sent: SentQueue,
    pub fin: Fin,
    /// The end of the last segment that was smaller than could be (Nagle, Minshall). Linux: `snd_sml`.
    pub small_end: Sequence,
    /// A segment smaller than the rules allow is to be sent: the persist timer wants it.
    pub force_partial: bool,
    /// The last write said that more follows: a segment that is not full waits. Linux: `MSG_MORE`.
    pub more: bool,
    /// What is unsent leaves at once, corked or not. Linux: `TCP_NAGLE_PUSH`.
    pub push_once: bool,
    /// What was written and not sent, in its pieces.
    pub buffers: WriteBuffers,
    /// Most unsent bytes, if the owner did not choose. Linux: `tcp_notsent_lowat` of the namespace.
    pub lowat: u32,
    /// Bytes that may always be queued, however short memory is. Linux: `tcp_wmem[0]` of the namespace.
    pub least_buffer: u32,
    /// The owner had more to write than there was room for. Linux: `SOCK_NOSPACE`.
    pub no_space: bool,
    /// A writer waits for the connection: his data will carry the acknowledgement of the SYN-ACK. Linux:
    /// `sk_write_pending`.
    pub writer_waits: bool,
    /// How the congestion window was used.
    pub usage: Usage,
    /// When data was sent last.
    pub last_data: Instant,
}

impl SendSide {
    /// Nothing is sent, not even the SYN, whose number will be `initial`.
    pub(in crate::tcp) fn new(initial: Sequence, sysctl: &Sysctl, now: Instant) -> Self {
        SendSide {
            initial,
            una: initial,
            next: initial,
            window: 0,
            window_sequence: Sequence(0),
            max_window: 0,
            scale: 0,
            peer_mss: DEFAULT_MSS,
            queue: SendQueue::new(initial + 1),
            sent: SentQueue::default(),
            fin: Fin::No,
            small_end: initial,
            force_partial: false,
            more: false,
            push_once: false,
            buffers: WriteBuffers::new(initial + 1),
            lowat: sysctl.tcp_notsent_lowat,
            least_buffer: sysctl.tcp_wmem[0],
            no_space: false,
            writer_waits: false,
            usage: Usage::new(initial, now),
            last_data: now,
        }
    }
}
