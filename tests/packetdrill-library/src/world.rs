//! The machine among the tool's threads, and its time.
//!
//! The tool makes calls that are to block on a second thread. Such a thread sleeps here; the call is tried again
//! whenever something happened, by the thread that made it happen. Time moves only when the tool's first thread
//! sleeps or waits for a packet. A call that returns late is told the time at which it was done, once.

use crate::descriptors::Descriptors;
use crate::large;
use crate::proc_sys::Tree;
use crate::stage::Stage;
use packetdrill::Errno;
use packetdrill::machine::{Address, Answer, Call, Live, Machine, Outcome, Pending};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

const NANOS_PER_MICRO: u64 = 1_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// How long a call on the first thread may block, and how long a packet may let wait, in virtual nanoseconds.
const PATIENCE: u64 = 600 * NANOS_PER_SECOND;

/// How often the time may be asked for, with nothing in between, before it is believed that somebody waits for it to
/// pass: the tool spins for the last microseconds before an event.
const IDLE_LOOKS: u32 = 2;

/// How long, in real time, a call may block with nothing happening at all before it lets time pass itself: the tool
/// waits like that, for a second, at the end of a script.
const STANDSTILL: Duration = Duration::from_millis(200);

/// The one world of this process.
static WORLD: OnceLock<World> = OnceLock::new();

/// The machine and those who wait.
pub(crate) struct World {
    state: Mutex<State>,
    /// A call that blocked was done.
    done: Condvar,
}

/// What the lock guards.
pub(crate) struct State {
    pub(crate) stage: Stage,
    pub(crate) descriptors: Descriptors,
    /// What left and the tool did not ask for yet.
    sent: VecDeque<Live>,
    blocked: HashMap<ThreadId, Blocked>,
    /// The time that a thread is told next, in nanoseconds.
    told: HashMap<ThreadId, u64>,
    /// The thread that lets time pass.
    first: ThreadId,
    idle_looks: u32,
    /// The settings as commands of scripts see them.
    pub(crate) settings: Option<Tree>,
    /// Grows with everything that happens.
    events: u64,
}

/// The call of a thread that sleeps.
enum Blocked {
    Pending(Pending),
    Done(Result<Answer, Errno>),
}

impl State {
    /// All settings, by dotted name.
    pub(crate) fn sysctls(&mut self) -> Vec<(String, String)> {
        self.stage.sysctls()
    }

    /// Commands shall see the settings as they are now.
    pub(crate) fn show_settings(&mut self) {
        let now = self.sysctls();
        // A tree that is gone is one that nobody looks at.
        if let Some(tree) = &self.settings {
            let _ = tree.show(&now);
        }
    }

    /// Sets what commands wrote into files.
    fn take_settings(&mut self) {
        let changes = self.settings.as_ref().map(Tree::changes).unwrap_or_default();
        for (name, value) in &changes {
            if let Err(error) = self.stage.set_sysctl(name, value) {
                eprintln!("libwnet_packetdrill: {error}");
            }
        }
        if !changes.is_empty() {
            self.show_settings();
        }
    }
}

/// The address that an IPv4 packet goes to.
fn destination(packet: &[u8]) -> Option<IpAddr> {
    let address: [u8; 4] = *packet.get(16..)?.first_chunk()?;
    (packet[0] >> 4 == 4).then(|| IpAddr::from(address))
}

/// Makes the world, once.
pub(crate) fn begin(stage: Stage) -> &'static World {
    WORLD.get_or_init(|| World {
        state: Mutex::new(State {
            stage,
            descriptors: Descriptors::default(),
            sent: VecDeque::new(),
            blocked: HashMap::new(),
            told: HashMap::new(),
            first: std::thread::current().id(),
            idle_looks: 0,
            settings: None,
            events: 0,
        }),
        done: Condvar::new(),
    })
}

/// The world, if there is one.
pub(crate) fn world() -> Option<&'static World> {
    WORLD.get()
}

impl World {
    /// The state, for as long as the guard lives.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The machine's address is `address`, unless its wire was in use already.
    pub(crate) fn local_is(&self, address: Address) {
        if let Address::Inet(address) = address {
            self.lock().stage.move_to(address.ip());
        }
    }

