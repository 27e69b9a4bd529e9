//! What an end of a run does with its connection.

use super::plan::{EndPlan, Ending, Plan};
use crate::random::{Random, SeededRandom};
use crate::stack::Stack;
use crate::tcp::{Received, Shutdown, SocketError, TcpHandle};
use crate::time::{Duration, Instant};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// One end of a run.
#[derive(Debug)]
pub(super) struct Application {
    plan: EndPlan,
    peer_bytes: u64,
    /// What tells the streams of the two ends apart.
    tint: u64,
    random: SeededRandom,
    /// None: nobody connected yet.
    pub(super) handle: Option<TcpHandle>,
    sent: u64,
    ended: bool,
    pub(super) received: u64,
    resting_until: Instant,
    done: bool,
}

/// The byte number `at` of a stream.
fn byte(tint: u64, at: u64) -> u8 {
    ((at ^ tint).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
}

impl Application {
    pub(super) fn new(plan: &Plan, end: usize) -> Self {
        Application {
            plan: plan.ends[end].clone(),
            peer_bytes: plan.ends[1 - end].bytes,
            tint: plan.seed * 2 + end as u64,
            random: SeededRandom::new(plan.seed * 2 + end as u64),
            handle: None,
            sent: 0,
            ended: false,
            received: 0,
            resting_until: Instant::ZERO,
            done: false,
        }
    }

    /// Whether it has nothing more to do.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Nobody will connect any more.
    pub(super) fn give_up(&mut self) {
        self.done = true;
    }

    /// Gives the connection up at once.
    pub(super) fn abort(&mut self, host: &mut Stack, now: Instant) {
        if let Some(handle) = self.handle.filter(|_| !self.done) {
            host.tcp_abort(handle, now);
        }
        self.done = true;
    }

    /// Whether it rests by its own will.
    pub(super) fn rests(&self, now: Instant) -> bool {
        !self.done && now < self.resting_until
    }

    /// When it will do something even if nothing happens.
    pub(super) fn alarm(&self, begun: Instant) -> Option<Instant> {
        let abort = match self.plan.ending {
            Ending::Abort(after) if !self.done => Some(begun + after),
            _ => None,
        };
        let rest = (!self.done).then_some(self.resting_until);
        abort.into_iter().chain(rest).min_by_key(|&at| at)
    }

    /// Does what can be done now. `excused`: one of the two ends breaks off, so that the other may meet errors.
    /// Answers whether something moved.
    pub(super) fn act(
        &mut self,
        host: &mut Stack,
        now: Instant,
        age: Duration,
        excused: bool,
    ) -> Result<bool, String> {
        let Some(handle) = self.handle.filter(|_| !self.done) else { return Ok(false) };
        if let Ending::Abort(after) = self.plan.ending
            && age >= after
        {
            self.abort(host, now);
            return Ok(true);
        }
        let moved = self.write(host, handle, now).and_then(|wrote| {
            let read = self.read(host, handle, now)?;
            Ok(wrote | read)
        });
        match moved {
            Ok(moved) => Ok(moved),
            Err(Trouble::Refused(_) | Trouble::Short) if excused => {
                host.tcp_close(handle, now);
                self.done = true;
                Ok(true)
            }
            Err(Trouble::Refused(error)) => Err(format!("stream {}: {error}", self.tint % 2)),
            Err(Trouble::Short) => {
                Err(format!("stream {}: ended after {} of {}", self.tint % 2, self.received, self.peer_bytes))
            }
            Err(Trouble::Wrong(what)) => Err(format!("stream {}: {what}", self.tint % 2)),
        }
    }

    fn write(&mut self, host: &mut Stack, handle: TcpHandle, now: Instant) -> Result<bool, Trouble> {
        let left = self.plan.bytes - self.sent;
        let mut moved = false;
        if left > 0 {
            let len = left.min(1 + u64::from(self.random.below(self.plan.write)));
            let data: Vec<u8> = (self.sent..self.sent + len).map(|at| byte(self.tint, at)).collect();
            match host.tcp_send(handle, &data, now) {
                Ok(taken) => {
                    self.sent += taken as u64;
                    moved = taken > 0;
                }
                Err(SocketError::WouldBlock) => {}
                Err(error) => return Err(Trouble::Refused(error)),
            }
        }
        if self.sent == self.plan.bytes && !self.ended && host.tcp_connect_result(handle).is_ok() {
            self.ended = true;
            if self.plan.ending == Ending::Early {
                host.tcp_close(handle, now);
                self.done = true;
                return Ok(true);
            }
            host.tcp_shutdown(handle, Shutdown::Send, now).map_err(Trouble::Refused)?;
            moved = true;
        }
        Ok(moved)
    }

    fn read(&mut self, host: &mut Stack, handle: TcpHandle, now: Instant) -> Result<bool, Trouble> {
        if self.done || now < self.resting_until {
            return Ok(false);
        }
        match host.tcp_receive(handle, 1 + self.random.below(self.plan.read) as usize, now) {
            Ok(Received::Data(data)) => {
                self.judge(&data)?;
                let (chance, most) = self.plan.rest;
                if self.random.below(1000) < chance {
                    let rest = self.random.below(most.as_micros() as u32 + 1);
                    self.resting_until = now + Duration::from_micros(rest.into());
                }
                Ok(true)
            }
            Ok(Received::End) if self.received < self.peer_bytes => Err(Trouble::Short),
            Ok(Received::End) if self.ended => {
                host.tcp_close(handle, now);
                self.done = true;
                Ok(true)
            }
            Ok(Received::End) | Err(SocketError::WouldBlock) => Ok(false),
            Err(error) => Err(Trouble::Refused(error)),
        }
    }

    /// Each byte is the one that was sent.
    fn judge(&mut self, data: &[u8]) -> Result<(), Trouble> {
        let peer = self.tint ^ 1;
        for &found in data {
            if self.received >= self.peer_bytes || found != byte(peer, self.received) {
                return Err(Trouble::Wrong(format!("byte {} is not what was sent", self.received)));
            }
            self.received += 1;
        }
        Ok(())
    }
}

/// What an application may meet.
enum Trouble {
    /// The stack answers an error.
    Refused(SocketError),
    /// The peer's stream ended too soon.
    Short,
    /// The stack does what it must not.
    Wrong(String),
}
