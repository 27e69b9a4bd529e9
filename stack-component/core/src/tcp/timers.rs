//! What a connection waits for, and what it does when it has waited long enough.

use super::congestion::{CaState, INFINITE_THRESHOLD};
use super::connection::{Connection, Timer};
use super::options::TcpOptions;
use super::{Env, TcpState};
use crate::counters::Counter;
use crate::time::{Duration, Instant};

/// Segments from which on a stream is not thin. Linux: `tcp_stream_is_thin`.
const THIN: u32 = 4;
/// Timeouts of a thin stream that are not doubled. Linux: `TCP_THIN_LINEAR_RETRIES`.
const THIN_LINEAR_RETRIES: u32 = 6;

impl Connection {
    /// Does what is due. Linux: `tcp_write_timer`, `tcp_delack_timer`, `tcp_keepalive_timer`.
    pub(super) fn run_timers(&mut self, env: &mut Env<'_>, options: &TcpOptions) {
        for timer in Timer::ALL {
            if self.timers.get(timer).is_some_and(|deadline| deadline <= env.now) {
                self.timers.stop(timer);
                match timer {
                    Timer::Retransmit if self.fast_open_timeout(env, options) => {}
                    Timer::Retransmit if self.user_gave_up(env, options) => self.give_up(env),
                    Timer::Retransmit => self.retransmission_timeout(env, options),
                    Timer::DelayedAck => self.delayed_ack_timeout(env),
                    Timer::CompressedAck => self.compressed_ack_timeout(),
                    Timer::Persist => self.persist_timeout(env, options),
                    Timer::KeepAlive => self.keep_alive_timeout(env, options),
                    Timer::FinWait => self.retiring = true,
                    Timer::Reorder => self.reordering_timeout(env),
                    Timer::TailProbe => self.send_tail_probe(env),
                    // What waited leaves with the output that follows.
                    Timer::Pacing => {}
                }
                self.events.output = true;
            }
        }
    }

    /// Sets the timer that waits for acknowledgements: of the three only one runs. Linux: `tcp_reset_xmit_timer`,
    /// `icsk_pending`.
    pub(super) fn set_transmit_timer(&mut self, timer: Timer, deadline: Instant) {
        for other in [Timer::Retransmit, Timer::Reorder, Timer::TailProbe] {
            self.timers.stop(other);
        }
        self.timers.set(timer, deadline);
    }

    /// Begins the timeout anew; from the time the first segment was sent if something else was waited for
    /// meanwhile. Linux: `tcp_rearm_rto`.
    pub(super) fn rearm_retransmission(&mut self, env: &Env<'_>) {
        if self.send.sent.is_empty() {
            for timer in [Timer::Retransmit, Timer::Reorder, Timer::TailProbe] {
                self.timers.stop(timer);
            }
            return;
        }
        let other = [Timer::Reorder, Timer::TailProbe];
        let wait = if other.into_iter().any(|timer| self.timers.get(timer).is_some()) {
            self.time_to_timeout(env).max(Duration::from_millis(1))
        } else {
            self.rtt.timeout()
        };
        self.set_transmit_timer(Timer::Retransmit, self.after_pacing(env, wait));
    }

    /// Nothing was acknowledged for too long (RFC 6298 section 5, RFC 5681 section 3.1). Linux:
    /// `tcp_retransmit_timer`.
    pub(super) fn retransmission_timeout(&mut self, env: &mut Env<'_>, options: &TcpOptions) {
        if self.send.sent.is_empty() {
            return;
        }
        if self.window_was_taken_back() {
            return self.probe_taken_back_window(env, options);
        }
        let expired = self.is_given_up(env, options);
        self.note_fast_open_timeout(env, expired);
        if expired {
            return self.give_up(env);
        }
        env.counters.increment(Counter::TcpExtTCPTimeouts);
        if self.state.is_synchronised() {
            self.count_timeout(env);
            self.enter_loss(env);
        }
        self.force_first();
        self.retransmits += 1;
        self.totals.timeouts = self.totals.timeouts.saturating_add(1);
        self.totals.timeouts_since.get_or_insert(env.now);
        let linear =
            self.state == TcpState::SynSent && self.totals.timeouts <= env.sysctl.tcp_syn_linear_timeouts;
        if self.is_thin_and_linear(env, options) {
            self.rtt.end_back_off();
        } else if !linear {
            self.rtt.back_off();
        }
        self.set_transmit_timer(Timer::Retransmit, env.now + self.timeout_within_limit(env, options));
    }

