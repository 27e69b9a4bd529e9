//! The window we offer (RFC 9293 section 3.8.6.2.2). Linux: `__tcp_select_window`, `tcp_select_window`.

use super::Env;
use super::connection::Connection;
use super::options::TcpOptions;
use super::timers::Timer;
use crate::counters::Counter;

/// The largest window without scaling.
const MAX_UNSCALED: u32 = u16::MAX as u32;

/// By how many bits a receive buffer of up to `largest` bytes has to be shifted to fit the window field, at
/// most 14 (RFC 7323 section 2.3). Linux: `tcp_select_initial_window`.
pub(super) fn scale_for(largest: u32) -> u8 {
    (0..14).find(|&scale| largest >> scale <= MAX_UNSCALED).unwrap_or(14)
}

impl Connection {
    /// RCV.WND: how much more the peer may send.
    pub(super) fn receive_window(&self) -> u32 {
        self.receive.edge.saturating_since(self.receive.next)
    }

    /// The window that could be offered now: what is free, in steps worth offering, and never less than what
    /// was offered before (a window must not shrink, RFC 9293 section 3.8.6).
    pub(super) fn selectable_window(&self, options: &TcpOptions) -> u32 {
        let current = self.receive_window();
        let buffer = options.receive_buffer;
        // What the field cannot say cannot be offered. Linux: `window_clamp`.
        let sayable = MAX_UNSCALED << self.receive.scale;
        let free = buffer.saturating_sub(self.receive.queue.len() as u32).min(sayable);
        let crumbs = free < buffer / 2 && (free < self.receive.mss || free < buffer / 16);
        if crumbs { current } else { free.max(current) }
    }

    /// The window field of the next segment; what it offers becomes the peer's right.
    pub(super) fn advertise(&mut self, syn: bool, options: &TcpOptions, env: &mut Env<'_>) -> u16 {
        let scale = if syn { 0 } else { self.receive.scale };
        let current = self.receive_window();
        let wanted = self.selectable_window(options);
        // Rounded down to what the field can say, but never so that the window would shrink.
        let field = (wanted >> scale).max(current.div_ceil(1 << scale));
        let field = field.min(MAX_UNSCALED);
        if field == 0 && current > 0 {
            env.counters.increment(Counter::TcpExtTCPToZeroWindowAdv);
        }
        self.receive.edge = self.receive.edge.latest(self.receive.next + (field << scale));
        field as u16
    }

    /// The owner has read: is the news worth a segment of its own? A much wider window is; and so is that
    /// everything the peer pushed was taken, unless our answer will tell. Linux: `tcp_cleanup_rbuf`.
    pub(super) fn after_read(&mut self, options: &TcpOptions) {
        let current = self.receive_window();
        let possible = self.selectable_window(options);
        let wider = self.state.may_receive() && possible > current && possible / 2 >= current;
        let delayed = self.timers.get(Timer::DelayedAck).is_some();
        let taken = delayed && self.ack.pushed && !self.ack.interactive && self.receive.queue.len() == 0;
        if wider || taken {
            self.acknowledge_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales() {
        assert_eq!(scale_for(65_535), 0);
        assert_eq!(scale_for(65_536), 1);
        assert_eq!(scale_for(6_291_456), 7);
        assert_eq!(scale_for(u32::MAX), 14);
    }
}
