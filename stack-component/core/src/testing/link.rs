//! A link that delays, loses, doubles, reorders and damages frames by seed.

use super::router;
use super::wire::{Fate, Wire};
use crate::random::{Random, SeededRandom};
use crate::time::{Duration, Instant};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use std::sync::{Arc, Mutex};

/// What a link does to frames. Chances are per thousand frames.
#[derive(Clone, Copy, Debug)]
pub struct Impairment {
    /// How long a frame is on its way.
    pub delay: Duration,
    /// Bytes a second that fit the link; 0: as many as come.
    pub rate: u64,
    /// Frames that wait for a link that is busy, at most; those beyond it are lost.
    pub queue: usize,
    /// Frames that wait from which on IP packets that allow it are marked (RFC 3168); none: never.
    pub mark_above: Option<usize>,
    /// Frames that are lost.
    pub loss: u32,
    /// Frames that arrive twice.
    pub duplication: u32,
    /// Frames that take up to twice the delay, and 10 ms, longer.
    pub reordering: u32,
    /// Frames of which one bit is turned.
    pub corruption: u32,
}

impl Impairment {
    /// A link that does nothing worse than take a millisecond.
    pub const NONE: Impairment = Impairment {
        delay: Duration::from_millis(1),
        rate: 0,
        queue: 1000,
        mark_above: None,
        loss: 0,
        duplication: 0,
        reordering: 0,
        corruption: 0,
    };
}

/// What became of the frames of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Frames given to the link.
    pub sent: u64,
    /// Of these, lost by chance or by a cut.
    pub lost: u64,
    /// Of these, lost because the queue was full.
    pub overflowed: u64,
    /// Of these, too large for the link.
    pub too_large: u64,
    /// Frames that the link made: second copies, and messages about frames of the other direction.
    pub made: u64,
    /// Frames with a bit turned.
    pub damaged: u64,
    /// Frames that arrived, copies counted.
    pub arrived: u64,
}

/// One direction of a link.
#[derive(Debug, Default)]
struct Direction {
    /// When the frames that wait, and the one that is being sent, will have left.
    departures: VecDeque<Instant>,
    traffic: Traffic,
    /// What has arrived at its end and was not taken.
    arrived: VecDeque<Vec<u8>>,
}

/// What both ends of a link share.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) impairment: Impairment,
    random: SeededRandom,
    directions: [Direction; 2],
    /// By arrival and order: from which end, and what.
    on_the_way: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    order: u64,
    /// Unplugged: nothing gets through.
    pub(super) cut: bool,
    /// The largest IP packet that passes.
    pub(super) mtu: usize,
    /// Whether the senders of larger ones are told so, by ICMP.
    pub(super) tells_mtu: bool,
    /// Who looks at what passes, if anybody does.
    pub(super) wire: Option<Wire>,
    now: Instant,
}

impl Link {
    pub(super) fn new(impairment: Impairment, seed: u64, now: Instant) -> Arc<Mutex<Link>> {
        Arc::new(Mutex::new(Link {
            impairment,
            random: SeededRandom::new(seed),
            directions: Default::default(),
            on_the_way: BTreeMap::new(),
            order: 0,
            cut: false,
            mtu: usize::MAX,
            tells_mtu: false,
            wire: None,
            now,
        }))
    }

    /// What became of the frames that the host `from` sent.
    pub(super) fn traffic(&self, from: usize) -> Traffic {
        self.directions[from].traffic
    }

    /// How many frames that the host `from` sent have not arrived yet.
    pub(super) fn on_the_way(&self, from: usize) -> u64 {
        self.on_the_way.values().filter(|entry| entry.0 == from).count() as u64
    }

    fn chance(&mut self, per_mille: u32) -> bool {
        self.random.below(1000) < per_mille
    }

    /// Takes a frame that the host `from` sends.
    pub(super) fn send(&mut self, from: usize, frame: Vec<u8>) {
        let (now, mut looked_at) = (self.now, self.wire.take());
        let fate = match &mut looked_at {
            Some(wire) => {
                let copy = frame.clone();
                let fate = self.pass(from, frame);
                wire.sent(from, &copy, fate, now);
                fate
            }
            None => self.pass(from, frame),
        };
        self.wire = looked_at;
        let traffic = &mut self.directions[from].traffic;
        traffic.sent += 1;
        match fate {
            Fate::Lost => traffic.lost += 1,
            Fate::Overflow => traffic.overflowed += 1,
            Fate::TooLarge => traffic.too_large += 1,
            Fate::Doubled => traffic.made += 1,
            Fate::Damaged => traffic.damaged += 1,
            Fate::Passed | Fate::Late => {}
        }
    }

