//! A link that delays, loses, doubles, reorders and damages frames by seed, and the device at each of its
//! ends.

use crate::device::{Features, NetDevice};
use crate::packet::Packet;
use crate::random::{Random, SeededRandom};
use crate::time::{Duration, Instant};
use crate::wire::checksum::Sum;
use crate::wire::ecn::Codepoint;
use crate::wire::ethernet::{HEADER_LEN, MacAddress};
use crate::wire::ipv4;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a link does to frames. Chances are per thousand frames.
#[derive(Clone, Copy, Debug)]
pub struct Impairment {
    /// How long a frame is on its way.
    pub delay: Duration,
    /// Bytes a second that fit the link; 0: as many as come.
    pub rate: u64,
    /// Frames of full size that wait for a link that is busy, at most; those beyond it are lost.
    pub queue: usize,
    /// Frames that wait from which on IP packets that allow it are marked instead (RFC 3168); none: never.
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

/// Bytes of a frame of full size.
const FULL_FRAME: u64 = 1514;

/// What both ends of a link share.
#[derive(Debug)]
pub(super) struct Link {
    impairment: Impairment,
    random: SeededRandom,
    /// When each direction has sent what it was given.
    busy_until: [Instant; 2],
    /// By arrival and order: to which end, and what.
    on_the_way: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    arrived: [VecDeque<Vec<u8>>; 2],
    sent: u64,
    /// Frames that the queue had no room for.
    pub(super) lost: u64,
    /// Unplugged: nothing gets through.
    pub(super) cut: bool,
    now: Instant,
}

impl Link {
    pub(super) fn new(impairment: Impairment, seed: u64, now: Instant) -> Arc<Mutex<Link>> {
        Arc::new(Mutex::new(Link {
            impairment,
            random: SeededRandom::new(seed),
            busy_until: [now; 2],
            on_the_way: BTreeMap::new(),
            arrived: Default::default(),
            sent: 0,
            lost: 0,
            cut: false,
            now,
        }))
    }

    fn chance(&mut self, per_mille: u32) -> bool {
        self.random.below(1000) < per_mille
    }

    fn send(&mut self, from: usize, mut frame: Vec<u8>) {
        let Impairment { delay, rate, queue, mark_above, loss, duplication, reordering, corruption } =
            self.impairment;
        if self.cut || self.chance(loss) {
            return;
        }
        if let Some(nanos) = (frame.len() as u64 * 1_000_000_000).checked_div(rate) {
            let start = self.busy_until[from].max(self.now);
            let waiting = (start - self.now).as_nanos() as u64 * rate / (FULL_FRAME * 1_000_000_000);
            if waiting as usize > queue {
                self.lost += 1;
                return;
            }
            if mark_above.is_some_and(|limit| waiting as usize > limit) {
                mark(&mut frame);
            }
            self.busy_until[from] = start + Duration::from_nanos(nanos);
        }
        if self.chance(corruption) {
            let bit = self.random.below(frame.len() as u32 * 8) as usize;
            frame[bit / 8] ^= 1 << (bit % 8);
        }
        let copies = if self.chance(duplication) { 2 } else { 1 };
        for _ in 0..copies {
            let mut at = self.busy_until[from].max(self.now) + delay;
            if self.chance(reordering) {
                let most = (delay * 2 + Duration::from_millis(10)).as_micros() as u32;
                at = at + Duration::from_micros(self.random.below(most).into());
            }
            self.sent += 1;
            self.on_the_way.insert((at, self.sent), (1 - from, frame.clone()));
        }
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
            let (to, frame) = entry.remove();
            self.arrived[to].push_back(frame);
        }
    }
}

/// What a router does that has a queue: an IPv4 packet whose sender allows it gets CE (RFC 3168 section 5).
fn mark(frame: &mut [u8]) {
    let Some(header) = frame.get_mut(HEADER_LEN..HEADER_LEN + ipv4::HEADER_LEN) else { return };
    if header[0] != 0x45 || Codepoint::of_tos(header[1]) == Codepoint::NotEct {
        return;
    }
    header[1] = Codepoint::Ce.in_tos(header[1]);
    header[10..12].fill(0);
    let sum = Sum::of(header).checksum();
    header[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// The device at one end of a link.
#[derive(Debug)]
pub struct LinkEnd {
    pub(super) link: Arc<Mutex<Link>>,
    pub(super) end: usize,
}

impl LinkEnd {
    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NetDevice for LinkEnd {
    fn mac(&self) -> MacAddress {
        MacAddress([2, 0, 0, 0, 0, self.end as u8 + 1])
    }

    fn features(&self) -> Features {
        Features::default()
    }

    fn link_up(&self) -> bool {
        true
    }

    fn poll(&mut self, _now: Instant, budget: usize, frames: &mut Vec<Packet>) -> bool {
        let end = self.end;
        let mut link = self.link();
        let count = link.arrived[end].len().min(budget);
        frames.extend(link.arrived[end].drain(..count).map(Packet::from_frame));
        !link.arrived[end].is_empty()
    }

    fn transmit(&mut self, frame: Packet) -> Result<(), Packet> {
        let end = self.end;
        self.link().send(end, frame.into_data());
        Ok(())
    }

    fn flush(&mut self) {}

    fn can_transmit(&self) -> bool {
        true
    }
}
