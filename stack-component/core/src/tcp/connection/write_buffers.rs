//! What was written and not sent, in its pieces. How they come about and what they are for is in
//! [`write_buffers`](super::super::write_buffers).

use super::super::sequence::Sequence;
use alloc::collections::VecDeque;

/// A run of written bytes that stay together. Linux: an `sk_buff` that was not sent yet.
#[derive(Clone, Copy, Debug)]
pub(in crate::tcp) struct Buffer {
    /// The number of its first byte, which may have been sent.
    pub start: Sequence,
    /// The number behind its last byte.
    pub end: Sequence,
    /// Its last segment says PSH.
    pub push: bool,
    /// It ends a record: nothing is put behind it, and no segment reaches beyond it. Linux: `eor` of `tcp_skb_cb`.
    pub ends_record: bool,
}

/// What was written and not sent, in its pieces.
#[derive(Debug)]
pub(in crate::tcp) struct WriteBuffers {
    pub buffers: VecDeque<Buffer>,
    /// What was pushed ends here. Linux: `pushed_seq`.
    pub pushed: Sequence,
    /// The present burst ends here.
    pub burst_end: Sequence,
    /// It has more than one segment, so that its last one says PSH. Linux: `tcp_skb_pcount` above 1.
    pub burst_of_many: bool,
}

impl WriteBuffers {
    /// Nothing is written; the first byte will have the number `start`.
    pub(in crate::tcp) fn new(start: Sequence) -> Self {
        WriteBuffers { buffers: VecDeque::new(), pushed: start, burst_end: start, burst_of_many: false }
    }

    /// What is written by now is pushed. Linux: `tcp_mark_push` of the last packet.
    pub(in crate::tcp) fn push_all(&mut self) {
        if let Some(last) = self.buffers.back_mut() {
            last.push = true;
            self.pushed = last.end;
        }
    }

    /// What is unsent is pushed as far as its first buffer goes. Linux: `tcp_write_wakeup`.
    pub(in crate::tcp) fn push_first(&mut self) {
        if let Some(first) = self.buffers.front_mut() {
            first.push = true;
            self.pushed = self.pushed.latest(first.end);
        }
    }

    /// Bytes that the last buffer holds and that are not sent, `next` being the first such byte; 0: nothing can be put
    /// behind them. Linux: `tcp_skb_can_collapse_to` of the last packet.
    pub(in crate::tcp) fn open_len(&self, next: Sequence) -> u32 {
        let last = self.buffers.back().filter(|last| !last.ends_record);
        last.map_or(0, |last| last.end.saturating_since(last.start.latest(next)))
    }

    /// What is written by now ends a record. Linux: `MSG_EOR`.
    pub(in crate::tcp) fn end_record(&mut self) {
        if let Some(last) = self.buffers.back_mut() {
            last.ends_record = true;
        }
    }

    /// Where the record ends whose byte `next` is, if its end was written.
    pub(in crate::tcp) fn record_end(&self, next: Sequence) -> Option<Sequence> {
        let mut ends = self.buffers.iter().filter(|buffer| buffer.ends_record).map(|buffer| buffer.end);
        ends.find(|end| end.after(next))
    }

    /// Whether the present burst has more behind `end`.
    pub(in crate::tcp) fn burst_goes_beyond(&self, end: Sequence) -> bool {
        self.burst_end.after(end)
    }

    /// Bytes that were ever put into the last buffer, sent or not.
    pub(in crate::tcp) fn filled_len(&self) -> u32 {
        self.buffers.back().map_or(0, |last| last.end.since(last.start))
    }

    /// What ends at or before `next` was sent; whether its last byte was pushed.
    pub(in crate::tcp) fn forget_sent(&mut self, next: Sequence) -> bool {
        let mut pushed = false;
        while let Some(first) = self.buffers.front().filter(|first| !first.end.after(next)) {
            pushed = first.push && first.end == next;
            self.buffers.pop_front();
        }
        pushed
    }
}
