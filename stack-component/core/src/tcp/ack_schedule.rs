//! When what arrived is acknowledged: at once, in company, or as one of many (RFC 1122 section 4.2.3.2, RFC 5681
//! section 4.2). Linux: `__tcp_ack_snd_check`, `tcp_send_delayed_ack`, `tcp_event_data_recv`.

use super::Env;
use super::connection::{Connection, Timer};
use crate::counters::Counter;
use crate::time::{Duration, Instant};

/// The least time an acknowledgement waits for company. Linux: `TCP_ATO_MIN`, `TCP_DELACK_MIN`.
pub(super) const MIN_DELAY: Duration = Duration::from_millis(40);
/// The longest. Linux: `TCP_DELACK_MAX`.
const MAX_DELAY: Duration = Duration::from_millis(200);
/// The longest for a sender that does not push. Linux: `HZ / 2`, bounded by `TCP_DELACK_MAX`.
const MAX_DELAY_UNPUSHED: Duration = MAX_DELAY;
/// Acknowledgements that are sent at once when a connection is young. Linux: `TCP_MAX_QUICKACKS`.
pub(super) const MAX_QUICK: u32 = 16;
/// Duplicate acknowledgements that are sent one by one before they are sent together. Linux:
/// `TCP_FASTRETRANS_THRESH`.
const UNCOMPRESSED: u32 = 3;
/// Runs that a sender is expected to follow: more are told at once. Linux: `TCP_SACK_BLOCKS_EXPECTED`.
const EXPECTED_BLOCKS: usize = 2;

impl Connection {
    /// Whether answers carry the acknowledgements. Linux: `inet_csk_in_pingpong_mode`.
    pub(super) fn is_interactive(&self, env: &Env<'_>) -> bool {
        self.ack.pingpong >= env.sysctl.tcp_pingpong_thresh
    }

    /// The peer's window is young: as many acknowledgements at once as help it grow. Linux: `tcp_incr_quickack`.
    fn more_quick(&mut self) {
        let window = self.receive.edge.saturating_since(self.receive.acked);
        let wanted = match window / (2 * self.receive.mss).max(1) {
            0 => 2,
            segments => segments,
        };
        self.ack.quick = self.ack.quick.max(wanted.min(MAX_QUICK));
    }

    /// The peer seems to have lost something: it shall hear of everything at once. Linux:
    /// `tcp_enter_quickack_mode`.
    pub(super) fn enter_quick_mode(&mut self) {
        self.more_quick();
        self.ack.pingpong = 0;
        self.ack.delay = Some(MIN_DELAY);
    }

    /// In-order data arrived: how regularly does it come? Linux: `tcp_event_data_recv`.
    pub(super) fn note_data_received(&mut self, now: Instant) {
        self.ack.scheduled = true;
        let pause = now.since(self.ack.last_data);
        let timeout = self.rtt.timeout();
        match self.ack.delay {
            None => {
                self.more_quick();
                self.ack.delay = Some(MIN_DELAY);
            }
            Some(delay) if pause <= MIN_DELAY / 2 => self.ack.delay = Some(delay / 2 + MIN_DELAY / 2),
            Some(delay) if pause < delay => self.ack.delay = Some((delay / 2 + pause).min(timeout)),
            Some(_) if pause > timeout => self.more_quick(),
            Some(_) => {}
        }
        self.ack.last_data = now;
    }

    /// An acknowledgement leaves with the next output.
    pub(super) fn acknowledge_now(&mut self) {
        self.ack.now = true;
        self.ack.scheduled = true;
        self.events.output = true;
    }

    /// A segment was looked at: when is it acknowledged? Linux: `tcp_ack_snd_check`.
    pub(super) fn schedule_ack(&mut self, env: &mut Env<'_>, lowat: u32) {
        if !self.ack.scheduled || self.ack.now {
            return;
        }
        let unacked = self.receive.next.saturating_since(self.receive.acked);
        let offered = self.receive.edge.saturating_since(self.receive.acked);
        let two = unacked > self.receive.mss
            && (self.receive.queue.len() < lowat as usize || self.selectable_window(env) >= offered);
        if two || ((self.ack.quick > 0 && !self.is_interactive(env)) || self.path.metrics.quick_ack) {
            return self.acknowledge_now();
        }
        if !self.receive.queue.has_gap() {
            return self.delay_ack(env);
        }
        // RFC 5681 section 4.2: out-of-order data is acknowledged at once, but a flood of it not one by one.
        if !self.sack_permitted || self.ack.compressed >= env.sysctl.tcp_comp_sack_nr {
            return self.acknowledge_now();
        }
        if self.ack.counted_for != self.receive.next {
            (self.ack.counted_for, self.ack.counted) = (self.receive.next, 0);
        }
        if self.ack.counted < UNCOMPRESSED {
            self.ack.counted += 1;
            return self.acknowledge_now();
        }
        self.compress_ack(env);
    }

    /// One of many: it waits a twentieth of a round trip, at most `tcp_comp_sack_delay_ns`.
    fn compress_ack(&mut self, env: &mut Env<'_>) {
        if self.timers.get(Timer::CompressedAck).is_some() {
            self.ack.compressed += 1;
            return;
        }
        let known = self.receive.tuning.round_trip.unwrap_or(Duration::ZERO);
        let round_trip = self.rtt.smoothed().map_or(known, |smoothed| known.min(smoothed));
        let most = Duration::from_nanos(env.sysctl.tcp_comp_sack_delay_ns.into());
        let delay = most.min(round_trip / 20);
        if delay.is_zero() {
            return self.acknowledge_now();
        }
        self.ack.compressed += 1;
        self.timers.set(Timer::CompressedAck, env.now + delay);
    }

