//! Two hosts on a link.

use super::link::{Impairment, Link, Traffic};
use super::link_end::LinkEnd;
use super::wire::Wire;
use crate::random::{Random, SeededRandom};
use crate::stack::Stack;
use crate::tcp::{Received, Shutdown, SocketError, TcpHandle};
use crate::time::Instant;
use crate::wire::cidr::IpCidr;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The addresses of the two hosts, in 198.51.100.0/24.
pub const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(198, 51, 100, 1), Ipv4Addr::new(198, 51, 100, 2)];

/// Frames a host handles before the other has its turn.
const BUDGET: usize = 64;

/// Two stacks and the link between them, with a clock that jumps to what happens next.
pub struct Network {
    /// The stacks; their devices are called `eth0`.
    pub hosts: [Stack; 2],
    /// The time.
    pub now: Instant,
    link: Arc<Mutex<Link>>,
}

impl Network {
    /// Two hosts with a link that does what `impairment` says; everything random follows from `seed`.
    pub fn new(impairment: Impairment, seed: u64) -> Network {
        let now = Instant::from_millis(1_000_000);
        let link = Link::new(impairment, seed, now);
        let hosts = [0, 1].map(|end| {
            let mut stack = Stack::new(Box::new(SeededRandom::new(seed * 2 + end as u64)));
            let device = Box::new(LinkEnd { link: link.clone(), end });
            // Nobody is there to be found, and a host that never stops to ask is never done.
            stack.set_sysctl("net.ipv6.conf.default.disable_ipv6", "1").expect("there is this setting");
            let address = IpCidr::new(ADDRESSES[end].into(), 24).expect("a valid prefix length");
            let index = stack.add_device("eth0", device, 1500).expect("the device is taken");
            stack.add_address(index, address).expect("the address is taken");
            stack
        });
        Network { hosts, now, link }
    }

    pub(super) fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts the link, or mends it.
    pub fn set_cut(&mut self, cut: bool) {
        self.link().cut = cut;
    }

    /// From now on the link does what `impairment` says.
    pub fn set_impairment(&mut self, impairment: Impairment) {
        self.link().impairment = impairment;
    }

    /// Lets somebody look at the link, who remembers the last segments and holds the hosts to their windows.
    pub(super) fn watch(&mut self) {
        self.link().wire = Some(Wire::default());
    }

    /// What became of the frames that the host `from` sent.
    pub fn traffic(&self, from: usize) -> Traffic {
        self.link().traffic(from)
    }

    /// Frames that the link's queues had no room for.
    pub fn overflowed(&self) -> u64 {
        [0, 1].map(|host| self.traffic(host).overflowed).iter().sum()
    }

    /// Lets both hosts do what there is to do now.
    pub fn settle(&mut self) {
        let mut more = true;
        while more {
            more = false;
            for host in &mut self.hosts {
                more |= host.poll(self.now, BUDGET);
            }
        }
    }

    /// Goes on to the next thing that happens. Answers `false` if nothing ever will.
    pub fn step(&mut self) -> bool {
        self.step_until(None)
    }

    /// As [`Network::step`], but not beyond `limit`, which counts as something that happens.
    pub fn step_until(&mut self, limit: Option<Instant>) -> bool {
        self.settle();
        let arrival = self.link().next_arrival();
        let timers = self.hosts.iter().filter_map(Stack::next_deadline).min();
        let Some(next) = arrival.into_iter().chain(timers).chain(limit).min() else { return false };
        self.now = self.now.max(next);
        let now = self.now;
        self.link().advance(now);
        self.settle();
        true
    }

    /// An established connection from the first host to the second: both ends.
    ///
    /// # Panics
    ///
    /// If it does not come about within 100 000 steps.
    pub fn connect(&mut self, port: u16) -> [TcpHandle; 2] {
        let listener = self.hosts[1].tcp_open().expect("a socket");
        self.hosts[1].tcp_bind(listener, SocketAddr::new(ADDRESSES[1].into(), port)).expect("a free port");
        self.hosts[1].tcp_listen(listener).expect("a listener");
        let client = self.hosts[0].tcp_open().expect("a socket");
        self.hosts[0]
            .tcp_connect(client, SocketAddr::new(ADDRESSES[1].into(), port), self.now)
            .expect("a start");
        for _ in 0..100_000 {
            if let Ok(server) = self.hosts[1].tcp_accept(listener) {
                return [client, server];
            }
            assert!(self.step(), "nothing happens any more");
        }
        panic!("no connection");
    }

    /// Sends `bytes` random bytes from each end to the other at once, in pieces of any size, ends both sides,
    /// and checks that what arrived is what was sent.
    ///
    /// # Panics
    ///
    /// If bytes differ, nothing happens any more before all arrived, or it takes more than 50 million steps.
    pub fn exchange(&mut self, handles: [TcpHandle; 2], bytes: usize, seed: u64) {
        let mut random = SeededRandom::new(seed);
        let mut flows = [0, 1].map(|end| Flow::new(handles[end], bytes, &mut random));
        for _ in 0..50_000_000u64 {
            for (host, flow) in self.hosts.iter_mut().zip(&mut flows) {
                flow.run(host, &mut random, self.now);
            }
            if flows.iter().all(|flow| flow.ended) {
                let [a, b] = &flows;
                assert!(a.received == b.stream && b.received == a.stream, "bytes differ, seed {seed}");
                return;
            }
            assert!(self.step(), "nothing happens any more, seed {seed}");
        }
        panic!("no end, seed {seed}");
    }
}

/// One end of an exchange.
struct Flow {
    handle: TcpHandle,
    stream: Vec<u8>,
    sent: usize,
    received: Vec<u8>,
    ended: bool,
}

impl Flow {
    fn new(handle: TcpHandle, bytes: usize, random: &mut SeededRandom) -> Self {
        let mut stream = vec![0; bytes];
        random.fill(&mut stream);
        Flow { handle, stream, sent: 0, received: Vec::new(), ended: false }
    }

    fn run(&mut self, host: &mut Stack, random: &mut SeededRandom, now: Instant) {
        let rest = self.stream.get(self.sent..).unwrap_or_default();
        if !rest.is_empty() {
            let len = rest.len().min(1 + random.below(50_000) as usize);
            match host.tcp_send(self.handle, &rest[..len], now) {
                Ok(taken) => self.sent += taken,
                Err(SocketError::WouldBlock) => {}
                Err(error) => panic!("sending failed: {error}"),
            }
            if self.sent == self.stream.len() {
                host.tcp_shutdown(self.handle, Shutdown::Send, now).expect("the sending side ends");
            }
        }
        match host.tcp_receive(self.handle, 1 + random.below(60_000) as usize, now) {
            Ok(Received::Data(data)) => self.received.extend(data),
            Ok(Received::End) => self.ended = true,
            Err(SocketError::WouldBlock) => {}
            Err(error) => panic!("receiving failed: {error}"),
        }
    }
}
