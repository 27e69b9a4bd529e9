//! Carries a plan out, and checks at each step what must be so.

use super::application::Application;
use super::books;
use super::network::{ADDRESSES, Network};
use super::plan::{Change, Ending, Plan};
use super::watch::Watch;
use crate::counters::Counter;
use crate::stack::Stack;
use crate::tcp::{SocketError, TcpHandle};
use crate::time::{Duration, Instant};
use alloc::format;
use alloc::string::String;
use core::net::SocketAddr;

/// Longer than this nothing may stand still while there is something to do, rests of applications and cuts of the
/// link not counted: four of the longest retransmission timeouts.
const PATIENCE: Duration = Duration::from_secs(480);
/// What an application takes for a read and a write.
const WORK: Duration = Duration::from_micros(20);
/// Steps that a run may take.
const STEPS: u64 = 20_000_000;

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// How long it took in virtual time.
    pub time: Duration,
    /// Bytes that applications received.
    pub bytes: u64,
    /// Timeouts of both hosts.
    pub timeouts: u64,
    /// Segments sent again by both hosts.
    pub retransmitted: u64,
    /// Frames that the link lost by chance or by its queue.
    pub lost: u64,
    /// The longest time in which nothing arrived though there was something to send.
    pub stall: Duration,
}

/// Carries `plan` out. The error says what went wrong, with the last segments.
pub fn run(plan: &Plan) -> Result<Outcome, String> {
    let mut run = Run::new(plan);
    match run.all() {
        Ok(()) => Ok(run.outcome()),
        Err(what) => {
            let last = run.network.link().wire.as_ref().map(|wire| wire.tell()).unwrap_or_default();
            let [client, server] = run.network.hosts.each_ref().map(|host| host.tcp.tell());
            Err(format!(
                "seed {}: {what}\n{plan:?}\nat {:?}\n{:?}\n{client}{server}the last segments:\n{last}",
                plan.seed, run.network.now, run.applications
            ))
        }
    }
}