    fn pass(&mut self, from: usize, mut frame: Vec<u8>) -> Fate {
        let Impairment { delay, loss, duplication, reordering, corruption, .. } = self.impairment;
        if self.cut || self.chance(loss) {
            return Fate::Lost;
        }
        if frame.len() > self.mtu.saturating_add(crate::wire::ethernet::HEADER_LEN) {
            self.tell_mtu(from, &frame);
            return Fate::TooLarge;
        }
        let Some(departure) = self.departure(from, frame.len()) else { return Fate::Overflow };
        let waiting = self.directions[from].departures.len().saturating_sub(1);
        if self.impairment.mark_above.is_some_and(|limit| waiting > limit) {
            router::mark(&mut frame);
        }
        let mut fate = Fate::Passed;
        if self.chance(corruption) {
            let bit = self.random.below(frame.len() as u32 * 8) as usize;
            frame[bit / 8] ^= 1 << (bit % 8);
            fate = Fate::Damaged;
        }
        let mut copies = 1;
        if fate == Fate::Passed && self.chance(duplication) {
            (copies, fate) = (2, Fate::Doubled);
        }
        for _ in 0..copies {
            let mut at = departure + delay;
            if self.chance(reordering) {
                let most = (delay * 2 + Duration::from_millis(10)).as_micros() as u32;
                at = at + Duration::from_micros(self.random.below(most).into());
                if fate == Fate::Passed {
                    fate = Fate::Late;
                }
            }
            self.order += 1;
            self.on_the_way.insert((at, self.order), (from, frame.clone()));
        }
        fate
    }

    /// When a frame of `len` bytes will have left; none if the queue is full.
    fn departure(&mut self, from: usize, len: usize) -> Option<Instant> {
        let (now, queue) = (self.now, self.impairment.queue);
        let Some(nanos) = (len as u64 * 1_000_000_000).checked_div(self.impairment.rate) else {
            return Some(now);
        };
        let departures = &mut self.directions[from].departures;
        while departures.front().is_some_and(|&departure| departure <= now) {
            departures.pop_front();
        }
        // The first one does not wait, it is being sent.
        if departures.len() > queue {
            return None;
        }
        let start = departures.back().copied().unwrap_or(now);
        departures.push_back(start + Duration::from_nanos(nanos));
        departures.back().copied()
    }

    /// When the next frame arrives.
    pub(super) fn next_arrival(&self) -> Option<Instant> {
        self.on_the_way.keys().next().map(|key| key.0)
    }

    /// Lets time pass: what has arrived by `now` is there to be received.
    pub(super) fn advance(&mut self, now: Instant) {
        self.now = now;
        while let Some(entry) = self.on_the_way.first_entry()
            && entry.key().0 <= now
        {
            let (from, frame) = entry.remove();
            if let Some(wire) = &mut self.wire {
                wire.arrives(from, &frame);
            }
            let direction = &mut self.directions[from];
            direction.traffic.arrived += 1;
            direction.arrived.push_back(frame);
        }
    }

    /// A frame is too large for the link: its sender is told.
    fn tell_mtu(&mut self, from: usize, frame: &[u8]) {
        if let Some(message) = router::too_big(from, frame, self.mtu).filter(|_| self.tells_mtu) {
            self.order += 1;
            self.directions[1 - from].traffic.made += 1;
            let at = self.now + self.impairment.delay;
            self.on_the_way.insert((at, self.order), (1 - from, message));
        }
    }

    /// The host `to` takes at most `budget` frames. Answers whether there are more.
    pub(super) fn take(&mut self, to: usize, budget: usize, mut take: impl FnMut(Vec<u8>)) -> bool {
        let arrived = &mut self.directions[1 - to].arrived;
        let count = arrived.len().min(budget);
        arrived.drain(..count).for_each(&mut take);
        !arrived.is_empty()
    }
}
