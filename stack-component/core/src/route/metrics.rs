//! What a route says of the path behind it. Linux: `struct dst_metrics`, `RTAX_*`.

use core::net::SocketAddr;
use core::time::Duration;

/// The metrics of a route; what is not said is left to the sockets and settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Metrics {
    /// Bytes of the largest packet; a device carries no more than its own MTU whatever stands here. Linux:
    /// `mtu`.
    pub mtu: Option<u32>,
    /// ICMP does not lower the MTU, and packets may be fragmented. Linux: `mtu lock`.
    pub mtu_locked: bool,
    /// The most bytes of TCP's receive window, for connections whose owners chose none. Linux: `window`.
    pub window: Option<u32>,
    /// How many hops packets may take, from 1 to 255. Linux: `hoplimit`.
    pub hop_limit: Option<u8>,
    /// The largest segment that TCP names in its SYN, in bytes. Linux: `advmss`.
    pub advertised_mss: Option<u32>,
    /// Segments of TCP's first congestion window. Linux: `initcwnd`.
    pub initial_window: Option<u32>,
    /// Segments of TCP's first receive window. Linux: `initrwnd`.
    pub initial_receive_window: Option<u32>,
    /// The least retransmission timeout beyond the round trip. Linux: `rto_min`.
    pub rto_min: Option<Duration>,
    /// Whether all acknowledgements are sent at once. Linux: `quickack`.
    pub quick_ack: bool,
    /// Whether ECN is asked for whatever `tcp_ecn` says. Linux: `features ecn`.
    pub ecn: bool,
    /// Whether Fast Open works without cookies. Linux: `fastopen_no_cookie`.
    pub fast_open_no_cookie: bool,
    /// The congestion control, by its name. Linux: `congctl`.
    pub congestion: Option<&'static str>,
}

/// What a sender knows of the way to a destination. Linux: `struct dst_entry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathInfo {
    /// Bytes of the largest packet: the route's or the device's MTU.
    pub mtu: u32,
    /// The packets do not leave this stack.
    pub loopback: bool,
    /// What the route says.
    pub metrics: Metrics,
}

/// Who tells the way to a destination: TCP asks, whoever has routes and devices answers.
pub trait Paths {
    /// The way from a port to `remote`, over the device of its scope if it has one; none: there is no route.
    fn path(&self, port: u16, remote: SocketAddr) -> Option<PathInfo>;

    /// A number that changes when an answer may have changed.
    fn generation(&self) -> u32;
}

/// One way to everywhere, for tests of those who ask.
#[derive(Clone, Copy, Debug)]
pub struct OnePath(pub PathInfo);

impl OnePath {
    /// A way that carries packets of `mtu` bytes.
    pub const fn with_mtu(mtu: u32) -> Self {
        OnePath(PathInfo { mtu, loopback: false, metrics: Metrics::NONE })
    }
}

impl Metrics {
    /// Nothing is said.
    pub const NONE: Metrics = Metrics {
        mtu: None,
        mtu_locked: false,
        window: None,
        hop_limit: None,
        advertised_mss: None,
        initial_window: None,
        initial_receive_window: None,
        rto_min: None,
        quick_ack: false,
        ecn: false,
        fast_open_no_cookie: false,
        congestion: None,
    };
}

impl Paths for OnePath {
    fn path(&self, _port: u16, _remote: SocketAddr) -> Option<PathInfo> {
        Some(self.0)
    }

    fn generation(&self) -> u32 {
        0
    }
}
