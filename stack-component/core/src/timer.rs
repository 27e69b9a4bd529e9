//! A hierarchical timer wheel: arming is O(1), a timer costs nothing until its time is near.
//! Linux: `kernel/time/timer.c`.

use crate::time::Instant;
use alloc::vec::Vec;

/// A tick is 2^20 ns, about a millisecond.
const TICK_SHIFT: u32 = 20;
/// Each level has 64 slots, each slot of a level as long as the whole level below.
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
/// Seven levels of 64 slots reach 2^42 ticks, 146 years.
const LEVELS: usize = 7;

#[derive(Debug)]
struct Entry<K> {
    deadline: Instant,
    key: K,
}

/// A set of deadlines with keys. There is no cancelling: whoever armed a timer looks, when it fires, whether
/// it still has something to do, and a deadline that moved later is armed again then. So re-arming the
/// retransmission timer with every acknowledgement costs nothing. What nobody waits for any more is thrown away in one go
/// ([`Wheel::retain`]) by an owner who sees that there is much of it.
#[derive(Debug)]
pub struct Wheel<K> {
    /// All slots of a level before those of the next.
    slots: Vec<Vec<Entry<K>>>,
    /// A bit for each slot that is not empty, by level.
    occupied: [u64; LEVELS],
    /// The first tick whose timers have not all fired.
    tick: u64,
    len: usize,
}

fn tick_of(instant: Instant) -> u64 {
    instant.as_nanos() >> TICK_SHIFT
}

impl<K: Copy> Default for Wheel<K> {
    fn default() -> Self {
        let slots = (0..LEVELS * SLOTS).map(|_| Vec::new()).collect();
        Wheel { slots, occupied: [0; LEVELS], tick: 0, len: 0 }
    }
}

impl<K: Copy> Wheel<K> {
    /// How many timers are armed.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no timer is armed.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Arms a timer. A deadline in the past fires at the next [`Wheel::expire`].
    pub fn arm(&mut self, deadline: Instant, key: K) {
        self.len += 1;
        self.place(Entry { deadline, key });
    }

    fn place(&mut self, entry: Entry<K>) {
        let tick = tick_of(entry.deadline).max(self.tick);
        // The level is that of the highest group of bits in which the deadline differs from now.
        let differing = (tick ^ self.tick).checked_ilog2().unwrap_or(0);
        let level = ((differing / SLOT_BITS) as usize).min(LEVELS - 1);
        let slot = (tick >> (level as u32 * SLOT_BITS)) as usize % SLOTS;
        self.occupied[level] |= 1 << slot;
        self.slots[level * SLOTS + slot].push(entry);
    }

