//! System calls: made, finished, and what they mean for the socket under test.

use std::net::SocketAddr;

use super::arguments::{Arguments, Defaults, integer};
use super::config::IpVersion;
use super::connection::{Connection, Protocol, State};
use super::descriptors::Descriptor;
use super::failure::Failure;
use super::results;
use super::runner::Blocked;
use super::runner::Runner;
use crate::Errno;
use crate::language::ast::{Expression, SystemCall};
use crate::linux::symbol;
use crate::machine::{Address, Answer, Call, Outcome};

impl Runner<'_> {
    /// Makes a call; one with an end time may stay blocked while the script goes on.
    pub(super) fn system_call(
        &mut self,
        spec: &SystemCall,
        line: usize,
        end: Option<u64>,
    ) -> Result<(), Failure> {
        if spec.name == "cap_set" {
            return Ok(());
        }
        let call = self.arguments(spec).call()?;
        if self.arguments(spec).has_no_memory() {
            // A script's memory is the interpreter's business: the machine is never given an address.
            return self.finish_call(spec, &call, Err(Errno::EFAULT));
        }
        self.before(&call);
        let started = self.now();
        let outcome = match self.machine.call(&call) {
            Outcome::Done(outcome) => outcome,
            Outcome::Blocked(pending) => {
                if let Some(end) = end {
                    self.collect();
                    let blocked = Blocked { spec: spec.clone(), call, line, started, end, pending };
                    self.blocked.push(blocked);
                    return Ok(());
                }
                self.block(pending)?
            }
        };
        self.collect();
        if let Some(end) = end {
            let name = format!("return of {}", spec.name);
            super::time::check(self.config, super::time::Due::At(end), started, self.now(), &name)?;
        }
        self.finish_call(spec, &call, outcome)?;
        self.resume_blocked().map(|_| ())
    }

    pub(super) fn arguments<'s>(&'s self, spec: &'s SystemCall) -> Arguments<'s> {
        let setup = &self.config.setup;
        let defaults = Defaults {
            bind: SocketAddr::new(setup.local, setup.bind_port),
            connect: SocketAddr::new(setup.remote, setup.connect_port),
            domain: if self.config.ip_version == IpVersion::V4 { 2 } else { 10 },
        };
        Arguments { spec, descriptors: &self.descriptors, defaults }
    }

    /// A call that opens a connection makes its socket the one that outbound packets are expected from.
    /// Upstream: run_syscall_connect.
    fn before(&mut self, call: &Call) {
        let (fd, address) = match call {
            Call::Connect { fd, address } => (*fd, *address),
            Call::Send { fd, address: Some(address), .. }
            | Call::SendMsg { fd, address: Some(address), .. } => (*fd, *address),
            Call::Bind { fd, address: Address::Inet(address) } => {
                if let Some(connection) = self.connection_of(*fd) {
                    let any = address.ip().is_unspecified();
                    let ip = if any { self.local_ip() } else { address.ip().to_canonical() };
                    self.connections[connection].local = Some((ip, address.port()));
                }
                return;
            }
            _ => return,
        };
        let Some(at) = self.connection_of(fd) else { return };
        let connection = &mut self.connections[at];
        match address {
            Address::Family(_) => connection.state = State::New,
            Address::Inet(address) if connection.state == State::New => {
                connection.state = State::Connecting;
                connection.remote = Some((address.ip().to_canonical(), address.port()));
                connection.local = None;
            }
            Address::Inet(_) => {}
        }
    }

    /// The connection of a live descriptor.
    fn connection_of(&self, live: i32) -> Option<usize> {
        self.connections.iter().rposition(|connection| connection.live_fd == Some(live))
    }

    /// Compares what a call gave with what the script says.
    pub(super) fn finish_call(
        &mut self,
        spec: &SystemCall,
        call: &Call,
        outcome: Result<Answer, Errno>,
    ) -> Result<(), Failure> {
        let checked = self.finish(spec, call, outcome);
        match checked {
            Err(failure) if self.config.non_fatal_call && !failure.skip => {
                self.output.push(format!("warning: {}", failure.message));
                Ok(())
            }
            Err(failure) => {
                Err(Failure { message: format!("{}: {}", spec.name, failure.message), ..failure })
            }
            Ok(()) => Ok(()),
        }
    }

    fn finish(
        &mut self,
        spec: &SystemCall,
        call: &Call,
        outcome: Result<Answer, Errno>,
    ) -> Result<(), Failure> {
        let makes_fd = matches!(
            call,
            Call::Socket { .. } | Call::Accept { .. } | Call::Open { .. } | Call::EpollCreate { .. }
        );
        let expected = match &spec.result {
            Expression::Ellipsis => None,
            other => Some(integer(other)?),
        };
        match &outcome {
            Ok(answer) => {
                let wrong = expected.is_some_and(|expected| match makes_fd {
                    true => expected < 0,
                    false => expected != answer.value,
                });
                if wrong {
                    let wanted = wanted(expected, spec.errno.as_deref());
                    return Err(Failure::new(format!("expected {wanted}, it returned {}", answer.value)));
                }
            }
            Err(errno) => {
                let same = match &spec.errno {
                    Some(name) => symbol(name) == Some(i64::from(errno.0)),
                    None => true,
                };
                if expected.is_some_and(|expected| expected >= 0) || !same {
                    let wanted = wanted(expected, spec.errno.as_deref());
                    return Err(Failure::new(format!("expected {wanted}, it failed with {errno}")));
                }
            }
        }
        let answer = outcome.unwrap_or_default();
        if makes_fd && let Some(script) = expected.filter(|fd| *fd >= 0) {
            self.new_descriptor(script as i32, call, &answer);
        }
        if let (Call::Listen { fd, .. }, Some(0)) = (call, expected)
            && let Some(at) = self.connection_of(*fd)
        {
            self.connections[at].state = State::Listening;
        }
        if let (Call::Pipe, Some(Expression::List(fds))) = (call, spec.arguments.first()) {
            for (script, live) in fds.iter().zip(&answer.fds) {
                self.descriptors.add(Descriptor { script: integer(script)? as i32, live: *live });
            }
        }
        results::check(
            &self.arguments(spec),
            &answer,
            expected.unwrap_or(0),
            self.start,
            self.config.tolerance,
        )
    }

    fn new_descriptor(&mut self, script: i32, call: &Call, answer: &Answer) {
        let live = answer.value as i32;
        let connection = match call {
            Call::Socket { kind, protocol, .. } => {
                let protocol = match (kind & 0xf, protocol) {
                    (2, 1 | 58) => Protocol::Icmp,
                    (2, _) => Protocol::Udp,
                    _ => Protocol::Tcp,
                };
                self.connections.push(Connection::new(protocol, State::New));
                self.under_test = Some(self.connections.len() - 1);
                self.under_test
            }
            Call::Accept { .. } => self.accepted(answer.address),
            _ => None,
        };
        if let Some(at) = connection {
            self.connections[at].script_fd = Some(script);
            self.connections[at].live_fd = Some(live);
        }
        self.descriptors.add(Descriptor { script, live });
    }

    /// The connection that accept() returned: the one with the peer's address, else the newest that has none yet.
    fn accepted(&self, peer: Option<SocketAddr>) -> Option<usize> {
        let waiting = |connection: &Connection| {
            matches!(connection.state, State::SynReceived | State::SynAckSent | State::SynAckAcked)
        };
        let same = |connection: &Connection| {
            peer.is_some_and(|peer| connection.remote.is_some_and(|remote| remote.1 == peer.port()))
        };
        let named = self.connections.iter().rposition(|connection| waiting(connection) && same(connection));
        named.or_else(|| self.connections.iter().rposition(|c| waiting(c) && c.live_fd.is_none()))
    }
}

fn wanted(value: Option<i64>, errno: Option<&str>) -> String {
    match (value, errno) {
        (Some(value), Some(errno)) => format!("{value} {errno}"),
        (Some(value), None) => value.to_string(),
        (None, _) => "any result".to_owned(),
    }
}
