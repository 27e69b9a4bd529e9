//! The thread that carries frames between two TAP devices.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use rustix::buffer::spare_capacity;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::{Errno, read, write};

use super::channel::{Channel, Counts, Impairment};

/// The longest frame that a TAP device may give: were offloading on, it would have to be seen.
const MAX_FRAME: usize = 65_536;

/// Frames that are taken from one end before those that have arrived are handed over.
const BUDGET: usize = 32;

/// Carries frames until it is [stopped](Self::stop) or dropped.
#[derive(Debug)]
pub struct Pump {
    thread: Option<JoinHandle<[Counts; 2]>>,
    end: Arc<OwnedFd>,
}

impl Pump {
    /// Carries frames between these TAP devices, which have been opened without waiting.
    ///
    /// # Errors
    /// If the system has no thread or descriptor left.
    pub fn start(ends: [OwnedFd; 2], impairment: Impairment) -> Result<Self> {
        let end = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
        let ended = Arc::clone(&end);
        let channels = [0, 1].map(|direction| Channel::new(impairment, direction));
        let thread = thread::Builder::new()
            .name("impaired wire".into())
            .spawn(move || Carrier { ends, channels, start: Instant::now() }.carry(&ended))?;
        Ok(Pump { thread: Some(thread), end })
    }

    /// Stops it; answers what became of the frames from the first device to the second, and of those back.
    ///
    /// # Errors
    /// If the thread has panicked.
    pub fn stop(mut self) -> Result<[Counts; 2]> {
        self.end().unwrap_or_else(|| Err(anyhow!("the wire was stopped before")))
    }

    fn end(&mut self) -> Option<Result<[Counts; 2]>> {
        let thread = self.thread.take()?;
        // It cannot fail: the descriptor is ours, and its counter far from full.
        let _ = write(&self.end, &1u64.to_ne_bytes());
        Some(thread.join().map_err(|_| anyhow!("the impaired wire panicked")))
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// What the thread has.
struct Carrier {
    ends: [OwnedFd; 2],
    channels: [Channel; 2],
    start: Instant,
}

impl Carrier {
    /// Goes on until `ended` is readable.
    fn carry(mut self, ended: &OwnedFd) -> [Counts; 2] {
        let mut space = Vec::with_capacity(MAX_FRAME);
        loop {
            let more = self.take_frames(&mut space);
            self.hand_over();
            let timeout = if more { Some(Duration::ZERO) } else { self.time_to_next() };
            let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
            let [near, far] = &self.ends;
            let mut fds = [near, far, ended].map(|fd| PollFd::new(fd, PollFlags::IN));
            // Poll(2) sleeps to the microsecond, and some 50 of them longer (PR_SET_TIMERSLACK).
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) if fds[2].revents().is_empty() => {}
                _ => return self.channels.map(|channel| channel.counts()),
            }
        }
    }

    /// Nanoseconds since the start.
    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// Takes what the devices give, within the budget; answers whether there may be more.
    fn take_frames(&mut self, space: &mut Vec<u8>) -> bool {
        let mut more = false;
        for direction in [0, 1] {
            let mut taken = 0;
            while taken < BUDGET && receive(&self.ends[direction], space) {
                let now = self.now();
                self.channels[direction].send(space.as_slice().into(), now);
                taken += 1;
            }
            more |= taken == BUDGET;
        }
        more
    }

    /// Hands over what has arrived.
    fn hand_over(&mut self) {
        let now = self.now();
        for (direction, channel) in self.channels.iter_mut().enumerate() {
            while let Some(frame) = channel.arrived(now) {
                // A device that is full or down loses it, like any.
                let _ = write(self.ends[1 - direction].as_fd(), &frame);
            }
        }
    }

    fn time_to_next(&self) -> Option<Duration> {
        let next = self.channels.iter().filter_map(Channel::next_arrival).min()?;
        Some(Duration::from_nanos(next.saturating_sub(self.now())))
    }
}

/// Puts the device's next frame into `space`, if there is one.
fn receive(device: &OwnedFd, space: &mut Vec<u8>) -> bool {
    space.clear();
    read(device, spare_capacity(space)).is_ok_and(|length| length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    /// Two ends of a cable that keeps frames apart, as a TAP device does.
    fn cable() -> (OwnedFd, OwnedFd) {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        socketpair(AddressFamily::UNIX, SocketType::DGRAM, flags, None).unwrap()
    }

    fn wait_for_frame(end: &OwnedFd) -> Vec<u8> {
        let mut frame = Vec::with_capacity(MAX_FRAME);
        let found = crate::deadline::wait_for("a frame", || receive(end, &mut frame).then_some(()));
        found.unwrap();
        frame
    }

    #[test]
    fn frames_cross_both_ways_after_the_delay() {
        let ((near, near_tap), (far, far_tap)) = (cable(), cable());
        let delay = 5_000_000;
        let impairment = Impairment { delay, loss: 0, rate: 0, queue: 0, seed: 0 };
        let pump = Pump::start([near_tap, far_tap], impairment).unwrap();
        let begun = Instant::now();
        write(&near, b"a frame that goes there").unwrap();
        assert_eq!(wait_for_frame(&far), b"a frame that goes there");
        assert!(begun.elapsed() >= Duration::from_nanos(delay));
        write(&far, b"and one back").unwrap();
        assert_eq!(wait_for_frame(&near), b"and one back");
        let [there, back] = pump.stop().unwrap();
        assert_eq!((there.carried, there.longest, back.carried, back.longest), (1, 23, 1, 12));
    }
}
