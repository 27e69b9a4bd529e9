//! What leaves once more. Linux: `tcp_xmit_retransmit_queue`, `tcp_retransmit_skb`, `tcp_xmit_recovery`.

use super::super::Env;
use super::super::congestion::CaState;
use super::super::connection::{BurstAgain, Connection, Resend, Timer};
use super::super::sent_queue::{Push, Sent};
use crate::counters::Counter;

impl Connection {
    /// Linux: `REXMIT_LOST`.
    pub(in super::super) fn resend_lost(&mut self) {
        self.ask_resend(Resend::Lost);
    }

    /// Linux: `REXMIT_NEW`.
    pub(super) fn send_new_first(&mut self) {
        self.ask_resend(Resend::NewFirst);
    }

    /// The first segment goes at once.
    pub(in super::super) fn force_first(&mut self) {
        self.ask_resend(Resend::First);
    }

    pub(super) fn force_probe(&mut self) {
        self.ask_resend(Resend::Probe);
    }

    fn ask_resend(&mut self, resend: Resend) {
        self.recovery.resend = resend;
        self.events.output = true;
    }

    /// The next segment to be sent again, if there is one that may leave now. It is marked as sent.
    pub(in super::super) fn next_retransmission(&mut self, env: &mut Env<'_>) -> Option<Sent> {
        match self.recovery.resend {
            Resend::Nothing | Resend::NewFirst | Resend::Probe => None,
            Resend::First => {
                self.recovery.resend = Resend::Nothing;
                self.send.sent.cut_burst(0, 1);
                self.retransmit(env, 0)
            }
            Resend::Lost => {
                let sent = self.next_lost(env);
                if sent.is_none() && !self.is_paced(env) {
                    self.recovery.resend = Resend::Nothing;
                }
                sent
            }
        }
    }

    /// Linux: the loop of `tcp_xmit_retransmit_queue`.
    fn next_lost(&mut self, env: &mut Env<'_>) -> Option<Sent> {
        if self.is_paced(env) || self.window.size <= self.in_flight() {
            return None;
        }
        let index = self.send.sent.next_lost()?;
        let ends_burst = self.burst_again(env, index);
        let mut sent = self.retransmit(env, index)?;
        if ends_burst {
            sent.push = Push::Always;
        }
        env.counters.increment(match self.recovery.phase {
            CaState::Loss => Counter::TcpExtTCPSlowStartRetrans,
            _ => Counter::TcpExtTCPFastRetrans,
        });
        if self.in_reduction() {
            self.recovery.reduction_sent += 1;
        }
        if index == 0 && self.timers.get(Timer::Reorder).is_none() {
            self.set_transmit_timer(Timer::Retransmit, self.after_pacing(env, self.rtt.timeout()));
        }
        Some(sent)
    }

    /// Whether the segment `index`, which leaves again, ends a burst of several, and so says PSH. Linux: the loop of
    /// `tcp_xmit_retransmit_queue` with `segs`, the flags of `__tcp_transmit_skb`.
    fn burst_again(&mut self, env: &Env<'_>, index: usize) -> bool {
        let Some(sent) = self.send.sent.get(index) else { return false };
        let (start, end) = (sent.start, sent.end);
        let goes_on = self.recovery.burst.is_some_and(|burst| burst.next == start && burst.end.after(start));
        if !goes_on {
            let quota = self.window.size.saturating_sub(self.in_flight()).min(self.burst_segments(env));
            let cut = self.send.sent.cut_burst(index, quota);
            self.recovery.burst = cut.map(|(end, many)| BurstAgain { next: start, end, many });
        }
        let Some(burst) = &mut self.recovery.burst else { return false };
        burst.next = end;
        burst.many && end == burst.end
    }

    /// Sends the segment `index`, which counts as lost, once more. Linux: `tcp_retransmit_skb`.
    fn retransmit(&mut self, env: &mut Env<'_>, index: usize) -> Option<Sent> {
        let sent = self.send_again(env, index)?;
        self.send.sent.note_retransmission(index);
        let undo = &mut self.recovery.undo;
        undo.first_retransmission.get_or_insert(env.now);
        undo.outstanding = Some(undo.outstanding.unwrap_or(0).saturating_add(1));
        Some(sent)
    }

