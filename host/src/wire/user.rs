//! A cable inside of the process: two ends, each with a bounded queue of frames that wait for it.

use super::Wire;
use rustix::event::{EventfdFlags, eventfd};
use std::collections::VecDeque;
use std::io;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Longest frame in bytes: a packet of 1500, Ethernet's header, and a tag of 802.1Q. Longer ones are lost, as a switch loses them.
const MAX_FRAME: usize = 1500 + 14 + 4;

/// How many frames wait for an end before more are lost: enough for the first windows of a thousand
/// connections that begin at once. Full of the longest frames it is 25 MB.
const QUEUE_FRAMES: usize = 16_384;

/// An end that found the queue full is woken when it has shrunk to this many frames: late enough that
/// many can follow at once.
const WAKE_FRAMES: usize = QUEUE_FRAMES / 2;

/// How many emptied frame buffers an end keeps to fill them again.
const SPARE_BUFFERS: usize = 64;

/// One end of the cable.
#[derive(Debug)]
pub struct UserWire {
    /// The frames that wait for this end.
    inbound: Arc<Queue>,
    /// The frames that wait for the other end.
    outbound: Arc<Queue>,
}

/// The frames on their way to one end.
#[derive(Debug)]
struct Queue {
    state: Mutex<QueueState>,
    /// Readable when the receiving end should look: there are frames, or room for it to transmit.
    event: OwnedFd,
}

#[derive(Debug, Default)]
struct QueueState {
    frames: VecDeque<Vec<u8>>,
    spare: Vec<Vec<u8>>,
    /// Whether the event is set.
    signalled: bool,
    /// Whether the transmitting end waits for room.
    room_wanted: bool,
    /// Frames lost because the queue was full, or because they were too long.
    dropped: u64,
}

/// A cable: its two ends.
///
/// # Errors
/// When the process has no descriptor left.
pub fn cable() -> io::Result<(UserWire, UserWire)> {
    let (one, other) = (Arc::new(Queue::new()?), Arc::new(Queue::new()?));
    let ends = (
        UserWire { inbound: Arc::clone(&one), outbound: Arc::clone(&other) },
        UserWire { inbound: other, outbound: one },
    );
    Ok(ends)
}

impl Queue {
    fn new() -> io::Result<Self> {
        let event = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Queue { state: Mutex::default(), event })
    }

    /// The state; a panic elsewhere cannot have left it half changed.
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, state: &mut QueueState) {
        if !mem::replace(&mut state.signalled, true) {
            // It fails when its counter is at its maximum: then it is readable as it should be.
            let _ = rustix::io::write(&self.event, &1_u64.to_ne_bytes());
        }
    }

    fn unsignal(&self, state: &mut QueueState) {
        if mem::replace(&mut state.signalled, false) {
            // It fails when its counter is 0: then it is unreadable as it should be.
            let _ = rustix::io::read(&self.event, &mut [0; 8]);
        }
    }
}

impl UserWire {
    /// Whether [`Wire::transmit`] has room for a frame. After `false` this end becomes readable when there
    /// is room again.
    pub fn has_room(&self) -> bool {
        let mut state = self.outbound.lock();
        let room = state.frames.len() < QUEUE_FRAMES;
        state.room_wanted |= !room;
        room
    }

    /// How many frames from this end were lost because the queue was full, or because they were too long.
    pub fn dropped(&self) -> u64 {
        self.outbound.lock().dropped
    }

    /// How many frames to this end were lost because the queue was full, or because they were too long.
    pub fn missed(&self) -> u64 {
        self.inbound.lock().dropped
    }

    /// Takes the next frame, and tells whether the other end is to be woken because there is room again.
    fn take(&self, frame: &mut Vec<u8>) -> (bool, bool) {
        let mut state = self.inbound.lock();
        let Some(next) = state.frames.pop_front() else {
            self.inbound.unsignal(&mut state);
            return (false, false);
        };
        let spare = mem::replace(frame, next);
        if state.spare.len() < SPARE_BUFFERS && spare.capacity() > 0 {
            state.spare.push(spare);
        }
        if state.frames.is_empty() {
            self.inbound.unsignal(&mut state);
        }
        let room = state.room_wanted && state.frames.len() <= WAKE_FRAMES;
        if room {
            state.room_wanted = false;
        }
        (true, room)
    }
}

impl Wire for UserWire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inbound.event.as_fd()
    }

    fn receive(&self, frame: &mut Vec<u8>) -> io::Result<bool> {
        frame.clear();
        let (received, room) = self.take(frame);
        if room {
            self.outbound.signal(&mut self.outbound.lock());
        }
        Ok(received)
    }

    fn transmit(&self, frame: &[u8]) -> io::Result<()> {
        let mut state = self.outbound.lock();
        if frame.len() > MAX_FRAME {
            state.dropped += 1;
            return Ok(());
        }
        if state.frames.len() >= QUEUE_FRAMES {
            state.dropped += 1;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut buffer = state.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(frame);
        state.frames.push_back(buffer);
        self.outbound.signal(&mut state);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    fn readable(wire: &UserWire) -> bool {
        let mut descriptors = [PollFd::from_borrowed_fd(wire.as_fd(), PollFlags::IN)];
        poll(&mut descriptors, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
    }

    fn received(wire: &UserWire) -> Option<Vec<u8>> {
        let mut frame = b"old".to_vec();
        wire.receive(&mut frame).unwrap().then_some(frame)
    }

    #[test]
    fn frames_arrive_in_order_and_the_descriptor_follows() {
        let (one, other) = cable().unwrap();
        assert!(!readable(&other));
        one.transmit(b"first").unwrap();
        one.transmit(b"second").unwrap();
        assert!(readable(&other) && !readable(&one));
        assert_eq!(received(&other).unwrap(), b"first");
        assert!(readable(&other));
        assert_eq!(received(&other).unwrap(), b"second");
        assert!(!readable(&other));
        assert_eq!(received(&other), None);
    }

    #[test]
    fn frames_that_are_too_long_are_lost() {
        let (one, other) = cable().unwrap();
        one.transmit(&[1; MAX_FRAME + 1]).unwrap();
        one.transmit(&[2; MAX_FRAME]).unwrap();
        assert_eq!(received(&other).unwrap(), [2; MAX_FRAME]);
        assert_eq!((received(&other), one.dropped()), (None, 1));
    }

    #[test]
    fn a_full_queue_loses_frames_and_wakes_who_waits_for_room() {
        let (one, other) = cable().unwrap();
        for number in 0..QUEUE_FRAMES {
            assert!(one.has_room());
            one.transmit(&number.to_be_bytes()).unwrap();
        }
        assert_eq!(one.transmit(b"lost").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!((one.dropped(), one.missed()), (1, 0));
        assert_eq!((other.dropped(), other.missed()), (0, 1));
        assert!(!one.has_room() && !readable(&one));

        for number in 0..QUEUE_FRAMES {
            assert_eq!(readable(&one), number > QUEUE_FRAMES - WAKE_FRAMES - 1, "after {number} frames");
            assert_eq!(received(&other).unwrap(), number.to_be_bytes());
        }
        assert!(one.has_room());
        assert_eq!(received(&one), None, "it was readable for room only");
        assert!(!readable(&one));
    }
}
