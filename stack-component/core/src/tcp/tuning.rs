//! How large the receive buffer is and how much of it is offered: both grow with what arrives and what is read
//! (dynamic right-sizing). Linux: `tcp_rcv_space_adjust`, `tcp_grow_window`, `tcp_measure_rcv_mss`.

use super::Env;
use super::connection::Connection;
use super::first_window::clamp;
use super::memory::Shortage;
use super::options::TcpOptions;
use super::segment::Segment;
use super::sequence::Sequence;
use crate::counters::Counter;
use crate::time::{Duration, Instant};

/// The window that a connection begins with is measured against this many segments. Linux: `TCP_INIT_CWND`.
const INITIAL_SEGMENTS: u32 = 10;
/// The least a peer's segments are believed to be. Linux: `TCP_MIN_MSS`.
const MIN_SEGMENT: u32 = 88;
/// Header bytes that make a short segment worth measuring: one of the default size with its header.
const TCP_HEADER: u32 = 20;

impl Connection {
    /// The handshake is complete: buffer and window begin. Linux: `tcp_init_buffer_space`,
    /// `tcp_initialize_rcv_mss`.
    pub(super) fn begin_tuning(&mut self, options: &TcpOptions, now: Instant) {
        let mss = self.advertised_mss();
        let window = self.receive_window();
        let sayable = u32::from(u16::MAX) << self.receive.scale;
        let clamp = clamp(options, &self.path.metrics);
        let tuning = &mut self.receive.tuning;
        tuning.buffer = options.receive_buffer;
        tuning.locked = options.receive_buffer_locked;
        let full = tuning.window_of(tuning.buffer);
        tuning.clamp = clamp.min(sayable).min(full);
        // One segment is held in reserve.
        if tuning.clamp > 2 * mss && tuning.clamp + mss > full {
            tuning.clamp = (2 * mss).max(full.saturating_sub(mss));
        }
        tuning.threshold = window.min(tuning.clamp);
        tuning.space = tuning.threshold.min(window).min(INITIAL_SEGMENTS * mss);
        (tuning.counted_from, tuning.counted_at) = (self.receive.next, now);
        let hint = mss.min(self.send_mss()).min(window / 2);
        self.receive.mss = hint.clamp(MIN_SEGMENT, super::segment_size::DEFAULT_MSS);
    }

    /// The owner chose another size. What was offered stays so. Linux: `sock_set_rcvbuf`, `TCP_WINDOW_CLAMP`.
    pub(super) fn resize(&mut self, options: &TcpOptions) {
        let sayable = u32::from(u16::MAX) << self.receive.scale;
        let tuning = &mut self.receive.tuning;
        if options.receive_buffer_locked {
            (tuning.buffer, tuning.locked) = (options.receive_buffer, true);
        }
        if let Some(clamp) = options.window_clamp {
            tuning.clamp = clamp.min(sayable);
            tuning.threshold = tuning.threshold.min(tuning.clamp);
        }
    }

    /// The number of the first byte that was not read. Linux: `copied_seq`.
    pub(super) fn copied(&self) -> Sequence {
        self.receive.next - self.receive.queue.len() as u32 - u32::from(self.receive.finished)
    }

    /// The owner has read: if a round trip brought more than the one before, the buffer grows. Linux:
    /// `tcp_rcv_space_adjust`.
    pub(super) fn adjust_space(&mut self, env: &Env<'_>) {
        let copied_to = self.copied();
        let tuning = &self.receive.tuning;
        let Some(round_trip) = tuning.round_trip else { return };
        if env.now.since(tuning.counted_at) < round_trip {
            return;
        }
        let copied = copied_to.saturating_since(tuning.counted_from);
        if copied > tuning.space {
            self.grow_buffer(env, copied);
        }
        let tuning = &mut self.receive.tuning;
        (tuning.counted_from, tuning.counted_at) = (copied_to, env.now);
    }

