//! The machine that packetdrill's interpreter drives.

use crate::calls::{Attempt, Process, Progress, Stop};
use crate::component::Component;
use crate::link::{self, FromStack};
use crate::segmentation;
use packetdrill::Errno;
use packetdrill::machine::{Call, DeviceChange, Live, Machine, Outcome, Pending, RouteChange, Setup};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use wnet::kernel::KernelError;
use wnet::lab::{Blueprint, Lab, LabConfig};

/// The clock at the start, in nanoseconds: not 0, which would let mistakes with unset times look right.
const START: u64 = 1_000_000_000_000;

/// The device's name in packetdrill's scripts.
const DEVICE: &str = "tun0";

/// Scripts have a device without a link layer: nobody there has our addresses, and no router is looked for.
const QUIET: [(&str, &str); 3] = [
    ("net.ipv6.conf.default.accept_dad", "0"),
    ("net.ipv6.conf.default.dad_transmits", "0"),
    ("net.ipv6.conf.default.router_solicitations", "0"),
];

/// A machine could not be made.
#[derive(Debug)]
pub enum SetupError {
    /// The stack did not start.
    Stack(KernelError),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetupError::Stack(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SetupError {}

/// The stack component with POSIX sockets, in virtual time.
pub struct LabMachine {
    process: Process,
    packets: VecDeque<Live>,
    waiting: HashMap<u64, Waiting>,
    last_pending: u64,
    /// Largest packet of the wire, in bytes.
    mtu: usize,
}

/// A call that waits.
struct Waiting {
    call: Call,
    progress: Progress,
    /// When it has to return.
    until: Option<u64>,
}

impl LabMachine {
    /// A fresh machine for one script.
    ///
    /// # Errors
    /// When the stack does not start.
    pub fn start(blueprint: &Blueprint, setup: &Setup) -> Result<Self, SetupError> {
        let config = LabConfig {
            interface: DEVICE.to_string(),
            mac: link::STACK_MAC,
            addresses: vec![(setup.local, setup.prefix)],
            gateways: vec![next_hop(setup.local, setup.prefix, setup.gateway)],
            mtu: setup.mtu.into(),
            sysctls: QUIET.map(|(name, value)| (name.to_string(), value.to_string())).to_vec(),
            seed: 1,
            start: START,
        };
        let lab = Lab::start(blueprint, &config).map_err(SetupError::Stack)?;
        let process = Process::new(Component::new(lab, setup.local.is_ipv6()));
        let (packets, waiting) = (VecDeque::new(), HashMap::new());
        let mut machine = LabMachine { process, packets, waiting, last_pending: 0, mtu: setup.mtu.into() };
        machine.settle();
        Ok(machine)
    }

    /// All sysctls by dotted name, with values as `sysctl -n` prints them.
    pub fn sysctls(&mut self) -> Vec<(String, String)> {
        self.process.sysctls()
    }

    /// Does what is due now. Neighbours answer at once.
    fn settle(&mut self) {
        let component = &mut self.process.component;
        loop {
            component.settle();
            let mut answered = false;
            while let Some(frame) = component.take_frame() {
                match link::open(&frame.bytes) {
                    FromStack::Packet(bytes) => self.packets.push_back(Live { at: frame.at, bytes }),
                    FromStack::Answer(answer) => {
                        component.put_frame(answer);
                        answered = true;
                    }
                    FromStack::Other => {}
                }
            }
            if !answered {
                break;
            }
        }
        self.process.look_at_sends();
    }

    /// Makes a call, or goes on with one.
    fn drive(&mut self, call: Call, mut progress: Progress, until: Option<u64>) -> Outcome {
        let now = self.now();
        progress.expired = until.is_some_and(|until| until <= now);
        let attempt: Attempt = self.process.attempt(&call, &mut progress);
        self.settle();
        match attempt {
            Ok(answer) => Outcome::Done(Ok(answer)),
            Err(Stop::Error(error)) => Outcome::Done(Err(error)),
            Err(Stop::Wait(time)) => {
                let until = until.or_else(|| time.map(|time| now.saturating_add(time)));
                self.last_pending += 1;
                self.waiting.insert(self.last_pending, Waiting { call, progress, until });
                Outcome::Blocked(Pending(self.last_pending))
            }
        }
    }

    fn next_deadline(&self) -> Option<u64> {
        let waiting = self.waiting.values().filter_map(|waiting| waiting.until);
        waiting.chain(self.process.component.deadline()).min()
    }
}

/// The gateway, if it is on the local network; otherwise a neighbour there, since all neighbours are one here.
/// Scripts that choose their own address leave the gateway as it is, or have both the same.
fn next_hop(local: IpAddr, prefix: u8, gateway: IpAddr) -> IpAddr {
    let (differing, width) = match (local, gateway) {
        (IpAddr::V4(local), IpAddr::V4(gateway)) => (u128::from(local.to_bits() ^ gateway.to_bits()), 32),
        (IpAddr::V6(local), IpAddr::V6(gateway)) => (local.to_bits() ^ gateway.to_bits(), 128),
        _ => (u128::MAX, 128),
    };
    let is_near = differing.checked_shr(width - u32::from(prefix)).unwrap_or(0) == 0;
    if is_near && local != gateway {
        return gateway;
    }
    match local {
        IpAddr::V4(local) => Ipv4Addr::from_bits(local.to_bits() ^ 1).into(),
        IpAddr::V6(local) => Ipv6Addr::from_bits(local.to_bits() ^ 1).into(),
    }
}

impl Machine for LabMachine {
    fn now(&self) -> u64 {
        self.process.component.now()
    }

    fn run_until(&mut self, until: u64) {
        let now = self.now();
        let next = self.next_deadline().map_or(until, |deadline| deadline.clamp(now, until.max(now)));
        self.process.component.advance_to(next);
        self.settle();
    }

    fn inject(&mut self, ip_packet: &[u8]) {
        for packet in segmentation::wire_packets(ip_packet, self.mtu) {
            self.process.component.put_frame(link::frame(&packet));
        }
        self.settle();
    }

    fn next_packet(&mut self) -> Option<Live> {
        self.packets.pop_front()
    }

    fn call(&mut self, call: &Call) -> Outcome {
        self.drive(call.clone(), Progress::default(), None)
    }

    fn resume(&mut self, pending: Pending) -> Outcome {
        match self.waiting.remove(&pending.0) {
            Some(Waiting { call, progress, until }) => self.drive(call, progress, until),
            None => Outcome::error(Errno::EINVAL),
        }
    }

    fn sysctl(&mut self, name: &str) -> Result<String, String> {
        self.process.sysctl(name)
    }

    fn set_sysctl(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.process.set_sysctl(name, value)?;
        self.settle();
        Ok(())
    }

    fn counters(&mut self) -> Vec<(String, u64)> {
        self.process.counters()
    }

    fn route(&mut self, change: &RouteChange) -> Result<(), String> {
        self.process.change_route(change)?;
        self.settle();
        Ok(())
    }

    fn set_device(&mut self, change: &DeviceChange) -> Result<(), String> {
        match change {
            DeviceChange::Mtu(mtu) => {
                self.process.set_mtu(DEVICE, *mtu)?;
                self.mtu = usize::try_from(*mtu).unwrap_or(usize::MAX);
                self.settle();
                Ok(())
            }
            DeviceChange::Up(false) => Err("the stack's device cannot be switched off".to_string()),
            // Nothing here depends on them: no queueing discipline delays, and what leaves is cut in any case.
            DeviceChange::Up(true)
            | DeviceChange::Number(..)
            | DeviceChange::Offload(..)
            | DeviceChange::Qdisc(_) => Ok(()),
        }
    }

    fn flush_tcp_metrics(&mut self) {
        self.process.forget_peers();
    }
}
