//! What a connection knows of its path beside the MTU.

use crate::packet::DeviceIndex;
use crate::route::Metrics;
use crate::time::Instant;

/// What a connection knows of its path beside the MTU.
#[derive(Debug, Default)]
pub(in crate::tcp) struct PathState {
    /// The largest segment we name in our SYN. Linux: `advmss`.
    pub advertised_mss: u16,
    /// What the route says.
    pub metrics: Metrics,
    /// Which answer of the routes this is.
    pub generation: u32,
    /// By which device segments come, and by which answer of the routes that is right. Linux: `sk_rx_dst`.
    pub input: Option<(DeviceIndex, u32)>,
    /// When the path MTU from ICMP is no longer believed.
    pub expires: Option<Instant>,
}
