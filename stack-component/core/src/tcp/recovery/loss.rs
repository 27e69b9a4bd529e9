//! Retransmission timeouts: begin again with one segment (RFC 5681 section 3.1), unless the timeout turns out to
//! have been needless (F-RTO, RFC 5682). Linux: `tcp_enter_loss`, `tcp_process_loss`.

use super::super::Env;
use super::super::congestion::{CaEvent, CaState};
use super::super::connection::Connection;
use super::AckFlags;
use crate::counters::Counter;

impl Connection {
    /// Linux: `tcp_enter_loss`.
    pub(in super::super) fn enter_loss(&mut self, env: &mut Env<'_>) {
        let first = self.recovery.phase < CaState::Recovery;
        self.mark_lost_by_timeout(env);
        // Once for each window of data (RFC 5681 section 3.1).
        if self.recovery.phase <= CaState::Disorder
            || !self.recovery.until.after(self.send.una)
            || (self.recovery.phase == CaState::Loss && self.retransmits == 0)
        {
            self.window.prior_threshold = self.current_threshold();
            self.window.prior = self.window.size;
            self.window.threshold = self.ask_threshold(env);
            self.tell_control(env, CaEvent::Loss);
            self.begin_undo();
        }
        self.window.size = self.in_flight() + 1;
        self.window.credit = 0;
        self.send.usage.stamp = env.now;
        // Many duplicates and a timeout all the same: the path reorders less than was thought.
        let assumed = env.sysctl.tcp_reordering;
        if self.recovery.phase <= CaState::Disorder && self.send.sent.sacked >= assumed {
            self.recovery.reordering = self.recovery.reordering.min(assumed);
        }
        self.set_phase(env, CaState::Loss);
        self.recovery.until = self.send.next;
        self.recovery.probe.until = None;
        self.owe_cwr();
        // RFC 5682 section 3.1 step 1; not while a larger MTU is tried.
        self.recovery.doubtful_timeout =
            env.sysctl.tcp_frto > 0 && (first || self.retransmits > 0) && !self.is_probing_mtu();
    }

    /// Everything but what left lately counts as lost. If the first segment was reported by SACK, the receiver
    /// threw it away (RFC 2018 section 8). Linux: `tcp_timeout_mark_lost`.
    fn mark_lost_by_timeout(&mut self, env: &mut Env<'_>) {
        let reneged = self.send.sent.front().is_some_and(|first| first.sacked);
        if reneged {
            env.counters.increment(Counter::TcpExtTCPSACKReneging);
            self.send.sent.forget_sacked();
            self.recovery.reneged = true;
        } else if !self.sack_permitted {
            self.send.sent.sacked = 0;
        }
        for index in 0..self.send.sent.len() as usize {
            let recent =
                index > 0 && self.send.sent.get(index).is_some_and(|sent| self.is_recent(sent.at, env.now));
            if reneged || !recent {
                self.mark_lost(env, index);
            }
        }
    }

    /// An acknowledgement after a timeout. Answers whether nothing more follows from it. Linux: `tcp_process_loss`
    /// and what `tcp_fastretrans_alert` does then.
    pub(super) fn process_loss(&mut self, env: &mut Env<'_>, duplicates: u32, flags: &mut AckFlags) -> bool {
        self.judge_timeout(env, duplicates, flags);
        if self.recovery.phase != CaState::Loss
            && let Some(since) = self.totals.timeouts_since.take()
        {
            self.totals.timeout_recoveries = self.totals.timeout_recoveries.saturating_add(1);
            self.totals.timeout_time += env.now.since(since);
        }
        self.identify_losses(env, flags);
        !(self.recovery.phase == CaState::Open || flags.retransmission_lost)
    }

    fn judge_timeout(&mut self, env: &mut Env<'_>, duplicates: u32, flags: &AckFlags) {
        let recovered = !self.send.una.before(self.recovery.until);
        if flags.advanced && self.undo_timeout(env, false) {
            return;
        }
        if self.recovery.doubtful_timeout {
            // RFC 5682 section 3.1 step 3b: something that was never sent again arrived.
            if flags.original_arrived && self.undo_timeout(env, true) {
                return;
            }
            if self.send.next.after(self.recovery.until) {
                // Step 3a: the loss was real.
                if flags.data_sacked || duplicates > 0 {
                    self.recovery.doubtful_timeout = false;
                }
            } else if flags.advanced && !recovered {
                self.recovery.until = self.send.next;
                // Step 2b: new data, if there is some and the window lets it go.
                if self.unsent() > 0 && (self.send.una + self.send.window).after(self.send.next) {
                    return self.send_new_first();
                }
                self.recovery.doubtful_timeout = false;
            }
        }
        if recovered {
            self.finish_recovery(env);
            return;
        }
        if !self.sack_permitted {
            if self.send.next.after(self.recovery.until) && duplicates > 0 {
                self.count_duplicate(env, duplicates, flags);
            } else if flags.advanced {
                self.send.sent.sacked = 0;
            }
        }
        self.resend_lost();
    }
}