    /// The buffer holds twice what a round trip brings, more while that still grows, and what waits out of order
    /// beside. Linux: `tcp_rcvbuf_grow`.
    pub(super) fn grow_buffer(&mut self, env: &Env<'_>, space: u32) {
        let waiting =
            self.receive.queue.out_of_order_end().map_or(0, |end| end.saturating_since(self.receive.next));
        let tuning = &mut self.receive.tuning;
        let before = core::mem::replace(&mut tuning.space, space);
        if !env.sysctl.tcp_moderate_rcvbuf || tuning.locked || tuning.shortage != Shortage::None {
            return;
        }
        let window = u64::from(space) * 2;
        let growth = window * u64::from(space.saturating_sub(before)) / u64::from(before.max(1));
        let wanted = tuning.memory_of(window + growth * 2 + u64::from(waiting));
        let wanted = wanted.min(env.sysctl.tcp_rmem[2].into()) as u32;
        if wanted > tuning.buffer {
            tuning.buffer = wanted;
            tuning.clamp = tuning.window_of(wanted);
        }
    }

    /// Learns the peer's segment size and the part of a segment's memory that is data. Linux:
    /// `tcp_measure_rcv_mss`.
    pub(super) fn measure_segment(&mut self, len: u32, charge: u32, pushed: bool, options_len: u32) {
        let last_size = core::mem::take(&mut self.receive.tuning.last_size);
        if len >= self.receive.mss {
            if len != self.receive.mss {
                self.measure_ratio(len, charge);
            }
            self.receive.mss = len.min(self.advertised_mss());
            self.ack.pushed |= pushed;
            return;
        }
        // A short segment says something of the path only if it is long enough, or was not pushed.
        let with_header = len + TCP_HEADER + options_len;
        let telling = with_header >= super::segment_size::DEFAULT_MSS + TCP_HEADER
            || (with_header >= MIN_SEGMENT + TCP_HEADER && !pushed);
        if telling {
            self.receive.tuning.last_size = len;
            if len == last_size {
                self.receive.mss = len;
                return;
            }
        }
        self.ack.pushed_again |= self.ack.pushed;
        self.ack.pushed = true;
    }

    fn measure_ratio(&mut self, len: u32, charge: u32) {
        let tuning = &mut self.receive.tuning;
        let ratio = ((u64::from(len) << 8) / u64::from(charge.max(1))).clamp(1, 255) as u32;
        if ratio != tuning.ratio {
            tuning.ratio = ratio;
            tuning.clamp = tuning.window_of(tuning.buffer);
            tuning.space = tuning.space.min(tuning.clamp);
        }
    }

    /// A segment of `len` bytes that takes `charge` bytes of memory arrived: if the buffer has room for more such,
    /// more may be offered. Linux: `tcp_grow_window`.
    pub(super) fn grow_window(&mut self, env: &Env<'_>, len: u32, charge: u32) {
        let free = self.free_window();
        let advertised = self.advertised_mss();
        let tuning = &mut self.receive.tuning;
        if tuning.shortage != Shortage::None {
            tuning.threshold = tuning.threshold.min(4 * advertised);
            return;
        }
        let room = tuning.clamp.min(free).saturating_sub(tuning.threshold);
        if room == 0 {
            return;
        }
        let dense = tuning.window_of(charge) <= len;
        let largest = tuning.window_of(env.sysctl.tcp_rmem[2]);
        let more = if dense { 2 * advertised } else { self.sparse_growth(len, charge, largest) };
        if more > 0 {
            self.receive.tuning.threshold += room.min(more.max(2 * len));
            self.ack.quick |= 1;
        }
    }

    /// Segments with more memory around their data let the window grow only while it is small. Linux:
    /// `__tcp_grow_window`.
    fn sparse_growth(&self, len: u32, charge: u32, largest: u32) -> u32 {
        let (mut memory, mut window) = (self.receive.tuning.window_of(charge) / 2, largest / 2);
        while window > 0 && self.receive.tuning.threshold <= window {
            if memory <= len {
                return 2 * self.receive.mss;
            }
            memory /= 2;
            window /= 2;
        }
        0
    }

    /// The time a full window takes to arrive is no less than a round trip. Linux: `tcp_rcv_rtt_measure`.
    pub(super) fn measure_by_window(&mut self, now: Instant) {
        let until = match self.receive.tuning.measured_until {
            Some((until, _)) if self.receive.next.before(until) => return,
            Some((_, since)) => Some(now.since(since)),
            None => None,
        };
        if let Some(sample) = until {
            let tuning = &mut self.receive.tuning;
            let sample = sample.max(Duration::from_micros(1));
            tuning.round_trip = Some(tuning.round_trip.map_or(sample, |known| known.min(sample)));
        }
        let window = self.receive.edge.saturating_since(self.receive.acked);
        self.receive.tuning.measured_until = Some((self.receive.next + window, now));
    }

