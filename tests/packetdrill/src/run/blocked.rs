//! Calls that have not returned yet.

use super::failure::Failure;
use super::runner::Runner;
use super::time::{Due, check, seconds};
use crate::machine::{Outcome, Pending};

const SECOND: u64 = 1_000_000_000;
/// How long a call without an end time may block.
const PATIENCE: u64 = 600 * SECOND;

impl Runner<'_> {
    /// Tries all blocked calls once more. True if one of them returned.
    pub(super) fn resume_blocked(&mut self) -> Result<bool, Failure> {
        let mut any = false;
        for mut blocked in std::mem::take(&mut self.blocked) {
            match self.machine.resume(blocked.pending.clone()) {
                Outcome::Blocked(pending) => {
                    blocked.pending = pending;
                    self.blocked.push(blocked);
                }
                Outcome::Done(outcome) => {
                    any = true;
                    let line = blocked.line;
                    let name = format!("return of {}", blocked.spec.name);
                    check(self.config, Due::At(blocked.end), blocked.started, self.now(), &name)
                        .map_err(Failure::new)
                        .and_then(|()| self.finish_call(&blocked.spec, &blocked.call, outcome))
                        .map_err(|failure| Failure { line, ..failure })?;
                }
            }
        }
        Ok(any)
    }

    /// A call that the script does not say would block: it holds everything up until it returns, as upstream.
    pub(super) fn block(
        &mut self,
        mut pending: Pending,
    ) -> Result<Result<crate::machine::Answer, crate::Errno>, Failure> {
        let until = self.now() + PATIENCE;
        while self.now() < until {
            self.machine.run_until(self.start + until);
            self.collect();
            match self.machine.resume(pending) {
                Outcome::Done(outcome) => return Ok(outcome),
                Outcome::Blocked(again) => pending = again,
            }
        }
        Err(Failure::new(
            "the call blocks for ever; a call that should block is written with its end, 't...t2'",
        ))
    }

    /// The script is at its end: what still blocks gets the time that it has left.
    pub(super) fn finish_blocked(&mut self) -> Result<(), Failure> {
        while let Some(end) = self.blocked.iter().map(|blocked| blocked.end).max() {
            self.advance(end.max(self.now()) + SECOND)?;
            if let Some(blocked) = self.blocked.first() {
                let message = format!(
                    "{} should have returned at {} s and still blocks",
                    blocked.spec.name,
                    seconds(blocked.end)
                );
                return Err(Failure { line: blocked.line, ..Failure::new(message) });
            }
        }
        Ok(())
    }
}
