//! Routers as a network of them shows them.

use super::*;
use crate::counters::Counter;
use crate::route::{Hop, Route, RouteKind};
use crate::stack::RouteChange;
use crate::tcp::{Received, TcpHandle};
use crate::udp::UdpHandle;
use alloc::string::String;
use alloc::vec;
use core::net::{IpAddr, SocketAddr};

const PORT: u16 = 7;

/// A version of IP, with what it calls the same things.
#[derive(Clone, Copy)]
struct Version {
    /// What comes before a network's number, before a host's, and the length of a network's prefix.
    writes: (&'static str, &'static str, u8),
    any: &'static str,
    hop_limit: &'static str,
    forwarded: Counter,
    time_exceeded: [Counter; 2],
    unreachable: [Counter; 2],
    too_big: Counter,
}

const V4: Version = Version {
    writes: ("10.0.", ".", 24),
    any: "0.0.0.0",
    hop_limit: "net.ipv4.ip_default_ttl",
    forwarded: Counter::IpForwDatagrams,
    time_exceeded: [Counter::IcmpOutTimeExcds, Counter::IcmpInTimeExcds],
    unreachable: [Counter::IcmpOutDestUnreachs, Counter::IcmpInDestUnreachs],
    too_big: Counter::IcmpOutDestUnreachs,
};

const V6: Version = Version {
    writes: ("fd00:", "::", 64),
    any: "::",
    hop_limit: "net.ipv6.conf.eth0.hop_limit",
    forwarded: Counter::Ip6OutForwDatagrams,
    time_exceeded: [Counter::Icmp6OutTimeExcds, Counter::Icmp6InTimeExcds],
    unreachable: [Counter::Icmp6OutDestUnreachs, Counter::Icmp6InDestUnreachs],
    too_big: Counter::Icmp6OutPktTooBigs,
};

impl Version {
    /// The address of a host in a network.
    fn host(self, network: usize, host: u8) -> String {
        let (before, between, _) = self.writes;
        format!("{before}{network}{between}{host}")
    }

    /// The same with the length of the network's prefix.
    fn cidr(self, network: usize, host: u8) -> String {
        format!("{}/{}", self.host(network, host), self.writes.2)
    }

