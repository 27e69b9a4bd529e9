//! The window we offer (RFC 9293 section 3.8.6.2.2). Linux: `__tcp_select_window`, `tcp_select_window`.

use super::Env;
use super::connection::Connection;
use super::first_window::{MAX_UNSCALED, initial_window};
use super::memory::Shortage;
use super::options::TcpOptions;
use crate::counters::Counter;

impl Connection {
    /// RCV.WND: how much more the peer may send. Linux: `tcp_receive_window`.
    pub(super) fn receive_window(&self) -> u32 {
        self.receive.edge.saturating_since(self.receive.next)
    }

    /// How much more data the buffer holds. Linux: `tcp_space`.
    pub(super) fn free_window(&self) -> u32 {
        let tuning = &self.receive.tuning;
        let charged = u32::try_from(self.receive.queue.charged()).unwrap_or(u32::MAX);
        tuning.window_of(tuning.buffer.saturating_sub(charged))
    }

    /// The window that could be offered now: what is free, in steps worth offering (RFC 9293 section
    /// 3.8.6.2.2). Linux: `__tcp_select_window`.
    pub(super) fn selectable_window(&mut self, env: &Env<'_>) -> u32 {
        let advertised = self.advertised_mss();
        let tuning = &self.receive.tuning;
        let allowed = tuning.window_of(tuning.buffer);
        let full = tuning.clamp.min(allowed);
        let mss = self.receive.mss.min(full);
        if mss == 0 {
            return 0;
        }
        let unit = 1u32 << self.receive.scale;
        let mut free = self.free_window();
        let shrinks = env.sysctl.tcp_shrink_window && self.receive.scale > 0;
        if shrinks || free < full / 2 {
            free -= free % unit;
        }
        if free < full / 2 {
            self.ack.quick = 0;
            let tuning = &mut self.receive.tuning;
            if tuning.shortage != Shortage::None {
                tuning.threshold = tuning.threshold.min(4 * advertised);
            }
            if free < allowed / 16 || free < mss || (shrinks && free < unit) {
                return 0;
            }
        }
        let free = free.min(self.receive.tuning.threshold);
        if self.receive.scale > 0 {
            // Rounded up: the window must not become 0 because it is smaller than the unit.
            return free.next_multiple_of(unit);
        }
        self.whole_segments(free, mss, full)
    }

    /// Without scaling a window of whole segments is offered, and one near to it is left as it is.
    fn whole_segments(&self, free: u32, mss: u32, full: u32) -> u32 {
        let window = self.receive.edge.saturating_since(self.receive.acked);
        if i64::from(window) <= i64::from(free) - i64::from(mss) || window > free {
            free - free % mss
        } else if mss == full && free > window + full / 2 {
            free
        } else {
            window
        }
    }

    /// The window field of the next segment; what it offers becomes the peer's right. A window does not shrink
    /// (RFC 9293 section 3.8.6). Linux: `tcp_select_window`.
    pub(super) fn advertise(&mut self, syn: bool, options: &TcpOptions, env: &mut Env<'_>) -> u16 {
        if syn {
            return self.advertise_in_syn(options);
        }
        let before = self.receive.edge.saturating_since(self.receive.acked);
        let unit = 1u32 << self.receive.scale;
        let mut window = self.selectable_window(env);
        if core::mem::take(&mut self.ack.no_memory) {
            window = 0;
        } else if window < self.receive_window() && !(env.sysctl.tcp_shrink_window && self.receive.scale > 0)
        {
            if window == 0 {
                env.counters.increment(Counter::TcpExtTCPWantZeroWindowAdv);
            }
            window = self.receive_window().next_multiple_of(unit);
        }
        self.receive.acked = self.receive.next;
        self.receive.edge = self.receive.next + window;
        let field = (window >> self.receive.scale).min(MAX_UNSCALED);
        if field == 0 && before > 0 {
            env.counters.increment(Counter::TcpExtTCPToZeroWindowAdv);
        } else if field > 0 && before == 0 {
            env.counters.increment(Counter::TcpExtTCPFromZeroWindowAdv);
        }
        field as u16
    }

    /// The field of a SYN is never scaled (RFC 7323 section 2.2).
    fn advertise_in_syn(&mut self, options: &TcpOptions) -> u16 {
        if self.receive.edge == self.receive.next {
            self.receive.edge =
                self.receive.next + initial_window(options, &self.path.metrics, self.advertised_mss());
        }
        self.receive_window().min(MAX_UNSCALED) as u16
    }

    /// The owner has read `copied` bytes: is the news worth a segment of its own? A much wider window is; and so
    /// is that everything the peer pushed was taken, unless our answer will tell. Linux: `tcp_cleanup_rbuf`.
    pub(super) fn after_read(&mut self, env: &mut Env<'_>, copied: usize) {
        self.adjust_space(env);
        let unacked = self.receive.next.saturating_since(self.receive.acked);
        let pushed = self.ack.pushed_again || (self.ack.pushed && !self.is_interactive(env));
        let taken = copied > 0 && pushed && self.receive.queue.charged() == 0;
        if self.ack.scheduled && (unacked > self.receive.mss || taken) {
            return self.acknowledge_now();
        }
        let current = self.receive_window();
        let narrow = u64::from(current) * 2 <= u64::from(self.receive.tuning.clamp);
        if copied > 0 && narrow && !self.receive.shutdown && self.state.may_receive() {
            let possible = self.selectable_window(env);
            if possible > 0 && possible / 2 >= current {
                self.acknowledge_now();
            }
        }
    }
}
