//! What the big lock guards: the stack's life, its death, and its next life.

use super::clock::Clock;
use super::entered::Entered;
use super::handles::{Generation, Reaper};
use super::image::{BootError, Image, Running};
use super::memory::Memory;
use super::nic::Nic;
use super::notices::Notices;
use super::waiters::Waiters;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The call did not come back from the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StackDied {
    /// A new stack runs in its place. Handles to the old one are void.
    Restarted,
    /// There is no stack any more, and why.
    Failed(Arc<str>),
}

impl fmt::Display for StackDied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StackDied::Restarted => f.write_str("the stack component died and was started again"),
            StackDied::Failed(why) => write!(f, "the network stack failed: {why}"),
        }
    }
}

impl std::error::Error for StackDied {}

/// What there is to do after the lock was given back.
#[derive(Debug, Default)]
pub(super) struct Aftermath {
    /// Whose tokens these are.
    pub(super) generation: u64,
    /// Tokens that the stack named.
    pub(super) ready: Vec<u64>,
    /// Whether that life of the stack ended.
    pub(super) died: bool,
    /// Whether the wire thread has to look at its deadlines anew.
    pub(super) kick: bool,
}

enum Life {
    Running(Box<Running>),
    Failed(Arc<str>),
}

/// The stack and what makes it anew.
pub(super) struct Machine {
    life: Life,
    generation: u64,
    image: Image,
    /// What the stack was told while it ran.
    memory: Memory,
    restarts: RestartBudget,
    nics: Arc<[Mutex<Nic>]>,
    clock: Clock,
    reaper: Arc<Reaper>,
    waiters: Arc<Waiters>,
    /// When the stack wants to be stepped.
    deadline: Option<u64>,
}

impl Machine {
    /// Starts the first life.
    pub(super) fn start(
        image: Image,
        nics: Arc<[Mutex<Nic>]>,
        clock: Clock,
        reaper: Arc<Reaper>,
        waiters: Arc<Waiters>,
    ) -> Result<Self, BootError> {
        let first = image.boot(Generation(0))?;
        let life = Life::Running(Box::new(first));
        let restarts = RestartBudget::default();
        // The first step is due at once: it picks up what arrived while the stack was configured.
        Ok(Machine {
            life,
            generation: 0,
            image,
            memory: Memory::default(),
            restarts,
            nics,
            clock,
            reaper,
            waiters,
            deadline: Some(0),
        })
    }

