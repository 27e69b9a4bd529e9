//! Needless reductions of the window are taken back: everything sent again arrived twice (D-SACK, RFC 3708), or
//! the acknowledgement answers the original (timestamps: Eifel, RFC 3522, 4015). Linux: `tcp_try_undo_*`.

use super::super::congestion::CaState;
use super::super::connection::Connection;
use super::super::sequence::Sequence;
use super::super::{Env, TcpState};
use crate::counters::Counter;

/// How many recoveries a wider reordering window outlasts. Linux: `TCP_RACK_RECOVERY_THRESH`.
pub(super) const RECOVERIES: u8 = 16;

impl Connection {
    /// From now on there is something to undo. Linux: `tcp_init_undo`.
    pub(super) fn begin_undo(&mut self) {
        let probes = u32::from(self.recovery.probe.until.is_some() && self.recovery.probe.retransmitted);
        let retransmitted = self.send.sent.retransmitted + probes;
        self.recovery.undo.marker = Some(self.send.una);
        self.recovery.undo.outstanding = (retransmitted > 0).then_some(retransmitted);
    }

    /// Whether what was acknowledged is the original, not what was sent again. Linux: `tcp_packet_delayed`.
    fn original_was_delayed(&self) -> bool {
        match self.recovery.undo.first_retransmission {
            // Without SACK the time is forgotten when everything sent before the phase is acknowledged.
            None if !self.sack_permitted && !self.send.una.before(self.recovery.until) => false,
            None => self.state != TcpState::SynSent,
            Some(at) => {
                self.echo.is_some_and(|echo| echo != 0 && (echo.wrapping_sub(self.timestamp(at)) as i32) < 0)
            }
        }
    }

    /// Linux: `tcp_may_undo`.
    fn may_undo(&self) -> bool {
        let undo = &self.recovery.undo;
        undo.marker.is_some() && (undo.outstanding == Some(0) || self.original_was_delayed())
    }

    /// Puts window and threshold back. Linux: `tcp_undo_cwnd_reduction`.
    fn undo_reduction(&mut self, env: &Env<'_>, forget_losses: bool) {
        if forget_losses {
            self.send.sent.forget_losses();
        }
        if self.window.prior_threshold > 0 {
            let path = self.path(env.now);
            self.window.size = self.control.size_after_undo(&self.window, &path);
            if self.window.prior_threshold > self.window.threshold {
                self.window.threshold = self.window.prior_threshold;
                self.withdraw_cwr();
            }
        }
        self.recovery.undo.marker = None;
        self.recovery.rack.advanced = true;
    }

    /// Without SACK the phase is held until something sent after it is acknowledged, so that duplicates of needless
    /// retransmissions begin no recovery (RFC 6582 section 3.2). Linux: `tcp_is_non_sack_preventing_reopen`.
    fn must_hold(&mut self) -> bool {
        let holds = self.send.una == self.recovery.until && !self.sack_permitted;
        if holds && !self.any_retransmission() {
            self.recovery.undo.first_retransmission = None;
        }
        holds
    }

    /// The phase is over: was it needless? Answers whether it is to be held. Linux: `tcp_try_undo_recovery`.
    pub(super) fn finish_recovery(&mut self, env: &mut Env<'_>) -> bool {
        if self.may_undo() {
            let counter = match self.recovery.phase {
                CaState::Loss => Counter::TcpExtTCPLossUndo,
                _ => Counter::TcpExtTCPFullUndo,
            };
            self.undo_reduction(env, false);
            env.counters.increment(counter);
        } else {
            let rack = &mut self.recovery.rack;
            rack.recoveries_left = rack.recoveries_left.saturating_sub(1);
        }
        if self.must_hold() {
            return true;
        }
        self.set_phase(env, CaState::Open);
        self.recovery.reneged = false;
        false
    }

    /// Everything sent again arrived twice. Linux: `tcp_try_undo_dsack`.
    pub(super) fn undo_by_duplicates(&mut self, env: &mut Env<'_>) -> bool {
        let undo = &self.recovery.undo;
        if undo.marker.is_none() || undo.outstanding != Some(0) {
            return false;
        }
        let rack = &mut self.recovery.rack;
        rack.recoveries_left = (rack.recoveries_left + 1).min(RECOVERIES);
        self.undo_reduction(env, false);
        env.counters.increment(Counter::TcpExtTCPDSACKUndo);
        true
    }

    /// A timeout was needless: `by_original` says that F-RTO found it out. Linux: `tcp_try_undo_loss`.
    pub(super) fn undo_timeout(&mut self, env: &mut Env<'_>, by_original: bool) -> bool {
        if !by_original && !self.may_undo() {
            return false;
        }
        self.undo_reduction(env, true);
        env.counters.increment(Counter::TcpExtTCPLossUndo);
        if by_original {
            env.counters.increment(Counter::TcpExtTCPSpuriousRTOs);
        }
        self.retransmits = 0;
        if self.must_hold() {
            return true;
        }
        if by_original || self.sack_permitted {
            self.set_phase(env, CaState::Open);
            self.recovery.reneged = false;
        }
        true
    }

    /// Part of what was sent before the phase is acknowledged, by the originals. Answers whether the walk ends:
    /// nothing more is taken for lost while retransmissions are on their way. Linux: `tcp_try_undo_partial`.
    pub(super) fn undo_partially(&mut self, env: &mut Env<'_>, prior_una: Sequence) -> bool {
        if self.recovery.undo.marker.is_none() || !self.original_was_delayed() {
            return false;
        }
        self.note_reordering(env, prior_una, Counter::TcpExtTCPTSReorder);
        if self.send.sent.retransmitted > 0 {
            return true;
        }
        if !self.any_retransmission() {
            self.recovery.undo.first_retransmission = None;
        }
        self.undo_reduction(env, true);
        env.counters.increment(Counter::TcpExtTCPPartialUndo);
        self.keep_open(env);
        false
    }
}
