//! Lists of what routers told of, each thing with its time.

use crate::time::Instant;
use alloc::vec::Vec;

/// Something that a router told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told<T> {
    /// What it is.
    pub what: T,
    /// Until when it may be used; none: forever.
    pub expires: Option<Instant>,
}

/// Several of them, what was told last first.
#[derive(Clone, Debug)]
pub struct ToldList<T>(Vec<Told<T>>);

impl<T> Default for ToldList<T> {
    fn default() -> Self {
        ToldList(Vec::new())
    }
}

impl<T: PartialEq> ToldList<T> {
    /// Takes note of what one option told of: what is known has another time then, what is new stands before all others, in
    /// the option's order; a time that is over takes it out (RFC 8106 section 6.2). At most `most` are kept.
    pub(crate) fn note(
        &mut self,
        now: Instant,
        told: impl IntoIterator<Item = T>,
        expires: Option<Instant>,
        most: usize,
    ) {
        self.0.retain(|known| known.expires.is_none_or(|end| end > now));
        let over = expires.is_some_and(|end| end <= now);
        let mut new = 0;
        for what in told.into_iter().take(most) {
            match self.0.iter().position(|known| known.what == what) {
                Some(place) if over => drop(self.0.remove(place)),
                Some(place) => {
                    self.0.iter_mut().skip(place).take(1).for_each(|known| known.expires = expires)
                }
                None if over => {}
                None => {
                    self.0.insert(new, Told { what, expires });
                    new += 1;
                }
            }
        }
        self.0.truncate(most);
    }

    /// Those that may be used at `now`.
    pub fn at(&self, now: Instant) -> impl Iterator<Item = &Told<T>> {
        self.0.iter().filter(move |told| told.expires.is_none_or(|end| end > now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_comes_and_goes() {
        let mut list = ToldList::default();
        let (now, later) = (Instant::from_millis(1000), Instant::from_millis(5000));
        list.note(now, [1, 2], Some(later), 16);
        list.note(now, [3], None, 16);
        let known = |list: &ToldList<u32>, now| list.at(now).map(|told| told.what).collect::<Vec<_>>();
        assert_eq!(known(&list, now), [3, 1, 2]);
        assert_eq!(known(&list, later), [3]);
        list.note(now, [1, 2], Some(Instant::from_millis(9000)), 16);
        assert_eq!(known(&list, later), [3, 1, 2], "longer, and where they were");
        list.note(now, [3, 7], Some(now), 16);
        assert_eq!(known(&list, now), [1, 2]);
        list.note(now, 0..100, None, 16);
        assert_eq!(known(&list, now).len(), 16);
    }

    #[test]
    fn what_is_new_is_put_in_front_and_nothing_is_moved_out_by_what_is_known() {
        let mut list = ToldList::default();
        list.note(Instant::ZERO, [9, 8], None, 3);
        list.note(Instant::ZERO, [8, 1, 9, 2], None, 3);
        assert_eq!(list.at(Instant::ZERO).map(|told| told.what).collect::<Vec<_>>(), [1, 9, 8]);
    }
}
