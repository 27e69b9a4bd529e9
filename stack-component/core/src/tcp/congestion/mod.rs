//! Congestion control: how many segments may be on their way.
//!
//! An algorithm is told what happens by [`CongestionControl`]'s functions, sees the connection through a
//! [`Path`] and changes its [`Window`]; it knows nothing else. All of it is integer arithmetic.

mod bbr;
mod cubic;
mod dctcp;
mod path;
mod reno;
mod window;

use bbr::Bbr;
use cubic::{Cubic, SlowStartExit};
use dctcp::Dctcp;
pub(super) use path::{AckFlags, AckSample, CaEvent, CaState, MarkEcho, Path};
pub(super) use reno::Reno;
pub(super) use window::{INFINITE_THRESHOLD, INITIAL_WINDOW, Window};

use super::rate::{DeliveryRate, RateSample};
use crate::counters::Counters;
use crate::sysctl::Sysctl;
use alloc::boxed::Box;

/// The congestion controls a socket may choose from. Linux: `TCP_CONGESTION`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// RFC 5681 and 6582.
    Reno,
    /// RFC 9438 with HyStart.
    #[default]
    Cubic,
    /// BBR, version 1.
    Bbr,
    /// RFC 8257.
    Dctcp,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 4] = [Algorithm::Reno, Algorithm::Cubic, Algorithm::Bbr, Algorithm::Dctcp];

    /// Linux's name.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Reno => "reno",
            Algorithm::Cubic => "cubic",
            Algorithm::Bbr => "bbr",
            Algorithm::Dctcp => "dctcp",
        }
    }

    /// Whether it wants to be told of every mark. Linux: `TCP_CONG_NEEDS_ECN`.
    pub(crate) const fn needs_ecn(self) -> bool {
        matches!(self, Algorithm::Dctcp)
    }

    /// The one of Linux's name `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// What an algorithm tells of itself. Linux: `TCP_CC_INFO`, `union tcp_cc_info`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CongestionInfo {
    /// Nothing.
    #[default]
    None,
    /// Linux: `struct tcp_bbr_info`.
    Bbr {
        /// The estimate of the path's bandwidth in bytes a second. Linux: `bbr_bw_lo`, `bbr_bw_hi`.
        bandwidth: u64,
        /// The least round trip in microseconds. Linux: `bbr_min_rtt`.
        min_rtt: u32,
        /// Of pacing, in 256ths. Linux: `bbr_pacing_gain`.
        pacing_gain: u32,
        /// Of the window, in 256ths. Linux: `bbr_cwnd_gain`.
        window_gain: u32,
    },
    /// Linux: `struct tcp_dctcp_info`.
    Dctcp {
        /// Whether marks are in use; if not it is Reno. Linux: `dctcp_enabled`.
        enabled: bool,
        /// Whether the last data arrived with a mark. Linux: `dctcp_ce_state`.
        ce_state: bool,
        /// The share of marked data, in 1024ths. Linux: `dctcp_alpha`.
        alpha: u32,
        /// Marked bytes acknowledged in this window. Linux: `dctcp_ab_ecn`.
        marked: u32,
        /// All bytes acknowledged in this window. Linux: `dctcp_ab_tot`.
        total: u32,
    },
}

/// An algorithm that decides how the window grows and how far it falls. Linux: `struct tcp_congestion_ops`.
///
/// The functions stand in the order in which an acknowledgement calls them.
pub(super) trait CongestionControl: Send + core::fmt::Debug {
    /// Which one it is.
    fn algorithm(&self) -> Algorithm;

    /// Begins its work: after the handshake, or when the owner chose it later. The window stays as it is.
    /// Linux: `init`.
    fn start(&mut self, _window: &mut Window, _path: &Path) {}

    /// Whether it wants congestion marks on every segment. Linux: `TCP_CONG_NEEDS_ECN`.
    fn needs_ecn(&self) -> bool {
        self.algorithm().needs_ecn()
    }

    /// Whether [`Self::control`] alone sets window and pacing rate: the caller then calls neither
    /// [`Self::acknowledged`] nor the reductions of the window, does not restart it after idling, and paces.
    /// Linux: whether there is a `cong_control`.
    fn takes_over(&self) -> bool {
        false
    }

    /// An acknowledgement was found valid and is being worked off. Linux: `in_ack_event`.
    fn ack_arrived(&mut self, _window: &mut Window, _path: &Path, _flags: AckFlags) {}

    /// Segments were taken off the list of sent ones. Linux: `pkts_acked`.
    fn measured(
        &mut self,
        _window: &mut Window,
        _path: &Path,
        _sample: &AckSample,
        _counters: &mut Counters,
    ) {
    }

    /// The threshold after a loss, in segments. Linux: `ssthresh`.
    fn threshold_after_loss(&mut self, window: &Window, path: &Path) -> u32;

    /// Loss recovery is about to change its state from `path.state` to `next`. Linux: `set_state`.
    fn state_changes(&mut self, _window: &mut Window, _path: &Path, _next: CaState) {}

    /// Something happened to the window from outside. Linux: `cwnd_event`.
    fn event(&mut self, _window: &mut Window, _path: &Path, _event: CaEvent) {}

    /// Data arrived, with or without a congestion mark; `received` is RCV.NXT before it. None: marks are echoed as
    /// RFC 3168 says. Linux: `CA_EVENT_ECN_IS_CE`, `CA_EVENT_ECN_NO_CE`.
    fn data_arrived(&mut self, _marked: bool, _received: u32) -> Option<MarkEcho> {
        None
    }

    /// The size of the window if the last reduction was needless. Linux: `undo_cwnd`.
    fn size_after_undo(&mut self, window: &Window, _path: &Path) -> u32 {
        window.size.max(window.prior)
    }

    /// `acked` segments left the network out of recovery; the window grows if it was in use. Linux:
    /// `cong_avoid`.
    fn acknowledged(&mut self, window: &mut Window, path: &Path, acked: u32);

    /// Sets window and pacing rate from what an acknowledgement told; only of an algorithm that
    /// [takes over](Self::takes_over). Linux: `cong_control`.
    fn control(
        &mut self,
        _window: &mut Window,
        _rate: &mut DeliveryRate,
        _path: &Path,
        _sample: &RateSample,
    ) {
    }

    /// How many windows the send buffer should hold. Linux: `sndbuf_expand`.
    fn send_buffer_windows(&self) -> u32 {
        2
    }

    /// Least segments sent in a burst when pacing; none: as the sysctl says. Linux: `min_tso_segs`.
    fn min_burst(&self, _window: &Window) -> Option<u32> {
        None
    }

    /// What it tells of itself. Linux: `get_info`.
    fn info(&self, _path: &Path) -> CongestionInfo {
        CongestionInfo::None
    }
}

/// A new one. `seed` is a random number for those that throw dice. Its [`start`](CongestionControl::start) is
/// called when the connection is established, or at once if it is. Linux: `tcp_assign_congestion_control`.
pub(super) fn new(algorithm: Algorithm, seed: u32, sysctl: &Sysctl) -> Box<dyn CongestionControl> {
    match algorithm {
        Algorithm::Cubic => {
            let conservative = sysctl.tcp_hystart_plus_plus;
            let exit = if conservative { SlowStartExit::Conservative } else { SlowStartExit::HyStart };
            Box::new(Cubic::new(exit))
        }
        Algorithm::Bbr => Box::new(Bbr::new(seed)),
        Algorithm::Reno => Box::new(Reno),
        Algorithm::Dctcp => Box::new(Dctcp::default()),
    }
}

#[cfg(test)]
mod tests;