    /// Sends the segment `index` once more, unless the peer shrank its window so that it does not fit; the first
    /// one then goes as a probe of the window (RFC 9293 section 3.8.6). Linux: `__tcp_retransmit_skb`.
    fn send_again(&mut self, env: &mut Env<'_>, index: usize) -> Option<Sent> {
        self.abandon_mtu_probe();
        let una = self.send.una;
        let room = (una + self.send.window).saturating_since(self.send.sent.get(index)?.start.latest(una));
        if room == 0 && index > 0 {
            return None;
        }
        // Part of it may be acknowledged already: the cuts are counted from there. Linux: `tcp_trim_head`.
        self.send.sent.trim(index, una);
        let mss = self.send_mss();
        let room = if room == 0 { mss } else { mss.min(room) };
        self.send.sent.split(index, room);
        if env.sysctl.tcp_retrans_collapse {
            let fewer = self.send.sent.collapse(index, room, una + self.send.window);
            if !self.sack_permitted {
                // Duplicates were counted for segments that are none of their own any more. Linux: `tcp_adjust_pcount`.
                self.send.sent.sacked = self.send.sent.sacked.saturating_sub(fewer);
            }
        }
        let tx = self.rate.on_sent(env.now, self.send.sent.len());
        let sent = self.send.sent.note_sent_again(index, env.now, tx)?;
        self.totals.retransmitted = self.totals.retransmitted.wrapping_add(1);
        self.totals.bytes_retransmitted += u64::from(sent.data_len());
        env.counters.increment(Counter::TcpRetransSegs);
        if sent.syn {
            env.counters.increment(Counter::TcpExtTCPSynRetrans);
        }
        Some(sent)
    }

    /// A tail loss probe that is a retransmission: the last segment, which does not count as lost. Linux: the second half of
    /// `tcp_send_loss_probe`.
    pub(in super::super) fn retransmit_last(&mut self, env: &mut Env<'_>) -> Option<Sent> {
        let last = (self.send.sent.len() as usize).checked_sub(1)?;
        if let Some(before) = last.checked_sub(1) {
            self.send.sent.cut_burst(before, 1);
        }
        self.send_again(env, last)
    }

    /// What is new has left, or could not: F-RTO decides. Linux: the second half of `tcp_xmit_recovery`.
    pub(in super::super) fn after_new_first(&mut self) {
        if self.send.next.after(self.recovery.until) {
            self.recovery.resend = Resend::Nothing;
        } else {
            self.recovery.doubtful_timeout = false;
            self.recovery.resend = Resend::Lost;
        }
    }

    /// The path turned out narrower: what is too large for it is lost. Nothing is reduced: the path is not full. Linux:
    /// `tcp_simple_retransmit`.
    pub(in super::super) fn retransmit_oversized(&mut self, env: &mut Env<'_>) {
        let mss = self.send_mss();
        if !self.sack_permitted {
            self.send.sent.sacked = 0;
        }
        if self.has_syn_data() {
            return self.resend_syn_data(env);
        }
        for index in 0..self.send.sent.len() as usize {
            if self.send.sent.get(index).is_some_and(|sent| sent.data_len() > mss) {
                self.mark_lost(env, index);
            }
        }
        self.resend_without_reduction(env);
    }

    /// What went with the SYN was not taken: it goes again at once, or with it if that is lost as well. Linux:
    /// `tcp_rcv_fastopen_synack`, `tcp_simple_retransmit` with `syn_data`.
    pub(in super::super) fn resend_syn_data(&mut self, env: &mut Env<'_>) {
        for index in 0..self.send.sent.len() as usize {
            self.mark_lost(env, index);
        }
        self.resend_without_reduction(env);
    }

    /// Linux: `tcp_non_congestion_loss_retransmit`.
    fn resend_without_reduction(&mut self, env: &mut Env<'_>) {
        if self.send.sent.lost == 0 {
            return;
        }
        if self.recovery.phase != CaState::Loss {
            self.recovery.until = self.send.next;
            self.window.threshold = self.current_threshold();
            self.window.prior_threshold = 0;
            self.recovery.undo.marker = None;
            self.set_phase(env, CaState::Loss);
        }
        self.resend_lost();
    }
}
