//! A laboratory: the stack component with its network card on one thread, in a time that its owner makes.
//!
//! It is the kernel without its threads. Nothing happens by itself: the owner sets the clock, puts frames on
//! the wire, calls the stack's exports with [`Lab::enter`], and takes what left. Random numbers come from a
//! seed, so that the same calls have the same effects, always.

use super::clock::Clock;
use super::component::one_line;
use super::config::{KernelConfig, KernelError, NicConfig, StackComponent};
use super::handles::{Generation, Reaper};
use super::image::{BootError, Image, Program, Running};
use super::memory::Memory;
use super::nic::Nic;
use super::random::RandomSource;
use super::waiters::Waiters;
use crate::wire::Wire;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};

pub use super::bindings::exports;
pub use super::entered::Entered;
pub use super::exports::Stack;
use super::state::Hardware;
pub use super::state::StackState;

/// Frames that the stack handles in one step.
const BUDGET: u32 = 64;

/// Steps without any time passing after which the stack is believed to run in circles.
const MAX_STEPS: usize = 100_000;

/// A stack component, compiled. To be loaded once and started often: a start takes about a millisecond.
#[derive(Clone)]
pub struct Blueprint {
    program: Program,
    component: StackComponent,
}

/// What a lab is to look like.
#[derive(Clone, Debug)]
pub struct LabConfig {
    /// The name of the network card's interface.
    pub interface: String,
    /// The network card's Ethernet address.
    pub mac: [u8; 6],
    /// Its addresses with the length of their network prefix, the primary one first.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Next hops of default routes.
    pub gateways: Vec<IpAddr>,
    /// Largest IP packet in bytes.
    pub mtu: u32,
    /// Settings by their Linux names, with values as text.
    pub sysctls: Vec<(String, String)>,
    /// What the stack's random numbers follow from.
    pub seed: u64,
    /// What the clock shows at first, in nanoseconds.
    pub start: u64,
}

/// A frame that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFrame {
    /// When, in nanoseconds of the lab's clock.
    pub at: u64,
    /// The frame without preamble and frame check sequence.
    pub bytes: Vec<u8>,
}

/// The stack trapped, and why. The lab is of no use any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackFailed(pub String);

impl fmt::Display for StackFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stack component failed: {}", self.0)
    }
}

impl std::error::Error for StackFailed {}

impl Blueprint {
    /// Compiles a stack component; `cache`: whether what was compiled is kept on disk for the next time.
    ///
    /// # Errors
    /// When it is no component, or no stack.
    pub fn load(component: StackComponent, cache: bool) -> Result<Self, KernelError> {
        Ok(Blueprint { program: Program::load(&component, cache)?, component })
    }
}

/// A running stack with one network card. The stack's Store is synchronous, and so is this.
pub struct Lab {
    running: Running,
    /// Nobody reads it: a lab has one stack.
    memory: Memory,
    reaper: Arc<Reaper>,
    waiters: Arc<Waiters>,
    clock: Clock,
    wire: Arc<HandWire>,
    nics: Arc<[Mutex<Nic>]>,
    /// When the stack wants to be stepped.
    deadline: Option<u64>,
}

impl Lab {
    /// Starts a stack.
    ///
    /// # Errors
    /// When the stack refuses its configuration or traps; when there is no descriptor left.
    pub fn start(blueprint: &Blueprint, config: &LabConfig) -> Result<Lab, KernelError> {
        let clock = Clock::stand_at(config.start);
        let wire = Arc::new(HandWire::new(clock.clone()).map_err(KernelError::Wire)?);
        let nic = NicConfig {
            name: config.interface.clone(),
            mac: config.mac,
            wire: Arc::clone(&wire) as Arc<dyn Wire>,
            addresses: config.addresses.clone(),
            dhcp: false,
            ipv6: false,
            gateways: config.gateways.clone(),
            mtu: Some(config.mtu),
        };
        let nics: Arc<[Mutex<Nic>]> =
            [Mutex::new(Nic::new(nic.name.clone(), nic.mac, Arc::clone(&nic.wire)))].into();
        let kernel = KernelConfig {
            component: blueprint.component.clone(),
            nics: vec![nic],
            sysctls: config.sysctls.clone(),
            names: None,
            cache: false,
        };
        let random = RandomSource::Seeded(config.seed);
        let hardware = Hardware { nics: Arc::clone(&nics), clock: clock.clone(), random };
        let image = Image::new(blueprint.program.clone(), &kernel, hardware);
        let failed =
            |error: &_| KernelError::Start { name: kernel.component.name.clone(), why: one_line(error) };
        let running = image.boot(Generation(0)).map_err(|error| match error {
            BootError::Failed(error) => failed(&error),
            BootError::Refused(text) => KernelError::Configure(text),
        })?;
        let (reaper, waiters) = (Arc::default(), Arc::default());
        Ok(Lab {
            running,
            memory: Memory::default(),
            reaper,
            waiters,
            clock,
            wire,
            nics,
            deadline: Some(config.start),
        })
    }

