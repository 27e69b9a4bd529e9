//! The kernel: a stack component in a Store of its own, and what stands around it.
//!
//! * [`component`], [`image`]: from a file to an instance that fulfils the world `wnet:stack/stack`.
//! * [`nic`], [`dma`]: the hardware, which is the device model of [`crate::e1000`] on a [`Wire`](crate::wire::Wire).
//! * [`imports`], [`inert`]: what a stack imports. They work on [`state`], with [`clock`], [`random`], [`notices`],
//!   [`resources`].
//! * [`machine`]: what the big lock guards, and what happens when the stack dies.
//! * [`linear_memory`]: how much memory a stack has.
//! * [`memory`]: what a stack was told while it ran, for the one in its place.
//! * [`entered`], [`handles`], [`waiters`]: how the gate calls the stack and waits for it.
//! * [`owners`]: whose the sockets are.
//! * [`wire_thread`]: frames in and timers.
//!
//! One mutex guards the stack. Guests' calls run stack code in process context, transmission included; the
//! wire thread runs it in softirq context. The stack's Store is synchronous, so that a call is a plain call
//! and legal inside of a guest's fiber; it does not notice re-entry, so no function that the stack imports
//! calls it or takes its lock, and nobody is woken before the lock was given back. No guard lives across an
//! `await`.

pub(crate) mod bindings;
mod clock;
pub(crate) mod component;
mod config;
mod control;
mod dma;
pub(crate) mod engine;
mod entered;
pub(crate) mod exports;
mod handles;
mod image;
mod imports;
mod inert;
pub mod lab;
mod linear_memory;
mod machine;
mod memory;
mod names;
mod nic;
mod notices;
mod owners;
mod random;
pub(crate) mod resources;
mod state;
#[cfg(test)]
mod tests;
mod waiters;
mod wire_thread;

pub use component::{LinkProblem, NotAComponent};
pub use config::{KernelConfig, KernelError, NicConfig, StackComponent};
pub use control::SysctlError;
pub use machine::StackDied;
pub use names::NameSettings;

pub use entered::Entered;
pub(crate) use handles::Owned;
pub(crate) use memory::{Setting, Told};
pub(crate) use owners::{OwnedSocket, Owner, Owners, Ownership};
pub(crate) use state::StackState;
pub(crate) use waiters::Armed;

use clock::Clock;
use handles::{Generation, Reaper};
use image::{BootError, Image, Program};
use machine::{Aftermath, Machine};
use nic::{Nic, Taken};
use random::RandomSource;
use state::Hardware;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LockResult, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::Duration;
use waiters::Waiters;
use wire_thread::{Kick, Next};

/// [`Kernel::drain`] waits for timers that are due within this time: a retransmission, but not the minute of
/// TIME-WAIT.
const DRAIN_HORIZON: Duration = Duration::from_secs(2);

/// [`Kernel::drain`] ends when nothing was sent for this long, since a timer of the stack may be one that it
/// will find to be void. What waits for an acknowledgement is sent again after 200 ms (Linux: TCP_RTO_MIN)
/// on any but a slow path.
const DRAIN_QUIET: Duration = Duration::from_millis(250);

/// How often [`Kernel::drain`] looks.
const DRAIN_INTERVAL: Duration = Duration::from_millis(5);

/// A running stack with its hardware.
pub struct Kernel {
    core: Arc<Core>,
    owners: Owners,
    wire_thread: Mutex<Option<JoinHandle<()>>>,
}

impl Kernel {
    /// Compiles the component (or finds it in the cache), links it, configures it, and starts the wire
    /// thread.
    ///
    /// # Errors
    /// When the component is none, is no stack, or refuses its configuration; and when the operating system
    /// refuses a thread or a descriptor.
    pub fn start(config: KernelConfig) -> Result<Arc<Kernel>, KernelError> {
        let clock = Clock::start();
        let nic = |nic: &_| {
            let NicConfig { name, mac, wire, .. } = nic;
            Mutex::new(Nic::new(name.clone(), *mac, Arc::clone(wire)))
        };
        let nics: Arc<[Mutex<Nic>]> = config.nics.iter().map(nic).collect();
        let hardware =
            Hardware { nics: Arc::clone(&nics), clock: clock.clone(), random: RandomSource::System };
        let image = Image::new(Program::load(&config.component, config.cache)?, &config, hardware);
        let core = Arc::new(Core::start(image, nics, clock, config.component.name)?);
        let thread_core = Arc::clone(&core);
        let wire_thread = std::thread::Builder::new()
            .name("wire".into())
            .spawn(move || wire_thread::run(&thread_core))
            .map_err(KernelError::Wire)?;
        Ok(Arc::new(Kernel { core, owners: Owners::default(), wire_thread: Mutex::new(Some(wire_thread)) }))
    }

