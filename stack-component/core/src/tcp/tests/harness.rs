//! Hosts with a clock of their own, a scripted peer, and a link that loses, doubles and reorders by seed.

use crate::counters::{Counter, Counters};
use crate::drop_reason::DropReason;
use crate::packet::DeviceIndex;
use crate::packet::{Checksum, Packet};
use crate::random::{Random, SeededRandom};
use crate::route::OnePath;
use crate::sysctl::Sysctl;
use crate::tcp::{Env, Output, Received, SegmentInfo, SocketError, Tcp, TcpHandle};
use crate::time::{Duration, Instant};
use crate::wire::ecn::Codepoint;
use crate::wire::tcp::{Fields, Flags, Header, Options};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

pub(super) const MTU: u32 = 1500;

/// A TCP with what the stack would lend it.
pub(super) struct Host {
    pub tcp: Tcp,
    pub address: IpAddr,
    pub now: Instant,
    pub counters: Counters,
    pub sysctl: Sysctl,
    pub paths: OnePath,
    random: SeededRandom,
}

impl Host {
    pub(super) fn new(last_octet: u8) -> Self {
        let mut random = SeededRandom::new(last_octet.into());
        Host {
            tcp: Tcp::new(&mut random),
            address: IpAddr::V4(Ipv4Addr::new(198, 51, 100, last_octet)),
            now: Instant::from_millis(1_000_000),
            counters: Counters::default(),
            sysctl: Sysctl::default(),
            paths: OnePath::with_mtu(MTU),
            random,
        }
    }

    /// Calls `f` with the environment.
    pub(super) fn with<R>(&mut self, f: impl FnOnce(&mut Tcp, &mut Env<'_>) -> R) -> R {
        let mut env = Env {
            now: self.now,
            random: &mut self.random,
            counters: &mut self.counters,
            sysctl: &self.sysctl,
            paths: &self.paths,
        };
        f(&mut self.tcp, &mut env)
    }

    pub(super) fn listen(&mut self, port: u16) -> TcpHandle {
        let local = SocketAddr::new(self.address, port);
        self.with(|tcp, env| {
            let handle = tcp.open(env).unwrap();
            tcp.bind(env, handle, local).unwrap();
            tcp.listen(handle).unwrap();
            handle
        })
    }

    pub(super) fn connect(&mut self, remote: SocketAddr) -> TcpHandle {
        let source = self.address;
        self.with(|tcp, env| {
            let handle = tcp.open(env).unwrap();
            tcp.connect(env, handle, source, remote, MTU).unwrap();
            handle
        })
    }

    pub(super) fn send(&mut self, handle: TcpHandle, data: &[u8]) -> Result<usize, SocketError> {
        let mut taken = 0;
        loop {
            let rest = data.get(taken..).unwrap_or_default();
            match self.with(|tcp, env| tcp.send(env, handle, rest)) {
                Ok(count) => taken += count,
                Err(error) if taken == 0 => return Err(error),
                Err(_) => return Ok(taken),
            }
            if taken == data.len() {
                return Ok(taken);
            }
        }
    }

    pub(super) fn receive(&mut self, handle: TcpHandle, max: usize) -> Result<Received, SocketError> {
        self.with(|tcp, env| tcp.receive(env, handle, max))
    }

    /// Everything that can be read now.
    pub(super) fn read(&mut self, handle: TcpHandle) -> Vec<u8> {
        match self.receive(handle, usize::MAX) {
            Ok(Received::Data(data)) => data,
            _ => Vec::new(),
        }
    }

    pub(super) fn output(&mut self) -> Vec<Output> {
        self.with(|tcp, env| core::iter::from_fn(|| tcp.poll_output(env)).collect())
    }

    pub(super) fn counter(&self, counter: Counter) -> u64 {
        self.counters.get(counter)
    }
}

/// A segment as a script sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: Flags,
    pub window: u16,
    pub options: Options,
    pub data: Vec<u8>,
    pub codepoint: Codepoint,
}

/// One side of a connection played by hand against a [`Host`].
pub(super) struct Script {
    pub host: Host,
    pub peer: SocketAddr,
    pub port: u16,
    /// What the peer puts into every segment.
    pub options: Options,
    /// The peer's next number and the host's next number, as the peer knows them.
    pub next: u32,
    pub expected: u32,
    pub window: u16,
    /// What the peer's IP headers say of congestion.
    pub codepoint: Codepoint,
}

