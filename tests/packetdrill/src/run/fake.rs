//! A machine for tests: it does what a list says, in the order of its times, and remembers what it was told.

use std::collections::VecDeque;

use crate::machine::{Answer, Call, DeviceChange, Live, Machine, Outcome, Pending, RouteChange};

/// A packet to send at a time, or when the given number of packets came in.
#[derive(Clone, Debug)]
pub(crate) enum When {
    At(u64),
    AfterInjected(usize),
    AfterCall(&'static str),
}

#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) now: u64,
    pub(crate) plan: Vec<(When, Vec<u8>)>,
    /// Answers to calls in order, by name; any other call answers 0.
    pub(crate) answers: VecDeque<(&'static str, Outcome)>,
    /// What blocked calls answer from this time on.
    pub(crate) later: Option<(u64, Answer)>,
    pub(crate) injected: Vec<Vec<u8>>,
    pub(crate) calls: Vec<Call>,
    pub(crate) settings: Vec<String>,
    pub(crate) outbox: VecDeque<Live>,
    pub(crate) counters: Vec<(String, u64)>,
}

impl Fake {
    fn send(&mut self, wanted: impl Fn(&When) -> bool) {
        let (now, due): (_, Vec<_>) =
            (self.now, self.plan.extract_if(.., |(when, _)| wanted(when)).collect());
        self.outbox.extend(due.into_iter().map(|(_, bytes)| Live { at: now, bytes }));
    }
}

/// `Socket { ... }` as `Socket`.
fn name(call: &Call) -> String {
    let text = format!("{call:?}");
    text.split([' ', '{']).next().unwrap_or("").to_owned()
}

impl Machine for Fake {
    fn now(&self) -> u64 {
        self.now
    }

    fn run_until(&mut self, until: u64) {
        let times = self.plan.iter().filter_map(|(when, _)| match when {
            When::At(at) => Some(*at),
            _ => None,
        });
        let wake = self.later.as_ref().map(|(at, _)| *at).filter(|at| *at > self.now);
        let next = times.chain(wake).min().unwrap_or(u64::MAX);
        self.now = self.now.max(next.min(until));
        let now = self.now;
        self.send(|when| matches!(when, When::At(at) if *at <= now));
    }

    fn inject(&mut self, ip_packet: &[u8]) {
        self.injected.push(ip_packet.to_vec());
        let count = self.injected.len();
        self.send(|when| matches!(when, When::AfterInjected(n) if *n == count));
    }

    fn next_packet(&mut self) -> Option<Live> {
        self.outbox.pop_front()
    }

    fn call(&mut self, call: &Call) -> Outcome {
        self.calls.push(call.clone());
        let name = name(call);
        self.send(|when| matches!(when, When::AfterCall(wanted) if *wanted == name));
        let at = self.answers.iter().position(|(wanted, _)| *wanted == name);
        at.and_then(|at| self.answers.remove(at)).map_or(Outcome::value(0), |(_, outcome)| outcome)
    }

    fn resume(&mut self, pending: Pending) -> Outcome {
        match self.later.take_if(|(at, _)| *at <= self.now) {
            Some((_, answer)) => Outcome::Done(Ok(answer)),
            None => Outcome::Blocked(pending),
        }
    }

    fn sysctl(&mut self, name: &str) -> Result<String, String> {
        let setting = self.settings.iter().rev().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        setting.map(str::to_owned).ok_or_else(|| "no such name".to_owned())
    }

    fn set_sysctl(&mut self, name: &str, value: &str) -> Result<(), String> {
        if name.ends_with("nonsense") {
            return Err("no such name".to_owned());
        }
        self.settings.push(format!("{name}={value}"));
        Ok(())
    }

    fn counters(&mut self) -> Vec<(String, u64)> {
        self.counters.clone()
    }

    fn route(&mut self, change: &RouteChange) -> Result<(), String> {
        self.settings.push(format!("{change:?}"));
        Ok(())
    }

    fn set_device(&mut self, change: &DeviceChange) -> Result<(), String> {
        self.settings.push(format!("{change:?}"));
        Ok(())
    }

    fn flush_tcp_metrics(&mut self) {
        self.settings.push("flush".to_owned());
    }
}
