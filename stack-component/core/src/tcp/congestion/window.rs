//! The congestion window and its arithmetic, the same for all algorithms. Linux: `net/ipv4/tcp_cong.c`.

/// The initial window in segments (RFC 6928). Linux: `TCP_INIT_CWND`.
pub(in crate::tcp) const INITIAL_WINDOW: u32 = 10;
/// The threshold of a connection that has lost nothing yet. Linux: `TCP_INFINITE_SSTHRESH`.
pub(in crate::tcp) const INFINITE_THRESHOLD: u32 = 0x7fff_ffff;

/// The congestion window and its threshold, in segments. Linux: the `snd_cwnd` group of `struct tcp_sock`.
#[derive(Clone, Debug)]
pub(in crate::tcp) struct Window {
    /// How many segments may be on their way. Linux: `snd_cwnd`.
    pub size: u32,
    /// Below it the window grows by slow start. Linux: `snd_ssthresh`.
    pub threshold: u32,
    /// Acknowledged segments that have not yet added up to a whole one of growth. Linux: `snd_cwnd_cnt`.
    pub credit: u32,
    /// The window never grows beyond it. Linux: `snd_cwnd_clamp`.
    pub clamp: u32,
    /// The size before the last reduction, for undoing it. Linux: `prior_cwnd`.
    pub prior: u32,
    /// The threshold before the last reduction, 0 if it cannot be undone. Linux: `prior_ssthresh`.
    pub prior_threshold: u32,
    /// Bytes a second at most; [`u64::MAX`]: no limit. An algorithm that
    /// [takes over](super::CongestionControl::takes_over) sets it, else the caller does after each
    /// acknowledgement. Linux: `sk_pacing_rate`.
    pub pacing_rate: u64,
}

impl Default for Window {
    fn default() -> Self {
        Window {
            size: INITIAL_WINDOW,
            threshold: INFINITE_THRESHOLD,
            credit: 0,
            clamp: u32::MAX,
            prior: 0,
            prior_threshold: 0,
            pacing_rate: u64::MAX,
        }
    }
}

impl Window {
    /// Whether the window grows by slow start. Linux: `tcp_in_slow_start`.
    pub(in crate::tcp) fn in_slow_start(&self) -> bool {
        self.size < self.threshold
    }

    /// The threshold that a connection in congestion avoidance is believed to have (RFC 7661 section 4.3).
    /// Linux: `tcp_current_ssthresh`, out of recovery.
    pub(in crate::tcp) fn current_threshold(&self) -> u32 {
        self.threshold.max((self.size >> 1).saturating_add(self.size >> 2))
    }

    /// Grows by slow start with `acked` segments (RFC 5681 section 3.1), not beyond the threshold. Answers
    /// how many of them are left. Linux: `tcp_slow_start`.
    pub(in crate::tcp) fn slow_start(&mut self, acked: u32) -> u32 {
        let grown = self.size.saturating_add(acked).min(self.threshold.max(self.size));
        let left = acked - (grown - self.size);
        self.size = grown.min(self.clamp);
        left
    }

    /// Grows by one segment for every `per` acknowledged ones. Linux: `tcp_cong_avoid_ai`.
    pub(in crate::tcp) fn grow_slowly(&mut self, per: u32, acked: u32) {
        let per = per.max(1);
        // Credit of a time when more was needed for a segment counts as one segment, not as a burst.
        if self.credit >= per {
            self.credit = 0;
            self.size = self.size.saturating_add(1);
        }
        self.credit = self.credit.saturating_add(acked);
        self.size = self.size.saturating_add(self.credit / per).min(self.clamp);
        self.credit %= per;
    }

    /// Half the window, at least two segments (RFC 5681 section 3.1 equation 4, of the window as all
    /// implementations do). Linux: `tcp_reno_ssthresh`.
    pub(in crate::tcp) fn half(&self) -> u32 {
        (self.size >> 1).max(2)
    }
}