impl Script {
    /// A script against `host`, whose own port is `port`.
    pub(super) fn new(host: Host, port: u16) -> Self {
        let peer = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 99)), 4000);
        let (options, codepoint) = Default::default();
        Script { host, peer, port, options, next: 5000, expected: 0, window: 65535, codepoint }
    }

    /// A listening host and a script that has completed a handshake with it.
    pub(super) fn accepted(port: u16) -> (Self, TcpHandle, TcpHandle) {
        let mut host = Host::new(1);
        let listener = host.listen(port);
        let mut script = Script::new(host, port);
        script.handshake(Options { mss: Some(1000), ..Options::default() });
        let child = script.host.tcp.accept(listener).unwrap();
        (script, listener, child)
    }

    /// Opens a connection to the host. Answers the SYN-ACK.
    pub(super) fn handshake(&mut self, syn: Options) -> Seen {
        self.handshake_after(syn, Duration::ZERO)
    }

    /// The same; the answer to the SYN-ACK takes some time.
    pub(super) fn handshake_after(&mut self, syn: Options, time: Duration) -> Seen {
        let timestamps = syn.timestamps;
        self.inject_with(self.next, 0, Flags::SYN, &[], syn).unwrap();
        self.next = self.next.wrapping_add(1);
        let answer = self.one();
        assert_eq!(answer.flags, Flags::SYN | Flags::ACK);
        self.expected = answer.sequence.wrapping_add(1);
        self.options.timestamps = timestamps;
        self.wait(time);
        self.ack();
        answer
    }

    /// Injects a segment with any numbers.
    pub(super) fn inject(
        &mut self,
        sequence: u32,
        acknowledgement: u32,
        flags: Flags,
        data: &[u8],
    ) -> Result<(), DropReason> {
        self.inject_with(sequence, acknowledgement, flags, data, self.options)
    }

    fn inject_with(
        &mut self,
        sequence: u32,
        acknowledgement: u32,
        flags: Flags,
        data: &[u8],
        options: Options,
    ) -> Result<(), DropReason> {
        let fields = Fields {
            source_port: self.peer.port(),
            destination_port: self.port,
            sequence,
            acknowledgement,
            flags,
            window: self.window,
            urgent: 0,
            options,
        };
        let mut packet = Packet::from_payload(data);
        fields.emit(packet.push(fields.header_len()), 0);
        packet.meta.checksum = Checksum::Verified;
        let info = SegmentInfo {
            source: self.peer.ip(),
            destination: self.host.address,
            tos: self.codepoint as u8,
            ttl: 64,
            mtu: MTU,
            header_len: 0,
            device: DeviceIndex(2),
        };
        self.host.with(|tcp, env| tcp.input(env, &info, packet))
    }

    /// Sends data in order.
    pub(super) fn data(&mut self, data: &[u8]) {
        self.inject(self.next, self.expected, Flags::ACK | Flags::PSH, data).unwrap();
        self.next = self.next.wrapping_add(data.len() as u32);
    }

    /// Acknowledges everything seen so far.
    pub(super) fn ack(&mut self) {
        self.inject(self.next, self.expected, Flags::ACK, &[]).unwrap();
    }

    /// Sends a FIN.
    pub(super) fn fin(&mut self) {
        self.inject(self.next, self.expected, Flags::ACK | Flags::FIN, &[]).unwrap();
        self.next = self.next.wrapping_add(1);
    }

    /// What the host sends now; in-order data and FIN move what the next acknowledgement says.
    pub(super) fn seen(&mut self) -> Vec<Seen> {
        let outputs = self.host.output();
        outputs.iter().map(|output| self.look_at(output)).collect()
    }

    fn look_at(&mut self, output: &Output) -> Seen {
        let header = Header::parse(output.packet.data()).unwrap();
        let seen = Seen {
            sequence: header.sequence(),
            acknowledgement: header.acknowledgement(),
            flags: header.flags(),
            window: header.window(),
            options: header.options(),
            data: header.payload().to_vec(),
            codepoint: Codepoint::of_tos(output.tos),
        };
        if seen.sequence == self.expected && !seen.flags.syn() {
            let fin = u32::from(seen.flags.fin());
            self.expected = self.expected.wrapping_add(seen.data.len() as u32 + fin);
        }
        seen
    }

    /// The one segment the host sends now.
    pub(super) fn one(&mut self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }

    /// The host sends nothing now.
    pub(super) fn silence(&mut self) {
        let seen = self.seen();
        assert!(seen.is_empty(), "{seen:?}");
    }

    /// Lets time pass, timers included, in steps of their deadlines. Answers what the host sent.
    pub(super) fn wait(&mut self, time: Duration) -> Vec<Seen> {
        let until = self.host.now + time;
        let mut seen = self.seen();
        while let Some(deadline) = self.host.tcp.next_deadline()
            && deadline <= until
        {
            self.host.now = self.host.now.max(deadline);
            self.host.with(|tcp, env| tcp.run_timers(env));
            seen.extend(self.seen());
        }
        self.host.now = until;
        seen
    }
}

