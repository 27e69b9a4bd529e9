//! The connections in TIME-WAIT, and FIN-WAIT-2 without an owner: how they get there, what arrives for them, how they
//! end. Linux: `tcp_v4_rcv` at `do_time_wait`.

use super::segment::Segment;
use super::table::{Entry, Tcp};
use super::time_wait::{Succession, TimeWait, Verdict};
use super::{Env, FourTuple, TcpState};
use crate::arena::Handle;
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::time::Duration;

/// What waits no longer than this is counted as killed. Linux: `__inet_twsk_schedule`.
const SHORT: Duration = Duration::from_secs(4);

impl Tcp {
    /// Keeps what is left of a connection in its place; beyond `tcp_max_tw_buckets` nothing is kept. Linux:
    /// `tcp_time_wait`.
    pub(super) fn enter_time_wait(&mut self, env: &mut Env<'_>, wait: TimeWait) {
        let tuple = wait.tuple;
        if self.time_waits.len() >= env.sysctl.tcp_max_tw_buckets as usize {
            env.counters.increment(Counter::TcpExtTCPTimeWaitOverflow);
            self.connections.remove(&tuple);
            return;
        }
        let deadline = wait.deadline;
        let short = deadline.since(env.now) <= SHORT;
        env.counters.increment(if short { Counter::TcpExtTWKilled } else { Counter::TcpExtTW });
        let entry = Entry::TimeWait(self.time_waits.insert(wait));
        self.connections.insert(tuple, entry);
        self.arm(deadline, entry);
    }

    /// A segment for a connection that is over. Linux: `tcp_v4_rcv` at `do_time_wait`.
    pub(super) fn time_wait_input(
        &mut self,
        env: &mut Env<'_>,
        handle: Handle<TimeWait>,
        segment: Segment,
    ) -> Result<(), DropReason> {
        let Some(wait) = self.time_waits.get_mut(handle) else { return Err(DropReason::TcpNoSocket) };
        let (before, verdict) = (wait.state(), wait.process(env, &segment));
        let (after, tuple) = (wait.state(), wait.tuple);
        if before != after {
            self.trace_change(&tuple, before, after);
        }
        match verdict {
            Verdict::Done => Ok(()),
            Verdict::Ignore => Err(DropReason::TcpReset),
            Verdict::Kill => {
                self.drop_time_wait(handle);
                Ok(())
            }
            Verdict::Acknowledge => {
                self.answer_time_wait(env, handle);
                Ok(())
            }
            Verdict::AcknowledgeLimited(skipped) => {
                self.answer_limited(env, handle, &segment, skipped);
                Err(DropReason::TcpSequence)
            }
            Verdict::Open(initial) => match self.listener(&segment.tuple, Some(segment.device)) {
                Some(listener) => {
                    self.drop_time_wait(handle);
                    self.connection_request(env, listener, segment, Some(initial))
                }
                None => {
                    self.answer_time_wait(env, handle);
                    Err(DropReason::TcpSequence)
                }
            },
            Verdict::Reset => {
                self.reply_with_reset(env, &segment);
                self.drop_time_wait(handle);
                Err(DropReason::TcpClosed)
            }
        }
    }

    fn answer_time_wait(&mut self, env: &mut Env<'_>, handle: Handle<TimeWait>) {
        if let Some(wait) = self.time_waits.get(handle) {
            let ack = wait.ack(env.now);
            self.reply(ack);
        }
    }

    /// Linux: `tcp_timewait_check_oow_rate_limit`.
    fn answer_limited(
        &mut self,
        env: &mut Env<'_>,
        handle: Handle<TimeWait>,
        segment: &Segment,
        skipped: Counter,
    ) {
        let Some(wait) = self.time_waits.get_mut(handle) else { return };
        if segment.may_be_answered(env, &mut wait.last_answer, skipped) {
            self.answer_time_wait(env, handle);
        }
    }

    /// What a new connection of ours takes over if it may begin in the place of what is left of an old one.
    pub(super) fn reusable(
        &self,
        env: &Env<'_>,
        tuple: &FourTuple,
        chosen: bool,
    ) -> Option<(Handle<TimeWait>, Succession)> {
        let Some(&Entry::TimeWait(handle)) = self.connections.get(tuple) else { return None };
        Some((handle, self.time_waits.get(handle)?.succession(env, chosen)?))
    }

    /// Linux: `tw_timer_handler`.
    pub(super) fn time_wait_timer(&mut self, env: &mut Env<'_>, handle: Handle<TimeWait>) {
        match self.time_waits.get(handle) {
            Some(wait) if wait.deadline <= env.now => self.drop_time_wait(handle),
            Some(wait) => self.arm(wait.deadline, Entry::TimeWait(handle)),
            None => {}
        }
    }

    pub(super) fn drop_time_wait(&mut self, handle: Handle<TimeWait>) {
        let Some(wait) = self.time_waits.remove(handle) else { return };
        self.trace_change(&wait.tuple, wait.state(), TcpState::Close);
        if self.connections.get(&wait.tuple) == Some(&Entry::TimeWait(handle)) {
            self.connections.remove(&wait.tuple);
        }
    }
}
