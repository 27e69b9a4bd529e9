//! The machine on which the tool plays.
//!
//! The tool chooses its local address by chance, and tells nobody: it shows in the first bind() or in the first
//! packet. So what was done up to then is remembered, and done once more on a machine that has the address.

use packetdrill::machine::{Call, DeviceChange, Live, Machine, Outcome, Pending, RouteChange, Setup};
use packetdrill_machine::{LabMachine, SetupError};
use std::net::IpAddr;
use wnet::lab::Blueprint;

/// A machine whose address can still change while nothing has been on its wire.
pub(crate) struct Stage {
    blueprint: Blueprint,
    setup: Setup,
    machine: LabMachine,
    /// What was done, as long as it can be done again.
    journal: Option<Vec<Deed>>,
}

/// Something that was done to the machine.
enum Deed {
    Call(Call),
    Sysctl(String, String),
    Route(RouteChange),
    Device(DeviceChange),
}

impl Stage {
    pub(crate) fn new(blueprint: Blueprint, setup: Setup) -> Result<Self, SetupError> {
        let machine = LabMachine::start(&blueprint, &setup)?;
        Ok(Stage { blueprint, setup, machine, journal: Some(Vec::new()) })
    }

    /// The address of the machine shall be `local`.
    pub(crate) fn move_to(&mut self, local: IpAddr) {
        if local == self.setup.local || local.is_unspecified() || local.is_loopback() {
            return;
        }
        let Some(journal) = self.journal.take() else { return };
        let setup = Setup { local, ..self.setup.clone() };
        // An address that no machine can have stays the tool's problem: its packets are not for us.
        if let Ok(machine) = LabMachine::start(&self.blueprint, &setup) {
            let now = self.machine.now();
            (self.machine, self.setup) = (machine, setup);
            journal.iter().for_each(|deed| self.repeat(deed));
            self.machine.run_until(now);
        }
        self.journal = Some(journal);
    }

    /// All settings, by dotted name.
    pub(crate) fn sysctls(&mut self) -> Vec<(String, String)> {
        self.machine.sysctls()
    }

    fn repeat(&mut self, deed: &Deed) {
        // What failed fails again.
        match deed {
            Deed::Call(call) => drop(self.machine.call(call)),
            Deed::Sysctl(name, value) => drop(self.machine.set_sysctl(name, value)),
            Deed::Route(change) => drop(self.machine.route(change)),
            Deed::Device(change) => drop(self.machine.set_device(change)),
        }
    }

    fn note(&mut self, deed: impl FnOnce() -> Deed) {
        if let Some(journal) = &mut self.journal {
            journal.push(deed());
        }
    }
}

impl Machine for Stage {
    fn now(&self) -> u64 {
        self.machine.now()
    }

    fn run_until(&mut self, until: u64) {
        self.machine.run_until(until);
    }

    fn inject(&mut self, ip_packet: &[u8]) {
        self.journal = None;
        self.machine.inject(ip_packet);
    }

    fn next_packet(&mut self) -> Option<Live> {
        let packet = self.machine.next_packet();
        if packet.is_some() {
            self.journal = None;
        }
        packet
    }

    fn call(&mut self, call: &Call) -> Outcome {
        self.note(|| Deed::Call(call.clone()));
        let outcome = self.machine.call(call);
        if matches!(outcome, Outcome::Blocked(_)) || matches!(call, Call::Connect { .. }) {
            // It would have to be found again on another machine; and a connection has begun.
            self.journal = None;
        }
        outcome
    }

    fn resume(&mut self, pending: Pending) -> Outcome {
        self.machine.resume(pending)
    }

    fn sysctl(&mut self, name: &str) -> Result<String, String> {
        self.machine.sysctl(name)
    }

    fn set_sysctl(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.note(|| Deed::Sysctl(name.to_string(), value.to_string()));
        self.machine.set_sysctl(name, value)
    }

    fn counters(&mut self) -> Vec<(String, u64)> {
        self.machine.counters()
    }

    fn route(&mut self, change: &RouteChange) -> Result<(), String> {
        self.note(|| Deed::Route(change.clone()));
        self.machine.route(change)
    }

    fn set_device(&mut self, change: &DeviceChange) -> Result<(), String> {
        self.note(|| Deed::Device(change.clone()));
        self.machine.set_device(change)
    }

    fn flush_tcp_metrics(&mut self) {
        self.machine.flush_tcp_metrics();
    }
}