struct Run<'a> {
    plan: &'a Plan,
    network: Network,
    begun: Instant,
    applications: [Application; 2],
    watches: [Watch; 2],
    listener: TcpHandle,
    changes: usize,
    /// When something arrived last that had not been there.
    progress: Instant,
    /// When the applications, who found something to do, look again.
    again: Option<Instant>,
    stall: Duration,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut network = Network::new(plan.impairment, plan.seed);
        network.watch();
        for (host, end) in network.hosts.iter_mut().zip(&plan.ends) {
            for (name, value) in &end.sysctls {
                host.set_sysctl(name, value).expect("a setting that there is");
            }
        }
        let listener = network.hosts[1].tcp_open().expect("a socket");
        let client = network.hosts[0].tcp_open().expect("a socket");
        for (host, handle) in [(0, client), (1, listener)] {
            for option in &plan.ends[host].options {
                network.hosts[host].tcp_set_option(handle, *option).expect("an option that is taken");
            }
        }
        let server = SocketAddr::new(ADDRESSES[1].into(), 80);
        network.hosts[1].tcp_bind(listener, server).expect("a free port");
        network.hosts[1].tcp_listen(listener).expect("a listener");
        network.hosts[0].tcp_connect(client, server, network.now).expect("a start");
        let begun = network.now;
        let mut applications = [0, 1].map(|end| Application::new(plan, end));
        applications[0].handle = Some(client);
        Run {
            plan,
            network,
            begun,
            applications,
            watches: Default::default(),
            listener,
            changes: 0,
            progress: begun,
            again: None,
            stall: Duration::ZERO,
        }
    }

    fn all(&mut self) -> Result<(), String> {
        for _ in 0..STEPS {
            self.applications_act()?;
            self.check()?;
            if self.network.now - self.progress > PATIENCE {
                return Err(format!("nothing moves for {PATIENCE:?}"));
            }
            if self.applications.iter().all(Application::is_done) {
                return self.end();
            }
            let alarm = self.next_alarm();
            if !self.network.step_until(alarm) {
                return Err("nothing happens any more".into());
            }
            self.link_changes();
        }
        Err("no end".into())
    }

    fn applications_act(&mut self) -> Result<(), String> {
        if self.applications[1].handle.is_none() {
            self.applications[1].handle = self.network.hosts[1].tcp_accept(self.listener).ok();
        }
        let now = self.network.now;
        // Nobody answers for the address while the link is cut, which may end the attempt to connect.
        let cut = self.plan.changes.iter().any(|change| matches!(change.1, Change::Cut(true)));
        let aborted =
            cut || self.plan.ends.iter().any(|end| end.ending != Ending::Orderly) || self.somebody_gave_up();
        let mut moved = false;
        for (host, application) in self.network.hosts.iter_mut().zip(&mut self.applications) {
            moved |= application.act(host, now, now - self.begun, aborted)?;
        }
        // A client that could not connect, or whose peer gave up, leaves nobody to be accepted.
        if self.applications[0].is_done() && self.applications[1].handle.is_none() {
            self.network.settle();
            let waiting = self.network.hosts[1].tcp_accept(self.listener);
            match waiting {
                Ok(handle) => self.applications[1].handle = Some(handle),
                Err(SocketError::WouldBlock) if now - self.progress > PATIENCE => {
                    self.applications[1].give_up();
                    moved = true;
                }
                Err(_) => {}
            }
        }
        if aborted && now - self.progress > PATIENCE {
            // The news that the peer gave up was lost: waiting for it is no fault.
            for (host, application) in self.network.hosts.iter_mut().zip(&mut self.applications) {
                application.abort(host, now);
            }
            moved = true;
        }
        self.again = moved.then(|| now + WORK);
        let rests = self.applications.iter().any(|a| a.rests(now)) || self.network.link().cut;
        if moved || rests {
            self.progress = now;
        }
        self.stall = self.stall.max(now - self.progress);
        Ok(())
    }

    /// Whether a host waited as long as it may for an acknowledgement: what nobody owns any more is given up soon on a link
    /// that loses much. Linux: `tcp_orphan_retries`.
    fn somebody_gave_up(&self) -> bool {
        let gave_up = |host: &Stack| host.counters().get(Counter::TcpExtTCPAbortOnTimeout) > 0;
        self.network.hosts.iter().any(gave_up)
    }

    /// The next time at which an application or the link does something by itself.
    fn next_alarm(&self) -> Option<Instant> {
        let now = self.network.now;
        let change = self.plan.changes.get(self.changes).map(|change| self.begun + change.0);
        let own = self.applications.iter().filter_map(|application| application.alarm(self.begun));
        let patience = self.progress + PATIENCE + Duration::from_secs(1);
        own.chain(change).chain(self.again).chain([patience]).filter(|&at| at > now).min()
    }

    fn link_changes(&mut self) {
        while let Some((after, change)) = self.plan.changes.get(self.changes)
            && self.begun + *after <= self.network.now
        {
            self.changes += 1;
            match *change {
                Change::Cut(cut) => self.network.set_cut(cut),
                Change::Mtu { mtu, told } => {
                    let mut link = self.network.link();
                    link.mtu = mtu.into();
                    link.tells_mtu = told;
                }
            }
        }
    }

    fn check(&mut self) -> Result<(), String> {
        for (number, host) in self.network.hosts.iter().enumerate() {
            host.tcp.check().map_err(|what| format!("host {number}: {what}"))?;
        }
        if let Some(broken) = self.network.link().wire.as_mut().and_then(|wire| wire.broken.take()) {
            return Err(broken);
        }
        self.look_at_connections()?;
        books::check(&self.network)
    }

    fn look_at_connections(&mut self) -> Result<(), String> {
        let now = self.network.now;
        let ends = self.applications.iter().zip(&self.plan.ends).zip(&mut self.watches);
        for (host, ((application, end), watch)) in self.network.hosts.iter().zip(ends) {
            let Some(info) = application.handle.and_then(|handle| host.tcp_info(handle, now)) else {
                continue;
            };
            let forced = host.counters().get(Counter::TcpExtTCPTimeouts)
                + host.counters().get(Counter::TcpExtTCPLossProbes);
            watch.look(&info, forced, end.takes_over())?;
        }
        Ok(())
    }

    /// After the applications are done: what is left goes away by itself, and the books are right.
    fn end(&mut self) -> Result<(), String> {
        self.network.set_cut(false);
        let now = self.network.now;
        self.network.hosts[1].tcp_close(self.listener, now);
        let limit = now + Duration::from_secs(20 * 120);
        while self.network.now < limit && self.network.step_until(None) {
            self.check()?;
        }
        for (number, host) in self.network.hosts.iter().enumerate() {
            if !host.tcp.is_empty_but_for(0) {
                return Err(format!("host {number} keeps something of a connection"));
            }
        }
        books::check_final(&self.network)
    }

    fn outcome(&self) -> Outcome {
        let total = |counter| self.network.hosts.iter().map(|host| host.counters().get(counter)).sum();
        let lost = |host| {
            let traffic = self.network.traffic(host);
            traffic.lost + traffic.overflowed
        };
        Outcome {
            time: self.progress - self.begun,
            bytes: self.applications.iter().map(|application| application.received).sum(),
            timeouts: total(Counter::TcpExtTCPTimeouts),
            retransmitted: total(Counter::TcpRetransSegs),
            lost: lost(0) + lost(1),
            stall: self.stall,
        }
    }
}
