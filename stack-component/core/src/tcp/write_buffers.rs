//! How what is written is cut: into buffers as it is handed in, into bursts as it leaves. The pieces decide which
//! segments say PSH, and how much one write may take. Linux: the packets of `sk_write_queue`, `tcp_sendmsg_locked`,
//! `tcp_tso_autosize`, `tcp_mss_split_point`.

use super::Env;
use super::connection::{Buffer, Connection};
use super::memory::Memory;
use super::options::TcpOptions;
use super::segment_size::within_half_window;
use super::sent_queue::Push;
use super::sequence::Sequence;

/// Bytes of the largest burst. Linux: `sk_gso_max_size`, headers taken off.
pub(super) const LARGEST_BURST: u32 = 65_215;
/// A burst lasts a 1024th of a second at the pacing rate, at least. Linux: `sk_pacing_shift`.
const RATE_SHIFT: u32 = 10;
/// On short paths bursts are larger: by half for each of these steps of the least round trip, in powers of two of
/// microseconds. Linux: `tcp_tso_rtt_log`.
const ROUND_TRIP_SHIFT: u32 = 9;
/// Bytes of memory of a packet beside its data: room for headers, the description of what it shares, and its own. Linux:
/// `SKB_TRUESIZE(MAX_TCP_HEADER)`.
const PACKET_AROUND: usize = 320 + 320 + 256;

impl Connection {
    /// How large a buffer becomes. Linux: `tcp_xmit_size_goal`.
    pub(super) fn buffer_goal(&self) -> u32 {
        let mss = self.send_mss();
        (within_half_window(LARGEST_BURST, 0, self.send.max_window) / mss).max(1) * mss
    }

    /// What is not acknowledged takes of the send buffer: its bytes, and what surrounds those of a packet. Linux:
    /// `sk_wmem_queued`.
    pub(super) fn send_charge(&self) -> usize {
        let packets = self.send.sent.bursts as usize + self.send.buffers.buffers.len();
        self.send.queue.len() + packets * PACKET_AROUND
    }

    /// How many bytes may be written before the next buffer is due: what is left of the last one, or a new one while
    /// memory and `TCP_NOTSENT_LOWAT` allow it. Linux: `sk_stream_memory_free` and `tcp_wmem_schedule` in
    /// `tcp_sendmsg_locked`.
    /// `promised`: there is room, whatever they say.
    pub(super) fn write_room(&self, options: &TcpOptions, memory: &Memory, promised: bool) -> u32 {
        let goal = self.buffer_goal();
        let open = self.send.buffers.open_len(self.send.next);
        if promised {
            return if open < goal { goal - open } else { goal };
        }
        let full = self.send_charge() >= options.send_buffer as usize;
        let room = if open > 0 && open < goal {
            // What was sent of the last buffer makes room in it, but not beyond the limit: who writes without waiting
            // to be told of room would else hold a whole congestion window beyond it.
            goal.saturating_sub(if full { self.send.buffers.filled_len() } else { open })
        } else if full || self.unsent() >= options.not_sent_lowat.unwrap_or(self.send.lowat) {
            0
        } else {
            goal
        };
        memory.grant(room, self.send.queue.len(), self.send.least_buffer)
    }

    /// `len` bytes, not more than [`Connection::write_room`], were appended to the queue; `last`: the write ends with them
    /// and no more follows. Linux: the copying of `tcp_sendmsg_locked`, `tcp_push`.
    pub(super) fn note_written(&mut self, len: u32, last: bool) {
        let open = self.send.buffers.open_len(self.send.next);
        let goal = self.buffer_goal();
        let end = self.send.queue.end();
        match self.send.buffers.buffers.back_mut().filter(|_| open > 0 && open < goal) {
            Some(tail) => tail.end = end,
            None => {
                let start = end - len;
                self.send.buffers.buffers.push_back(Buffer { start, end, push: false, ends_record: false });
            }
        }
        let full = open.saturating_add(len) >= goal;
        let forced = end.since(self.send.buffers.pushed) > self.send.max_window / 2;
        if last || (full && forced) {
            self.send.buffers.push_all();
        }
    }

    /// Whether the new segment from `start` to `end` says PSH: because it ends what was pushed, then also when it is sent
    /// again, or because it ends a burst of several. Linux: `tso_fragment`, the flags of `__tcp_transmit_skb`.
    pub(super) fn says_push(
        &mut self,
        env: &Env<'_>,
        options: &TcpOptions,
        (start, end): (Sequence, Sequence),
        alone: bool,
    ) -> Push {
        if alone {
            self.send.buffers.burst_end = end;
            self.send.buffers.burst_of_many = false;
        } else if !self.send.buffers.burst_end.after(start) {
            self.begin_burst(env, options, start);
        }
        let pushed = self.send.buffers.forget_sent(end);
        let ends_burst = !end.before(self.send.buffers.burst_end);
        match (pushed, ends_burst && self.send.buffers.burst_of_many) {
            (true, _) => Push::Always,
            (false, true) => Push::Once,
            (false, false) => Push::Never,
        }
    }

    /// Linux: `tcp_mss_split_point` with the quota of `tcp_write_xmit`.
    fn begin_burst(&mut self, env: &Env<'_>, options: &TcpOptions, start: Sequence) {
        let mss = self.send_mss();
        let quota =
            (self.window.size / 2).max(1).min(self.window.size.saturating_sub(self.in_flight())).max(1);
        let most = quota.min(self.burst_segments(env)).saturating_mul(mss);
        let window = (self.send.una + self.send.window).saturating_since(start);
        let buffer_end =
            self.send.buffers.buffers.iter().map(|buffer| buffer.end).find(|end| end.after(start));
        let available = buffer_end.unwrap_or(self.send.queue.end()).saturating_since(start).min(window);
        let mut len = most.min(available);
        if len == available && len > mss && len % mss != 0 && self.is_held(options) {
            len -= len % mss;
        }
        self.send.buffers.burst_end = start + len.max(1);
        self.send.buffers.burst_of_many = len > mss;
    }

    /// Most segments of a burst. Linux: `tcp_tso_autosize`.
    pub(super) fn burst_segments(&self, env: &Env<'_>) -> u32 {
        let least = self.control.min_burst(&self.window).unwrap_or(env.sysctl.tcp_min_tso_segs);
        let mut bytes = self.window.pacing_rate >> RATE_SHIFT;
        let steps = self.rtt.least().map_or(u128::MAX, |least| least.as_micros() >> ROUND_TRIP_SHIFT);
        if let Ok(steps) = u32::try_from(steps)
            && steps < u32::BITS
        {
            bytes = bytes.saturating_add(u64::from(LARGEST_BURST >> steps));
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(LARGEST_BURST);
        (bytes / self.send_mss()).max(least).max(1)
    }
}
