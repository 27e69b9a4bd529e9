//! Congestion control: how many segments may be on their way.

mod reno;

pub(super) use reno::Reno;

/// The initial window in segments (RFC 6928). Linux: `TCP_INIT_CWND`.
pub(super) const INITIAL_WINDOW: u32 = 10;

/// The congestion controls a socket may choose from. Linux: `TCP_CONGESTION`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// RFC 5681 and 6582.
    Reno,
    /// RFC 9438 with HyStart++ (RFC 9406).
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

    /// The one of Linux's name `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// The congestion window and its threshold, in segments. Linux: `snd_cwnd`, `snd_ssthresh`, `snd_cwnd_cnt`.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// How many segments may be on their way.
    pub size: u32,
    /// Below it the window grows by slow start.
    pub threshold: u32,
    /// Acknowledged segments that have not yet added up to a whole one of growth.
    pub credit: u32,
}

impl Default for Window {
    fn default() -> Self {
        Window { size: INITIAL_WINDOW, threshold: u32::MAX, credit: 0 }
    }
}

impl Window {
    /// Whether the window grows by slow start.
    pub(super) fn in_slow_start(&self) -> bool {
        self.size < self.threshold
    }

    /// Grows by slow start with `acked` segments (RFC 5681 section 3.1), not beyond the threshold. Answers
    /// how many of them are left. Linux: `tcp_slow_start`.
    pub(super) fn slow_start(&mut self, acked: u32) -> u32 {
        let grown = self.size.saturating_add(acked).min(self.threshold.max(self.size));
        let left = acked - (grown - self.size);
        self.size = grown;
        left
    }

    /// Grows by one segment for every `per` acknowledged ones. Linux: `tcp_cong_avoid_ai`.
    pub(super) fn grow_slowly(&mut self, per: u32, acked: u32) {
        self.credit = self.credit.saturating_add(acked);
        let per = per.max(1);
        self.size = self.size.saturating_add(self.credit / per);
        self.credit %= per;
    }
}

/// An algorithm that decides how the window grows and how far it falls. Linux: `struct tcp_congestion_ops`.
pub(super) trait CongestionControl: Send + core::fmt::Debug {
    /// `acked` segments left the network and the window was in use.
    fn acknowledged(&mut self, window: &mut Window, acked: u32);

    /// The threshold after a loss, in segments.
    fn threshold_after_loss(&mut self, window: &Window) -> u32;
}
