//! One direction of the impaired wire, with time handed in.

use std::collections::VecDeque;

use stack_core::random::{Random, SeededRandom};

/// Chances are out of this many.
const WHOLE: u32 = 1_000_000;

/// Where the type of what a frame carries stands, and IPv4's number (IEEE 802.3).
const ETHER_TYPE: std::ops::Range<usize> = 12..14;
const IPV4: [u8; 2] = [0x08, 0x00];

/// What the wire does to what it carries; the same in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Impairment {
    /// How long a frame is on its way, in nanoseconds: half of the round trip.
    pub delay: u64,
    /// IPv4 packets of a million that are lost. Others (ARP) never are: they are not what is measured.
    pub loss: u32,
    /// Bits a second; 0: as many as come.
    pub rate: u64,
    /// Frames that wait for the wire to be free, at most; those beyond are lost as well.
    pub queue: usize,
    /// From what it follows which packets are lost.
    pub seed: u64,
}

/// What became of the frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that were carried.
    pub carried: u64,
    /// Those that chance lost.
    pub lost: u64,
    /// Those that the queue had no room for.
    pub overflowed: u64,
    /// Bytes of the longest.
    pub longest: usize,
}

/// A direction of a wire. Time is in nanoseconds since whenever.
#[derive(Debug)]
pub(super) struct Channel {
    impairment: Impairment,
    random: SeededRandom,
    /// When each has left the sender's queue, when it arrives, and the frame. Both times rise.
    on_the_way: VecDeque<(u64, u64, Vec<u8>)>,
    /// When the last of them has left.
    busy_until: u64,
    counts: Counts,
}

impl Channel {
    /// A direction, 0 or 1, of a wire like this.
    pub(super) fn new(impairment: Impairment, direction: u64) -> Self {
        // The generator steps by a constant; seeds that are a step apart would give the same sequence.
        let mut mixed = SeededRandom::new(impairment.seed.wrapping_mul(2).wrapping_add(direction));
        let random = SeededRandom::new(mixed.next_u64());
        Channel { impairment, random, on_the_way: VecDeque::new(), busy_until: 0, counts: Counts::default() }
    }

    /// A frame comes in at `now`.
    pub(super) fn send(&mut self, frame: Vec<u8>, now: u64) {
        let Impairment { delay, loss, rate, queue, .. } = self.impairment;
        self.counts.longest = self.counts.longest.max(frame.len());
        if frame.get(ETHER_TYPE) == Some(&IPV4) && self.random.below(WHOLE) < loss {
            self.counts.lost += 1;
            return;
        }
        if rate > 0 && self.waiting(now) > queue {
            self.counts.overflowed += 1;
            return;
        }
        let time = (frame.len() as u64 * 8 * 1_000_000_000).checked_div(rate).unwrap_or(0);
        self.busy_until = self.busy_until.max(now) + time;
        self.counts.carried += 1;
        self.on_the_way.push_back((self.busy_until, self.busy_until + delay, frame));
    }

    /// How many frames have not left yet.
    fn waiting(&self, now: u64) -> usize {
        self.on_the_way.len() - self.on_the_way.partition_point(|(left, _, _)| *left <= now)
    }

    /// The next frame that has arrived by `now`.
    pub(super) fn arrived(&mut self, now: u64) -> Option<Vec<u8>> {
        let (_, arrival, _) = self.on_the_way.front()?;
        if *arrival > now {
            return None;
        }
        self.on_the_way.pop_front().map(|(_, _, frame)| frame)
    }

    /// When the next frame arrives.
    pub(super) fn next_arrival(&self) -> Option<u64> {
        self.on_the_way.front().map(|(_, arrival, _)| *arrival)
    }

    /// What became of the frames so far.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Impairment = Impairment { delay: 1000, loss: 0, rate: 0, queue: 0, seed: 1 };

    fn frame(ether_type: [u8; 2], length: usize) -> Vec<u8> {
        let mut frame = vec![0; length];
        frame[ETHER_TYPE].copy_from_slice(&ether_type);
        frame
    }

    #[test]
    fn a_frame_arrives_after_the_delay_and_not_before() {
        let mut channel = Channel::new(NONE, 0);
        channel.send(frame(IPV4, 100), 500);
        assert_eq!(channel.next_arrival(), Some(1500));
        assert_eq!(channel.arrived(1499), None);
        assert_eq!(channel.arrived(1500), Some(frame(IPV4, 100)));
        assert_eq!((channel.arrived(9999), channel.next_arrival()), (None, None));
    }

    #[test]
    fn a_rate_spreads_frames_and_its_queue_ends() {
        // 1250 bytes at 10 Mbit/s take a millisecond.
        let mut channel = Channel::new(Impairment { rate: 10_000_000, queue: 2, ..NONE }, 0);
        for _ in 0..5 {
            channel.send(frame(IPV4, 1250), 0);
        }
        // One on the wire and two behind it.
        assert_eq!(channel.counts(), Counts { carried: 3, overflowed: 2, longest: 1250, lost: 0 });
        assert_eq!(channel.next_arrival(), Some(1_001_000));
        // When the first has left there is room for one more.
        channel.send(frame(IPV4, 1250), 1_000_000);
        channel.send(frame(IPV4, 1250), 1_000_000);
        assert_eq!((channel.counts().carried, channel.counts().overflowed), (4, 3));
        let arrivals = std::iter::from_fn(|| {
            let at = channel.next_arrival()?;
            channel.arrived(at).map(|_| at)
        });
        assert_eq!(arrivals.collect::<Vec<_>>(), [1_001_000, 2_001_000, 3_001_000, 4_001_000]);
    }

    #[test]
    fn a_share_of_the_packets_is_lost_the_same_for_the_same_seed() {
        let lost = |seed, direction| {
            let mut channel = Channel::new(Impairment { loss: 10_000, seed, ..NONE }, direction);
            let mut pattern = Vec::new();
            for _ in 0..100_000 {
                let before = channel.counts().lost;
                channel.send(frame(IPV4, 60), 0);
                pattern.push(channel.counts().lost > before);
            }
            pattern
        };
        let first = lost(1, 0);
        let count = first.iter().filter(|lost| **lost).count();
        assert!((900..1100).contains(&count), "{count} of 100 000 at 1 %");
        assert_eq!(first, lost(1, 0));
        assert_ne!(first, lost(1, 1), "the directions differ");
        assert_ne!(first, lost(2, 0), "seeds differ");
    }

    #[test]
    fn what_is_not_ipv4_is_never_lost() {
        let mut channel = Channel::new(Impairment { loss: WHOLE, ..NONE }, 0);
        channel.send(frame([0x08, 0x06], 60), 0);
        channel.send(frame(IPV4, 60), 0);
        channel.send(vec![0; 5], 0);
        assert_eq!((channel.counts().carried, channel.counts().lost), (2, 1));
    }
}
