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

/// Data that arrived before what precedes it.
#[derive(Debug)]
struct OutOfOrder {
    start: Sequence,
    data: Packet,
}

impl OutOfOrder {
    fn end(&self) -> Sequence {
        self.start + self.data.len() as u32
    }
}

/// What has arrived and is not read.
#[derive(Debug, Default)]
pub(super) struct ReceiveQueue {
    in_order: VecDeque<Packet>,
    bytes: usize,
    /// Sorted, without overlap: of bytes that arrive twice the first ones count.
    out_of_order: VecDeque<OutOfOrder>,
    out_of_order_memory: usize,
}

impl ReceiveQueue {
    /// How many bytes can be read.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    /// What the data that waits for something missing takes, in bytes.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn out_of_order_memory(&self) -> usize {
        self.out_of_order_memory
    }

    /// Whether data waits for what is missing before it.
    pub(super) fn has_gap(&self) -> bool {
        !self.out_of_order.is_empty()
    }

    /// Appends data that is next in order.
    pub(super) fn push(&mut self, data: Packet) {
        if data.is_empty() {
            return;
        }
        self.bytes += data.len();
        match self.in_order.back_mut() {
            Some(last) if data.len() < COALESCE_BELOW && last.len() + data.len() <= COALESCE_UP_TO => {
                last.append(data.data());
            }
            _ => self.in_order.push_back(data),
        }
    }

    /// Keeps data that begins at `start`, beyond what is next in order; parts that are here already are left
    /// out. Answers `false` if a part was not kept because more than `limit` bytes of memory would be held.
    /// Linux: `tcp_data_queue_ofo`.
    pub(super) fn insert(&mut self, start: Sequence, mut data: Packet, limit: usize) -> bool {
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
                match self.keep(index, at, piece, limit) {
                    Some(inserted) => index += inserted,
                    None => return false,
                }
            }
            index += 1;
            at = covered_to;
        }
        true
    }

    /// Puts data before the run `index`, as a run of its own (answers 1) or, where it is small and the two
    /// touch, behind the run before (answers 0). None if that would pass `limit`.
    fn keep(&mut self, index: usize, start: Sequence, data: Packet, limit: usize) -> Option<usize> {
        if self.out_of_order_memory + data.memory() > limit {
            return None;
        }
        if data.len() < COALESCE_BELOW
            && let Some(before) = index.checked_sub(1).and_then(|i| self.out_of_order.get_mut(i))
            && before.end() == start
            && before.data.len() + data.len() <= COALESCE_UP_TO
        {
            let memory = before.data.memory();
            before.data.append(data.data());
            self.out_of_order_memory += before.data.memory().saturating_sub(memory);
            return Some(0);
        }
        self.out_of_order_memory += data.memory();
        self.out_of_order.insert(index, OutOfOrder { start, data });
        Some(1)
    }

    /// Moves what is no longer out of order, now that everything before `next` is here, to the data that can
    /// be read. Answers the new next number. Linux: `tcp_ofo_queue`.
    pub(super) fn advance(&mut self, mut next: Sequence) -> Sequence {
        while let Some(first) = self.out_of_order.front()
            && !first.start.after(next)
        {
            let Some(OutOfOrder { start, mut data }) = self.out_of_order.pop_front() else { break };
            self.out_of_order_memory -= data.memory().min(self.out_of_order_memory);
            data.pull(next.saturating_since(start) as usize);
            next += data.len() as u32;
            self.push(data);
        }
        next
    }

    /// Takes at most `max` bytes out, in order.
    pub(super) fn read(&mut self, max: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(max.min(self.bytes));
        while let Some(first) = self.in_order.front_mut()
            && out.len() < max
        {
            let count = first.len().min(max - out.len());
            out.extend_from_slice(first.data().get(..count).unwrap_or_default());
            first.pull(count);
            if first.is_empty() {
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
        for packet in &self.in_order {
            let left = max - out.len();
            if left == 0 {
                break;
            }
            out.extend(packet.data().iter().take(left));
        }
        out
    }

    /// Throws everything away. Answers how many bytes could have been read.
    pub(super) fn clear(&mut self) -> usize {
        core::mem::take(self).bytes
    }

    /// Throws away what waits for something missing. Linux: `tcp_prune_ofo_queue`.
    pub(super) fn forget_out_of_order(&mut self) {
        self.out_of_order = VecDeque::new();
        self.out_of_order_memory = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};
    use std::vec;

    /// Feeds pieces of a known stream in any order, overlapping, and reads it back.
    #[test]
    fn any_order_and_overlap_gives_the_stream_back() {
        for seed in 0..200 {
            let mut random = SeededRandom::new(seed);
            let stream: Vec<u8> = (0..4000).map(|_| random.next_u32() as u8).collect();
            let first = Sequence(u32::MAX - 1500);
            let (mut queue, mut next, mut read) = (ReceiveQueue::default(), first, vec![]);
            for _ in 0..20_000 {
                if read.len() == stream.len() {
                    break;
                }
                let at_next = random.below(4) == 0;
                let from = if at_next { next.since(first) as usize } else { random.below(4000) as usize };
                if from == 4000 {
                    continue;
                }
                let to = (from + random.below(700) as usize + 1).min(4000);
                let start = first + from as u32;
                let mut piece = Packet::from_payload(&stream[from..to]);
                if start.after(next) {
                    assert!(queue.insert(start, piece, usize::MAX));
                } else {
                    piece.pull(next.since(start) as usize);
                    next += piece.len() as u32;
                    queue.push(piece);
                    next = queue.advance(next);
                }
                read.extend(queue.read(random.below(900) as usize));
            }
            assert!(read == stream, "seed {seed}");
            assert!(!queue.has_gap());
            assert_eq!(queue.out_of_order_memory, 0);
        }
    }

    #[test]
    fn the_first_of_two_versions_counts() {
        let mut queue = ReceiveQueue::default();
        let at = |offset: u32| Sequence(100 + offset);
        assert!(queue.insert(at(2), Packet::from_payload(b"cc"), usize::MAX));
        assert!(queue.insert(at(1), Packet::from_payload(b"XXXX"), usize::MAX));
        assert!(queue.insert(at(1), Packet::from_payload(b"YYYYYY"), usize::MAX));
        queue.push(Packet::from_payload(b"a"));
        assert_eq!(queue.advance(at(1)), at(7));
        assert_eq!(queue.read(100), b"aXccXYY");
    }

    #[test]
    fn memory_stays_within_the_limit() {
        let mut queue = ReceiveQueue::default();
        let mut refused = 0;
        for i in 0..10_000u32 {
            refused += u32::from(!queue.insert(Sequence(2 * i), Packet::from_payload(b"x"), 100_000));
        }
        assert!(queue.out_of_order_memory <= 100_000 && refused > 9_000);
        queue.forget_out_of_order();
        assert!(!queue.has_gap());
    }

    #[test]
    fn tiny_segments_share_a_packet() {
        let mut queue = ReceiveQueue::default();
        (0..1000).for_each(|_| queue.push(Packet::from_payload(b"x")));
        assert_eq!(queue.in_order.len(), 1);
        assert_eq!(queue.read(usize::MAX).len(), 1000);
    }
}
