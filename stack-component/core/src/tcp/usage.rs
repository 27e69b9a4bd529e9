//! Whether the congestion window is what holds sending back, and what becomes of a window that is not in use
//! (RFC 2861, 7661). Linux: `tcp_cwnd_validate` and its neighbours.

use super::Env;
use super::congestion::{self, Algorithm, CaEvent, CaState};
use super::connection::{Connection, Wait};
use crate::time::Instant;

impl Connection {
    /// Changes the congestion control of a connection; its window stays. Linux: `tcp_set_congestion_control`,
    /// `tcp_reinit_congestion_control`.
    pub(super) fn switch_control(&mut self, env: &mut Env<'_>, algorithm: Algorithm) {
        if algorithm == self.control.algorithm() {
            return;
        }
        self.control = congestion::new(algorithm, env.random.next_u32(), env.sysctl);
        if self.state.is_synchronised() {
            let path = self.path(env.now);
            self.control.start(&mut self.window, &path);
        }
    }

    /// Whether the window held sending back; in slow start also if half of it was in use. Linux:
    /// `tcp_is_cwnd_limited`.
    pub(super) fn is_window_limited(&self) -> bool {
        let usage = &self.send.usage;
        usage.limited || (self.window.in_slow_start() && self.window.size < usage.most_out.saturating_mul(2))
    }

    /// Output came to rest: how was the window used? Linux: `tcp_cwnd_validate`.
    pub(super) fn validate_window(&mut self, env: &Env<'_>) {
        let limited = self.in_flight() >= self.window.size;
        let (una, next, out) = (self.send.una, self.send.next, self.send.sent.len());
        let usage = &mut self.send.usage;
        if !una.before(usage.until) || limited || (!usage.limited && out > usage.most_out) {
            usage.limited = limited;
            usage.most_out = out;
            usage.until = next;
        }
        if self.is_window_limited() {
            self.send.usage.used = 0;
            self.send.usage.stamp = env.now;
            return;
        }
        let usage = &mut self.send.usage;
        usage.used = usage.used.max(out);
        let old = env.now.since(usage.stamp) >= self.rtt.timeout();
        if env.sysctl.tcp_slow_start_after_idle && old && !self.control.takes_over() {
            self.decay_unused_window(env);
        }
        self.note_want(env.now);
    }

    /// There is room on the path, nothing to send, and an owner who would write if he could: the send buffer is what holds
    /// sending back. Linux: the end of `tcp_cwnd_validate`.
    pub(super) fn note_want(&mut self, now: Instant) {
        let wants = self.unsent() == 0 && self.send.no_space && self.state.may_send();
        if wants && !self.is_window_limited() {
            self.start_wait(now, Wait::SendBuffer);
        }
    }

    /// Linux: `tcp_cwnd_application_limited`.
    fn decay_unused_window(&mut self, env: &Env<'_>) {
        if self.recovery.phase == CaState::Open {
            let used = self.send.usage.used.max(self.initial_window);
            if used < self.window.size {
                self.window.threshold = self.current_threshold();
                self.window.size = (self.window.size + used) / 2;
            }
            self.send.usage.used = 0;
        }
        self.send.usage.stamp = env.now;
    }

    /// A path that carried nothing for a while may have changed: the window is halved for each timeout that
    /// passed, down to the initial one (RFC 5681 section 4.1). Linux: `tcp_slow_start_after_idle_check`,
    /// `tcp_cwnd_restart`.
    pub(super) fn restart_after_idle(&mut self, env: &Env<'_>) {
        let idle = env.now.since(self.send.last_data);
        let timeout = self.rtt.timeout();
        let applies =
            env.sysctl.tcp_slow_start_after_idle && self.send.sent.is_empty() && !self.control.takes_over();
        if !applies || idle <= timeout {
            return;
        }
        self.tell_control(env, CaEvent::WindowRestart);
        self.window.threshold = self.current_threshold();
        let least = self.initial_window.min(self.window.size);
        let mut left = idle.saturating_sub(timeout);
        while !left.is_zero() && self.window.size > least {
            self.window.size >>= 1;
            left = left.saturating_sub(timeout);
        }
        self.window.size = self.window.size.max(least);
        self.send.usage.stamp = env.now;
        self.send.usage.used = 0;
    }
}
