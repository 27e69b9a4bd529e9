//! The segments that were sent and are not acknowledged, with what is believed of each. Linux:
//! `tcp_rtx_queue`, and the `sacked` byte of its packets.

mod order;

use self::order::Order;
use super::rate::TxSnapshot;
use super::sequence::Sequence;
use crate::time::Instant;
use alloc::collections::VecDeque;

/// Whether a segment says PSH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Push {
    Never,
    /// The first time it is sent: it ends a burst.
    Once,
    /// Whenever it is sent: it ends what was pushed.
    Always,
}

/// A segment that was sent and is not acknowledged. Linux: an `sk_buff` of `tcp_rtx_queue`.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// Its first sequence number.
    pub start: Sequence,
    /// The one behind its last, SYN and FIN counted.
    pub end: Sequence,
    /// Whether its first number is the SYN's.
    pub syn: bool,
    /// Whether its last number is the FIN's.
    pub fin: bool,
    /// Whether it says PSH.
    pub push: Push,
    /// The next segment belongs to the same burst: when both are lost they leave as one again. Linux: both are in one
    /// `sk_buff`.
    pub joined: bool,
    /// It ends a record, and is not put together with what follows. Linux: `eor` of `tcp_skb_cb`.
    pub ends_record: bool,
    /// When it was sent last.
    pub at: Instant,
    /// The peer has it, out of order. Linux: `TCPCB_SACKED_ACKED`.
    pub sacked: bool,
    /// It is believed lost. Linux: `TCPCB_LOST`.
    pub lost: bool,
    /// It was sent again, and that is on its way. Linux: `TCPCB_SACKED_RETRANS`.
    pub retransmitted: bool,
    /// It was sent again some time. Linux: `TCPCB_EVER_RETRANS`.
    pub ever_retransmitted: bool,
    /// What the delivery rate is computed from.
    pub tx: TxSnapshot,
    /// If the receiver has it: of how many from here on that is known.
    pub run: u32,
}

impl Sent {
    /// How many bytes of data it carried.
    pub(super) fn data_len(&self) -> u32 {
        self.end.since(self.start) - u32::from(self.syn) - u32::from(self.fin)
    }

    /// The sequence number of its first byte of data.
    pub(super) fn data_start(&self) -> Sequence {
        self.start + u32::from(self.syn)
    }

    /// Whether it was ever sent more than once.
    pub(super) fn was_retransmitted(&self) -> bool {
        self.retransmitted || self.ever_retransmitted
    }

    /// Whether it is to be sent again.
    pub(super) fn awaits_retransmission(&self) -> bool {
        self.lost && !self.retransmitted && !self.sacked
    }
}

/// Sent segments in the order of their numbers, without gaps between them, and what is counted of them.
#[derive(Debug, Default)]
pub(super) struct SentQueue {
    segments: VecDeque<Sent>,
    /// How many were reported by SACK; without SACK, how many duplicate acknowledgements say that a segment
    /// left the network. Linux: `sacked_out`.
    pub sacked: u32,
    /// How many are believed lost. Linux: `lost_out`.
    pub lost: u32,
    /// How many were sent again and are on their way. Linux: `retrans_out`.
    pub retransmitted: u32,
    /// How many bursts they make. Linux: the packets of `tcp_rtx_queue`.
    pub bursts: u32,
    /// In the order in which they were sent last. Entries whose segment is gone or was sent again since are void.
    order: Order,
    /// No segment before this one awaits retransmission. Linux: `retransmit_skb_hint`.
    hint: Sequence,
    /// How often a segment was looked at: what walks cost, for those who test that.
    #[cfg(test)]
    pub looked_at: core::cell::Cell<u64>,
}

