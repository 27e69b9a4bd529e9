//! Whether the congestion window is what holds sending back, and what becomes of a window that is not in use
//! (RFC 2861, 7661). Linux: `tcp_cwnd_validate` and its neighbours.

use super::Env;
use super::chronograph::Wait;
use super::congestion::{self, Algorithm, CaEvent, CaState};
use super::connection::Connection;
use super::sequence::Sequence;
use crate::time::Instant;

/// How the window was used of late.
#[derive(Debug)]
pub(super) struct Usage {
    /// The window was full. Linux: `is_cwnd_limited`.
    limited: bool,
    /// Most segments on their way in this window of data. Linux: `max_packets_out`.
    pub most_out: u32,
    /// This window of data ends here. Linux: `cwnd_usage_seq`.
    until: Sequence,
    /// Most segments on their way since the window was full last. Linux: `snd_cwnd_used`.
    used: u32,
    /// When the window was full, or changed, last. Linux: `snd_cwnd_stamp`.
    pub stamp: Instant,
    /// Segments of new data sent since output came to rest.
    pub burst: u32,
}

impl Usage {
    pub(super) fn new(initial: Sequence, now: Instant) -> Self {
        Usage { limited: false, most_out: 0, until: initial, used: 0, stamp: now, burst: 0 }
    }
}

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
        // There is room on the path, nothing to send, and an owner who would write if he could.
        if self.unsent() == 0 && self.send.no_space && self.state.may_send() {
            self.start_wait(env.now, Wait::SendBuffer);
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
