//! Three first-in-first-out bands by priority. Linux: `pfifo_fast`.

use super::Qdisc;
use crate::drop_reason::DropReason;
use crate::packet::Packet;
use crate::time::Instant;
use alloc::collections::VecDeque;

/// The band of each priority. Linux: `sch_default_prio2band`.
const BAND_OF_PRIORITY: [u8; 16] = [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];

/// The default discipline: a band is served only while those before it are empty; a full band drops what
/// comes.
#[derive(Debug)]
pub struct PfifoFast {
    bands: [VecDeque<Packet>; 3],
    limit: usize,
}

impl PfifoFast {
    /// Frames a band holds by default. Linux: `DEFAULT_TX_QUEUE_LEN`.
    pub const DEFAULT_LIMIT: usize = 1000;

    /// A queue whose bands hold `limit` frames each.
    pub fn new(limit: usize) -> Self {
        PfifoFast { bands: Default::default(), limit }
    }
}

impl Default for PfifoFast {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

impl Qdisc for PfifoFast {
    fn enqueue(&mut self, _: Instant, frame: Packet) -> Result<(), (Packet, DropReason)> {
        let band = BAND_OF_PRIORITY[frame.meta.priority as usize % BAND_OF_PRIORITY.len()];
        let band = &mut self.bands[usize::from(band)];
        if band.len() >= self.limit {
            return Err((frame, DropReason::QdiscFull));
        }
        band.push_back(frame);
        Ok(())
    }

    fn dequeue(&mut self, _: Instant) -> Option<Packet> {
        self.bands.iter_mut().find_map(VecDeque::pop_front)
    }

    fn len(&self) -> usize {
        self.bands.iter().map(VecDeque::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(name: u8, priority: u32) -> Packet {
        let mut frame = Packet::from_payload(&[name]);
        frame.meta.priority = priority;
        frame
    }

    #[test]
    fn bands_are_served_in_order_and_each_in_the_order_of_arrival() {
        let mut queue = PfifoFast::default();
        for (name, priority) in [(b'd', 2), (b'b', 0), (b'a', 6), (b'c', 0), (b'e', 0xffff_fff1)] {
            queue.enqueue(Instant::ZERO, frame(name, priority)).unwrap();
        }
        assert_eq!(queue.len(), 5);
        let order: alloc::vec::Vec<u8> =
            core::iter::from_fn(|| queue.dequeue(Instant::ZERO)).map(|frame| frame.data()[0]).collect();
        assert_eq!(order, b"abcde");
        assert!(queue.is_empty());
    }

    #[test]
    fn a_full_band_refuses_and_the_others_do_not() {
        let mut queue = PfifoFast::new(2);
        for _ in 0..2 {
            queue.enqueue(Instant::ZERO, frame(0, 0)).unwrap();
        }
        let (refused, reason) = queue.enqueue(Instant::ZERO, frame(9, 0)).unwrap_err();
        assert_eq!((refused.data(), reason), (&[9][..], DropReason::QdiscFull));
        assert!(queue.enqueue(Instant::ZERO, frame(0, 6)).is_ok());
        assert_eq!(queue.len(), 3);
    }
}
