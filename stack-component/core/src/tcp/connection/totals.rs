//! What is counted of a connection.

use crate::time::{Duration, Instant};

/// What is counted of a connection from its beginning to its end. Linux: the totals in `struct tcp_sock`.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::tcp) struct Totals {
    /// Segments sent, with and without data. Linux: `segs_out`.
    pub segments_out: u32,
    /// Segments with data sent. Linux: `data_segs_out`.
    pub data_segments_out: u32,
    /// Segments received. Linux: `segs_in`.
    pub segments_in: u32,
    /// Segments with data received. Linux: `data_segs_in`.
    pub data_segments_in: u32,
    /// Bytes of data sent, those sent again included. Linux: `bytes_sent`.
    pub bytes_sent: u64,
    /// Segments sent again. Linux: `total_retrans`.
    pub retransmitted: u32,
    /// Bytes sent again. Linux: `bytes_retrans`.
    pub bytes_retransmitted: u64,
    /// Bytes acknowledged. Linux: `bytes_acked`.
    pub bytes_acked: u64,
    /// Segments that arrived out of order. Linux: `rcv_ooopack`.
    pub out_of_order: u32,
    /// Bytes received. Linux: `bytes_received`.
    pub bytes_received: u64,
    /// Retransmission timeouts. Linux: `total_rto`.
    pub timeouts: u32,
    /// Runs of timeouts that ended, and how long they took. Linux: `total_rto_recoveries`, `total_rto_time`.
    pub timeout_recoveries: u32,
    pub timeout_time: Duration,
    /// When the present run began. Linux: `rto_stamp`.
    pub timeouts_since: Option<Instant>,
}
