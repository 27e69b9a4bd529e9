//! Finding the path MTU without ICMP: now and then a segment is larger than the others, and if it arrives all may be
//! (RFC 4821). Linux: `tcp_mtu_probe`, `tcp_mtup_init`, `tcp_mtu_probing`.

use super::Env;
use super::congestion::CaState;
use super::connection::{Connection, MtuProbe};
use super::options::TcpOptions;
use super::segment_size::{headers, mss_of_mtu};
use super::sequence::Sequence;
use crate::counters::Counter;
use crate::time::Duration;

/// The window has to be at least so large that the loss of a probe is told of by duplicates.
const MIN_WINDOW: u32 = 11;

impl Connection {
    /// The handshake is complete: where the search begins. Linux: `tcp_mtup_init`.
    pub(super) fn start_mtu_search(&mut self, env: &Env<'_>) {
        self.mtu_probe = MtuProbe {
            enabled: env.sysctl.tcp_mtu_probing > 1,
            low: env.sysctl.tcp_base_mss.saturating_add(headers(self.tuple.remote.ip())).min(self.mtu),
            high: self.send.peer_mss.saturating_add(headers(self.tuple.remote.ip())).min(self.mtu),
            probe: None,
            since: env.now,
        };
    }

    /// The largest packet that is known to pass, in bytes. Linux: the end of `tcp_sync_mss`.
    pub(super) fn passing_mtu(&self) -> u32 {
        if self.mtu_probe.enabled { self.mtu.min(self.mtu_probe.low) } else { self.mtu }
    }

    /// Timeouts may mean that large packets are swallowed: begin to search, or search lower. Linux: `tcp_mtu_probing`.
    pub(super) fn suspect_black_hole(&mut self, env: &Env<'_>) {
        if env.sysctl.tcp_mtu_probing == 0 {
            return;
        }
        if !self.mtu_probe.enabled {
            self.mtu_probe.enabled = true;
            self.mtu_probe.since = env.now;
        } else {
            let mss = mss_of_mtu(self.mtu_probe.low, self.tuple.remote.ip()) / 2;
            let floor = env.sysctl.tcp_mtu_probe_floor.max(env.sysctl.tcp_min_snd_mss);
            self.mtu_probe.low =
                mss.min(env.sysctl.tcp_base_mss).max(floor) + headers(self.tuple.remote.ip());
        }
    }

    pub(super) fn is_probing_mtu(&self) -> bool {
        self.mtu_probe.probe.is_some()
    }

    /// How many bytes of new data go as a probe now, if one is due. Linux: the conditions of `tcp_mtu_probe`.
    pub(super) fn mtu_probe_due(&mut self, env: &Env<'_>, options: &TcpOptions) -> Option<u32> {
        let search = &self.mtu_probe;
        let calm = self.recovery.phase == CaState::Open && self.send.sent.sacked == 0;
        if !search.enabled || search.probe.is_some() || !calm || self.window.size < MIN_WINDOW || options.cork
        {
            return None;
        }
        let interval = search.high.saturating_sub(search.low);
        if interval < env.sysctl.tcp_probe_threshold.max(1) {
            self.search_again(env);
            return None;
        }
        let room = self.send_mss() + search.high.midpoint(search.low) - self.passing_mtu();
        let needed = room + (self.recovery.reordering + 1) * self.send_mss();
        let record_end = self.send.buffers.record_end(self.send.next);
        let fits = self.unsent() >= needed
            && record_end.is_none_or(|end| end.since(self.send.next) >= room)
            && self.send.window >= needed
            && !(self.send.next + needed).after(self.send.una + self.send.window)
            && self.in_flight() + 2 <= self.window.size;
        fits.then_some(room)
    }

    /// The path may have become wider since. Linux: `tcp_mtu_check_reprobe`.
    fn search_again(&mut self, env: &Env<'_>) {
        let interval = Duration::from_secs(env.sysctl.tcp_probe_interval.into());
        if env.now.since(self.mtu_probe.since) >= interval {
            self.mtu_probe.high =
                self.send.peer_mss.saturating_add(headers(self.tuple.remote.ip())).min(self.mtu);
            self.mtu_probe.since = env.now;
        }
    }

    /// A probe leaves; it counts as two segments. Linux: the end of `tcp_mtu_probe`.
    pub(super) fn note_mtu_probe(&mut self, start: Sequence, end: Sequence) {
        let size = self.mtu_probe.high.midpoint(self.mtu_probe.low);
        self.mtu_probe.probe = Some((size, start, end));
        self.window.size = self.window.size.saturating_sub(1);
    }

    /// The probe arrived: all segments may be so large. Linux: `tcp_mtup_probe_success`.
    pub(super) fn mtu_probe_acknowledged(&mut self, env: &mut Env<'_>) {
        let Some((size, _, end)) = self.mtu_probe.probe.filter(|(_, _, end)| !end.after(self.send.una))
        else {
            return;
        };
        let _ = end;
        let scaled = u64::from(self.window.size) * u64::from(self.passing_mtu()) / u64::from(size.max(1));
        self.window.size = u32::try_from(scaled).unwrap_or(u32::MAX).max(1);
        self.window.credit = 0;
        self.send.usage.stamp = env.now;
        self.mtu_probe.low = size;
        self.mtu_probe.probe = None;
        env.counters.increment(Counter::TcpExtTCPMTUPSuccess);
    }

    /// Only the probe was lost: the path told its MTU, not that it is full. Its bytes go again in pieces, and the
    /// window stays. Linux: the probe's case in `tcp_fastretrans_alert`, `tcp_mtup_probe_failed`.
    pub(super) fn mtu_probe_lost(&mut self, env: &mut Env<'_>) -> bool {
        let Some((size, start, _)) = self.mtu_probe.probe else { return false };
        if self.recovery.phase >= CaState::Cwr || self.send.una != start {
            return false;
        }
        self.mtu_probe.high = size.saturating_sub(1);
        self.mtu_probe.probe = None;
        env.counters.increment(Counter::TcpExtTCPMTUPFail);
        self.window.size = self.window.size.saturating_add(1);
        self.retransmit_oversized(env);
        true
    }

    /// The probe is sent again in pieces, so it tells nothing any more.
    pub(super) fn abandon_mtu_probe(&mut self) {
        self.mtu_probe.probe = None;
    }
}