    /// Whether so little is on its way that nothing is won by waiting longer each time, for some times at least.
    /// Linux: `tcp_stream_is_thin` in `tcp_retransmit_timer`.
    fn is_thin_and_linear(&self, env: &Env<'_>, options: &TcpOptions) -> bool {
        let wanted = options.thin_linear_timeouts || env.sysctl.tcp_thin_linear_timeouts;
        let thin = self.send.sent.len() < THIN && self.window.threshold < INFINITE_THRESHOLD;
        wanted && thin && self.state == TcpState::Established && self.retransmits <= THIN_LINEAR_RETRIES
    }

    /// The first timeout of the same data: what was going on before? Linux: the middle of `tcp_retransmit_timer`.
    fn count_timeout(&self, env: &mut Env<'_>) {
        if self.retransmits > 0 {
            return;
        }
        let counter = match (self.recovery.phase, self.sack_permitted) {
            (CaState::Recovery, true) => Counter::TcpExtTCPSackRecoveryFail,
            (CaState::Recovery, false) => Counter::TcpExtTCPRenoRecoveryFail,
            (CaState::Loss, _) => Counter::TcpExtTCPLossFailures,
            (CaState::Disorder, true) => Counter::TcpExtTCPSackFailures,
            (CaState::Disorder, false) => Counter::TcpExtTCPRenoFailures,
            _ if self.send.sent.sacked > 0 => Counter::TcpExtTCPSackFailures,
            _ => return,
        };
        env.counters.increment(counter);
    }

    /// Whether data has not been acknowledged for as long as the owner wants to wait (RFC 5482). Linux:
    /// `retransmits_timed_out` with `icsk_user_timeout`.
    fn user_gave_up(&self, env: &Env<'_>, options: &TcpOptions) -> bool {
        let since = self.totals.timeouts_since.filter(|_| self.retransmits > 0);
        let (Some(most), Some(since)) = (options.user_timeout, since) else { return false };
        env.now.since(since) >= most
    }

    /// Starts, moves or stops the keep-alive timer after the options changed or the connection was opened.
    pub(super) fn restart_keep_alive(&mut self, options: &TcpOptions, now: Instant) {
        if options.keep_alive && self.state.is_synchronised() && self.state != TcpState::TimeWait {
            self.timers.set(Timer::KeepAlive, now + options.keep_alive_idle);
        } else {
            self.timers.stop(Timer::KeepAlive);
        }
    }

    /// When the connection was last seen alive. Linux: `keepalive_time_elapsed`.
    pub(super) fn last_sign_of_life(&self) -> Instant {
        self.last_heard.max(self.send.last_data)
    }

    /// Linux: `tcp_keepalive_timer` (RFC 9293 section 3.8.4).
    fn keep_alive_timeout(&mut self, env: &mut Env<'_>, options: &TcpOptions) {
        if !options.keep_alive {
            return;
        }
        let busy = !self.send.sent.is_empty() || self.unsent() > 0;
        let silent = env.now.since(self.last_sign_of_life());
        if busy || (silent < options.keep_alive_idle && self.probes == 0) {
            let wait = if busy { options.keep_alive_idle } else { options.keep_alive_idle - silent };
            return self.timers.set(Timer::KeepAlive, env.now + wait);
        }
        let given_up = match options.user_timeout {
            Some(most) => self.probes > 0 && silent >= most,
            None => self.probes >= options.keep_alive_count,
        };
        if given_up {
            self.events.reset = true;
            return self.give_up(env);
        }
        self.probes += 1;
        self.probe = true;
        env.counters.increment(Counter::TcpExtTCPKeepAlive);
        self.timers.set(Timer::KeepAlive, env.now + options.keep_alive_interval);
    }
}