    /// Makes a system call, and waits until it returns.
    pub(crate) fn call(&self, call: &Call) -> Result<Answer, Errno> {
        let mut state = self.lock();
        state.take_settings();
        let outcome = state.stage.call(call);
        self.happened(&mut state);
        let pending = match outcome {
            Outcome::Done(result) => return result,
            Outcome::Blocked(pending) => pending,
        };
        if std::thread::current().id() == state.first {
            self.wait_alone(&mut state, pending)
        } else {
            self.wait(state, pending)
        }
    }

    /// Waits for others to let time pass.
    fn wait(&self, mut state: MutexGuard<'_, State>, pending: Pending) -> Result<Answer, Errno> {
        let me = std::thread::current().id();
        state.blocked.insert(me, Blocked::Pending(pending));
        loop {
            if let Some(Blocked::Done(_)) = state.blocked.get(&me)
                && let Some(Blocked::Done(result)) = state.blocked.remove(&me)
            {
                return result;
            }
            let events = state.events;
            let (guard, timeout) =
                self.done.wait_timeout(state, STANDSTILL).unwrap_or_else(PoisonError::into_inner);
            state = guard;
            if timeout.timed_out() && state.events == events {
                let until = state.stage.now() + NANOS_PER_SECOND;
                self.run_until(&mut state, until);
            }
        }
    }

    /// Nobody else lets time pass.
    fn wait_alone(&self, state: &mut State, mut pending: Pending) -> Result<Answer, Errno> {
        let limit = state.stage.now() + PATIENCE;
        while state.stage.now() < limit {
            state.stage.run_until(limit);
            self.happened(state);
            match state.stage.resume(pending) {
                Outcome::Done(result) => return result,
                Outcome::Blocked(again) => pending = again,
            }
        }
        eprintln!("wnet: a call that the script does not say would block blocks for ever");
        Err(Errno::EDEADLK)
    }

    /// Lets time pass.
    pub(crate) fn sleep(&self, micros: u64) {
        let mut state = self.lock();
        let until = state.stage.now() + micros * NANOS_PER_MICRO;
        self.run_until(&mut state, until);
    }

    /// A packet arrives.
    pub(crate) fn inject(&self, packet: &[u8]) {
        let mut state = self.lock();
        state.take_settings();
        if let Some(local) = destination(packet) {
            state.stage.move_to(local);
        }
        state.stage.inject(packet);
        self.happened(&mut state);
    }

    /// The next packet that leaves, however long that takes; none if none will.
    pub(crate) fn receive(&self) -> Option<Live> {
        let mut state = self.lock();
        let limit = state.stage.now() + PATIENCE;
        loop {
            while let Some(packet) = state.stage.next_packet() {
                state.sent.push_back(packet);
            }
            if let Some(packet) = large::take(&mut state.sent) {
                return Some(packet);
            }
            if state.stage.now() >= limit {
                return None;
            }
            state.stage.run_until(limit);
            self.happened(&mut state);
        }
    }

    /// What time it is, in microseconds.
    pub(crate) fn time(&self) -> u64 {
        let mut state = self.lock();
        if let Some(told) = state.told.remove(&std::thread::current().id()) {
            return told / NANOS_PER_MICRO;
        }
        state.idle_looks += 1;
        if state.idle_looks > IDLE_LOOKS {
            let until = state.stage.now() + NANOS_PER_MICRO;
            let looks = state.idle_looks;
            self.run_until(&mut state, until);
            state.idle_looks = looks;
        }
        state.stage.now() / NANOS_PER_MICRO
    }

    fn run_until(&self, state: &mut State, until: u64) {
        while state.stage.now() < until {
            state.stage.run_until(until);
            self.happened(state);
        }
    }

    /// Something happened: calls that blocked may be done.
    fn happened(&self, state: &mut State) {
        state.idle_looks = 0;
        state.events += 1;
        let now = state.stage.now();
        for (thread, blocked) in &mut state.blocked {
            let Blocked::Pending(pending) = blocked else { continue };
            *blocked = match state.stage.resume(pending.clone()) {
                Outcome::Blocked(pending) => Blocked::Pending(pending),
                Outcome::Done(result) => {
                    state.told.insert(*thread, now);
                    self.done.notify_all();
                    Blocked::Done(result)
                }
            };
        }
    }
}
