//! The machine among the tool's threads, and its time.
//!
//! The tool makes calls that are to block on a second thread. Such a thread sleeps here; the call is tried again
//! whenever something happened, by the thread that made it happen. Time moves only when the tool's first thread
//! sleeps or waits for a packet. A call that returns late is told the time at which it was done, once.

use crate::descriptors::Descriptors;
use crate::large::{self, Limits};
use crate::proc_sys::Tree;
use crate::stage::Stage;
use crate::threads::Thread;
use packetdrill::Errno;
use packetdrill::machine::{Address, Answer, Call, Live, Machine, Outcome, Pending};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

const NANOS_PER_MICRO: u64 = 1_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// How long a call on the first thread may block, and how long a packet may let wait, in virtual nanoseconds.
const PATIENCE: u64 = 5 * 3600 * NANOS_PER_SECOND;

/// How often the time may be asked for, with nothing in between, before it is believed that somebody waits for it to
/// pass: the tool spins for the last microseconds before an event.
const IDLE_LOOKS: u32 = 16;

/// Microseconds for which the tool spins after it has slept. Upstream: MAX_SPIN_USECS.
const SPIN: u64 = 20;

/// How often, in real time, a call that blocks looks whether the tool's first thread waits for it. The tool does so,
/// for a second, when it has nothing else to do before the call returned.
const LOOK: Duration = Duration::from_millis(25);

/// Looks with nothing happening in between, after which the first thread does wait.
const STANDSTILL: u32 = 2;

/// Real time between two looks whether a thread is done with a call that returned.
const SHORT: Duration = Duration::from_micros(50);

/// Real time for a thread to be done with a call that returned. It takes microseconds on an idle computer.
const COURTESY: Duration = Duration::from_secs(1);

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
    /// How long those can be.
    limits: Limits,
    blocked: HashMap<ThreadId, Blocked>,
    /// The time that a thread is told next, in nanoseconds.
    told: HashMap<ThreadId, u64>,
    /// Threads whose calls returned, and which may be busy with what they got.
    returned: Vec<(ThreadId, Thread)>,
    /// The thread that lets time pass.
    first: ThreadId,
    /// The same for the kernel.
    first_thread: Option<Thread>,
    idle_looks: u32,
    /// Nothing but looks at the time came after a sleep.
    slept: bool,
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
    /// Nothing has happened yet.
    fn new(stage: Stage) -> Self {
        State {
            stage,
            descriptors: Descriptors::default(),
            sent: VecDeque::new(),
            limits: Limits::default(),
            blocked: HashMap::new(),
            told: HashMap::new(),
            returned: Vec::new(),
            first: std::thread::current().id(),
            first_thread: Thread::current(),
            idle_looks: 0,
            slept: false,
            settings: None,
            events: 0,
        }
    }

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
    pub(crate) fn take_settings(&mut self) {
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

/// Makes the world, or makes it new: the tool begins once for each script of its command line.
pub(crate) fn begin(stage: Stage) -> &'static World {
    let state = State::new(stage);
    match WORLD.get() {
        Some(world) => {
            *world.lock() = state;
            world
        }
        None => WORLD.get_or_init(|| World { state: Mutex::new(state), done: Condvar::new() }),
    }
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
        let mut looks = 0;
        loop {
            if let Some(Blocked::Done(_)) = state.blocked.get(&me)
                && let Some(Blocked::Done(result)) = state.blocked.remove(&me)
            {
                state.returned.extend(Thread::current().map(|thread| (me, thread)));
                return result;
            }
            let before = (state.events, state.idle_looks);
            let (guard, timeout) =
                self.done.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner);
            state = guard;
            let stands_still = timeout.timed_out()
                && (state.events, state.idle_looks) == before
                && state.first_thread.as_ref().is_none_or(Thread::waits_for_another);
            looks = if stands_still { looks + 1 } else { 0 };
            if looks >= STANDSTILL {
                self.pass_until_done(&mut state, me);
                looks = 0;
            }
        }
    }

    /// Lets time pass until the call of thread `me` is done, but not more than a second.
    fn pass_until_done(&self, state: &mut State, me: ThreadId) {
        let until = state.stage.now() + NANOS_PER_SECOND;
        while state.stage.now() < until && !matches!(state.blocked.get(&me), Some(Blocked::Done(_))) {
            state.stage.run_until(until);
            self.happened(state);
        }
    }

    /// Gives threads whose calls were done the real time that they need to finish with them: to hear what time it
    /// is, to look at what the call gave, and to lie down again.
    fn let_them_finish(&self) {
        let begin = Instant::now();
        while begin.elapsed() < COURTESY {
            let mut state = self.lock();
            let State { blocked, told, returned, .. } = &mut *state;
            returned.retain(|(id, thread)| told.contains_key(id) || !thread.sleeps());
            if returned.is_empty() && !blocked.values().any(|blocked| matches!(blocked, Blocked::Done(_))) {
                return;
            }
            drop(state);
            std::thread::sleep(SHORT);
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

    /// Lets time pass. A thread whose call was done gets to finish with it first.
    pub(crate) fn sleep(&self, micros: u64) {
        self.let_them_finish();
        let mut state = self.lock();
        let until = state.stage.now() + micros * NANOS_PER_MICRO;
        self.run_until(&mut state, until);
        state.slept = true;
    }

    /// A packet arrives.
    pub(crate) fn inject(&self, packet: &[u8]) {
        let mut state = self.lock();
        state.take_settings();
        if let Some(local) = destination(packet) {
            state.stage.move_to(local);
        }
        state.limits.note(packet);
        state.stage.inject(packet);
        self.happened(&mut state);
    }

    /// The next packet that leaves, however long that takes; none if none will.
    pub(crate) fn receive(&self) -> Option<Live> {
        let state = &mut *self.lock();
        let limit = state.stage.now() + PATIENCE;
        loop {
            while let Some(packet) = state.stage.next_packet() {
                state.sent.push_back(packet);
            }
            let packet = match state.stage.strict_segments {
                true => large::take(&mut state.sent, &state.limits, state.stage.mtu()),
                false => state.sent.pop_front(),
            };
            if packet.is_some() {
                return packet;
            }
            if state.stage.now() >= limit {
                return None;
            }
            state.stage.run_until(limit);
            self.happened(state);
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
            let micros = if std::mem::take(&mut state.slept) { SPIN } else { 1 };
            let until = state.stage.now() + micros * NANOS_PER_MICRO;
            self.run_until(&mut state, until);
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
        (state.idle_looks, state.slept) = (0, false);
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