    /// Forgets the timers that `keep` does not want: those who armed them are gone.
    pub fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        self.len = 0;
        for (place, entries) in self.slots.iter_mut().enumerate() {
            entries.retain(|entry| keep(&entry.key));
            entries.shrink_to(entries.len() * 2);
            self.len += entries.len();
            if entries.is_empty() {
                self.occupied[place / SLOTS] &= !(1 << (place % SLOTS));
            }
        }
    }

    /// Fires every timer whose deadline is not after `now`: their keys go to `fired`.
    pub fn expire(&mut self, now: Instant, fired: &mut Vec<K>) {
        let target = tick_of(now);
        loop {
            self.fire_slot(now, fired);
            match self.next_tick() {
                Some(next) if next <= target => self.advance(next),
                _ => break,
            }
        }
        if self.tick < target {
            self.advance(target);
            self.fire_slot(now, fired);
        }
    }

    /// Fires what is due in the current slot of the lowest level.
    fn fire_slot(&mut self, now: Instant, fired: &mut Vec<K>) {
        let slot = self.tick as usize % SLOTS;
        let entries = &mut self.slots[slot];
        let before = entries.len();
        entries.retain(|entry| {
            let due = entry.deadline <= now;
            if due {
                fired.push(entry.key);
            }
            !due
        });
        self.len -= before - entries.len();
        if entries.is_empty() {
            self.occupied[0] &= !(1 << slot);
        }
    }

    /// Moves time on to `tick`, and the timers of the slots that begin there to the levels below.
    fn advance(&mut self, tick: u64) {
        // What the current slot still holds (deadlines later within its tick) is placed anew, too.
        let left = core::mem::take(&mut self.slots[self.tick as usize % SLOTS]);
        self.occupied[0] &= !(1 << (self.tick as usize % SLOTS));
        self.tick = tick;
        left.into_iter().for_each(|entry| self.place(entry));
        for level in (1..LEVELS).rev() {
            let slot = (tick >> (level as u32 * SLOT_BITS)) as usize % SLOTS;
            if self.occupied[level] & (1 << slot) != 0 {
                self.occupied[level] &= !(1 << slot);
                let entries = core::mem::take(&mut self.slots[level * SLOTS + slot]);
                entries.into_iter().for_each(|entry| self.place(entry));
            }
        }
    }

    /// The first tick after the current one at which a slot, of whatever level, begins to matter.
    fn next_tick(&self) -> Option<u64> {
        (0..LEVELS).filter_map(|level| self.next_tick_of(level)).min()
    }

    fn next_tick_of(&self, level: usize) -> Option<u64> {
        let shift = level as u32 * SLOT_BITS;
        let current = self.tick >> shift;
        let slot = current as usize % SLOTS;
        // Slots behind the current one belong to this turn; no timer is ever placed a turn ahead.
        let later = self.occupied[level] & (u64::MAX << slot) & !(1 << slot);
        let next = (later != 0).then(|| later.trailing_zeros() as u64)?;
        Some((current - slot as u64 + next) << shift)
    }

    /// When [`Wheel::expire`] should be called next: exact for timers of the next tick that matters, the
    /// beginning of their slot for those further off. None if no timer is armed.
    pub fn next_deadline(&self) -> Option<Instant> {
        let current = self.slots[self.tick as usize % SLOTS].iter().map(|entry| entry.deadline).min();
        if current.is_some() {
            return current;
        }
        let tick = self.next_tick()?;
        let start = Instant::from_nanos(tick << TICK_SHIFT);
        let exact =
            self.next_tick_of(0) == Some(tick) && (1..LEVELS).all(|l| self.next_tick_of(l) != Some(tick));
        let first = self.slots[tick as usize % SLOTS].iter().map(|entry| entry.deadline).min();
        Some(if exact { first.unwrap_or(start) } else { start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};
    use std::vec;

    #[test]
    fn timers_fire_neither_early_nor_late() {
        let mut random = SeededRandom::new(7);
        let mut wheel = Wheel::default();
        let mut pending = vec![];
        let mut now = Instant::from_nanos(5_000_000_000_000);
        for step in 0..20_000u64 {
            let range = 1u64 << random.below(45);
            let deadline = Instant::from_nanos(now.as_nanos() + random.next_u64() % range);
            wheel.arm(deadline, step);
            pending.push((deadline, step));
            let next = wheel.next_deadline().unwrap();
            assert!(next <= pending.iter().map(|p| p.0).min().unwrap());
            if random.below(3) == 0 {
                now = now.max(next);
            } else {
                now = Instant::from_nanos(now.as_nanos() + random.next_u64() % (1 << random.below(40)));
            }
            let mut fired = vec![];
            wheel.expire(now, &mut fired);
            fired.sort_unstable();
            let mut due: Vec<u64> = pending.iter().filter(|p| p.0 <= now).map(|p| p.1).collect();
            due.sort_unstable();
            assert_eq!(fired, due);
            pending.retain(|p| p.0 > now);
            assert_eq!(wheel.len(), pending.len());
        }
    }

    #[test]
    fn what_is_not_kept_does_not_fire() {
        let mut random = SeededRandom::new(9);
        let mut wheel = Wheel::default();
        for key in 0..1000u32 {
            wheel.arm(Instant::from_nanos(random.next_u64() % (1 << 45)), key);
        }
        wheel.retain(|key| key % 10 == 0);
        assert_eq!(wheel.len(), 100);
        let mut fired = vec![];
        while let Some(next) = wheel.next_deadline() {
            wheel.expire(next, &mut fired);
        }
        fired.sort_unstable();
        assert_eq!(fired, (0..1000).step_by(10).collect::<Vec<_>>());
    }

    #[test]
    fn following_next_deadline_reaches_every_timer_in_few_steps() {
        let mut wheel = Wheel::default();
        let deadline = Instant::from_millis(7_200_123);
        wheel.arm(deadline, ());
        let (mut steps, mut fired) = (0, vec![]);
        while let Some(next) = wheel.next_deadline() {
            wheel.expire(next, &mut fired);
            steps += 1;
            assert!(steps <= LEVELS);
            assert_eq!(!fired.is_empty(), next >= deadline);
        }
        assert_eq!(fired.len(), 1);
    }
}
