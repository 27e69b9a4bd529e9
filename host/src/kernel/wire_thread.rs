//! The wire thread: softirq context. Frames from the wires, interrupts and timers, in short budgets.

use super::Core;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Frames that are taken from each wire, and handled by the stack, before the lock is given back.
pub(super) const BUDGET: u32 = 64;

/// Longest sleep: a device whose ring is full is looked at again after this time even if its driver forgot.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// What is left to do after a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// More, right now.
    Again,
    /// Nothing before this time, in nanoseconds of the kernel's clock, or before something happens.
    Sleep(Option<u64>),
    /// Nothing, ever.
    End,
}

/// Ends the wire thread's sleep.
#[derive(Debug)]
pub(super) struct Kick {
    event: OwnedFd,
    /// Whether the thread was kicked and has not noticed, so that one write is enough.
    pending: AtomicBool,
}

impl Kick {
    pub(super) fn new() -> io::Result<Self> {
        let event = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Kick { event, pending: AtomicBool::new(false) })
    }

    /// Makes the thread look again. What it is to see must have been written before.
    pub(super) fn kick(&self) {
        if !self.pending.swap(true, Ordering::AcqRel)
            && let Err(error) = rustix::io::write(&self.event, &1u64.to_ne_bytes())
        {
            tracing::error!("the wire thread cannot be woken: {error}");
        }
    }

    /// Called by the thread before it looks. The order matters: who kicks between the two finds `pending`
    /// set and leaves it at that, and what he wrote is seen by the round that follows.
    fn clear(&self) {
        let mut count = [0; 8];
        let _ = rustix::io::read(&self.event, &mut count);
        self.pending.store(false, Ordering::Release);
    }
}

/// Runs until the kernel is stopped or its stack given up.
pub(super) fn run(core: &Arc<Core>) {
    let mut frame = Vec::with_capacity(crate::wire::MAX_FRAME);
    loop {
        match core.softirq(&mut frame) {
            Next::Again => core.give_way(),
            Next::Sleep(deadline) => sleep(core, deadline),
            Next::End => return,
        }
    }
}

/// Sleeps until a wire has a frame that its device can take, a kick, or the deadline.
fn sleep(core: &Core, deadline: Option<u64>) {
    let wires = core.wires_to_watch();
    let fds = std::iter::once(core.kick.event.as_fd()).chain(wires.iter().map(|wire| wire.as_fd()));
    wait_readable(fds, core.time_until(deadline));
    core.kick.clear();
}

fn wait_readable<'a>(fds: impl Iterator<Item = BorrowedFd<'a>>, time: Option<Duration>) {
    let mut fds: Vec<_> = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    let time = time.map_or(LONGEST_SLEEP, |time| time.min(LONGEST_SLEEP));
    let Ok(timeout) = Timespec::try_from(time) else { return };
    match poll(&mut fds, Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => {
            tracing::error!("the wire thread cannot wait: {error}");
            std::thread::sleep(time);
        }
    }
}
