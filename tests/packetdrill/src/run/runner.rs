//! The state of a script while it runs, and the passing of time.

use std::collections::VecDeque;
use std::path::Path;

use super::code::Interpreter;
use super::config::{Config, IpVersion};
use super::connection::Connection;
use super::descriptors::Descriptors;
use super::failure::Failure;
use super::time::seconds;
use crate::language::Script;
use crate::language::ast::{Action, Body, Outer, SystemCall};
use crate::machine::{Call, Live, Machine, Pending};

/// A script that passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// What its code blocks and commands printed, differences that are not fatal, and with `--verbose` all packets.
    pub output: Vec<String>,
    /// How much virtual time went by, in nanoseconds.
    pub virtual_time: u64,
}

/// How many packets before a failure its report shows.
const HISTORY: usize = 6;

/// Runs a script. `directory` is where its commands look for files.
///
/// # Errors
/// Why the script failed, or why it was skipped.
pub fn run(
    script: &Script,
    config: &Config,
    directory: &Path,
    machine: &mut dyn Machine,
) -> Result<Passed, Failure> {
    needs(script, config)?;
    let mut runner = Runner::new(config, directory, machine);
    let outcome = runner.script(script);
    runner.end(script);
    match outcome {
        Ok(()) => Ok(Passed { output: runner.output, virtual_time: runner.machine.now() - runner.start }),
        Err(failure) => Err(Failure { history: runner.history.into(), output: runner.output, ..failure }),
    }
}

/// What a script asks for that no machine here can do.
fn needs(script: &Script, config: &Config) -> Result<(), Failure> {
    let is_v6 = config.setup.local.is_ipv6();
    if is_v6 != config.setup.remote.is_ipv6() || is_v6 != (config.ip_version == IpVersion::V6) {
        return Err(Failure::new("the addresses are not of the version that --ip_version names"));
    }
    for event in &script.events {
        let at = |reason| Err(Failure { line: event.span.line, ..Failure::skip(reason) });
        match &event.action {
            Action::Packet(packet) if packet.psp => return at("needs PSP"),
            Action::Packet(packet) => {
                if let Some(outer) = packet.outer.first() {
                    return at(match outer {
                        Outer::Ipv4(..) => "needs IP in IP",
                        Outer::Ipv6(..) => "needs IP in IP",
                        Outer::Gre => "needs GRE",
                        Outer::Mpls => "needs MPLS",
                    });
                }
                let icmp6 = matches!(&packet.body, Body::Icmp(icmp) if icmp.kind == "packet_too_big");
                if !is_v6 && (packet.ip.flow_label.is_some() || icmp6) {
                    return at("needs IPv6");
                }
            }
            Action::Call(call) if call.name.starts_with("psp_") => return at("needs PSP"),
            _ => {}
        }
    }
    Ok(())
}

/// A call of the script that blocks.
pub(super) struct Blocked {
    pub(super) spec: SystemCall,
    pub(super) call: Call,
    pub(super) line: usize,
    /// When it was made and when it should return.
    pub(super) started: u64,
    pub(super) end: u64,
    pub(super) pending: Pending,
}

pub(super) struct Runner<'a> {
    pub(super) machine: &'a mut dyn Machine,
    pub(super) config: &'a Config,
    pub(super) directory: &'a Path,
    /// The machine's time when the script started.
    pub(super) start: u64,
    /// When the event before was due.
    pub(super) last_due: u64,
    /// The same, if the event before was an inbound packet.
    pub(super) last_inbound: Option<u64>,
    pub(super) connections: Vec<Connection>,
    pub(super) under_test: Option<usize>,
    pub(super) descriptors: Descriptors,
    pub(super) blocked: Vec<Blocked>,
    /// Packets that left and that no event has asked for.
    pub(super) queue: VecDeque<Live>,
    pub(super) history: VecDeque<String>,
    pub(super) output: Vec<String>,
    pub(super) code: Interpreter,
    pub(super) next_port: u16,
    /// Counters as `nstat` last showed them.
    pub(super) counters: Vec<(String, u64)>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(config: &'a Config, directory: &'a Path, machine: &'a mut dyn Machine) -> Runner<'a> {
        Runner {
            start: machine.now(),
            machine,
            config,
            directory,
            last_due: 0,
            last_inbound: None,
            connections: Vec::new(),
            under_test: None,
            descriptors: Descriptors::default(),
            blocked: Vec::new(),
            queue: VecDeque::new(),
            history: VecDeque::new(),
            output: Vec::new(),
            code: Interpreter::default(),
            next_port: 40_001,
            counters: Vec::new(),
        }
    }

    fn script(&mut self, script: &Script) -> Result<(), Failure> {
        if let Some(init) = &script.init {
            self.command(&init.text).map_err(|failure| Failure { line: init.span.line, ..failure })?;
        }
        self.start = self.machine.now();
        for (at, event) in script.events.iter().enumerate() {
            let done = self.event(event, at == 0);
            done.map_err(|failure| match failure.line {
                0 => Failure { line: event.span.line, ..failure },
                _ => failure,
            })?;
        }
        self.finish_blocked()
    }

    /// Ends all connections and runs the last command, whose failing is of no interest any more.
    fn end(&mut self, script: &Script) {
        for connection in &self.connections {
            if let (Some(reset), Some(ip)) = (connection.reset(), connection.inbound_ip()) {
                self.machine.inject(&crate::packet::encode::tcp(&ip, &reset));
            }
        }
        if let Some(cleanup) = &script.cleanup {
            let _ = self.command(&cleanup.text);
        }
    }

    /// The present moment, counted from the script's start.
    pub(super) fn now(&self) -> u64 {
        self.machine.now() - self.start
    }

    /// The connection that packets are about now.
    pub(super) fn current(&mut self) -> Option<&mut Connection> {
        self.under_test.and_then(|at| self.connections.get_mut(at))
    }

    /// Lets time pass up to `until` (counted from the script's start).
    pub(super) fn advance(&mut self, until: u64) -> Result<(), Failure> {
        if until <= self.now() && self.blocked.is_empty() {
            self.collect();
            return Ok(());
        }
        while self.step(until)? {}
        Ok(())
    }

    /// Lets time pass until something happens, at most up to `until`. False if nothing is left to happen then.
    pub(super) fn step(&mut self, until: u64) -> Result<bool, Failure> {
        self.machine.run_until(self.start + until);
        let sent = self.collect();
        let resumed = self.resume_blocked()?;
        Ok(self.collect() || sent || resumed || self.now() < until)
    }

    /// Takes what left the machine. False if there was nothing.
    pub(super) fn collect(&mut self) -> bool {
        let before = self.queue.len();
        while let Some(live) = self.machine.next_packet() {
            self.queue.push_back(live);
        }
        self.queue.len() > before
    }

    /// Remembers a packet for reports.
    pub(super) fn remember(&mut self, direction: char, at: u64, text: &str) {
        let line = format!("{} {direction} {text}", seconds(at));
        if self.config.verbose {
            self.output.push(line.clone());
        }
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(line);
    }
}