impl SentQueue {
    /// How many there are. Linux: `packets_out`.
    pub(super) fn len(&self) -> u32 {
        self.segments.len() as u32
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub(super) fn front(&self) -> Option<&Sent> {
        self.segments.front()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Sent> {
        #[cfg(test)]
        self.looked_at.update(|count| count + 1);
        self.segments.get(index)
    }

    /// All of them.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Sent> {
        self.segments.iter()
    }

    /// The index of the first segment that does not lie wholly before `number`.
    pub(super) fn index_at(&self, number: Sequence) -> usize {
        self.segments.partition_point(|sent| !sent.end.after(number))
    }

    /// Appends a segment that was sent now for the first time.
    pub(super) fn push(&mut self, sent: Sent) {
        if self.segments.is_empty() {
            self.hint = sent.start;
        }
        self.order.push(sent.at, sent.end);
        self.bursts += u32::from(!sent.joined);
        self.segments.push_back(sent);
    }

    /// Takes off the first segment and what is counted of it, but for `sacked` where there is no SACK.
    pub(super) fn pop_front(&mut self) -> Option<Sent> {
        let sent = self.segments.pop_front()?;
        self.bursts -= u32::from(!sent.joined);
        self.retransmitted -= u32::from(sent.retransmitted);
        self.lost -= u32::from(sent.lost);
        self.sacked -= u32::from(sent.sacked).min(self.sacked);
        // What is acknowledged has no place in the order either; without this it would grow as long as nobody walks.
        self.order.forget_until(sent.end);
        Some(sent)
    }

    /// Segments that are neither at the receiver nor on their way. Linux: `tcp_left_out`.
    pub(super) fn left_out(&self) -> u32 {
        self.sacked + self.lost
    }

    /// Segments on their way, as far as known. Linux: `tcp_packets_in_flight`.
    pub(super) fn in_flight(&self) -> u32 {
        (self.len() + self.retransmitted).saturating_sub(self.left_out())
    }

    /// Takes the segment `index` for lost. Answers whether something on its way was given up by that: the
    /// segment, or its retransmission (`Some(true)`). Linux: `tcp_mark_skb_lost`.
    pub(super) fn mark_lost(&mut self, index: usize) -> Option<bool> {
        let sent = self.segments.get_mut(index).filter(|sent| !sent.sacked)?;
        let again = sent.lost && sent.retransmitted;
        if sent.lost && !again {
            return None;
        }
        if again {
            sent.retransmitted = false;
            self.retransmitted -= 1;
        } else {
            sent.lost = true;
            self.lost += 1;
        }
        if sent.start.before(self.hint) {
            self.hint = sent.start;
        }
        Some(again)
    }

    /// The receiver has the segment `index`. A retransmission of one that is not believed lost may still be on its
    /// way. Linux: the middle of `tcp_sacktag_one`.
    pub(super) fn note_sacked(&mut self, index: usize) {
        let Some(sent) = self.segments.get_mut(index).filter(|sent| !sent.sacked) else { return };
        sent.sacked = true;
        self.sacked += 1;
        if sent.lost {
            self.lost -= 1;
            self.retransmitted -= u32::from(sent.retransmitted);
            sent.lost = false;
            sent.retransmitted = false;
        }
    }

    /// The index of the first segment from `index` on that the receiver does not have. Each that was passed remembers how far
    /// that is, so that a receiver who reports the same over and over does not cost a walk each time (CVE-2019-11478).
    pub(super) fn next_not_sacked(&mut self, index: usize) -> usize {
        let mut next = index;
        while let Some(sent) = self.get(next).filter(|sent| sent.sacked) {
            next += sent.run.max(1) as usize;
        }
        let mut passed = index;
        while passed < next
            && let Some(sent) = self.segments.get_mut(passed)
        {
            let step = sent.run.max(1);
            sent.run = (next - passed) as u32;
            passed += step as usize;
        }
        next
    }

    /// The retransmission of the segment `index` arrived too. Linux: the end of `tcp_sacktag_one`.
    pub(super) fn retransmission_arrived(&mut self, index: usize) {
        if let Some(sent) = self.segments.get_mut(index).filter(|sent| sent.retransmitted) {
            sent.retransmitted = false;
            self.retransmitted -= 1;
        }
    }

    /// Takes nothing for lost any more. Linux: the first half of `tcp_undo_cwnd_reduction`.
    pub(super) fn forget_losses(&mut self) {
        self.segments.iter_mut().for_each(|sent| sent.lost = false);
        self.lost = 0;
    }

    /// The receiver threw away what it had reported. Linux: the reneging half of `tcp_timeout_mark_lost`.
    pub(super) fn forget_sacked(&mut self) {
        self.segments.iter_mut().for_each(|sent| (sent.sacked, sent.run) = (false, 0));
        self.sacked = 0;
    }

    /// The first segment that is to be sent again.
    pub(super) fn next_lost(&mut self) -> Option<usize> {
        if self.retransmitted >= self.lost {
            return None;
        }
        let from = self.index_at(self.hint);
        let offset = self.segments.range(from..).position(Sent::awaits_retransmission)?;
        self.hint = self.segments.get(from + offset)?.start;
        Some(from + offset)
    }

    /// Notes that the segment `index` leaves again at `now`. Linux: the end of `__tcp_retransmit_skb`.
    pub(super) fn note_sent_again(&mut self, index: usize, now: Instant, tx: TxSnapshot) -> Option<Sent> {
        let sent = self.segments.get_mut(index)?;
        sent.ever_retransmitted = true;
        sent.at = now;
        sent.tx = tx;
        self.order.push(now, sent.end);
        Some(sent.clone())
    }

    /// Counts the segment `index` as on its way again. Linux: the end of `tcp_retransmit_skb`.
    pub(super) fn note_retransmission(&mut self, index: usize) {
        if let Some(sent) = self.segments.get_mut(index) {
            self.retransmitted += u32::from(!sent.retransmitted);
            sent.retransmitted = true;
        }
    }

    /// Forgets what the segment `index` carries before `una`. Linux: `tcp_trim_head`.
    pub(super) fn trim(&mut self, index: usize, una: Sequence) {
        if let Some(sent) = self.segments.get_mut(index)
            && sent.start.before(una)
            && una.before(sent.end)
            && !sent.syn
        {
            sent.start = una;
        }
    }

    /// Cuts the segment `index` so that it carries at most `len` bytes; what is behind becomes a segment of its
    /// own. Linux: `tcp_fragment`.
    pub(super) fn split(&mut self, index: usize, len: u32) {
        let Some(whole) = self.segments.get_mut(index).filter(|sent| sent.data_len() > len) else { return };
        let mut tail = whole.clone();
        tail.start = whole.data_start() + len;
        tail.syn = false;
        whole.end = tail.start;
        whole.fin = false;
        whole.push = Push::Never;
        whole.joined = true;
        whole.ends_record = false;
        let (at, end) = (whole.at, whole.end);
        self.lost += u32::from(tail.lost);
        self.retransmitted += u32::from(tail.retransmitted);
        self.sacked += u32::from(tail.sacked);
        self.segments.insert(index + 1, tail);
        self.order.insert(at, end);
    }

    /// The burst that begins with the segment `index`, which is to leave again, and has at most `most` segments is
    /// separated from what follows. Answers where it ends and whether it has several segments. Linux: `tcp_fragment` in
    /// `__tcp_retransmit_skb`.
    pub(super) fn cut_burst(&mut self, index: usize, most: u32) -> Option<(Sequence, bool)> {
        let mut last = index;
        while (last - index + 1) < most as usize
            && self.segments.get(last).is_some_and(|sent| sent.joined)
            && self.segments.get(last + 1).is_some_and(Sent::awaits_retransmission)
        {
            last += 1;
        }
        let sent = self.segments.get_mut(last)?;
        self.bursts += u32::from(core::mem::take(&mut sent.joined));
        Some((sent.end, last > index))
    }

    /// Puts what follows the segment `index` into it, while the whole is not longer than `room` bytes and all of it may
    /// still be wanted: fewer, larger segments leave again. Nothing beyond `edge` is added. Answers how many fewer. Linux:
    /// `tcp_retrans_try_collapse`.
    pub(super) fn collapse(&mut self, index: usize, room: u32, edge: Sequence) -> u32 {
        let before = self.len();
        let alone = |sent: &Sent| !sent.joined && !sent.sacked;
        let follows_burst = index.checked_sub(1).and_then(|i| self.get(i)).is_some_and(|sent| sent.joined);
        while let Some(first) = self.get(index).filter(|sent| alone(sent) && !sent.syn && !sent.ends_record)
            && let Some(next) = self.get(index + 1).filter(|sent| alone(sent))
            && !follows_burst
            && first.data_len() < room
            && first.data_len() + next.data_len() <= room
            && !next.end.after(edge)
        {
            self.join(index);
        }
        before - self.len()
    }

    /// Makes one of the segment `index` and the next. Linux: `tcp_collapse_retrans`.
    fn join(&mut self, index: usize) {
        let Some(next) = self.segments.remove(index + 1) else { return };
        self.bursts -= 1;
        self.lost -= u32::from(next.lost);
        self.retransmitted -= u32::from(next.retransmitted);
        if let Some(first) = self.segments.get_mut(index) {
            first.end = next.end;
            first.fin = next.fin;
            first.push = if first.push == Push::Always { Push::Always } else { next.push };
            first.ends_record = next.ends_record;
            first.ever_retransmitted |= next.was_retransmitted();
        }
    }

    /// The segments in the order in which they were sent last, without those that the receiver has and those
    /// that wait to be sent again: `f` is called with the index of each until it answers [`Walk::Stop`]. What it walks over
    /// costs the same each, void or not. Linux: `list_for_each_entry_safe` over `tsorted_sent_queue`.
    pub(super) fn walk_by_time(&mut self, mut f: impl FnMut(&mut Self, usize) -> Walk) {
        let mut order = core::mem::take(&mut self.order);
        let (mut kept, mut seen) = (0, 0);
        while let Some((at, end)) = order.get(seen) {
            let index = self.index_at(end - 1);
            let current = |sent: &&Sent| {
                sent.end == end && sent.at == at && !sent.sacked && (!sent.lost || sent.retransmitted)
            };
            if self.segments.get(index).filter(current).is_some() {
                match f(self, index) {
                    Walk::Stop => break,
                    Walk::Remove => {}
                    Walk::Keep => {
                        order.swap(kept, seen);
                        kept += 1;
                    }
                }
            }
            seen += 1;
        }
        order.remove(kept..seen);
        self.order = order;
    }
}

/// What [`SentQueue::walk_by_time`] does with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walk {
    /// Leaves it and goes on.
    Keep,
    /// Takes it off the list and goes on.
    Remove,
    /// Ends.
    Stop,
}

#[cfg(test)]
mod tests;