    /// What the clock shows, in nanoseconds.
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// When something is due by itself, in nanoseconds; it may lie in the past.
    pub fn deadline(&self) -> Option<u64> {
        let device = super::unpoisoned(self.nics[0].lock()).next_deadline();
        device.into_iter().chain(self.deadline).min()
    }

    /// Sets the clock, never back. What is due then is done by [`Lab::settle`].
    pub fn advance_to(&mut self, time: u64) {
        self.clock.advance_to(time);
    }

    /// A frame arrives. What follows from it happens in [`Lab::settle`].
    pub fn put_frame(&mut self, frame: Vec<u8>) {
        super::unpoisoned(self.wire.to_stack.lock()).push_back(frame);
        self.deadline = Some(0);
    }

    /// The oldest frame that left and was not yet taken.
    pub fn take_frame(&mut self) -> Option<SentFrame> {
        super::unpoisoned(self.wire.from_stack.lock()).pop_front()
    }

    /// Whether a frame left that was not yet taken.
    pub fn has_frame(&self) -> bool {
        !super::unpoisoned(self.wire.from_stack.lock()).is_empty()
    }

    /// Does all that is due now: frames in, timers.
    ///
    /// # Errors
    /// When the stack trapped, or does not come to rest.
    pub fn settle(&mut self) -> Result<(), StackFailed> {
        let mut frame = Vec::new();
        for _ in 0..MAX_STEPS {
            let now = self.now();
            if self.deadline().is_none_or(|due| due > now) {
                return Ok(());
            }
            {
                let mut nic = super::unpoisoned(self.nics[0].lock());
                nic.tick(now);
                nic.take_from_wire(&mut frame, BUDGET as usize, now);
            }
            self.deadline = None;
            let step =
                self.enter(|stack| stack.stack.wnet_stack_reactor().call_step(&mut *stack.store, BUDGET))?;
            let again = step.more || self.wire.has_input();
            let next = if again { Some(0) } else { step.next_deadline };
            self.deadline = self.deadline.into_iter().chain(next).min();
        }
        Err(StackFailed(format!("it does not come to rest at {} ns", self.now())))
    }

    /// Runs `f` in the stack. Any error that it answers is the end of the stack.
    ///
    /// # Errors
    /// When the stack trapped.
    pub fn enter<R>(
        &mut self,
        f: impl FnOnce(&mut Entered<'_>) -> wasmtime::Result<R>,
    ) -> Result<R, StackFailed> {
        self.running.arm_epochs();
        let value = f(&mut Entered::new(&mut self.running, &mut self.memory, &self.reaper, &self.waiters))
            .map_err(|error| StackFailed(format!("{error:?}")))?;
        let notices = std::mem::take(&mut self.running.store.data_mut().notices);
        let attention = notices.attention.then_some(0);
        self.deadline = self.deadline.into_iter().chain(notices.wake_at).chain(attention).min();
        Ok(value)
    }
}

/// A wire that is fed by hand.
struct HandWire {
    to_stack: Mutex<VecDeque<Vec<u8>>>,
    from_stack: Mutex<VecDeque<SentFrame>>,
    clock: Clock,
    /// Nobody waits for this wire; the trait wants a descriptor all the same.
    descriptor: OwnedFd,
}

impl HandWire {
    fn new(clock: Clock) -> io::Result<Self> {
        let descriptor = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC)?;
        Ok(HandWire { to_stack: Mutex::default(), from_stack: Mutex::default(), clock, descriptor })
    }

    fn has_input(&self) -> bool {
        !super::unpoisoned(self.to_stack.lock()).is_empty()
    }
}

impl Wire for HandWire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    fn receive(&self, frame: &mut Vec<u8>) -> io::Result<bool> {
        let next = super::unpoisoned(self.to_stack.lock()).pop_front();
        frame.clear();
        frame.extend_from_slice(next.as_deref().unwrap_or_default());
        Ok(next.is_some())
    }

    fn transmit(&self, frame: &[u8]) -> io::Result<()> {
        let sent = SentFrame { at: self.clock.now(), bytes: frame.to_vec() };
        super::unpoisoned(self.from_stack.lock()).push_back(sent);
        Ok(())
    }
}
