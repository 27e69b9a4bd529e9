//! What has arrived: data in order that waits to be read, and data that waits for what is missing before
//! it. Linux: `sk_receive_queue`, `out_of_order_queue`.

use super::sequence::Sequence;
use crate::packet::Packet;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Data shorter than this is appended to the packet before it instead of keeping a packet of its own, so that
/// a stream of tiny segments cannot hold many times its size in memory. Linux: `tcp_try_coalesce`.
const COALESCE_BELOW: usize = 512;
/// A packet does not grow beyond this by appending.
const COALESCE_UP_TO: usize = 16 * 1024;

/// What a segment of `len` bytes takes of the receive buffer: its memory as the model would allocate it, so that
/// buffers of the same size hold as much. Linux: `skb->truesize`.
pub(super) fn charge_of(len: usize) -> usize {
    /// The description of a packet, and what lies around its bytes.
    const DESCRIPTION: usize = 256;
    const AROUND: usize = 40 + 64 + 320;
    const PAGE: usize = 4096;
    let bytes = len + AROUND;
    DESCRIPTION + if bytes <= PAGE { bytes.next_power_of_two() } else { bytes.next_multiple_of(PAGE) }
}

/// A packet with what it takes of the buffer.
#[derive(Debug, Default)]
struct Kept {
    data: Packet,
    charge: usize,
}

/// Data that arrived before what precedes it.
#[derive(Debug)]
struct OutOfOrder {
    start: Sequence,
    kept: Kept,
}

impl OutOfOrder {
    fn end(&self) -> Sequence {
        self.start + self.kept.data.len() as u32
    }
}

/// What has arrived and is not read.
#[derive(Debug, Default)]
pub(super) struct ReceiveQueue {
    in_order: VecDeque<Kept>,
    bytes: usize,
    /// Sorted, without overlap: of bytes that arrive twice the first ones count.
    out_of_order: VecDeque<OutOfOrder>,
    charged: usize,
    /// How many packets [`ReceiveQueue::collapse`] went over, for those who test what it costs.
    #[cfg(test)]
    pub collapse_steps: usize,
}

impl ReceiveQueue {
    /// How many bytes can be read.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    /// What everything here takes of the buffer. Linux: `sk_rmem_alloc`.
    pub(super) fn charged(&self) -> usize {
        self.charged
    }

    /// Whether data waits for what is missing before it.
    pub(super) fn has_gap(&self) -> bool {
        !self.out_of_order.is_empty()
    }

    /// The number behind the last data that waits for something missing.
    pub(super) fn out_of_order_end(&self) -> Option<Sequence> {
        self.out_of_order.back().map(OutOfOrder::end)
    }

    /// Appends data that is next in order. Answers whether it shares a packet.
    pub(super) fn push(&mut self, data: Packet) -> bool {
        let charge = charge_of(data.len());
        self.append(Kept { data, charge })
    }

    fn append(&mut self, kept: Kept) -> bool {
        let Kept { data, charge } = kept;
        if data.is_empty() {
            return false;
        }
        self.bytes += data.len();
        match self.in_order.back_mut() {
            Some(last) if data.len() < COALESCE_BELOW && last.data.len() + data.len() <= COALESCE_UP_TO => {
                last.data.append(data.data());
                last.charge += data.len();
                self.charged += data.len();
                true
            }
            _ => {
                self.charged += charge;
                self.in_order.push_back(Kept { data, charge });
                false
            }
        }
    }

    /// Tells `found` each part of `start..end` that waits here already, parts that touch as one.
    pub(super) fn overlaps(&self, start: Sequence, end: Sequence, mut found: impl FnMut(Sequence, Sequence)) {
        let first = self.out_of_order.partition_point(|run| !run.end().after(start));
        let mut island: Option<(Sequence, Sequence)> = None;
        for run in self.out_of_order.iter().skip(first).take_while(|run| run.start.before(end)) {
            let part_end = if run.end().after(end) { end } else { run.end() };
            island = match island {
                Some((from, to)) if to == run.start => Some((from, part_end)),
                before => {
                    if let Some((from, to)) = before {
                        found(from, to);
                    }
                    Some((run.start.latest(start), part_end))
                }
            };
        }
        if let Some((from, to)) = island {
            found(from, to);
        }
    }

    /// Keeps data that begins at `start`, beyond what is next in order; parts that are here already are left
    /// out. Linux: `tcp_data_queue_ofo`.
    pub(super) fn insert(&mut self, start: Sequence, mut data: Packet) {
        let end = start + data.len() as u32;
        let mut index = self.out_of_order.partition_point(|run| !run.end().after(start));
        let mut at = start;
        while at.before(end) {
            let run = self.out_of_order.get(index).filter(|run| run.start.before(end));
            let (gap_end, covered_to) = run.map_or((end, end), |run| (run.start, run.end()));
            if at.before(gap_end) {
                let piece = if at == start && gap_end == end {
                    core::mem::take(&mut data)
                } else {
                    let range = at.since(start) as usize..gap_end.since(start) as usize;
                    Packet::from_payload(data.data().get(range).unwrap_or_default())
                };
                index += self.keep(index, at, piece);
            }
            index += 1;
            at = covered_to;
        }
    }

