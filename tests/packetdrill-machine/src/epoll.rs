//! epoll(7).

use crate::numbers::event::{EPOLLET, EPOLLONESHOT, ERR, HUP};
use packetdrill::Errno;
use packetdrill::machine::{EpollEvent, Fd};

/// Flags of an interest that are no events.
const FLAGS: u32 = EPOLLET | EPOLLONESHOT | 1 << 28 | 1 << 29;

/// A descriptor of epoll_create(2).
#[derive(Debug, Default)]
pub(crate) struct Epoll {
    interests: Vec<Interest>,
}

/// What one descriptor is watched for.
#[derive(Clone, Copy, Debug)]
struct Interest {
    fd: Fd,
    wanted: EpollEvent,
    /// What was seen when the events were told last; for `EPOLLET`.
    told: Seen,
    /// Told once and not renewed; for `EPOLLONESHOT`.
    spent: bool,
}

/// What is known of a descriptor at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its events now.
    pub(crate) events: u32,
    /// Grows with each thing that would wake a waiter: bytes arrived, connections, errors.
    pub(crate) arrivals: u64,
}

impl Epoll {
    /// epoll_ctl(2).
    pub(crate) fn control(&mut self, operation: i32, fd: Fd, wanted: EpollEvent) -> Result<(), Errno> {
        const ADD: i32 = 1;
        const DELETE: i32 = 2;
        const MODIFY: i32 = 3;
        let found = self.interests.iter().position(|interest| interest.fd == fd);
        let fresh = Interest { fd, wanted, told: Seen::default(), spent: false };
        match (operation, found) {
            (ADD, None) => self.interests.push(fresh),
            (ADD, Some(_)) => return Err(Errno::EEXIST),
            (DELETE, Some(index)) => {
                self.interests.remove(index);
            }
            (MODIFY, Some(index)) => self.interests[index] = fresh,
            (DELETE | MODIFY, None) => return Err(Errno::ENOENT),
            _ => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    /// The descriptors that are watched.
    pub(crate) fn watched(&self) -> Vec<Fd> {
        self.interests.iter().map(|interest| interest.fd).collect()
    }

    /// A descriptor was closed.
    pub(crate) fn forget(&mut self, fd: Fd) {
        self.interests.retain(|interest| interest.fd != fd);
    }

    /// At most `max` events to be told, when `look` tells what is known of a descriptor.
    pub(crate) fn collect(&mut self, max: usize, mut look: impl FnMut(Fd) -> Seen) -> Vec<EpollEvent> {
        let mut events = Vec::new();
        let mut told = Vec::new();
        for (index, interest) in self.interests.iter_mut().enumerate() {
            if events.len() >= max {
                break;
            }
            let seen = look(interest.fd);
            let ready = interest.ready(seen);
            if ready != 0 {
                interest.told = seen;
                interest.spent = interest.wanted.events & EPOLLONESHOT != 0;
                events.push(EpollEvent { events: ready, data: interest.wanted.data });
                told.push(index);
            } else if interest.told.events & !seen.events != 0 {
                // What went away and comes back is news.
                interest.told.events &= seen.events;
            }
        }
        // Those that were told go to the end, so that all get their turn.
        for index in told.into_iter().rev() {
            let interest = self.interests.remove(index);
            self.interests.push(interest);
        }
        events
    }
}

impl Interest {
    /// The events to be told.
    fn ready(&self, seen: Seen) -> u32 {
        let wanted = (self.wanted.events & !FLAGS) | ERR | HUP;
        let events = seen.events & wanted;
        let is_news = seen.arrivals != self.told.arrivals || events & !self.told.events != 0;
        let is_edge = self.wanted.events & EPOLLET != 0;
        if self.spent || (is_edge && !is_news) { 0 } else { events }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::event::{IN, OUT};

    fn watching(events: u32) -> Epoll {
        let mut epoll = Epoll::default();
        epoll.control(1, 5, EpollEvent { events, data: 7 }).unwrap();
        epoll
    }

    fn seen(events: u32, arrivals: u64) -> impl FnMut(Fd) -> Seen {
        move |_| Seen { events, arrivals }
    }

    #[test]
    fn levels_are_told_as_long_as_they_last() {
        let mut epoll = watching(IN);
        let expected = [EpollEvent { events: IN, data: 7 }];
        assert_eq!(epoll.collect(9, seen(IN | OUT, 1)), expected);
        assert_eq!(epoll.collect(9, seen(IN | OUT, 1)), expected);
        assert_eq!(epoll.collect(9, seen(OUT, 1)), []);
        assert_eq!(epoll.collect(0, seen(IN, 1)), []);
    }

    #[test]
    fn edges_are_told_when_something_arrives() {
        let mut epoll = watching(IN | EPOLLET);
        assert_eq!(epoll.collect(9, seen(IN, 1)).len(), 1);
        assert_eq!(epoll.collect(9, seen(IN, 1)).len(), 0);
        assert_eq!(epoll.collect(9, seen(IN, 2)).len(), 1, "more arrived");
        assert_eq!(epoll.collect(9, seen(0, 2)).len(), 0);
        assert_eq!(epoll.collect(9, seen(IN, 2)).len(), 1, "it came back");
    }

    #[test]
    fn one_shots_are_renewed_by_hand() {
        let mut epoll = watching(IN | EPOLLONESHOT);
        assert_eq!(epoll.collect(9, seen(IN, 1)).len(), 1);
        assert_eq!(epoll.collect(9, seen(IN, 2)).len(), 0);
        epoll.control(3, 5, EpollEvent { events: IN | EPOLLONESHOT, data: 7 }).unwrap();
        assert_eq!(epoll.collect(9, seen(IN, 2)).len(), 1);
    }

    #[test]
    fn interests_are_there_once() {
        let mut epoll = watching(IN);
        let event = EpollEvent::default();
        assert_eq!(epoll.control(1, 5, event), Err(Errno::EEXIST));
        assert_eq!(epoll.control(2, 5, event), Ok(()));
        assert_eq!(epoll.control(2, 5, event), Err(Errno::ENOENT));
        assert_eq!(epoll.control(9, 5, event), Err(Errno::EINVAL));
    }
}