    /// A full segment that echoes a new timestamp of ours tells the round trip. Linux: `tcp_rcv_rtt_measure_ts`.
    pub(super) fn measure_by_timestamp(&mut self, now: Instant, segment: &Segment) {
        let Some(timestamps) = segment.options.timestamps.filter(|_| self.timestamps.is_some()) else {
            return;
        };
        if timestamps.echo == self.receive.tuning.last_echo {
            return;
        }
        self.receive.tuning.last_echo = timestamps.echo;
        let age = self.timestamp(now).wrapping_sub(timestamps.echo);
        if segment.payload.len() < self.receive.mss as usize || age >= 1 << 20 {
            return;
        }
        let sample = Duration::from_millis(age.max(1).into());
        let tuning = &mut self.receive.tuning;
        tuning.round_trip = Some(match tuning.round_trip {
            Some(known) => known * 7 / 8 + sample / 8,
            None => sample,
        });
    }

    /// More is held than the buffer allows: it grows to that if it may, else little is offered. Linux:
    /// `tcp_clamp_window`.
    pub(super) fn clamp_window(&mut self, env: &Env<'_>) {
        self.ack.quick = 0;
        let charged = u32::try_from(self.receive.queue.charged()).unwrap_or(u32::MAX);
        let advertised = self.advertised_mss();
        let tuning = &mut self.receive.tuning;
        if tuning.buffer < env.sysctl.tcp_rmem[2] && !tuning.locked && tuning.shortage == Shortage::None {
            tuning.buffer = tuning.buffer.max(charged.min(env.sysctl.tcp_rmem[2]));
        }
        if charged > tuning.buffer {
            tuning.threshold = tuning.clamp.min(2 * advertised);
        }
    }

    /// Makes room for a segment that begins at `number`; answers whether there is some. Linux:
    /// `tcp_try_rmem_schedule`, `tcp_prune_queue`.
    pub(super) fn make_room(&mut self, env: &mut Env<'_>, number: Sequence) -> bool {
        if self.has_room(env) {
            return true;
        }
        if self.receive.queue.charged() == 0 {
            return false;
        }
        env.counters.increment(Counter::TcpExtPruneCalled);
        if self.receive.queue.charged() >= self.receive.tuning.buffer as usize {
            self.clamp_window(env);
        } else {
            let least = 4 * self.advertised_mss();
            self.receive.tuning.threshold = self.receive.tuning.threshold.min(least);
        }
        if self.has_room(env) {
            return true;
        }
        let most_crumbs = self.receive.tuning.buffer as usize / 8;
        let collapsed = self.receive.queue.collapse(most_crumbs);
        env.counters.add(Counter::TcpExtTCPRcvCollapsed, collapsed as u64);
        if self.has_room(env) {
            return true;
        }
        self.prune_out_of_order(env, number);
        if self.has_room(env) {
            return true;
        }
        env.counters.increment(Counter::TcpExtRcvPruned);
        false
    }

    fn has_room(&self, env: &Env<'_>) -> bool {
        let tuning = &self.receive.tuning;
        let charged = self.receive.queue.charged();
        // Every socket may hold a little, however short memory is.
        let granted = tuning.shortage != Shortage::Exhausted || charged < env.sysctl.tcp_rmem[0] as usize;
        charged <= tuning.buffer as usize && granted
    }

    /// What waits furthest from being read goes first, an eighth of the buffer at a time. The peer was told that
    /// it is here, and is told no more (RFC 2018 section 8). Linux: `tcp_prune_ofo_queue`.
    fn prune_out_of_order(&mut self, env: &mut Env<'_>, number: Sequence) {
        let (mut pruned, mut freed) = (false, 0);
        let step = self.receive.tuning.buffer as usize / 8;
        while let Some(charge) = self.receive.queue.drop_last(number) {
            pruned = true;
            freed += charge;
            if freed >= step {
                if self.has_room(env) {
                    break;
                }
                freed = 0;
            }
        }
        if pruned {
            env.counters.increment(Counter::TcpExtOfoPruned);
            self.receive.sack.reset();
        }
    }
}
