//! The bytes that are to be sent, or sent and not acknowledged. Linux: `sk_write_queue`.

use super::sequence::Sequence;
use crate::packet::Packet;
use alloc::collections::VecDeque;

/// Memory an empty queue may keep.
const KEPT_CAPACITY: usize = 16 * 1024;

/// The bytes from the first unacknowledged one on, sent or not.
#[derive(Debug, Default)]
pub(super) struct SendQueue {
    bytes: VecDeque<u8>,
    /// The sequence number of the first byte.
    start: Sequence,
}

impl SendQueue {
    /// An empty queue whose first byte will have number `start`.
    pub(super) fn new(start: Sequence) -> Self {
        SendQueue { bytes: VecDeque::new(), start }
    }

    /// How many bytes it holds.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The sequence number behind the last byte.
    pub(super) fn end(&self) -> Sequence {
        self.start + self.bytes.len() as u32
    }

    /// Appends bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// A packet with `len` bytes of data from number `from` on, as far as they are there.
    pub(super) fn packet(&self, from: Sequence, len: u32) -> Packet {
        let first = (from.saturating_since(self.start) as usize).min(self.bytes.len());
        let last = first.saturating_add(len as usize).min(self.bytes.len());
        let mut packet = Packet::with_capacity(last - first);
        let (front, back) = self.bytes.as_slices();
        let split = front.len();
        packet.append(front.get(first.min(split)..last.min(split)).unwrap_or_default());
        packet.append(back.get(first.saturating_sub(split)..last.saturating_sub(split)).unwrap_or_default());
        packet
    }

    /// Forgets the bytes before number `to`, which are acknowledged.
    pub(super) fn release(&mut self, to: Sequence) {
        let count = (to.saturating_since(self.start) as usize).min(self.bytes.len());
        self.bytes.drain(..count);
        self.start += count as u32;
        if self.bytes.is_empty() && self.bytes.capacity() > KEPT_CAPACITY {
            self.bytes = VecDeque::new();
        }
    }

    /// Forgets everything: nobody will acknowledge it.
    pub(super) fn clear(&mut self) {
        self.bytes = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn packets_are_cut_from_anywhere_in_the_queue() {
        let mut queue = SendQueue::new(Sequence(u32::MAX - 2));
        let bytes: Vec<u8> = (0..=255).collect();
        // Push and release by turns, so that the ring's two halves are both used.
        for turn in 0..50u32 {
            queue.push(&bytes);
            let start = queue.start;
            let first = *queue.bytes.front().unwrap();
            let packet = queue.packet(start + 3, 100);
            let expected: Vec<u8> = (0..100).map(|i| first.wrapping_add(3 + i)).collect();
            assert_eq!(packet.data(), expected);
            queue.release(start + 200 + turn % 3);
        }
        let end = queue.end();
        assert_eq!(queue.packet(end - 1, 50).len(), 1);
        assert!(queue.packet(end + 7, 50).is_empty());
        queue.release(end + 1);
        assert_eq!(queue.len(), 0);
    }
}
