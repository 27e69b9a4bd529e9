//! What an interface counts.

/// Counts of an interface, under their `ip -s link` names. Linux: `struct rtnl_link_stats64`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames received, those dropped later included.
    pub receive_packets: u64,
    /// Bytes of these frames.
    pub receive_bytes: u64,
    /// Received frames that the stack dropped; the reasons are in
    /// [`Counters`](crate::counters::Counters::dropped).
    pub receive_dropped: u64,
    /// Frames handed to the device.
    pub transmit_packets: u64,
    /// Bytes of these frames.
    pub transmit_bytes: u64,
    /// Frames dropped before the device.
    pub transmit_dropped: u64,
}
