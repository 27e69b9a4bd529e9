//! The tail loss probe: if the last segments of a burst are lost nobody tells of it, so after two round trips one
//! more is sent to be answered (RFC 8985 section 7). Linux: `tcp_schedule_loss_probe`, `tcp_send_loss_probe`,
//! `tcp_process_tlp_ack`.

use super::super::Env;
use super::super::congestion::CaState;
use super::super::connection::{Connection, Timer};
use super::super::round_trip::{INITIAL, TIMER_GRAIN};
use super::super::sequence::Sequence;
use super::AckFlags;
use crate::counters::Counter;
use crate::time::Duration;

impl Connection {
    /// Has the timer send a probe where one helps. `advanced`: an acknowledgement began the timeout anew. Linux:
    /// `tcp_schedule_loss_probe`.
    pub(in super::super) fn schedule_tail_probe(&mut self, env: &Env<'_>, advanced: bool) -> bool {
        let used = matches!(env.sysctl.tcp_early_retrans, 3 | 4);
        let calm = matches!(self.recovery.phase, CaState::Open | CaState::Cwr);
        if !used || !calm || !self.sack_permitted || self.send.sent.is_empty() {
            return false;
        }
        let mut wait = match self.rtt.smoothed() {
            // The answer to a single segment may be delayed.
            Some(smoothed) if self.send.sent.len() == 1 => smoothed * 2 + self.rtt.least_timeout(),
            Some(smoothed) => smoothed * 2 + TIMER_GRAIN,
            None => INITIAL,
        };
        let timeout = if advanced { self.rtt.timeout() } else { self.time_to_timeout(env) };
        if !timeout.is_zero() {
            wait = wait.min(timeout);
        }
        self.set_transmit_timer(Timer::TailProbe, self.after_pacing(env, wait));
        true
    }

    /// Time for a probe: new data if there is some, else the last segment once more. Linux: `tcp_send_loss_probe`.
    pub(in super::super) fn send_tail_probe(&mut self, env: &mut Env<'_>) {
        // In case that nothing fits into the peer's window, or news comes first: the timeout is waited for.
        let wait = self.time_to_timeout(env).max(Duration::from_millis(1));
        self.set_transmit_timer(Timer::Retransmit, self.after_pacing(env, wait));
        if self.recovery.probe.until.is_none() {
            self.recovery.probe.retransmitted = false;
            self.force_probe();
        }
    }

    /// A probe left. Linux: `probe_sent` in `tcp_send_loss_probe`.
    pub(in super::super) fn note_probe_sent(&mut self, env: &mut Env<'_>, retransmitted: bool) {
        self.recovery.probe.until = Some(self.send.next);
        self.recovery.probe.retransmitted = retransmitted;
        env.counters.increment(Counter::TcpExtTCPLossProbes);
        self.set_transmit_timer(Timer::Retransmit, self.after_pacing(env, self.rtt.timeout()));
    }

    /// What an acknowledgement says of the probe. Linux: `tcp_process_tlp_ack`.
    pub(in super::super) fn judge_probe(&mut self, env: &mut Env<'_>, number: Sequence, flags: &AckFlags) {
        let Some(until) = self.recovery.probe.until.filter(|until| !number.before(*until)) else { return };
        if !self.recovery.probe.retransmitted || flags.probe_duplicate {
            // New data arrived, or the last segment and the probe both did: nothing was lost.
            self.recovery.probe.until = None;
        } else if number.after(until) {
            // Only the probe arrived: that was a loss, and the window answers for it.
            self.begin_reduction(env);
            self.set_phase(env, CaState::Cwr);
            self.end_reduction(env);
            self.keep_open(env);
            env.counters.increment(Counter::TcpExtTCPLossProbeRecovery);
        } else if !flags.advanced && !flags.is_no_duplicate() && !flags.data_sacked {
            self.recovery.probe.until = None;
        }
    }

    /// How long until the timeout of the first segment, none if it is over. Linux: `tcp_rto_delta_us`.
    pub(in super::super) fn time_to_timeout(&self, env: &Env<'_>) -> Duration {
        let since = self.send.sent.front().map_or(env.now, |first| first.at);
        (since + self.rtt.timeout()).since(env.now)
    }
}