    /// More runs than a sender follows: what waits is told now. Linux: `tcp_sack_compress_send_ack`.
    pub(super) fn tell_if_many_runs(&mut self, env: &mut Env<'_>, runs: usize) {
        if runs >= EXPECTED_BLOCKS && self.ack.compressed > 0 {
            env.counters.add(Counter::TcpExtTCPAckCompressed, u64::from(self.ack.compressed - 1));
            self.ack.compressed = 0;
            self.timers.stop(Timer::CompressedAck);
            self.acknowledge_now();
        }
    }

    /// An acknowledgement that waits shall not make a peer with our bounds time out. Linux: `tcp_delack_max`.
    fn longest_ack_delay(&self) -> Duration {
        let tick = Duration::from_millis(1);
        MAX_DELAY.min(self.rtt.least_timeout().max(tick * 2) - tick)
    }

    /// Acknowledges later, with an answer if one comes. Linux: `tcp_send_delayed_ack`.
    fn delay_ack(&mut self, env: &Env<'_>) {
        // Before the first data there is no delay: a bare FIN is acknowledged at once.
        let mut delay = self.ack.delay.unwrap_or(Duration::ZERO);
        if delay > MIN_DELAY {
            let patient = self.is_interactive(env) || self.ack.pushed;
            let most = if patient { MAX_DELAY } else { MAX_DELAY_UNPUSHED };
            let bound = self.rtt.smoothed().map_or(most, |rtt| most.min(rtt.max(MIN_DELAY)));
            delay = delay.min(bound);
        }
        delay = delay.min(self.longest_ack_delay());
        if delay.is_zero() {
            return self.acknowledge_now();
        }
        let due = env.now + delay;
        match self.timers.get(Timer::DelayedAck) {
            Some(before) if before <= env.now + delay / 4 => self.acknowledge_now(),
            Some(before) => self.timers.set(Timer::DelayedAck, before.min(due)),
            None => self.timers.set(Timer::DelayedAck, due),
        }
    }

    /// The acknowledgement of the SYN-ACK waits for data that is about to be written. Linux: the end of
    /// `tcp_rcv_synsent_state_process`.
    pub(super) fn await_answer_to_syn_ack(&mut self, env: &Env<'_>) {
        self.ack.scheduled = true;
        self.enter_quick_mode();
        self.timers.set(Timer::DelayedAck, env.now + MIN_DELAY);
    }

    /// Nothing carried the acknowledgement in time. Linux: `tcp_delack_timer_handler`.
    pub(super) fn delayed_ack_timeout(&mut self, env: &mut Env<'_>) {
        if !self.ack.scheduled {
            return;
        }
        if self.is_interactive(env) {
            self.ack.pingpong = 0;
            self.ack.delay = Some(MIN_DELAY);
        } else {
            self.ack.delay = self.ack.delay.map(|delay| (delay * 2).min(self.rtt.timeout()));
        }
        env.counters.increment(Counter::TcpExtDelayedACKs);
        self.acknowledge_now();
    }

    /// Linux: `tcp_compressed_ack_kick`.
    pub(super) fn compressed_ack_timeout(&mut self) {
        if self.ack.compressed > 0 {
            // One of them is sent.
            self.ack.compressed -= 1;
            self.acknowledge_now();
        }
    }

    /// A segment with an acknowledgement leaves. Linux: `tcp_event_ack_sent`.
    pub(super) fn note_ack_sent(&mut self, env: &mut Env<'_>) {
        if self.ack.compressed > 0 {
            env.counters.add(Counter::TcpExtTCPAckCompressed, self.ack.compressed.into());
            self.ack.compressed = 0;
        }
        self.timers.stop(Timer::CompressedAck);
        if self.ack.quick > 0 && self.ack.scheduled {
            self.ack.quick -= 1;
            if self.ack.quick == 0 {
                self.ack.delay = Some(MIN_DELAY);
            }
        }
        self.ack.now = false;
        self.ack.scheduled = false;
        self.ecn.accurate.edge = false;
        self.ack.pushed = false;
        self.ack.pushed_again = false;
        self.timers.stop(Timer::DelayedAck);
    }

    /// Data leaves: soon after a question it is an answer. Linux: `tcp_event_data_sent`.
    pub(super) fn note_answer(&mut self, now: Instant) {
        let answers = self.ack.delay.is_some_and(|delay| now.since(self.ack.last_data) < delay);
        if answers {
            self.ack.pingpong = (self.ack.pingpong + 1).min(255);
        }
    }

    /// The owner asks for acknowledgements at once, or in company. Linux: `__tcp_sock_set_quickack`.
    pub(super) fn set_quick_ack(&mut self, env: &mut Env<'_>, quick: bool) {
        if !quick {
            self.ack.pingpong = env.sysctl.tcp_pingpong_thresh;
            return;
        }
        self.ack.pingpong = 0;
        if self.ack.scheduled && self.state.is_synchronised() {
            self.ack.pushed = true;
            self.after_read(env, 1);
        }
    }
}