    /// Runs `f` in the stack, after what was left with the reaper was dropped.
    pub(super) fn enter<R>(
        &mut self,
        f: impl FnOnce(&mut Entered<'_>) -> wasmtime::Result<R>,
    ) -> (Result<R, StackDied>, Aftermath) {
        let running = match &mut self.life {
            Life::Running(running) => running,
            Life::Failed(why) => return (Err(StackDied::Failed(Arc::clone(why))), Aftermath::default()),
        };
        running.arm_epochs();
        let result = reap(running, &self.reaper)
            .and_then(|()| f(&mut Entered::new(running, &mut self.memory, &self.reaper, &self.waiters)));
        match result {
            Ok(value) => {
                let notices = std::mem::take(&mut running.store.data_mut().notices);
                (Ok(value), self.digest(notices))
            }
            Err(error) => {
                let aftermath =
                    Aftermath { generation: self.generation, died: true, kick: true, ..Default::default() };
                (Err(self.bury(&error)), aftermath)
            }
        }
    }

    /// When the stack wants to be stepped, in nanoseconds; `None`: not before something happens.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    /// What a step answered. What the stack said meanwhile still counts.
    pub(super) fn stepped(&mut self, next: Option<u64>) {
        self.deadline = next;
    }

    /// Bytes of memory that the stack has.
    pub(super) fn stack_memory(&self) -> u64 {
        match &self.life {
            Life::Running(running) => running.store.data().memory.bytes(),
            Life::Failed(_) => 0,
        }
    }

    /// Why there is no stack any more, if there is none.
    pub(super) fn failure(&self) -> Option<Arc<str>> {
        match &self.life {
            Life::Running(_) => None,
            Life::Failed(why) => Some(Arc::clone(why)),
        }
    }

    fn digest(&mut self, notices: Notices) -> Aftermath {
        let Notices { ready, wake_at, attention } = notices;
        let nearer = wake_at.filter(|at| self.deadline.is_none_or(|deadline| *at < deadline));
        if nearer.is_some() {
            self.deadline = nearer;
        }
        Aftermath { generation: self.generation, ready, died: false, kick: attention || nearer.is_some() }
    }

    /// The stack trapped: starts a new one in its place, unless this happens too often, and says so.
    fn bury(&mut self, error: &wasmtime::Error) -> StackDied {
        tracing::debug!("the stack component died: {error:?}");
        let cause = cause(error);
        let Some(left) = self.restarts.take(Duration::from_nanos(self.clock.now())) else {
            return self.give_up(format!("it died more than {MAX_RESTARTS} times in a minute, of: {cause}"));
        };
        // The old Store goes before the hardware is reset, the hardware before there is a new driver.
        self.life = Life::Failed("the stack component is being started again".into());
        for nic in self.nics.iter() {
            super::unpoisoned(nic.lock()).reset();
        }
        match self.boot_again(Generation(self.generation + 1)) {
            Ok(running) => {
                self.generation += 1;
                self.life = Life::Running(Box::new(running));
                self.deadline = Some(0);
                tracing::error!(
                    "the stack component died of: {cause}; a new one was started ({left} restarts left), \
                     all connections are lost"
                );
                StackDied::Restarted
            }
            Err(BootError::Failed(again)) => {
                self.give_up(format!("it died of: {cause}; then of: {}", self::cause(&again)))
            }
            Err(BootError::Refused(text)) => {
                self.give_up(format!("it died of: {cause}; then it refused: {text}"))
            }
        }
    }

    /// A stack that is told what the one before it was told. If it dies of that, another one that is not.
    fn boot_again(&mut self, generation: Generation) -> Result<Running, BootError> {
        let mut running = self.image.boot(generation)?;
        match self.memory.replay(&mut running) {
            Ok(()) => Ok(running),
            Err(error) => {
                tracing::error!("what was set while the stack ran is lost, it dies of it: {}", cause(&error));
                self.memory.forget();
                self.nics.iter().for_each(|nic| super::unpoisoned(nic.lock()).reset());
                self.image.boot(generation)
            }
        }
    }

    fn give_up(&mut self, why: String) -> StackDied {
        tracing::error!("the stack component is given up: {why}");
        let why: Arc<str> = why.into();
        self.life = Life::Failed(Arc::clone(&why));
        self.deadline = None;
        StackDied::Failed(why)
    }
}

/// Drops the handles that their owners dropped.
fn reap(running: &mut Running, reaper: &Reaper) -> wasmtime::Result<()> {
    if reaper.is_waiting() {
        for resource in reaper.take(running.generation) {
            resource.resource_drop(&mut running.store)?;
        }
    }
    Ok(())
}

/// The innermost cause of an error, which for a trap is the trap, in one line.
fn cause(error: &wasmtime::Error) -> String {
    error.root_cause().to_string().replace('\n', " ")
}

/// How often a stack is started again within [`RESTART_WINDOW`].
const MAX_RESTARTS: usize = 5;
const RESTART_WINDOW: Duration = Duration::from_secs(60);

/// Counts restarts, so that a stack that cannot live is given up.
#[derive(Debug, Default)]
struct RestartBudget {
    recent: VecDeque<Duration>,
}

impl RestartBudget {
    /// Takes one restart; answers how many are left, or `None` if there was none left.
    fn take(&mut self, now: Duration) -> Option<usize> {
        while self.recent.front().is_some_and(|then| now.saturating_sub(*then) >= RESTART_WINDOW) {
            self.recent.pop_front();
        }
        if self.recent.len() >= MAX_RESTARTS {
            return None;
        }
        self.recent.push_back(now);
        Some(MAX_RESTARTS - self.recent.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_are_limited_by_the_minute() {
        let mut budget = RestartBudget::default();
        let at = |seconds| Duration::from_secs(seconds);
        let answers: Vec<_> = [0, 10, 20, 30, 40, 50, 59].map(|second| budget.take(at(second))).into();
        assert_eq!(answers, [Some(4), Some(3), Some(2), Some(1), Some(0), None, None]);
        assert_eq!(budget.take(at(60)), Some(0), "the first is a minute ago");
        assert_eq!(budget.take(at(61)), None);
        assert_eq!(budget.take(at(200)), Some(4));
    }
}
