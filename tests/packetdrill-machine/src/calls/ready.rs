//! poll(2) and epoll(7).

use super::{Attempt, Process, Progress, Stop, done};
use crate::component::Component;
use crate::descriptors::{Descriptors, Kind};
use crate::epoll::Seen;
use crate::numbers::event;
use packetdrill::Errno;
use packetdrill::machine::{Answer, Call, Fd, PollFd};

const NANOS_PER_MILLI: u64 = 1_000_000;

/// Linux: `TCP_LISTEN`.
const LISTEN: u8 = 10;

impl Process {
    /// Calls about readiness.
    pub(super) fn attempt_ready(&mut self, call: &Call, progress: &mut Progress) -> Attempt {
        match call {
            Call::Poll { fds, timeout_ms } => self.poll(fds, *timeout_ms, progress),
            Call::EpollCreate { .. } => self.epoll_create(),
            Call::EpollCtl { epoll, operation, fd, event } => {
                self.descriptors.get(*fd)?;
                if epoll == fd {
                    return Err(Errno::EINVAL.into());
                }
                self.descriptors.epoll(*epoll)?.control(*operation, *fd, *event)?;
                done(0)
            }
            Call::EpollWait { epoll, max_events, timeout_ms } => {
                self.epoll_wait(*epoll, *max_events, *timeout_ms, progress)
            }
            _ => Err(Errno::ENOSYS.into()),
        }
    }

    fn poll(&mut self, fds: &[PollFd], timeout_ms: i32, progress: &Progress) -> Attempt {
        let revents: Vec<i16> = fds.iter().map(|poll| self.poll_one(*poll)).collect();
        let ready = revents.iter().filter(|events| **events != 0).count();
        if ready == 0 {
            wait(timeout_ms, progress)?;
        }
        Ok(Answer { value: i64::try_from(ready).unwrap_or(i64::MAX), revents, ..Answer::default() })
    }

    fn poll_one(&mut self, poll: PollFd) -> i16 {
        if poll.fd < 0 {
            return 0;
        }
        let wanted = u32::from(poll.events.cast_unsigned()) | event::ERR | event::HUP;
        let events = match look(&mut self.descriptors, &mut self.component, poll.fd) {
            Some(seen) => seen.events & wanted,
            None => event::NVAL,
        };
        u16::try_from(events).unwrap_or(u16::MAX).cast_signed()
    }

    fn epoll_wait(&mut self, epoll: Fd, max: usize, timeout_ms: i32, progress: &Progress) -> Attempt {
        if max == 0 {
            return Err(Errno::EINVAL.into());
        }
        let watched = self.descriptors.epoll(epoll)?.watched();
        let seen: Vec<_> = watched
            .into_iter()
            .map(|fd| (fd, look(&mut self.descriptors, &mut self.component, fd).unwrap_or_default()))
            .collect();
        let find = |fd| seen.iter().find(|(watched, _)| *watched == fd).map(|(_, seen)| *seen);
        let events = self.descriptors.epoll(epoll)?.collect(max, |fd| find(fd).unwrap_or_default());
        if events.is_empty() {
            wait(timeout_ms, progress)?;
        }
        Ok(Answer { value: i64::try_from(events.len()).unwrap_or(i64::MAX), events, ..Answer::default() })
    }
}

/// Waits for as long as the caller wants, negative for ever.
fn wait(timeout_ms: i32, progress: &Progress) -> Result<(), Stop> {
    match u64::try_from(timeout_ms) {
        Ok(0) => Ok(()),
        _ if progress.expired => Ok(()),
        Ok(millis) => Err(Stop::Wait(Some(millis * NANOS_PER_MILLI))),
        Err(_) => Err(Stop::Wait(None)),
    }
}

/// What is known of a descriptor now; none if it is not open.
fn look(descriptors: &mut Descriptors, component: &mut Component, fd: Fd) -> Option<Seen> {
    match &mut descriptors.get(fd).ok()?.kind {
        Kind::Tcp(tcp) => {
            let events = tcp.events(component);
            let arrivals = component.info(tcp.handle()).map_or(0, |info| {
                // What Linux wakes readers for: data, the peer's FIN, a connection to accept.
                info.bytes_received + u64::from(info.unacked) * u64::from(info.state == LISTEN)
            });
            let told = tcp.local.zerocopy.completions + tcp.local.timestamping.told;
            let arrivals = arrivals + told + tcp.local.spaces;
            Some(Seen { events, arrivals })
        }
        _ => Some(Seen::default()),
    }
}