/// What a link does to segments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Impairment {
    pub delay: Duration,
    /// Per thousand.
    pub loss: u32,
    pub duplication: u32,
    pub reordering: u32,
}

impl Impairment {
    pub(super) const NONE: Impairment =
        Impairment { delay: Duration::from_millis(5), loss: 0, duplication: 0, reordering: 0 };
}

/// Two hosts and the link between them.
pub(super) struct Pair {
    pub hosts: [Host; 2],
    pub impairment: Impairment,
    random: SeededRandom,
    /// By arrival and order of sending: which host, and what.
    on_the_way: BTreeMap<(Instant, u64), (usize, Output)>,
    sent: u64,
}

impl Pair {
    pub(super) fn new(impairment: Impairment, seed: u64) -> Self {
        let random = SeededRandom::new(seed);
        Pair { hosts: [Host::new(1), Host::new(2)], impairment, random, on_the_way: BTreeMap::new(), sent: 0 }
    }

    /// An established connection: the client's and the server's handle.
    pub(super) fn connected(&mut self) -> [TcpHandle; 2] {
        let listener = self.hosts[1].listen(80);
        let remote = SocketAddr::new(self.hosts[1].address, 80);
        let client = self.hosts[0].connect(remote);
        for _ in 0..10_000 {
            if let Ok(server) = self.hosts[1].tcp.accept(listener) {
                return [client, server];
            }
            assert!(self.step());
        }
        panic!("no connection");
    }

    /// Moves what the hosts send onto the link.
    pub(super) fn flush(&mut self) {
        for from in 0..2 {
            for output in self.hosts[from].output() {
                let chance = |random: &mut SeededRandom, per_mille| random.below(1000) < per_mille;
                if chance(&mut self.random, self.impairment.loss) {
                    continue;
                }
                let copies = 1 + u32::from(chance(&mut self.random, self.impairment.duplication));
                for _ in 0..copies {
                    let mut at = self.hosts[from].now + self.impairment.delay;
                    if chance(&mut self.random, self.impairment.reordering) {
                        at = at + Duration::from_micros(self.random.below(20_000).into());
                    }
                    self.sent += 1;
                    self.on_the_way.insert((at, self.sent), (1 - from, copy(&output)));
                }
            }
        }
    }

    /// Goes on to the next thing that happens. Answers `false` if nothing ever will.
    pub(super) fn step(&mut self) -> bool {
        self.flush();
        let arrival = self.on_the_way.keys().next().map(|key| key.0);
        let timers = self.hosts.iter().filter_map(|host| host.tcp.next_deadline()).min();
        let Some(now) = arrival.into_iter().chain(timers).min() else { return false };
        for host in &mut self.hosts {
            host.now = host.now.max(now);
            host.with(|tcp, env| tcp.run_timers(env));
        }
        while let Some(entry) = self.on_the_way.first_entry()
            && entry.key().0 <= now
        {
            let (to, output) = entry.remove();
            let info = SegmentInfo {
                source: output.source,
                destination: output.destination,
                tos: output.tos,
                ttl: 64,
                mtu: MTU,
                header_len: 0,
                device: DeviceIndex(2),
            };
            let _ = self.hosts[to].with(|tcp, env| tcp.input(env, &info, output.packet));
        }
        self.flush();
        true
    }
}

/// A segment as it arrives: the checksum is the link's business.
fn copy(output: &Output) -> Output {
    let mut packet = output.packet.clone();
    packet.meta.checksum = Checksum::Verified;
    Output { packet, ..*output }
}