    /// Process context: runs `f` in the stack, then wakes whom the stack named.
    ///
    /// # Errors
    /// When the stack died meanwhile. Any error that `f` answers counts as its death.
    pub(crate) fn enter<R>(
        &self,
        f: impl FnOnce(&mut Entered<'_>) -> wasmtime::Result<R>,
    ) -> Result<R, StackDied> {
        self.core.enter(f)
    }

    /// As [`Kernel::enter`]; if the stack dies of it, the one that was started in its place is asked once more.
    ///
    /// # Errors
    /// When that died, too, or there is none.
    pub(crate) fn enter_again<R>(
        &self,
        mut f: impl FnMut(&mut Entered<'_>) -> wasmtime::Result<R>,
    ) -> Result<R, StackDied> {
        match self.enter(&mut f) {
            Err(StackDied::Restarted) => self.enter(f),
            answer => answer,
        }
    }

    /// Whose the sockets are.
    pub(crate) fn owners(&self) -> &Owners {
        &self.owners
    }

    /// Has the handles dropped now that their owners dropped; usually the next entry does it on the way.
    pub(crate) fn reap(&self) {
        if self.core.reaper.is_waiting()
            && let Err(error) = self.enter(|_| Ok(()))
        {
            tracing::debug!("while handles were dropped: {error}");
        }
    }

    /// The stack's counters by name, if it exports `wnet:stack/control`, and those of the hardware.
    pub fn counters(&self) -> Vec<(String, u64)> {
        let mut counters = self.enter(|stack| stack.counters()).unwrap_or_default();
        for nic in self.core.nics.iter() {
            counters.extend(unpoisoned(nic.lock()).counters());
        }
        counters
    }

    /// How much memory the stack has, in bytes; 0 if there is none any more. What it once has it keeps, so that this only
    /// grows while it lives.
    pub fn stack_memory(&self) -> u64 {
        self.core.lock().stack_memory()
    }

    /// Why the stack was given up, if it was: it died too often, or did not start again.
    pub fn failure(&self) -> Option<String> {
        self.core.lock().failure().map(|why| why.to_string())
    }

    /// Waits until the stack seems to have nothing urgent left to do: closing connections have sent their
    /// data and their FIN, and what they sent was acknowledged. At most `limit`. Linux goes on for a process
    /// that has ended; this is for those who end the kernel with it.
    pub async fn drain(&self, limit: Duration) {
        let until = tokio::time::Instant::now() + limit;
        self.reap();
        while self.core.is_urgent() && tokio::time::Instant::now() < until {
            tokio::time::sleep(DRAIN_INTERVAL).await;
        }
    }

    /// Ends the wire thread, after a last round in which what is ready is sent.
    pub fn stop(&self) {
        self.core.stopping.store(true, Ordering::Release);
        self.core.kick.kick();
        if let Some(thread) = unpoisoned(self.wire_thread.lock()).take()
            && thread.join().is_err()
        {
            tracing::error!("the wire thread panicked");
        }
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What guests' calls and the wire thread share.
struct Core {
    machine: Mutex<Machine>,
    /// How many wait for the lock.
    contenders: AtomicUsize,
    nics: Arc<[Mutex<Nic>]>,
    reaper: Arc<Reaper>,
    waiters: Arc<Waiters>,
    clock: Clock,
    kick: Kick,
    stopping: AtomicBool,
}

impl Core {
    fn start(image: Image, nics: Arc<[Mutex<Nic>]>, clock: Clock, name: String) -> Result<Self, KernelError> {
        let (reaper, waiters) = (Arc::<Reaper>::default(), Arc::<Waiters>::default());
        let machine = Machine::start(
            image,
            Arc::clone(&nics),
            clock.clone(),
            Arc::clone(&reaper),
            Arc::clone(&waiters),
        );
        let machine = Mutex::new(machine.map_err(|error| match error {
            BootError::Failed(error) => KernelError::Start { name, why: component::one_line(&error) },
            BootError::Refused(text) => KernelError::Configure(text),
        })?);
        let kick = Kick::new().map_err(KernelError::Wire)?;
        let (contenders, stopping) = (AtomicUsize::new(0), AtomicBool::new(false));
        Ok(Core { machine, contenders, nics, reaper, waiters, clock, kick, stopping })
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        match self.machine.try_lock() {
            Ok(machine) => return machine,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {}
        }
        self.contenders.fetch_add(1, Ordering::Relaxed);
        let machine = unpoisoned(self.machine.lock());
        self.contenders.fetch_sub(1, Ordering::Relaxed);
        machine
    }

    fn is_contended(&self) -> bool {
        self.contenders.load(Ordering::Relaxed) > 0
    }

    /// Process context.
    fn enter<R>(&self, f: impl FnOnce(&mut Entered<'_>) -> wasmtime::Result<R>) -> Result<R, StackDied> {
        let mut machine = self.lock();
        let (result, aftermath) = machine.enter(f);
        drop(machine);
        if aftermath.kick {
            self.kick.kick();
        }
        self.wake(&aftermath);
        result
    }

    /// Softirq context: one round of the wire thread.
    fn softirq(&self, frame: &mut Vec<u8>) -> Next {
        let stopping = self.stopping.load(Ordering::Acquire);
        let mut machine = self.lock();
        let now = self.clock.now();
        let taken = self.take_from_wires(frame, now);
        let (result, aftermath) = machine.enter(|entered| {
            entered.stack.wnet_stack_reactor().call_step(&mut *entered.store, wire_thread::BUDGET)
        });
        let next = match result {
            _ if stopping => Next::End,
            Err(StackDied::Failed(_)) => Next::End,
            Err(StackDied::Restarted) => Next::Again,
            Ok(step) => {
                machine.stepped(step.next_deadline);
                if step.more || aftermath.kick || taken == Taken::Budget {
                    Next::Again
                } else {
                    Next::Sleep(self.earliest_deadline(&machine))
                }
            }
        };
        drop(machine);
        self.wake(&aftermath);
        next
    }

    fn wake(&self, aftermath: &Aftermath) {
        let generation = Generation(aftermath.generation);
        if aftermath.died {
            self.waiters.wake_all(generation);
        }
        self.waiters.wake(generation, &aftermath.ready);
    }

    /// Frames from the wires go into the devices' rings.
    fn take_from_wires(&self, frame: &mut Vec<u8>, now: u64) -> Taken {
        let mut all = Taken::All;
        for nic in self.nics.iter() {
            let mut nic = unpoisoned(nic.lock());
            nic.tick(now);
            if nic.take_from_wire(frame, wire_thread::BUDGET as usize, now) == Taken::Budget {
                all = Taken::Budget;
            }
        }
        all
    }

    fn earliest_deadline(&self, machine: &Machine) -> Option<u64> {
        let devices = self.nics.iter().filter_map(|nic| unpoisoned(nic.lock()).next_deadline());
        devices.chain(machine.deadline()).min()
    }

    /// The wires from which a frame could be taken now.
    fn wires_to_watch(&self) -> Vec<Arc<dyn crate::wire::Wire>> {
        self.nics.iter().filter_map(|nic| unpoisoned(nic.lock()).wire_to_watch()).collect()
    }

    fn time_until(&self, deadline: Option<u64>) -> Option<Duration> {
        deadline.map(|deadline| Duration::from_nanos(deadline.saturating_sub(self.clock.now())))
    }

    /// Whether the stack wants to be stepped soon, and was sending lately.
    fn is_urgent(&self) -> bool {
        let deadline = self.lock().deadline();
        let soon = self.time_until(deadline).is_some_and(|time| time < DRAIN_HORIZON);
        let sent = self.nics.iter().filter_map(|nic| unpoisoned(nic.lock()).last_transmit()).max();
        let since = |sent| Duration::from_nanos(self.clock.now().saturating_sub(sent));
        soon && sent.is_some_and(|sent| since(sent) < DRAIN_QUIET)
    }
}

/// A lock whose holder panicked is taken all the same: what it guards is either whole at every step, or a
/// stack that will trap and be started again.
fn unpoisoned<T>(lock: LockResult<T>) -> T {
    lock.unwrap_or_else(PoisonError::into_inner)
}