    /// The same as a network of one.
    fn alone(self, network: usize, host: u8) -> String {
        let bits = if self.writes.2 == 24 { 32 } else { 128 };
        format!("{}/{bits}", self.host(network, host))
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn count(stack: &Stack, counter: Counter) -> u64 {
    stack.counters().get(counter)
}

impl Topology {
    /// Lets packets of a stack to `destination` go by `gateway`.
    fn route(&mut self, stack: usize, destination: &str, gateway: &str) {
        let route = Route::via(destination.parse().unwrap(), address(gateway));
        self.stacks[stack].change_route(RouteChange::Replace, route).unwrap();
    }

    /// A socket of a stack that hears what comes to [`PORT`].
    fn listen(&mut self, stack: usize, version: Version) -> UdpHandle {
        let socket = self.stacks[stack].udp_open().unwrap();
        let any = SocketAddr::new(address(version.any), PORT);
        self.stacks[stack].udp_bind(socket, any).unwrap();
        socket
    }

    /// Sends a datagram from a new socket, and gives it a second to arrive.
    fn send(&mut self, stack: usize, to: &str) {
        let now = self.now;
        let from = self.stacks[stack].udp_open().unwrap();
        let to = Some(SocketAddr::new(address(to), PORT));
        self.stacks[stack].udp_send_to(from, b"hello", to, now).unwrap();
        self.run(Duration::from_secs(1));
        self.stacks[stack].udp_close(from);
    }

    /// A connection between two stacks: the client's end and the server's.
    fn connect(&mut self, from: usize, to: usize, ip: &str) -> (TcpHandle, TcpHandle) {
        let server = SocketAddr::new(address(ip), 80);
        let listener = self.stacks[to].tcp_open().unwrap();
        self.stacks[to].tcp_bind(listener, server).unwrap();
        self.stacks[to].tcp_listen(listener).unwrap();
        let client = self.stacks[from].tcp_open().unwrap();
        let now = self.now;
        self.stacks[from].tcp_connect(client, server, now).unwrap();
        self.run(Duration::from_secs(1));
        (client, self.stacks[to].tcp_accept(listener).unwrap())
    }

    /// How many bytes a connection's end has received since the last time.
    fn received(&mut self, stack: usize, socket: TcpHandle) -> usize {
        let now = self.now;
        let next = || match self.stacks[stack].tcp_receive(socket, 65_536, now) {
            Ok(Received::Data(data)) => Some(data.len()),
            _ => None,
        };
        core::iter::from_fn(next).sum()
    }

    /// How many datagrams a socket has heard since the last time.
    fn heard(&mut self, stack: usize, socket: UdpHandle) -> usize {
        core::iter::from_fn(|| self.stacks[stack].udp_receive_from(socket).ok()).count()
    }
}

/// A host, five routers and a host in a line: stack n and n + 1 share network n, where the one is 1 and the other 2.
/// The third link carries packets of `narrow` bytes.
fn line(version: Version, narrow: u32) -> Topology {
    let mut line = Topology::new(7);
    for number in 0..6 {
        let ends = [version.cidr(number, 1), version.cidr(number, 2)];
        let mtu = if number == 2 { narrow } else { 1500 };
        line.join([(number, &ends[0]), (number + 1, &ends[1])], mtu);
    }
    for stack in 0..7 {
        // To the right by the neighbour on the right, and to the left by that on the left.
        for network in 0..6usize {
            let destination = version.cidr(network, 0);
            if network > stack {
                line.route(stack, &destination, &version.host(stack, 2));
            } else if network + 1 < stack {
                line.route(stack, &destination, &version.host(stack - 1, 1));
            }
        }
    }
    line
}

#[test]
fn each_router_of_a_line_says_when_a_packets_time_is_over() {
    for version in [V4, V6] {
        let mut line = line(version, 1500);
        let socket = line.listen(6, version);
        let [told, heard] = version.time_exceeded;
        for ttl in 1..=6usize {
            line.stacks[0].set_sysctl(version.hop_limit, &format!("{ttl}")).unwrap();
            line.send(0, &version.host(5, 2));
            let said: Vec<u64> = line.stacks.iter().map(|stack| count(stack, told)).collect();
            // One more router than the last time, until the packet arrives.
            let expected: Vec<u64> =
                (0..7).map(|stack| u64::from((1..=5).contains(&stack) && stack <= ttl)).collect();
            assert_eq!(said, expected, "time to live {ttl}");
            assert_eq!(count(&line.stacks[0], heard), ttl.min(5) as u64);
            assert_eq!(line.heard(6, socket), usize::from(ttl == 6));
        }
    }
}

#[test]
fn a_narrow_link_in_the_middle_is_found() {
    for (version, narrow) in [(V4, 900), (V6, 1300)] {
        let mut line = line(version, narrow);
        let (client, server) = line.connect(0, 6, &version.host(5, 2));
        let (data, mut sent, mut received) = (vec![7; 50_000], 0, 0);
        for _ in 0..100 {
            let now = line.now;
            sent += line.stacks[0].tcp_send(client, &data[sent..], now).unwrap_or(0);
            line.run(Duration::from_millis(100));
            received += line.received(6, server);
        }
        assert_eq!((sent, received), (50_000, 50_000));
        assert!(count(&line.stacks[2], version.too_big) >= 1, "the router before it says so");
        assert_eq!(count(&line.stacks[2], Counter::IpFragCreates), 0);
    }
}

/// Four routers in a ring, each the neighbour of the next. The first reaches the network between the third and fourth,
/// number 2, either way round.
fn ring(version: Version) -> Topology {
    let mut ring = Topology::new(4);
    for number in 0..4 {
        let ends = [version.cidr(number, 1), version.cidr(number, 2)];
        ring.join([(number, &ends[0]), ((number + 1) % 4, &ends[1])], 1500);
    }
    ring.route(1, &version.cidr(2, 0), &version.host(1, 2));
    ring
}

#[test]
fn a_ring_with_a_broken_link_works_the_other_way_round() {
    for version in [V4, V6] {
        let mut ring = ring(version);
        let target = version.alone(2, 1);
        ring.route(0, &target, &version.host(0, 2));
        ring.route(2, &version.cidr(0, 0), &version.host(1, 1));
        let (client, server) = ring.connect(0, 2, &version.host(2, 1));
        let send = |ring: &mut Topology| {
            let now = ring.now;
            ring.stacks[0].tcp_send(client, &[7; 1000], now).unwrap();
        };
        send(&mut ring);
        ring.run(Duration::from_secs(1));
        assert_eq!(ring.received(2, server), 1000);
        let [told, heard] = version.unreachable;
        assert_eq!(count(&ring.stacks[1], told), 0);
        // The router before the cut notices that nobody is there any more, and says so; TCP does not give up.
        ring.link(1).cut = true;
        send(&mut ring);
        ring.run(Duration::from_secs(120));
        assert_eq!(ring.received(2, server), 0);
        assert!(count(&ring.stacks[1], told) >= 1 && count(&ring.stacks[0], heard) >= 1);
        // The other way round; the way back, too.
        let before = count(&ring.stacks[3], version.forwarded);
        ring.route(0, &target, &version.host(3, 1));
        ring.route(2, &version.cidr(0, 0), &version.host(2, 2));
        ring.route(3, &version.cidr(0, 0), &version.host(3, 2));
        ring.run(Duration::from_secs(120));
        assert_eq!(ring.received(2, server), 1000, "the connection goes on");
        assert!(count(&ring.stacks[3], version.forwarded) > before);
    }
}

#[test]
fn flows_spread_over_both_ways_round_a_ring_and_keep_off_a_device_that_is_down() {
    let mut ring = ring(V4);
    let socket = ring.listen(2, V4);
    let via = |gateway| Hop::via(address(gateway));
    let hops = vec![via("10.0.0.2"), via("10.0.3.1")];
    let both = Route { hops, ..Route::new("10.0.2.1/32".parse().unwrap(), RouteKind::Unicast) };
    ring.stacks[0].add_route(both).unwrap();
    ring.stacks[0].set_sysctl("net.ipv4.fib_multipath_hash_policy", "1").unwrap();
    (0..64).for_each(|_| ring.send(0, "10.0.2.1"));
    let passed = |ring: &Topology| [1, 3].map(|stack| count(&ring.stacks[stack], Counter::IpForwDatagrams));
    let before = passed(&ring);
    assert!(before.iter().all(|&count| count > 16) && before.iter().sum::<u64>() == 64, "{before:?}");
    let device = ring.stacks[0].interfaces().by_name("eth0").unwrap().index();
    ring.stacks[0].set_device_up(device, false).unwrap();
    (0..16).for_each(|_| ring.send(0, "10.0.2.1"));
    assert_eq!(passed(&ring), [before[0], before[1] + 16]);
    assert_eq!(ring.heard(2, socket), 80);
}
