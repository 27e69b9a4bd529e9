//! What an acknowledgement that says more than "all is well" makes of the phase. Linux:
//! `tcp_fastretrans_alert`.

use super::super::Env;
use super::super::congestion::CaState;
use super::super::connection::{Connection, Timer};
use super::super::sequence::Sequence;
use super::AckFlags;
use crate::counters::Counter;
use crate::time::Duration;

/// How soon a timeout follows the suspicion that the receiver threw away what it had reported, at least. Linux:
/// `tcp_check_sack_reneging`.
const RENEGING_WAIT: Duration = Duration::from_millis(10);

impl Connection {
    /// Walks the picture in the head of this module. `duplicates` is 1 for an acknowledgement that says nothing
    /// new. Linux: `tcp_fastretrans_alert`.
    pub(in super::super) fn alert(
        &mut self,
        env: &mut Env<'_>,
        prior_una: Sequence,
        duplicates: u32,
        flags: &mut AckFlags,
    ) {
        if self.send.sent.is_empty() {
            self.send.sent.sacked = 0;
        }
        if flags.congestion_echo {
            self.window.prior_threshold = 0;
        }
        if self.waits_for_reneging(env, flags) || self.leaves_phase(env) {
            return;
        }
        match self.recovery.phase {
            CaState::Recovery => self.go_on_recovering(env, prior_una, duplicates, flags),
            CaState::Loss => {
                if !self.process_loss(env, duplicates, flags) {
                    self.suspect(env, duplicates, flags);
                }
            }
            _ => self.suspect(env, duplicates, flags),
        }
    }

    /// The first segment left was reported by SACK: perhaps the receiver threw it away, perhaps acknowledgements
    /// overtook each other. Time will tell. Linux: `tcp_check_sack_reneging`.
    fn waits_for_reneging(&mut self, env: &Env<'_>, flags: &mut AckFlags) -> bool {
        if flags.reneging && flags.advanced {
            let wait = (self.rtt.smoothed().unwrap_or_default() / 2).max(RENEGING_WAIT);
            self.set_transmit_timer(Timer::Retransmit, env.now + wait);
            flags.set_timer = false;
            return true;
        }
        false
    }

    /// Everything sent before the phase is acknowledged. Answers whether it is held all the same.
    fn leaves_phase(&mut self, env: &mut Env<'_>) -> bool {
        if self.recovery.phase == CaState::Open {
            self.recovery.undo.first_retransmission = None;
            return false;
        }
        if self.send.una.before(self.recovery.until) {
            return false;
        }
        match self.recovery.phase {
            // The mark that the window was reduced has to reach the receiver first.
            CaState::Cwr if self.send.una != self.recovery.until => {
                self.end_reduction(env);
                self.set_phase(env, CaState::Open);
                false
            }
            CaState::Recovery => {
                if !self.sack_permitted {
                    self.send.sent.sacked = 0;
                }
                if self.finish_recovery(env) {
                    return true;
                }
                self.end_reduction(env);
                false
            }
            _ => false,
        }
    }

    /// In fast recovery.
    fn go_on_recovering(
        &mut self,
        env: &mut Env<'_>,
        prior_una: Sequence,
        duplicates: u32,
        flags: &mut AckFlags,
    ) {
        if !flags.advanced {
            if !self.sack_permitted {
                self.count_duplicate(env, duplicates, flags);
            }
        } else if self.undo_partially(env, prior_una) {
            return;
        }
        if self.undo_by_duplicates(env) {
            self.try_to_open(env, flags);
        }
        self.identify_losses(env, flags);
        if self.recovery.phase != CaState::Recovery {
            if self.send.sent.lost == 0 {
                return;
            }
            // What was undone turns out to be a loss.
            self.enter_recovery(env, flags.congestion_echo);
        }
        self.resend_lost();
    }

    /// In no recovery, or out of it again: is something lost?
    fn suspect(&mut self, env: &mut Env<'_>, duplicates: u32, flags: &mut AckFlags) {
        if !self.sack_permitted {
            if flags.advanced {
                self.send.sent.sacked = 0;
            }
            self.count_duplicate(env, duplicates, flags);
        }
        if self.recovery.phase <= CaState::Disorder {
            self.undo_by_duplicates(env);
        }
        self.identify_losses(env, flags);
        if self.send.sent.lost == 0 {
            return self.try_to_open(env, flags);
        }
        if self.mtu_probe_lost(env) {
            return;
        }
        self.enter_recovery(env, flags.congestion_echo);
        self.resend_lost();
    }

    /// Linux: `tcp_identify_packet_loss`.
    pub(super) fn identify_losses(&mut self, env: &mut Env<'_>, flags: &mut AckFlags) {
        if self.send.sent.is_empty() {
            return;
        }
        if !self.sack_permitted {
            return self.mark_first_lost(env, flags.advanced);
        }
        let before = self.send.sent.retransmitted;
        if self.rack_mark_lost(env) {
            flags.set_timer = false;
        }
        flags.retransmission_lost |= before > self.send.sent.retransmitted;
    }

    /// Takes a segment for lost. Linux: `tcp_mark_skb_lost`.
    pub(in super::super) fn mark_lost(&mut self, env: &mut Env<'_>, index: usize) {
        if let Some(again) = self.send.sent.mark_lost(index) {
            self.rate.lost = self.rate.lost.wrapping_add(1);
            if again {
                env.counters.increment(Counter::TcpExtTCPLostRetransmit);
            }
        }
    }

    /// Linux: `tcp_try_to_open`.
    fn try_to_open(&mut self, env: &mut Env<'_>, flags: &AckFlags) {
        if !self.any_retransmission() {
            self.recovery.undo.first_retransmission = None;
        }
        if flags.congestion_echo {
            self.enter_reduction(env);
        }
        if self.recovery.phase != CaState::Cwr {
            self.keep_open(env);
        }
    }

    /// Open, or Disorder while something is out of order. Linux: `tcp_try_keep_open`.
    pub(super) fn keep_open(&mut self, env: &Env<'_>) {
        let disordered = self.send.sent.left_out() > 0 || self.any_retransmission();
        let phase = if disordered { CaState::Disorder } else { CaState::Open };
        if self.recovery.phase != phase {
            self.set_phase(env, phase);
            self.recovery.until = self.send.next;
        }
    }

    /// Begins fast recovery. Linux: `tcp_enter_recovery`.
    pub(super) fn enter_recovery(&mut self, env: &mut Env<'_>, congestion_echo: bool) {
        if !self.any_retransmission() {
            self.recovery.undo.first_retransmission = None;
        }
        env.counters.increment(if self.sack_permitted {
            Counter::TcpExtTCPSackRecovery
        } else {
            Counter::TcpExtTCPRenoRecovery
        });
        self.window.prior_threshold = 0;
        self.begin_undo();
        if !self.in_reduction() {
            if !congestion_echo {
                self.window.prior_threshold = self.current_threshold();
            }
            self.begin_reduction(env);
        }
        self.set_phase(env, CaState::Recovery);
    }
}