    /// Puts data before the run `index`, as a run of its own (answers 1) or, where it is small and the two
    /// touch, behind the run before (answers 0).
    fn keep(&mut self, index: usize, start: Sequence, data: Packet) -> usize {
        if data.len() < COALESCE_BELOW
            && let Some(before) = index.checked_sub(1).and_then(|i| self.out_of_order.get_mut(i))
            && before.end() == start
            && before.kept.data.len() + data.len() <= COALESCE_UP_TO
        {
            before.kept.data.append(data.data());
            before.kept.charge += data.len();
            self.charged += data.len();
            return 0;
        }
        let charge = charge_of(data.len());
        self.charged += charge;
        self.out_of_order.insert(index, OutOfOrder { start, kept: Kept { data, charge } });
        1
    }

    /// Moves what is no longer out of order, now that everything before `next` is here, to the data that can
    /// be read; tells `twice` what of it came in order too. Answers the new next number. Linux: `tcp_ofo_queue`.
    pub(super) fn advance(&mut self, next: Sequence, mut twice: impl FnMut(Sequence, Sequence)) -> Sequence {
        let (seen, mut next) = (next, next);
        while let Some(first) = self.out_of_order.front()
            && !first.start.after(next)
        {
            let Some(run) = self.out_of_order.pop_front() else { break };
            if run.start.before(seen) {
                twice(run.start, if run.end().before(seen) { run.end() } else { seen });
            }
            let OutOfOrder { start, mut kept } = run;
            self.charged -= kept.charge.min(self.charged);
            kept.data.pull(next.saturating_since(start) as usize);
            next += kept.data.len() as u32;
            self.append(kept);
        }
        next
    }

    /// Takes at most `max` bytes out, in order.
    pub(super) fn read(&mut self, max: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(max.min(self.bytes));
        while let Some(first) = self.in_order.front_mut()
            && out.len() < max
        {
            let count = first.data.len().min(max - out.len());
            out.extend_from_slice(first.data.data().get(..count).unwrap_or_default());
            first.data.pull(count);
            if first.data.is_empty() {
                self.charged -= first.charge.min(self.charged);
                self.in_order.pop_front();
            }
        }
        self.bytes -= out.len();
        if self.in_order.is_empty() {
            self.in_order.shrink_to(4);
        }
        out
    }

    /// A copy of at most `max` bytes, in order; they stay.
    pub(super) fn peek(&self, max: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(max.min(self.bytes));
        for kept in &self.in_order {
            let left = max - out.len();
            if left == 0 {
                break;
            }
            out.extend(kept.data.data().iter().take(left));
        }
        out
    }

    /// Throws everything away. Answers how many bytes could have been read.
    pub(super) fn clear(&mut self) -> usize {
        core::mem::take(self).bytes
    }

    /// Throws away what waits for something missing.
    pub(super) fn forget_out_of_order(&mut self) {
        let freed: usize = self.out_of_order.iter().map(|run| run.kept.charge).sum();
        self.charged -= freed.min(self.charged);
        self.out_of_order = VecDeque::new();
    }

    /// Throws the last run away that waits for something missing, if it begins behind `number`. Answers what
    /// it took.
    pub(super) fn drop_last(&mut self, number: Sequence) -> Option<usize> {
        let run = self.out_of_order.pop_back_if(|run| !number.after(run.start))?;
        self.charged -= run.kept.charge.min(self.charged);
        Some(run.kept.charge)
    }

    /// Moves data together, so that it takes less. Of what waits for something missing no more is looked at once crumbs that
    /// cannot be moved together take `most_crumbs` bytes: somebody sends every other byte, and each of his segments would
    /// cost a walk (CVE-2018-5390). Answers how many packets that saved. Linux: `tcp_collapse`,
    /// `tcp_collapse_ofo_queue`.
    pub(super) fn collapse(&mut self, most_crumbs: usize) -> usize {
        let before = self.in_order.len() + self.out_of_order.len();
        let mut in_order: VecDeque<Kept> = VecDeque::with_capacity(self.in_order.len());
        for kept in core::mem::take(&mut self.in_order) {
            match in_order.back_mut() {
                Some(last) if fits(last, &kept) => self.charged -= join(last, &kept).min(self.charged),
                _ => in_order.push_back(kept),
            }
        }
        self.in_order = in_order;
        self.collapse_out_of_order(most_crumbs);
        before - self.in_order.len() - self.out_of_order.len()
    }

    fn collapse_out_of_order(&mut self, most_crumbs: usize) {
        let (mut kept, mut seen, mut crumbs) = (0_usize, 0, 0);
        while crumbs <= most_crumbs
            && let Some(run) = self.out_of_order.get_mut(seen)
        {
            let run = core::mem::replace(run, OutOfOrder { start: run.start, kept: Kept::default() });
            match kept.checked_sub(1).and_then(|last| self.out_of_order.get_mut(last)) {
                Some(last) if last.end() == run.start && fits(&last.kept, &run.kept) => {
                    self.charged -= join(&mut last.kept, &run.kept).min(self.charged);
                }
                _ => {
                    crumbs += if run.kept.data.len() < COALESCE_BELOW { run.kept.charge } else { 0 };
                    if let Some(place) = self.out_of_order.get_mut(kept) {
                        *place = run;
                    }
                    kept += 1;
                }
            }
            seen += 1;
        }
        #[cfg(test)]
        {
            self.collapse_steps += seen;
        }
        self.out_of_order.drain(kept..seen);
    }
}

fn fits(last: &Kept, next: &Kept) -> bool {
    last.data.len() + next.data.len() <= COALESCE_UP_TO
}

/// Appends `next` to `last`. Answers how much less both take.
fn join(last: &mut Kept, next: &Kept) -> usize {
    let before = last.charge + next.charge;
    last.data.append(next.data.data());
    last.charge = charge_of(last.data.len()).min(before);
    before - last.charge
}

#[cfg(test)]
mod tests;
