//! How what is written is cut: into buffers as it is handed in, into bursts as it leaves. The pieces decide which
//! segments say PSH, and how much one write may take. Linux: the packets of `sk_write_queue`, `tcp_sendmsg_locked`,
//! `tcp_tso_autosize`, `tcp_mss_split_point`.

use super::Env;
use super::connection::Connection;
use super::memory::Memory;
use super::options::TcpOptions;
use super::sequence::Sequence;
use alloc::collections::VecDeque;

/// Bytes of the largest burst. Linux: `sk_gso_max_size`, headers taken off.
pub(super) const LARGEST_BURST: u32 = 65_215;
/// A burst lasts a 1024th of a second at the pacing rate, at least. Linux: `sk_pacing_shift`.
const RATE_SHIFT: u32 = 10;
/// On short paths bursts are larger: by half for each of these steps of the least round trip, in powers of two of
/// microseconds. Linux: `tcp_tso_rtt_log`.
const ROUND_TRIP_SHIFT: u32 = 9;
/// Most bytes of window that count as tiny. Linux: `TCP_MSS_DEFAULT`.
const TINY_WINDOW: u32 = 536;

/// A run of written bytes that stay together. Linux: an `sk_buff` that was not sent yet.
#[derive(Clone, Copy, Debug)]
struct Buffer {
    /// The number of its first byte, which may have been sent.
    start: Sequence,
    /// The number behind its last byte.
    end: Sequence,
    /// Its last segment says PSH.
    push: bool,
}

/// Whether a segment says PSH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Push {
    Never,
    /// The first time it is sent: it ends a burst.
    Once,
    /// Whenever it is sent: it ends what was pushed.
    Always,
}

/// What was written and not sent, in its pieces.
#[derive(Debug)]
pub(super) struct WriteBuffers {
    buffers: VecDeque<Buffer>,
    /// What was pushed ends here. Linux: `pushed_seq`.
    pushed: Sequence,
    /// The present burst ends here.
    burst_end: Sequence,
    /// It has more than one segment, so that its last one says PSH. Linux: `tcp_skb_pcount` above 1.
    burst_of_many: bool,
}

impl WriteBuffers {
    /// Nothing is written; the first byte will have the number `start`.
    pub(super) fn new(start: Sequence) -> Self {
        WriteBuffers { buffers: VecDeque::new(), pushed: start, burst_end: start, burst_of_many: false }
    }

    /// What is written by now is pushed. Linux: `tcp_mark_push` of the last packet.
    pub(super) fn push_all(&mut self) {
        if let Some(last) = self.buffers.back_mut() {
            last.push = true;
            self.pushed = last.end;
        }
    }

    /// Bytes that the last buffer holds and that are not sent, `next` being the first such byte.
    fn open_len(&self, next: Sequence) -> u32 {
        self.buffers.back().map_or(0, |last| last.end.saturating_since(last.start.latest(next)))
    }

    /// Bytes that were ever put into the last buffer, sent or not.
    fn filled_len(&self) -> u32 {
        self.buffers.back().map_or(0, |last| last.end.since(last.start))
    }

    fn forget_sent(&mut self, next: Sequence) -> bool {
        let mut pushed = false;
        while let Some(first) = self.buffers.front().filter(|first| !first.end.after(next)) {
            pushed = first.push && first.end == next;
            self.buffers.pop_front();
        }
        pushed
    }
}

impl Connection {
    /// How large a buffer becomes. Linux: `tcp_xmit_size_goal`.
    fn buffer_goal(&self) -> u32 {
        let mss = self.send_mss();
        let window = self.send.max_window;
        let cutoff = if window > TINY_WINDOW { window / 2 } else { window };
        let most = if cutoff == 0 { LARGEST_BURST } else { LARGEST_BURST.min(cutoff) };
        (most / mss).max(1) * mss
    }

    /// How many bytes may be written before the next buffer is due: what is left of the last one, or a new one while
    /// memory and `TCP_NOTSENT_LOWAT` allow it. Linux: `sk_stream_memory_free` and `tcp_wmem_schedule` in
    /// `tcp_sendmsg_locked`.
    pub(super) fn write_room(&self, options: &TcpOptions, memory: &Memory) -> u32 {
        let goal = self.buffer_goal();
        let open = self.send.buffers.open_len(self.send.next);
        let full = self.send.queue.len() >= options.send_buffer as usize;
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
            None => self.send.buffers.buffers.push_back(Buffer { start: end - len, end, push: false }),
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
    fn burst_segments(&self, env: &Env<'_>) -> u32 {
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
