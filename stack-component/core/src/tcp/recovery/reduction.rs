//! How the window comes down: in proportion to what arrives, not at once (PRR, RFC 6937). Linux:
//! `tcp_cwnd_reduction` and its neighbours.

use super::super::Env;
use super::super::congestion::{CaEvent, CaState, INFINITE_THRESHOLD};
use super::super::connection::Connection;

impl Connection {
    /// Changes the phase; the congestion control hears of it first. Linux: `tcp_set_ca_state`.
    pub(in super::super) fn set_phase(&mut self, env: &Env<'_>, phase: CaState) {
        let path = self.path(env.now);
        self.control.state_changes(&mut self.window, &path, phase);
        self.recovery.phase = phase;
    }

    /// Tells the congestion control of an event. Linux: `tcp_ca_event`.
    pub(in super::super) fn tell_control(&mut self, env: &Env<'_>, event: CaEvent) {
        let path = self.path(env.now);
        self.control.event(&mut self.window, &path, event);
    }

    /// Asks the congestion control for the threshold after a loss. Linux: `icsk_ca_ops->ssthresh`.
    pub(super) fn ask_threshold(&mut self, env: &Env<'_>) -> u32 {
        let path = self.path(env.now);
        self.control.threshold_after_loss(&self.window, &path)
    }

    /// The threshold to restore if this reduction is needless. Linux: `tcp_current_ssthresh`.
    pub(in super::super) fn current_threshold(&self) -> u32 {
        if self.in_reduction() { self.window.threshold } else { self.window.current_threshold() }
    }

    /// From now on the window comes down. Linux: `tcp_init_cwnd_reduction`.
    pub(super) fn begin_reduction(&mut self, env: &Env<'_>) {
        self.recovery.until = self.send.next;
        self.recovery.probe.until = None;
        self.window.credit = 0;
        self.window.prior = self.window.size;
        self.recovery.reduction_delivered = 0;
        self.recovery.reduction_sent = 0;
        self.window.threshold = self.ask_threshold(env);
        self.owe_cwr();
    }

    /// `delivered` segments arrived and `lost` were found lost; `advanced`: an acknowledgement moved. Linux:
    /// `tcp_cwnd_reduction`.
    pub(in super::super) fn reduce(&mut self, delivered: u32, lost: u32, advanced: bool) {
        if delivered == 0 || self.window.prior == 0 {
            return;
        }
        let recovery = &mut self.recovery;
        recovery.reduction_delivered = recovery.reduction_delivered.saturating_add(delivered);
        let (arrived, sent) = (i64::from(recovery.reduction_delivered), i64::from(recovery.reduction_sent));
        let (threshold, prior) = (i64::from(self.window.threshold), i64::from(self.window.prior));
        let in_flight = i64::from(self.send.sent.in_flight());
        let room = threshold - in_flight;
        let mut count = if room < 0 {
            // In proportion (RFC 6937 section 3).
            (threshold * arrived + prior - 1) / prior - sent
        } else {
            // Slow start up to the threshold, while no more is lost (RFC 6937: PRR-SSRB).
            let grow = i64::from(advanced && lost == 0);
            room.min((arrived - sent).max(i64::from(delivered)) + grow)
        };
        // The first segment goes at once.
        count = count.max(i64::from(recovery.reduction_sent == 0));
        self.window.size = u32::try_from(in_flight + count).unwrap_or(0);
    }

    /// The window has come down. Linux: `tcp_end_cwnd_reduction`.
    pub(super) fn end_reduction(&mut self, env: &Env<'_>) {
        if self.control.takes_over() {
            return;
        }
        let settled = self.recovery.phase == CaState::Cwr || self.recovery.undo.marker.is_some();
        if self.window.threshold < INFINITE_THRESHOLD && settled {
            self.window.size = self.window.threshold;
            self.send.usage.stamp = env.now;
        }
        self.tell_control(env, CaEvent::CompleteReduction);
    }

    /// Lowers the window because of a congestion mark or a full queue below: nothing was lost. Linux:
    /// `tcp_enter_cwr`.
    pub(in super::super) fn enter_reduction(&mut self, env: &Env<'_>) {
        self.window.prior_threshold = 0;
        if self.recovery.phase < CaState::Cwr {
            self.recovery.undo.marker = None;
            self.begin_reduction(env);
            self.set_phase(env, CaState::Cwr);
        }
    }
}
