//! A peer whose window is closed (RFC 9293 section 3.8.6.1): it is asked until it opens, or its owner or ours has enough.
//! Linux: `tcp_probe_timer`, `tcp_send_probe0`, `tcp_ack_probe`.

use super::Env;
use super::connection::{Connection, Fin, Timer};
use super::options::TcpOptions;
use super::round_trip::TIMER_GRAIN;
use super::state::TcpState;
use crate::counters::Counter;
use crate::time::{Duration, Instant};

impl Connection {
    /// Something waits to be sent, and nothing is on its way whose acknowledgement would tell of the window.
    fn is_blocked(&self) -> bool {
        let waiting = self.unsent() > 0 || self.send.fin == Fin::Queued;
        waiting && self.send.sent.is_empty() && self.state.is_synchronised()
    }

    /// Keeps the timer running exactly while it is needed; called when output has come to rest. Linux:
    /// `tcp_check_probe_timer`.
    pub(super) fn update_persist(&mut self, now: Instant) {
        if !self.is_blocked() {
            self.timers.stop(Timer::Persist);
        } else if self.timers.get(Timer::Persist).is_none() {
            self.timers.set(Timer::Persist, now + self.rtt.timeout());
        }
    }

    /// The window is still closed, or too small to be used. Linux: `tcp_probe_timer`.
    pub(super) fn persist_timeout(&mut self, env: &mut Env<'_>, options: &TcpOptions) {
        if !self.is_blocked() {
            return self.end_probing();
        }
        match (self.probing_since, options.user_timeout) {
            (None, _) => self.probing_since = Some(env.now),
            (Some(since), Some(most)) if env.now.since(since) >= most => return self.give_up(env),
            _ => {}
        }
        let most = self.data_retries(env);
        // Nobody waits for an orphan, even if its peer answers. Linux: `alive` in `tcp_probe_timer`.
        let dead = self.orphan && self.rtt.timeout() >= self.rtt.largest_timeout();
        if self.probes >= most || (dead && self.rtt.backoff() >= most) {
            return self.give_up(env);
        }
        if self.unsent() > 0 && (self.send.una + self.send.window).after(self.send.next) {
            // The window is not closed: what was held back leaves as far as it fits. Linux: `tcp_write_wakeup`.
            self.send.force_partial = true;
            self.send.buffers.push_first();
            self.rtt.end_back_off();
            return self.end_probing();
        }
        self.probes += 1;
        env.counters.increment(Counter::TcpExtTCPWinProbe);
        self.probe = true;
        if self.rtt.backoff() < env.sysctl.tcp_retries2 {
            self.rtt.back_off();
        }
        self.timers.set(Timer::Persist, env.now + self.probe_wait(env, options));
    }

    /// An acknowledgement came while the timer ran: the window opened, or the wait begins anew. Linux: `tcp_ack_probe`.
    pub(super) fn answer_to_probe(&mut self, env: &Env<'_>, options: &TcpOptions) {
        if self.timers.get(Timer::Persist).is_none() || !self.is_blocked() {
            return;
        }
        let first_end = self.send.buffers.buffers.front().map_or(self.send.next + 1, |first| first.end);
        if first_end.after(self.send.una + self.send.window) {
            self.timers.set(Timer::Persist, env.now + self.probe_wait(env, options));
        } else {
            self.timers.stop(Timer::Persist);
            self.rtt.end_back_off();
            self.probing_since = None;
        }
    }

    fn end_probing(&mut self) {
        self.probes = 0;
        self.probing_since = None;
    }

    /// How long until the next probe; the last wait meets the owner's time. Linux: `tcp_clamp_probe0_to_user_timeout`.
    fn probe_wait(&self, env: &Env<'_>, options: &TcpOptions) -> Duration {
        let left = match (options.user_timeout, self.probing_since) {
            (Some(most), Some(since)) => most.saturating_sub(env.now.since(since)),
            _ => Duration::MAX,
        };
        self.rtt.timeout().min(left.max(TIMER_GRAIN))
    }

    /// Whether the peer closed a window in which data is on its way. Linux: `tcp_retransmit_timer`.
    pub(super) fn window_was_taken_back(&self) -> bool {
        let opening = matches!(self.state, TcpState::SynSent | TcpState::SynRecv);
        self.send.window == 0 && !self.orphan && !opening
    }

    /// What is sent again are probes then: the connection lasts while the peer says something. Linux:
    /// `tcp_retransmit_timer`.
    pub(super) fn probe_taken_back_window(&mut self, env: &mut Env<'_>, options: &TcpOptions) {
        if self.is_silent(env, options) {
            return self.give_up(env);
        }
        self.enter_loss(env);
        self.force_first();
        self.rtt.back_off();
        self.set_transmit_timer(Timer::Retransmit, env.now + self.timeout_within_limit(env, options));
    }

    /// Linux: `tcp_rtx_probe0_timed_out`.
    fn is_silent(&self, env: &Env<'_>, options: &TcpOptions) -> bool {
        let first = self.recovery.undo.first_retransmission;
        let since = first.or_else(|| self.send.sent.front().map(|sent| sent.at)).unwrap_or(env.now);
        let lasting = env.now.since(since);
        // The owner's time is not prolonged by a peer that answers.
        if options.user_timeout.is_some_and(|most| lasting > most) {
            return true;
        }
        let most = options.user_timeout.unwrap_or(Duration::MAX).min(self.rtt.largest_timeout() * 2);
        env.now.since(self.last_ack_received) > most && lasting > most
    }
}
